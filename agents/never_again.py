"""The end of writing to a person: suppression, and everything that is pending taken back, in one transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from agents import attention, stopping
from agents.context import AgentContext
from agents.step import Trigger
from store import audit, feed
from store.feed_kinds import ContactData, Kind, code_of
from store.models import Contact, Customer, Lead, LeadStage
from store.queries import approvals, suppression, triggers


def never_again(
    session: Session, context: AgentContext, contact: Contact, *, reason: str, source: str, except_for: UUID | None
) -> None:
    """Suppressed, everything pending taken back, every lead of the person stopped; the others' threads hear of it.

    `except_for`: the subject whose thread is at it already.
    """
    new = _suppress(session, context, contact, reason, source)
    text = {
        attention.OPT_OUT: "They opted out.",
        attention.COMPLAINT: "They complained.",
    }.get(reason, "Their address takes no mail.")
    approvals.void_for_contact(session, context.clock, context.ids, contact.id, text)
    stopping.cancel_mails_without_draft(session, contact.id, text)
    leads: Sequence[Lead] = session.exec(
        select(Lead).where(Lead.contact_id == contact.id).order_by(col(Lead.id)).with_for_update()
    ).all()
    for lead in leads:
        stopping.stop_lead(session, context, lead, LeadStage.STOPPED, text)
    customers = session.exec(select(Customer.id).where(Customer.contact_id == contact.id).order_by(col(Customer.id)))
    kind = Trigger.OPTED_OUT if reason in (attention.OPT_OUT, attention.COMPLAINT) else Trigger.BOUNCED
    subjects = [("lead", lead.id) for lead in leads] + [("customer", customer_id) for customer_id in customers]
    for subject_kind, subject_id in subjects:
        if subject_id != except_for:
            triggers.add_trigger(
                session,
                context.clock,
                subject_kind=subject_kind,
                subject_id=subject_id,
                kind=kind,
                key=f"{kind.value}:{subject_id}:{contact.id}",
                payload={"contact_id": str(contact.id)},
            )
    if new:
        audit.append(
            session,
            context.clock,
            context.ids,
            actor="agent:engagement",
            action=f"contact.{reason}",
            subject_kind="contact",
            subject_id=contact.id,
            details={"source_kind": source.partition(":")[0], "lead_ids": [str(lead.id) for lead in leads]},
        )
        said_no = reason in (attention.OPT_OUT, attention.COMPLAINT)
        told = ContactData(reason=code_of(reason), lead_ids=tuple(lead.id for lead in leads))
        happened = Kind.CONTACT_OPTED_OUT if said_no else Kind.CONTACT_BOUNCED
        feed.publish(session, context.clock, [feed.Event(happened, contact.id, told, "agent:engagement")])


def _suppress(session: Session, context: AgentContext, contact: Contact, reason: str, source: str) -> int:
    if contact.email_sealed is not None:
        address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        return suppression.suppress(
            session, context.clock, context.sealer, address=address, reason=reason, source=source[:100]
        )
    if contact.email_index is None:
        return 0
    keys = [(suppression.ADDRESS, contact.email_index)]
    return suppression.suppress_keys(session, context.clock, keys, reason=reason, source=source[:100])
