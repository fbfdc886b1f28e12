"""The email agent: a due touch, three held times or a question become a draft whose every claim has a fact.

The plan is made by rules from the store; a language model may only reword sentences of it, outside any transaction.
LinkedIn and phone touches become a rep's task with a script: nothing is automated on networks that forbid it.
"""

from dataclasses import replace
from uuid import UUID

from sqlmodel import Session, col, select

from agents import jurisdiction
from agents.context import AgentContext
from agents.drafting.plan import plan_draft
from agents.drafting.types import DraftKind, DraftPlan, Slot
from agents.drafting.writer import task_script, write
from agents.drafts import Saved, Threading, open_draft, save_draft
from agents.material import Material, material_for_lead
from agents.policy import ActionClass
from agents.step import Outcome, Step, Trigger
from agents.stopping import stop_sequence
from core.ids import stable_id
from store import bulk
from store.models import (
    Enrollment,
    EnrollmentState,
    Hold,
    HoldState,
    Lead,
    Meeting,
    Message,
    Task,
    Touch,
    TouchState,
)
from store.queries import suppression

_MAIL = "mail"


def email(context: AgentContext, step: Step) -> Outcome:
    match step.trigger:
        case Trigger.SLOTS_HELD:
            return _propose(context, step, UUID(step.payload["meeting_id"]))
        case Trigger.QUESTION:
            return _answer(context, step, UUID(step.payload["message_id"]))
        case _:
            return _touch(context, step)


def _touch(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        touch = _due(session, context, step)
        if lead is None or touch is None:
            return Outcome(step.stage, Trigger.NOTHING, "No touch is due: it was done, moved or dropped.")
        existing = open_draft(session, context, f"touch:{touch.id}")
        if touch.state is not TouchState.PLANNED:
            return _said(step, existing) if existing else Outcome(step.stage, Trigger.NOTHING, "The touch was handled.")
        if not _is_due(session, context, touch):
            return Outcome(step.stage, Trigger.NOTHING, "The touch was moved, or its sequence waits or has ended.")
        found = material_for_lead(session, context, lead)
        why = "There is no address, no mailbox, or the person was erased."
        if found is not None:
            why = _forbidden(session, context, found) if touch.channel == _MAIL else ""
            number, last = _place(session, touch)
    if found is None or why:
        return _block(context, step, touch.id, why)
    sent_before = bool(found.thread_subject)
    kind = DraftKind.FOLLOW_UP if sent_before and touch.channel == _MAIL else DraftKind.FIRST_MAIL
    plan = plan_draft(
        kind,
        found.recipient,
        found.offer,
        found.facts,
        now=context.clock.now(),
        touch_number=max(2, number) if kind is DraftKind.FOLLOW_UP else 1,
        last_touch=last and kind is DraftKind.FOLLOW_UP,
        thread_subject=found.thread_subject if kind is DraftKind.FOLLOW_UP else "",
        used_fact_ids=found.used_fact_ids,
    )
    if touch.channel != _MAIL:
        return _task(context, step, touch, plan, found)
    return _draft(context, step, found, plan, ActionClass(kind.value), f"touch:{touch.id}", touch_id=touch.id)


def _propose(context: AgentContext, step: Step, meeting_id: UUID) -> Outcome:
    key = f"proposal:{meeting_id}"
    with context.database.read(context.workspace_id) as session:
        if (existing := open_draft(session, context, key)) is not None:
            return _said(step, existing)
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        meeting = session.get(Meeting, (context.workspace_id, meeting_id))
        found = material_for_lead(session, context, lead) if lead else None
        holds = session.exec(
            select(Hold)
            .where(Hold.meeting_id == meeting_id, Hold.state == HoldState.HELD)
            .order_by(col(Hold.starts_at), col(Hold.id))
        ).all()
        why = _undeliverable(session, context, found) if found else ""
    if found is None or meeting is None or not holds:
        return Outcome(step.stage, Trigger.NOTHING, "There is nobody to propose to, or no time is held any more.")
    if why:
        return Outcome(step.stage, Trigger.BLOCKED, why)
    zone = meeting.time_zone or found.contact.time_zone or "UTC"
    slots = [
        Slot(f"slot:{h.id}", h.starts_at, zone, context.tools.booking_url(context.workspace_id, h.id)) for h in holds
    ]
    plan = plan_draft(
        DraftKind.MEETING_PROPOSAL,
        found.recipient,
        found.offer,
        found.facts,
        now=context.clock.now(),
        thread_subject=found.thread_subject or found.offer.product,
        slots=slots,
    )
    return _draft(context, step, found, plan, ActionClass.MEETING_PROPOSAL, key, meeting_id=meeting_id)


def _answer(context: AgentContext, step: Step, message_id: UUID) -> Outcome:
    key = f"reply:{message_id}"
    with context.database.read(context.workspace_id) as session:
        if (existing := open_draft(session, context, key)) is not None:
            return _said(step, existing)
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        message = session.get(Message, (context.workspace_id, message_id))
        found = material_for_lead(session, context, lead) if lead else None
        why = _undeliverable(session, context, found) if found else ""
    if found is None or message is None:
        return Outcome(step.stage, Trigger.NOTHING, "There is nobody to answer.")
    if why:
        return Outcome(step.stage, Trigger.BLOCKED, why)
    if message.message_id:  # this very message is answered, whatever arrived after it
        earlier = (known for known in found.threading.references if known != message.message_id)
        found = replace(found, threading=Threading(message.message_id, (*earlier, message.message_id)))
    plan = plan_draft(
        DraftKind.REPLY,
        found.recipient,
        found.offer,
        found.facts,
        now=context.clock.now(),
        thread_subject=found.thread_subject or found.offer.product,
        reason="question",
    )
    return _draft(context, step, found, plan, ActionClass.REPLY, key)


def _draft(
    context: AgentContext,
    step: Step,
    found: Material,
    plan: DraftPlan,
    action: ActionClass,
    thread_key: str,
    *,
    touch_id: UUID | None = None,
    meeting_id: UUID | None = None,
) -> Outcome:
    model = context.tools.language_model(context.workspace_id, step.run_id)
    written = write(plan, model)
    with context.database.write(context.workspace_id) as session:
        if touch_id is not None:
            touch = session.get(Touch, (context.workspace_id, touch_id), with_for_update=True)
            if touch is None or touch.state is not TouchState.PLANNED:
                return Outcome(step.stage, Trigger.NOTHING, "The touch was overtaken while its draft was written.")
            touch.state = TouchState.DRAFTED
            session.add(touch)
        saved = save_draft(
            session,
            context,
            action=action,
            thread_key=thread_key,
            written=written,
            contact=found.contact,
            mailbox=found.mailbox,
            lead_id=step.subject_id,
            touch_id=touch_id,
            meeting_id=meeting_id,
            threading=found.threading if action is not ActionClass.FIRST_MAIL else None,
            links=[slot.link for slot in plan.slots if slot.link],
        )
    inputs = {
        "template": written.template,
        "hook_fact_id": written.hook_fact_id,
        "claims": len(written.claims),
        "gate_passed": written.gate.passed,
        "model_attempts": written.model_attempts,
        "fallback": written.fallback_reason,
    }
    return _said(step, saved, inputs)


def _said(step: Step, saved: Saved, inputs: dict[str, object] | None = None) -> Outcome:
    payload = {"draft_id": str(saved.draft_id), "approval_id": str(saved.approval_id)}
    if saved.approved:
        reason = "Drafted and approved: by a policy that lets this kind go out, or by a person since."
        return Outcome(step.stage, Trigger.APPROVED, reason, payload, inputs or {})
    return Outcome(step.stage, Trigger.DRAFTED, "Drafted; a person decides.", payload, inputs or {})


def _due(session: Session, context: AgentContext, step: Step) -> Touch | None:
    """The touch the trigger names, else the first planned one whose time has come."""
    if "touch_id" in step.payload:
        touch = session.get(Touch, (context.workspace_id, UUID(step.payload["touch_id"])))
        return touch if touch is not None and touch.lead_id == step.subject_id else None
    query = (
        select(Touch)
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .where(
            Touch.lead_id == step.subject_id,
            Touch.state == TouchState.PLANNED,
            Touch.due_at <= context.clock.now(),
            Enrollment.state == EnrollmentState.ACTIVE,
        )
    )
    return session.exec(query.order_by(col(Touch.number)).limit(1)).first()


def _is_due(session: Session, context: AgentContext, touch: Touch) -> bool:
    """Asked anew: a reply may have moved the touch, or ended its sequence, after the trigger was made."""
    enrollment = session.get(Enrollment, (context.workspace_id, touch.enrollment_id))
    active = enrollment is not None and enrollment.state is EnrollmentState.ACTIVE
    return active and touch.due_at <= context.clock.now()


def _undeliverable(session: Session, context: AgentContext, found: Material) -> str:
    """Why no mail of any kind may go to this person; empty: one may."""
    contact = found.contact
    if contact.email_status == "invalid":
        return f"The address is not deliverable ({', '.join(contact.email_reasons) or 'no reason recorded'})."
    if suppression.is_suppressed(session, context.sealer, found.recipient.email):
        return "The person is suppressed: they opted out, complained, or the address bounced."
    return ""


def _forbidden(session: Session, context: AgentContext, found: Material) -> str:
    """The first rule that forbids an unasked mail to this person; empty: none."""
    if why := _undeliverable(session, context, found):
        return why
    contact = found.contact
    action = ActionClass.FOLLOW_UP if found.thread_subject else ActionClass.FIRST_MAIL
    ruling = jurisdiction.rule(
        contact.country, contact.legal_basis, contact.legal_basis_evidence, action=action.value, channel=_MAIL
    )
    return "" if ruling.allowed else f"{ruling.reason} (rule {ruling.rule})"


def _block(context: AgentContext, step: Step, touch_id: UUID, why: str) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        touch = session.get(Touch, (context.workspace_id, touch_id), with_for_update=True)
        if touch is None or touch.state is not TouchState.PLANNED:
            return Outcome(step.stage, Trigger.NOTHING, "The touch was handled.")
        touch.state, touch.block_reason = TouchState.BLOCKED, why
        session.add(touch)
        session.flush()
        stop_sequence(session, touch.lead_id, why)
    return Outcome(step.stage, Trigger.BLOCKED, why, inputs={"touch_id": str(touch_id)})


def _task(context: AgentContext, step: Step, touch: Touch, plan: DraftPlan, found: Material) -> Outcome:
    """A person does it; the sequence goes on without waiting for them."""
    now, key = context.clock.now(), f"touch:{touch.id}"
    task_id = stable_id("task", context.workspace_id, key)
    script = context.sealer.seal(task_script(plan, touch.channel), context=f"task|script|{task_id}")
    row = {
        "id": task_id,
        "source_key": key,
        "subject_kind": "lead",
        "subject_id": step.subject_id,
        "kind": touch.channel,
        "title": "Write to them on LinkedIn" if touch.channel == "linkedin" else "Call them",
        "script_sealed": script,
        "assignee_id": found.mailbox.user_id,
        "due_at": now,
        "created_at": now,
    }
    with context.database.write(context.workspace_id) as session:
        current = session.get(Touch, (context.workspace_id, touch.id), with_for_update=True)
        if current is None or current.state is not TouchState.PLANNED:
            return Outcome(step.stage, Trigger.NOTHING, "The touch was handled.")
        bulk.insert_ignore(session, Task, [row])
        current.state, current.done_at = TouchState.DONE, now
        session.add(current)
        later = select(Touch.id).where(Touch.enrollment_id == touch.enrollment_id, Touch.state == TouchState.PLANNED)
        if session.exec(later.limit(1)).first() is None:
            enrollment = session.get(Enrollment, (context.workspace_id, touch.enrollment_id))
            if enrollment is not None and enrollment.state is EnrollmentState.ACTIVE:
                enrollment.state = EnrollmentState.FINISHED
                session.add(enrollment)
    return Outcome(step.stage, Trigger.TASKED, f"A {touch.channel} task with a script for the rep.")


def _place(session: Session, touch: Touch) -> tuple[int, bool]:
    """The how manieth mail of its sequence this touch is, from 1, and whether no mail is planned behind it."""
    mails = select(Touch.number).where(Touch.enrollment_id == touch.enrollment_id, Touch.channel == _MAIL)
    numbers = session.exec(mails).all()
    return sum(number <= touch.number for number in numbers), max(numbers, default=0) <= touch.number
