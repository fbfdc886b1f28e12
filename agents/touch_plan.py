"""What one touch of a sequence says, and whether it may be said: one rule for the agent and for a preview."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agents.context import AgentContext
from agents.drafting.plan import plan_draft
from agents.drafting.types import DraftKind, DraftPlan
from agents.lawful import ruling_on
from agents.material import Material
from agents.policy import ActionClass
from store.queries import suppression

MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a touch stands among the mails of its sequence."""

    mail: int  # the how manieth mail it is, from 1
    last: bool  # no mail is planned behind it


def plan_touch(found: Material, channel: str, place: Place, now: datetime) -> DraftPlan:
    """The first mail until something was sent, then follow-ups in its thread. A task's script opens as a mail does."""
    follows = bool(found.thread_subject) and channel == MAIL
    kind = DraftKind.FOLLOW_UP if follows else DraftKind.FIRST_MAIL
    return plan_draft(
        kind,
        found.recipient,
        found.offer,
        found.facts,
        now=now,
        touch_number=max(2, place.mail) if follows else 1,
        last_touch=place.last and follows,
        thread_subject=found.thread_subject if follows else "",
        used_fact_ids=found.used_fact_ids,
    )


def undeliverable(session: Session, context: AgentContext, found: Material) -> str:
    """Why no mail of any kind may go to this person; empty: one may."""
    contact = found.contact
    if contact.email_status == "invalid":
        return f"The address is not deliverable ({', '.join(contact.email_reasons) or 'no reason recorded'})."
    return suppressed(session, context, found)


def suppressed(session: Session, context: AgentContext, found: Material) -> str:
    """Why this person is left alone, on every channel; empty: nothing says so."""
    address = found.recipient.email
    if address and suppression.is_suppressed(session, context.sealer, address):
        return "The person is suppressed: they opted out, complained, or the address bounced."
    if suppression.companies_among(session, context.sealer, [found.contact.company_id]):
        return "Nobody at their company is written to: it is suppressed."
    return ""


def forbidden(session: Session, context: AgentContext, found: Material) -> str:
    """The first rule that forbids an unasked mail to this person; empty: none."""
    if why := undeliverable(session, context, found):
        return why
    action = ActionClass.FOLLOW_UP if found.thread_subject else ActionClass.FIRST_MAIL
    now, address = context.clock.now(), found.recipient.email
    ruling = ruling_on(session, found.contact, now, action=action.value, address=address)
    return "" if ruling.allowed else f"{ruling.reason} (rule {ruling.rule})"
