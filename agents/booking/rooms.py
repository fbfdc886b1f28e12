"""Where a booked meeting takes place: a room that its calendar makes, one of Zoom, always the same link, or none.

A room of Zoom is wanted once the booking stands in the rep's calendar, so that one that gives way never had any; the
outbox makes it, and the invitation waits for it a few minutes. Where it is not made, the invitation says that the link
follows, and the rep has a task.
"""

from uuid import UUID

from sqlmodel import Session, select

from agents import invitations
from agents.booking import events
from agents.booking.room_choice import choice_of
from agents.context import AgentContext
from store.models import Lead, Meeting, MeetingRoom, OutboxItem, RoomKind, RoomState
from store.queries import rooms


def tell(session: Session, context: AgentContext, meeting: Meeting, lead: Lead) -> bool | None:
    """The invitation leaves as soon as the event and the room stand; None: it waits. Else as `invitations.queue`."""
    if not events.confirmed(session, meeting) or not _settled(session, context, meeting):
        return None
    return invitations.queue(session, context, meeting, lead)


def leave(session: Session, context: AgentContext, meeting: Meeting) -> None:
    """The room is to go, where there may be one."""
    row = _row(session, meeting)
    if row is None or row.state in (RoomState.GONE, RoomState.LEAVING):
        return
    row.version, row.state = row.version + 1, RoomState.LEAVING
    session.add(row)
    session.flush()
    rooms.insert(session, context.clock.now(), row)


def told(session: Session, meeting: Meeting) -> bool:
    """Whether the invitation of the meeting's current version was queued: from then on it does not give way."""
    key = f"invite:{meeting.id}:{meeting.ics_sequence}"
    return session.exec(select(OutboxItem.id).where(OutboxItem.key == key)).first() is not None


def _settled(session: Session, context: AgentContext, meeting: Meeting) -> bool:
    """Whether nobody waits for a room; where one is to be made or moved, it is asked for now."""
    row = _row(session, meeting)
    if row is None:
        if choice_of(session, meeting).kind is not RoomKind.ZOOM:
            return True
        row = MeetingRoom(workspace_id=meeting.workspace_id, id=meeting.id, version=meeting.ics_sequence)
    elif row.version >= meeting.ics_sequence:
        return row.state is not RoomState.WANTED
    else:
        row.version, row.state = meeting.ics_sequence, RoomState.WANTED
    session.add(row)
    session.flush()
    rooms.insert(session, context.clock.now(), row)
    return False


def _row(session: Session, meeting: Meeting) -> MeetingRoom | None:
    key: tuple[UUID, UUID] = (meeting.workspace_id, meeting.id)
    return session.get(MeetingRoom, key, with_for_update=True, populate_existing=True)
