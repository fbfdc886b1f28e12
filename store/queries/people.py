"""Contacts of many sources, each one row: found by e-mail address, else by name at their company.

Names, addresses, numbers and profiles are sealed before they reach the database; they are found by keyed hashes. What
is there is never overwritten, only filled. A person who was erased is not brought back by the next import. Who was
merged into another is found by what is known of them, and what is told of them goes to the one that stands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from store.queries import legal_bases, merges, suppression
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


@dataclass(frozen=True, slots=True)
class AddressInput:
    """An address that was looked for and judged, for a contact that is known."""

    contact_id: UUID
    email: str  # normalised by the e-mail verifier; "" to say only why there is none
    status: str
    reasons: Sequence[str]
    checked_at: datetime
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
    at = merges.kept_of(session, {record.company_id for record in inputs})
    found = [_Keyed.of(sealer, replace(r, company_id=at.get(r.company_id, r.company_id))) for r in inputs]
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
    bulk.update(session, Contact, [known.rows[row_id] for row_id in sorted(changed)], columns=_WRITTEN)
    _keep_bases(session, clock, sealer, found, result.ids, known)
    return result


def forgotten(session: Session, sealer: Sealer, inputs: Sequence[ContactInput], *, opted_out: bool) -> list[bool]:
    """Of each, whether it is somebody who was erased, or (`opted_out`) whose address is suppressed for any reason.
    Asked before anything about a person goes to a vendor."""
    keyed = [_Keyed.of(sealer, record) for record in inputs]
    erased = suppression.erased_keys(session, {key for one in keyed for key in one.erasure})
    stopped: Mapping[str, str] = {}
    if opted_out:
        stopped = suppression.suppressed_among(session, sealer, sorted({r.email for r in inputs if r.email}))
    return [bool(erased.intersection(one.erasure)) or one.record.email in stopped for one in keyed]


def keep_addresses(session: Session, clock: Clock, sealer: Sealer, found: Sequence[AddressInput]) -> set[UUID]:
    """Give contacts the addresses that were found for them, or newer verdicts of those they have. Returns whose row
    was written.

    An address fills what is empty and replaces nothing; one that another contact has, or that is suppressed, is not
    taken. Who was erased while somebody looked is passed over; for who was merged, the one that stands gets it.
    """
    stands = merges.kept_of(session, {one.contact_id for one in found})
    found = [replace(one, contact_id=stands.get(one.contact_id, one.contact_id)) for one in found]
    ids = sorted({one.contact_id for one in found})
    rows: dict[UUID, dict[str, Any]] = {}
    columns = [getattr(Contact, c.name) for c in sa.inspect(Contact).columns]
    for start in range(0, len(ids), CHUNK):
        query = sa.select(*columns).where(col(Contact.id).in_(ids[start : start + CHUNK])).order_by(col(Contact.id))
        rows |= {row.id: dict(row._mapping) for row in session.execute(query.with_for_update())}
    addresses = sorted({one.email for one in found if one.email})
    indexes = {address: sealer.blind_index("email", address) for address in addresses}
    stopped = suppression.suppressed_among(session, sealer, addresses)
    taken = _owners(session, set(indexes.values()))
    changed: dict[UUID, dict[str, Any]] = {}
    for one in found:
        row = rows.get(one.contact_id)
        if row is None or row["erased_at"] is not None:
            continue
        index = indexes.get(one.email)
        if index is not None and row["email_index"] is None:
            if one.email in stopped or taken.get(index, row["id"]) != row["id"]:
                continue
            taken[index] = row["id"]
            row["email_index"], row["email_sealed"] = index, _seal(sealer, "email_sealed", row["id"], one.email)
        elif row["email_index"] != index:
            continue
        row["email_status"], row["email_reasons"] = one.status, list(one.reasons)
        row["email_checked_at"] = one.checked_at if one.email else row["email_checked_at"]
        row["cost_micros"] += one.cost_micros
        row["updated_at"] = clock.now()
        changed[row["id"]] = row
    written = ("email_sealed", "email_index", "email_status", "email_reasons", "email_checked_at", "cost_micros")
    bulk.update(session, Contact, [changed[key] for key in sorted(changed)], columns=(*written, "updated_at"))
    return set(changed)


def addresses_known(session: Session, sealer: Sealer, addresses: Sequence[str]) -> set[str]:
    """Of these, those that are suppressed or that some contact has: nobody's guess, and nothing to ask a vendor for."""
    indexes = {address: sealer.blind_index("email", address.strip().lower()) for address in addresses}
    owners = _owners(session, set(indexes.values()))
    stopped = suppression.suppressed_among(session, sealer, addresses)
    return {address for address, index in indexes.items() if index in owners or address in stopped}


def gone_among(session: Session, contact_ids: Iterable[UUID]) -> set[UUID]:
    """Of these contacts, those that were erased, or are not there."""
    wanted, alive = sorted(set(contact_ids)), set[UUID]()
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(col(Contact.id)).where(col(Contact.id).in_(wanted[start : start + CHUNK]))
        alive |= set(session.execute(query.where(col(Contact.erased_at).is_(None))).scalars())
    return set(wanted) - alive


def _owners(session: Session, indexes: set[str]) -> dict[str, UUID]:
    wanted, owners = sorted(indexes), dict[str, UUID]()
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(col(Contact.email_index), col(Contact.id))
        found = session.execute(query.where(col(Contact.email_index).in_(wanted[start : start + CHUNK])))
        owners |= {index: row_id for index, row_id in found if index}
    return owners


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
        named = {"name": record.full_name, "profile_url": record.profile_url}
        erasure.update(suppression.identity_keys(sealer, record.company_id, **named))
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
        self._let_stand(session, columns)

    def _let_stand(self, session: Session, columns: Sequence[Any]) -> None:
        """By every address and name of a contact that was merged, the one that stands is found instead."""
        kept = merges.kept_of(session, self.rows)
        missing = sorted(set(kept.values()) - self.rows.keys())
        for start in range(0, len(missing), CHUNK):
            query = sa.select(*columns).where(col(Contact.id).in_(missing[start : start + CHUNK]))
            for row in session.execute(query.order_by(col(Contact.id)).with_for_update()):
                self.add(dict(row._mapping))
        stands = {absorbed: self.rows[row_id] for absorbed, row_id in kept.items()}
        self._by_email |= {key: stands[row["id"]] for key, row in self._by_email.items() if row["id"] in kept}
        self._by_person |= {key: stands[row["id"]] for key, row in self._by_person.items() if row["id"] in kept}
        for absorbed in kept:
            self.rows.pop(absorbed, None)

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
    newer = _newer(record.email_checked_at, row["email_checked_at"])
    if row["email_index"] == keyed.email_index and newer and _may_say(record.email_status, row["email_status"]):
        row["email_status"] = record.email_status
        row["email_reasons"] = list(record.email_reasons)
        row["email_checked_at"] = record.email_checked_at
    if row == before:
        return False
    row["updated_at"] = now
    return True


def _keep_bases(
    session: Session,
    clock: Clock,
    sealer: Sealer,
    found: Sequence[_Keyed],
    ids: Sequence[UUID | None],
    known: _Known,
) -> None:
    """As records, of whom none of that kind holds yet: a list that is imported every day adds none each day."""
    new = [
        legal_bases.NewBasis(
            contact_id=contact_id,
            basis=one.legal_basis,
            evidence=one.legal_basis_evidence,
            given_at=one.legal_basis_at or clock.now(),
            recorded_by=f"source:{one.source}",
            source="policy" if one.legal_basis == "legitimate_interest" else one.source,
        )
        for keyed, contact_id in zip(found, ids, strict=True)
        for one in [keyed.record]
        if contact_id is not None
        and legal_bases.rank(one.legal_basis) > legal_bases.rank(known.rows[contact_id].get("legal_basis", ""))
    ]
    if new:
        legal_bases.record(session, clock, sealer, new)


def _seal(sealer: Sealer, column: str, row_id: UUID, text: str) -> str:
    return sealer.seal(text, context=f"contact|{column.removesuffix('_sealed')}|{row_id}")


def _may_say(new: str, old: str) -> bool:
    """Who tells of a person has looked at their domain at most; a bounce, or a verifier that asked the mailbox, knew
    more. So a telling makes no dead or doubtful address good again, and no good one unknown."""
    return old == "unknown" or _NEWS[new] >= _NEWS[old]


_NEWS = {"unknown": 0, "valid": 1, "risky": 2, "invalid": 3}  # the worse, the less it is taken back


def _newer(first: datetime | None, second: datetime | None) -> bool:
    return first is not None and (second is None or first > second)
