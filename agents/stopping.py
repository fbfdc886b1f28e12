"""What ends or delays a lead's sequence, and what that takes back. Each runs in the transaction of its cause."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.policy import load_policy
from agents.sequences.resuming import resume_after
from store import feed
from store.feed_kinds import Kind
from store.models import (
    CalendarBucket,
    Enrollment,
    EnrollmentState,
    Hold,
    HoldState,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
)
from store.queries import approvals, outbox, pools

FINAL = (LeadStage.WON, LeadStage.LOST, LeadStage.STOPPED)
_OPEN = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


def stop_sequence(session: Session, lead_id: UUID, reason: str) -> None:
    """No further step: the enrollment stops, its planned touches are cancelled."""
    stop_sequences(session, [lead_id], reason)


def stop_sequences(session: Session, lead_ids: Sequence[UUID], reason: str) -> None:
    session.execute(
        sa.update(Enrollment)
        .where(col(Enrollment.lead_id).in_(lead_ids), col(Enrollment.state).in_(_OPEN))
        .values(state=EnrollmentState.STOPPED, stop_reason=reason, resume_at=None)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        sa.update(Touch)
        .where(
            col(Touch.enrollment_id).in_(sa.select(col(Enrollment.id)).where(col(Enrollment.lead_id).in_(lead_ids))),
            col(Touch.state) == TouchState.PLANNED,
        )
        .values(state=TouchState.CANCELLED, block_reason=reason)
        .execution_options(synchronize_session="fetch")
    )


def stop_lead(session: Session, context: AgentContext, lead: Lead, stage: LeadStage, reason: str) -> None:
    """The lead ends in `stage` (LOST or STOPPED), with its sequence, its drafts and the times proposed to it.

    One that has ended keeps its stage and reason; what is still open of it is taken back all the same.
    """
    if lead.stage not in FINAL:
        feed.publish(session, context.clock, [feed.lead_moved(lead, stage)])
        lead.stage, lead.stop_reason, lead.updated_at = stage, reason, context.clock.now()
        session.add(lead)
    stop_sequence(session, lead.id, reason)
    approvals.void_for_lead(session, context.clock, context.ids, lead.id, reason)
    release_proposals(session, context, [lead.id])


def release_proposals(session: Session, context: AgentContext, lead_ids: Sequence[UUID]) -> None:
    """Times proposed to these leads and not picked are free again; the proposals are cancelled."""
    open_meetings = session.exec(
        select(Meeting.id).where(col(Meeting.lead_id).in_(lead_ids), Meeting.state == MeetingState.PROPOSED)
    ).all()
    if not open_meetings:
        return
    free_holds(session, open_meetings)
    pools.give_back(session, context.clock.now(), open_meetings, "None of the proposed times was booked.")
    session.execute(
        sa.update(Meeting)
        .where(col(Meeting.id).in_(open_meetings), col(Meeting.state) == MeetingState.PROPOSED)
        .values(state=MeetingState.CANCELLED)
        .execution_options(synchronize_session="fetch")
    )
    rows = session.exec(select(Meeting).where(col(Meeting.id).in_(open_meetings)).order_by(col(Meeting.id)))
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_CANCELLED, row) for row in rows])


def free_holds(session: Session, meeting_ids: Sequence[UUID]) -> None:
    """Releases what is still only held, with its quarter hours."""
    released = session.execute(
        sa.update(Hold)
        .where(col(Hold.meeting_id).in_(meeting_ids), col(Hold.state) == HoldState.HELD)
        .values(state=HoldState.RELEASED)
        .returning(col(Hold.id))
        .execution_options(synchronize_session="fetch")
    ).all()
    session.execute(
        sa.delete(CalendarBucket)
        .where(col(CalendarBucket.hold_id).in_([row.id for row in released]))
        .execution_options(synchronize_session=False)
    )


def cancel_mails_without_draft(session: Session, contact_id: UUID, reason: str) -> int:
    """Invitations, texts and calls that have not left. Those of drafts are cancelled with their drafts."""
    return cancel_mails_without_draft_of(session, [contact_id], reason)


def cancel_mails_without_draft_of(session: Session, contact_ids: Sequence[UUID], reason: str) -> int:
    cancelled = session.execute(
        sa.update(OutboxItem)
        .where(
            col(OutboxItem.contact_id).in_(contact_ids),
            col(OutboxItem.kind).in_((outbox.MAIL, *outbox.BY_PHONE)),
            col(OutboxItem.state) == OutboxState.READY,
        )
        .values(state=OutboxState.CANCELLED, state_reason=reason)
        .returning(col(OutboxItem.id))
        .execution_options(synchronize_session="fetch")
    )
    return len(cancelled.all())


def wait_until(session: Session, context: AgentContext, lead: Lead, until: datetime, reason: str) -> bool:
    """The sequence pauses until then; its next planned step leaves no sooner, the gaps behind it stay as they were.

    False where nothing is planned any more. A second call with the same instant changes nothing.
    """
    approvals.void_for_lead(session, context.clock, context.ids, lead.id, reason, touch_state=TouchState.PLANNED)
    session.flush()
    planned = list(
        session.exec(
            select(Touch)
            .where(Touch.lead_id == lead.id, Touch.state == TouchState.PLANNED)
            .order_by(col(Touch.number))
            .execution_options(populate_existing=True)
        )
    )
    enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).first()
    if not planned or enrollment is None or enrollment.state not in _OPEN:
        return False
    delay = max(until - planned[0].due_at, timedelta(0))
    for touch in planned:
        touch.due_at += delay
    paused_by_other = enrollment.state is EnrollmentState.PAUSED and enrollment.resume_at is None
    if not paused_by_other and until > context.clock.now():
        enrollment.state, enrollment.resume_at, enrollment.stop_reason = EnrollmentState.PAUSED, until, reason
    session.add_all([*planned, enrollment])
    return True


def pause_colleagues(
    session: Session, context: AgentContext, lead: Lead, reason: str, *, with_lead: bool = False
) -> int:
    """Nobody else at the company is written to while one of them talks with us: until a person resumes them, or by
    policy for some business days. `with_lead`: nor the lead's own contact. Returns how many were paused."""
    colleagues = session.exec(
        select(Enrollment)
        .join(
            Lead, (col(Lead.workspace_id) == col(Enrollment.workspace_id)) & (col(Lead.id) == col(Enrollment.lead_id))
        )
        .where(
            Lead.company_id == lead.company_id,
            sa.true() if with_lead else Lead.id != lead.id,
            Enrollment.state == EnrollmentState.ACTIVE,
        )
        .order_by(col(Enrollment.id))
    ).all()
    resume_at = resume_after(session, context, load_policy(session).resume_after_colleague_days)
    for enrollment in colleagues:
        enrollment.state, enrollment.stop_reason, enrollment.resume_at = EnrollmentState.PAUSED, reason, resume_at
        session.add(enrollment)
        approvals.void_for_lead(
            session, context.clock, context.ids, enrollment.lead_id, reason, touch_state=TouchState.PLANNED
        )
    return len(colleagues)
