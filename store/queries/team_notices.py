"""Notices to a team: made from the feed by cursor and from critical alerts, leased with a token while one is said.

    waiting → sending → delivered | waiting (again later) | failed | unknown;   waiting → cancelled

`sending` with a lease that ran out is a worker that died. None of these services knows a key that makes two calls one,
so such a notice is `unknown` and not said again: what it told of stands in the console.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind
from store.models import (
    Alert,
    Approval,
    ApprovalState,
    FeedEvent,
    Message,
    Notice,
    NoticeChannel,
    NoticeChannelState,
    NoticeKind,
    NoticeState,
)
from store.session import workspace_of

WINDOW: Final = timedelta(minutes=5)
SINGLY: Final = 5  # of a kind, for a channel, in one window: what is more is told together at its end
LINK_FOR: Final = timedelta(hours=72)  # as long as an approved mail waits in the outbox
_EVENTS: Final = {Kind.MESSAGE_RECEIVED.value: NoticeKind.REPLY, Kind.APPROVAL_WAITING.value: NoticeKind.APPROVAL}
_OPEN: Final = (NoticeState.WAITING, NoticeState.SENDING)
_LOOK_BACK: Final = timedelta(days=1)  # for alerts: one that nobody was told of in a day is old news
_REPLY: Final = "reply"  # Message.kind: neither a bounce nor an absence


@dataclass(frozen=True, slots=True)
class _Happened:
    kind: NoticeKind
    subject_id: UUID
    content_hash: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.subject_id}"


def behind(session: Session, now: datetime) -> bool:
    """Whether something happened that no notice was made of yet."""
    channels = _active(session)
    if not channels:
        return False
    head = feed.newest(session)
    return any(channel.from_seq < head or _alerts(session, channel, now) for channel in channels)


def next_due_at(session: Session, now: datetime) -> datetime | None:
    """When the next notice may be said; None: nothing waits."""
    if behind(session, now):
        return now
    at = sa.case((col(Notice.state) == NoticeState.WAITING, col(Notice.due_at)), else_=col(Notice.lease_until))
    query = (
        select(sa.func.min(at).label("at"), NoticeChannel.not_before)
        .join(NoticeChannel, _of_channel())
        .where(NoticeChannel.state == NoticeChannelState.ACTIVE, col(Notice.state).in_(_OPEN))
        .group_by(col(NoticeChannel.id), col(NoticeChannel.not_before))
    )
    return min((max(row[0], row[1] or row[0]) for row in session.exec(query)), default=None)


def fan_out(session: Session, now: datetime, limit: int = 500) -> int:
    """Makes notices of the next events and critical alerts, for every active channel. Returns how many it looked at.

    Channels are locked, so two workers do not look at the same events; the cursor moves with the notices.
    """
    head, looked_at = feed.newest(session), 0
    for channel in _active(session, lock=True):
        upto = min(head, channel.from_seq + limit)
        happened = _events(session, channel, upto)
        alerts = [_Happened(NoticeKind.TROUBLE, found) for found in _alerts(session, channel, now)]
        looked_at += upto - channel.from_seq + len(alerts)
        _make(session, channel, [*happened, *alerts], now)
        channel.from_seq, channel.alerts_from = upto, max(channel.alerts_from, now - _LOOK_BACK)
        session.add(channel)
    return looked_at


def add_test(session: Session, channel_id: UUID, notice_id: UUID, now: datetime) -> None:
    row = _row(channel_id, f"test:{notice_id}", NoticeKind.TEST, now)
    bulk.insert(session, Notice, [row | {"id": notice_id}])


def due_channels(session: Session, now: datetime) -> list[UUID]:
    """Active channels that may be told something now and have something to be told, the longest wait first."""
    query = (
        select(NoticeChannel.id)
        .join(Notice, _of_channel())
        .where(NoticeChannel.state == NoticeChannelState.ACTIVE, _may_be_told(now), _due(now))
        .group_by(col(NoticeChannel.id))
        .order_by(sa.func.min(col(Notice.due_at)), col(NoticeChannel.id))
    )
    return list(session.exec(query))


def claim(session: Session, channel_id: UUID, now: datetime, lease: timedelta) -> Notice | None:
    """Leases the next one. None: nothing is due, or the channel may not be told anything now."""
    session.execute(
        sa.update(Notice)
        .where(
            col(Notice.channel_id) == channel_id,
            col(Notice.state) == NoticeState.SENDING,
            col(Notice.lease_until) <= now,
        )
        .values(state=NoticeState.UNKNOWN, lease_until=None, said="The worker ended while it was said.")
        .execution_options(synchronize_session=False)
    )
    query = (
        select(Notice)
        .join(NoticeChannel, _of_channel())
        .where(
            Notice.channel_id == channel_id,
            NoticeChannel.state == NoticeChannelState.ACTIVE,
            _may_be_told(now),
            Notice.state == NoticeState.WAITING,
            Notice.due_at <= now,
        )
        .order_by(col(Notice.due_at), col(Notice.created_at), col(Notice.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=Notice)
    )
    notice = session.exec(query).first()
    if notice is not None:
        notice.state, notice.lease_until = NoticeState.SENDING, now + lease
        notice.lease_token += 1
        notice.attempts += 1
        session.add(notice)
        session.flush()
    return notice


def complete(session: Session, notice: Notice, **values: Any) -> bool:
    """False: the lease was lost meanwhile, and nothing is written."""
    done = session.execute(
        sa.update(Notice)
        .where(
            col(Notice.id) == notice.id,
            col(Notice.state) == NoticeState.SENDING,
            col(Notice.lease_token) == notice.lease_token,
        )
        .values(lease_until=None, **values)
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def purge(session: Session, before: datetime, limit: int = 20_000) -> int:
    """Forgets notices that ended long ago. Returns how many."""
    old = select(Notice.id).where(Notice.created_at < before, col(Notice.state).not_in(_OPEN)).limit(limit)
    gone = session.execute(
        sa.delete(Notice)
        .where(col(Notice.id).in_(old))
        .returning(col(Notice.id))
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def sealed_under(channel_id: UUID) -> str:
    """The context that a channel's address or token is sealed under."""
    return f"notice_channel|secret|{channel_id}"


def _make(session: Session, channel: NoticeChannel, happened: Sequence[_Happened], now: datetime) -> None:
    known = select(Notice.key).where(
        Notice.channel_id == channel.id, col(Notice.key).in_([one.key for one in happened])
    )
    told = set(session.exec(known)) if happened else set()
    new = {one.key: one for one in happened if one.key not in told}
    start = _window(now)
    for kind in NoticeKind:
        of_kind = [one for one in new.values() if one.kind is kind]
        if not of_kind:
            continue
        singles = select(sa.func.count()).where(
            Notice.channel_id == channel.id,
            Notice.kind == kind,
            col(Notice.created_at) >= start,
            col(Notice.subject_id).is_not(None),
            Notice.state != NoticeState.CANCELLED,
        )
        left = max(0, SINGLY - session.exec(singles).one())
        rows = [_row(channel.id, one.key, kind, now, one) for one in of_kind[:left]]
        together = of_kind[left:]
        rows += [
            _row(channel.id, one.key, kind, now, one)
            | {"state": NoticeState.CANCELLED, "said": "Told together with others."}
            for one in together
        ]
        bulk.insert_ignore(session, Notice, rows)
        if together:
            _add_to_digest(session, channel.id, kind, len(together), start, now)


def _add_to_digest(
    session: Session, channel_id: UUID, kind: NoticeKind, count: int, start: datetime, now: datetime
) -> None:
    """One a window and kind, said at its end; the channel's lock is held."""
    key = f"together:{kind.value}:{start.isoformat()}"
    row = _row(channel_id, key, kind, now) | {"due_at": start + WINDOW, "count": count}
    if not bulk.insert_ignore(session, Notice, [row]):
        session.execute(
            sa.update(Notice)
            .where(col(Notice.channel_id) == channel_id, col(Notice.key) == key)
            .values(count=col(Notice.count) + count)
            .execution_options(synchronize_session=False)
        )


def _row(channel_id: UUID, key: str, kind: NoticeKind, now: datetime, about: _Happened | None = None) -> dict[str, Any]:
    return {
        "id": stable_id("notice_to_team", channel_id, key),
        "channel_id": channel_id,
        "key": key,
        "kind": kind,
        "subject_id": about.subject_id if about else None,
        "content_hash": about.content_hash if about else "",
        "link_until": now + LINK_FOR,
        "due_at": now,
        "created_at": now,
    }


def _events(session: Session, channel: NoticeChannel, upto: int) -> list[_Happened]:
    kinds = [name for name, kind in _EVENTS.items() if kind.value in channel.kinds]
    query = (
        select(FeedEvent.kind, FeedEvent.subject_id)
        .where(FeedEvent.seq > channel.from_seq, FeedEvent.seq <= upto, col(FeedEvent.kind).in_(kinds))
        .order_by(col(FeedEvent.seq))
    )
    rows = [(_EVENTS[name], subject_id) for name, subject_id in session.exec(query)] if kinds else []
    ids = [subject_id for _, subject_id in rows]
    if not ids:
        return []
    wrote = set(session.exec(select(Message.id).where(col(Message.id).in_(ids), Message.kind == _REPLY)))
    pending = select(Approval.id, Approval.content_hash).where(
        col(Approval.id).in_(ids), Approval.state == ApprovalState.PENDING
    )
    waits = {row[0]: row[1] for row in session.exec(pending)}
    return [
        _Happened(kind, subject_id, waits.get(subject_id, ""))
        for kind, subject_id in rows
        if subject_id in (wrote if kind is NoticeKind.REPLY else waits)
    ]


def _alerts(session: Session, channel: NoticeChannel, now: datetime) -> list[UUID]:
    if NoticeKind.TROUBLE.value not in channel.kinds:
        return []
    told = sa.exists().where(col(Notice.channel_id) == channel.id, col(Notice.subject_id) == col(Alert.id))
    query = (
        select(Alert.id)
        .where(
            Alert.level == "critical",
            Alert.created_at >= max(channel.alerts_from, now - _LOOK_BACK),
            col(Alert.seen_at).is_(None),
            ~told,
        )
        .order_by(col(Alert.created_at), col(Alert.id))
        .limit(100)
    )
    return list(session.exec(query))


def _active(session: Session, *, lock: bool = False) -> Sequence[NoticeChannel]:
    query = (
        select(NoticeChannel).where(NoticeChannel.state == NoticeChannelState.ACTIVE).order_by(col(NoticeChannel.id))
    )
    return session.exec(query.with_for_update(skip_locked=True) if lock else query).all()


def _of_channel() -> Any:
    return sa.and_(
        col(NoticeChannel.workspace_id) == col(Notice.workspace_id), col(NoticeChannel.id) == col(Notice.channel_id)
    )


def _may_be_told(now: datetime) -> Any:
    return sa.or_(col(NoticeChannel.not_before).is_(None), col(NoticeChannel.not_before) <= now)


def _due(now: datetime) -> Any:
    return sa.or_(
        sa.and_(col(Notice.state) == NoticeState.WAITING, col(Notice.due_at) <= now),
        sa.and_(col(Notice.state) == NoticeState.SENDING, col(Notice.lease_until) <= now),
    )


def _window(now: datetime) -> datetime:
    seconds = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def channel_row(session: Session, channel_id: UUID, *, lock: bool = False) -> NoticeChannel | None:
    return session.get(NoticeChannel, (workspace_of(session), channel_id), with_for_update=lock or None)
