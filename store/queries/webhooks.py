"""Webhook deliveries: made from the feed by cursor, leased with a fencing token while one is sent.

    waiting → sending → delivered | waiting (again later) | failed (every try was used);   waiting → cancelled

`sending` with a lease that ran out is a worker that died: nobody knows whether it arrived, so it is sent again, with
the same webhook-id (at least once).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind
from store.models import DeliveryState, FeedEvent, WebhookDelivery, WebhookEndpoint, WebhookState

_OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Claimed:
    id: UUID
    event_seq: int
    attempts: int  # this one included
    tries: list[dict[str, Any]]
    lease_token: int


def delivery_id(endpoint_id: UUID, seq: int, replay: int) -> UUID:
    return stable_id("webhook_delivery", endpoint_id, seq, replay)


def fan_out(session: Session, now: datetime, limit: int = 2_000) -> int:
    """Makes deliveries of the next `limit` events for each active endpoint. Returns how many events were looked at.

    Endpoints are locked, so that two workers do not look at the same events; the cursor moves with the deliveries.
    """
    head = feed.newest(session)
    query = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.state == WebhookState.ACTIVE, WebhookEndpoint.from_seq < head)
        .order_by(col(WebhookEndpoint.id))
        .with_for_update(skip_locked=True)
    )
    looked_at = 0
    for endpoint in session.exec(query).all():
        upto = min(head, endpoint.from_seq + limit)
        wanted = select(FeedEvent.seq).where(
            FeedEvent.seq > endpoint.from_seq,
            FeedEvent.seq <= upto,
            sa.or_(_chosen(endpoint.kinds), _ping_for(endpoint.id)),
        )
        insert(session, endpoint.id, session.exec(wanted.order_by(col(FeedEvent.seq))).all(), now)
        looked_at += upto - endpoint.from_seq
        endpoint.from_seq = upto
        session.add(endpoint)
    return looked_at


def replay(
    session: Session,
    endpoint: WebhookEndpoint,
    now: datetime,
    *,
    after: int,
    upto: int,
    limit: int,
    only: Collection[DeliveryState] = (),
) -> int:
    """Sends events again, with the webhook-id that they had. Returns how many.

    `only`: those whose last delivery ended so. Events that still wait for their delivery are passed over.
    """
    newest = (
        select(WebhookDelivery.event_seq, sa.func.max(col(WebhookDelivery.replay)).label("replay"))
        .where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.event_seq > after,
            WebhookDelivery.event_seq <= upto,
        )
        .group_by(col(WebhookDelivery.event_seq))
        .subquery()
    )
    known = {
        row.event_seq: (row.replay, row.state)
        for row in session.execute(
            select(WebhookDelivery.event_seq, WebhookDelivery.replay, WebhookDelivery.state)
            .join(
                newest,
                sa.and_(
                    newest.c.event_seq == col(WebhookDelivery.event_seq),
                    newest.c.replay == col(WebhookDelivery.replay),
                ),
            )
            .where(WebhookDelivery.endpoint_id == endpoint.id)
        )
    }
    query = select(FeedEvent.seq).where(
        FeedEvent.seq > after,
        FeedEvent.seq <= min(upto, endpoint.from_seq),  # what is later comes by itself
        sa.or_(_chosen(endpoint.kinds), _ping_for(endpoint.id)),
    )
    rows: list[tuple[int, int]] = []
    for seq in session.exec(query.order_by(col(FeedEvent.seq)).limit(limit)):
        number, state = known.get(seq, (-1, None))
        if state in _OPEN or (only and state not in only):
            continue
        rows.append((seq, number + 1))
    return len(bulk.insert_ignore(session, WebhookDelivery, [_row(endpoint.id, seq, n, now) for seq, n in rows]))


def replay_event(session: Session, endpoint_id: UUID, seq: int, now: datetime) -> None:
    """One event again, unless a delivery of it waits already."""
    query = select(WebhookDelivery.replay, WebhookDelivery.state).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_seq == seq
    )
    number, state = session.exec(query.order_by(col(WebhookDelivery.replay).desc()).limit(1)).one()
    if state not in _OPEN:
        bulk.insert_ignore(session, WebhookDelivery, [_row(endpoint_id, seq, number + 1, now)])


def insert(session: Session, endpoint_id: UUID, seqs: Sequence[int], now: datetime) -> None:
    bulk.insert_ignore(session, WebhookDelivery, [_row(endpoint_id, seq, 0, now) for seq in seqs])


def due_endpoints(session: Session, now: datetime) -> list[UUID]:
    """Active endpoints that may be asked now and have something to be sent, the one that waits longest first."""
    query = (
        select(WebhookEndpoint.id)
        .join(WebhookDelivery, col(WebhookDelivery.endpoint_id) == col(WebhookEndpoint.id))
        .where(WebhookEndpoint.state == WebhookState.ACTIVE, _may_be_asked(now), _due(now))
        .group_by(col(WebhookEndpoint.id))
        .order_by(sa.func.min(col(WebhookDelivery.due_at)), col(WebhookEndpoint.id))
    )
    return list(session.exec(query))


def behind(session: Session) -> bool:
    """Whether an active endpoint has events that no delivery was made of yet."""
    query = select(WebhookEndpoint.id).where(
        WebhookEndpoint.state == WebhookState.ACTIVE, WebhookEndpoint.from_seq < feed.newest(session)
    )
    return session.exec(query.limit(1)).first() is not None


def next_due_at(session: Session, now: datetime) -> datetime | None:
    """When the next delivery may be tried; None: nothing waits."""
    if behind(session):
        return now
    at = sa.case(
        (col(WebhookDelivery.state) == DeliveryState.WAITING, col(WebhookDelivery.due_at)),
        else_=col(WebhookDelivery.lease_until),
    )
    query = (
        select(sa.func.min(at).label("at"), WebhookEndpoint.not_before)
        .join(WebhookEndpoint, col(WebhookDelivery.endpoint_id) == col(WebhookEndpoint.id))
        .where(WebhookEndpoint.state == WebhookState.ACTIVE, col(WebhookDelivery.state).in_(_OPEN))
        .group_by(col(WebhookEndpoint.id), col(WebhookEndpoint.not_before))
    )
    found = [max(row[0], row[1] or row[0]) for row in session.exec(query)]
    return min(found, default=None)


def claim(session: Session, endpoint_id: UUID, now: datetime, *, lease: timedelta, limit: int) -> list[Claimed]:
    """Leases what is due, in the order of the feed. Empty too where the endpoint may not be asked now."""
    open_now = select(WebhookEndpoint.id).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.state == WebhookState.ACTIVE, _may_be_asked(now)
    )
    if session.exec(open_now).first() is None:
        return []
    due = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == endpoint_id, _due(now))
        .order_by(col(WebhookDelivery.event_seq), col(WebhookDelivery.replay))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        sa.update(WebhookDelivery)
        .where(col(WebhookDelivery.id).in_(due))
        .values(
            state=DeliveryState.SENDING,
            lease_until=now + lease,
            lease_token=col(WebhookDelivery.lease_token) + 1,
            attempts=col(WebhookDelivery.attempts) + 1,
        )
        .returning(
            col(WebhookDelivery.id),
            col(WebhookDelivery.event_seq),
            col(WebhookDelivery.attempts),
            col(WebhookDelivery.tries),
            col(WebhookDelivery.lease_token),
        )
        .execution_options(synchronize_session=False)
    )
    return sorted((Claimed(*row) for row in rows), key=lambda found: found.event_seq)


def complete(session: Session, claimed: Claimed, values: Mapping[str, Any]) -> bool:
    """False: the lease was lost, and the delivery is another worker's."""
    done = session.execute(
        sa.update(WebhookDelivery)
        .where(
            col(WebhookDelivery.id) == claimed.id,
            col(WebhookDelivery.state) == DeliveryState.SENDING,
            col(WebhookDelivery.lease_token) == claimed.lease_token,
        )
        .values(lease_until=None, **values)
        .returning(col(WebhookDelivery.id))
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def release(session: Session, claimed: Sequence[Claimed]) -> None:
    """Untried: as if they had not been claimed."""
    for one in claimed:
        complete(session, one, {"state": DeliveryState.WAITING, "attempts": one.attempts - 1})


def events_of(session: Session, seqs: Sequence[int]) -> dict[int, FeedEvent]:
    return {row.seq: row for row in session.exec(select(FeedEvent).where(col(FeedEvent.seq).in_(seqs)))}


def purge(session: Session, before: datetime, limit: int = 20_000) -> int:
    """Forgets deliveries that ended long ago. Returns how many."""
    old = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < before, col(WebhookDelivery.state).not_in(_OPEN))
        .limit(limit)
    )
    gone = session.execute(
        sa.delete(WebhookDelivery)
        .where(col(WebhookDelivery.id).in_(old))
        .returning(col(WebhookDelivery.id))
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def sealed_under(endpoint_id: UUID, *, previous: bool = False) -> str:
    """The context that an endpoint's secret is sealed under."""
    return f"webhook_endpoint|{'previous_secret' if previous else 'secret'}|{endpoint_id}"


def _row(endpoint_id: UUID, seq: int, number: int, now: datetime) -> dict[str, Any]:
    return {
        "id": delivery_id(endpoint_id, seq, number),
        "endpoint_id": endpoint_id,
        "event_seq": seq,
        "replay": number,
        "due_at": now,
        "created_at": now,
    }


def _chosen(kinds: Sequence[str]) -> Any:
    not_a_ping = col(FeedEvent.kind) != Kind.WEBHOOK_PING
    return sa.and_(not_a_ping, col(FeedEvent.kind).in_(sorted(kinds))) if kinds else not_a_ping


def _ping_for(endpoint_id: UUID) -> Any:
    return sa.and_(col(FeedEvent.kind) == Kind.WEBHOOK_PING, col(FeedEvent.subject_id) == endpoint_id)


def _may_be_asked(now: datetime) -> Any:
    return sa.or_(col(WebhookEndpoint.not_before).is_(None), col(WebhookEndpoint.not_before) <= now)


def _due(now: datetime) -> Any:
    return sa.or_(
        sa.and_(col(WebhookDelivery.state) == DeliveryState.WAITING, col(WebhookDelivery.due_at) <= now),
        sa.and_(col(WebhookDelivery.state) == DeliveryState.SENDING, col(WebhookDelivery.lease_until) <= now),
    )
