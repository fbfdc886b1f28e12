"""People of Apollo: looked for by company at no cost, chosen by title, and only those chosen paid for, ten a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from tools.domains import FREE_MAIL
from tools.mapping.places import country_code
from tools.ports import ANYBODY, CompanyRef, Gap, PeopleWanted, PersonRecord, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.apollo import BATCH, ENRICH_LIMITS, PAGE, SEARCH_LIMITS, SPEC, Organization, connect
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.choosing import best_first

MOST_PEOPLE = 10  # of a company: what bounds its price
# Apollo's words, https://docs.apollo.io/reference/people-api-search; none for "staff", which narrows nothing then.
_SENIORITIES = {
    "intern": ("intern",),
    "junior": ("entry",),
    "senior": ("senior",),
    "lead": ("head",),
    "manager": ("manager",),
    "director": ("director",),
    "vp": ("vp",),
    "c_level": ("c_suite",),
    "owner": ("owner", "founder", "partner"),
}
_LOCKED = "email_not_unlocked@"  # what stands where an address was not bought


class _Seen(BaseModel):
    id: str
    title: str | None = None


class _Search(BaseModel):
    people: list[_Seen]


class _Match(BaseModel):
    id: str
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    email: str | None = None
    linkedin_url: str | None = None
    country: str | None = None
    organization: Organization | None = None


class _Matches(BaseModel):
    matches: list[_Match | None]
    credits_consumed: float | None = None


class ApolloPersonFinder:
    name = SPEC.name

    def __init__(self, account: Account, wire: Wire) -> None:
        self._search = connect(account, wire, SEARCH_LIMITS)
        self._enrich = connect(account, wire, ENRICH_LIMITS)
        self._credit = account.credit_micros
        self.price_micros = MOST_PEOPLE * account.credit_micros  # private addresses and mobiles, dearer, are not asked

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        chosen = ask_each([(c.company_id, c) for c in companies], lambda company: self._chosen(company, wanted))
        # The batches run across companies. A person found at two of them is paid for once.
        places = {one.id: company for company in companies for one in _list(chosen[company.company_id])}
        keys = {person_id: UUID(int=number) for number, person_id in enumerate(places)}
        matched = ask_batches(
            [(keys[each], each) for each in places], BATCH, self._matched, "Apollo has no more of it."
        )
        found: dict[UUID, Sequence[PersonRecord] | Unknown] = {}
        for company in companies:
            seen = chosen[company.company_id]
            if isinstance(seen, Unknown):
                found[company.company_id] = seen
            else:
                mine = [matched[keys[one.id]] for one in seen if places[one.id] is company]
                found[company.company_id] = self._at(company, mine)
        return found

    def _chosen(self, company: CompanyRef, wanted: PeopleWanted) -> Sequence[_Seen] | Unknown:
        if not company.domain:
            return Unknown("Apollo looks people up by domain, and this company's is not known.")
        asked = [("q_organization_domains_list[]", company.domain), ("page", "1"), ("per_page", str(PAGE))]
        asked += [("person_titles[]", title) for title in wanted.titles]
        if wanted.seniorities and all(each in _SENIORITIES for each in wanted.seniorities):
            asked += [("person_seniorities[]", word) for each in wanted.seniorities for word in _SENIORITIES[each]]
        found = self._search.post("/mixed_people/api_search", params=asked).read(_Search)
        unique = {each.id: each for each in found.people}
        limited = replace(wanted, limit=min(wanted.limit, MOST_PEOPLE))
        chosen = best_first(unique.values(), lambda one: one.title or "", limited)
        return chosen or Unknown(f"Apollo knows nobody of those wanted at {company.domain}.")

    def _matched(self, batch: Sequence[tuple[UUID, str]]) -> Mapping[UUID, tuple[_Match, int] | Unknown]:
        details = {"details": [{"id": person_id} for _, person_id in batch]}
        answer = self._enrich.post("/people/bulk_match", json=details).read(_Matches)
        known = {match.id: match for match in answer.matches if match}
        consumed = len(known) if answer.credits_consumed is None else answer.credits_consumed
        share, rest = divmod(round(consumed * self._credit), max(1, len(known)))
        found: dict[UUID, tuple[_Match, int] | Unknown] = {}
        for key, person_id in batch:
            if person_id in known:
                found[key] = (known[person_id], share + rest)
                rest = 0
        return found

    def _at(
        self, company: CompanyRef, answers: Sequence[tuple[_Match, int] | Unknown]
    ) -> Sequence[PersonRecord] | Unknown:
        people: list[PersonRecord] = []
        wasted = 0
        for answer in answers:
            if isinstance(answer, Unknown):
                continue
            match, cost = answer
            name = match.name or " ".join(filter(None, (match.first_name, match.last_name)))
            # The search takes past employers for present ones: who works elsewhere now is not at this company.
            if not name or _works_elsewhere(match, company):
                wasted += cost
            else:
                people.append(self._person(company, match, name, cost))
        if not people:
            faults = [each for each in answers if isinstance(each, Unknown) and each.gap is not Gap.NO_DATA]
            if faults and not wasted:
                return faults[0]
            return Unknown(f"Apollo knows nobody of those wanted at {company.domain}.", Gap.NO_DATA, wasted)
        return [replace(people[0], cost_micros=people[0].cost_micros + wasted), *people[1:]]

    def _person(self, company: CompanyRef, match: _Match, name: str, cost: int) -> PersonRecord:
        return PersonRecord(
            full_name=name,
            title=match.title or "",
            source=self.name,
            company_name=company.name,
            company_domain=company.domain,
            email=_business_address(match.email or ""),
            profile_url=match.linkedin_url or "",
            country=country_code(match.country or ""),
            cost_micros=cost,
        )


def _list(seen: Sequence[_Seen] | Unknown) -> Sequence[_Seen]:
    return () if isinstance(seen, Unknown) else seen


def _works_elsewhere(match: _Match, company: CompanyRef) -> bool:
    domain = match.organization.domain if match.organization else ""
    return bool(domain) and domain != company.domain


def _business_address(address: str) -> str:
    if address.startswith(_LOCKED) or address.rpartition("@")[2].lower() in FREE_MAIL:
        return ""
    return address
