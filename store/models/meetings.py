"""Meetings and the holds that keep their times free."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, refers, text_field, unique


class MeetingState(StrEnum):
    PROPOSED = "proposed"
    BOOKED = "booked"
    HELD = "held"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Meeting(WorkspaceRow, table=True):
    __tablename__ = "meeting"
    __table_args__ = (
        refers("lead_id", "lead", ondelete="CASCADE"),
        index("lead_id"),
        index("state", "ends_at"),
        index("pool_id"),
        unique("purpose_key"),
        unique("booked_key"),
    )

    lead_id: UUID
    contact_id: UUID
    company_id: UUID
    user_id: UUID  # the rep
    pool_id: UUID | None = None  # of which the rep is; None: the lead's own rep
    turn: int = 0  # counts the reps that it was given to: each has their own holds, and an event of their own
    purpose_key: str = Field(max_length=100)  # one proposal per thing answered: "message:<id>"
    purpose: str = Field(default="introduction", max_length=32)  # what it is for: a person has one of a kind ahead
    booked_key: str | None = Field(default=None, max_length=100)  # "<contact>:<purpose>" while booked, and else NULL
    state: MeetingState = enum_field(MeetingState, MeetingState.PROPOSED)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str = Field(default="", max_length=64)  # the prospect's, for how the time is written
    language: str = Field(default="", max_length=8)  # in which they booked; "": not known
    ics_sequence: int = 0
    outcome: str = Field(default="", max_length=32)
    notes_sealed: str | None = text_field(None)
    created_at: datetime


class HoldState(StrEnum):
    HELD = "held"
    TAKEN = "taken"
    RELEASED = "released"


class Hold(WorkspaceRow, table=True):
    """A time kept free for a proposed meeting until it expires."""

    __tablename__ = "hold"
    __table_args__ = (
        refers("meeting_id", "meeting", ondelete="CASCADE"),
        index("meeting_id"),
        index("expires_at", where="state = 'held'"),
        sa.CheckConstraint("starts_at < ends_at", name="positive_length"),
    )

    meeting_id: UUID
    user_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: HoldState = enum_field(HoldState, HoldState.HELD)
    expires_at: datetime


class CalendarBucket(WorkspaceRow, table=True):
    """A quarter of an hour of a rep's that is taken. Its key is what makes double booking impossible.

    `id` is the rep's user id. What other calendars say stands in busy_span: it never takes a row here away.
    """

    __tablename__ = "calendar_bucket"
    __table_args__ = (refers("hold_id", "hold", ondelete="CASCADE"), index("hold_id"))

    bucket_at: datetime = Field(primary_key=True)
    hold_id: UUID
