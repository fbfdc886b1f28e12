"""Reads reps' calendars again and again: what is taken in them, and what became of our events there.

Changes come by a cursor. Where it is too old, the calendar lists all that stands, and what is missing is gone. What is
read twice changes nothing twice, so a crash in between loses nothing: the cursor moves last.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from agents.booking import diary
from agents.booking.following import FOLLOWED, follow, tell_overlaps
from agents.booking.rules import rules_of
from agents.context import AgentContext
from core.errors import SalesOSError
from core.logging import get_logger
from store.models import (
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    ConnectionState,
    EventState,
    OutboxItem,
    OutboxState,
    User,
)
from store.queries import outbox
from tools.ports.calendar import CalendarAccount, EventChanges
from tools.ports.unknown import Unknown

_log = get_logger(__name__)
EVERY: Final = timedelta(seconds=60)  # as long as an answer of a calendar counts
_BACK: Final = timedelta(days=1)  # of a listing: what ended before concerns nobody


def look(context: AgentContext) -> int:
    """Every account of the workspace whose turn has come. Returns how many changes of people were followed."""
    now = context.clock.now()
    with context.database.read(context.workspace_id) as session:
        due = list(session.exec(_due(now)))
        waits = session.exec(_to_queue().limit(1)).first() is not None
    if waits:
        with context.database.write(context.workspace_id) as session:
            for row in session.exec(_to_queue()):
                outbox.insert_calendar(session, context.clock, row)
    return sum(_look_at(context, connection, now) for connection in due)


def look_now(context: AgentContext, connection_id: UUID) -> int:
    """The service said that something changed."""
    with context.database.read(context.workspace_id) as session:
        connection = session.get(CalendarConnection, (context.workspace_id, connection_id))
    if connection is None or connection.state is not ConnectionState.ACTIVE:
        return 0
    return _look_at(context, connection, context.clock.now())


def _due(now: datetime) -> SelectOfScalar[CalendarConnection]:
    looked = sa.or_(col(CalendarConnection.looked_at).is_(None), col(CalendarConnection.looked_at) <= now - EVERY)
    query = select(CalendarConnection).where(col(CalendarConnection.state) == ConnectionState.ACTIVE, looked)
    return query.order_by(col(CalendarConnection.id))


def _to_queue() -> SelectOfScalar[CalendarEventRow]:
    """Wanted, and nobody was told: a person was erased, or an older version of ours stopped half way."""
    queued = (
        sa.select(sa.literal(1))
        .where(
            col(OutboxItem.workspace_id) == col(CalendarEventRow.workspace_id),
            col(OutboxItem.subject_id) == col(CalendarEventRow.meeting_id),
            col(OutboxItem.kind) == outbox.CALENDAR,
            col(OutboxItem.state).in_([OutboxState.READY, OutboxState.SENDING]),
        )
        .exists()
    )
    open_states = [EventState.WANTED, EventState.LEAVING]
    return select(CalendarEventRow).where(col(CalendarEventRow.state).in_(open_states), ~queued)


def _look_at(context: AgentContext, connection: CalendarConnection, now: datetime) -> int:
    with context.database.write(context.workspace_id) as session:
        mine = sa.update(CalendarConnection).where(
            col(CalendarConnection.id) == connection.id,
            col(CalendarConnection.looked_at).is_not_distinct_from(connection.looked_at),
        )
        taken = mine.values(looked_at=now).returning(col(CalendarConnection.id))
        if session.execute(taken.execution_options(synchronize_session=False)).first() is None:
            return 0  # another worker looks at it
        calendars = list(
            session.exec(
                select(ConnectedCalendar)
                .where(ConnectedCalendar.connection_id == connection.id)
                .order_by(col(ConnectedCalendar.id))
            )
        )
        user = session.get(User, (context.workspace_id, connection.user_id))
        horizon = rules_of(session, user).horizon_days if user is not None else 0
    try:
        account = context.tools.calendar_account(connection)
    except SalesOSError as error:
        _log.warning("a calendar cannot be reached", connection=str(connection.id), reason=str(error))
        return 0
    followed = 0
    for calendar in calendars:
        if calendar.gets_events or _holds_ours(context, calendar):
            followed += _follow(context, account, calendar, now)
    _read_busy(context, connection, calendars, now, horizon)
    return followed


def _read_busy(
    context: AgentContext,
    connection: CalendarConnection,
    calendars: list[ConnectedCalendar],
    now: datetime,
    horizon: int,
) -> None:
    since, until = diary.window(now, horizon)
    for calendar in calendars:
        if not (calendar.counts_busy or calendar.gets_events):
            continue
        answer = diary.ask(context, connection, calendar, since, until)
        if isinstance(answer, Unknown):
            _log.info("a calendar does not say what is taken", calendar=str(calendar.id), reason=answer.reason)
            continue
        with context.database.write(context.workspace_id) as session:
            diary.keep_busy(session, calendar.id, answer, now, since, until)
    with context.database.write(context.workspace_id) as session:
        tell_overlaps(session, context, connection.user_id)


def _holds_ours(context: AgentContext, calendar: ConnectedCalendar) -> bool:
    with context.database.read(context.workspace_id) as session:
        return bool(_ours(session, calendar))


def _ours(session: Session, calendar: ConnectedCalendar) -> list[CalendarEventRow]:
    query = select(CalendarEventRow).where(
        CalendarEventRow.connected_calendar_id == calendar.id, col(CalendarEventRow.state).in_(FOLLOWED)
    )
    return list(session.exec(query.order_by(col(CalendarEventRow.id))))


def _follow(context: AgentContext, account: CalendarAccount, calendar: ConnectedCalendar, now: datetime) -> int:
    since = now - _BACK
    told = account.changes(calendar.calendar_id, calendar.cursor, since)
    if isinstance(told, Unknown):
        _log.info("a calendar does not tell its changes", calendar=str(calendar.id), reason=told.reason)
        return 0
    with context.database.read(context.workspace_id) as session:
        ours = _ours(session, calendar)
    touched = [row for row in ours if _concerns(row, told, since)]
    followed, complete = 0, True
    for row in touched:
        # Read again: what was told may be older than our own last write.
        there = account.read(calendar.calendar_id, row.event_key)
        if isinstance(there, Unknown):
            complete = False
            continue
        with context.database.write(context.workspace_id) as session:
            followed += follow(session, context, row.meeting_id, row.version, there)
    if complete:
        _advance(context, calendar, told.cursor)
    return followed


def _concerns(row: CalendarEventRow, told: EventChanges, since: datetime) -> bool:
    for event in told.events:
        if event.event_id in (row.event_id, row.event_key) or (event.event_key and event.event_key == row.event_key):
            return event.cancelled or event.etag != row.etag or not event.etag
    return told.whole and row.there_ends_at is not None and row.there_ends_at > since


def _advance(context: AgentContext, calendar: ConnectedCalendar, cursor: str) -> None:
    """Not where another look moved it meanwhile: its cursor is as good, and reading twice changes nothing."""
    with context.database.write(context.workspace_id) as session:
        moved = sa.update(ConnectedCalendar).where(
            col(ConnectedCalendar.id) == calendar.id, col(ConnectedCalendar.cursor) == calendar.cursor
        )
        session.execute(moved.values(cursor=cursor).execution_options(synchronize_session=False))
