"""People of People Data Labs at companies that we name, a credit each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from tools.domains import FREE_MAIL
from tools.mapping.places import country_code
from tools.ports import ANYBODY, CompanyRef, PeopleWanted, PersonRecord, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.peopledatalabs import SEARCH_LIMITS, SPEC, any_of, connect

MOST_PEOPLE = 10  # of a company: what bounds its price
# Its words, in its published description: job_title_levels and job_title_role. A rank or field that it has no word for
# is not asked for, and then none of its kind is.
_LEVELS = {
    "intern": ("training", "unpaid"),
    "junior": ("entry",),
    "senior": ("senior",),
    "manager": ("manager",),
    "director": ("director",),
    "vp": ("vp",),
    "c_level": ("cxo",),
    "owner": ("owner", "partner"),
}
_ROLES = {
    "sales": ("sales",),
    "marketing": ("marketing", "public_relations"),
    "customer_support": ("customer_service",),
    "information_technology": ("engineering",),
    "engineering": ("engineering",),
    "operations": ("operations",),
    "finance": ("finance",),
    "human_resources": ("human_resources",),
    "legal": ("legal",),
}
# Nothing that we would not keep leaves the vendor: no private address, no mobile, no birthday, no home.
_FIELDS = "id,full_name,job_title,job_company_name,job_company_website,work_email,linkedin_url,location_country"


class _Person(BaseModel):
    """Where a plan does not show a field, it is true or false: there is a value, or none."""

    id: str
    full_name: str | bool | None = None
    job_title: str | bool | None = None
    work_email: str | bool | None = None
    linkedin_url: str | bool | None = None
    location_country: str | bool | None = None


class _Found(BaseModel):
    data: list[_Person]


class PeopleDataLabsPersonFinder:
    name = SPEC.name

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire, SEARCH_LIMITS)
        self._credit = account.credit_micros
        self.price_micros = MOST_PEOPLE * account.credit_micros

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._at(company, wanted))

    def _at(self, company: CompanyRef, wanted: PeopleWanted) -> Sequence[PersonRecord] | Unknown:
        if not company.domain:
            return Unknown("People Data Labs looks people up by domain, and this company's is not known.")
        question = {
            "query": json.dumps({"query": _question(company, wanted)}, ensure_ascii=False, separators=(",", ":")),
            "size": str(max(1, min(wanted.limit, MOST_PEOPLE))),
            "titlecase": "true",
            "data_include": _FIELDS,
        }
        found = self._api.get("/v5/person/search", question).read(_Found)
        named = [each for each in {each.id: each for each in found.data}.values() if _text(each.full_name)]
        cost = len(found.data) * self._credit
        if not named:
            return Unknown(f"People Data Labs knows nobody of those wanted at {company.domain}.", cost_micros=cost)
        # What was charged for a record without a name stands at the first that has one.
        spare = cost - len(named) * self._credit
        return [self._person(company, each, self._credit + (0 if n else spare)) for n, each in enumerate(named)]

    def _person(self, company: CompanyRef, person: _Person, cost: int) -> PersonRecord:
        address, profile = _text(person.work_email), _text(person.linkedin_url)
        return PersonRecord(
            full_name=_text(person.full_name),
            title=_text(person.job_title),
            source=self.name,
            company_name=company.name,
            company_domain=company.domain,
            email="" if address.rpartition("@")[2].lower() in FREE_MAIL else address,
            profile_url=f"https://{profile}" if profile and "://" not in profile else profile,
            country=country_code(_text(person.location_country)),
            cost_micros=cost,
        )


def _question(company: CompanyRef, wanted: PeopleWanted) -> dict[str, Any]:
    must: list[dict[str, Any]] = [{"term": {"job_company_website": company.domain}}]
    if wanted.seniorities and all(each in _LEVELS for each in wanted.seniorities):
        must.append(any_of(job_title_levels=tuple(word for each in wanted.seniorities for word in _LEVELS[each])))
    if wanted.departments and all(each in _ROLES for each in wanted.departments):
        must.append(any_of(job_title_role=tuple(word for each in wanted.departments for word in _ROLES[each])))
    if wanted.titles:
        must.append({"bool": {"should": [{"match_phrase": {"job_title": title.lower()}} for title in wanted.titles]}})
    return {"bool": {"must": must}}


def _text(value: str | bool | None) -> str:
    return value if isinstance(value, str) else ""
