"""Which room a booked meeting has, by its rep's calendar and the workspace: what invitations, pages and events say."""

from dataclasses import dataclass

from sqlmodel import Session

from store.models import CalendarEventRow, ConnectedCalendar, Meeting, MeetingRoom, RoomKind, RoomState
from store.queries import rooms


@dataclass(frozen=True, slots=True)
class Choice:
    kind: RoomKind
    address: str = ""


def chosen(session: Session, calendar: ConnectedCalendar | None) -> Choice:
    """What holds for meetings in this calendar; a calendar's own word comes before the workspace's."""
    if calendar is not None:
        own = RoomKind(calendar.room_kind) if calendar.room_kind in list(RoomKind) else None
        if own is not None:
            return Choice(own, calendar.room_address)
        if calendar.makes_rooms:
            return Choice(RoomKind.CALENDAR)
    setting = rooms.setting_of(session)
    return Choice(setting.kind, setting.address) if setting is not None else Choice(RoomKind.NONE)


def choice_of(session: Session, meeting: Meeting) -> Choice:
    return chosen(session, rooms.calendar_of(session, meeting.user_id))


@dataclass(frozen=True, slots=True)
class Place:
    """`follows`: there should be a room and there is none, so the rep sends its link."""

    url: str = ""
    dial_in: str = ""
    follows: bool = False


def place_of(session: Session, meeting: Meeting, event: CalendarEventRow | None) -> Place:
    """Where they meet, as far as it stands now."""
    room = session.get(MeetingRoom, (meeting.workspace_id, meeting.id))
    if room is not None and room.url and room.state is not RoomState.GONE:
        return Place(room.url, room.dial_in)
    choice = choice_of(session, meeting)
    if choice.kind is RoomKind.ADDRESS:
        return Place(choice.address)
    if event is not None and event.video_url:
        return Place(event.video_url, event.dial_in)
    return Place(follows=room is not None and room.state is RoomState.REFUSED)
