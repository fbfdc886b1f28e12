"""Deals, customers, their usage, and the plays, tasks and alerts that follow from it; the local CRM book."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class DealStage(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Deal(WorkspaceRow, table=True):
    __tablename__ = "deal"
    __table_args__ = (refers("company_id", "company"), unique("lead_id"), index("stage"))

    company_id: UUID
    lead_id: UUID
    stage: DealStage = enum_field(DealStage, DealStage.OPEN)
    amount_minor: int = Field(default=0, sa_type=sa.BigInteger)
    currency: str = Field(default="", max_length=3)
    created_at: datetime
    closed_at: datetime | None = None


class CustomerState(StrEnum):
    ACTIVE = "active"
    CHURNED = "churned"


class Customer(WorkspaceRow, table=True):
    """A company with a contract."""

    __tablename__ = "customer"
    __table_args__ = (refers("company_id", "company"), unique("company_id"), index("state"))

    company_id: UUID
    contact_id: UUID | None = None  # whom the CSM writes to
    deal_id: UUID | None = None
    state: CustomerState = enum_field(CustomerState, CustomerState.ACTIVE)
    stage: str = Field(default="new", max_length=16)  # new, healthy, watch, at_risk: the newest assessment
    started_on: date
    renews_on: date | None = None
    mrr_minor: int = Field(default=0, sa_type=sa.BigInteger)
    currency: str = Field(default="", max_length=3)
    csm_user_id: UUID | None = None
    assessed_on: date | None = None
    churned_on: date | None = None
    created_at: datetime


class UsageMetric(WorkspaceRow, table=True):
    """One metric of one customer on one day. `id` is the customer's id."""

    __tablename__ = "usage_metric"

    metric: str = Field(primary_key=True, max_length=64)
    day: date = Field(primary_key=True)
    value: float
    source: str = Field(default="", max_length=200)


class Playbook(WorkspaceRow, table=True):
    """A version of a playbook; immutable."""

    __tablename__ = "playbook"
    __table_args__ = (unique("name", "number"),)

    name: str = Field(max_length=100)
    number: int
    definition: dict[str, Any] = json_field()
    created_at: datetime


class PlayState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class Play(WorkspaceRow, table=True):
    """One execution of a playbook for a customer."""

    __tablename__ = "play"
    __table_args__ = (
        refers("customer_id", "customer"),
        refers("playbook_id", "playbook"),
        index("customer_id", "state"),
    )

    customer_id: UUID
    playbook_id: UUID
    state: PlayState = enum_field(PlayState, PlayState.RUNNING)
    reason: str = text_field()
    risk_at_start: float | None = None
    started_at: datetime
    finished_at: datetime | None = None


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class Task(WorkspaceRow, table=True):
    """Something a person does: a LinkedIn note, a call, a step of a play, an outbox item with an unknown outcome."""

    __tablename__ = "task"
    __table_args__ = (unique("source_key"), index("state", "due_at"), index("subject_id"))

    source_key: str = Field(max_length=200)
    subject_kind: str = Field(max_length=16)
    subject_id: UUID
    play_id: UUID | None = None
    kind: str = Field(max_length=32)
    title: str = Field(max_length=300)
    script_sealed: str | None = text_field(None)
    assignee_id: UUID | None = None
    state: TaskState = enum_field(TaskState, TaskState.OPEN)
    due_at: datetime
    done_at: datetime | None = None
    outcome: str = text_field()
    result: str = Field(default="", max_length=32)  # agents.task_outcomes.TaskResult; empty: done, and no more was said
    created_at: datetime


class Alert(WorkspaceRow, table=True):
    __tablename__ = "alert"
    __table_args__ = (unique("source_key"), index("created_at"))

    source_key: str = Field(max_length=200)
    subject_kind: str = Field(max_length=16)
    subject_id: UUID
    level: str = Field(max_length=16)  # info, warning, critical
    text: str = text_field(...)
    created_at: datetime
    seen_at: datetime | None = None


class CrmActivityRow(WorkspaceRow, table=True):
    """The local CRM book: every step, once. Written by the provider `book`, exported as CSV."""

    __tablename__ = "crm_activity"
    __table_args__ = (unique("key"), index("record_id", "occurred_at"))

    key: str = Field(max_length=200)
    record_kind: str = Field(max_length=16)
    record_id: UUID
    kind: str = Field(max_length=32)
    summary_sealed: str | None = text_field(None)
    fields: dict[str, Any] = json_field()
    occurred_at: datetime
    written_at: datetime


class CrmLink(WorkspaceRow, table=True):
    """Which record of a CRM stands for one of ours."""

    __tablename__ = "crm_link"
    __table_args__ = (unique("provider", "local_id"),)

    provider: str = Field(max_length=32)
    local_kind: str = Field(max_length=16)
    local_id: UUID
    remote_id: str = Field(max_length=200)
    created_at: datetime
