"""The email agent: a due touch, three held times or a question become a draft whose every claim has a fact.

The plan is made by rules from the store; a language model may only reword sentences of it, outside any transaction.
LinkedIn and phone touches become a rep's task with a script: nothing is automated on networks that forbid it.
"""

from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.booking.ask_back import Beside, beside_times
from agents.by_phone.queueing import let_out_by_policy
from agents.context import AgentContext
from agents.discovery.after import steps_to_say
from agents.discovery.kinds import Side
from agents.drafting.plan import REPLIES, plan_draft
from agents.drafting.types import DraftKind, DraftPlan, Slot
from agents.drafting.writer import task_script, write
from agents.drafts import Saved, Threading, open_draft, save_draft
from agents.material import Material, material_for_lead
from agents.policy import ActionClass
from agents.sequences.budget import lock_companies
from agents.sequences.planning import close_if_over, planned_touches, replan
from agents.sequences.step_due import SMS, Block, Do, PutOff, Skip, decide, put_off_by_budget
from agents.step import Outcome, Step, Trigger
from agents.stopping import stop_sequence
from agents.touch_plan import MAIL, Place, plan_touch, undeliverable
from agents.writing.wording import wording_for
from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind
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

_TITLES: Final = {"linkedin": "Write to them on LinkedIn", "sms": "Text them"}


def email(context: AgentContext, step: Step) -> Outcome:
    match step.trigger:
        case Trigger.SLOTS_HELD:
            return _propose(context, step, UUID(step.payload["meeting_id"]))
        case Trigger.RECAP_ASKED:
            return _recap(context, step, UUID(step.payload["meeting_id"]))
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
        enrollment = session.get(Enrollment, (context.workspace_id, touch.enrollment_id))
        if enrollment is None or not _is_due(context, enrollment, touch):
            return Outcome(step.stage, Trigger.NOTHING, "The touch was moved, or its sequence waits or has ended.")
        found = material_for_lead(session, context, lead, need_address=False)
        if found is None:
            verdict: Do | Skip | PutOff | Block = Block("There is no mailbox, or the person was erased.")
        else:
            verdict = decide(session, context, enrollment, touch, lead, found)
            place = _place(session, enrollment, touch, verdict.channel if isinstance(verdict, Do) else touch.channel)
    if found is None or isinstance(verdict, Block):
        return _block(context, step, touch.id, verdict.reason)
    if not isinstance(verdict, Do):
        return _not_now(context, step, touch.id, verdict)
    plan = plan_touch(found, verdict.channel, place, context.clock.now())
    if verdict.channel != MAIL:
        return _task(context, step, touch, plan, found, verdict)
    return _draft(context, step, found, plan, ActionClass(plan.kind.value), f"touch:{touch.id}", touch_id=touch.id)


def _propose(context: AgentContext, step: Step, meeting_id: UUID) -> Outcome:
    key = f"proposal:{meeting_id}"
    with context.database.read(context.workspace_id) as session:
        if (existing := open_draft(session, context, key)) is not None:
            return _said(step, existing)
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        meeting = session.get(Meeting, (context.workspace_id, meeting_id))
        missed = "missed" in step.payload
        found = material_for_lead(session, context, lead) if lead else None
        holds = session.exec(
            select(Hold)
            .where(Hold.meeting_id == meeting_id, Hold.state == HoldState.HELD)
            .order_by(col(Hold.starts_at), col(Hold.id))
        ).all()
        beside = beside_times(session, context, meeting) if meeting is not None and not missed else Beside()
        why = undeliverable(session, context, found) if found else ""
    if found is None or meeting is None or not holds:
        return Outcome(step.stage, Trigger.NOTHING, "There is nobody to propose to, or no time is held any more.")
    if why:
        return Outcome(step.stage, Trigger.BLOCKED, why)
    zone = meeting.time_zone or found.contact.time_zone or "UTC"
    slots = [
        Slot(f"slot:{h.id}", h.starts_at, zone, context.tools.booking_url(context.workspace_id, h.id)) for h in holds
    ]
    plan = plan_draft(
        DraftKind.MISSED_MEETING if missed else DraftKind.MEETING_PROPOSAL,
        found.recipient,
        found.offer,
        found.facts,
        now=context.clock.now(),
        thread_subject=found.thread_subject or found.offer.product,
        slots=slots,
        booking_link=beside.page,
        booking_words=beside.all_times,
        question=beside.question,
    )
    return _draft(context, step, found, plan, ActionClass(plan.kind.value), key, meeting_id=meeting_id)


def _recap(context: AgentContext, step: Step, meeting_id: UUID) -> Outcome:
    """What a person confirmed of a meeting, in the words that were said. Sent when a person approves it."""
    key = f"recap:{meeting_id}"
    with context.database.read(context.workspace_id) as session:
        if (existing := open_draft(session, context, key)) is not None:
            return _said(step, existing)
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        found = material_for_lead(session, context, lead) if lead else None
        steps, left_out = steps_to_say(session, meeting_id)
        why = undeliverable(session, context, found) if found else ""
    if found is None or not steps:
        return Outcome(step.stage, Trigger.NOTHING, "There is nobody to write to, or nothing that a mail may say.")
    if why:
        return Outcome(step.stage, Trigger.BLOCKED, why)
    found = replace(found, facts=(*(fact for _, fact in steps), *found.facts))
    plan = plan_draft(
        DraftKind.MEETING_RECAP,
        found.recipient,
        found.offer,
        found.facts,
        now=context.clock.now(),
        thread_subject=found.thread_subject or found.offer.product,
        steps=[("On our side" if side is Side.US else "On your side", fact) for side, fact in steps],
    )
    outcome = _draft(context, step, found, plan, ActionClass.MEETING_RECAP, key)
    return replace(outcome, reason=f"{outcome.reason} {left_out} steps are left out.") if left_out else outcome


def _answer(context: AgentContext, step: Step, message_id: UUID) -> Outcome:
    key = f"reply:{message_id}"
    with context.database.read(context.workspace_id) as session:
        if (existing := open_draft(session, context, key)) is not None:
            return _said(step, existing)
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        message = session.get(Message, (context.workspace_id, message_id))
        found = material_for_lead(session, context, lead) if lead else None
        why = undeliverable(session, context, found) if found else ""
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
        reason=reason if (reason := str(step.payload.get("answer", "question"))) in REPLIES else "question",
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
    with context.database.read(context.workspace_id) as session:
        wording = wording_for(session, context.sealer, found.company.id)
    written = write(plan, model, wording)
    with context.database.write(context.workspace_id) as session:
        if touch_id is not None:
            touch = session.get(Touch, (context.workspace_id, touch_id), with_for_update=True)
            if touch is None or touch.state is not TouchState.PLANNED:
                return Outcome(step.stage, Trigger.NOTHING, "The touch was overtaken while its draft was written.")
            touch.state, touch.channel, touch.block_reason = TouchState.DRAFTED, MAIL, ""
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
            links=[link for link in (*(slot.link for slot in plan.slots), plan.booking_link) if link],
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


def _is_due(context: AgentContext, enrollment: Enrollment, touch: Touch) -> bool:
    """Asked anew: a reply may have moved the touch, or ended its sequence, after the trigger was made."""
    return enrollment.state is EnrollmentState.ACTIVE and touch.due_at <= context.clock.now()


def _not_now(context: AgentContext, step: Step, touch_id: UUID, verdict: Skip | PutOff) -> Outcome:
    """Skipped: the steps behind it keep their days. Held: it is due anew when the budget allows it."""
    with context.database.write(context.workspace_id) as session:
        touch = session.get(Touch, (context.workspace_id, touch_id), with_for_update=True)
        if touch is None or touch.state is not TouchState.PLANNED:
            return Outcome(step.stage, Trigger.NOTHING, "The touch was handled.")
        if isinstance(verdict, PutOff):
            touch.due_at, touch.block_reason = verdict.until, verdict.reason
            session.add(touch)
        else:
            touch.state, touch.block_reason = TouchState.SKIPPED, verdict.reason
            session.add(touch)
            close_if_over(session, touch.enrollment_id)
    said = "Held" if isinstance(verdict, PutOff) else f"Step {touch.number} is skipped"
    return Outcome(step.stage, Trigger.NOTHING, f"{said}: {verdict.reason}", inputs={"touch_id": str(touch_id)})


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


def _task(context: AgentContext, step: Step, touch: Touch, plan: DraftPlan, found: Material, verdict: Do) -> Outcome:
    """A person does it; the sequence goes on without waiting for them."""
    now, key, channel, let_out = context.clock.now(), f"touch:{touch.id}", verdict.channel, ""
    task_id = stable_id("task", context.workspace_id, key)
    script = context.sealer.seal(task_script(plan, channel), context=f"task|script|{task_id}")
    row = {
        "id": task_id,
        "source_key": key,
        "subject_kind": "lead",
        "subject_id": step.subject_id,
        "kind": channel,
        "title": _TITLES.get(channel, "Call them"),
        "script_sealed": script,
        "assignee_id": found.mailbox.user_id,
        "due_at": now,
        "created_at": now,
    }
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        if lead is None:
            return Outcome(step.stage, Trigger.NOTHING, "The lead was erased.")
        lock_companies(session, [lead.company_id], wait=True)
        held = put_off_by_budget(session, lead, now)
        current = session.get(Touch, (context.workspace_id, touch.id), with_for_update=True)
        if current is None or current.state is not TouchState.PLANNED:
            return Outcome(step.stage, Trigger.NOTHING, "The touch was handled.")
        if held is not None:
            current.due_at, current.block_reason = held.until, held.reason
            session.add(current)
            return Outcome(step.stage, Trigger.NOTHING, f"Held: {held.reason}")
        if bulk.insert_ignore(session, Task, [row]):
            feed.publish(session, context.clock, [feed.task(Kind.TASK_MADE, row, "agent:email")])
            if channel == SMS:
                session.flush()
                let_out = let_out_by_policy(session, context, task_id)
        current.state, current.done_at = TouchState.DONE, now
        current.channel, current.block_reason = channel, ""
        session.add(current)
        session.flush()
        enrollment = session.get_one(Enrollment, (context.workspace_id, touch.enrollment_id))
        replan(session, [(current, planned_touches(session, enrollment.id, current.number), enrollment)], now)
        close_if_over(session, touch.enrollment_id)
    reason = f"A {channel} task with a script for the rep. {verdict.reason} {let_out}".strip()
    return Outcome(step.stage, Trigger.TASKED, reason, inputs={"channel": channel, "touch_id": str(touch.id)})


def _place(session: Session, enrollment: Enrollment, touch: Touch, channel: str) -> Place:
    mails = select(Touch.number).where(
        Touch.enrollment_id == touch.enrollment_id,
        Touch.channel == MAIL,
        col(Touch.number) > enrollment.steps_before,
        Touch.state != TouchState.SKIPPED,
    )
    numbers = {*session.exec(mails), *([touch.number] if channel == MAIL else [])}
    return Place(sum(number <= touch.number for number in numbers), max(numbers, default=0) <= touch.number)
