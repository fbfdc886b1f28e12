"""Calendars of our people at services outside: how they are reached, what is taken in them, and our events there.

What an event outside says (titles, notes, guests) is not kept: only when somebody is busy, and what became of our own.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class ConnectionState(StrEnum):
    WAITING = "waiting"  # nobody has let us in yet
    ACTIVE = "active"
    BROKEN = "broken"  # the service no longer lets us in: a person must act, and until then nothing is free
    OFF = "off"  # its owner took it away; its rows stay for what was booked by it


class CalendarConnection(WorkspaceRow, table=True):
    """One account of a person at a calendar service."""

    __tablename__ = "calendar_connection"
    __table_args__ = (
        refers("user_id", "user_account", ondelete="CASCADE"),
        unique("user_id", "service", "account"),
        index("state"),
    )

    user_id: UUID
    service: str = Field(max_length=16)  # google, graph, caldav
    account: str = Field(max_length=254)  # how its owner signs in there: a colleague's own address, or name
    connection: dict[str, Any] = json_field()  # what is no secret: url, tenant, client_id
    credentials_sealed: str = text_field()  # JSON, as "calendar_connection|credentials|<id>"
    connection_number: int = 0  # of the grant: what is said of an older one changes nothing
    state: ConnectionState = enum_field(ConnectionState, ConnectionState.WAITING)
    problem: str = text_field()  # the service's words, for people
    connected_at: datetime | None = None
    created_at: datetime


class ConnectedCalendar(WorkspaceRow, table=True):
    """One calendar of an account. A person has at most one that gets our events."""

    __tablename__ = "connected_calendar"
    __table_args__ = (
        refers("connection_id", "calendar_connection", ondelete="CASCADE"),
        unique("connection_id", "calendar_id"),
        index("user_id"),
        sa.Index(
            "uq_connected_calendar_gets_events",
            "workspace_id",
            "user_id",
            unique=True,
            sqlite_where=sa.text("gets_events"),
            postgresql_where=sa.text("gets_events"),
        ),
    )

    connection_id: UUID
    user_id: UUID
    calendar_id: str = Field(max_length=1_000)  # the service's
    name: str = Field(default="", max_length=300)  # tainted
    time_zone: str = Field(default="", max_length=64)
    may_write: bool = False
    counts_busy: bool = True
    gets_events: bool = False
    makes_rooms: bool = False  # our events there ask for a room for video calls
    room_kind: str = Field(default="", max_length=16)  # rooms.RoomKind; "": as above, else as the workspace says
    room_address: str = text_field()  # of the kind "address"
    cursor: str = text_field()  # of its changes; "": everything is read anew
    busy_read_at: datetime | None = None  # when its busy times were asked for last, with an answer; None: never
    busy_since: datetime | None = None  # what it was asked for: [since, until)
    busy_until: datetime | None = None
    looked_at: datetime | None = None  # when a look at it began last
    look_until: datetime | None = None  # while a process looks: however much is told, one looks at a time
    look_complete: bool = False  # the last look read all that it wanted
    # Notices are hints, counted so that none is lost and no flood is written: one more is open at most.
    notices: int = 0
    notices_taken: int = 0  # by the last look that began
    notices_seen: int = 0  # by the last look that ended
    channel_due_at: datetime | None = None  # when its service may be asked to tell again; None: now
    channel_problem: str = text_field()  # why the last asking failed, for people


class BusySpan(WorkspaceRow, table=True):
    """Half-open [starts_at, ends_at) that a calendar outside says is taken. Replaced whole with each reading."""

    __tablename__ = "busy_span"
    __table_args__ = (
        refers("connected_calendar_id", "connected_calendar", ondelete="CASCADE"),
        index("connected_calendar_id"),
        index("user_id", "starts_at"),
    )

    connected_calendar_id: UUID
    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    busyness: str = Field(max_length=16)
    event_id: str = text_field()  # the service's; ours are told apart by it


class EventState(StrEnum):
    WANTED = "wanted"  # to be made there, or brought to what the meeting says; an outbox item does it
    THERE = "there"
    MOVED = "moved"  # its owner moved it onto another meeting of ours: not followed, the rep has a task
    LEAVING = "leaving"  # to be cancelled there; an outbox item does it
    CANCELLED = "cancelled"
    REFUSED = "refused"  # the calendar does not take it: the rep enters it by hand


class CalendarEventRow(WorkspaceRow, table=True):
    """Our meeting, and its event in the rep's calendar. Given to another rep, it has one in each of the two."""

    __tablename__ = "calendar_event"
    __table_args__ = (
        refers("meeting_id", "meeting", ondelete="CASCADE"),
        refers("connected_calendar_id", "connected_calendar", ondelete="CASCADE"),
        unique("meeting_id", "turn"),
        index("connected_calendar_id", "state"),
        index("user_id", "state"),
    )

    meeting_id: UUID
    turn: int = 0  # the meeting's, when it was made
    connected_calendar_id: UUID
    user_id: UUID
    event_key: str = Field(max_length=32)  # ours: 32 hexadecimal digits, the same for every version
    event_id: str = text_field()  # the service's, as it answered
    uid: str = Field(max_length=255)
    etag: str = text_field()  # of the version that we last knew of
    version: int = 0  # what is wanted: counts with each change of ours
    written_version: int = -1  # what stands there by our hand; -1: nothing was confirmed yet
    state: EventState = enum_field(EventState, EventState.WANTED)
    there_starts_at: datetime | None = None  # as it stands there, last read
    there_ends_at: datetime | None = None
    read_at: datetime | None = None
    video_url: str = text_field()
    dial_in: str = text_field()


class Availability(WorkspaceRow, table=True):
    """When a person can be met, beside their working hours: buffers, notice, limits, days off. `id` is the user's."""

    __tablename__ = "availability"
    __table_args__ = (refers("id", "user_account", ondelete="CASCADE"),)

    rules: dict[str, Any] = json_field()  # agents.booking.rules.Rules
    updated_at: datetime
