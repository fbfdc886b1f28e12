"""What a person did to our event in their own calendar, done here too: moved, deleted, or put where it cannot be.

Our own writes come back as well, and change nothing: what stands there is what the meeting says.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from agents import attention
from agents.booking import changes, diary
from agents.booking.changes import THERE
from agents.context import AgentContext
from store.models import CalendarEventRow, EventState, Meeting, MeetingState
from tools.ports.calendar import CalendarEvent

FOLLOWED = (EventState.THERE, EventState.MOVED, EventState.REFUSED)


def keep(event: CalendarEventRow, there: CalendarEvent, now: datetime) -> None:
    """What was just read of it."""
    event.event_id, event.etag = there.event_id, there.etag
    event.there_starts_at, event.there_ends_at, event.read_at = there.starts_at, there.ends_at, now
    event.video_url, event.dial_in = there.video_url, there.dial_in


def follow(
    session: Session,
    context: AgentContext,
    meeting_id: UUID,
    version: int,
    there: CalendarEvent | None,
    *,
    event_key: str,
) -> bool:
    """Whether something changed here. `there`: as it was read after our row said `version`; None: it is gone."""
    found = changes.locked(session, context, meeting_id)
    if found is None or found.event is None:
        return False
    event, meeting, now = found.event, found.meeting, context.clock.now()
    if event.event_key != event_key:
        return False  # that of a rep who had the meeting before
    # A change of ours is on its way, or came between: the dispatcher meets what stands there, and decides.
    if event.version != version or event.state not in FOLLOWED:
        return False
    ahead = meeting.state is MeetingState.BOOKED and meeting.starts_at is not None and meeting.starts_at > now
    if there is None or there.cancelled:
        if event.state is EventState.REFUSED:
            return False  # it never was there
        if ahead:
            return changes.cancel(session, context, found, actor=THERE, why="deleted_there")
        changes.drop(session, context, found)
        return True
    keep(event, there, now)
    session.add(event)
    session.flush()
    if not ahead:
        return False
    if (there.starts_at, there.ends_at) == (meeting.starts_at, meeting.ends_at):
        event.state = EventState.THERE
        return False
    fits = there.starts_at > now and there.starts_at < there.ends_at
    if fits and changes.move(session, context, found, there.starts_at, there.ends_at, actor=THERE):
        event.state = EventState.THERE
        return True
    return _not_followed(session, context, found, event)


def _not_followed(session: Session, context: AgentContext, found: changes.Locked, event: CalendarEventRow) -> bool:
    """Moved onto another meeting of ours, or into the past: the prospect's time stands, and the rep decides."""
    event.state = EventState.MOVED
    session.add(event)
    attention.add_task(
        session,
        context,
        source_key=f"moved_onto:{found.meeting.id}:{event.etag}"[:200],
        subject=found.lead,
        kind="calendar_moved",
        title="A meeting in your calendar cannot be where you moved it: move it again, or call it off",
        due_at=context.clock.now(),
        assignee_id=found.meeting.user_id,
    )
    return True


def tell_overlaps(session: Session, context: AgentContext, user_id: UUID) -> int:
    """Booked meetings that another entry of the rep's calendars overlaps: they stand, and the rep hears once."""
    query = select(Meeting).where(
        Meeting.user_id == user_id,
        Meeting.state == MeetingState.BOOKED,
        col(Meeting.starts_at) > context.clock.now(),
    )
    told = 0
    for meeting in session.exec(query.order_by(col(Meeting.starts_at), col(Meeting.id))):
        assert meeting.starts_at is not None
        assert meeting.ends_at is not None
        if not any(span.event_id for span in diary.overlapping(session, user_id, meeting.starts_at, meeting.ends_at)):
            continue
        found = changes.locked(session, context, meeting.id)
        if found is None:
            continue
        told += 1
        attention.add_task(
            session,
            context,
            source_key=f"overlap:{meeting.id}:{meeting.ics_sequence}",
            subject=found.lead,
            kind="calendar_overlap",
            title="Something else stands in your calendar at the time of a booked meeting",
            due_at=context.clock.now(),
            assignee_id=user_id,
        )
    return told
