"""What sending services say became of our mails, applied: whom it stops, what it counts for, what a person should see.

Events repeat and come in any order. Each leaves its raw hit once, by its id; everything else that follows is the same
whichever came first: an address, a complaint or an opt-out stops for good, soft bounces are counted over all that is
known, and the state of a mail is the latest by the service's own clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, select

from agents import attention, brakes
from agents.context import AgentContext
from agents.engagement import SOFT_BOUNCE_DAYS, SOFT_BOUNCES
from agents.never_again import never_again
from agents.step import Trigger
from core.ids import stable_id
from scoring.engagement import ActorClass, EngagementKind
from store import bulk
from store.models import Alert, Contact, EngagementEvent, InboundState, Lead, Mailbox, Message
from store.queries import approvals, merges, suppression, triggers
from store.queries.inbound import OVERTAKEN
from tools.mail.bounce_severity import BounceClass
from tools.mail.verdicts import Verdict
from tools.ports import DeliveryEvent, DeliveryKind

# Kinds that only say where a mail is: the latest stands, the others are history.
PROGRESS: Final = (DeliveryKind.DEFERRED, DeliveryKind.DELIVERED)
# Of two that the service dates alike: a mail is put off, then it arrives or is not sent, then it comes back.
_RANK: Final = {
    DeliveryKind.DEFERRED: 0,
    DeliveryKind.DROPPED: 1,
    DeliveryKind.DELIVERED: 2,
    DeliveryKind.BOUNCED: 3,
}
# Of two reasons never to write again the graver one is shown, whichever was heard first.
_GRAVITY: Final = ("soft_bounces", "hard_bounce", attention.OPT_OUT, attention.COMPLAINT)
_DEAD_ADDRESS: Final = "hard_bounce"
_VERDICTS: Final = {BounceClass.HARD: Verdict.NO_SUCH_PERSON, BounceClass.BLOCKED: Verdict.BLOCKED}


@dataclass(frozen=True, slots=True)
class Applied:
    state: InboundState
    reason: str
    latest: bool = False  # the latest word on where the mail is: what was said of that before is history


@dataclass(frozen=True, slots=True)
class _Case:
    session: Session
    context: AgentContext
    event: DeliveryEvent
    message: Message
    contact: Contact | None

    def note(self, kind: str, actor: ActorClass, **raw: Any) -> bool:
        """The raw hit; nothing of a person in it. False: it was there."""
        if self.contact is None:
            return False
        return attention.add_event(
            self.session,
            self.context,
            contact_id=self.contact.id,
            lead_id=self.message.lead_id,
            message_id=self.message.id,
            kind=kind,
            actor=actor,
            rule=f"delivery:{self.event.kind.value}",
            source_key=f"delivery:{self.event.event_id}"[:200],
            at=self.event.occurred_at,
            raw=raw,
        )

    def stop(self, reason: str) -> None:
        """Never again, and the graver of two reasons stays."""
        assert self.contact is not None
        source = f"delivery:{self.event.event_id}"
        never_again(self.session, self.context, self.contact, reason=reason, source=source, except_for=None)
        if self.contact.email_index:
            milder = _GRAVITY[: _GRAVITY.index(reason)]
            suppression.outrank(self.session, self.contact.email_index, milder, reason)
        attention.reassess(self.session, self.context, self.contact.id)


def message_of(session: Session, event: DeliveryEvent) -> Message | None:
    """Our mail that the event names: by our own Message-ID, else by the id that the service gave it."""
    named = [(Message.message_id, event.message_id), (Message.wire_message_id, event.message_id)]
    named.append((Message.provider_message_id, event.provider_id))
    for column, value in named:
        query = select(Message).where(Message.direction == "out", column == value).order_by(col(Message.id))
        if value and (found := session.exec(query).first()):
            return found
    return None


def apply(session: Session, context: AgentContext, event: DeliveryEvent, message: Message) -> Applied:
    """All that follows from one event about this mail, in the caller's transaction. Again: changes nothing."""
    case = _Case(session, context, event, message, _contact(session, context, message))
    latest = _advance(case)
    if event.kind in PROGRESS:
        case.note(event.kind.value, ActorClass.MACHINE, status=event.status[:16])
        if not latest:
            return Applied(InboundState.SUPERSEDED, OVERTAKEN)
        return Applied(InboundState.APPLIED, "The mail's state is known.", latest)
    return Applied(InboundState.APPLIED, _consequence(case), latest)


def _consequence(case: _Case) -> str:
    match case.event.kind:
        case DeliveryKind.BOUNCED:
            return _bounced(case)
        case DeliveryKind.COMPLAINED:
            return _said_no(case, attention.COMPLAINT, "They reported the mail as spam: never again.")
        case DeliveryKind.UNSUBSCRIBED:
            return _said_no(case, attention.OPT_OUT, "They opted out by the service's link: never again.")
        case DeliveryKind.DROPPED:
            return _dropped(case)
        case _:
            return _hit(case)


def _contact(session: Session, context: AgentContext, message: Message) -> Contact | None:
    if message.contact_id is None:
        return None
    (standing,) = merges.standing_for(session, [message.contact_id])
    return session.get(Contact, (context.workspace_id, standing), with_for_update=True)


def _advance(case: _Case) -> bool:
    """Whether this is the latest word on where the mail is; then the mail says so."""
    rank = _RANK.get(case.event.kind)
    if rank is None:
        return False
    ours = [case.event.occurred_at.timestamp(), rank, case.event.event_id]
    known = case.message.reading.get("delivery") or {}
    if known and list(known["order"]) > ours:
        return False
    told = {"state": case.event.kind.value, "at": case.event.occurred_at.isoformat(), "order": ours}
    if case.event.bounce is not None:
        told["bounce"] = case.event.bounce.value
    case.message.reading = {**case.message.reading, "delivery": told}
    case.session.add(case.message)
    return True


def _hit(case: _Case) -> str:
    """Kept, shown, and never more than that: whether a person did it the service does not know (law 7)."""
    kind = EngagementKind.OPEN if case.event.kind is DeliveryKind.OPENED else EngagementKind.CLICK
    case.note(kind, ActorClass.MACHINE if case.event.by_machine else ActorClass.UNKNOWN)
    return "Kept as a hit; nothing follows from it."


def _bounced(case: _Case) -> str:
    severity = case.event.bounce or BounceClass.SOFT
    new = case.note(EngagementKind.BOUNCE, ActorClass.MACHINE, bounce=severity.value, status=case.event.status[:16])
    if severity in _VERDICTS:
        _brake(case, _VERDICTS[severity])
    if new and severity is not BounceClass.HARD:
        _bounce_is_told(case)
    if severity is BounceClass.BLOCKED:
        text = "A mail of ours was refused by policy or reputation. Check the mailbox's authentication and its content."
        _alert(case, "blocked", "critical", text)
        return "Refused by policy or reputation: our fault, nobody is suppressed."
    if case.contact is None:
        return "The person it was sent to is no longer known."
    if not _is_theirs(case, case.contact):
        # The address was changed since, or the mail was passed on: what failed is that address, and nobody else.
        if severity is BounceClass.HARD:
            _suppress_recipient(case, _DEAD_ADDRESS)
        return "The address that failed is not the contact's: only it is kept in mind."
    if severity is BounceClass.HARD:
        _address_is_dead(case, case.contact, _DEAD_ADDRESS)
        return "The address does not exist: never again."
    if _struck_out(case.session, case.contact):
        _address_is_dead(case, case.contact, "soft_bounces")
        return f"{SOFT_BOUNCES} soft bounces within {SOFT_BOUNCE_DAYS} days: never again."
    return "A soft bounce: counted, and it may pass."


def _address_is_dead(case: _Case, contact: Contact, reason: str) -> None:
    if reason == _DEAD_ADDRESS or _DEAD_ADDRESS not in contact.email_reasons:
        contact.email_status, contact.email_reasons = "invalid", [reason]
        contact.email_checked_at = contact.updated_at = case.context.clock.now()
        case.session.add(contact)
    case.stop(reason)


def _struck_out(session: Session, contact: Contact) -> bool:
    """Whether any two weeks hold as many soft bounces as it takes, in whatever order they were heard of."""
    query = (
        select(EngagementEvent.occurred_at, EngagementEvent.raw)
        .where(EngagementEvent.contact_id == contact.id, EngagementEvent.kind == EngagementKind.BOUNCE.value)
        .order_by(col(EngagementEvent.occurred_at))
    )
    return struck_out([at for at, raw in session.exec(query) if raw.get("bounce") == BounceClass.SOFT.value])


def struck_out(moments: Sequence[datetime]) -> bool:
    """Of moments in order."""
    last = SOFT_BOUNCES - 1
    return any(
        later - first <= timedelta(days=SOFT_BOUNCE_DAYS) for first, later in zip(moments, moments[last:], strict=False)
    )


def _said_no(case: _Case, kind: str, text: str) -> str:
    case.note(kind, ActorClass.HUMAN)
    if kind == attention.COMPLAINT:
        _brake(case, Verdict.COMPLAINT)
    if case.contact is None or not _is_theirs(case, case.contact):
        # Whoever it was is erased, or has another address by now: this one is not written to either.
        _suppress_recipient(case, kind)
    if case.contact is not None:
        case.stop(kind)
    return text


def _brake(case: _Case, verdict: Verdict) -> None:
    """What the mailbox's and its domain's brakes count: once a mail, by whatever way it is told."""
    mailbox_id = case.message.mailbox_id
    mailbox = case.session.get(Mailbox, (case.context.workspace_id, mailbox_id)) if mailbox_id else None
    if mailbox is not None:
        source, code = case.message.source_key, case.event.status
        brakes.note(case.session, case.context, mailbox, verdict, source=source, accepted=True, code=code)


def _dropped(case: _Case) -> str:
    """The service's own list, or what the mail holds: it was never tried, so it says nothing of the person."""
    case.note("dropped", ActorClass.MACHINE, status=case.event.status[:16])
    text = "A sending service did not send a mail of ours: the address is on its own list, or it refused the content."
    _alert(case, "dropped", "warning", f"{text} Look at its suppression list.")
    return "The service did not try: nobody is suppressed for that."


def _suppress_recipient(case: _Case, reason: str) -> None:
    suppression.suppress(
        case.session,
        case.context.clock,
        case.context.sealer,
        address=case.event.recipient,
        reason=reason,
        source=f"delivery:{case.event.event_id}"[:100],
    )


def _is_theirs(case: _Case, contact: Contact) -> bool:
    keys = suppression.address_keys(case.context.sealer, case.event.recipient)
    return contact.email_index is not None and contact.email_index in keys


def _bounce_is_told(case: _Case) -> None:
    """What was approved to follow is taken back (law 3), and the lead's thread hears of it."""
    lead_id, contact = case.message.lead_id, case.contact
    if lead_id is None or contact is None or case.session.get(Lead, (case.context.workspace_id, lead_id)) is None:
        return
    context = case.context
    approvals.void_for_lead(case.session, context.clock, context.ids, lead_id, "A mail to them bounced.")
    triggers.add_trigger(
        case.session,
        context.clock,
        subject_kind="lead",
        subject_id=lead_id,
        kind=Trigger.BOUNCED,
        key=f"delivery:{case.event.event_id}"[:200],
        payload={"contact_id": str(contact.id)},
    )


def _alert(case: _Case, what: str, level: str, text: str) -> None:
    """Once a mailbox and day."""
    key = f"{what}:{case.message.mailbox_id}:{case.event.occurred_at.date()}"
    row = {
        "id": stable_id("alert", case.context.workspace_id, key),
        "source_key": key,
        "subject_kind": "mailbox" if case.message.mailbox_id else "message",
        "subject_id": case.message.mailbox_id or case.message.id,
        "level": level,
        "text": text,
        "created_at": case.context.clock.now(),
    }
    bulk.insert_ignore(case.session, Alert, [row])
