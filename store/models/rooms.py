"""Rooms for video calls: where a workspace's meetings take place, and the room that one meeting has."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, refers, text_field


class RoomKind(StrEnum):
    NONE = "none"
    CALENDAR = "calendar"  # by the calendar's own service: Meet, Teams
    ZOOM = "zoom"
    ADDRESS = "address"  # always the same link


class RoomSetting(WorkspaceRow, table=True):
    """What holds where a calendar says nothing else. One a workspace; `id` is the workspace's."""

    __tablename__ = "room_setting"

    kind: RoomKind = enum_field(RoomKind, RoomKind.NONE)
    address: str = text_field()  # of ADDRESS: https
    zoom_account_id: str = Field(default="", max_length=100)
    zoom_client_id: str = Field(default="", max_length=100)
    zoom_secret_sealed: str = text_field()  # as "room_setting|zoom|<id>"; "": Zoom is not connected
    zoom_host: str = Field(default="me", max_length=254)  # whose rooms they are at Zoom; "me": the application's maker
    connection_number: int = 0  # of the application: what is cached of an older one is not used
    problem: str = text_field()  # Zoom's words, where it lets us in no more
    updated_by: str = Field(default="", max_length=100)
    updated_at: datetime


class RoomState(StrEnum):
    WANTED = "wanted"  # to be made, or brought to the meeting's time; an outbox item does it
    THERE = "there"
    LEAVING = "leaving"  # to be taken away; an outbox item does it
    GONE = "gone"
    REFUSED = "refused"  # none was made: the rep sends a link


class MeetingRoom(WorkspaceRow, table=True):
    """A meeting's room at a service of its own. `id` is the meeting's."""

    __tablename__ = "meeting_room"
    __table_args__ = (refers("id", "meeting", ondelete="CASCADE"), index("state"))

    service: str = Field(default="zoom", max_length=16)
    state: RoomState = enum_field(RoomState, RoomState.WANTED)
    version: int = 0  # what is wanted: counts with each change of ours
    written_version: int = -1  # what stands there by our hand; -1: nothing was confirmed yet
    room_id: str = Field(default="", max_length=100)  # the service's
    url: str = text_field()
    dial_in: str = text_field()
    problem: str = text_field()  # the service's last words, for people
