"""What time alone does: people's days begin, holds and approvals run out, pauses end. Set-based, safe to repeat."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import hits, mail_domains
from agents.attention import add_task
from agents.brakes import look_at_all
from agents.context import AgentContext
from agents.policy import load_policy
from agents.sequences.resuming import resume_after
from agents.uploads import forget_old
from core.errors import NotFound
from store import audit, feed, ledger
from store.feed_kinds import Kind
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
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Touch,
    TouchState,
)
from store.queries import (
    approvals,
    idempotency,
    inbound,
    legal_bases,
    pools,
    team_notices,
    triggers,
    webhooks,
    workspaces,
)
from store.queries.triggers import NewTrigger

_BATCH = 500
_LOG_KEPT, _FEED_KEPT = timedelta(days=30), timedelta(days=90)  # deliveries of webhooks, notices; events


def keep_house(context: AgentContext) -> int:
    """All of it, for one workspace. Returns how many things changed."""
    with context.database.write(context.workspace_id) as session:
        changed = _wake_customers(session, context) + _resume_enrollments(session, context.clock.now())
        changed += _release_holds(session, context)
        changed += legal_bases.end(session, context.clock.now(), _BATCH)
        changed += ledger.expire(session, context.clock)
        changed += idempotency.purge(session, context.clock.now())
        changed += webhooks.purge(session, context.clock.now() - _LOG_KEPT)
        changed += team_notices.purge(session, context.clock.now() - _LOG_KEPT)
        changed += feed.purge(session, context.clock.now() - _FEED_KEPT)
        changed += inbound.purge(session, context.clock.now())
        look_at_all(session, context)
    changed += hits.relabel(context)
    return changed + _expire_approvals(context) + forget_old(context) + mail_domains.look_again(context)


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


def _release_holds(session: Session, context: AgentContext) -> int:
    """Times that nobody picked are free again; a proposal without any left has expired."""
    now = context.clock.now()
    released = list(
        session.execute(
            sa.update(Hold)
            .where(col(Hold.state) == HoldState.HELD, col(Hold.expires_at) <= now)
            .values(state=HoldState.RELEASED)
            .returning(col(Hold.id))
            .execution_options(synchronize_session=False)
        )
    )
    hold_ids = [row.id for row in released]
    session.execute(
        sa.delete(CalendarBucket)
        .where(col(CalendarBucket.hold_id).in_(hold_ids))
        .execution_options(synchronize_session=False)
    )
    still_held = sa.select(col(Hold.meeting_id)).where(col(Hold.state) == HoldState.HELD)
    expired = session.execute(
        sa.update(Meeting)
        .where(
            col(Meeting.state) == MeetingState.PROPOSED,
            col(Meeting.id).not_in(still_held),
        )
        .values(state=MeetingState.EXPIRED)
        .returning(col(Meeting.id))
        .execution_options(synchronize_session=False)
    )
    ended = [row.id for row in expired]
    pools.give_back(session, now, ended, "None of the proposed times was picked.")
    rows = list(session.exec(select(Meeting).where(col(Meeting.id).in_(ended)).order_by(col(Meeting.id))))
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_EXPIRED, row) for row in rows])
    _free_leads(session, context, rows)
    return len(released)


def _free_leads(session: Session, context: AgentContext, expired: Sequence[Meeting]) -> None:
    """Nobody picked a time: they answered once, so no sequence takes them up again; their rep does."""
    query = select(Lead).where(
        col(Lead.id).in_([meeting.lead_id for meeting in expired]), Lead.stage == LeadStage.MEETING_PROPOSED
    )
    waiting = {lead.id: lead for lead in session.exec(query.order_by(col(Lead.id)).with_for_update())}
    feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.REPLIED) for lead in waiting.values()])
    for lead in waiting.values():
        lead.stage, lead.updated_at = LeadStage.REPLIED, context.clock.now()
        session.add(lead)
    for meeting in expired:
        if meeting.lead_id in waiting:
            add_task(
                session,
                context,
                source_key=f"proposal_expired:{meeting.id}",
                subject=waiting[meeting.lead_id],
                kind="answer",
                title="Nobody picked a proposed time: ask, or offer new ones",
            )


def _expire_approvals(context: AgentContext) -> int:
    """Drafts that nobody decided on in time: their facts have aged. The sequence pauses, visibly, until a person
    resumes it or the policy's days are over; what is due then is drafted from fresh facts."""
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
        resume_at = resume_after(session, context, load_policy(session).resume_undecided_days)
        for draft_id in draft_ids:
            draft = session.get(Draft, (context.workspace_id, draft_id))
            touch = session.get(Touch, (context.workspace_id, draft.touch_id)) if draft and draft.touch_id else None
            if touch is not None:
                touch.due_at = now  # a due time of its own: it wakes the thread again once the sequence goes on
                session.add(touch)
                enrollment = session.get(Enrollment, (context.workspace_id, touch.enrollment_id))
                if enrollment is not None and enrollment.state is EnrollmentState.ACTIVE:
                    enrollment.state, enrollment.stop_reason = EnrollmentState.PAUSED, reason
                    enrollment.resume_at = resume_at
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
