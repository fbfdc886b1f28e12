"""What was said in a meeting, and what was found in it: proposed until a person confirms it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class Transcript(WorkspaceRow, table=True):
    """Personal through and through: the words and who spoke are sealed."""

    __tablename__ = "transcript"
    __table_args__ = (
        refers("meeting_id", "meeting", ondelete="CASCADE"),
        unique("meeting_id", "content_index"),
        index("company_id"),
    )

    meeting_id: UUID
    contact_id: UUID
    company_id: UUID
    content_index: str = Field(max_length=64)  # keyed: the same words twice are one transcript
    format: str = Field(max_length=8)  # tools.transcripts.Format
    turns_sealed: str | None = text_field(None)  # JSON; None: erased
    sides_sealed: str | None = text_field(None)  # JSON: speaker → side, where a person said so
    turns: int = 0
    reading: dict[str, Any] = json_field(dict)  # what read it and how far it came: nothing that was said
    created_by: str = Field(max_length=100)
    created_at: datetime


class FindingState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"  # a later reading did not find it any more


class Finding(WorkspaceRow, table=True):
    """Something found in a transcript, with its quote. Nothing follows from it before a person confirms it."""

    __tablename__ = "finding"
    __table_args__ = (
        refers("transcript_id", "transcript", ondelete="CASCADE"),
        index("meeting_id", "state"),
        index("transcript_id"),
    )

    transcript_id: UUID
    meeting_id: UUID
    contact_id: UUID
    kind: str = Field(max_length=16)  # agents.discovery.kinds.Kind
    detail: str = Field(default="", max_length=16)  # of an objection, which; a competitor's name stands in the words
    side: str = Field(max_length=16)  # of who spoke
    who: str = Field(max_length=16)  # of who is to do it
    words_sealed: str | None = text_field(None)  # JSON: quote, speaker, text; None: erased
    turn: int
    line: int  # of the file
    at_seconds: float | None = None
    due_on: date | None = None
    by: str = Field(default="rules", max_length=100)
    state: FindingState = enum_field(FindingState, FindingState.PROPOSED)
    edited: bool = False
    decided_by: str = Field(default="", max_length=100)
    decided_at: datetime | None = None
    fact_id: UUID | None = None
    task_id: UUID | None = None
    created_at: datetime
