"""What ZoomInfo knows of companies that we name, 25 a call."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from tools.domains import registrable_domain
from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.countries import country_name
from tools.providers.vendor.zoominfo import BATCH, SPEC, Company, Match, ZoomInfoApi

_OUTPUT = (
    "id", "name", "website", "domainList", "city", "state", "country", "description", "primaryIndustry", "industries",
    "employeeCount", "employeeRange", "revenue", "revenueRange", "foundedYear", "companyStatus", "ticker", "type",
    "parentName", "socialMediaUrls",
)  # fmt: skip


class _Resource(BaseModel):
    id: str
    attributes: Company | None = None  # without: it was not matched
    meta: Match = Match()


class _Found(BaseModel):
    data: list[_Resource]


class ZoomInfoCompanyEnricher:
    name = SPEC.name
    batch = BATCH
    fields = frozenset(
        {"name", "website", "industry", "tags", "employees", "revenue_minor", "country", "region", "city"}
        | {"description", "founded_year", "status"}
    )

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = ZoomInfoApi(account, wire)
        self.price_micros = account.credit_micros  # free where it was bought within a year, which it does not say here

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        named = [(c.company_id, c) for c in companies if c.domain or (c.name and c.country)]
        found = ask_batches(named, BATCH, self._of, "ZoomInfo knows nothing of this company.")
        nameless = Unknown("ZoomInfo needs a company's domain, or its name and country.")
        return {c.company_id: found.get(c.company_id, nameless) for c in companies}

    def _of(self, batch: Sequence[tuple[UUID, CompanyRef]]) -> Mapping[UUID, CompanyRecord | Unknown]:
        asked = {"matchCompanyInput": [_input(company) for _, company in batch], "outputFields": list(_OUTPUT)}
        answer = self._api.ask("/data/v1/companies/enrich", "CompanyEnrich", asked).read(_Found)
        # It repeats the question beside each answer: that tells whose it is, for no order is promised.
        by_question = {_key(resource.meta.input): resource for resource in answer.data}
        found: dict[UUID, CompanyRecord | Unknown] = {}
        for key, company in batch:
            resource = by_question.get(_key(_input(company)))
            if resource is None:
                continue
            if resource.meta.matchStatus.upper() == "LIMIT_EXCEEDED":
                found[key] = Unknown("ZoomInfo's limit of records is reached.", Gap.REFUSED)
            elif resource.attributes is not None and resource.meta.is_match:
                found[key] = resource.attributes.record(resource.id, self.price_micros)
        return found


def _input(company: CompanyRef) -> dict[str, str]:
    if company.domain:
        return {"companyWebsite": f"http://{company.domain}"}
    return {"companyName": company.name, "companyCountry": country_name(company.country)}


def _key(question: Mapping[str, Any]) -> tuple[str, str]:
    site = str(question.get("companyWebsite") or "")
    if site:
        return (registrable_domain(site) or site.lower(), "")
    return (str(question.get("companyName") or "").lower(), str(question.get("companyCountry") or "").lower())
