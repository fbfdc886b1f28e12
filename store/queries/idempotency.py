"""Requests that may be repeated: who was first does the work, who comes again gets the same answer.

    claim → NEW (do it, then `finish` or `drop`) | the kept answer | still at work

A crash between the work and `finish` leaves a claim without an answer: after `AT_WORK` the next one does it again, so
what makes rows takes their ids from the key (core.ids.stable_id) and finds its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import Conflict, Rejected
from store import bulk
from store.models import IdempotencyRecord
from store.session import workspace_of

AT_WORK = timedelta(minutes=1)  # longer than any request lives
KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body_sealed: str


def claim(session: Session, record_id: UUID, request_hash: str, now: datetime) -> Answer | None:
    """None: this request is the first, and does the work.

    Raises Conflict (the first is still at work), Rejected (the key was used for another request).
    """
    row = {
        "workspace_id": workspace_of(session),
        "id": record_id,
        "request_hash": request_hash,
        "status": None,
        "body_sealed": None,
        "created_at": now,
    }
    if bulk.insert_ignore(session, IdempotencyRecord, [row]):
        return None
    known = session.get(IdempotencyRecord, (workspace_of(session), record_id), with_for_update=True)
    if known is None or known.created_at < now - KEPT or (known.status is None and known.created_at < now - AT_WORK):
        if known is not None:
            known.request_hash, known.status, known.body_sealed, known.created_at = request_hash, None, None, now
            session.add(known)
        return None
    if known.request_hash != request_hash:
        raise Rejected(
            "This Idempotency-Key was used for another request.",
            hint="A key belongs to one request; make a new one for each.",
            code="idempotency_key_reused",
        )
    if known.status is None:
        raise Conflict(
            "The first request with this Idempotency-Key is still at work.",
            hint="Ask again in a moment; it is done once.",
            code="still_at_work",
        )
    return Answer(known.status, known.body_sealed or "")


def finish(session: Session, record_id: UUID, status: int, body_sealed: str) -> None:
    session.execute(
        sa.update(IdempotencyRecord)
        .where(col(IdempotencyRecord.id) == record_id)
        .values(status=status, body_sealed=body_sealed)
    )


def drop(session: Session, record_id: UUID) -> None:
    """Nothing was done: the key may be used again."""
    session.execute(
        sa.delete(IdempotencyRecord).where(
            col(IdempotencyRecord.id) == record_id, col(IdempotencyRecord.status).is_(None)
        )
    )


def purge(session: Session, now: datetime) -> int:
    """Deletes what nobody repeats any more."""
    gone = session.execute(sa.delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < now - KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]
