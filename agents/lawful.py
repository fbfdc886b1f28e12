"""May this contact be written to, now? The table of agents.jurisdiction, asked with what holds at this instant."""

from datetime import datetime
from typing import Final

from sqlmodel import Session

from agents import jurisdiction
from agents.jurisdiction import Basis, Ruling, Subscriber
from store.models import Contact
from store.queries import legal_bases
from store.queries.legal_bases import Held
from tools.domains import FREE_MAIL

_A_CONTRACT: Final = "a customer with a contract"


def ruling_on(
    session: Session,
    contact: Contact,
    now: datetime,
    *,
    action: str = "first_mail",
    channel: str = jurisdiction.MAIL,
    customer: bool = False,
    address: str = "",
) -> Ruling:
    """`customer`: what is said concerns their contract. `address`: opened, where it is at hand: that of a free mail
    service is a person's own."""
    held = legal_bases.held(session, contact, now, channel)
    return ruling_with(held, contact, action=action, channel=channel, customer=customer, address=address)


def ruling_with(
    held: Held,
    contact: Contact,
    *,
    action: str = "first_mail",
    channel: str = jurisdiction.MAIL,
    customer: bool = False,
    address: str = "",
) -> Ruling:
    """The same, where what holds was read before, for many at once."""
    basis, evidence = held.basis, held.evidence
    if customer:
        basis, evidence = Basis.EXISTING_CUSTOMER.value, evidence or _A_CONTRACT
    return jurisdiction.rule(
        contact.country,
        basis,
        evidence,
        action=action,
        channel=channel,
        subscriber=subscriber_of(contact, address),
        lapsed=held.lapsed,
    )


def may_track(contact: Contact) -> bool:
    """Whether clicks and opens of this person may be counted: their country is known and does not forbid it."""
    country = contact.country.strip().upper()
    return bool(country) and country not in jurisdiction.TRACKING_OFF


def subscriber_of(contact: Contact, address: str = "") -> str:
    """Who the law sees: as a person said, else by the address."""
    if contact.subscriber or not address:
        return contact.subscriber
    own = address.rpartition("@")[2].strip().lower() in FREE_MAIL
    return Subscriber.INDIVIDUAL.value if own else Subscriber.UNKNOWN.value
