"""Channels on which calendars' services tell of changes: each written before its service is asked, and what is told on
them. No network happens here.

    begin → (the service is asked) → made | failed        a row that was begun and forgotten is taken up by `again`
    told: one more notice is open at most, however many come; a look takes it (workers/calendar_sync.py)
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store import bulk
from store.models import CalendarChannel, CalendarConnection, ChannelState, ConnectedCalendar, ConnectionState
from store.session import workspace_of

LEASE: Final = timedelta(minutes=5)  # longer than asking takes, with its repetitions
LONGEST: Final = timedelta(days=8)  # that a channel can live whose answer was lost: services give seven days at most
MOST: Final = 5  # channels of a calendar that are not known to be over: with more, no other is asked for
_LONGEST_PROBLEM: Final = 1_000


@dataclass(frozen=True, slots=True)
class Heard:
    """Whose channel a service posts on."""

    channel: CalendarChannel
    calendar: ConnectedCalendar
    connection: CalendarConnection


def begin(
    session: Session,
    now: datetime,
    channel_id: UUID,
    calendar: ConnectedCalendar,
    connection: CalendarConnection,
    base_url: str,
) -> bool:
    """False: another process asks, or too many are open."""
    query = select(sa.func.count()).where(col(CalendarChannel.connected_calendar_id) == calendar.id)
    if session.exec(query).one() >= MOST:
        return False
    row = {
        "id": channel_id,
        "connected_calendar_id": calendar.id,
        "connection_number": connection.connection_number,
        "service": connection.service,
        "base_url": base_url,
        "asked_at": now,
        "lease_until": now + LEASE,
        "expires_at": now + LONGEST,
    }
    return bool(bulk.insert_ignore(session, CalendarChannel, [row]))


def take(session: Session, now: datetime, channel_id: UUID, state: ChannelState) -> bool:
    """To ask again, prolong or stop it. False: another process does, or its state is another by now."""
    taken = (
        sa.update(CalendarChannel)
        .where(
            col(CalendarChannel.id) == channel_id,
            col(CalendarChannel.state) == state,
            sa.or_(col(CalendarChannel.lease_until).is_(None), col(CalendarChannel.lease_until) <= now),
        )
        .values(lease_until=now + LEASE)
        .returning(col(CalendarChannel.id))
    )
    return session.execute(taken.execution_options(synchronize_session=False)).first() is not None


def made(
    session: Session,
    began: datetime,
    channel_id: UUID,
    *,
    remote_id: str,
    resource_id: str,
    expires_at: datetime,
    confirmed: bool,
) -> bool:
    """Its service tells, or tells on. What it wished before `began` is answered by it. False: nobody wants that any
    more (the account was taken away meanwhile), and it is to be stopped."""
    row = _locked(session, channel_id)
    if row is None:
        return False
    found = _with_owner(session, channel_id)
    wanted = (
        row.state is not ChannelState.LEAVING
        and found is not None
        and found.connection.state is ConnectionState.ACTIVE
        and found.connection.connection_number == row.connection_number
    )
    row.remote_id, row.resource_id, row.expires_at = remote_id, resource_id, expires_at
    row.state = ChannelState.LIVING if wanted else ChannelState.LEAVING
    row.asked_at, row.lease_until = began, None
    row.confirmed_at = row.confirmed_at or (began if confirmed else None)
    if row.wishes_at is not None and row.wishes_at <= began:
        row.wishes_at = None
    session.add(row)
    if resource_id:  # Google's name of a calendar is the same on every channel: without it none can be stopped
        same = sa.update(CalendarChannel).where(
            col(CalendarChannel.connected_calendar_id) == row.connected_calendar_id,
            col(CalendarChannel.resource_id) == "",
        )
        session.execute(same.values(resource_id=resource_id).execution_options(synchronize_session=False))
    if wanted:
        note(session, row.connected_calendar_id, "", None)
    return wanted


def adopt(session: Session, channel_id: UUID) -> None:
    """It was made, its answer lost. Where its first post came, all is known of it; else another takes its place, whose
    answer says how to stop this one."""
    row = _locked(session, channel_id)
    if row is None or row.state is not ChannelState.ASKING:
        return
    row.state, row.lease_until = ChannelState.LEAVING, None
    if row.confirmed_at is not None:
        row.state, row.remote_id = ChannelState.LIVING, str(row.id)
    session.add(row)
    if row.state is ChannelState.LIVING:
        note(session, row.connected_calendar_id, "", None)


def note(session: Session, calendar_id: UUID, problem: str, due_at: datetime | None) -> None:
    """Why its service does not tell, and when it is asked again."""
    noted = sa.update(ConnectedCalendar).where(col(ConnectedCalendar.id) == calendar_id)
    values = {"channel_problem": problem[:_LONGEST_PROBLEM], "channel_due_at": due_at}
    session.execute(noted.values(**values).execution_options(synchronize_session=False))


def leave(session: Session, channel_id: UUID) -> None:
    """It is to be stopped at its service."""
    left = sa.update(CalendarChannel).where(col(CalendarChannel.id) == channel_id)
    left = left.values(state=ChannelState.LEAVING, lease_until=None)
    session.execute(left.execution_options(synchronize_session=False))


def gone(session: Session, channel_id: UUID) -> None:
    """Its service tells nothing on it any more, or never did."""
    over = sa.delete(CalendarChannel).where(col(CalendarChannel.id) == channel_id)
    session.execute(over.execution_options(synchronize_session=False))


def later(session: Session, channel_id: UUID, at: datetime | None) -> None:
    """What was tried with it is tried again then; None: whenever its calendar's turn comes."""
    waits = sa.update(CalendarChannel).where(col(CalendarChannel.id) == channel_id).values(lease_until=at)
    session.execute(waits.execution_options(synchronize_session=False))


# ---- what is told


def heard_on(session: Session, channel_id: UUID, service: str) -> Heard | None:
    """None: nobody's channel, or that of a grant that is over."""
    found = _with_owner(session, channel_id)
    if found is None or found.channel.service != service or found.connection.state is ConnectionState.OFF:
        return None
    return found if found.channel.connection_number == found.connection.connection_number else None


def is_open(heard: Heard) -> bool:
    """Whether a look is due for a notice already: another one changes nothing."""
    return heard.calendar.notices > heard.calendar.notices_taken


def told(session: Session, calendar_id: UUID) -> None:
    """Something changed there: a look is due."""
    one = sa.update(ConnectedCalendar).where(
        col(ConnectedCalendar.id) == calendar_id,
        col(ConnectedCalendar.notices) == col(ConnectedCalendar.notices_taken),
    )
    counted = one.values(notices=col(ConnectedCalendar.notices) + 1)
    session.execute(counted.execution_options(synchronize_session=False))


def confirmed(session: Session, now: datetime, channel_id: UUID, resource_id: str, expires_at: datetime | None) -> None:
    """The service's first post: it reaches us, and says by which name it stops, and when it ends."""
    row = _locked(session, channel_id)
    if row is None:
        return
    row.confirmed_at = row.confirmed_at or now
    row.resource_id = row.resource_id or resource_id[:255]
    if row.state is ChannelState.ASKING and expires_at is not None:
        row.expires_at = min(row.expires_at, expires_at)
    session.add(row)


def wishes(session: Session, now: datetime, channel_id: UUID, *, removed: bool) -> None:
    """The service wants to be asked anew; `removed`: because it has ended the channel."""
    row = _locked(session, channel_id)
    if row is None or row.state is ChannelState.LEAVING:
        return
    first = row.wishes_at is None
    row.wishes_at = now
    if removed:
        row.state, row.lease_until = ChannelState.LEAVING, None
    session.add(row)
    if first:  # at once; what fails then waits like any other
        at_once = sa.update(ConnectedCalendar).where(col(ConnectedCalendar.id) == row.connected_calendar_id)
        session.execute(at_once.values(channel_due_at=None).execution_options(synchronize_session=False))


def _locked(session: Session, channel_id: UUID) -> CalendarChannel | None:
    key = (workspace_of(session), channel_id)
    return session.get(CalendarChannel, key, with_for_update=True, populate_existing=True)


def _with_owner(session: Session, channel_id: UUID) -> Heard | None:
    query = (
        select(CalendarChannel, ConnectedCalendar, CalendarConnection)
        .join(
            ConnectedCalendar,
            (col(ConnectedCalendar.workspace_id) == col(CalendarChannel.workspace_id))
            & (col(ConnectedCalendar.id) == col(CalendarChannel.connected_calendar_id)),
        )
        .join(
            CalendarConnection,
            (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
            & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
        )
        .where(CalendarChannel.id == channel_id)
    )
    found = session.exec(query).one_or_none()
    return Heard(*found) if found is not None else None
