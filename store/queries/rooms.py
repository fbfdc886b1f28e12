"""Where a workspace's meetings take place, and what is wanted of the room of one."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from store import bulk
from store.models import CalendarConnection, ConnectedCalendar, ConnectionState, MeetingRoom, OutboxItem, RoomSetting
from store.queries import outbox
from store.session import workspace_of


def secret_under(setting_id: UUID) -> str:
    return f"room_setting|zoom|{setting_id}"


def setting_of(session: Session, *, lock: bool = False) -> RoomSetting | None:
    """The workspace's; None: nobody chose yet, so there are no rooms but those of calendars."""
    key = (workspace_of(session), workspace_of(session))
    return session.get(RoomSetting, key, with_for_update=lock or None, populate_existing=lock)


def calendar_of(session: Session, user_id: UUID) -> ConnectedCalendar | None:
    """The one that gets a person's events."""
    return session.exec(
        select(ConnectedCalendar)
        .join(
            CalendarConnection,
            (col(CalendarConnection.workspace_id) == col(ConnectedCalendar.workspace_id))
            & (col(CalendarConnection.id) == col(ConnectedCalendar.connection_id)),
        )
        .where(
            ConnectedCalendar.user_id == user_id,
            col(ConnectedCalendar.gets_events),
            col(CalendarConnection.state).in_([ConnectionState.ACTIVE, ConnectionState.BROKEN]),
        )
    ).first()


def insert(session: Session, now: datetime, room: MeetingRoom) -> bool:
    """Queues what is wanted of the room, once a version; False: it is queued already."""
    key = f"room:{room.id}:{room.version}:{room.state.value}"
    row = {
        "id": outbox.item_id(session, key),
        "key": key,
        "kind": outbox.ROOM,
        "subject_kind": "meeting",
        "subject_id": room.id,
        "payload": {"version": room.version},
        "not_before": now,
        "created_at": now,
    }
    return bool(bulk.insert_ignore(session, OutboxItem, [row]))
