"""Mailboxes with their health: what they sent and may send, what waits, what came back, whether we are let in."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from agents.mailbox_limits import standings
from api import paging
from core.errors import NotFound
from store.models import Draft, DraftState, Mailbox, MailboxState, Message, OutboxItem, OutboxState, User
from store.queries import outbox, sending
from store.session import workspace_of
from tools.mail.service import services_of

SPAN = timedelta(days=30)
ENOUGH = 50  # mails below which a rate says more about chance than about the mailbox
_CHART_DAYS = 14


class Rate(BaseModel):
    """`share` is None while the sample is too small to say."""

    count: int
    of: int  # mails sent in the same 30 days
    share: float | None


class MailboxHealth(BaseModel):
    """Days are those of the owner's zone. Rates are of the last 30 days."""

    sent_today: int
    may_send_today: int
    warming_up: bool
    day_ends_at: datetime
    last_sent_at: datetime | None
    ready: int  # approved and due now
    later: int  # approved, and waits for its time: a window, a cap, the send delay
    drafts: int  # of it that wait for a person
    unknown: int  # may have left or not
    failed: int  # in the last 30 days
    replies: Rate
    bounces: Rate
    complaints: Rate


class ConnectionOut(BaseModel):
    """How it is connected with services that are reached by API. Tokens and keys are sealed and never shown."""

    services: list[str]  # google, microsoft, ses, sendgrid: what its transport and inbox go through
    problem: str  # why a service does not let us in, and what to do; empty: as far as is known it does
    connected_at: datetime | None
    client_id: str  # of an application of its own; empty: the server's
    tenant: str
    region: str
    configuration_set: str
    data_region: str


class MailboxOut(BaseModel):
    """A mailbox. Its password is sealed and never shown: `has_password` says whether there is one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "4f9e0a52-6a01-5c6f-8d18-1f0e3c7a9a10",
                    "address": "ann@company.example",
                    "display_name": "Ann Miller",
                    "user_id": "0b9f7a52-1111-5c6f-8d18-1f0e3c7a9a11",
                    "owner": "Ann Miller",
                    "state": "active",
                    "transport": "smtp",
                    "host": "smtp.company.example",
                    "port": 587,
                    "security": "starttls",
                    "username": "ann@company.example",
                    "has_password": True,
                    "daily_cap": 50,
                    "warm_up": True,
                    "connection": {"services": [], "problem": ""},
                }
            ]
        }
    )

    id: UUID
    address: str
    display_name: str
    user_id: UUID
    owner: str
    state: MailboxState
    pause_reason: str
    transport: str
    host: str
    port: int
    security: str
    username: str
    has_password: bool
    inbox: str
    inbox_host: str
    inbox_port: int
    daily_cap: int
    warm_up: bool
    connection: ConnectionOut
    created_at: datetime


class MailboxRow(MailboxOut):
    """With its health: what changes by itself, and so is not part of what an edit is compared with."""

    inbox_read_at: datetime | None
    inbox_problem: str
    checked_at: datetime | None
    check_problem: str
    health: MailboxHealth


class DayCount(BaseModel):
    day: date
    sent: int
    replied: int
    bounced: int


def mailboxes(session: Session, now: datetime, *, limit: int, cursor: str | None = None) -> paging.Page[MailboxRow]:
    """By address; a constant number of statements a page."""
    query = select(Mailbox, User.name).join(User, col(User.id) == col(Mailbox.user_id))
    if key := paging.decode(cursor, 1):
        query = query.where(col(Mailbox.address) > str(key[0]))
    rows = session.exec(query.order_by(col(Mailbox.address)).limit(limit + 1)).all()
    items = _with_health(session, [(mailbox, owner) for mailbox, owner in rows[:limit]], now)
    return paging.Page(items=items, next=paging.encode(items[-1].address) if len(rows) > limit else None)


def mailbox_row(session: Session, mailbox_id: UUID, now: datetime) -> MailboxRow:
    """Raises NotFound."""
    return _with_health(session, [_one(session, mailbox_id)], now)[0]


def mailbox_out(session: Session, mailbox_id: UUID) -> MailboxOut:
    """Its settings alone. Raises NotFound."""
    return MailboxOut(**_settings(*_one(session, mailbox_id)))


def days_of(session: Session, mailbox_id: UUID, now: datetime, zone: str) -> list[DayCount]:
    """The last 14 days, the oldest first, in the viewer's zone."""
    clock = ZoneInfo(zone or "UTC")
    today = now.astimezone(clock).date()
    first = today - timedelta(days=_CHART_DAYS - 1)
    since = datetime.combine(first, datetime.min.time(), clock)
    counts = {first + timedelta(days=number): {"sent": 0, "replied": 0, "bounced": 0} for number in range(_CHART_DAYS)}

    def add(what: str, moments: Sequence[datetime]) -> None:
        for at in moments:
            if (day := at.astimezone(clock).date()) in counts:
                counts[day][what] += 1

    sent = select(OutboxItem.sent_at).where(
        OutboxItem.mailbox_id == mailbox_id, OutboxItem.kind == outbox.MAIL, col(OutboxItem.sent_at) >= since
    )
    add("sent", [at for at in session.exec(sent) if at is not None])
    came = select(Message.kind, Message.at).where(
        Message.mailbox_id == mailbox_id, Message.direction == "in", col(Message.at) >= since
    )
    inbound = list(session.exec(came))
    add("replied", [at for kind, at in inbound if kind == "reply"])
    add("bounced", [at for kind, at in inbound if kind == "bounce"])
    return [DayCount(day=day, **found) for day, found in counts.items()]


def _one(session: Session, mailbox_id: UUID) -> tuple[Mailbox, str]:
    mailbox = session.get(Mailbox, (workspace_of(session), mailbox_id))
    if mailbox is None:
        raise NotFound("There is no such mailbox.")
    owner = session.exec(select(User.name).where(User.id == mailbox.user_id)).first()
    return mailbox, owner or ""


def _settings(mailbox: Mailbox, owner: str) -> dict[str, Any]:
    same = set(MailboxOut.model_fields) - {"owner", "has_password", "warm_up", "connection"}
    return {
        **{name: getattr(mailbox, name) for name in same},
        "owner": owner,
        "has_password": bool(mailbox.password_sealed),
        "warm_up": mailbox.ramp_started_at is not None,
        "connection": _connection(mailbox),
    }


def _connection(mailbox: Mailbox) -> ConnectionOut:
    clear = ("client_id", "tenant", "region", "configuration_set", "data_region")
    return ConnectionOut(
        services=[service.name for service in services_of(mailbox.transport, mailbox.inbox)],
        problem=mailbox.connection_problem,
        connected_at=mailbox.connected_at,
        **{name: mailbox.connection.get(name, "") for name in clear},
    )


def _with_health(session: Session, rows: Sequence[tuple[Mailbox, str]], now: datetime) -> list[MailboxRow]:
    found = [mailbox for mailbox, _ in rows]
    ids = [mailbox.id for mailbox in found]
    standing = standings(session, found, now)
    last = sending.last_sent(session, ids)
    sent = sending.sent_within(session, dict.fromkeys(ids, (now - SPAN, None)))
    queues = _queues(session, ids, now)
    drafts = _waiting_drafts(session, ids)
    came = _came_back(session, ids, now - SPAN)
    items = []
    for mailbox, owner in rows:
        base, state = sent.get(mailbox.id, 0), standing[mailbox.id]
        queue, back = queues.get(mailbox.id, {}), came.get(mailbox.id, {})
        items.append(
            MailboxRow(
                **_settings(mailbox, owner),
                inbox_read_at=mailbox.inbox_read_at,
                inbox_problem=mailbox.inbox_problem,
                checked_at=mailbox.checked_at,
                check_problem=mailbox.check_problem,
                health=MailboxHealth(
                    sent_today=state.sent,
                    may_send_today=state.limit,
                    warming_up=state.warming_up,
                    day_ends_at=state.day_ends,
                    last_sent_at=last.get(mailbox.id),
                    ready=queue.get("ready", 0),
                    later=queue.get("later", 0),
                    drafts=drafts.get(mailbox.id, 0),
                    unknown=queue.get("unknown", 0),
                    failed=queue.get("failed", 0),
                    replies=rate(back.get("reply", 0), base),
                    bounces=rate(back.get("bounce", 0), base),
                    complaints=rate(back.get("complaint", 0), base),
                ),
            )
        )
    return items


def rate(count: int, of: int) -> Rate:
    return Rate(count=count, of=of, share=round(count / of, 4) if of >= ENOUGH else None)


def _queues(session: Session, ids: Sequence[UUID], now: datetime) -> dict[UUID, dict[str, int]]:
    ready = col(OutboxItem.state) == OutboxState.READY

    def number(where: Any) -> Any:
        return sa.func.sum(sa.case((where, 1), else_=0))

    query = (
        sa.select(
            col(OutboxItem.mailbox_id),
            number(sa.and_(ready, col(OutboxItem.not_before) <= now)).label("ready"),
            number(sa.and_(ready, col(OutboxItem.not_before) > now)).label("later"),
            number(col(OutboxItem.state) == OutboxState.UNKNOWN).label("unknown"),
            number(col(OutboxItem.state) == OutboxState.FAILED).label("failed"),
        )
        .where(
            col(OutboxItem.mailbox_id).in_(ids),
            col(OutboxItem.kind) == outbox.MAIL,
            sa.or_(
                col(OutboxItem.state).in_([OutboxState.READY, OutboxState.UNKNOWN]),
                sa.and_(col(OutboxItem.state) == OutboxState.FAILED, col(OutboxItem.created_at) > now - SPAN),
            ),
        )
        .group_by(col(OutboxItem.mailbox_id))
    )
    names = ("ready", "later", "unknown", "failed")
    return {row[0]: dict(zip(names, map(int, row[1:]), strict=True)) for row in session.execute(query)}


def _waiting_drafts(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    query = (
        sa.select(col(Draft.mailbox_id), sa.func.count())
        .where(col(Draft.mailbox_id).in_(ids), col(Draft.state) == DraftState.PENDING)
        .group_by(col(Draft.mailbox_id))
    )
    return {row[0]: int(row[1]) for row in session.execute(query)}


def _came_back(session: Session, ids: Sequence[UUID], since: datetime) -> dict[UUID, dict[str, int]]:
    """What arrived in the inbox: replies, bounces, complaints."""
    query = (
        sa.select(col(Message.mailbox_id), col(Message.kind), sa.func.count())
        .where(
            col(Message.mailbox_id).in_(ids),
            col(Message.direction) == "in",
            col(Message.at) >= since,
            col(Message.kind).in_(["reply", "bounce", "complaint"]),
        )
        .group_by(col(Message.mailbox_id), col(Message.kind))
    )
    found: dict[UUID, dict[str, int]] = {}
    for mailbox_id, kind, count in session.execute(query):
        found.setdefault(mailbox_id, {})[kind] = int(count)
    return found
