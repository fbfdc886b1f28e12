"""What stands behind the outbox node: an approved draft becomes an outbox item, once. Nothing is sent here."""

from datetime import timedelta
from uuid import UUID

from agents.context import AgentContext
from agents.step import Outcome, Step, Trigger
from store.models import Approval, ApprovalState, Draft, DraftState, Touch, TouchState
from store.queries import outbox


def queue_approved(context: AgentContext, step: Step) -> Outcome:
    """Queues the mail of `payload.approval_id`. A person's approval can be undone until the send delay is over."""
    with context.database.write(context.workspace_id) as session:
        # Locked: an undo at this very moment must find the item, or the item must find the approval undone.
        key = (context.workspace_id, UUID(step.payload["approval_id"]))
        approval = session.get(Approval, key, with_for_update=True)
        draft = session.get(Draft, (context.workspace_id, approval.draft_id)) if approval else None
        if approval is None or draft is None or approval.state is not ApprovalState.APPROVED:
            return Outcome(step.stage, Trigger.NOTHING, "The approval does not stand any more: nothing is queued.")
        if draft.state not in (DraftState.APPROVED, DraftState.SENT):
            return Outcome(step.stage, Trigger.NOTHING, f"The draft is {draft.state.value}: nothing is queued.")
        now = context.clock.now()
        by_policy = approval.decided_by.startswith("policy:")
        delay = timedelta(seconds=0 if by_policy else context.settings.send_delay_seconds)
        outbox.insert_mail(
            session,
            context.clock,
            key=f"mail:{draft.id}",
            subject_kind=step.subject.value,
            subject_id=step.subject_id,
            mailbox_id=draft.mailbox_id,
            contact_id=draft.contact_id,
            draft_id=draft.id,
            approval_id=approval.id,
            message_id=draft.message_id,
            not_before=max(now, (approval.decided_at or now) + delay),
            expires_at=now + timedelta(hours=context.settings.approval_ttl_hours),
        )
        touch = session.get(Touch, (context.workspace_id, draft.touch_id)) if draft.touch_id else None
        if touch is not None and touch.state is TouchState.DRAFTED:
            touch.state = TouchState.QUEUED
            session.add(touch)
    return Outcome(step.stage, Trigger.QUEUED, "Queued: the dispatcher asks every rule again and sends it once.")
