"""What People Data Labs knows of companies that we name, one a call: its description has no bulk call for companies."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from tools.ports import CompanyRecord, CompanyRef, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.peopledatalabs import ENRICH_LIMITS, SPEC, Company, connect

# Of 10. A site or a profile names one company; a name alone fits many, so more is wanted of the match.
_LIKELY, _LIKELY_BY_NAME = "2", "6"


class PeopleDataLabsCompanyEnricher:
    name = SPEC.name
    batch = 1
    fields = frozenset(
        {"name", "website", "industry", "tags", "employees", "country", "region", "city", "description", "founded_year"}
    )

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire, ENRICH_LIMITS)
        self.price_micros = account.credit_micros  # an answer of 200; 404 is free

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], self._of)

    def _of(self, company: CompanyRef) -> CompanyRecord | Unknown:
        asked = {"website": company.domain, "profile": company.profile_url}
        if company.domain or company.profile_url:
            asked["min_likelihood"] = _LIKELY
        elif company.name and company.country:
            asked = {"name": company.name, "country": country_name(company.country), "min_likelihood": _LIKELY_BY_NAME}
        else:
            return Unknown("People Data Labs needs a company's domain, its profile, or its name and country.")
        question = {name: value for name, value in asked.items() if value} | {"titlecase": "true"}
        return self._api.get("/v5/company/enrich", question).read(Company).record(self.price_micros)
