"""Holds times, books the one that is picked, invites, and records how the meeting went.

A quarter of an hour of a rep's is a row whose key is (rep, quarter hour): whatever races, only one meeting gets it.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention, stopping
from agents.booking import changes, diary, events, pools, rooms
from agents.booking.changes import PREPARE
from agents.booking.pool_proposing import PoolHeld, hold_of_pool
from agents.booking.proposing import NOTHING_HELD, hold_times
from agents.context import AgentContext
from agents.discovery import after
from agents.policy import load_policy
from agents.proposed_times import times_of
from agents.step import Outcome, Step, Trigger
from core.errors import Conflict, NotFound, RetryAt
from core.ids import stable_id
from scoring.engagement import ActorClass, EngagementKind
from store import audit, bulk, feed
from store.feed_kinds import Kind
from store.models import (
    Contact,
    Deal,
    Hold,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Message,
    User,
    Workspace,
)
from store.queries import pools as ledger
from store.queries import triggers
from tools.calendar.rotation import Nobody
from tools.calendar.time_phrases import Times

MISSED = "missed:"  # what the proposal is for: a meeting that they missed
_BY_HAND = "They want to talk: propose times by hand"
_BY_HAND_MISSED = "They missed the meeting: offer new times by hand"


def calendar(context: AgentContext, step: Step) -> Outcome:
    """INTERESTED: three held times. MISSED: three new ones. SLOT_PICKED: the invitation."""
    if step.trigger is Trigger.SLOT_PICKED:
        return _invite(context, step)
    _ask_calendars(context, step.subject_id)
    said = _said(context, step)
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, step.subject_id), with_for_update=True)
        if lead is None or lead.stage in stopping.FINAL:
            return Outcome(step.stage, Trigger.NOTHING, "The lead ended; no times are proposed.")
        purpose = f"message:{step.payload.get('message_id', '')}"
        if step.trigger is Trigger.MISSED:
            purpose = f"{MISSED}{step.payload['meeting_id']}"
        meeting_id = stable_id("meeting", context.workspace_id, purpose)
        known = session.get(Meeting, (context.workspace_id, meeting_id))
        if known is not None:
            return _again(lead, known)
        stopping.release_proposals(session, context, [lead.id])  # the newest answer counts
        return _propose(session, context, lead, meeting_id, purpose, said)


def record_meeting(context: AgentContext, meeting_id: UUID, held: bool, outcome: str, by: str) -> None:
    """A person says how a booked meeting went: held opens a deal, missed asks for new times.

    The same word again changes nothing. Raises NotFound; Conflict where it was never booked, has not begun, or the
    other word was recorded already. `outcome`: a word or two, nothing personal; the first 32 characters are kept.
    """
    state, now = MeetingState.HELD if held else MeetingState.NO_SHOW, context.clock.now()
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, meeting_id)
        if found is None:
            raise NotFound("There is no such meeting.")
        meeting, lead = found.meeting, found.lead
        if meeting.state is state:
            return
        if meeting.state is not MeetingState.BOOKED:
            raise Conflict(
                f"The meeting is {meeting.state.value}.",
                hint="Only a booked meeting can be recorded, and only once.",
                code="not_booked",
            )
        if meeting.starts_at is None or meeting.starts_at > now:
            raise Conflict("The meeting has not begun yet.", hint="Record it afterwards.", code="not_begun")
        meeting.state, meeting.outcome, meeting.booked_key = state, outcome.strip()[:32], None
        session.add(meeting)
        if not held:
            pools.missed(session, context, meeting)
        if held:
            if lead.stage not in stopping.FINAL:
                feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.MEETING_HELD)])
                lead.stage, lead.updated_at = LeadStage.MEETING_HELD, now
                session.add(lead)
            _open_deal(session, context, meeting)
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=meeting.lead_id,
            kind=Trigger.MEETING_ENDED,
            key=f"meeting_ended:{meeting_id}",
            payload={"meeting_id": str(meeting_id)},
        )
        _audit(session, context, by, f"meeting.{state.value}", meeting, {})


def _ask_calendars(context: AgentContext, lead_id: UUID) -> None:
    """Before the transaction: what calendars outside say now. Raises RetryAt where one does not answer for a while."""
    with context.database.read(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, lead_id))
        asked = pools.asked_of(session, lead) if lead is not None else None
        if asked is not None:
            wanted = pools.takers(pools.members_of(session, asked.pool.id), asked)
        else:
            rep_id = attention.rep_of(session, lead) if lead is not None else None
            wanted = [rep_id] if rep_id is not None else []
    problems = diary.refresh_many(context, wanted)
    if problems and all(problems.values()):  # of a pool, one who answers is enough: the others count as busy
        with context.database.read(context.workspace_id) as session:
            silent = [problem for user_id, problem in problems.items() if not diary.broken(session, user_id)]
        if silent:  # one that is broken waits for a person: the rep proposes times by hand until then
            raise RetryAt(f"No times can be proposed while a calendar does not answer: {silent[0]}")


def _said(context: AgentContext, step: Step) -> Times:
    """The times that the answered mail proposes; read before anything is locked, since long mails take a while."""
    message_id = step.payload.get("message_id")
    with context.database.read(context.workspace_id) as session:
        message = session.get(Message, (context.workspace_id, UUID(str(message_id)))) if message_id else None
        lead = session.get(Lead, (context.workspace_id, step.subject_id))
        contact = session.get(Contact, (context.workspace_id, lead.contact_id)) if lead is not None else None
        rep_id = attention.rep_of(session, lead) if lead is not None else None
        rep = session.get(User, (context.workspace_id, rep_id)) if rep_id is not None else None
        if message is None or contact is None or rep is None:
            return Times()
        return times_of(session, context, message, contact, rep.time_zone)


def _again(lead: Lead, meeting: Meeting) -> Outcome:
    """The same step a second time."""
    if meeting.state is MeetingState.PROPOSED:
        return Outcome(lead.stage.value, Trigger.SLOTS_HELD, "The times are held already.", _held_for(meeting))
    return Outcome(lead.stage.value, Trigger.NOTHING, f"The proposal is {meeting.state.value} already.")


def _propose(
    session: Session, context: AgentContext, lead: Lead, meeting_id: UUID, purpose: str, said: Times
) -> Outcome:
    policy, contact = load_policy(session), session.get(Contact, (context.workspace_id, lead.contact_id))
    pooled_leads = ledger.pool_of(session, lead.icp_id) is not None
    rep_id = attention.rep_of(session, lead)
    # The rep's row is locked: two proposals of one rep follow each other, so neither takes the other's times away. A
    # pool is locked before its people.
    rep = session.get(User, (context.workspace_id, rep_id), with_for_update=not pooled_leads) if rep_id else None
    if (rep is None and not pooled_leads) or contact is None:
        return _by_hand(session, context, lead, purpose, "Nobody with a calendar writes to this lead.")
    if _ahead(session, contact.id):
        return _by_hand(session, context, lead, purpose, "They have a meeting ahead already.")
    meeting = Meeting(
        workspace_id=context.workspace_id,
        id=meeting_id,
        lead_id=lead.id,
        contact_id=contact.id,
        company_id=lead.company_id,
        user_id=rep_id or lead.id,
        purpose_key=purpose,
        time_zone=contact.time_zone or (rep.time_zone if rep is not None else ""),
        language=said.language,
        created_at=context.clock.now(),
    )
    pooled = hold_of_pool(session, context, meeting, lead, contact, policy, said)
    if isinstance(pooled, PoolHeld):
        found = pooled.held
    elif pooled is None and rep is not None:
        session.add(meeting)
        session.flush()
        found = hold_times(session, context, meeting, rep, contact, policy, said)
    else:
        found = NOTHING_HELD
    if not (held := found.holds):
        if sa.inspect(meeting).persistent:
            session.delete(meeting)
            session.flush()
        why = pooled.reason if isinstance(pooled, Nobody) else "No common free time that is known to be free."
        return _by_hand(session, context, lead, purpose, why)
    feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.MEETING_PROPOSED)])
    lead.stage, lead.updated_at = LeadStage.MEETING_PROPOSED, context.clock.now()
    session.add(lead)
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_PROPOSED, meeting)])
    inputs = {
        "holds": [slot.starts_at.isoformat() for slot in held],
        "hold_hours": policy.hold_hours,
        "windows_said": len(said.windows),
        "ambiguous": len(said.questions),
        **(pooled.inputs if isinstance(pooled, PoolHeld) else {}),
    }
    times = "1 time is" if len(held) == 1 else f"{len(held)} times are"
    reason = f"{times} held for {policy.hold_hours} hours{_by_their_words(said, as_asked=found.as_asked)}."
    if isinstance(pooled, PoolHeld):
        reason = f"{reason} {pooled.said}"
    return Outcome(lead.stage.value, Trigger.SLOTS_HELD, reason, _held_for(meeting), inputs)


def _held_for(meeting: Meeting) -> dict[str, str]:
    """Whose times they are, and the meeting that was missed, where these are to make up for it."""
    payload = {"meeting_id": str(meeting.id)}
    if meeting.purpose_key.startswith(MISSED):
        payload["missed"] = meeting.purpose_key.removeprefix(MISSED)
    return payload


def _by_their_words(said: Times, *, as_asked: bool) -> str:
    if as_asked:
        return ", inside what they proposed"
    if said.questions:
        return "; what they proposed can be read in two ways, so they choose"
    return "; none of the times that they proposed is free" if said.windows else ""


def _ahead(session: Session, contact_id: UUID) -> bool:
    booked = select(Meeting.id).where(Meeting.contact_id == contact_id, col(Meeting.booked_key).is_not(None))
    return session.exec(booked.limit(1)).first() is not None


def _by_hand(session: Session, context: AgentContext, lead: Lead, purpose: str, why: str) -> Outcome:
    attention.add_task(
        session,
        context,
        source_key=f"propose:{purpose}",
        subject=lead,
        kind="propose_times",
        title=_BY_HAND_MISSED if purpose.startswith(MISSED) else _BY_HAND,
    )
    return Outcome(lead.stage.value, Trigger.BLOCKED, f"{why} The rep proposes times by hand.")


def _invite(context: AgentContext, step: Step) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        hold = session.get(Hold, (context.workspace_id, UUID(step.payload["hold_id"])))
        meeting = session.get(Meeting, (context.workspace_id, hold.meeting_id)) if hold else None
        lead = session.get(Lead, (context.workspace_id, step.subject_id), with_for_update=True)
        if hold is None or meeting is None or lead is None or meeting.state is not MeetingState.BOOKED:
            return Outcome(step.stage, Trigger.NOTHING, "The booking was taken back, or the person erased.")
        if lead.stage not in (*stopping.FINAL, LeadStage.MEETING_HELD):
            feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.MEETING_BOOKED)])
            lead.stage, lead.updated_at = LeadStage.MEETING_BOOKED, context.clock.now()
            session.add(lead)
        stopping.stop_sequence(session, lead.id, "A meeting is booked.")
        after.overtake(session, context, lead.id, "Another time is booked.")
        attention.add_event(
            session,
            context,
            contact_id=meeting.contact_id,
            lead_id=lead.id,
            kind=EngagementKind.BOOKING,
            actor=ActorClass.HUMAN,
            rule="picked a held time",
            source_key=f"booking:{meeting.id}",
            at=context.clock.now(),
        )
        found = attention.reassess(session, context, meeting.contact_id)
        due = (meeting.starts_at or context.clock.now()) - PREPARE
        attention.task_for(session, context, lead, found, f"prepare:{meeting.id}", due, meeting.user_id)
        told = rooms.tell(session, context, meeting, lead)
        if told is None:
            awaited = "its room is made" if events.confirmed(session, meeting) else "the rep's calendar has the event"
            reason = f"Booked; the invitation leaves once {awaited}."
        elif told:
            reason = "Booked; the invitation is queued."
        else:
            reason = "Booked; the rep sends the invitation by hand."
        payload = {"meeting_id": str(meeting.id)}
        return Outcome(lead.stage.value, Trigger.BOOKED, reason, payload, found.as_inputs())


def _open_deal(session: Session, context: AgentContext, meeting: Meeting) -> None:
    workspace = session.get(Workspace, context.workspace_id)
    row = {
        "id": stable_id("deal", context.workspace_id, meeting.lead_id),
        "company_id": meeting.company_id,
        "lead_id": meeting.lead_id,
        "currency": workspace.currency if workspace else "",
        "created_at": context.clock.now(),
    }
    bulk.insert_ignore(session, Deal, [row])


def _audit(
    session: Session, context: AgentContext, actor: str, action: str, meeting: Meeting, details: dict[str, Any]
) -> None:
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action=action,
        subject_kind="meeting",
        subject_id=meeting.id,
        details=details,
    )
    feed.publish(session, context.clock, [feed.meeting(Kind(action), meeting, actor)])
