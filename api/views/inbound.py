"""What vendors told us, and the endpoints that they tell it to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api import paging
from core.crypto import Sealer
from core.errors import NotFound
from store.models import InboundEndpoint, InboundEvent, InboundState
from store.queries import inbound
from store.session import workspace_of
from tools.webhooks.doors import VENDORS

_EVENT: dict[str, Any] = {
    "id": "0192c1a0-0000-7000-8000-000000000001",
    "vendor": "sendgrid",
    "kind": "bounced",
    "state": "dead",
    "reason": "No mail of ours has the id that it names.",
    "attempts": 6,
}
_LONGEST_SHOWN = 100_000  # characters of an event


class InboundEventOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [_EVENT]})

    id: UUID
    vendor: str
    kind: str = Field(description="What it tells, once it could be read; before, the vendor's own word.")
    state: InboundState
    reason: str
    attempts: int
    occurred_at: datetime = Field(description="By the vendor's clock.")
    received_at: datetime
    due_at: datetime | None = Field(description="When it is tried next; null: it is settled.")
    settled_at: datetime | None
    subject_kind: str = Field(description="What it is about: message. Empty: that was not found out.")
    subject_id: UUID | None
    mailbox_id: UUID | None
    endpoint_id: UUID | None
    replayed_by: str
    can_be_replayed: bool


class InboundEventFull(InboundEventOut):
    raw: str | None = Field(description="As it came. Null: no longer kept, or the caller may not read about people.")


class InboundEndpointOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000002",
                    "vendor": "ses",
                    "url": "https://sales.example/webhooks/ses/AAAA…",
                }
            ]
        }
    )

    id: UUID
    vendor: str
    label: str
    url: str = Field(description="Where the vendor posts. Whoever has it can post, and is refused without a signature.")
    heard_at: datetime | None = Field(description="When an event came last.")
    refused_at: datetime | None = Field(description="When a message was refused last; noted once a minute at most.")
    refusal: str
    created_by: str
    created_at: datetime


def event_row(session: Session, event_id: UUID, *, lock: bool = False) -> InboundEvent:
    """Raises NotFound."""
    row = session.get(InboundEvent, (workspace_of(session), event_id), with_for_update=lock or None)
    if row is None:
        raise NotFound("There is no such event.", hint="Events are kept for 90 days.")
    return row


def event_of(row: InboundEvent) -> InboundEventOut:
    shown = {name: getattr(row, name) for name in InboundEventOut.model_fields if name != "can_be_replayed"}
    shown["due_at"] = row.due_at if row.state is InboundState.RECEIVED else None
    return InboundEventOut(**shown, can_be_replayed=row.state is InboundState.DEAD and row.raw_sealed is not None)


def event(session: Session, sealer: Sealer, event_id: UUID, *, with_people: bool) -> InboundEventFull:
    """Raises NotFound, Tampered."""
    row = event_row(session, event_id)
    raw = inbound.raw_of(sealer, row) if with_people else None
    text = raw.decode("utf-8", "replace")[:_LONGEST_SHOWN] if raw is not None else None
    return InboundEventFull(**event_of(row).model_dump(), raw=text)


def events(
    session: Session,
    *,
    states: Sequence[InboundState] = (),
    vendor: str = "",
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[InboundEventOut]:
    """The newest first, by when they came."""
    at, event_id = col(InboundEvent.received_at), col(InboundEvent.id)
    query = select(InboundEvent).order_by(at.desc(), event_id.desc()).limit(limit + 1)
    if states:
        query = query.where(col(InboundEvent.state).in_(states))
    if vendor:
        query = query.where(InboundEvent.vendor == vendor)
    if key := paging.decode(cursor, 2):
        then, last = paging.moment_and_id(key)
        query = query.where(sa.or_(at < then, sa.and_(at == then, event_id < last)))
    rows = session.exec(query).all()
    end = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=[event_of(row) for row in rows[:limit]],
        next=paging.encode(end.received_at.isoformat(), str(end.id)) if end else None,
    )


def counts(session: Session) -> dict[str, int]:
    """Of each state."""
    query = sa.select(col(InboundEvent.state), sa.func.count()).group_by(col(InboundEvent.state))
    found = {state.value: int(count) for state, count in session.execute(query)}
    return {state.value: found.get(state.value, 0) for state in InboundState}


def endpoint_row(session: Session, endpoint_id: UUID, *, lock: bool = False) -> InboundEndpoint:
    """Raises NotFound."""
    row = session.get(InboundEndpoint, (workspace_of(session), endpoint_id), with_for_update=lock or None)
    if row is None:
        raise NotFound("There is no such endpoint.", hint="GET /api/v1/inbound-endpoints lists them.")
    return row


def endpoints(session: Session, sealer: Sealer, public_url: str) -> list[InboundEndpointOut]:
    """All of them: a workspace has a handful."""
    rows = session.exec(
        select(InboundEndpoint).order_by(col(InboundEndpoint.created_at), col(InboundEndpoint.id))
    ).all()
    heard_query = (
        sa.select(col(InboundEvent.endpoint_id), sa.func.max(col(InboundEvent.received_at)))
        .where(col(InboundEvent.endpoint_id).is_not(None))
        .group_by(col(InboundEvent.endpoint_id))
    )
    heard: dict[Any, datetime] = {row[0]: row[1] for row in session.execute(heard_query)}
    return [_endpoint(row, sealer, public_url, heard.get(row.id)) for row in rows]


def endpoint(session: Session, sealer: Sealer, public_url: str, endpoint_id: UUID) -> InboundEndpointOut:
    """Raises NotFound."""
    row = endpoint_row(session, endpoint_id)
    query = sa.select(sa.func.max(col(InboundEvent.received_at))).where(col(InboundEvent.endpoint_id) == endpoint_id)
    return _endpoint(row, sealer, public_url, session.execute(query).scalar_one())


def _endpoint(row: InboundEndpoint, sealer: Sealer, public_url: str, heard_at: datetime | None) -> InboundEndpointOut:
    token = sealer.open(row.token_sealed, context=inbound.token_under(row.id))
    return InboundEndpointOut(
        id=row.id,
        vendor=row.vendor,
        label=VENDORS[row.vendor].label if row.vendor in VENDORS else row.vendor,
        url=f"{public_url.rstrip('/')}/webhooks/{row.vendor}/{token}",
        heard_at=heard_at,
        refused_at=row.refused_at,
        refusal=row.refusal,
        created_by=row.created_by,
        created_at=row.created_at,
    )
