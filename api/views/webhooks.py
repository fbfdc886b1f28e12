"""Webhook endpoints and their log. An address may hold a secret of its receiver: who may not change them sees none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api import paging
from core.errors import NotFound
from store import feed
from store.models import DeliveryState, FeedEvent, WebhookDelivery, WebhookEndpoint, WebhookState
from store.session import workspace_of

_ENDPOINT: dict[str, Any] = {
    "id": "0192c1a0-0000-7000-8000-000000000001",
    "url": "https://hooks.example/salesos",
    "description": "The data warehouse",
    "types": ["approval.approved", "meeting.booked"],
    "state": "active",
}


class EndpointOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [_ENDPOINT]})

    id: UUID
    url: str
    description: str
    types: list[str] = Field(description="Empty: all.")
    state: WebhookState
    state_reason: str
    two_secrets_until: datetime | None = Field(description="Until then both the old and the new secret sign.")
    failing_since: datetime | None
    failures: int = Field(description="One after the other, up to now.")
    next_try_not_before: datetime | None
    behind: int = Field(description="Events that no delivery was made of yet.")
    created_by: str
    created_at: datetime


class TryOut(BaseModel):
    at: datetime
    status: int | None = Field(description="Of HTTP; null: there was no answer.")
    error: str
    ms: int


class DeliveryOut(BaseModel):
    id: UUID
    endpoint_id: UUID
    event_seq: int
    type: str | None = Field(description="Null: the event is too old and no longer kept.")
    subject_id: UUID | None
    replay: int = Field(description="0: the first delivery of this event; a replay counts up.")
    state: DeliveryState
    attempts: int
    tries: list[TryOut] = Field(description="The newest last; at most 30 are kept.")
    due_at: datetime | None = Field(description="When it is tried next.")
    delivered_at: datetime | None
    created_at: datetime


def endpoint_row(session: Session, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """Raises NotFound."""
    row = session.get(WebhookEndpoint, (workspace_of(session), endpoint_id), with_for_update=lock or None)
    if row is None:
        raise NotFound("There is no such webhook endpoint.", hint="GET /api/v1/webhooks lists them.")
    return row


def endpoint_of(row: WebhookEndpoint, newest: int, now: datetime) -> EndpointOut:
    return EndpointOut(
        id=row.id,
        url=row.url,
        description=row.description,
        types=row.kinds,
        state=row.state,
        state_reason=row.state_reason,
        two_secrets_until=row.previous_until if row.previous_until and row.previous_until > now else None,
        failing_since=row.failing_since,
        failures=row.failures,
        next_try_not_before=row.not_before if row.not_before and row.not_before > now else None,
        behind=newest - row.from_seq,
        created_by=row.created_by,
        created_at=row.created_at,
    )


def endpoint(session: Session, endpoint_id: UUID, now: datetime) -> EndpointOut:
    """Raises NotFound."""
    return endpoint_of(endpoint_row(session, endpoint_id), feed.newest(session), now)


def endpoints(session: Session, now: datetime, limit: int = 50, cursor: str | None = None) -> paging.Page[EndpointOut]:
    query = select(WebhookEndpoint).order_by(col(WebhookEndpoint.created_at), col(WebhookEndpoint.id)).limit(limit + 1)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(
            sa.or_(
                col(WebhookEndpoint.created_at) > at,
                sa.and_(col(WebhookEndpoint.created_at) == at, col(WebhookEndpoint.id) > last),
            )
        )
    rows, newest = session.exec(query).all(), feed.newest(session)
    end = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=[endpoint_of(row, newest, now) for row in rows[:limit]],
        next=paging.encode(end.created_at.isoformat(), str(end.id)) if end else None,
    )


def counts(session: Session, endpoint_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Deliveries by state, of each endpoint."""
    found: dict[UUID, dict[str, int]] = {endpoint_id: {} for endpoint_id in endpoint_ids}
    query = (
        sa.select(col(WebhookDelivery.endpoint_id), col(WebhookDelivery.state), sa.func.count())
        .where(col(WebhookDelivery.endpoint_id).in_(endpoint_ids))
        .group_by(col(WebhookDelivery.endpoint_id), col(WebhookDelivery.state))
    )
    for endpoint_id, state, count in session.execute(query):
        found[endpoint_id][state.value] = count
    return found


def deliveries(
    session: Session,
    endpoint_id: UUID,
    *,
    states: Sequence[DeliveryState] = (),
    since: datetime | None = None,
    event_seq: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[DeliveryOut]:
    """The newest first. Raises NotFound."""
    endpoint_row(session, endpoint_id)
    query = _deliveries().where(WebhookDelivery.endpoint_id == endpoint_id)
    if states:
        query = query.where(col(WebhookDelivery.state).in_(states))
    if since is not None:
        query = query.where(col(WebhookDelivery.created_at) >= since)
    if event_seq is not None:
        query = query.where(col(WebhookDelivery.event_seq) == event_seq)
    created, seq, replay = (
        col(WebhookDelivery.created_at),
        col(WebhookDelivery.event_seq),
        col(WebhookDelivery.replay),
    )
    if key := paging.decode(cursor, 3):
        at, last, number = datetime.fromisoformat(key[0]), int(key[1]), int(key[2])
        query = query.where(
            sa.or_(
                created < at,
                sa.and_(created == at, seq < last),
                sa.and_(created == at, seq == last, replay < number),
            )
        )
    rows = session.execute(query.order_by(created.desc(), seq.desc(), replay.desc()).limit(limit + 1)).all()
    items = [_delivery(*row) for row in rows[:limit]]
    end = items[-1] if len(rows) > limit else None
    after = paging.encode(end.created_at.isoformat(), end.event_seq, end.replay) if end else None
    return paging.Page(items=items, next=after)


def delivery(session: Session, endpoint_id: UUID, delivery_id: UUID) -> DeliveryOut:
    """Raises NotFound."""
    query = _deliveries().where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.id == delivery_id)
    row = session.execute(query).first()
    if row is None:
        raise NotFound("There is no such delivery.", hint="Deliveries are kept for 30 days.")
    return _delivery(*row)


def _deliveries() -> Any:
    return sa.select(WebhookDelivery, col(FeedEvent.kind), col(FeedEvent.subject_id)).outerjoin(
        FeedEvent,
        sa.and_(
            col(FeedEvent.workspace_id) == col(WebhookDelivery.workspace_id),
            col(FeedEvent.seq) == col(WebhookDelivery.event_seq),
        ),
    )


def _delivery(row: WebhookDelivery, kind: str | None, subject_id: UUID | None) -> DeliveryOut:
    return DeliveryOut(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_seq=row.event_seq,
        type=kind,
        subject_id=subject_id,
        replay=row.replay,
        state=row.state,
        attempts=row.attempts,
        tries=[TryOut.model_validate(one) for one in row.tries],
        due_at=row.due_at if row.state in (DeliveryState.WAITING, DeliveryState.SENDING) else None,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )
