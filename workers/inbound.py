"""What arrives: each mail once, matched to what it answers, and a trigger for the thread that it concerns.

What it overtakes (drafts and queued mails of that lead) is taken back in the same transaction. What it says is read by
rules here and weighed by the engagement agent there. Its words are tainted: sealed, shown, never obeyed.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from core.errors import SalesOSError
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store import bulk, feed
from store.feed_kinds import Kind, MessageData
from store.models import Alert, Mailbox, MailboxState, Message
from store.queries import approvals, triggers
from tools.calendar.ics import meeting_of
from tools.calendar.itip import ItipMessage, ItipMethod
from tools.mail.inbound import InboundKind, InboundReading, read_mail
from tools.mail.verdicts import reported
from tools.ports import InboundMail, Unknown
from tools.ports.inbox_watch import MailArrived
from workers.thread_match import match, sender_index

_log = get_logger(__name__)
_PAGE = 50
_NOTED_EVERY = timedelta(minutes=1)
_TOLD = "grant_dead"  # store.queries.connections told it when the connection was closed, once
# A person's words, or proof that words do not arrive: what was approved before is no longer the right thing to say.
_OVERTAKES = {
    InboundKind.REPLY: "They wrote.",
    InboundKind.COMPLAINT: "They complained.",
    InboundKind.BOUNCE: "A mail to them bounced.",
}


def poll(context: AgentContext) -> int:
    """Reads every active mailbox's inbox to its end. Returns how many mails were new."""
    with context.database.read(context.workspace_id) as session:
        query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
        mailboxes = list(session.exec(query))
    return sum(poll_mailbox(context, mailbox) for mailbox in mailboxes)


def poll_now(context: AgentContext, mailbox_id: UUID) -> int:
    """The inbox of this one, because its server said that mail came."""
    with context.database.read(context.workspace_id) as session:
        mailbox = session.get(Mailbox, (context.workspace_id, mailbox_id))
    return poll_mailbox(context, mailbox) if mailbox is not None and mailbox.state is MailboxState.ACTIVE else 0


def poll_told(context: AgentContext, told: Collection[MailArrived]) -> int:
    """The inboxes that services say have changed: by their address; else, because an account may have another one than
    its mailbox, each of that kind."""
    if not told:
        return 0
    with context.database.read(context.workspace_id) as session:
        kinds = {change.inbox for change in told}
        query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE, col(Mailbox.inbox).in_(kinds))
        mailboxes = list(session.exec(query.order_by(col(Mailbox.id))))
    known = {(mailbox.address.lower(), mailbox.inbox) for mailbox in mailboxes}
    of_nobody = {change.inbox for change in told if (change.address, change.inbox) not in known}
    named = {(change.address, change.inbox) for change in told}
    wanted = [one for one in mailboxes if one.inbox in of_nobody or (one.address.lower(), one.inbox) in named]
    return sum(poll_mailbox(context, mailbox) for mailbox in wanted)


def poll_mailbox(context: AgentContext, mailbox: Mailbox) -> int:
    new, cursor = 0, mailbox.inbox_cursor
    while True:
        try:
            page = context.tools.inbox(mailbox).fetch(cursor, _PAGE)
        except SalesOSError as error:  # one mailbox with wrong settings must not keep the others from being read
            if error.code != _TOLD:
                _alert(context, mailbox, redact_text(str(error)))
            _note_reading(context, mailbox, redact_text(str(error)))
            return new
        if isinstance(page, Unknown):
            _log.warning("an inbox could not be read", mailbox=str(mailbox.id), reason=page.reason)
            _note_reading(context, mailbox, redact_text(page.reason))
            return new
        new += ingest(context, mailbox, page) if page else 0
        if len(page) < _PAGE:
            _note_reading(context, mailbox, "")
            return new
        cursor = page[-1].uid


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


def _note_reading(context: AgentContext, mailbox: Mailbox, problem: str) -> None:
    """When the inbox was last read to its end, and why not since: at most once a minute while nothing changes."""
    now, last = context.clock.now(), mailbox.inbox_read_at
    read_lately = last is not None and timedelta(0) <= now - last < _NOTED_EVERY
    if problem == mailbox.inbox_problem and (problem or read_lately):
        return
    values: dict[str, Any] = {"inbox_problem": problem[:1_000]}
    if not problem:
        values["inbox_read_at"] = now
    with context.database.write(context.workspace_id) as session:
        session.execute(
            sa.update(Mailbox)
            .where(col(Mailbox.id) == mailbox.id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


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
    found = match(session, context, reading)

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
        "sender_index": sender_index(context, reading),
        "reading": {**enums_of(reading), "writer": found.writer.value},
        "at": mail.received_at,
    }
    if not bulk.insert_ignore(session, Message, [row]):
        return False
    told = MessageData(
        category=reading.kind.value,
        lead_id=found.lead_id,
        customer_id=found.customer_id,
        contact_id=found.contact_id,
        mailbox_id=mailbox.id,
    )
    feed.publish(session, context.clock, [feed.Event(Kind.MESSAGE_RECEIVED, message_id, told)])
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


def enums_of(reading: InboundReading) -> dict[str, Any]:
    """Enums, dates and places in the text; no words of it."""
    return {
        "kind": reading.kind.value,
        "rule": reading.reason,
        "intents": [{"intent": hit.intent.value, **_span(reading.text, hit.quote)} for hit in reading.intents],
        "language": reading.details.language,
        "sent_at": reading.sent_at.isoformat() if reading.sent_at else None,
        "utc_offset": reading.utc_offset,
        "objections": [kind.value for kind in reading.details.objections],
        "times": [
            {"start": one.span.start, "end": one.span.end, "at": one.at.isoformat() if one.at else None}
            for one in reading.details.times
        ],
        "refers_to": [{"start": span.start, "end": span.end} for span in reading.details.refers_to],
        "bounce": reading.bounce.value if reading.bounce else None,
        "statuses": [failed.status for failed in reading.failed],
        "verdict": _verdict(reading),
        "feedback_type": reading.feedback_type,
        "return_on": reading.return_on.isoformat() if reading.return_on else None,
        "has_left": reading.has_left,
        "calendar": [said for message in reading.calendar if (said := _of_calendar(message, reading.sender))],
    }


def _of_calendar(message: ItipMessage, sender: str) -> dict[str, Any] | None:
    """What a calendar program says of a meeting of ours, without its words. `own`: the mail's sender speaks for
    themselves, and for nobody else. None: it is about another event, or one date of several."""
    meeting_id = meeting_of(message.uid)
    if meeting_id is None or message.recurrence_id:
        return None
    speaks = [attendee.address for attendee in message.attendees]
    own = speaks == [sender] or (message.method is ItipMethod.COUNTER and (sender in speaks or not speaks))
    answer = next((one.answer.value for one in message.attendees if one.address == sender), "")
    return {
        "meeting_id": str(meeting_id),
        "method": message.method.value,
        "answer": answer,
        "sequence": message.sequence,
        "stamp": message.stamp.isoformat() if message.stamp else None,
        "starts_at": message.starts_at.isoformat() if message.starts_at else None,
        "own": own,
    }


def _verdict(reading: InboundReading) -> str | None:
    """Whose fault the first failure was, by the server's own words; None: the mail reports none."""
    if reading.bounce is None or not reading.failed:
        return None
    return reported(reading.bounce.value, reading.failed[0].status, reading.failed[0].diagnostic).value


def _span(text: str, quote: str) -> dict[str, int]:
    """Where the deciding sentence stands in the sealed body; nothing where it was tidied too much to be found."""
    start = text.find(quote)
    return {"start": start, "end": start + len(quote)} if quote and start >= 0 else {}
