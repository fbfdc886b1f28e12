"""Crunchbase: companies, their funding, acquisitions and leaders. https://data.crunchbase.com/docs"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from tools.domains import registrable_domain
from tools.mapping.places import country_code
from tools.names import company_name_key
from tools.ports import CompanyRecord, SignalRecord
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import Unreadable, VendorApi
from tools.providers.vendor.loose import Loose
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.vendor.paging import without_empty
from tools.site_reader.types import cleaned

P = TypeVar("P", bound=BaseModel)

SPEC: Final = VendorSpec(
    name="crunchbase",
    label="Crunchbase",
    docs="https://data.crunchbase.com/docs/using-the-api",
    key_help="user key",
)

# Published: 200 a minute. There are no headers to read, and no Retry-After.
LIMITS: Final = (Limit(200, 60.0),)

PAGE: Final = 1_000  # entities a search, at most
ORGANIZATIONS: Final = "/searches/organizations"
INVESTMENTS: Final = "/searches/investments"
SITE: Final = "https://www.crunchbase.com"

# What we ask for: nothing that names a person (founders, investors), no e-mail address and no telephone.
FIELDS: Final = (
    "identifier", "legal_name", "website_url", "short_description", "categories", "category_groups", "facet_ids",
    "location_identifiers", "num_employees_enum", "founded_on", "status", "operating_status", "funding_stage",
    "last_funding_at", "last_funding_type", "last_funding_total", "acquirer_identifier", "exited_on", "went_public_on",
    "linkedin", "rank_org",
)  # fmt: skip

_STATUS = {"was_acquired": "acquired", "ipo": "public", "operating": "active"}


class Identifier(Loose):
    uuid: str
    value: str | None = None
    permalink: str | None = None
    entity_def_id: str | None = None
    location_type: str | None = None


class Day(Loose):
    """A date, and how much of it is meant: "none", "year", "month" or "day"."""

    value: str | None = None
    precision: str | None = None

    @property
    def at(self) -> datetime | None:
        """None where no month is known: a year is no day to date a signal by."""
        return day_of(self.value) if self.precision in ("day", "month") else None

    @property
    def year(self) -> int | None:
        found = day_of(self.value)
        return found.year if found and self.precision in ("day", "month", "year") else None


class _Money(Loose):
    value: float
    currency: str


class _Link(Loose):
    value: str | None = None


class Organization(Loose):
    identifier: Identifier
    legal_name: str | None = None
    website_url: str | None = None
    short_description: str | None = None
    categories: list[Identifier] | None = None
    category_groups: list[Identifier] | None = None
    facet_ids: list[str] | None = None
    location_identifiers: list[Identifier] | None = None
    num_employees_enum: str | None = None
    founded_on: Day | None = None
    status: str | None = None
    operating_status: str | None = None
    funding_stage: str | None = None
    last_funding_at: str | None = None
    last_funding_type: str | None = None
    last_funding_total: _Money | None = None
    acquirer_identifier: Identifier | None = None
    exited_on: Day | None = None
    went_public_on: str | None = None
    linkedin: _Link | None = None
    rank_org: float | None = None

    @property
    def uuid(self) -> str:
        return self.identifier.uuid

    @property
    def domain(self) -> str:
        return registrable_domain(self.website_url or "") or ""

    @property
    def page(self) -> str:
        return f"{SITE}/organization/{self.identifier.permalink or self.uuid}"

    def record(self) -> CompanyRecord:
        places = {each.location_type: each.value or "" for each in reversed(self.location_identifiers or ())}
        categories = [each.value.lower() for each in self.categories or () if each.value]
        groups = [each.value.lower() for each in self.category_groups or () if each.value]
        funded = self.last_funding()
        return CompanyRecord(
            name=cleaned(self.identifier.value or self.legal_name or self.domain),
            source=SPEC.name,
            source_id=self.uuid,
            website=self.website_url or "",
            industry=next(iter([*categories, *groups]), ""),
            tags=tuple(dict.fromkeys([*categories, *groups])),
            country=country_code(places.get("country", "")),
            region=places.get("region", ""),
            city=places.get("city", ""),
            description=cleaned(self.short_description or "", 1_000),
            founded_year=self.founded_on.year if self.founded_on else None,
            status=_STATUS.get(self.status or "", self.status or self.operating_status or ""),
            signals=(funded,) if funded else (),
            raw=without_empty(self.model_dump(mode="json", exclude_none=True)),
        )

    def last_funding(self) -> SignalRecord | None:
        at = day_of(self.last_funding_at)
        return None if at is None else self.round(at, self.last_funding_type, f"{self.page}/company_financials")

    def round(self, at: datetime, kind: str | None, url: str) -> SignalRecord:
        """A funding round; with its amount where it is the last one, as only of that one it is told."""
        total = self.last_funding_total if at == day_of(self.last_funding_at) else None
        amount = f" of {total.currency} {total.value:,.0f}" if total else ""
        words = (kind or "funding_round").split("_")
        named = " ".join([words[0].capitalize(), *(w.upper() if len(w) == 1 else w for w in words[1:])])  # "Series B"
        return SignalRecord("funding", at, cleaned(f"{named}{amount} announced on {at:%Y-%m-%d}"), url)


class _Entity(Loose):
    uuid: str
    properties: dict[str, Any]


class _Answer(Loose):
    entities: list[_Entity]


def connect(account: Account, wire: Wire) -> VendorApi:
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.crunchbase.com/v4/data",
        headers={"x-cb-user-key": account.key},
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def predicate(field: str, operator: str, *values: str) -> Mapping[str, Any]:
    return {"type": "predicate", "field_id": field, "operator_id": operator, "values": list(values)}


def search(
    api: VendorApi, path: str, fields: Sequence[str], query: Sequence[Mapping[str, Any]], model: type[P], *,
    limit: int, after: str | None = None,
) -> list[tuple[str, P]]:  # fmt: skip
    """A page of entities with their ids, in the order in which they came to be at Crunchbase. `after`: the last id."""
    body: dict[str, Any] = {
        "field_ids": list(fields),
        "query": list(query),
        "order": [{"field_id": "created_at", "sort": "asc"}],
        "limit": limit,
    }
    if after is not None:
        body["after_id"] = after
    reply = api.post(path, json=body)
    found = []
    for entity in reply.read(_Answer).entities:
        try:
            found.append((entity.uuid, model.model_validate(entity.properties)))
        except ValueError:
            raise Unreadable(f"{SPEC.label} describes an entity in another shape than it describes.") from None
    return found


def search_all(
    api: VendorApi, path: str, fields: Sequence[str], query: Sequence[Mapping[str, Any]], model: type[P], *, pages: int
) -> list[P]:
    """Every entity, once, of at most so many pages."""
    found: dict[str, P] = {}
    after: str | None = None
    for _ in range(pages):
        page = search(api, path, fields, query, model, limit=PAGE, after=after)
        found |= dict(page)
        if len(page) < PAGE:
            break
        after = page[-1][0]
    return list(found.values())


def by_domain(api: VendorApi, companies: Mapping[str, str]) -> Mapping[str, Organization]:
    """The organization of each domain (200 at most), given its name: several may share one (divisions, funds, schools).

    The one of our name counts, then a company, one that is alive, and the best known.
    """
    query = [predicate("website_url", "domain_includes", *companies)]
    best: dict[str, tuple[tuple[bool, bool, bool, float], Organization]] = {}
    for found in search_all(api, ORGANIZATIONS, FIELDS, query, Organization, pages=3):
        if found.domain not in companies:
            continue
        rating = (
            company_name_key(found.identifier.value or "") != company_name_key(companies[found.domain]),
            bool(found.facet_ids) and "company" not in (found.facet_ids or ()),
            found.operating_status == "closed",
            found.rank_org if found.rank_org is not None else float("inf"),
        )
        if found.domain not in best or rating < best[found.domain][0]:
            best[found.domain] = (rating, found)
    return {domain: organization for domain, (_, organization) in best.items()}


def day_of(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
