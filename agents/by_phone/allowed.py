"""May this person be texted, or called through an account of ours? One answer for the page, the queue and the claim.

An own phone in a rep's hand asks none of this: it stays their task. What goes out through an account needs the law of
the person's country and of their number's, what the person said, the policy, and an account that works.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from agents import jurisdiction
from agents.context import AgentContext
from agents.lawful import ruling_with
from agents.policy import ActionClass, Autonomy, Policy
from agents.recipient_clock import clock_of
from core.errors import Rejected
from store.models import Company, Contact, TelephonyAccount
from store.queries import legal_bases, outbox, suppression, telephony
from tools.phone_numbers import Number, normalise

ACTION: Final = {outbox.TEXT: ActionClass.TEXT_MESSAGE, outbox.CALL: ActionClass.CALL}
CHANNEL: Final = {outbox.TEXT: "sms", outbox.CALL: "phone"}
NAMED: Final = {outbox.TEXT: "texts", outbox.CALL: "calls"}
# Whatever a policy says of its own hours: before and after, the strictest of the countries that fix hours for texts and
# calls let none through (France, Décret 2022-1313; the TCPA's 8 to 21 is wider).
_FIRST_HOUR, _LAST_HOUR = 8, 20


@dataclass(frozen=True, slots=True)
class Reached:
    """Who is reached, and what it rests on."""

    number: Number
    rule: str  # of the law, as people read it
    basis: str


def reached(
    session: Session, context: AgentContext, contact: Contact, kind: str, policy: Policy, now: datetime
) -> Reached:
    """Raises Rejected with the first rule that forbids it."""
    number = number_of(context, contact)
    if kind == outbox.TEXT and not number.takes_texts:
        raise Rejected("That number is a fixed line: it takes no text.", hint="Call instead.", code="fixed_line")
    _left_alone(session, context, contact, number)
    if policy.autonomy_of(ACTION[kind]) is Autonomy.PROPOSE:
        raise Rejected(
            f"The policy leaves {NAMED[kind]} to people's own phones.",
            hint="An admin can let them out with a person's word: Policies, “What leaves without a person's word”.",
            code="policy",
        )
    held = legal_bases.held(session, contact, now, CHANNEL[kind])
    ruling = ruling_with(held, contact, action=ACTION[kind].value, channel=CHANNEL[kind])
    if ruling.allowed and number.country.upper() != contact.country.strip().upper():
        # Somebody with another country's number may sit there: both laws have to allow it.
        ruling = jurisdiction.rule(
            number.country,
            held.basis,
            held.evidence,
            action=ACTION[kind].value,
            channel=CHANNEL[kind],
            subscriber=contact.subscriber,
            lapsed=held.lapsed,
        )
    if not ruling.allowed:
        raise Rejected(
            f"{ruling.reason} (rule {ruling.rule})",
            hint="Record their consent with its evidence, or do it by hand where that is lawful.",
            code="law",
        )
    return Reached(number, ruling.rule, ruling.basis.value)


def number_of(context: AgentContext, contact: Contact) -> Number:
    """Raises Rejected."""
    if contact.erased_at is not None or contact.phone_sealed is None:
        raise Rejected("No phone number of this person is known.", hint="Add it to the contact.", code="no_number")
    written = context.sealer.open(contact.phone_sealed, context=f"contact|phone|{contact.id}")
    return normalise(written, contact.country)


def _left_alone(session: Session, context: AgentContext, contact: Contact, number: Number) -> None:
    """Whoever said no anywhere said it here too."""
    reason = suppression.number_reason(session, context.sealer, number.e164)
    if not reason and contact.email_sealed is not None:
        address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        found = suppression.suppressed_among(session, context.sealer, [address]).get(address, "")
        reason = found if found not in ("hard_bounce", "soft_bounces") else ""  # of the address, not of the person
    reason = reason or suppression.companies_among(session, context.sealer, [contact.company_id]).get(
        contact.company_id, ""
    )
    if reason:
        raise Rejected(f"Suppressed ({reason}): never texted or called again.", hint="", code="suppressed")


def opening(contact: Contact, company: Company | None, policy: Policy, home: str, now: datetime) -> datetime:
    """When from `now` on a text or a call may reach them; `now` itself when it may."""
    first = max(policy.window_start_hour, _FIRST_HOUR)
    last = min(policy.window_end_hour, _LAST_HOUR)
    if first >= last:
        first, last = _FIRST_HOUR, _LAST_HOUR
    hours = policy.model_copy(update={"window_start_hour": first, "window_end_hour": last})
    return clock_of(contact, company).opening(now, home, hours)


def account_for(session: Session, kind: str) -> TelephonyAccount:
    """Raises Rejected."""
    found = telephony.in_use(session, kind)
    if found is None:
        raise Rejected(
            f"No account for {NAMED[kind]} is connected and active.",
            hint="Connect one: docs/telephony.md. Until then it is done by hand.",
            code="no_account",
        )
    return found
