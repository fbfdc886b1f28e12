"""Reads what came back and says what it changes: the sequence, the stage, the score, and who acts next.

Only humans count: a program's answer moves dates, never a score. Whatever a mail says, its words become enums here and
nothing else; the rules that read them stand in tools.mail.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from agents import attention, stopping
from agents.attention import Attention
from agents.context import AgentContext
from agents.later import stated_later
from agents.never_again import never_again
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.errors import NotFound
from core.ids import stable_id
from scoring.engagement import ActorClass, EngagementKind
from scoring.sequence import add_business_days
from store import bulk
from store.models import (
    Alert,
    Contact,
    Customer,
    Draft,
    DraftState,
    EngagementEvent,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Message,
)
from tools.calendar.slots import zone_of
from tools.mail.inbound import InboundKind
from tools.mail.intents import Intent

SOFT_BOUNCES, SOFT_BOUNCE_DAYS = 3, 14  # three within two weeks: the mailbox is as good as gone
AWAY_DAYS = 7  # an absence without a date
NOT_NOW_DAYS = 90  # a quarter: budgets and priorities are made anew
_A_COLLEAGUE_ANSWERED = "a colleague answered"
_POSITIVE = (Intent.INTERESTED, Intent.WANTS_MEETING)
_EVENT_OF = {
    Intent.INTERESTED: EngagementKind.REPLY_POSITIVE,
    Intent.WANTS_MEETING: EngagementKind.REPLY_POSITIVE,
    Intent.NEGATIVE: EngagementKind.REPLY_NEGATIVE,
    Intent.WRONG_PERSON: EngagementKind.REPLY_NEGATIVE,
}
# A reply does not take back what was agreed since.
_BEYOND_REPLIED = (LeadStage.MEETING_BOOKED, LeadStage.MEETING_HELD, LeadStage.WON)


@dataclass(frozen=True)
class _Case:
    """One message and whom it concerns."""

    session: Session
    context: AgentContext
    message: Message
    subject: Lead | Customer
    contact_id: UUID

    @property
    def lead(self) -> Lead | None:
        return self.subject if isinstance(self.subject, Lead) else None

    @property
    def stage(self) -> str:
        return self.subject.stage.value if isinstance(self.subject, Lead) else self.subject.stage

    def event(self, kind: str, actor: ActorClass, raw: dict[str, Any] | None = None) -> bool:
        return attention.add_event(
            self.session,
            self.context,
            contact_id=self.contact_id,
            lead_id=self.lead.id if self.lead else None,
            message_id=self.message.id,
            kind=kind,
            actor=actor,
            rule=str(self.message.reading.get("rule", "")) or self.message.kind,
            source_key=f"message:{self.message.id}",
            at=self.message.at,
            raw=raw,
        )

    def outcome(self, trigger: Trigger, reason: str, found: Attention | None = None) -> Outcome:
        found = found or attention.reassess(self.session, self.context, self.contact_id)
        inputs = {"kind": self.message.kind, "intents": _intents(self.message), **found.as_inputs()}
        return Outcome(self.stage, trigger, reason, {"message_id": str(self.message.id)}, inputs)


def engagement(context: AgentContext, step: Step) -> Outcome:
    """INBOUND: what a message says. MEETING_ENDED: what a meeting that was, or was missed, says."""
    with context.database.write(context.workspace_id) as session:
        if step.trigger is Trigger.MEETING_ENDED:
            return _meeting_ended(session, context, step)
        message = session.get(Message, (context.workspace_id, UUID(step.payload["message_id"])))
        model = Lead if step.subject is SubjectKind.LEAD else Customer
        subject: Any = session.get(model, (context.workspace_id, step.subject_id), with_for_update=True)
        if message is None or subject is None:
            return Outcome(step.stage, Trigger.NOTHING, "The message or its subject was erased.")
        # Whoever of the company wrote: what they say concerns the lead, their own address is what it counts for.
        contact_id = message.contact_id or subject.contact_id
        if contact_id is None:
            return Outcome(step.stage, Trigger.NOTHING, "Nobody knows who wrote: the message is kept and shown.")
        return _read(_Case(session, context, message, subject, contact_id))


def opt_out(context: AgentContext, contact_id: UUID, source: str) -> None:
    """Never written to again, from this very transaction on; a second time changes nothing. Raises NotFound.

    `source`: "one_click", "page", "user:<id>" …; the leads and customers of the contact hear of it by a trigger.
    """
    with context.database.write(context.workspace_id) as session:
        contact = session.get(Contact, (context.workspace_id, contact_id), with_for_update=True)
        if contact is None:
            raise NotFound("There is no such contact.", hint="It may have been erased; then it is not written to.")
        attention.add_event(
            session,
            context,
            contact_id=contact_id,
            kind=attention.OPT_OUT,
            actor=ActorClass.HUMAN,
            rule=source,
            source_key=f"opt_out:{contact_id}",
            at=context.clock.now(),
        )
        never_again(session, context, contact, reason=attention.OPT_OUT, source=source, except_for=None)
        attention.reassess(session, context, contact_id)


def _read(case: _Case) -> Outcome:
    match case.message.kind:
        case InboundKind.BOUNCE:
            return _bounce(case)
        case InboundKind.COMPLAINT:
            return _opted_out(case, attention.COMPLAINT, "They reported our mail as spam.")
        case InboundKind.AUTO_REPLY | InboundKind.OUT_OF_OFFICE:
            return _automatic(case)
        case InboundKind.REPLY:
            return _reply(case)
        case InboundKind.UNREADABLE:
            key = f"unreadable:{case.message.id}"
            _task(case, key, "read", "Read a mail that could not be taken apart")
            return case.outcome(Trigger.NOTHING, "The mail could not be read: a person looks at it.")
        case _:
            return case.outcome(Trigger.NOTHING, "A machine's note about delivery: nobody wrote.")


def _reply(case: _Case) -> Outcome:
    intents = _intents(case.message)
    intent = Intent(intents[0]) if intents else Intent.UNKNOWN
    if intent is Intent.OPT_OUT:
        return _opted_out(case, attention.OPT_OUT, "They asked not to be written to again.")
    case.event(_EVENT_OF.get(intent, EngagementKind.REPLY_NEUTRAL), ActorClass.HUMAN, {"intents": intents})
    if intent in (Intent.NEGATIVE, Intent.WRONG_PERSON):
        return _said_no(case, intent)
    if intent is Intent.NOT_NOW:
        return _not_now(case)
    return _wants_to_talk(case, intent)


def _bounce(case: _Case) -> Outcome:
    severity = str(case.message.reading.get("bounce") or "soft")
    case.event(EngagementKind.BOUNCE, ActorClass.MACHINE, {"bounce": severity})
    if severity == "blocked":
        # Not theirs to answer for, and not for a stranger's report to decide: a person looks before it goes on.
        text = "A mail of ours was refused by policy or reputation. Check the mailbox's authentication and its content."
        _alert(case, f"blocked:{case.message.mailbox_id}:{case.message.at.date()}", "critical", text)
        return case.outcome(Trigger.BOUNCED, "Refused by policy or reputation: our fault, not the address's.")
    if severity == "soft":
        since = case.message.at - timedelta(days=SOFT_BOUNCE_DAYS)
        strikes = case.session.exec(
            select(func.count())
            .select_from(EngagementEvent)
            .where(
                EngagementEvent.contact_id == case.contact_id,
                EngagementEvent.kind == EngagementKind.BOUNCE.value,
                EngagementEvent.occurred_at >= since,
            )
        ).one()
        if strikes < SOFT_BOUNCES:
            return case.outcome(
                Trigger.BOUNCED, f"A soft bounce, {strikes} of {SOFT_BOUNCES} before the address stops."
            )
        return _address_is_dead(case, "soft_bounces", f"{strikes} soft bounces within {SOFT_BOUNCE_DAYS} days.")
    return _address_is_dead(case, "hard_bounce", "The address does not exist (hard bounce).")


def _address_is_dead(case: _Case, reason: str, text: str) -> Outcome:
    contact = case.session.get(Contact, (case.context.workspace_id, case.contact_id))
    if contact is not None:
        contact.email_status, contact.email_reasons = "invalid", [reason]
        contact.email_checked_at = contact.updated_at = case.context.clock.now()
        case.session.add(contact)
        source = f"message:{case.message.id}"
        never_again(case.session, case.context, contact, reason=reason, source=source, except_for=case.subject.id)
    found = attention.reassess(case.session, case.context, case.contact_id)
    attention.task_for(case.session, case.context, case.subject, found, f"address:{case.message.id}")
    return case.outcome(Trigger.BOUNCED, text, found)


def _opted_out(case: _Case, kind: str, text: str) -> Outcome:
    case.event(kind, ActorClass.HUMAN)
    contact = case.session.get(Contact, (case.context.workspace_id, case.contact_id))
    if contact is not None:
        source = f"message:{case.message.id}"
        never_again(case.session, case.context, contact, reason=kind, source=source, except_for=case.subject.id)
    if case.lead is not None and case.lead.contact_id != case.contact_id:
        # A colleague speaks for this thread: whom we wrote to is left alone as well.
        stopping.stop_lead(case.session, case.context, case.lead, LeadStage.STOPPED, text)
    return case.outcome(Trigger.OPTED_OUT, text)


def _automatic(case: _Case) -> Outcome:
    case.event(EngagementKind.OUT_OF_OFFICE, ActorClass.MACHINE)
    lead, reading = case.lead, case.message.reading
    if lead is None:
        return case.outcome(Trigger.AUTO_REPLY, "A program answered: nobody read it yet.")
    if reading.get("has_left"):
        text = "Their mailbox says that they left the company."
        stopping.stop_lead(case.session, case.context, lead, LeadStage.STOPPED, text)
        _task(case, f"successor:{case.message.id}", "find_successor", "They left the company: find who took over")
        return case.outcome(Trigger.AUTO_REPLY, text)
    until = case.message.at + timedelta(days=AWAY_DAYS)
    text = f"A program answered and names no return: the sequence waits {AWAY_DAYS} days."
    if reading.get("return_on"):
        back = datetime.fromisoformat(str(reading["return_on"])).date()
        until = _morning(case, add_business_days(back + timedelta(days=1), 0))
        text = f"They are away until {back.isoformat()}: the sequence waits for their return."
    stopping.wait_until(case.session, case.context, lead, until, text)
    return case.outcome(Trigger.AUTO_REPLY, text)


def _said_no(case: _Case, intent: Intent) -> Outcome:
    wrong = intent is Intent.WRONG_PERSON
    text = "They are the wrong person." if wrong else "They said no."
    if case.lead is not None:
        stage = LeadStage.STOPPED if wrong else LeadStage.LOST
        stopping.stop_lead(case.session, case.context, case.lead, stage, text)
        if wrong:
            _task(case, f"successor:{case.message.id}", "find_successor", "Wrong person: find who is responsible")
    else:
        _task(case, f"unhappy:{case.message.id}", "call", "An unhappy customer wrote: call them")
        _alert(case, f"unhappy:{case.message.id}", "warning", "A customer wrote that they do not want to go on.")
    return case.outcome(Trigger.NEGATIVE, text)


def _not_now(case: _Case) -> Outcome:
    sealed = case.message.body_sealed
    body = case.context.sealer.open(sealed, context=f"message|body|{case.message.id}") if sealed else ""
    day = stated_later(body, case.message.at)
    until = _morning(case, day) if day else case.message.at + timedelta(days=NOT_NOW_DAYS)
    text = f"Not now: {'they named' if day else 'no date named, so a quarter later,'} {until.date().isoformat()}."
    waits = case.lead is not None and stopping.wait_until(case.session, case.context, case.lead, until, text)
    if not waits:
        _task(case, f"later:{case.message.id}", "write_again", "They asked to be written to again", until)
    return case.outcome(Trigger.NOT_NOW, text)


def _wants_to_talk(case: _Case, intent: Intent) -> Outcome:
    positive, lead = intent in _POSITIVE, case.lead
    found = attention.reassess(case.session, case.context, case.contact_id)
    if lead is None:
        _task(case, f"answer:{case.message.id}", "answer", "Answer what the customer wrote")
        text = "A customer is interested." if positive else "A customer wrote: a person answers."
        return case.outcome(Trigger.INTERESTED if positive else Trigger.QUESTION, text, found)
    if lead.stage is LeadStage.STOPPED:
        _task(case, f"answer:{case.message.id}", "answer", "A stopped lead wrote: read it")
        return case.outcome(Trigger.NOTHING, f"They wrote, but are stopped ({lead.stop_reason}): a person reads it.")
    proposed = positive and _holds_an_open_proposal(case.session, lead.id)
    agreed = lead.stage in _BEYOND_REPLIED or proposed
    if lead.stage not in _BEYOND_REPLIED and not proposed:
        lead.stage, lead.stop_reason, lead.updated_at = LeadStage.REPLIED, "", case.context.clock.now()
        case.session.add(lead)
    stopping.stop_sequence(case.session, lead.id, "They answered: a person goes on.")
    stopping.pause_colleagues(case.session, case.context, lead, _A_COLLEAGUE_ANSWERED)
    if positive and not agreed:
        return case.outcome(Trigger.INTERESTED, f"They want to talk ({intent.value}).", found)
    _task(case, f"answer:{case.message.id}", "answer", "Answer what they wrote")
    why = " They hold a proposal or a meeting already." if positive else ""
    return case.outcome(Trigger.QUESTION, f"They wrote ({intent.value}): a person answers.{why}", found)


def _holds_an_open_proposal(session: Session, lead_id: UUID) -> bool:
    """Times that really reached them: a draft that their reply overtook proposed nothing."""
    sent = (
        select(Meeting.id)
        .join(
            Draft, (col(Draft.workspace_id) == col(Meeting.workspace_id)) & (col(Draft.meeting_id) == col(Meeting.id))
        )
        .where(Meeting.lead_id == lead_id, Meeting.state == MeetingState.PROPOSED, Draft.state == DraftState.SENT)
    )
    return session.exec(sent).first() is not None


def _meeting_ended(session: Session, context: AgentContext, step: Step) -> Outcome:
    meeting = session.get(Meeting, (context.workspace_id, UUID(step.payload["meeting_id"])))
    lead = session.get(Lead, (context.workspace_id, step.subject_id))
    if meeting is None or lead is None or meeting.state not in (MeetingState.HELD, MeetingState.NO_SHOW):
        return Outcome(step.stage, Trigger.NOTHING, "Nobody said yet how the meeting went.")
    held = meeting.state is MeetingState.HELD
    attention.add_event(
        session,
        context,
        contact_id=meeting.contact_id,
        lead_id=lead.id,
        kind=EngagementKind.MEETING_HELD if held else EngagementKind.MEETING_MISSED,
        actor=ActorClass.HUMAN,
        rule="a person recorded it",
        source_key=f"meeting:{meeting.id}:{meeting.state.value}",
        at=min(meeting.ends_at or context.clock.now(), context.clock.now()),
    )
    found = attention.reassess(session, context, meeting.contact_id)
    attention.task_for(session, context, lead, found, f"meeting:{meeting.id}:{meeting.state.value}")
    text = "They came to the meeting." if held else "They missed the meeting."
    return Outcome(lead.stage.value, Trigger.ASSESSED, text, {"meeting_id": str(meeting.id)}, found.as_inputs())


def _task(case: _Case, key: str, kind: str, title: str, due_at: datetime | None = None) -> None:
    attention.add_task(
        case.session, case.context, source_key=key, subject=case.subject, kind=kind, title=title, due_at=due_at
    )


def _alert(case: _Case, key: str, level: str, text: str) -> None:
    row = {
        "id": stable_id("alert", case.context.workspace_id, key),
        "source_key": key,
        "subject_kind": "lead" if case.lead else "customer",
        "subject_id": case.subject.id,
        "level": level,
        "text": text,
        "created_at": case.context.clock.now(),
    }
    bulk.insert_ignore(case.session, Alert, [row])


def _morning(case: _Case, day: Any) -> datetime:
    """Nine o'clock of that day, or of the business day after it, on the contact's clock."""
    contact = case.session.get(Contact, (case.context.workspace_id, case.contact_id))
    zone = zone_of(contact.time_zone) if contact else None
    return datetime.combine(add_business_days(day, 0), time(9), zone or UTC).astimezone(UTC)


def _intents(message: Message) -> list[str]:
    return [str(hit["intent"]) for hit in message.reading.get("intents", [])]
