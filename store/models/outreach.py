"""Sequences in progress, drafts with their claims, approvals, the outbox and what was said."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class EnrollmentState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Enrollment(WorkspaceRow, table=True):
    __tablename__ = "enrollment"
    __table_args__ = (
        refers("lead_id", "lead", ondelete="CASCADE"),
        unique("lead_id"),
        index("state"),
        index("mailbox_id", "state"),
        index("sequence", "version", "state"),
    )

    lead_id: UUID
    sequence: str = Field(max_length=64)  # scoring.sequence: the spec's name
    version: int = 1  # of the sequence; stays until a person moves the lead to another
    mailbox_id: UUID
    state: EnrollmentState = enum_field(EnrollmentState, EnrollmentState.ACTIVE)
    stop_reason: str = text_field()
    resume_at: datetime | None = None
    # A lead that comes in again has its earlier touches before the new ones: step = number − steps_before.
    steps_before: int = 0
    entered_at: datetime | None = None  # of the newest entry, where it is not the first
    created_at: datetime


class TouchState(StrEnum):
    PLANNED = "planned"
    DRAFTED = "drafted"  # waits for a person
    QUEUED = "queued"  # approved: in the outbox
    DONE = "done"
    BLOCKED = "blocked"  # block_reason says by which rule
    CANCELLED = "cancelled"
    SKIPPED = "skipped"  # its condition did not hold, or nothing it could be done by is known; the sequence went on


class Touch(WorkspaceRow, table=True):
    """One planned step of an enrollment."""

    __tablename__ = "touch"
    __table_args__ = (
        refers("enrollment_id", "enrollment", ondelete="CASCADE"),
        unique("enrollment_id", "number"),
        index("due_at", where="state = 'planned'"),
        index("lead_id", "done_at"),
    )

    enrollment_id: UUID
    lead_id: UUID
    number: int  # 1-based, also over several entries
    channel: str = Field(max_length=16)  # mail, linkedin, phone
    due_at: datetime
    state: TouchState = enum_field(TouchState, TouchState.PLANNED)
    block_reason: str = text_field()
    done_at: datetime | None = None


class DraftState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"  # edited: another draft stands in its place
    VOID = "void"  # a reply, opt-out, bounce or stage change overtook it
    SENT = "sent"


class Draft(WorkspaceRow, table=True):
    """Immutable words: an edit makes another draft and replaces this one. The hash is what an approval binds."""

    __tablename__ = "draft"
    __table_args__ = (
        index("lead_id", "created_at"),
        index("contact_id", "created_at"),
        index("state", "created_at"),
        unique("thread_key", "version"),
        index("variant_test_id", "state", where="variant_test_id IS NOT NULL"),
    )

    thread_key: str = Field(max_length=100)  # what it answers: "touch:<id>", "reply:<message id>", "play:<task id>"
    version: int = 1
    kind: str = Field(max_length=32)  # first_mail, follow_up, meeting_proposal, reply, intervention
    touch_id: UUID | None = None
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID
    mailbox_id: UUID
    meeting_id: UUID | None = None
    recipient_sealed: str | None = text_field(None)
    subject_sealed: str | None = text_field(None)
    body_sealed: str | None = text_field(None)
    in_reply_to: str = Field(default="", max_length=998)
    references: str = text_field()
    links: list[str] = json_field(list)
    sentences: list[dict[str, Any]] = json_field(list)  # [{field, start, end, written_by}]: no words of it
    problems: list[dict[str, Any]] = json_field(list)  # the gate's codes and spans; empty: it passed
    fallback_reason: str = text_field()
    template: str = Field(default="", max_length=100)  # "first_mail/hiring@1"; of a variant "first_mail/hiring~2"
    # The test that it is part of, and the arm that its company drew: also where the variant's words did not pass here.
    variant_test_id: UUID | None = None
    variant_arm: str = Field(default="", max_length=8)  # scoring.variant_test.Arm
    rule_ids: list[str] = json_field(list)  # store.models.writing.EditRule: what changed its words
    policy_number: int
    content_hash: str = Field(max_length=64)
    message_id: str = Field(max_length=255)
    state: DraftState = enum_field(DraftState, DraftState.PENDING)
    created_by: str = Field(default="agent", max_length=100)
    created_at: datetime


class ClaimRow(WorkspaceRow, table=True):
    """A span of a draft with the fact ids behind it. Offsets are in characters of the opened text."""

    __tablename__ = "claim"
    __table_args__ = (refers("draft_id", "draft", ondelete="CASCADE"), index("draft_id"))

    draft_id: UUID
    field: str = Field(max_length=16)  # subject, body
    start: int
    end: int
    fact_ids: list[str] = json_field(list)


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"


class Approval(WorkspaceRow, table=True):
    """A person's (or a policy's) word on one draft, bound to its hash."""

    __tablename__ = "approval"
    __table_args__ = (
        refers("draft_id", "draft", ondelete="CASCADE"),
        unique("draft_id"),
        index("state", "created_at"),
        index("lead_id"),
        index("state", "expected_minor", "due_at"),
        index("decided_at", where="state IN ('approved', 'rejected') AND resumed_at IS NULL"),
    )

    draft_id: UUID
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    content_hash: str = Field(max_length=64)
    state: ApprovalState = enum_field(ApprovalState, ApprovalState.PENDING)
    decided_by: str = Field(default="", max_length=100)  # "user:<id>", "key:<id>", "policy:<number>"
    decided_at: datetime | None = None
    reason: str = text_field()
    resumed_at: datetime | None = None  # when its thread went on
    # For the queue's order, as they were when the draft was made: what the mail may bring (scoring.worth), and when it
    # should leave.
    expected_minor: int = Field(default=0, sa_type=sa.BigInteger)
    due_at: datetime | None = None
    created_at: datetime


class OutboxState(StrEnum):
    READY = "ready"
    SENDING = "sending"  # leased
    SENT = "sent"
    UNKNOWN = "unknown"  # a person decides
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OutboxItem(WorkspaceRow, table=True):
    """One intended external effect. Only workers.dispatcher carries it out.

    States: ready → sending → sent | unknown | failed | ready (deferred); ready → cancelled | expired.
    """

    __tablename__ = "outbox_item"
    __table_args__ = (
        unique("key"),
        index("not_before", where="state = 'ready'"),
        index("lease_until", where="state = 'sending'"),
        index("mailbox_id", "sent_at"),
        index("telephony_account_id", "started_at", where="telephony_account_id IS NOT NULL"),
        index("contact_id", "state"),
        index("subject_id"),
        index("state"),
    )

    key: str = Field(max_length=200)  # deterministic: kind:subject:step:version
    kind: str = Field(max_length=32)  # mail, text, call, crm
    subject_kind: str = Field(max_length=16)
    subject_id: UUID
    draft_id: UUID | None = None
    approval_id: UUID | None = None
    contact_id: UUID | None = None
    mailbox_id: UUID | None = None
    telephony_account_id: UUID | None = None  # of texts and calls
    payload: dict[str, Any] = json_field()  # no personal data
    payload_sealed: str | None = text_field(None)
    message_id: str = Field(default="", max_length=255)
    mime_sealed: str | None = text_field(None)  # frozen before the first byte leaves
    mime_sha256: str = Field(default="", max_length=64)
    state: OutboxState = enum_field(OutboxState, OutboxState.READY)
    state_reason: str = text_field()
    not_before: datetime
    expires_at: datetime | None = None
    attempts: int = 0
    lease_owner: str = Field(default="", max_length=64)
    lease_until: datetime | None = None
    lease_token: int = 0  # fencing: a worker that lost its lease cannot complete
    started_at: datetime | None = None  # from here on it may have left; None while leased: nothing of it has
    taken_at: datetime | None = None  # the server said yes; what follows from it is written with others, a little later
    sent_at: datetime | None = None
    created_at: datetime


class Message(WorkspaceRow, table=True):
    """What was sent or received. Inbound text is tainted."""

    __tablename__ = "message"
    __table_args__ = (
        index("lead_id", "at"),
        index("contact_id", "at"),
        index("mailbox_id", "at"),
        index("message_id"),
        index("provider_message_id"),
        index("wire_message_id"),
        index("sender_index", "at"),
        sa.Index("uq_message_source", "workspace_id", "source_key", unique=True),
    )

    direction: str = Field(max_length=8)  # out, in
    source_key: str = Field(max_length=200)  # outbox:<id> or inbox:<mailbox>:<hash>: the same mail is one row
    mailbox_id: UUID | None = None
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    draft_id: UUID | None = None
    message_id: str = Field(default="", max_length=255)
    provider_message_id: str = Field(default="", max_length=255)  # the sending service's name for it; its events use it
    wire_message_id: str = Field(default="", max_length=255)  # what recipients see, where the service writes its own
    sender_index: str = Field(default="", max_length=64)  # inbound: keyed hash of the writer's address
    in_reply_to: str = Field(default="", max_length=255)
    subject_sealed: str | None = text_field(None)
    body_sealed: str | None = text_field(None)
    kind: str = Field(default="", max_length=32)  # inbound: reply, bounce, auto_reply, complaint …
    reading: dict[str, Any] = json_field()  # enums, dates and spans; quotes of it stay in the sealed body
    at: datetime


class EngagementEvent(WorkspaceRow, table=True):
    """A raw hit, who it was (human, machine, unknown) and the rule that said so."""

    __tablename__ = "engagement_event"
    __table_args__ = (index("contact_id", "occurred_at"), unique("source_key"))

    contact_id: UUID
    lead_id: UUID | None = None
    message_id: UUID | None = None
    kind: str = Field(
        max_length=32
    )  # delivered, open, click, reply, bounce, complaint, opt_out, booking, meeting_held …
    actor: str = Field(max_length=8)  # human, machine, unknown
    rule: str = Field(max_length=100)
    source_key: str = Field(max_length=200)
    raw: dict[str, Any] = json_field()
    occurred_at: datetime


class Suppression(WorkspaceRow, table=True):
    """Never written to again. Survives erasure: only a keyed hash of the address, domain or company is kept."""

    __tablename__ = "suppression"
    __table_args__ = (unique("kind", "key_index"),)

    kind: str = Field(max_length=16)  # address, domain, person, company, sha256, number
    key_index: str = Field(max_length=64)
    reason: str = Field(max_length=64)  # opt_out, complaint, hard_bounce, objection, manual
    source: str = Field(default="", max_length=100)
    created_at: datetime
