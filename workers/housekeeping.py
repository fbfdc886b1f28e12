"""What time alone does: people's days begin, holds and approvals run out, pauses end. Set-based, safe to repeat."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.errors import NotFound
from store import audit, ledger
from store.models import (
    Approval,
    ApprovalState,
    CalendarBucket,
    Customer,
    CustomerState,
    Draft,
    Enrollment,
    EnrollmentState,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    Touch,
    TouchState,
)
from store.queries import approvals, triggers, workspaces
from store.queries.triggers import NewTrigger

_BATCH = 500


def keep_house(context: AgentContext) -> int:
    """All of it, for one workspace. Returns how many things changed."""
    with context.database.write(context.workspace_id) as session:
        changed = _wake_customers(session, context) + _resume_enrollments(session, context.clock.now())
        changed += _release_holds(session, context.clock.now())
        changed += ledger.expire(session, context.clock)
    return changed + _expire_approvals(context)


def anchor_audit(context: AgentContext, key: bytes, path: Path) -> int:
    """Signs the chain's head into a file outside the database. Returns its seq."""
    with context.database.read(context.workspace_id) as session:
        head = audit.head(session, key)
    audit.anchor(path, head, context.clock.now())
    return head.seq


def _wake_customers(session: Session, context: AgentContext) -> int:
    """A DAILY trigger for each active customer, once on each day of the workspace's calendar."""
    try:
        zone = ZoneInfo(workspaces.get(session, context.workspace_id).time_zone)
    except (NotFound, ValueError, OSError):
        zone = ZoneInfo("UTC")
    now = context.clock.now()
    today = now.astimezone(zone).date()
    query = select(Customer.id).where(Customer.state == CustomerState.ACTIVE).order_by(col(Customer.id))
    found = [
        NewTrigger("customer", customer_id, "daily", f"daily:{customer_id}:{today}", now, {"day": today.isoformat()})
        for customer_id in session.exec(query)
    ]
    return triggers.add_triggers(session, context.clock, found)


def _resume_enrollments(session: Session, now: datetime) -> int:
    """Pauses with an end: an absence, "write again in March"."""
    resumed = session.execute(
        sa.update(Enrollment)
        .where(
            col(Enrollment.state) == EnrollmentState.PAUSED,
            col(Enrollment.resume_at).is_not(None),
            col(Enrollment.resume_at) <= now,
        )
        .values(state=EnrollmentState.ACTIVE, resume_at=None, stop_reason="")
        .returning(col(Enrollment.id))
        .execution_options(synchronize_session=False)
    )
    return len(resumed.all())


def _release_holds(session: Session, now: datetime) -> int:
    """Times that nobody picked are free again; a proposal without any left has expired."""
    released = list(
        session.execute(
            sa.update(Hold)
            .where(col(Hold.state) == HoldState.HELD, col(Hold.expires_at) <= now)
            .values(state=HoldState.RELEASED)
            .returning(col(Hold.id), col(Hold.meeting_id))
            .execution_options(synchronize_session=False)
        )
    )
    if not released:
        return 0
    hold_ids = [row.id for row in released]
    session.execute(
        sa.delete(CalendarBucket)
        .where(col(CalendarBucket.hold_id).in_(hold_ids))
        .execution_options(synchronize_session=False)
    )
    still_held = sa.select(col(Hold.meeting_id)).where(col(Hold.state) == HoldState.HELD)
    session.execute(
        sa.update(Meeting)
        .where(
            col(Meeting.id).in_({row.meeting_id for row in released}),
            col(Meeting.state) == MeetingState.PROPOSED,
            col(Meeting.id).not_in(still_held),
        )
        .values(state=MeetingState.EXPIRED)
        .execution_options(synchronize_session=False)
    )
    return len(released)


def _expire_approvals(context: AgentContext) -> int:
    """Drafts that nobody decided on in time: their facts have aged. The sequence pauses, visibly, and a person resumes
    it; what is due then is drafted from fresh facts."""
    hours = context.settings.approval_ttl_hours
    now = context.clock.now()
    reason = f"Nobody decided on a draft within {hours} hours."
    with context.database.write(context.workspace_id) as session:
        query = (
            select(Approval.draft_id)
            .where(Approval.state == ApprovalState.PENDING, Approval.created_at <= now - timedelta(hours=hours))
            .order_by(col(Approval.created_at), col(Approval.id))
            .limit(_BATCH)
        )
        draft_ids = list(session.exec(query))
        for draft_id in draft_ids:
            draft = session.get(Draft, (context.workspace_id, draft_id))
            touch = session.get(Touch, (context.workspace_id, draft.touch_id)) if draft and draft.touch_id else None
            if touch is not None:
                touch.due_at = now  # a due time of its own: it wakes the thread again once the sequence goes on
                session.add(touch)
                enrollment = session.get(Enrollment, (context.workspace_id, touch.enrollment_id))
                if enrollment is not None and enrollment.state is EnrollmentState.ACTIVE:
                    enrollment.state, enrollment.stop_reason = EnrollmentState.PAUSED, reason
                    session.add(enrollment)
            approvals.void_draft(
                session,
                context.clock,
                context.ids,
                draft_id,
                reason,
                actor="system",
                touch_state=TouchState.PLANNED,
            )
    return len(draft_ids)
