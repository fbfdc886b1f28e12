"""Pools: people who share out the meetings of some leads, and the ledger that says how fairly."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class Pool(WorkspaceRow, table=True):
    """At most one of a workspace is `everyone`'s: it takes the leads of every ICP that has no pool of its own."""

    __tablename__ = "pool"
    __table_args__ = (
        unique("name"),
        sa.Index(
            "uq_pool_everyone",
            "workspace_id",
            unique=True,
            sqlite_where=sa.text("everyone"),
            postgresql_where=sa.text("everyone"),
        ),
    )

    name: str = Field(max_length=100)
    active: bool = True
    everyone: bool = False
    minutes: int | None = None  # of its meetings; None: as the policy says
    ownership: str = Field(default="prefer", max_length=16)  # tools.calendar.rotation.Ownership
    owner_counts: bool = True  # whether what goes to an owner is paid from the owner's share
    no_show_counts: bool = True  # off: a meeting to which they did not come is given back
    needs: list[dict[str, Any]] = json_field(list)  # agents.booking.pool_needs.Need
    created_by: str = Field(default="", max_length=100)
    created_at: datetime
    updated_at: datetime


class PoolMember(WorkspaceRow, table=True):
    """Who left keeps the row: the ledger speaks of them."""

    __tablename__ = "pool_member"
    __table_args__ = (
        refers("pool_id", "pool", ondelete="CASCADE"),
        refers("user_id", "user_account", ondelete="CASCADE"),
        unique("pool_id", "user_id"),
        index("user_id"),
    )

    pool_id: UUID
    user_id: UUID
    weight: int = 1  # of the meetings, against the others'
    skills: list[str] = json_field(list)
    active: bool = True  # off: paused, gets only what is theirs as an owner
    joined_at: datetime
    left_at: datetime | None = None


class PoolUse(WorkspaceRow, table=True):
    """The pool that takes the leads of an ICP. `id` is the ICP's, so an ICP has one."""

    __tablename__ = "pool_use"
    __table_args__ = (
        refers("id", "icp", ondelete="CASCADE"),
        refers("pool_id", "pool", ondelete="CASCADE"),
        index("pool_id"),
    )

    pool_id: UUID


class EntryKind(StrEnum):
    ASSIGNED = "assigned"
    GIVEN_BACK = "given_back"  # undoes the assignment of the same meeting and turn
    LEFT = "left"  # a member left: what was owed to them goes to the others


class PoolEntry(WorkspaceRow, table=True):
    """One member's part of one change of the ledger. Rows are only added; those of one change sum to zero.

    The id is made of the meeting, its turn, the member and the kind: nothing is assigned or given back twice.
    """

    __tablename__ = "pool_entry"
    __table_args__ = (
        refers("pool_id", "pool"),
        index("pool_id", "user_id"),
        index("meeting_id"),
    )

    pool_id: UUID
    user_id: UUID
    meeting_id: UUID | None = None  # None: of no meeting
    turn: int = 0  # of the meeting's reps
    kind: EntryKind = enum_field(EntryKind)
    change: int = Field(
        sa_type=sa.BigInteger
    )  # parts of a meeting, tools.calendar.rotation.UNIT to one; > 0: owed more
    reason: str = text_field()
    at: datetime
