"""Apollo: companies and people by search, and what it knows of those that we name. https://docs.apollo.io"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from core.errors import FixConfiguration, Rejected, SalesOSError
from tools.domains import registrable_domain
from tools.mapping.places import country_code
from tools.ports import CompanyRecord
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Reply, VendorApi, said_by
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.vendor.paging import without_empty

SPEC: Final = VendorSpec(
    name="apollo",
    label="Apollo",
    docs="https://docs.apollo.io/docs/create-api-key",
    key_help="API key",
    credit="a credit a page of companies, a company enriched and a person enriched; looking for people is free",
)

BATCH: Final = 10  # companies or people a bulk call, at most
PAGE: Final = 100  # records of a search a call, at most

# Published per team and endpoint for paid plans, https://docs.apollo.io/reference/rate-limits: 200 searches and 1,000
# enrichments a minute. A free plan has 50: its 429 says how long to wait.
SEARCH_LIMITS: Final = (Limit(200, 60.0),)
ENRICH_LIMITS: Final = (Limit(1_000, 60.0),)

# Our account of the company in Apollo's CRM, with its owner: not a fact about the company.
_NOT_THE_COMPANY = frozenset({"account", "account_id", "intent_signal_account", "show_intent", "snippets_loaded"})


class Organization(BaseModel):
    """A company as Apollo tells it. Any field but the id may be missing or null, whatever the description says."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None = None
    website_url: str | None = None
    primary_domain: str | None = None
    linkedin_url: str | None = None
    industry: str | None = None
    keywords: list[str] | None = None
    estimated_num_employees: int | None = None
    annual_revenue: float | None = None  # US dollars; the bulk answer does not describe it
    technology_names: list[str] | None = None
    founded_year: int | None = None
    publicly_traded_symbol: str | None = None
    short_description: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None

    @property
    def domain(self) -> str:
        return registrable_domain(self.primary_domain or self.website_url or "") or ""

    def record(self, cost_micros: int) -> CompanyRecord:
        return CompanyRecord(
            name=self.name or self.domain,
            source=SPEC.name,
            source_id=self.id,
            website=self.website_url or self.primary_domain or "",
            industry=(self.industry or "").lower(),
            tags=tuple(self.keywords or ()),
            employees=self.estimated_num_employees or None,  # the described default of an unknown number is 0
            revenue_minor=round(self.annual_revenue * 100) if self.annual_revenue else None,
            currency="USD" if self.annual_revenue else "",
            country=country_code(self.country or ""),
            region=self.state or "",
            city=self.city or "",
            description=self.short_description or "",
            founded_year=self.founded_year or None,
            status="public" if self.publicly_traded_symbol else "",
            technologies=tuple(self.technology_names or ()),
            cost_micros=cost_micros,
            raw=without_empty(self.model_dump(mode="json"), _NOT_THE_COMPANY),
        )


def connect(account: Account, wire: Wire, limits: tuple[Limit, ...]) -> VendorApi:
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.apollo.io/api/v1",
        headers={"x-api-key": account.key},
        clock=wire.clock,
        pace=Pace(limits, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def classify(reply: Reply) -> SalesOSError | None:
    said = _said(reply.body)
    match reply.status:
        case 403 if "API_INACCESSIBLE" in _code(reply.body):  # the plan, or a key made for other endpoints
            return FixConfiguration(f"{SPEC.label} does not open this to the plan or the key{said}.")
        case 400 | 422 if "credit" in said.lower():
            return OutOfCredits(f"{SPEC.label} has no credits left{said}.", hint="Buy some, or switch it off.")
        case 400 | 422:
            return Rejected(f"{SPEC.label} refuses the call ({reply.status}){said}.")
    return None


def _code(body: Any) -> str:
    return str(body.get("error_code") or "") if isinstance(body, Mapping) else ""


def _said(body: Any) -> str:
    """The bulk endpoints say it in `error_message`, the others in `error` or `message`."""
    if isinstance(body, Mapping) and isinstance(body.get("error_message"), str):
        return said_by({"message": body["error_message"]})
    return said_by(body)
