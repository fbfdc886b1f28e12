"""What a mail that really left, or an address that does not exist, changes in the rows around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import preparation
from agents.context import AgentContext
from agents.sequences.steps_done import steps_done
from core.ids import stable_id
from store import audit, bulk, feed
from store.feed_kinds import ContactData, Kind, MailData
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
from store.queries import approvals, notices, outbox, placement, suppression, triggers
from workers.letters import NOTICE, Words, words_of_draft, words_of_payload


@dataclass(frozen=True, slots=True)
class MailNames:
    """What the sending service calls a mail: its events and the replies to it use these."""

    provider_id: str = ""
    wire_message_id: str = ""


UNNAMED = MailNames()


def after_sent(
    session: Session, context: AgentContext, item: OutboxItem, at: datetime, *, actor: str, names: MailNames = UNNAMED
) -> None:
    """All that a mail which really left changes. Also when a person says that it did."""
    all_sent(session, context, [item], at, actor=actor, names=names)


def all_sent(
    session: Session,
    context: AgentContext,
    items: Sequence[OutboxItem],
    at: datetime,
    *,
    actor: str = "system",
    names: MailNames = UNNAMED,
    said: Mapping[UUID, Words] | None = None,
) -> None:
    """The same for several, in as many statements as for one. `said`: the words of an item, where they are at hand."""
    if not items:
        return
    said = _opened(session, context, items) if said is None else said
    steps_done(session, _drafts_sent(session, items), at)
    messages, steps, records = [], [], []
    for item in items:
        words = said.get(item.id)
        if item.subject_kind != preparation.SUBJECT:  # to a colleague: part of no conversation
            messages.append(_message(context, item, words, at, names))
        if item.subject_kind not in (placement.SUBJECT, preparation.SUBJECT):  # which no customer relation knows of
            steps.append(_crm_step(item, words, at))
        details = {"draft_id": str(item.draft_id or ""), "mime_sha256": item.mime_sha256, "attempts": item.attempts}
        records.append(audit.Record(actor, "outbox.sent", "outbox_item", str(item.id), details))
    bulk.insert_ignore(session, Message, messages)
    told = {i.contact_id: (i.id, str(i.payload[NOTICE])) for i in items if i.contact_id and i.payload.get(NOTICE)}
    notices.keep(session, told, at)
    outbox.insert_crm(session, context.clock, context.sealer, steps)
    audit.append_many(session, context.clock, context.ids, records)
    events = [
        feed.Event(Kind.MAIL_SENT, item.id, mail_data(item), actor)
        for item in items
        if item.subject_kind != preparation.SUBJECT
    ]
    feed.publish(session, context.clock, events)


def _opened(session: Session, context: AgentContext, items: Sequence[OutboxItem]) -> dict[UUID, Words]:
    """What is not named was erased."""
    ids = [item.draft_id for item in items if item.draft_id is not None]
    drafts = {row.id: row for row in session.exec(select(Draft).where(col(Draft.id).in_(ids)))} if ids else {}
    found = {}
    for item in items:
        draft = drafts.get(item.draft_id) if item.draft_id else None
        words = words_of_draft(context.sealer, draft) if draft else words_of_payload(context.sealer, item)
        if words is not None:
            found[item.id] = words
    return found


def _drafts_sent(session: Session, items: Sequence[OutboxItem]) -> list[UUID]:
    """The touches that the drafts of these were written for."""
    ids = [item.draft_id for item in items if item.draft_id is not None]
    if not ids:
        return []
    marked = (
        sa.update(Draft)
        .where(col(Draft.id).in_(ids))
        .values(state=DraftState.SENT)
        .returning(col(Draft.touch_id))
        .execution_options(synchronize_session="evaluate")
    )
    return [touch_id for touch_id in session.execute(marked).scalars() if touch_id is not None]


def _crm_step(item: OutboxItem, words: Words | None, at: datetime) -> outbox.CrmStep:
    kind = words.action if words else "mail"
    return outbox.CrmStep(
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


def mail_data(item: OutboxItem) -> MailData:
    """What the feed says of a mail."""
    return MailData(
        about_kind=item.subject_kind,
        about_id=item.subject_id,
        contact_id=item.contact_id,
        mailbox_id=item.mailbox_id,
        draft_id=item.draft_id,
        attempts=item.attempts,
    )


def stop_lead(session: Session, context: AgentContext, lead: Lead, reason: str) -> None:
    """No further step of any sequence."""
    if lead.stage in (LeadStage.WON, LeadStage.LOST, LeadStage.STOPPED):
        return
    feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.STOPPED)])
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
    leads = session.exec(select(Lead).where(Lead.contact_id == contact_id).order_by(col(Lead.id))).all()
    told = ContactData(reason="hard_bounce", lead_ids=tuple(lead.id for lead in leads))
    feed.publish(session, context.clock, [feed.Event(Kind.CONTACT_BOUNCED, contact_id, told)])
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


def _message(
    context: AgentContext, item: OutboxItem, words: Words | None, at: datetime, names: MailNames
) -> dict[str, Any]:
    message_id = stable_id("message", item.workspace_id, f"outbox:{item.id}")

    def sealed(column: str, text: str) -> str:
        return context.sealer.seal(text, context=f"message|{column}|{message_id}")

    return {
        "id": message_id,
        "direction": "out",
        "source_key": f"outbox:{item.id}",
        "mailbox_id": item.mailbox_id,
        "lead_id": item.subject_id if item.subject_kind == "lead" else None,
        "customer_id": item.subject_id if item.subject_kind == "customer" else None,
        "contact_id": item.contact_id,
        "draft_id": item.draft_id,
        "message_id": item.message_id,
        "provider_message_id": names.provider_id[:255],
        "wire_message_id": names.wire_message_id[:255],
        "in_reply_to": (words.in_reply_to if words and item.draft_id else "")[:255],
        "subject_sealed": sealed("subject", words.subject) if words else None,
        "body_sealed": sealed("body", words.text) if words else None,
        "kind": words.action if words else "",
        "at": at,
    }
