"""All gates asked in one consistent view of the store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.policy import load_policy
from agents.recipient_time import day_start
from agents.why import deliverability, machine, people, queue, touch_budget
from agents.why.types import Gate, Level, Pipeline, Report, Scope
from core.errors import NotFound
from store.models import (
    Approval,
    ApprovalState,
    Draft,
    Enrollment,
    EnrollmentState,
    Lead,
    Mailbox,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
)
from store.queries import outbox, sending, workspaces

_ORDER = {level: number for number, level in enumerate(Level)}
_GATES: tuple[Callable[[Scope], Iterator[Gate]], ...] = (
    machine.delivery,
    machine.kill_switch,
    machine.worker,
    machine.workspace,
    machine.mailboxes,
    deliverability.braked,
    deliverability.domains,
    people.one_lead,
    queue.approvals,
    queue.outcomes,
    machine.steps,
    people.blocked,
    people.reachable,
    people.suppressed,
    people.sequences,
    queue.policy_changed,
    queue.windows,
    touch_budget.touch_budget,
    queue.send_delay,
    queue.put_off,
    people.due,
    machine.budget,
)
_SLOW = (people.reachable, people.suppressed)


def why_not_sending(
    session: Session,
    context: AgentContext,
    *,
    mailbox_id: UUID | None = None,
    lead_id: UUID | None = None,
    quick: bool = False,
) -> Report:
    """Of the workspace, of one mailbox, or of one lead (then with the mailbox of its sequence). A constant number of
    statements, however many mails wait. `quick`: without the gates that look at everybody in a sequence.
    Raises NotFound.
    """
    if mailbox_id is not None and session.get(Mailbox, (context.workspace_id, mailbox_id)) is None:
        raise NotFound("There is no such mailbox.")
    if lead_id is not None:
        if session.get(Lead, (context.workspace_id, lead_id)) is None:
            raise NotFound("There is no such lead.")
        of_lead = session.exec(select(Enrollment.mailbox_id).where(Enrollment.lead_id == lead_id)).first()
        mailbox_id = mailbox_id or of_lead
    scope = Scope(session, context, load_policy(session), context.clock.now(), mailbox_id, lead_id)
    pipeline = _pipeline(scope)
    scope = replace(scope, pipeline=pipeline)
    gates = [gate for ask in _GATES if not (quick and ask in _SLOW) for gate in ask(scope)]
    gates.sort(key=lambda gate: _ORDER[gate.level])  # stable: within a level, in the order above
    return Report(scope.now, pipeline, gates)


def _pipeline(scope: Scope) -> Pipeline:
    session, now = scope.session, scope.now
    ripe = col(Touch.due_at) <= now
    touches = (
        sa.select(
            sa.func.sum(sa.case((ripe, 0), else_=1)),
            sa.func.sum(sa.case((ripe, 1), else_=0)),
            sa.func.min(sa.case((ripe, col(Touch.due_at)))),
            sa.func.min(sa.case((ripe, None), else_=col(Touch.due_at))),
        )
        .select_from(Touch)
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .where(
            col(Touch.channel) == "mail",
            col(Touch.state) == TouchState.PLANNED,
            col(Enrollment.state) == EnrollmentState.ACTIVE,
        )
    )
    waiting = (
        sa.select(sa.func.count())
        .select_from(Approval)
        .join(Draft, col(Draft.id) == col(Approval.draft_id))
        .where(col(Approval.state) == ApprovalState.PENDING)
    )
    today = day_start(now, workspaces.get(session, scope.context.workspace_id).time_zone)
    mails = [col(OutboxItem.kind) == outbox.MAIL]
    if scope.mailbox_id is not None:
        touches = touches.where(col(Enrollment.mailbox_id) == scope.mailbox_id)
        waiting = waiting.where(col(Draft.mailbox_id) == scope.mailbox_id)
        mails.append(col(OutboxItem.mailbox_id) == scope.mailbox_id)
    if scope.lead_id is not None:
        touches = touches.where(col(Touch.lead_id) == scope.lead_id)
        waiting = waiting.where(col(Approval.lead_id) == scope.lead_id)
        mails.append(col(OutboxItem.subject_id) == scope.lead_id)
    planned, due, first_due, next_due = session.execute(touches).one()
    queued, next_queued = session.execute(
        sa.select(sa.func.count(), sa.func.min(col(OutboxItem.not_before))).where(
            *mails, col(OutboxItem.state) == OutboxState.READY
        )
    ).one()
    sent = session.execute(
        sa.select(sa.func.count()).where(
            *mails, col(OutboxItem.state).in_(sending.COUNTED), sending.counted_at() >= today
        )
    ).scalar_one()
    last = session.execute(sa.select(sa.func.max(col(OutboxItem.sent_at))).where(*mails)).scalar_one()
    return Pipeline(
        planned=int(planned or 0),
        due=int(due or 0),
        waiting=int(session.execute(waiting).scalar_one()),
        queued=int(queued),
        sent_today=int(sent),
        last_sent_at=last,
        first_due_at=first_due,
        next_due_at=next_due,
        next_queued_at=next_queued,
    )
