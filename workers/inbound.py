"""What arrives: each mail once, matched to what it answers, and a trigger for the thread that it concerns.

What it overtakes (drafts and queued mails of that lead) is taken back in the same transaction. What it says is read by
rules here and weighed by the engagement agent there. Its words are tainted: sealed, shown, never obeyed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.errors import SalesOSError
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store import bulk
from store.models import Alert, Contact, Customer, Lead, Mailbox, MailboxState, Message
from store.queries import approvals, triggers
from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.ports import InboundMail, Unknown

_log = get_logger(__name__)
_PAGE = 50
# A person's words, or proof that words do not arrive: what was approved before is no longer the right thing to say.
_OVERTAKES = {
    InboundKind.REPLY: "They wrote.",
    InboundKind.COMPLAINT: "They complained.",
    InboundKind.BOUNCE: "A mail to them bounced.",
}


@dataclass(frozen=True, slots=True)
class _Match:
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None


def poll(context: AgentContext) -> int:
    """Reads every active mailbox's inbox to its end. Returns how many mails were new."""
    with context.database.read(context.workspace_id) as session:
        query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
        mailboxes = list(session.exec(query))
    return sum(poll_mailbox(context, mailbox) for mailbox in mailboxes)


def poll_mailbox(context: AgentContext, mailbox: Mailbox) -> int:
    new, cursor = 0, mailbox.inbox_cursor
    while True:
        try:
            page = context.tools.inbox(mailbox).fetch(cursor, _PAGE)
        except SalesOSError as error:  # one mailbox with wrong settings must not keep the others from being read
            _alert(context, mailbox, redact_text(str(error)))
            return new
        if isinstance(page, Unknown):
            _log.warning("an inbox could not be read", mailbox=str(mailbox.id), reason=page.reason)
            return new
        if not page:
            return new
        new += ingest(context, mailbox, page)
        cursor = page[-1].uid
        if len(page) < _PAGE:
            return new


def ingest(context: AgentContext, mailbox: Mailbox, mails: Sequence[InboundMail]) -> int:
    """A page of mails and the cursor behind it, in one transaction: none is lost, none counts twice."""
    read = [(mail, read_mail(mail.raw, mail.received_at)) for mail in mails]
    new = 0
    with context.database.write(context.workspace_id) as session:
        for mail, reading in read:
            new += _one(session, context, mailbox, mail, reading)
        row = session.get(Mailbox, (context.workspace_id, mailbox.id))
        if row is not None:
            row.inbox_cursor = mails[-1].uid
            session.add(row)
    return new


def _alert(context: AgentContext, mailbox: Mailbox, reason: str) -> None:
    """Once a day for a mailbox: whoever answers there is not heard."""
    now = context.clock.now()
    key = f"inbox:{mailbox.id}:{now.date()}"
    alert = {
        "id": stable_id("alert", context.workspace_id, key),
        "source_key": key,
        "subject_kind": "mailbox",
        "subject_id": mailbox.id,
        "level": "critical",
        "text": f"An inbox cannot be read, so replies and opt-outs in it are not seen: {reason}",
        "created_at": now,
    }
    with context.database.write(context.workspace_id) as session:
        bulk.insert_ignore(session, Alert, [alert])


def _one(session: Session, context: AgentContext, mailbox: Mailbox, mail: InboundMail, reading: InboundReading) -> bool:
    # By its bytes: the same mail in two inboxes, or fetched again after a crash, is one message.
    source_key = f"inbox:{sha256(mail.raw).hexdigest()}"
    message_id = stable_id("message", context.workspace_id, source_key)
    found = _match(session, context, reading)

    def sealed(column: str, text: str) -> str:
        return context.sealer.seal(text, context=f"message|{column}|{message_id}")

    row = {
        "id": message_id,
        "direction": "in",
        "source_key": source_key,
        "mailbox_id": mailbox.id,
        "lead_id": found.lead_id,
        "customer_id": found.customer_id,
        "contact_id": found.contact_id,
        "message_id": reading.message_id[:255],
        "in_reply_to": next(iter(reading.thread_ids), "")[:255],
        "subject_sealed": sealed("subject", reading.subject),
        "body_sealed": sealed("body", reading.text),
        "kind": reading.kind.value,
        "reading": _enums_of(reading),
        "at": mail.received_at,
    }
    if not bulk.insert_ignore(session, Message, [row]):
        return False
    subject = ("lead", found.lead_id) if found.lead_id else ("customer", found.customer_id)
    if subject[1] is None:
        return True  # somebody we never wrote to: kept, shown, moves nothing
    overtakes = _OVERTAKES.get(reading.kind)
    if overtakes and found.lead_id:
        approvals.void_for_lead(session, context.clock, context.ids, found.lead_id, overtakes)
    elif overtakes and found.customer_id:
        approvals.void_for_customer(session, context.clock, context.ids, found.customer_id, overtakes)
    triggers.add_trigger(
        session,
        context.clock,
        subject_kind=subject[0],
        subject_id=subject[1],
        kind="inbound",
        key=f"inbound:{message_id}",
        payload={"message_id": str(message_id)},
    )
    return True


def _match(session: Session, context: AgentContext, reading: InboundReading) -> _Match:
    """By the mail of ours that it names; else by who wrote it, or whose address a report says failed."""
    addresses = [failed.address for failed in reading.failed if failed.address] or [reading.sender]
    writer = _contact(session, context, addresses)
    thread_ids = list(reading.thread_ids)[:20]
    if thread_ids:
        ours = session.exec(
            select(Message).where(Message.direction == "out", col(Message.message_id).in_(thread_ids))
        ).all()
        if ours:
            sent = min(ours, key=lambda message: (thread_ids.index(message.message_id), message.id))
            return _Match(sent.lead_id, sent.customer_id, writer.id if writer else sent.contact_id)
    if writer is None:
        return _Match()
    lead = session.exec(
        select(Lead).where(Lead.contact_id == writer.id).order_by(col(Lead.updated_at).desc(), col(Lead.id))
    ).first()
    if lead is not None:
        return _Match(lead.id, None, writer.id)
    customer = session.exec(select(Customer).where(Customer.contact_id == writer.id).order_by(col(Customer.id))).first()
    return _Match(None, customer.id if customer else None, writer.id)


def _contact(session: Session, context: AgentContext, addresses: Sequence[str]) -> Contact | None:
    keys = [context.sealer.blind_index("email", address.strip().lower()) for address in addresses if address]
    if not keys:
        return None
    return session.exec(select(Contact).where(col(Contact.email_index).in_(keys)).order_by(col(Contact.id))).first()


def _enums_of(reading: InboundReading) -> dict[str, Any]:
    """Enums, dates and places in the text; no words of it."""
    return {
        "kind": reading.kind.value,
        "rule": reading.reason,
        "intents": [{"intent": hit.intent.value, **_span(reading.text, hit.quote)} for hit in reading.intents],
        "bounce": reading.bounce.value if reading.bounce else None,
        "statuses": [failed.status for failed in reading.failed],
        "feedback_type": reading.feedback_type,
        "return_on": reading.return_on.isoformat() if reading.return_on else None,
        "has_left": reading.has_left,
    }


def _span(text: str, quote: str) -> dict[str, int]:
    """Where the deciding sentence stands in the sealed body; nothing where it was tidied too much to be found."""
    start = text.find(quote)
    return {"start": start, "end": start + len(quote)} if quote and start >= 0 else {}
