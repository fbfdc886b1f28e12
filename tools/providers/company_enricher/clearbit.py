"""What Clearbit knows of a company, by its domain."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tools.domains import registrable_domain
from tools.mapping.places import country_code
from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.api import Repeat
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.clearbit import STREAM_HOST, connect
from tools.providers.vendor.loose import Loose, Whole
from tools.providers.vendor.paging import without_empty
from tools.site_reader.types import cleaned

_QUEUED = 202
_FIND = "/v2/companies/find"


class _Category(Loose):
    sector: str | None = None
    industry: str | None = None
    subIndustry: str | None = None  # noqa: N815 - Clearbit's names here and below
    naicsCode: str | None = None  # noqa: N815


class _Geo(Loose):
    city: str | None = None
    state: str | None = None
    countryCode: str | None = None  # noqa: N815
    country: str | None = None


class _Metrics(Loose):
    employees: Whole = None
    employeesRange: str | None = None  # noqa: N815
    annualRevenue: Whole = None  # noqa: N815 - US dollars, of companies that publish it
    estimatedAnnualRevenue: str | None = None  # noqa: N815 - a range, "$10M-$50M"
    raised: Whole = None


class _Handle(Loose):
    handle: str | None = None


class _Parent(Loose):
    domain: str | None = None


class _Company(Loose):
    """Name and domain are always there, though they may be null: without them it is another shape."""

    name: str | None
    domain: str | None
    id: str | None = None
    legalName: str | None = None  # noqa: N815
    url: str | None = None
    description: str | None = None
    type: str | None = None
    ticker: str | None = None
    domainAliases: list[str] | None = None  # noqa: N815
    tags: list[str] | None = None
    tech: list[str] | None = None
    foundedYear: Whole = None  # noqa: N815
    category: _Category | None = None
    geo: _Geo | None = None
    metrics: _Metrics | None = None
    linkedin: _Handle | None = None
    crunchbase: _Handle | None = None
    parent: _Parent | None = None


class ClearbitCompanyEnricher:
    name = "clearbit"
    fields = frozenset(
        {
            "website", "industry", "tags", "employees", "revenue_minor", "country", "region", "city", "description",
            "founded_year", "status", "technologies",
        }
    )  # fmt: skip
    batch = 1

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], self._of)

    def _of(self, company: CompanyRef) -> CompanyRecord | Unknown:
        if not company.domain:
            return Unknown("Clearbit looks companies up by domain, and this company's is not known.")
        question = {"domain": company.domain}
        reply = self._api.get(_FIND, question)
        if reply.status == _QUEUED:  # never heard of: the other host keeps the line open until it was looked up
            reply = self._api.get(STREAM_HOST + _FIND, question)
        if reply.status == _QUEUED:
            raise Repeat("Clearbit is still looking this company up.")
        found = reply.read(_Company)
        domains = {registrable_domain(text) for text in (found.domain or "", *(found.domainAliases or ()))} - {None}
        if domains and company.domain not in domains:
            return Unknown("Clearbit answers with a company of another domain.", Gap.NO_DATA, self.price_micros)
        return self._record(company, found)

    def _record(self, company: CompanyRef, found: _Company) -> CompanyRecord:
        category, geo = found.category or _Category(), found.geo or _Geo()
        metrics = found.metrics or _Metrics()
        return CompanyRecord(
            name=cleaned(found.name or found.legalName or company.name),
            source=self.name,
            source_id=found.id or "",
            website=found.url or found.domain or "",
            industry=(category.industry or "").lower(),
            tags=tuple(found.tags or ()),
            employees=metrics.employees or None,
            revenue_minor=metrics.annualRevenue * 100 if metrics.annualRevenue else None,
            currency="USD" if metrics.annualRevenue else "",
            country=country_code(geo.countryCode or geo.country or ""),
            region=geo.state or "",
            city=geo.city or "",
            description=cleaned(found.description or "", 1_000),
            founded_year=found.foundedYear or None,
            status=(found.type or "").lower() if found.type in ("public", "private") else "",
            technologies=tuple(technology.replace("_", " ") for technology in found.tech or ()),
            cost_micros=self.price_micros,
            raw=_raw(found, category, metrics),
        )


def _raw(found: _Company, category: _Category, metrics: _Metrics) -> dict[str, object]:
    """What has no field of ours. Neither the company's e-mail addresses and telephones nor its people's."""
    return without_empty(
        {
            "type": found.type,
            "ticker": found.ticker,
            "employeesRange": metrics.employeesRange,
            "estimatedAnnualRevenue": metrics.estimatedAnnualRevenue,
            "raised": metrics.raised,
            **category.model_dump(),
            "domainAliases": found.domainAliases,
            "linkedin": (found.linkedin or _Handle()).handle,
            "crunchbase": (found.crunchbase or _Handle()).handle,
            "parent": (found.parent or _Parent()).domain,
        }
    )
