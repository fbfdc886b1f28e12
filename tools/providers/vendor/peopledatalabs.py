"""People Data Labs: companies and people by search, and what it knows of companies that we name.
https://docs.peopledatalabs.com"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from core.errors import SalesOSError
from tools.mapping.places import country_code
from tools.ports import CompanyRecord
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Repeat, Reply, VendorApi, retry_after, said_by
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.vendor.paging import without_empty

SPEC: Final = VendorSpec(
    name="peopledatalabs",
    label="People Data Labs",
    docs="https://docs.peopledatalabs.com/docs/authentication",
    key_help="API key",
    credit="a credit a record that it finds; what it does not find is free",
)

PAGE: Final = 100  # records of a search a call, at most

# Published, https://docs.peopledatalabs.com/docs/usage-limits: ten searches a minute, and 1,000 enrichments (100 on a
# free plan, whose 429 says until when).
SEARCH_LIMITS: Final = (Limit(10, 60.0),)
ENRICH_LIMITS: Final = (Limit(1_000, 60.0),)

_LONGEST_HOLD = timedelta(days=1)


class Location(BaseModel):
    locality: str | None = None
    region: str | None = None
    country: str | None = None


class Company(BaseModel):
    """A company as it is told, in its enrichment and in a search alike. `size` is a range: it stays in the raw."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str | None = None
    website: str | None = None
    industry: str | None = None
    tags: list[str] | None = None
    employee_count: int | None = None
    founded: int | None = None
    headline: str | None = None
    summary: str | None = None
    type: str | None = None
    location: Location | None = None

    def record(self, cost_micros: int) -> CompanyRecord:
        place = self.location or Location()
        return CompanyRecord(
            name=self.name or self.website or "",
            source=SPEC.name,
            source_id=self.id,
            website=self.website or "",
            industry=(self.industry or "").lower(),
            tags=tuple(self.tags or ()),
            employees=self.employee_count,
            country=country_code(place.country or ""),
            region=place.region or "",
            city=place.locality or "",
            description=self.summary or self.headline or "",
            founded_year=self.founded,
            status=(self.type or "").lower() if (self.type or "").lower() == "public" else "",
            cost_micros=cost_micros,
            raw=without_empty(self.model_dump(mode="json")),
        )


def connect(account: Account, wire: Wire, limits: tuple[Limit, ...]) -> VendorApi:
    pace = Pace(limits, monotonic=wire.monotonic, sleep=wire.sleep)

    def classify(reply: Reply) -> SalesOSError | None:
        match reply.status:
            case 402:
                return OutOfCredits(
                    f"{SPEC.label} has no credits left{said_by(reply.body)}.", hint="Buy some, or switch it off."
                )
            case 429:  # no Retry-After: "x-ratelimit-reset" says when, in UTC
                after = retry_after(reply.headers, wire.clock) or _until_reset(reply, wire.clock.now())
                if after is not None:
                    pace.hold(after)
                at = None if after is None else wire.clock.now() + timedelta(seconds=after)
                return Repeat(f"{SPEC.label} limits how often it is asked.", after=after, retry_at=at)
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.peopledatalabs.com",
        headers={"x-api-key": account.key},
        clock=wire.clock,
        pace=pace,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def _until_reset(reply: Reply, now: datetime) -> float | None:
    """Seconds until the limit's end; None where the header is missing or no time."""
    text = reply.headers.get("x-ratelimit-reset", "").strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(timedelta(), at - now), _LONGEST_HOLD).total_seconds()


def any_of(**fields: tuple[str, ...]) -> dict[str, Any]:
    """Records of which one of the fields holds one of its words, lower case as they are indexed."""
    should = [{"terms": {name: [word.lower() for word in words]}} for name, words in fields.items() if words]
    return {"bool": {"should": should}}
