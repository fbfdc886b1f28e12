"""Reads reps' calendars again and again: what is taken in them, and what became of our events there.

Where a calendar's service tells of changes (workers/calendar_channels.py), a notice makes its turn come at once, and
the timer only finds what notices lost; else the timer does it all. Changes come by a cursor. Where it is too old, the
calendar lists all that stands, and what is missing is gone. What is read twice changes nothing twice, so a crash in
between loses nothing: the cursor moves last, and a notice counts as seen when the look that took it has ended.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from agents.booking import diary, telling
from agents.booking.following import FOLLOWED, follow, tell_overlaps
from agents.booking.rules import rules_of
from agents.booking.telling import EVERY, RECONCILED
from agents.context import AgentContext
from core.errors import SalesOSError
from core.logging import get_logger
from store.models import (
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    EventState,
    OutboxItem,
    OutboxState,
    User,
)
from store.queries import outbox
from tools.ports.calendar import CalendarAccount, EventChanges
from tools.ports.unknown import Unknown

_log = get_logger(__name__)
# After a look, before a notice brings the next: a flood costs a person's account 12 looks a minute, of the 600 calls
# that Google allows it.
AFTER_NOTICE: Final = timedelta(seconds=5)
_BACK: Final = timedelta(days=1)  # of a listing: what ended before concerns nobody

_Pair = tuple[ConnectedCalendar, CalendarConnection]


def look(context: AgentContext) -> int:
    """Every calendar of the workspace whose turn has come. Returns how many changes of people were followed."""
    now = context.clock.now()
    base_url = telling.push_base(context.settings)
    with context.database.read(context.workspace_id) as session:
        due = _pairs(session, sa.or_(_timed(now, base_url), _noticed(now)))
        waits = session.exec(_to_queue().limit(1)).first() is not None
    if waits:
        with context.database.write(context.workspace_id) as session:
            for row in session.exec(_to_queue()):
                outbox.insert_calendar(session, context.clock, row)
    return sum(_look_at(context, *pair) for pair in due)


def look_now(context: AgentContext, connection_id: UUID) -> int:
    """Every calendar of an account, whenever its turn would come: it was just connected."""
    with context.database.read(context.workspace_id) as session:
        found = _pairs(session, col(CalendarConnection.id) == connection_id)
    return sum(_look_at(context, *pair) for pair in found)


def has_notices(session: Session, now: datetime) -> bool:
    """Whether a service told of a change that may be looked at now."""
    return bool(_pairs(session, _noticed(now), limit=1))


def _pairs(session: Session, which: sa.ColumnElement[bool], limit: int | None = None) -> Sequence[_Pair]:
    query = (
        select(ConnectedCalendar, CalendarConnection)
        .join(
            CalendarConnection,
            (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
            & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
        )
        .where(telling.is_read(), which)
        .order_by(col(ConnectedCalendar.id))
        .limit(limit)
    )
    return [(calendar, connection) for calendar, connection in session.exec(query)]


def _timed(now: datetime, base_url: str) -> sa.ColumnElement[bool]:
    """A calendar that did not answer all, last time, is asked by the minute, whatever its service tells."""
    at = col(ConnectedCalendar.looked_at)
    rests = sa.and_(telling.is_told(now, base_url), col(ConnectedCalendar.look_complete))
    return sa.or_(at.is_(None), at <= now - RECONCILED, sa.and_(at <= now - EVERY, ~rests))


def _noticed(now: datetime) -> sa.ColumnElement[bool]:
    at = col(ConnectedCalendar.looked_at)
    return sa.and_(
        col(ConnectedCalendar.notices) > col(ConnectedCalendar.notices_seen),
        sa.or_(at.is_(None), at <= now - AFTER_NOTICE),
        _is_free(now),
    )


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(col(ConnectedCalendar.look_until).is_(None), col(ConnectedCalendar.look_until) <= now)


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


def _look_at(context: AgentContext, calendar: ConnectedCalendar, connection: CalendarConnection) -> int:
    """One look at a time, of all processes; one that was killed gives its turn back after a while."""
    now = context.clock.now()
    ends = now + timedelta(seconds=context.settings.lease_seconds)
    with context.database.write(context.workspace_id) as session:
        mine = sa.update(ConnectedCalendar).where(
            col(ConnectedCalendar.id) == calendar.id,
            col(ConnectedCalendar.looked_at).is_not_distinct_from(calendar.looked_at),
            _is_free(now),
        )
        values = {"looked_at": now, "look_until": ends, "notices_taken": col(ConnectedCalendar.notices)}
        taken = mine.values(**values).returning(col(ConnectedCalendar.notices))
        found = session.execute(taken.execution_options(synchronize_session=False)).first()
        if found is None:
            return 0  # another worker looks at it
        user = session.get(User, (context.workspace_id, connection.user_id))
        horizon = rules_of(session, user).horizon_days if user is not None else 0
        calendar = session.get_one(ConnectedCalendar, (context.workspace_id, calendar.id), populate_existing=True)
    followed, complete = 0, False
    try:
        account = context.tools.calendar_account(connection)
        followed, complete = _follow(context, account, calendar, now)
        complete = _read_busy(context, connection, calendar, now, horizon) and complete
    except SalesOSError as error:
        _log.warning("a calendar cannot be reached", connection=str(connection.id), reason=str(error))
    finally:
        with context.database.write(context.workspace_id) as session:
            over = sa.update(ConnectedCalendar).where(
                col(ConnectedCalendar.id) == calendar.id, col(ConnectedCalendar.look_until) == ends
            )
            done = {"look_until": None, "notices_seen": found.notices, "look_complete": complete}
            session.execute(over.values(**done).execution_options(synchronize_session=False))
    return followed


def _read_busy(
    context: AgentContext, connection: CalendarConnection, calendar: ConnectedCalendar, now: datetime, horizon: int
) -> bool:
    """Whether it said what is taken, or need not."""
    since, until = diary.window(now, horizon)
    if calendar.counts_busy or calendar.gets_events:
        answer = diary.ask(context, connection, calendar, since, until)
        if isinstance(answer, Unknown):
            _log.info("a calendar does not say what is taken", calendar=str(calendar.id), reason=answer.reason)
            return False
        with context.database.write(context.workspace_id) as session:
            diary.keep_busy(session, calendar.id, answer, now, since, until)
    with context.database.write(context.workspace_id) as session:
        tell_overlaps(session, context, connection.user_id)
    return True


def _ours(session: Session, calendar: ConnectedCalendar) -> list[CalendarEventRow]:
    query = select(CalendarEventRow).where(
        CalendarEventRow.connected_calendar_id == calendar.id, col(CalendarEventRow.state).in_(FOLLOWED)
    )
    return list(session.exec(query.order_by(col(CalendarEventRow.id))))


def _follow(
    context: AgentContext, account: CalendarAccount, calendar: ConnectedCalendar, now: datetime
) -> tuple[int, bool]:
    """How many changes were followed, and whether all were that had come."""
    with context.database.read(context.workspace_id) as session:
        if not calendar.gets_events and not _ours(session, calendar):
            return 0, True
    since = now - _BACK
    told = account.changes(calendar.calendar_id, calendar.cursor, since)
    if isinstance(told, Unknown):
        _log.info("a calendar does not tell its changes", calendar=str(calendar.id), reason=told.reason)
        return 0, False
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
            followed += follow(session, context, row.meeting_id, row.version, there, event_key=row.event_key)
    if complete:
        _advance(context, calendar, told.cursor)
    return followed, complete


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
