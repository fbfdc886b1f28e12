"""What a mail that really left, or an address that does not exist, changes in the rows around it."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.ids import stable_id
from store import audit, bulk
from store.models import (
    Contact,
    Draft,
    DraftState,
    EngagementEvent,
    Enrollment,
    EnrollmentState,
    Lead,
    LeadStage,
    Message,
    OutboxItem,
    Touch,
    TouchState,
)
from store.queries import approvals, outbox, suppression, triggers
from workers.letters import Words, words_of_draft, words_of_payload


def after_sent(session: Session, context: AgentContext, item: OutboxItem, at: datetime, *, actor: str) -> None:
    """All that a mail which really left changes. Also when a person says that it did."""
    workspace_id = item.workspace_id
    draft = session.get(Draft, (workspace_id, item.draft_id)) if item.draft_id else None
    words = words_of_draft(context.sealer, draft) if draft else words_of_payload(context.sealer, item)
    if draft is not None:
        draft.state = DraftState.SENT
        session.add(draft)
        if draft.touch_id is not None:
            _touch_done(session, workspace_id, draft.touch_id, at)
    _message(session, context, item, draft, words, at)
    session.flush()
    kind = words.action if words else "mail"
    step = outbox.CrmStep(
        key=f"crm:{item.subject_id}:email_sent:{item.id}",
        subject_kind=item.subject_kind,
        subject_id=item.subject_id,
        record_kind="contact" if item.contact_id else item.subject_kind,
        record_id=item.contact_id or item.subject_id,
        kind="email_sent",
        occurred_at=at,
        summary=f"Mail sent: {kind.replace('_', ' ')}",
        fields={"action": kind, "outbox_item_id": str(item.id)},
    )
    outbox.insert_crm(session, context.clock, context.sealer, [step])
    details = {"draft_id": str(item.draft_id or ""), "mime_sha256": item.mime_sha256, "attempts": item.attempts}
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action="outbox.sent",
        subject_kind="outbox_item",
        subject_id=item.id,
        details=details,
    )


def stop_lead(session: Session, context: AgentContext, lead: Lead, reason: str) -> None:
    """No further step of any sequence."""
    if lead.stage in (LeadStage.WON, LeadStage.LOST, LeadStage.STOPPED):
        return
    lead.stage, lead.stop_reason, lead.updated_at = LeadStage.STOPPED, reason, context.clock.now()
    session.add(lead)
    for enrollment in session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)):
        enrollment.state, enrollment.stop_reason = EnrollmentState.STOPPED, reason
        session.add(enrollment)
    session.execute(
        sa.update(Touch)
        .where(col(Touch.lead_id) == lead.id, col(Touch.state) == TouchState.PLANNED)
        .values(state=TouchState.CANCELLED, block_reason=reason)
        .execution_options(synchronize_session="fetch")
    )


def bounced(session: Session, context: AgentContext, item: OutboxItem, contact_id: UUID, code: str) -> None:
    """The address does not exist: never again, under any ICP."""
    now, contact = context.clock.now(), session.get(Contact, (item.workspace_id, contact_id))
    if contact is None or contact.email_sealed is None:
        return
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    suppression.suppress(
        session, context.clock, context.sealer, address=address, reason="hard_bounce", source=f"outbox:{item.id}"
    )
    contact.email_status, contact.email_reasons = "invalid", [f"hard_bounce:{code}"]
    contact.email_checked_at = contact.updated_at = now
    session.add(contact)
    approvals.void_for_contact(session, context.clock, context.ids, contact_id, "The address does not exist.")
    leads = session.exec(select(Lead).where(Lead.contact_id == contact_id).order_by(col(Lead.id)))
    for lead in leads:
        stop_lead(session, context, lead, "The address does not exist (hard bounce).")
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=lead.id,
            kind="bounced",
            key=f"bounced:{lead.id}:{item.id}",
            payload={"outbox_item_id": str(item.id)},
        )
    event = {
        "id": stable_id("event", item.workspace_id, f"bounce:{item.id}"),
        "contact_id": contact_id,
        "lead_id": item.subject_id if item.subject_kind == "lead" else None,
        "kind": "bounce",
        "actor": "machine",
        "rule": "smtp_rejected_recipient",
        "source_key": f"bounce:{item.id}",
        "raw": {"code": code},
        "occurred_at": now,
    }
    bulk.insert_ignore(session, EngagementEvent, [event])


def _touch_done(session: Session, workspace_id: UUID, touch_id: UUID, at: datetime) -> None:
    touch = session.get(Touch, (workspace_id, touch_id))
    if touch is None or touch.state is TouchState.DONE:
        return
    late = at - touch.due_at
    touch.state, touch.done_at = TouchState.DONE, at
    session.add(touch)
    session.flush()
    later = list(
        session.exec(
            select(Touch)
            .where(Touch.enrollment_id == touch.enrollment_id, col(Touch.number) > touch.number)
            .order_by(col(Touch.number))
        )
    )
    for following in later:
        if following.state is TouchState.PLANNED and late > timedelta(0):
            # The gaps of a sequence are between real sends: approved on Thursday, "three days later" starts there.
            following.due_at += late
            session.add(following)
    still_open = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)
    enrollment = session.get(Enrollment, (workspace_id, touch.enrollment_id))
    over = not any(following.state in still_open for following in later)
    if over and enrollment is not None and enrollment.state is EnrollmentState.ACTIVE:
        enrollment.state = EnrollmentState.FINISHED
        session.add(enrollment)


def _message(
    session: Session, context: AgentContext, item: OutboxItem, draft: Draft | None, words: Words | None, at: datetime
) -> None:
    message_id = stable_id("message", item.workspace_id, f"outbox:{item.id}")

    def sealed(column: str, text: str) -> str:
        return context.sealer.seal(text, context=f"message|{column}|{message_id}")

    row = {
        "id": message_id,
        "direction": "out",
        "source_key": f"outbox:{item.id}",
        "mailbox_id": item.mailbox_id,
        "lead_id": item.subject_id if item.subject_kind == "lead" else None,
        "customer_id": item.subject_id if item.subject_kind == "customer" else None,
        "contact_id": item.contact_id,
        "draft_id": item.draft_id,
        "message_id": item.message_id,
        "in_reply_to": (draft.in_reply_to if draft else "")[:255],
        "subject_sealed": sealed("subject", words.subject) if words else None,
        "body_sealed": sealed("body", words.text) if words else None,
        "kind": words.action if words else "",
        "at": at,
    }
    bulk.insert_ignore(session, Message, [row])
