"""Events of vendors: kept once, found when they are due, let go of when they are old."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.crypto import Sealer
from core.ids import stable_id
from store import bulk
from store.models import InboundEndpoint, InboundEvent, InboundState
from store.session import workspace_of

RAW_KEPT: Final = timedelta(days=30)  # of what was applied: long enough to look into a complaint about it
KEPT: Final = timedelta(days=90)  # also of dead letters: who did not look for a quarter will not
_LONGEST_KEY: Final = 128
OVERTAKEN: Final = "A later word on the same mail stands."


@dataclass(frozen=True, slots=True)
class NewEvent:
    key: str
    kind: str
    raw: bytes
    occurred_at: datetime | None
    recipient: str = ""


def endpoint_by_token(session: Session, vendor: str, token: str) -> InboundEndpoint | None:
    query = select(InboundEndpoint).where(
        InboundEndpoint.token_hash == token_hash(token), InboundEndpoint.vendor == vendor
    )
    return session.exec(query).one_or_none()


def token_hash(token: str) -> str:
    """The token has 256 random bits, so it needs no slow hash."""
    return sha256(token.encode()).hexdigest()


def keep(
    session: Session, sealer: Sealer, now: datetime, vendor: str, endpoint_id: UUID | None, events: Sequence[NewEvent]
) -> int:
    """Each event once, however often it is told. Returns how many were new."""
    workspace_id = workspace_of(session)
    rows = []
    for event in events:
        key = event.key
        if not 0 < len(key) <= _LONGEST_KEY or not _plain(key):
            key = sha256(key.encode("utf-8", "surrogatepass") or event.raw).hexdigest()
        recipient = event.recipient.strip().lower() if _plain(event.recipient) else ""
        event_id = stable_id("inbound_event", workspace_id, vendor, key)
        # Latin-1 gives each byte back as it was, whatever the bytes are.
        sealed = sealer.seal(event.raw.decode("latin-1"), context=sealed_under(event_id))
        rows.append(
            {
                "id": event_id,
                "vendor": vendor,
                "dedupe_key": key,
                "endpoint_id": endpoint_id,
                "kind": event.kind[:32] if _plain(event.kind) else "",
                "raw_sealed": sealed,
                "person_index": _person_index(sealer, recipient),
                "due_at": now,
                "occurred_at": event.occurred_at or now,
                "received_at": now,
            }
        )
    return len(bulk.insert_ignore(session, InboundEvent, rows))


def _person_index(sealer: Sealer, recipient: str) -> str:
    """Of an address, or of a number in E.164, which has the key that suppressions and texts have."""
    if not recipient:
        return ""
    return sealer.blind_index("phone" if recipient.startswith("+") else "email", recipient)


def _plain(text: str) -> bool:
    """Without what JSON can hold and a database cannot: NUL, halves of characters."""
    return text.isprintable()


def raw_of(sealer: Sealer, event: InboundEvent) -> bytes | None:
    """The bytes as they came; None: they are no longer kept. Raises Tampered."""
    if event.raw_sealed is None:
        return None
    return sealer.open(event.raw_sealed, context=sealed_under(event.id)).encode("latin-1")


def sealed_under(event_id: UUID) -> str:
    return f"inbound_event|raw|{event_id}"


def token_under(endpoint_id: UUID) -> str:
    return f"inbound_endpoint|token|{endpoint_id}"


def secret_under(endpoint_id: UUID) -> str:
    return f"inbound_endpoint|secret|{endpoint_id}"


def due(session: Session, now: datetime, limit: int) -> Sequence[UUID]:
    """What is to be applied now, in the order in which it happened."""
    query = (
        select(InboundEvent.id)
        .where(InboundEvent.state == InboundState.RECEIVED, InboundEvent.due_at <= now)
        .order_by(col(InboundEvent.occurred_at), col(InboundEvent.id))
        .limit(limit)
    )
    return session.exec(query).all()


def next_due_at(session: Session) -> datetime | None:
    query = (
        select(InboundEvent.due_at)
        .where(InboundEvent.state == InboundState.RECEIVED)
        .order_by(col(InboundEvent.due_at))
        .limit(1)
    )
    return session.exec(query).first()


def supersede(session: Session, now: datetime, subject_id: UUID, kinds: Sequence[str], other_than: UUID) -> None:
    """What was applied of these kinds, said of the same thing before."""
    session.execute(
        sa.update(InboundEvent)
        .where(
            col(InboundEvent.subject_id) == subject_id,
            col(InboundEvent.state) == InboundState.APPLIED,
            col(InboundEvent.kind).in_(kinds),
            col(InboundEvent.id) != other_than,
        )
        .values(state=InboundState.SUPERSEDED, reason=OVERTAKEN, settled_at=now)
        .execution_options(synchronize_session="fetch")
    )


def purge(session: Session, now: datetime) -> int:
    """Bytes of what is settled, then the rows themselves. Returns how many rows went."""
    settled = col(InboundEvent.state).in_((InboundState.APPLIED, InboundState.SUPERSEDED))
    session.execute(
        sa.update(InboundEvent)
        .where(settled, col(InboundEvent.received_at) < now - RAW_KEPT, col(InboundEvent.raw_sealed).is_not(None))
        .values(raw_sealed=None)
        .execution_options(synchronize_session=False)
    )
    gone = session.execute(
        sa.delete(InboundEvent)
        .where(col(InboundEvent.state) != InboundState.RECEIVED, col(InboundEvent.received_at) < now - KEPT)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
