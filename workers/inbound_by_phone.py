"""What a telephony vendor told, applied: texts that came, what became of ours, how calls ended. Once, in any order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents import task_outcomes
from agents.by_phone import stop
from agents.context import AgentContext
from core.errors import Conflict, Rejected
from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind, MessageData
from store.models import InboundState, Lead, Message, OutboxItem, OutboxState, Task, TaskState
from store.queries import approvals, inbound, outbox, suppression, telephony, triggers
from tools.mail.inbound import InboundKind, InboundReading
from tools.mail.intents import Intent, IntentHit, read_intents
from tools.mail.reply_details import details_of
from tools.phone_numbers import is_e164
from tools.ports.telephony import OPTED_OUT, CallReport, CallState, TextArrived, TextReport, TextState
from workers import by_phone
from workers.by_phone_aftermath import follow
from workers.inbound import enums_of

PROGRESS: Final = tuple(f"text_{state.value}" for state in (TextState.ACCEPTED, TextState.SENT))
_RANK: Final = {
    TextState.ACCEPTED: 0,
    TextState.SENT: 1,
    TextState.UNDELIVERED: 2,
    TextState.FAILED: 2,
    TextState.DELIVERED: 3,
}
_NOBODY_ANSWERED: Final = (CallState.BUSY, CallState.NO_ANSWER)
_WROTE: Final = "They wrote."


@dataclass(frozen=True, slots=True)
class Applied:
    state: InboundState
    reason: str
    kind: str
    message_id: UUID | None = None
    latest: bool = False


def apply(
    session: Session, context: AgentContext, told: TextReport | TextArrived | CallReport, at: datetime
) -> Applied | None:
    """None: what it is about is not known yet. Again: changes nothing. Raises Rejected."""
    if isinstance(told, TextArrived):
        return _arrived(session, context, told, at)
    if isinstance(told, TextReport):
        return _text_report(session, context, told)
    return _call_report(session, context, told)


def _arrived(session: Session, context: AgentContext, told: TextArrived, at: datetime) -> Applied:
    if not is_e164(told.sender) or not told.provider_id.isalnum():
        raise Rejected("It comes from nothing that is a phone number.")
    keyword = stop.keyword_of(told.body)
    key = suppression.number_key(context.sealer, told.sender)
    if keyword == "stop":
        contacts = stop.stop(session, context, told.sender, source=f"text:{told.provider_id}")
    else:
        contacts = telephony.contacts_of(session, key)
    contact_id = contacts[0] if contacts else None
    lead = _lead_of(session, contact_id) if contact_id is not None else None
    source_key = f"text:{told.provider_id}"
    message_id = stable_id("message", context.workspace_id, source_key)
    row = {
        "id": message_id,
        "direction": "in",
        "source_key": source_key,
        "lead_id": lead.id if lead is not None else None,
        "contact_id": contact_id,
        "provider_message_id": told.provider_id[:255],
        "sender_index": key,
        "subject_sealed": context.sealer.seal("", context=f"message|subject|{message_id}"),
        "body_sealed": context.sealer.seal(_clean(told.body), context=f"message|body|{message_id}"),
        "kind": InboundKind.REPLY.value,
        "reading": {**_reading(told.body, at, keyword), "channel": "sms", "keyword": keyword, "media": told.media},
        "at": at,
    }
    if bulk.insert_ignore(session, Message, [row]):
        data = MessageData(
            category=InboundKind.REPLY.value,
            lead_id=row["lead_id"],
            customer_id=None,
            contact_id=contact_id,
            mailbox_id=None,
        )
        feed.publish(session, context.clock, [feed.Event(Kind.MESSAGE_RECEIVED, message_id, data)])
        if contact_id is not None:
            telephony.cancel_for(session, [contact_id], _WROTE)
        if lead is not None:
            approvals.void_for_lead(session, context.clock, context.ids, lead.id, _WROTE)
            triggers.add_trigger(
                session,
                context.clock,
                subject_kind="lead",
                subject_id=lead.id,
                kind="inbound",
                key=f"inbound:{message_id}",
                payload={"message_id": str(message_id)},
            )
    said = {
        "stop": "They said STOP: no text and no call to this number again.",
        "start": "They said START. Who said STOP is not texted again until a person records their consent.",
    }.get(keyword, "The text is kept with its person." if contact_id else "Nobody with this number was written to.")
    return Applied(InboundState.APPLIED, said, "text_arrived", message_id)


def _reading(body: str, at: datetime, keyword: str) -> dict[str, Any]:
    text = _clean(body)
    hits = read_intents(text, "")
    if keyword == "stop" and not any(hit.intent is Intent.OPT_OUT for hit in hits):
        hits = (IntentHit(Intent.OPT_OUT, text[:200]), *(hit for hit in hits if hit.intent is not Intent.UNKNOWN))
    found = {hit.intent for hit in hits}
    details = details_of(
        text,
        at.date(),
        wants_meeting=bool(found & {Intent.WANTS_MEETING, Intent.INTERESTED}),
        refers=bool(found & {Intent.REFERRAL, Intent.WRONG_PERSON}),
    )
    return enums_of(InboundReading(InboundKind.REPLY, "A text message.", text=text, intents=hits, details=details))


def _text_report(session: Session, context: AgentContext, told: TextReport) -> Applied | None:
    item = _item(session, context, told.key, outbox.TEXT)
    if item is not None and item.state in (OutboxState.SENDING, OutboxState.UNKNOWN) and item.started_at is not None:
        _taken(session, context, item, told.provider_id)
    message = _message(session, item, told.provider_id)
    if message is None:
        return None
    kind = f"text_{told.state.value}"
    if not _advance(session, message, told):
        return Applied(InboundState.SUPERSEDED, inbound.OVERTAKEN, kind, message.id)
    if told.state in (TextState.UNDELIVERED, TextState.FAILED):
        _not_delivered(session, context, message, told)
        return Applied(InboundState.APPLIED, "It did not arrive; a task says so.", kind, message.id, latest=True)
    return Applied(InboundState.APPLIED, "The text's state is known.", kind, message.id, latest=True)


def _taken(session: Session, context: AgentContext, item: OutboxItem, provider_id: str) -> None:
    """A report with our key proves that the vendor has it, whatever became of its answer to us."""
    detail, now = "The vendor reports on it.", context.clock.now()
    if item.state is OutboxState.UNKNOWN:
        if outbox.resolve(session, item.id, OutboxState.SENT, sent_at=now, state_reason=detail):
            follow(session, context, item, provider_id)
            _close_question(session, context, item)
    else:
        by_phone.sent(session, context, item, detail, provider_id)
    session.flush()


def _close_question(session: Session, context: AgentContext, item: OutboxItem) -> None:
    task_id = stable_id("task", item.workspace_id, f"resolve_unknown:{item.id}")
    task = session.get(Task, (context.workspace_id, task_id), with_for_update=True)
    if task is not None and task.state is TaskState.OPEN:
        task.state, task.done_at, task.outcome = TaskState.DONE, context.clock.now(), "The vendor reports on it."
        session.add(task)


def _advance(session: Session, message: Message, told: TextReport) -> bool:
    """Whether it says more than is known. Reports come in any order: the furthest state stands."""
    known = message.reading.get("delivery") or {}
    if known and int(known["rank"]) >= _RANK[told.state]:
        return str(known["state"]) == told.state.value
    delivery = {"state": told.state.value, "rank": _RANK[told.state], "code": told.code if told.code.isdigit() else ""}
    message.reading = {**message.reading, "delivery": delivery}
    session.add(message)
    return True


def _not_delivered(session: Session, context: AgentContext, message: Message, told: TextReport) -> None:
    if told.code == OPTED_OUT and is_e164(told.recipient):
        stop.stop(session, context, told.recipient, source=f"vendor:{told.provider_id}")
    if message.lead_id is None:
        return
    key = f"text_failed:{message.id}"
    row = {
        "id": stable_id("task", context.workspace_id, key),
        "source_key": key,
        "subject_kind": "lead",
        "subject_id": message.lead_id,
        "kind": "text_failed",
        "title": "A text did not arrive: look at the number, or reach them otherwise",
        "due_at": context.clock.now(),
        "created_at": context.clock.now(),
    }
    if bulk.insert_ignore(session, Task, [row]):
        feed.publish(session, context.clock, [feed.task(Kind.TASK_MADE, row)])


def _call_report(session: Session, context: AgentContext, told: CallReport) -> Applied | None:
    item = _item(session, context, told.key, outbox.CALL)
    if item is None:
        return None
    if item.state in (OutboxState.SENDING, OutboxState.UNKNOWN) and item.started_at is not None:
        _taken(session, context, item, told.provider_id if not told.of_contact else "")
    message = _message(session, item, told.provider_id)
    leg = "contact" if told.of_contact else "rep"
    if message is not None:
        calls = {**(message.reading.get("call") or {}), leg: {"state": told.state.value, "seconds": told.seconds}}
        message.reading = {**message.reading, "call": calls}
        session.add(message)
    kind = f"call_{told.state.value}"
    where = message.id if message is not None else None
    if not told.of_contact:
        return Applied(InboundState.APPLIED, f"Your own phone: {told.state.value}.", kind, where)
    return Applied(InboundState.APPLIED, _log(session, context, item, told), kind, where)


def _log(session: Session, context: AgentContext, item: OutboxItem, told: CallReport) -> str:
    """Nobody answered: that needs no person to say it. Whether a person or a machine answered only the rep knows."""
    task = session.get(Task, (context.workspace_id, UUID(str(item.payload["task_id"]))), with_for_update=True)
    if task is None or task.state is not TaskState.OPEN:
        return "The call is kept; its task is over."
    if told.state in _NOBODY_ANSWERED:
        try:
            return task_outcomes.log_task(
                session,
                context,
                task,
                task_outcomes.TaskResult.NO_ANSWER,
                actor="system",
                note=f"call: {told.state.value}",
            )
        except (Conflict, Rejected) as error:
            return error.message
    task.outcome = f"The call: {told.state.value.replace('_', ' ')}, {told.seconds} s. Say how it went."
    session.add(task)
    return "The rep says how it went."


def _item(session: Session, context: AgentContext, key: str, kind: str) -> OutboxItem | None:
    try:
        item_id = UUID(key)
    except ValueError:
        return None
    item = session.get(OutboxItem, (context.workspace_id, item_id), with_for_update=True, populate_existing=True)
    return item if item is not None and item.kind == kind else None


def _message(session: Session, item: OutboxItem | None, provider_id: str) -> Message | None:
    if item is not None:
        message_id = stable_id("message", item.workspace_id, f"outbox:{item.id}")
        found = session.get(Message, (item.workspace_id, message_id), with_for_update=True, populate_existing=True)
        if found is not None:
            return found
    if not provider_id:
        return None
    query = select(Message).where(Message.direction == "out", Message.provider_message_id == provider_id)
    return session.exec(query.order_by(col(Message.id)).with_for_update()).first()


def _lead_of(session: Session, contact_id: UUID) -> Lead | None:
    """The lead that was texted or called last; else the one that moved last."""
    last = (
        select(Message.lead_id)
        .where(
            Message.contact_id == contact_id,
            Message.direction == "out",
            col(Message.kind).in_(outbox.BY_PHONE),
            col(Message.lead_id).is_not(None),
        )
        .order_by(col(Message.at).desc(), col(Message.id).desc())
    )
    lead_id = session.exec(last.limit(1)).first()
    if lead_id is not None and (found := session.exec(select(Lead).where(Lead.id == lead_id)).first()) is not None:
        return found
    query = select(Lead).where(Lead.contact_id == contact_id).order_by(col(Lead.updated_at).desc(), col(Lead.id))
    return session.exec(query.limit(1)).first()


def _clean(text: str) -> str:
    """Without what no database keeps."""
    return "".join(c for c in text[:2_000] if c in "\n\t" or (c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF))
