"""People at a domain whose addresses stand on public pages, by Hunter's domain search."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from uuid import UUID

from pydantic import BaseModel

from tools.ports import ANYBODY, CompanyRef, Gap, PeopleWanted, PersonRecord, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.hunter import connect

_PAGE = 100  # addresses a call, at most
_ADDRESSES_A_CREDIT = 10
_DEPARTMENTS = {
    "general_management": "management",
    "sales": "sales",
    "business_development": "sales",
    "marketing": "marketing",
    "customer_support": "support",
    "information_technology": "it",
    "product": "it",
    "operations": "operations",
    "finance": "finance",
    "human_resources": "hr",
    "legal": "legal",
}
_SENIORITIES = {
    "junior": "junior",
    "intern": "junior",
    "senior": "senior",
    "lead": "senior",
    "manager": "senior",
    "director": "executive",
    "vp": "executive",
    "c_level": "executive",
    "owner": "executive",
}


class _Entry(BaseModel):
    value: str
    first_name: str | None = None
    last_name: str | None = None
    position: str | None = None
    linkedin: str | None = None
    phone_number: str | None = None


class _Found(BaseModel):
    organization: str | None = None
    emails: list[_Entry]


class _Meta(BaseModel):
    results: int = 0


class _Answer(BaseModel):
    data: _Found
    meta: _Meta = _Meta()


class HunterPersonFinder:
    """Addresses come as Hunter has them: they are verified before use, whatever Hunter says of them."""

    name = "hunter"

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self._credit = account.credit_micros
        self.price_micros = _PAGE // _ADDRESSES_A_CREDIT * account.credit_micros

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        return ask_each([(c.company_id, c) for c in companies], lambda company: self._at(company, wanted))

    def _at(self, company: CompanyRef, wanted: PeopleWanted) -> Sequence[PersonRecord] | Unknown:
        if not company.domain:
            return Unknown("Hunter looks people up by domain, and this company's is not known.")
        found: dict[str, PersonRecord] = {}
        received = 0
        while len(found) < wanted.limit:
            limit = min(_PAGE, wanted.limit - len(found))
            answer = self._api.get("/domain-search", self._question(company, wanted, limit, received)).read(_Answer)
            for entry in answer.data.emails:
                name = " ".join(filter(None, (entry.first_name, entry.last_name)))
                if name and entry.value.lower() not in found:
                    found[entry.value.lower()] = self._person(company, entry, name)
            received += len(answer.data.emails)
            if not answer.data.emails or received >= answer.meta.results:
                break
        cost = ceil(received / _ADDRESSES_A_CREDIT) * self._credit
        if not found:
            return Unknown(f"Hunter knows nobody by name at {company.domain}.", Gap.NO_DATA, cost)
        people = list(found.values())
        # A search is charged as a whole: its cost stands at one record, so that the sum is what was paid.
        return [replace(people[0], cost_micros=cost), *people[1:]]

    def _question(self, company: CompanyRef, wanted: PeopleWanted, limit: int, offset: int) -> dict[str, str]:
        question = {"domain": company.domain, "type": "personal", "limit": str(limit), "offset": str(offset)}
        departments = {_DEPARTMENTS[d] for d in wanted.departments if d in _DEPARTMENTS}
        seniorities = {_SENIORITIES[s] for s in wanted.seniorities if s in _SENIORITIES}
        # A wish that Hunter has no word for would narrow the answer to the wishes it does have a word for.
        if departments and all(d in _DEPARTMENTS for d in wanted.departments):
            question["department"] = ",".join(sorted(departments))
        if seniorities and all(s in _SENIORITIES for s in wanted.seniorities):
            question["seniority"] = ",".join(sorted(seniorities))
        return question

    def _person(self, company: CompanyRef, entry: _Entry, name: str) -> PersonRecord:
        return PersonRecord(
            full_name=name,
            title=entry.position or "",
            source=self.name,
            company_name=company.name,
            company_domain=company.domain,
            email=entry.value,
            phone=entry.phone_number or "",
            profile_url=entry.linkedin or "",
        )
