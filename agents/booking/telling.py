"""Which calendars are read, how soon their services' word brings us to look, and how that is said to people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.booking.following import FOLLOWED
from agents.context import AgentContext
from core.errors import SalesOSError
from core.settings import Settings
from store.models import (
    CalendarChannel,
    CalendarConnection,
    CalendarEventRow,
    ChannelState,
    ConnectedCalendar,
    ConnectionState,
)
from store.queries import calendar_channels
from tools.ports.calendar import CalendarPush, PushChannel

EVERY: Final = timedelta(seconds=60)  # as long as an answer of a calendar counts
# Where its service tells: how long a notice that was lost stays unknown. Before a booking it is asked all the same.
RECONCILED: Final = timedelta(minutes=15)
LABELS: Final = {"google": "Google Calendar", "graph": "Microsoft 365"}  # those that can tell


@dataclass(frozen=True, slots=True)
class Telling:
    """Of one calendar, for pages and the command line. Either `until`, or `because`."""

    until: datetime | None  # its service tells changes at once, up to then; each time it is asked anew before
    because: str  # why it is read every minute, or not at all
    is_read: bool = True

    @property
    def every(self) -> timedelta:
        """How long ago a calendar that answers was asked at most, as far as the timer goes."""
        return EVERY if self.until is None else RECONCILED

    @property
    def words(self) -> str:
        if self.until is not None:
            return f"told of changes at once until {self.until:%Y-%m-%d %H:%M} UTC"
        return f"{'read every minute' if self.is_read else 'not read'} because {self.because}"


def push_base(settings: Settings) -> str:
    """Our address, as services outside reach it; "": none of them can, for it is no https."""
    parts = urlsplit(settings.public_url)
    return settings.public_url if parts.scheme == "https" and parts.hostname else ""


def is_read() -> sa.ColumnElement[bool]:
    """Of ConnectedCalendar joined with its CalendarConnection: whether anything there concerns us."""
    ours = (
        sa.select(sa.literal(1))
        .where(
            col(CalendarEventRow.workspace_id) == col(ConnectedCalendar.workspace_id),
            col(CalendarEventRow.connected_calendar_id) == col(ConnectedCalendar.id),
            col(CalendarEventRow.state).in_(FOLLOWED),
        )
        .exists()
    )
    return sa.and_(
        col(CalendarConnection.state) == ConnectionState.ACTIVE,
        sa.or_(col(ConnectedCalendar.counts_busy), col(ConnectedCalendar.gets_events), ours),
    )


def is_told(now: datetime, base_url: str) -> sa.ColumnElement[bool]:
    """As `is_read`: whether a channel lives on which its service is known to reach us, with nothing left to ask."""
    return (
        sa.select(sa.literal(1))
        .where(
            col(CalendarChannel.workspace_id) == col(ConnectedCalendar.workspace_id),
            col(CalendarChannel.connected_calendar_id) == col(ConnectedCalendar.id),
            *_lives(now, base_url),
            col(CalendarChannel.connection_number) == col(CalendarConnection.connection_number),
        )
        .exists()
    )


def _lives(now: datetime, base_url: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(CalendarChannel.state) == ChannelState.LIVING,
        col(CalendarChannel.confirmed_at).is_not(None),
        col(CalendarChannel.wishes_at).is_(None),
        col(CalendarChannel.expires_at) > now,
        col(CalendarChannel.base_url) == base_url,
    )


def tellings(
    session: Session,
    settings: Settings,
    now: datetime,
    calendars: Sequence[tuple[CalendarConnection, ConnectedCalendar]],
) -> dict[UUID, Telling]:
    """By calendar, of the pairs that `connecting.calendars_of` gives."""
    ids = [calendar.id for _, calendar in calendars]
    rows = session.exec(select(CalendarChannel).where(col(CalendarChannel.connected_calendar_id).in_(ids)))
    channels: dict[UUID, list[CalendarChannel]] = {}
    for row in rows:
        channels.setdefault(row.connected_calendar_id, []).append(row)
    query = select(ConnectedCalendar.id).join(
        CalendarConnection,
        (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
        & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
    )
    read = set(session.exec(query.where(col(ConnectedCalendar.id).in_(ids), is_read())))
    base_url = push_base(settings)
    return {
        calendar.id: _telling(connection, calendar, channels.get(calendar.id, []), now, base_url, calendar.id in read)
        for connection, calendar in calendars
    }


def _telling(
    connection: CalendarConnection,
    calendar: ConnectedCalendar,
    channels: Sequence[CalendarChannel],
    now: datetime,
    base_url: str,
    read: bool,
) -> Telling:
    if connection.state is not ConnectionState.ACTIVE:
        return Telling(None, "its account is not connected", is_read=False)
    if not read:
        return Telling(None, "it neither counts as busy nor gets events", is_read=False)
    if connection.service not in LABELS:
        return Telling(None, "its server tells nobody of changes")
    if not base_url:
        return Telling(None, "this server has no public https address (SALESOS_PUBLIC_URL)")
    mine = [
        row
        for row in channels
        if row.state is ChannelState.LIVING
        and row.expires_at > now
        and row.base_url == base_url
        and row.connection_number == connection.connection_number
    ]
    confirmed = [row for row in mine if row.confirmed_at is not None and row.wishes_at is None]
    label = LABELS[connection.service]
    if not confirmed:
        waits = f"{label} was asked to tell of changes, and has not reached this server yet"
        asked = f"{label} is being asked to tell of changes"
        return Telling(None, calendar.channel_problem or (waits if mine else asked))
    if calendar.looked_at is None:
        return Telling(None, "it was not read yet")
    if not calendar.look_complete:
        return Telling(None, f"{label} did not answer all that was asked when it was read last")
    return Telling(max(row.expires_at for row in confirmed), "")


def stop_all(context: AgentContext, connection_id: UUID) -> None:
    """Before an account is taken away: its services are asked to tell no more. Never in a transaction. What does not
    answer ends by itself within days, and what it posts until then is told to nobody."""
    with context.database.read(context.workspace_id) as session:
        connection = session.get(CalendarConnection, (context.workspace_id, connection_id))
        query = select(CalendarChannel).join(
            ConnectedCalendar,
            (col(ConnectedCalendar.workspace_id) == col(CalendarChannel.workspace_id))
            & (col(ConnectedCalendar.id) == col(CalendarChannel.connected_calendar_id)),
        )
        rows = list(session.exec(query.where(ConnectedCalendar.connection_id == connection_id)))
    if connection is None or connection.state is not ConnectionState.ACTIVE or not rows:
        return
    try:
        account = context.tools.calendar_account(connection)
    except SalesOSError:
        return
    over = [row.id for row in rows if isinstance(account, CalendarPush) and stop(account, row)]
    with context.database.write(context.workspace_id) as session:
        for row in rows:
            if row.id in over:
                calendar_channels.gone(session, row.id)
            else:
                calendar_channels.leave(session, row.id)


def stop(account: CalendarPush, row: CalendarChannel) -> bool:
    """Whether its service tells nothing on it any more."""
    return can_stop(row) and account.unwatch(PushChannel(row.remote_id or str(row.id), row.resource_id, row.expires_at))


def can_stop(row: CalendarChannel) -> bool:
    """Whether it can be named at its service: an answer that was lost would have said how."""
    return bool(row.remote_id or row.resource_id)
