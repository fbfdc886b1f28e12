"""Companies and people that were found to be one: the merge as evidence, what it moved, and what waits for a person.

Nothing is destroyed by a merge. The absorbed row stays, and every row that went over to the kept one is written down
with what stood there before, so that a split puts back exactly that. No personal data stands in these tables.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import JSON_TYPE, WorkspaceRow, enum_field, index, json_field, refers, unique


class MergeKind(StrEnum):
    COMPANY = "company"
    CONTACT = "contact"


class Merge(WorkspaceRow, table=True):
    """`absorbed_id` is `kept_id` until `split_at`. A row is absorbed by one other at a time."""

    __tablename__ = "merge"
    __table_args__ = (
        index("kept_id"),
        sa.Index(
            "uq_merge_absorbed",
            "workspace_id",
            "absorbed_id",
            unique=True,
            sqlite_where=sa.text("split_at IS NULL"),
            postgresql_where=sa.text("split_at IS NULL"),
        ),
    )

    kind: MergeKind = enum_field(MergeKind)
    kept_id: UUID
    absorbed_id: UUID
    probability: float  # 0–1, as it was judged then
    reasons: list[str] = json_field(list)  # sentences of ours, strongest first
    evidence: dict[str, Any] = json_field()  # ids and numbers
    decided_by: str = Field(max_length=100)  # "rule", "user:<id>", "key:<id>"
    created_at: datetime
    split_at: datetime | None = None
    split_by: str = Field(default="", max_length=100)


class MergeMove(WorkspaceRow, table=True):
    """One column of one row that a merge changed, with what stood there and what it put there."""

    __tablename__ = "merge_move"
    __table_args__ = (refers("merge_id", "merge", ondelete="CASCADE"), index("merge_id"), index("row_id"))

    merge_id: UUID
    table_name: str = Field(max_length=64)
    column_name: str = Field(max_length=64)
    row_id: UUID
    before: Any = Field(default=None, sa_type=JSON_TYPE)
    after: Any = Field(default=None, sa_type=JSON_TYPE)


class ProposalState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"  # never proposed again


class MergeProposal(WorkspaceRow, table=True):
    """Two rows that may be one: a person decides. `first_id` < `second_id`, so a pair is one row."""

    __tablename__ = "merge_proposal"
    __table_args__ = (unique("first_id", "second_id"), index("state", "probability"), index("second_id"))

    kind: MergeKind = enum_field(MergeKind)
    first_id: UUID
    second_id: UUID
    probability: float
    reasons: list[str] = json_field(list)
    evidence: dict[str, Any] = json_field()
    state: ProposalState = enum_field(ProposalState, ProposalState.WAITING)
    decided_by: str = Field(default="", max_length=100)
    decided_at: datetime | None = None
    created_at: datetime
