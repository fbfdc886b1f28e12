"""Which thread an inbound mail belongs to, and who wrote it.

    the mail of ours that it names (In-Reply-To, References, a report's returned headers; also by the id that the
    sending service wrote) → the writer's address, also without its +tag → who wrote from this address before, in a
    thread of ours → a colleague's "Re:" of a subject that their company was sent

The first that finds something decides. Subjects and names are compared here and kept nowhere in clear.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from store.models import Company, Contact, Customer, Lead, Message
from store.queries import merges
from tools.domains import registrable_domain
from tools.mail.inbound import InboundReading
from tools.names import person_key

_IDS = 20  # of a mail's References: more is somebody's joke
_SUBJECTS = 50  # the latest mails to a company that a colleague's answer is compared with
_RECENT = timedelta(days=60)  # and how old they may be
_ANSWERS = re.compile(r"^\s*(?:(?:re|aw|sv|vs|antw|odp|rif|res|ref|ynt|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:\s*)+", re.I)


class Writer(StrEnum):
    CONTACT = "contact"  # the person we wrote to, from the address we wrote to
    ALIAS = "alias"  # the same person, from another address of theirs
    COLLEAGUE = "colleague"  # somebody else at their company
    OTHER = "other"  # in our thread, from elsewhere: an assistant, an agency, a forward
    UNKNOWN = "unknown"  # no thread of ours


@dataclass(frozen=True, slots=True)
class Match:
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    writer: Writer = Writer.UNKNOWN


def match(session: Session, context: AgentContext, reading: InboundReading) -> Match:
    reported = [failed.address for failed in reading.failed if failed.address]
    author = _contact(session, context, reported or [reading.sender])
    found = _by_thread(session, reading, author)
    if found is None and author is not None:
        found = _by_contact(session, author)
    if found is None and not reported and reading.sender:
        found = _by_earlier(session, context, reading.sender) or _by_subject(session, context, reading)
    if found is None:
        return Match(contact_id=author.id if author else None)
    who = Writer.UNKNOWN if reported else _writer(session, context, reading, found.contact_id)
    return Match(found.lead_id, found.customer_id, found.contact_id, who)


def sender_index(context: AgentContext, reading: InboundReading) -> str:
    """By which a later mail of the same address is found; "" where it names none."""
    return context.sealer.blind_index("email", reading.sender) if reading.sender else ""


def _by_thread(session: Session, reading: InboundReading, author: Contact | None) -> Match | None:
    ids = list(reading.thread_ids)[:_IDS]
    if not ids:
        return None
    # Two questions, each by its index: as one with OR, the whole workspace would be read.
    names = (col(Message.message_id), col(Message.wire_message_id))
    ours = [
        sent
        for name in names
        for sent in session.exec(select(Message).where(Message.direction == "out", name.in_(ids)))
    ]
    if not ours:
        return None

    def likeliest(sent: Message) -> tuple[int, UUID]:
        return min(ids.index(name) for name in (sent.message_id, sent.wire_message_id) if name in ids), sent.id

    sent = min(ours, key=likeliest)
    return Match(sent.lead_id, sent.customer_id, author.id if author else sent.contact_id)


def _by_contact(session: Session, author: Contact) -> Match | None:
    lead = session.exec(
        select(Lead).where(Lead.contact_id == author.id).order_by(col(Lead.updated_at).desc(), col(Lead.id))
    ).first()
    if lead is not None:
        return Match(lead.id, None, author.id)
    customer = session.exec(select(Customer).where(Customer.contact_id == author.id).order_by(col(Customer.id))).first()
    return Match(None, customer.id, author.id) if customer is not None else None


def _by_earlier(session: Session, context: AgentContext, sender: str) -> Match | None:
    """Who answered from here in a thread of ours, writes about it again without naming it."""
    before = session.exec(
        select(Message)
        .where(
            Message.sender_index == context.sealer.blind_index("email", sender),
            sa.or_(col(Message.lead_id).is_not(None), col(Message.customer_id).is_not(None)),
        )
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(1)
    ).first()
    return Match(before.lead_id, before.customer_id, before.contact_id) if before is not None else None


def _by_subject(session: Session, context: AgentContext, reading: InboundReading) -> Match | None:
    """Programs that drop the thread keep "Re:" and the subject. Only of mails to the sender's own company."""
    domain = registrable_domain(reading.sender)
    wanted = _bare(reading.subject)
    if domain is None or not wanted or wanted == _plain(reading.subject):
        return None
    sent = session.exec(
        select(Message)
        .join(Contact, col(Contact.id) == col(Message.contact_id))
        .join(Company, col(Company.id) == col(Contact.company_id))
        .where(
            Company.domain == domain,
            Message.direction == "out",
            col(Message.lead_id).is_not(None),
            col(Message.at) > context.clock.now() - _RECENT,
        )
        .order_by(col(Message.at).desc(), col(Message.id))
        .limit(_SUBJECTS)
    ).all()
    for message in sent:
        if message.subject_sealed is None:
            continue
        subject = context.sealer.open(message.subject_sealed, context=f"message|subject|{message.id}")
        if _bare(subject) == wanted:
            return Match(message.lead_id, None, message.contact_id)
    return None


def _writer(session: Session, context: AgentContext, reading: InboundReading, contact_id: UUID | None) -> Writer:
    contact = session.get(Contact, (context.workspace_id, contact_id)) if contact_id else None
    if contact is None or not reading.sender:
        return Writer.OTHER
    if contact.email_sealed is not None:
        address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}").strip().lower()
        if reading.sender == address:
            return Writer.CONTACT
        if _untagged(reading.sender) == _untagged(address):
            return Writer.ALIAS
    if contact.name_sealed is not None and reading.sender_name:
        name = context.sealer.open(contact.name_sealed, context=f"contact|name|{contact.id}")
        if (key := person_key(name)) and key == person_key(reading.sender_name):
            return Writer.ALIAS
    company = session.get(Company, (context.workspace_id, contact.company_id))
    domain = company.domain if company else None
    return Writer.COLLEAGUE if domain and registrable_domain(reading.sender) == domain else Writer.OTHER


def _contact(session: Session, context: AgentContext, addresses: Sequence[str]) -> Contact | None:
    """The address as it is before the one without its tag: both may be somebody's."""
    known = [address.strip().lower() for address in addresses if address]
    for names in (known, [bare for address in known if (bare := _untagged(address)) != address]):
        keys = [context.sealer.blind_index("email", name) for name in names]
        if not keys:
            continue
        found = session.exec(
            select(Contact).where(col(Contact.email_index).in_(keys)).order_by(col(Contact.id))
        ).first()
        if found is not None:
            (standing,) = merges.standing_for(session, [found.id])  # who was merged writes from an own address
            return found if standing == found.id else session.get(Contact, (context.workspace_id, standing))
    return None


def _untagged(address: str) -> str:
    """ "pat+sales@x.example" → "pat@x.example" (RFC 5233)."""
    local, at, domain = address.rpartition("@")
    bare = local.partition("+")[0]
    return f"{bare}{at}{domain}" if bare else address


def _bare(subject: str) -> str:
    """Without its "Re:", in any of the languages that programs write it in."""
    return _plain(_ANSWERS.sub("", subject))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
