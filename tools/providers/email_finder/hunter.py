"""A person's address by Hunter's finder: seen on a page, or made by the domain's pattern."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import BaseModel

from tools.domains import FREE_MAIL
from tools.ports import EmailFound, Gap, PersonRef, Unknown
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.asking import ask_each
from tools.providers.vendor.hunter import connect


class _Source(BaseModel):
    uri: str | None = None


class _Person(BaseModel):
    email: str | None
    score: float | None
    sources: list[_Source] = []


class _Answer(BaseModel):
    data: _Person


class HunterEmailFinder:
    name = "hunter"

    def __init__(self, account: Account, wire: Wire) -> None:
        self._api = connect(account, wire)
        self.price_micros = account.credit_micros

    def find(self, people: Sequence[PersonRef]) -> Mapping[UUID, EmailFound | Unknown]:
        return ask_each([(person.contact_id, person) for person in people], self._of)

    def _of(self, person: PersonRef) -> EmailFound | Unknown:
        if not person.company_domain or " " not in person.full_name.strip():
            return Unknown("Hunter needs a first name, a last name and the company's domain.")
        question = {"domain": person.company_domain, "full_name": person.full_name}
        found = self._api.get("/email-finder", question).read(_Answer).data
        if not found.email:
            return Unknown("Hunter finds no address for this person.")  # nothing found, nothing charged
        if found.email.rpartition("@")[2].lower() in FREE_MAIL:
            return Unknown("Hunter knows a private address only.", Gap.NO_DATA, self.price_micros)
        url = next((source.uri for source in found.sources if source.uri), "")
        return EmailFound(found.email, (found.score or 0.0) / 100, self.name, url, self.price_micros)
