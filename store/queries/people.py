"""Contacts of many sources, each one row: found by e-mail address, else by name at their company.

Names, addresses, numbers and profiles are sealed before they reach the database; they are found by keyed hashes. What
is there is never overwritten, only filled. A person who was erased is not brought back by the next import.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from core.clock import Clock
from core.crypto import Sealer
from core.ids import Ids
from store import bulk
from store.models import Contact
from store.queries import suppression
from store.queries.companies import CHUNK, fitted

_SEALED = {
    "name_sealed": "full_name",
    "email_sealed": "email",
    "phone_sealed": "phone",
    "profile_url_sealed": "profile_url",
}
_PLAIN = ("title", "seniority", "department", "buying_role", "country", "time_zone")
_INDEXES = ("email_index", "person_index")
_WRITTEN = (*_SEALED, *_PLAIN, *_INDEXES, "email_status", "email_reasons", "email_checked_at", "updated_at")


@dataclass(frozen=True, slots=True)
class ContactInput:
    """A person as one source tells it, in clear, on the way in. Empty means the source does not say."""

    company_id: UUID
    full_name: str
    person_key: str  # the normalised name
    source: str
    email: str = ""  # normalised by the e-mail verifier, lower case
    phone: str = ""
    profile_url: str = ""
    title: str = ""
    seniority: str = ""
    department: str = ""
    buying_role: str = ""
    country: str = ""
    time_zone: str = ""
    email_status: str = "unknown"
    email_reasons: Sequence[str] = ()
    email_checked_at: datetime | None = None
    legal_basis: str = ""
    legal_basis_evidence: str = ""
    legal_basis_at: datetime | None = None
    cost_micros: int = 0


@dataclass(slots=True)
class Upserted:
    ids: list[UUID | None] = field(default_factory=list)  # one an input; None: erased, or neither name nor address
    created: set[UUID] = field(default_factory=set)


def upsert_contacts(
    session: Session, clock: Clock, ids: Ids, sealer: Sealer, inputs: Sequence[ContactInput]
) -> Upserted:
    """Insert or merge, in a number of statements that does not grow with each row.

    The address decides who somebody is; without one, the name at the company. One name at one company is one person,
    whose first address stays. The legal basis is filled, never weakened.
    """
    found = [_Keyed.of(sealer, record) for record in inputs]
    known = _Known()
    known.load(session, found)
    erased = suppression.erased_keys(session, {key for keyed in found for key in keyed.erasure})
    now = clock.now()
    result = Upserted()
    created: dict[UUID, dict[str, Any]] = {}
    changed: set[UUID] = set()
    for keyed in found:
        if not (keyed.email_index or keyed.person_index) or erased.intersection(keyed.erasure):
            result.ids.append(None)
            continue
        row = known.match(keyed)
        if row is None:
            row = _new_row(sealer, ids.new(), keyed, now)
            created[row["id"]] = row
        elif _merge(sealer, row, keyed, known, now) and row["id"] not in created:
            changed.add(row["id"])
        known.add(row)
        result.ids.append(row["id"])
    result.created = bulk.insert_ignore(session, Contact, list(created.values()))
    if len(result.created) < len(created):
        # Another writer was first with some of them: theirs are merged into instead.
        again = upsert_contacts(session, clock, ids, sealer, inputs)
        return Upserted(again.ids, again.created | result.created)
    columns = (*_WRITTEN, "legal_basis", "legal_basis_evidence", "legal_basis_at")
    bulk.update(session, Contact, [known.rows[row_id] for row_id in sorted(changed)], columns=columns)
    return result


@dataclass(frozen=True, slots=True)
class _Keyed:
    record: ContactInput
    email_index: str | None
    person_index: str | None
    erasure: frozenset[str]  # the keys an erased person would stand under

    @classmethod
    def of(cls, sealer: Sealer, record: ContactInput) -> "_Keyed":
        email = sealer.blind_index("email", record.email) if record.email else None
        person = sealer.blind_index("person", record.person_key) if record.person_key else None
        erasure = set(suppression.address_keys(sealer, record.email)) if record.email else set()
        if person:
            erasure.add(suppression.person_key(sealer, record.company_id, person))
        return cls(record, email, person, frozenset(erasure))


class _Known:
    """The contacts that a batch may mean."""

    def __init__(self) -> None:
        self.rows: dict[UUID, dict[str, Any]] = {}
        self._by_email: dict[str, dict[str, Any]] = {}
        self._by_person: dict[tuple[UUID, str], dict[str, Any]] = {}

    def load(self, session: Session, found: Sequence[_Keyed]) -> None:
        columns = [getattr(Contact, c.name) for c in sa.inspect(Contact).columns]
        searches: tuple[tuple[Any, set[Any]], ...] = (
            (col(Contact.email_index), {keyed.email_index for keyed in found if keyed.email_index}),
            (col(Contact.person_index), {keyed.person_index for keyed in found if keyed.person_index}),
        )
        for column, values in searches:
            wanted = sorted(values)
            for start in range(0, len(wanted), CHUNK):
                query = sa.select(*columns).where(column.in_(wanted[start : start + CHUNK]))
                for row in session.execute(query.order_by(col(Contact.id)).with_for_update()):
                    self.add(dict(row._mapping))

    def add(self, row: dict[str, Any]) -> None:
        row = self.rows.setdefault(row["id"], row)
        if row["email_index"]:
            self._by_email[row["email_index"]] = row
        if row["person_index"]:
            self._by_person[row["company_id"], row["person_index"]] = row

    def match(self, keyed: _Keyed) -> dict[str, Any] | None:
        if keyed.email_index and (row := self._by_email.get(keyed.email_index)):
            return row
        return self._by_person.get((keyed.record.company_id, keyed.person_index or ""))

    def is_free(self, company_id: UUID, person_index: str) -> bool:
        return (company_id, person_index) not in self._by_person


def _new_row(sealer: Sealer, row_id: UUID, keyed: _Keyed, now: datetime) -> dict[str, Any]:
    record = keyed.record
    sealed = {
        column: _seal(sealer, column, row_id, getattr(record, name)) if getattr(record, name) else None
        for column, name in _SEALED.items()
    }
    return {
        "id": row_id,
        "company_id": record.company_id,
        **sealed,
        **{name: fitted(Contact, name, getattr(record, name)) for name in _PLAIN},
        "email_index": keyed.email_index,
        "person_index": keyed.person_index,
        "email_status": record.email_status,
        "email_reasons": list(record.email_reasons),
        "email_checked_at": record.email_checked_at,
        "legal_basis": record.legal_basis,
        "legal_basis_evidence": record.legal_basis_evidence,
        "legal_basis_at": record.legal_basis_at,
        "source": record.source,
        "cost_micros": record.cost_micros,
        "created_at": now,
        "updated_at": now,
    }


def _merge(sealer: Sealer, row: dict[str, Any], keyed: _Keyed, known: _Known, now: datetime) -> bool:
    record, before = keyed.record, dict(row)
    for column, name in _SEALED.items():
        if not row[column] and getattr(record, name):
            row[column] = _seal(sealer, column, row["id"], getattr(record, name))
    for name in _PLAIN:
        row[name] = row[name] or fitted(Contact, name, getattr(record, name))
    if not row["email_index"]:
        row["email_index"] = keyed.email_index
    if not row["person_index"] and keyed.person_index and known.is_free(row["company_id"], keyed.person_index):
        row["person_index"] = keyed.person_index
    if row["email_index"] == keyed.email_index and _newer(record.email_checked_at, row["email_checked_at"]):
        row["email_status"] = record.email_status
        row["email_reasons"] = list(record.email_reasons)
        row["email_checked_at"] = record.email_checked_at
    if not row["legal_basis"] and record.legal_basis:
        row["legal_basis"] = record.legal_basis
        row["legal_basis_evidence"] = record.legal_basis_evidence
        row["legal_basis_at"] = record.legal_basis_at
    if row == before:
        return False
    row["updated_at"] = now
    return True


def _seal(sealer: Sealer, column: str, row_id: UUID, text: str) -> str:
    return sealer.seal(text, context=f"contact|{column.removesuffix('_sealed')}|{row_id}")


def _newer(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and (second is None or first > second)
