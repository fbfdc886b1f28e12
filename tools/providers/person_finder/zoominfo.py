"""People of ZoomInfo: looked for by company at no cost, chosen by title, and only those chosen paid for, 25 a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from tools.domains import FREE_MAIL, registrable_domain
from tools.mapping.places import country_code
from tools.ports import ANYBODY, CompanyRef, Gap, PeopleWanted, PersonRecord, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.batches import ask_batches
from tools.providers.vendor.choosing import best_first
from tools.providers.vendor.zoominfo import BATCH, PAGE, SPEC, Match, ZoomInfoApi

MOST_PEOPLE = 10  # of a company: what bounds its price
# No private or direct number, no second address: "supplementalEmail" is a private one.
_OUTPUT = (
    "id", "firstName", "lastName", "jobTitle", "email", "country", "companyName", "companyWebsite", "personHasMoved",
    "externalUrls", "validDate",
)  # fmt: skip


class _Preview(BaseModel):
    jobTitle: str | None = None  # noqa: N815 - the vendor's name


class _Seen(BaseModel):
    id: str
    attributes: _Preview


class _Search(BaseModel):
    data: list[_Seen]


class _Link(BaseModel):
    type: str | None = None
    url: str | None = None


class _Employer(BaseModel):
    website: str | None = None


class _Contact(BaseModel):
    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    jobTitle: str | None = None  # noqa: N815
    email: str | None = None
    country: str | None = None
    personHasMoved: str | None = None  # noqa: N815
    externalUrls: list[_Link] | None = None  # noqa: N815
    company: _Employer | None = None


class _Resource(BaseModel):
    id: str
    attributes: _Contact | None = None  # without: it was not matched
    meta: Match = Match()


class _Found(BaseModel):
    data: list[_Resource]


class ZoomInfoPersonFinder:
    name = SPEC.name

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = ZoomInfoApi(account, wire)
        self._credit = account.credit_micros
        self.price_micros = MOST_PEOPLE * account.credit_micros

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        chosen = ask_each([(c.company_id, c) for c in companies], lambda company: self._chosen(company, wanted))
        ids = {c.company_id: _ids(chosen[c.company_id]) for c in companies}
        # The batches run across companies. A person found at two of them is paid for once.
        keys = {person: UUID(int=n) for n, person in enumerate(dict.fromkeys(chain.from_iterable(ids.values())))}
        asked = [(key, person) for person, key in keys.items()]
        matched = ask_batches(asked, BATCH, self._matched, "ZoomInfo has no more of it.")
        paid: set[str] = set()
        found: dict[UUID, Sequence[PersonRecord] | Unknown] = {}
        for company in companies:
            seen = chosen[company.company_id]
            if isinstance(seen, Unknown):
                found[company.company_id] = seen
                continue
            mine = [person for person in ids[company.company_id] if person not in paid]
            paid.update(mine)
            found[company.company_id] = self._at(company, [matched[keys[person]] for person in mine])
        return found

    def _chosen(self, company: CompanyRef, wanted: PeopleWanted) -> Sequence[_Seen] | Unknown:
        if not company.domain:
            return Unknown("ZoomInfo looks people up by website, and this company's is not known.")
        asked: dict[str, Any] = {"companyWebsite": f"http://{company.domain}"}
        if wanted.titles:
            asked["jobTitle"] = " OR ".join(wanted.titles)
        window = [("page[number]", "1"), ("page[size]", str(PAGE)), ("sort", "-contactAccuracyScore")]
        found = self._api.ask("/data/v1/contacts/search", "ContactSearch", asked, window).read(_Search)
        # Its words for ranks and departments are lists of its own: the titles, free to see, are read by us instead.
        unique = {each.id: each for each in found.data}
        limited = replace(wanted, limit=min(wanted.limit, MOST_PEOPLE))
        chosen = best_first(unique.values(), lambda one: one.attributes.jobTitle or "", limited)
        return chosen or Unknown(f"ZoomInfo knows nobody of those wanted at {company.domain}.")

    def _matched(self, batch: Sequence[tuple[UUID, str]]) -> Mapping[UUID, _Contact | Unknown]:
        persons = [{"personId": int(person)} for _, person in batch]
        asked = {"matchPersonInput": persons, "outputFields": list(_OUTPUT)}
        answer = self._api.ask("/data/v1/contacts/enrich", "ContactEnrich", asked).read(_Found)
        # The question beside an answer tells whose it is; the id of its own examples is another's.
        by_person = {str(resource.meta.input.get("personId") or resource.id): resource for resource in answer.data}
        found: dict[UUID, _Contact | Unknown] = {}
        for key, person in batch:
            resource = by_person.get(person)
            if resource is None:
                continue
            if resource.meta.matchStatus.upper() == "LIMIT_EXCEEDED":
                found[key] = Unknown("ZoomInfo's limit of records is reached.", Gap.REFUSED)
            elif resource.attributes is not None and resource.meta.is_match:
                found[key] = resource.attributes
        return found

    def _at(self, company: CompanyRef, answers: Sequence[_Contact | Unknown]) -> Sequence[PersonRecord] | Unknown:
        contacts = [each for each in answers if not isinstance(each, Unknown)]
        people = [self._person(company, each) for each in contacts if _is_here(each, company)]
        wasted = (len(contacts) - len(people)) * self._credit
        if not people:
            faults = [each for each in answers if isinstance(each, Unknown) and each.gap is not Gap.NO_DATA]
            if faults and not wasted:
                return faults[0]
            return Unknown(f"ZoomInfo knows nobody of those wanted at {company.domain}.", Gap.NO_DATA, wasted)
        return [replace(people[0], cost_micros=people[0].cost_micros + wasted), *people[1:]]

    def _person(self, company: CompanyRef, contact: _Contact) -> PersonRecord:
        address = contact.email or ""
        links = {(link.type or "").lower().replace("_", ""): link.url or "" for link in contact.externalUrls or ()}
        return PersonRecord(
            full_name=_name(contact),
            title=contact.jobTitle or "",
            source=self.name,
            company_name=company.name,
            company_domain=company.domain,
            email="" if address.rpartition("@")[2].lower() in FREE_MAIL else address,
            profile_url=next((url for kind, url in links.items() if "linkedin" in kind), ""),
            country=country_code(contact.country or ""),
            cost_micros=self._credit,
        )


def _ids(seen: Sequence[_Seen] | Unknown) -> list[str]:
    # It asks for ids as numbers: one that is none cannot be asked for.
    return [] if isinstance(seen, Unknown) else [each.id for each in seen if each.id.isascii() and each.id.isdigit()]


def _name(contact: _Contact) -> str:
    return " ".join(filter(None, (contact.firstName, contact.lastName)))


def _is_here(contact: _Contact, company: CompanyRef) -> bool:
    site = registrable_domain(contact.company.website or "") if contact.company else None
    has_moved = (contact.personHasMoved or "").lower() == "yes"
    return bool(_name(contact)) and not has_moved and (site is None or site == company.domain)
