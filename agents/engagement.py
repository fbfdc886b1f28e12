"""Reads what came back and says what it changes: the sequence, the stage, the score, and who acts next.

Only humans count: a program's answer moves dates, never a score. Whatever a mail says, its words become enums here and
nothing else; the rules that read them stand in tools.mail.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, func, select

from agents import attention, colleague, stopping
from agents.booking import answering
from agents.context import AgentContext
from agents.discovery.after import overtake, why_not_followed_up
from agents.never_again import never_again
from agents.replies import opted_out, read_reply
from agents.reply_case import Case
from agents.reply_reader import read_again
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.errors import NotFound
from scoring.engagement import ActorClass, EngagementKind
from store.models import (
    Contact,
    Customer,
    EngagementEvent,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Message,
)
from tools.mail.inbound import InboundKind

SOFT_BOUNCES, SOFT_BOUNCE_DAYS = 3, 14  # three within two weeks: the mailbox is as good as gone
AWAY_DAYS = 7  # an absence without a date


def engagement(context: AgentContext, step: Step) -> Outcome:
    """INBOUND: what a message says. MEETING_ENDED: what a meeting that was, or was missed, says."""
    if step.trigger is not Trigger.MEETING_ENDED:
        read_again(context, UUID(step.payload["message_id"]), step.run_id)
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
        return _read(Case(session, context, message, subject, contact_id))


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


def _read(case: Case) -> Outcome:
    if (calendars := answering.answered(case)) is not None:
        return calendars
    match case.message.kind:
        case InboundKind.BOUNCE:
            return _bounce(case)
        case InboundKind.COMPLAINT:
            return opted_out(case, attention.COMPLAINT, "They reported our mail as spam.")
        case InboundKind.AUTO_REPLY | InboundKind.OUT_OF_OFFICE:
            return _automatic(case)
        case InboundKind.REPLY:
            if case.lead is not None:
                overtake(case.session, case.context, case.lead.id, "They wrote since.")
            return read_reply(case)
        case InboundKind.UNREADABLE:
            case.task("unreadable", "read", "Read a mail that could not be taken apart")
            return case.outcome(Trigger.NOTHING, "The mail could not be read: a person looks at it.")
        case _:
            return case.outcome(Trigger.NOTHING, "A machine's note about delivery: nobody wrote.")


def _bounce(case: Case) -> Outcome:
    severity = str(case.message.reading.get("bounce") or "soft")
    case.event(EngagementKind.BOUNCE, ActorClass.MACHINE, {"bounce": severity})
    if severity == "blocked":
        # Not theirs to answer for, and not for a stranger's report to decide: a person looks before it goes on.
        text = "A mail of ours was refused by policy or reputation. Check the mailbox's authentication and its content."
        case.alert(f"blocked:{case.message.mailbox_id}:{case.message.at.date()}", "critical", text)
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


def _address_is_dead(case: Case, reason: str, text: str) -> Outcome:
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


def _automatic(case: Case) -> Outcome:
    if case.by_colleague:
        return colleague.was_away(case)
    case.event(EngagementKind.OUT_OF_OFFICE, ActorClass.MACHINE)
    lead, reading = case.lead, case.message.reading
    if lead is None:
        return case.outcome(Trigger.AUTO_REPLY, "A program answered: nobody read it yet.")
    if reading.get("has_left"):
        text = "Their mailbox says that they left the company."
        stopping.stop_lead(case.session, case.context, lead, LeadStage.STOPPED, text)
        case.task("successor", "find_successor", "They left the company: find who took over")
        return case.outcome(Trigger.AUTO_REPLY, text)
    until = case.message.at + timedelta(days=AWAY_DAYS)
    text = f"A program answered and names no return: the sequence waits {AWAY_DAYS} days."
    if reading.get("return_on"):
        back = datetime.fromisoformat(str(reading["return_on"])).date()
        until = case.morning(back + timedelta(days=1))
        text = f"They are away until {back.isoformat()}: the sequence waits for their return."
    stopping.wait_until(case.session, case.context, lead, until, text)
    return case.outcome(Trigger.AUTO_REPLY, text)


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
    why_not = "" if held else why_not_followed_up(session, meeting, lead)
    if not held and not why_not:
        payload = {"meeting_id": str(meeting.id)}
        return Outcome(lead.stage.value, Trigger.MISSED, "They missed the meeting.", payload, found.as_inputs())
    source_key = f"meeting:{meeting.id}:{meeting.state.value}"
    attention.task_for(session, context, lead, found, source_key, assignee_id=meeting.user_id)
    text = "They came to the meeting." if held else f"They missed the meeting. {why_not}"
    return Outcome(lead.stage.value, Trigger.ASSESSED, text, {"meeting_id": str(meeting.id)}, found.as_inputs())
