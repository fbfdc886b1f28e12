"""Why a person may be written to on a channel, at an instant: read from the records, never from what was once enough.

A withdrawal takes back everything that was given before it, by whatever record: so a merge of two rows of one person,
or an import of an old list, brings nothing back. Of what holds, an express consent or a customer's comes before an
implied consent, and that before a legitimate interest; among equals the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from core.clock import Clock
from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import Contact, LegalBasis
from store.session import workspace_of

MAIL: Final = "mail"
ON_RECORD: Final = "on record"  # what the contact's column says: the words themselves are sealed in the record
_RANK: Final[Mapping[str, int]] = {"legitimate_interest": 0, "implied_consent": 1}  # any other: 2
_CHUNK: Final = 5_000
_WORDS: Final[Mapping[str, str]] = {"existing_customer": "basis as an existing customer"}


@dataclass(frozen=True, slots=True)
class NewBasis:
    """`evidence`: where it can be shown; without one a record proves nothing."""

    contact_id: UUID
    basis: str
    evidence: str
    given_at: datetime
    recorded_by: str
    channel: str = MAIL
    ground: str = ""
    source: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for one contact on one channel. `basis` "": nothing does, and `lapsed` says what did, if anything."""

    basis: str = ""
    evidence: str = ""
    since: datetime | None = None
    until: datetime | None = None
    lapsed: str = ""
    record_id: UUID | None = None


def record(session: Session, clock: Clock, sealer: Sealer, found: Sequence[NewBasis]) -> set[UUID]:
    """Keeps each as a record, once, and brings the contacts' columns in line. Returns the contacts that have a new one.

    A legitimate interest that a policy states for everybody is not kept of somebody who withdrew: they decided.
    """
    workspace_id, now = workspace_of(session), clock.now()
    withdrawn = _who_withdrew(session, [new.contact_id for new in found if new.source == "policy"])
    rows: list[dict[str, Any]] = []
    for new in found:
        if new.source == "policy" and new.contact_id in withdrawn:
            continue
        said = sealer.blind_index("evidence", new.evidence)
        key = (new.contact_id, new.channel, new.basis, new.ground, new.given_at.isoformat(), said)
        row_id = stable_id("legal_basis", workspace_id, *key)
        evidence = sealer.seal(new.evidence, context=_place(row_id)) if new.evidence else None
        rows.append(
            {
                "id": row_id,
                "contact_id": new.contact_id,
                "channel": new.channel,
                "basis": new.basis,
                "ground": new.ground,
                "evidence_sealed": evidence,
                "source": new.source[:100],
                "given_at": new.given_at,
                "expires_at": new.expires_at,
                "recorded_by": new.recorded_by[:100],
                "created_at": now,
            }
        )
    written = bulk.insert_ignore(session, LegalBasis, rows)
    changed: set[UUID] = {row["contact_id"] for row in rows if row["id"] in written}
    derive(session, sorted(changed), now)
    return changed


def withdraw(
    session: Session, clock: Clock, contact_id: UUID, *, by: str, channel: str = "", record_id: UUID | None = None
) -> int:
    """Ends what holds: one record, or all of a channel, or all. Returns how many records it ended."""
    now = clock.now()
    where = [col(LegalBasis.contact_id) == contact_id, col(LegalBasis.withdrawn_at).is_(None)]
    if channel:
        where.append(col(LegalBasis.channel) == channel)
    if record_id is not None:
        where.append(col(LegalBasis.id) == record_id)
    statement = sa.update(LegalBasis).where(*where).values(withdrawn_at=now, withdrawn_by=by[:100])
    count = session.execute(statement.execution_options(synchronize_session="fetch")).rowcount  # type: ignore[attr-defined]
    derive(session, [contact_id], now)
    return int(count)


def held(session: Session, contact: Contact, now: datetime, channel: str = MAIL) -> Held:
    """What holds for this contact now."""
    return held_of(contact, held_by(session, [contact.id], now, channel), now, channel)


def held_of(contact: Contact, found: Mapping[UUID, Held], now: datetime, channel: str = MAIL) -> Held:
    """Of one contact among those that `held_by` read."""
    if contact.id in found:
        return found[contact.id]
    if channel != MAIL or (contact.legal_basis_until is not None and contact.legal_basis_until <= now):
        return Held()
    # Rows from before there were records: their columns are all there is.
    return Held(contact.legal_basis, contact.legal_basis_evidence, contact.legal_basis_at, contact.legal_basis_until)


def held_by(session: Session, contact_ids: Sequence[UUID], now: datetime, channel: str = MAIL) -> dict[UUID, Held]:
    """The same for many, by one query a few thousand. A contact without any record is left out."""
    found: dict[UUID, Held] = {}
    for start in range(0, len(contact_ids), _CHUNK):
        query = (
            sa.select(LegalBasis)
            .where(
                col(LegalBasis.contact_id).in_(contact_ids[start : start + _CHUNK]), col(LegalBasis.channel) == channel
            )
            .order_by(col(LegalBasis.contact_id), col(LegalBasis.given_at), col(LegalBasis.id))
        )
        rows = session.execute(query).scalars().all()
        for contact_id, records in groupby(rows, key=lambda row: row.contact_id):
            found[contact_id] = in_force(list(records), now)
    return found


def in_force(records: Sequence[LegalBasis], now: datetime) -> Held:
    """Of the records of one contact and channel."""
    ended = [one.withdrawn_at for one in records if one.withdrawn_at is not None and one.withdrawn_at <= now]
    floor = max(ended, default=None)
    given = [one for one in records if one.given_at <= now]
    valid = [
        one
        for one in given
        if (one.expires_at is None or one.expires_at > now)
        and (one.withdrawn_at is None or one.withdrawn_at > now)
        and (floor is None or one.given_at > floor)
    ]
    if valid:
        best = max(valid, key=lambda one: (rank(one.basis), one.given_at, one.id))
        evidence = ON_RECORD if best.evidence_sealed else ""
        return Held(best.basis, evidence, best.given_at, best.expires_at, "", best.id)
    if not given:
        return Held()
    last = max(given, key=lambda one: (rank(one.basis), one.given_at, one.id))
    what = f"The {_WORDS.get(last.basis, last.basis.replace('_', ' '))} of {last.given_at:%Y-%m-%d}"
    if floor is not None and last.given_at <= floor:
        return Held(lapsed=f"{what} was withdrawn on {floor:%Y-%m-%d}.", record_id=last.id)
    return Held(lapsed=f"{what} ended on {last.expires_at:%Y-%m-%d}.", record_id=last.id)


def derive(session: Session, contact_ids: Sequence[UUID], now: datetime) -> None:
    """Bring the columns of contacts in line with their records for mail, which lists and counts read."""
    rows: list[dict[str, Any]] = [
        {
            "id": contact_id,
            "legal_basis": one.basis,
            "legal_basis_evidence": one.evidence,
            "legal_basis_at": one.since,
            "legal_basis_until": one.until,
            "updated_at": now,
        }
        for contact_id, one in held_by(session, contact_ids, now).items()
    ]
    columns = [name for name in rows[0] if name != "id"] if rows else []
    bulk.update(session, Contact, rows, columns=columns)
    for contact in session.identity_map.values():
        if isinstance(contact, Contact) and contact.id in contact_ids:
            session.expire(contact)


def end(session: Session, now: datetime, limit: int) -> int:
    """Columns whose basis has run out since, in line again. Returns how many contacts."""
    query = (
        sa.select(col(Contact.id))
        .where(col(Contact.legal_basis_until) <= now)
        .order_by(col(Contact.legal_basis_until), col(Contact.id))
        .limit(limit)
    )
    found = list(session.execute(query).scalars())
    derive(session, found, now)
    return len(found)


def rank(basis: str) -> int:
    """How much a basis carries; nothing carries least."""
    return _RANK.get(basis, 2) if basis else -1


def evidence_of(sealer: Sealer, one: LegalBasis) -> str:
    return sealer.open(one.evidence_sealed, context=_place(one.id)) if one.evidence_sealed else ""


def _who_withdrew(session: Session, contact_ids: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(contact_ids), _CHUNK):
        query = sa.select(col(LegalBasis.contact_id)).where(
            col(LegalBasis.contact_id).in_(contact_ids[start : start + _CHUNK]),
            col(LegalBasis.withdrawn_at).is_not(None),
        )
        found.update(session.execute(query.distinct()).scalars())
    return found


def _place(row_id: UUID) -> str:
    return f"legal_basis|evidence|{row_id}"
