"""What agents chose and why, what wakes a thread, who holds it, the audit chain, and money spent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, text_field, unique


class Decision(WorkspaceRow, table=True):
    """What an agent or the supervisor chose, why, from which inputs. Written once (its id is of its content)."""

    __tablename__ = "decision"
    __table_args__ = (index("subject_id", "at"), index("run_id"))

    subject_kind: str = Field(max_length=16)
    subject_id: UUID
    run_id: UUID | None = None
    actor: str = Field(max_length=32)  # supervisor, or an agent's name
    stage: str = Field(max_length=32)
    trigger: str = Field(max_length=32)
    choice: str = Field(max_length=64)
    reason: str = text_field(...)
    inputs: dict[str, Any] = json_field()  # ids, numbers, enums: nothing personal
    at: datetime


class ThreadTrigger(WorkspaceRow, table=True):
    """Why a thread must move: a run step, an inbound event, a timer, a person. Done once, in the order of `due_at`."""

    __tablename__ = "thread_trigger"
    __table_args__ = (
        unique("key"),
        index("due_at", where="done_at IS NULL"),
        index("subject_id", where="done_at IS NULL"),
    )

    key: str = Field(max_length=200)  # the same event twice is one row
    subject_kind: str = Field(max_length=16)  # run, cohort, lead, customer
    subject_id: UUID
    kind: str = Field(max_length=32)  # graphs.routing.Trigger
    payload: dict[str, Any] = json_field()  # ids
    due_at: datetime
    attempts: int = 0
    last_error: str = text_field()
    done_at: datetime | None = None
    created_at: datetime


class ThreadLock(WorkspaceRow, table=True):
    """Who advances a thread now. `id` is the subject's id. LangGraph itself locks nothing."""

    __tablename__ = "thread_lock"

    owner: str = Field(max_length=64)
    token: int
    lease_until: datetime


class WorkerPulse(WorkspaceRow, table=True):
    """When a worker last looked for what is due. `id` is the workspace's id: whichever worker it was."""

    __tablename__ = "worker_pulse"

    worker: str = Field(max_length=64)
    seen_at: datetime


class AuditEntry(WorkspaceRow, table=True):
    """A link of the workspace's chain: hash = SHA-256(previous hash ‖ canonical JSON). No personal data in clear."""

    __tablename__ = "audit_entry"
    __table_args__ = (unique("seq"), index("subject_id", "seq"), index("actor", "seq"))

    seq: int = Field(sa_type=sa.BigInteger)  # 1-based, without gaps
    at: datetime
    actor: str = Field(max_length=100)
    action: str = Field(max_length=64)
    subject_kind: str = Field(max_length=16)
    subject_id: str = Field(max_length=64)
    details: dict[str, Any] = json_field()
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class Budget(WorkspaceRow, table=True):
    """A ceiling. `reserved` and `spent` move in one atomic UPDATE; reserved + spent never passes `limit`."""

    __tablename__ = "budget"
    __table_args__ = (
        unique("scope"),
        sa.CheckConstraint("limit_micros >= 0 AND reserved_micros >= 0 AND spent_micros >= 0", name="not_negative"),
    )

    scope: str = Field(max_length=100)  # "workspace:2026-11", "run:<id>"
    limit_micros: int = Field(sa_type=sa.BigInteger)
    reserved_micros: int = Field(default=0, sa_type=sa.BigInteger)
    spent_micros: int = Field(default=0, sa_type=sa.BigInteger)
    created_at: datetime


class SpendState(StrEnum):
    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"


class SpendEntry(WorkspaceRow, table=True):
    """One metered call: what it was for, what it cost, how long it took and how it ended."""

    __tablename__ = "spend_entry"
    __table_args__ = (index("budget_id", "state"), index("provider", "created_at"), index("run_id"))

    budget_id: UUID
    run_id: UUID | None = None
    provider: str = Field(max_length=64)
    purpose: str = Field(max_length=64)
    state: SpendState = enum_field(SpendState, SpendState.RESERVED)
    reserved_micros: int = Field(sa_type=sa.BigInteger)
    cost_micros: int = Field(default=0, sa_type=sa.BigInteger)
    latency_ms: int | None = None
    outcome: str = Field(default="", max_length=32)
    created_at: datetime
    settled_at: datetime | None = None
