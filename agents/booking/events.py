"""What we want of a rep's calendar: a row that says it, and an outbox item that the dispatcher carries out."""

from sqlmodel import Session, select

from agents import attention
from agents.context import AgentContext
from core.ids import stable_id
from store.models import (
    CalendarEventRow,
    ConnectedCalendar,
    EventState,
    Lead,
    Meeting,
    User,
)
from store.queries import outbox, rooms
from tools.calendar.ics import meeting_uid

# The invitation waits for the calendar's word; what it refuses for good, the rep enters by hand, and the time stands.
_SETTLED = (EventState.THERE, EventState.REFUSED, EventState.MOVED)


def event_of(session: Session, meeting: Meeting, *, lock: bool = False) -> CalendarEventRow | None:
    """That of the rep who has the meeting now."""
    query = select(CalendarEventRow).where(
        CalendarEventRow.meeting_id == meeting.id, CalendarEventRow.turn == meeting.turn
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(query).first()


def want(session: Session, context: AgentContext, meeting: Meeting) -> CalendarEventRow | None:
    """The event is to be as the meeting says. None: the rep has no calendar that gets our events."""
    row = event_of(session, meeting, lock=True)
    if row is None:
        row = _new(session, context, meeting)
    elif row.state is not EventState.CANCELLED:  # a key whose event was cancelled is spent
        row.version, row.state = row.version + 1, EventState.WANTED
    else:
        return None
    if row is not None:
        session.add(row)
        session.flush()
        outbox.insert_calendar(session, context.clock, row)
    return row


def leave(session: Session, context: AgentContext, meeting: Meeting) -> None:
    """The event is to go, where there may be one."""
    row = event_of(session, meeting, lock=True)
    if row is None or row.state is EventState.CANCELLED:
        return
    row.version, row.state = row.version + 1, EventState.LEAVING
    session.add(row)
    session.flush()
    outbox.insert_calendar(session, context.clock, row)


def confirmed(session: Session, meeting: Meeting) -> bool:
    """Whether the invitation may leave: the event stands there as the meeting says, or nobody waits for one."""
    row = event_of(session, meeting)
    return row is None or row.state in _SETTLED


def calendar_for(session: Session, context: AgentContext, meeting: Meeting) -> ConnectedCalendar | None:
    """The one that gets the rep's events."""
    return rooms.calendar_of(session, meeting.user_id)


def _new(session: Session, context: AgentContext, meeting: Meeting) -> CalendarEventRow | None:
    calendar = calendar_for(session, context, meeting)
    if calendar is None:
        return None
    turn = (meeting.turn,) if meeting.turn else ()
    event_id = stable_id("calendar_event", context.workspace_id, meeting.id, *turn)
    return CalendarEventRow(
        workspace_id=context.workspace_id,
        id=event_id,
        meeting_id=meeting.id,
        turn=meeting.turn,
        connected_calendar_id=calendar.id,
        user_id=meeting.user_id,
        event_key=event_id.hex,
        uid=meeting_uid(meeting.id, _domain(session, context, meeting)),
    )


def _domain(session: Session, context: AgentContext, meeting: Meeting) -> str:
    """That of the invitation's, so that both sides' calendars know one event."""
    lead = session.get(Lead, (context.workspace_id, meeting.lead_id))
    mailbox = attention.sender_of(session, lead) if lead is not None else None
    user = session.get(User, (context.workspace_id, meeting.user_id))
    address = mailbox.address if mailbox is not None else (user.email if user is not None else "")
    return address.rpartition("@")[2] or "meeting.invalid"
