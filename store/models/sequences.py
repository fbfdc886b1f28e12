"""What a sequence says, version by version. Version 1 of each is built in (scoring.sequence) and has no row."""

from datetime import datetime
from typing import Any

from sqlmodel import Field

from store.models.base import WorkspaceRow, json_field, unique


class SequenceVersion(WorkspaceRow, table=True):
    """Immutable: a change is the next number. The highest of a name is in force for leads that enter."""

    __tablename__ = "sequence_version"
    __table_args__ = (unique("name", "number"),)

    name: str = Field(max_length=64)
    number: int  # from 2
    definition: dict[str, Any] = json_field()  # scoring.sequence_reading
    note: str = Field(default="", max_length=300)  # why, in a person's words
    created_by: str = Field(max_length=100)
    created_at: datetime
