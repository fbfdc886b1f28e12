"""The mails to come of sequences that run or pause, with what the rules before a mail ask about: one row a touch."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from store.models import (
    Approval,
    ApprovalState,
    Company,
    Contact,
    Draft,
    DraftState,
    Enrollment,
    EnrollmentState,
    Lead,
    LeadStage,
    OutboxItem,
    OutboxState,
    Suppression,
    Touch,
    TouchState,
)

_MAIL = "mail"
_OPEN = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)
_RUNNING = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


@dataclass(frozen=True, slots=True)
class PlannedTouch:
    id: UUID
    enrollment_id: UUID
    lead_id: UUID
    mailbox_id: UUID
    number: int  # among all touches of its sequence, from 1
    state: str  # planned, drafted, queued
    due_at: datetime
    paused: bool
    pause_reason: str
    resume_at: datetime | None
    country: str
    time_zone: str
    email_status: str
    has_address: bool
    legal_basis: str
    proven: bool  # the basis has its evidence
    suppressed: bool  # this very address
    excluded: bool  # the company's domain
    first_mail: bool  # nothing was sent to them yet
    behind: bool = False  # an earlier mail of the sequence is still to come
    problems: bool = False  # the gate holds its draft
    not_before: datetime | None = None  # of the approved mail in the outbox
    put_off_reason: str = ""


def of_workspace(session: Session) -> list[PlannedTouch]:
    """In the order of sequence and number; three statements, whatever their number."""
    found: list[PlannedTouch] = []
    problems, queued = _drafts_with_problems(session), _queued(session)
    last: UUID | None = None
    for row in session.execute(_touches()):
        touch = PlannedTouch(*row)
        behind, last = touch.enrollment_id == last, touch.enrollment_id
        mail = queued.get(touch.id)
        if behind or mail is not None or touch.id in problems:
            not_before, reason = mail or (None, "")
            touch = replace(
                touch, behind=behind, problems=touch.id in problems, not_before=not_before, put_off_reason=reason
            )
        found.append(touch)
    return found


def _touches() -> Any:
    suppressed = (
        sa.select(sa.literal(1))
        .where(
            col(Suppression.workspace_id) == col(Contact.workspace_id),
            col(Suppression.kind) == "address",
            col(Suppression.key_index) == col(Contact.email_index),
        )
        .exists()
    )
    sent = (
        sa.select(sa.literal(1))
        .where(
            col(Draft.workspace_id) == col(Touch.workspace_id),
            col(Draft.lead_id) == col(Touch.lead_id),
            col(Draft.state) == DraftState.SENT,
        )
        .exists()
    )
    return (
        sa.select(
            col(Touch.id),
            col(Touch.enrollment_id),
            col(Touch.lead_id),
            col(Enrollment.mailbox_id),
            col(Touch.number),
            sa.cast(col(Touch.state), sa.String),
            col(Touch.due_at),
            col(Enrollment.state) == EnrollmentState.PAUSED,
            col(Enrollment.stop_reason),
            col(Enrollment.resume_at),
            col(Contact.country),
            col(Contact.time_zone),
            col(Contact.email_status),
            col(Contact.email_sealed).is_not(None),
            col(Contact.legal_basis),
            sa.func.trim(col(Contact.legal_basis_evidence)) != sa.literal_column("''"),
            suppressed,
            col(Company.excluded_at).is_not(None),
            ~sent,
        )
        .select_from(Touch)
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .join(Lead, col(Lead.id) == col(Touch.lead_id))
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .join(Company, col(Company.id) == col(Lead.company_id))
        .where(
            col(Touch.channel) == _MAIL,
            col(Touch.state).in_(_OPEN),
            col(Enrollment.state).in_(_RUNNING),
            col(Lead.stage) == LeadStage.IN_SEQUENCE,
        )
        .order_by(col(Touch.enrollment_id), col(Touch.number))
    )


def _drafts_with_problems(session: Session) -> set[UUID]:
    query = sa.select(col(Draft.touch_id)).where(
        col(Draft.state) == DraftState.PENDING,
        col(Draft.touch_id).is_not(None),
        sa.cast(col(Draft.problems), sa.Text) != sa.literal_column("'[]'"),
    )
    return set(session.execute(query).scalars())


def _queued(session: Session) -> dict[UUID, tuple[datetime, str]]:
    query = (
        sa.select(col(Draft.touch_id), col(OutboxItem.not_before), col(OutboxItem.state_reason))
        .select_from(OutboxItem)
        .join(Draft, col(Draft.id) == col(OutboxItem.draft_id))
        .where(
            col(OutboxItem.kind) == _MAIL,
            col(OutboxItem.state) == OutboxState.READY,
            col(Draft.touch_id).is_not(None),
        )
    )
    return {touch: (at, reason) for touch, at, reason in session.execute(query)}


def decided_by_people_since(session: Session, since: datetime) -> int:
    """Drafts that people approved or rejected; a policy's own word is not counted."""
    query = sa.select(sa.func.count()).where(
        col(Approval.state).in_([ApprovalState.APPROVED, ApprovalState.REJECTED]),
        col(Approval.decided_at) >= since,
        ~col(Approval.decided_by).startswith("policy:"),
    )
    return int(session.execute(query).scalar_one())
