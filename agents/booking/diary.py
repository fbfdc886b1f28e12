"""What stands in a person's way: their calendars outside, asked freshly, and our own holds and meetings.

`refresh` asks, outside of any transaction; everything else reads what it kept. A calendar that did not answer within
the last minute is not known to be free, and what is not known to be free is taken.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.booking.rules import rules_of
from agents.context import AgentContext
from core.errors import SalesOSError
from core.ids import stable_id
from store import bulk
from store.models import (
    BusySpan,
    CalendarConnection,
    CalendarEventRow,
    ConnectedCalendar,
    ConnectionState,
    EventState,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    User,
)
from tools.calendar.availability import FRESH, CalendarAnswer, Diary, OwnTime
from tools.ports import calendar as port
from tools.ports.unknown import Unknown

_BEFORE, _AFTER = timedelta(days=4), timedelta(days=7)  # around today and the horizon: what availability looks at
_COUNTED = timedelta(days=8)  # a week's limit counts the meetings of its past days
_STANDS = (MeetingState.PROPOSED, MeetingState.BOOKED, MeetingState.HELD, MeetingState.NO_SHOW)
_AT_ONCE = 8  # people of a pool whose calendars are asked side by side
_MOST = 5_000  # busy spans of one calendar: more is not a person's calendar


def refresh(context: AgentContext, user_id: UUID, *, anew: bool = False) -> str:
    """Asks those of the person's calendars that count and were not asked within a minute; `anew`: all of them. Never
    in a transaction.

    "" where all of them are known now; else why not, in words for people.
    """
    asked_at = context.clock.now()
    with context.database.read(context.workspace_id) as session:
        wanted = _counting(session, [user_id])
        user = session.get(User, (context.workspace_id, user_id))
        horizon = rules_of(session, user).horizon_days if user is not None else 0
    stale = [(row, by) for row, by in wanted if row.busy_read_at is None or asked_at - row.busy_read_at > FRESH or anew]
    problem = ""
    since, until = window(asked_at, horizon)
    for row, connection in stale:
        if connection.state is not ConnectionState.ACTIVE:
            problem = connection.problem or "A calendar is not connected yet."
            continue
        answer = ask(context, connection, row, since, until)
        if isinstance(answer, Unknown):
            problem = answer.reason
            continue
        with context.database.write(context.workspace_id) as session:
            keep_busy(session, row.id, answer, asked_at, since, until)
    return problem


def refresh_many(context: AgentContext, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """`refresh` of several people, side by side: by person why not everything is known; "": all of it is."""
    wanted = sorted(user_ids)
    if len(wanted) < 2:
        return {user_id: refresh(context, user_id) for user_id in wanted}
    with ThreadPoolExecutor(min(len(wanted), _AT_ONCE), "calendars") as pool:
        return dict(zip(wanted, pool.map(lambda user_id: refresh(context, user_id), wanted), strict=True))


def window(now: datetime, horizon_days: int) -> tuple[datetime, datetime]:
    """What calendars are asked for: all that availability looks at."""
    return now - _BEFORE, now + timedelta(days=horizon_days) + _AFTER


def ask(
    context: AgentContext, connection: CalendarConnection, row: ConnectedCalendar, since: datetime, until: datetime
) -> Sequence[port.BusySpan] | Unknown:
    try:
        found = context.tools.calendar_account(connection).busy([row.calendar_id], since, until)
    except SalesOSError as error:  # no application, a grant that is dead
        return Unknown(str(error))
    if not isinstance(found, Unknown) and len(found) > _MOST:
        return Unknown(f"A calendar lists more than {_MOST} busy times.")
    return found


def keep_busy(
    session: Session,
    calendar_id: UUID,
    spans: Sequence[port.BusySpan],
    asked_at: datetime,
    since: datetime,
    until: datetime,
) -> bool:
    """Replaces what is known of one calendar. False: a newer answer is kept already, or the calendar is gone."""
    row = session.exec(select(ConnectedCalendar).where(ConnectedCalendar.id == calendar_id).with_for_update()).first()
    if row is None or (row.busy_read_at is not None and row.busy_read_at > asked_at):
        return False
    mine = sa.delete(BusySpan).where(col(BusySpan.connected_calendar_id) == row.id)
    session.execute(mine.execution_options(synchronize_session=False))
    rows = {
        stable_id(
            "busy", row.workspace_id, row.id, span.starts_at.isoformat(), span.ends_at.isoformat(), span.event_id
        ): span
        for span in spans
        if span.starts_at < span.ends_at
    }
    kept = [
        {
            "id": span_id,
            "connected_calendar_id": row.id,
            "user_id": row.user_id,
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "busyness": span.busyness.value,
            "event_id": span.event_id,
        }
        for span_id, span in rows.items()
    ]
    bulk.insert(session, BusySpan, kept)
    row.busy_read_at, row.busy_since, row.busy_until = asked_at, since, until
    session.add(row)
    return True


def diary_of(session: Session, user_id: UUID, now: datetime, *, without: UUID | None = None) -> Diary:
    """For tools.calendar.availability. `without`: the meeting that is being moved, or proposed anew."""
    return diaries_of(session, [user_id], now, without=without)[user_id]


def diaries_of(
    session: Session, user_ids: Collection[UUID], now: datetime, *, without: UUID | None = None
) -> dict[UUID, Diary]:
    """Of several people, in as many statements as of one."""
    ours, counting = _our_events(session, user_ids), _counting(session, user_ids)
    foreign: dict[UUID, list[BusySpan]] = {row.id: [] for row, _ in counting}
    for span in session.exec(select(BusySpan).where(col(BusySpan.connected_calendar_id).in_(foreign))):
        if not _is_ours(span.event_id, _times(span), ours[span.user_id]):
            foreign[span.connected_calendar_id].append(span)
    answers: dict[UUID, list[CalendarAnswer | None]] = {user_id: [] for user_id in user_ids}
    for row, connection in counting:
        if connection.state is not ConnectionState.ACTIVE or row.busy_read_at is None:
            answers[row.user_id].append(None)
            continue
        assert row.busy_since is not None
        assert row.busy_until is not None
        spans = [port.BusySpan(*_times(span), port.Busyness(span.busyness)) for span in foreign[row.id]]
        answers[row.user_id].append(CalendarAnswer(spans, row.busy_read_at, row.busy_since, row.busy_until))
    own = _own_times(session, user_ids, now, without)
    return {user_id: Diary(answers[user_id], own[user_id]) for user_id in user_ids}


def blocked(session: Session, user_id: UUID, starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """Why this very time cannot be booked as far as calendars outside say: "busy", "unknown"; "": nothing is there."""
    ours = _our_events(session, [user_id])[user_id]
    answer = ""
    for row, connection in _counting(session, [user_id]):
        known = connection.state is ConnectionState.ACTIVE and row.busy_read_at is not None
        if not known or (row.busy_read_at is not None and now - row.busy_read_at > FRESH):
            answer = answer or "unknown"
        if any(span.starts_at < ends_at and starts_at < span.ends_at for span in _foreign(session, row.id, ours)):
            return "busy"
    return answer


def overlapping(session: Session, user_id: UUID, starts_at: datetime, ends_at: datetime) -> list[BusySpan]:
    """What calendars outside hold in this time that is not ours, as far as it was read."""
    ours = _our_events(session, [user_id])[user_id]
    query = select(BusySpan).where(
        BusySpan.user_id == user_id, BusySpan.starts_at < ends_at, BusySpan.ends_at > starts_at
    )
    found = session.exec(query.order_by(col(BusySpan.starts_at), col(BusySpan.id)))
    return [span for span in found if not _is_ours(span.event_id, _times(span), ours)]


def foreign_among(
    session: Session, user_id: UUID, spans: Sequence[port.BusySpan], starts_at: datetime, ends_at: datetime
) -> bool:
    """Whether one of these, just read, is another's and takes a part of the time. A span that names no event says
    nothing once ours stands there: services that merge times show ours and theirs as one."""
    ours = _our_events(session, [user_id])[user_id]
    return any(
        span.event_id
        and span.starts_at < ends_at
        and starts_at < span.ends_at
        and not _is_ours(span.event_id, (span.starts_at, span.ends_at), ours)
        for span in spans
    )


def broken(session: Session, user_id: UUID) -> bool:
    """Whether a calendar that counts waits for a person to let us in again."""
    return any(connection.state is not ConnectionState.ACTIVE for _, connection in _counting(session, [user_id]))


def _counting(session: Session, user_ids: Collection[UUID]) -> list[tuple[ConnectedCalendar, CalendarConnection]]:
    query = (
        select(ConnectedCalendar, CalendarConnection)
        .join(
            CalendarConnection,
            (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
            & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
        )
        .where(
            col(ConnectedCalendar.user_id).in_(user_ids),
            sa.or_(col(ConnectedCalendar.counts_busy), col(ConnectedCalendar.gets_events)),
            CalendarConnection.state != ConnectionState.OFF,
        )
        .order_by(col(ConnectedCalendar.id))
    )
    return [(row, connection) for row, connection in session.exec(query)]


_Ours = tuple[frozenset[str], frozenset[tuple[datetime, datetime]]]


def _our_events(session: Session, user_ids: Collection[UUID]) -> dict[UUID, _Ours]:
    """What our events are known by: their ids, and their times for services that name none. One that its owner moved
    onto another meeting stands there like anybody's."""
    query = select(CalendarEventRow).where(
        col(CalendarEventRow.user_id).in_(user_ids), CalendarEventRow.state != EventState.MOVED
    )
    ids: dict[UUID, set[str]] = {user_id: set() for user_id in user_ids}
    times: dict[UUID, set[tuple[datetime, datetime]]] = {user_id: set() for user_id in user_ids}
    for row in session.exec(query):
        ids[row.user_id] |= {known for known in (row.event_key, row.event_id) if known}
        if row.there_starts_at is not None and row.there_ends_at is not None:
            times[row.user_id].add((row.there_starts_at, row.there_ends_at))
    return {user_id: (frozenset(ids[user_id]), frozenset(times[user_id])) for user_id in user_ids}


def _is_ours(event_id: str, times: tuple[datetime, datetime], ours: _Ours) -> bool:
    return event_id in ours[0] if event_id else times in ours[1]


def _foreign(session: Session, calendar_id: UUID, ours: _Ours) -> list[BusySpan]:
    query = select(BusySpan).where(BusySpan.connected_calendar_id == calendar_id)
    return [span for span in session.exec(query) if not _is_ours(span.event_id, _times(span), ours)]


def _times(span: BusySpan) -> tuple[datetime, datetime]:
    return span.starts_at, span.ends_at


def _own_times(
    session: Session, user_ids: Collection[UUID], now: datetime, without: UUID | None
) -> dict[UUID, list[OwnTime]]:
    query = (
        select(Hold)
        .join(
            Meeting, (col(Meeting.workspace_id) == col(Hold.workspace_id)) & (col(Meeting.id) == col(Hold.meeting_id))
        )
        .where(
            col(Hold.user_id).in_(user_ids),
            col(Hold.state).in_([HoldState.HELD, HoldState.TAKEN]),
            Hold.ends_at > now - _COUNTED,
            col(Meeting.state).in_(_STANDS),
        )
        .order_by(col(Hold.starts_at), col(Hold.id))
    )
    counted: set[UUID] = set()
    found: dict[UUID, list[OwnTime]] = {user_id: [] for user_id in user_ids}
    for hold in session.exec(query):
        if hold.meeting_id == without:
            continue
        # Of several times held for one proposal only one will be a meeting.
        found[hold.user_id].append(OwnTime(hold.starts_at, hold.ends_at, counts=hold.meeting_id not in counted))
        counted.add(hold.meeting_id)
    return found
