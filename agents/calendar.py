"""Holds times, books the one that is picked, invites, and records how the meeting went.

A quarter of an hour of a rep's is a row whose key is (rep, quarter hour): whatever races, only one meeting gets it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import attention, invitations, stopping
from agents.context import AgentContext
from agents.policy import Policy, load_policy
from agents.step import Outcome, Step, Trigger
from core.errors import Conflict, NotFound
from core.ids import stable_id
from scoring.engagement import ActorClass, EngagementKind
from store import audit, bulk
from store.models import (
    CalendarBucket,
    Contact,
    Deal,
    Hold,
    HoldState,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    User,
    Workspace,
)
from store.queries import triggers
from tools.calendar.slots import HORIZON_DAYS, Candidate, buckets, candidates

HOLDS = 3
_PREPARE = timedelta(hours=1)
_LATEST_PICK = timedelta(hours=1)  # before it starts: the rep must still see it


@dataclass(frozen=True, slots=True)
class Picked:
    """What was booked. `repeated`: this very time had been picked before."""

    meeting_id: UUID
    hold_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str  # the prospect's, or the rep's where that is not known
    repeated: bool


def calendar(context: AgentContext, step: Step) -> Outcome:
    """INTERESTED: three held times. SLOT_PICKED: the invitation."""
    if step.trigger is Trigger.SLOT_PICKED:
        return _invite(context, step)
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, step.subject_id), with_for_update=True)
        if lead is None or lead.stage in stopping.FINAL:
            return Outcome(step.stage, Trigger.NOTHING, "The lead ended; no times are proposed.")
        purpose = f"message:{step.payload.get('message_id', '')}"
        meeting_id = stable_id("meeting", context.workspace_id, purpose)
        known = session.get(Meeting, (context.workspace_id, meeting_id))
        if known is not None:
            return _again(lead, known)
        stopping.release_proposals(session, [lead.id])  # the newest answer counts
        return _propose(session, context, lead, meeting_id, purpose)


def pick_slot(context: AgentContext, hold_id: UUID) -> Picked:
    """A person picks a held time: it is booked once, the other times are free again.

    The same time again gives the same answer. Raises NotFound; Conflict where another time of the meeting is booked
    (code already_booked), or where the time is no longer held (hold_expired).
    """
    with context.database.write(context.workspace_id) as session:
        meeting_id = session.exec(select(Hold.meeting_id).where(Hold.id == hold_id)).first()
        if meeting_id is None:
            raise NotFound("This time is not one that we proposed.", hint="Answer the mail with a time that suits you.")
        meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True)
        hold = session.get(Hold, (context.workspace_id, hold_id), populate_existing=True)
        assert meeting is not None
        assert hold is not None
        if hold.state is HoldState.TAKEN and meeting.state is not MeetingState.CANCELLED:
            return Picked(meeting.id, hold.id, hold.starts_at, hold.ends_at, meeting.time_zone, repeated=True)
        _refuse_late(meeting, hold, context.clock.now())
        taken = session.execute(
            sa.update(Hold)
            .where(col(Hold.id) == hold_id, col(Hold.state) == HoldState.HELD)
            .values(state=HoldState.TAKEN)
            .returning(col(Hold.id))
            .execution_options(synchronize_session="fetch")
        ).one_or_none()
        if taken is None:
            raise _expired()
        meeting.state, meeting.starts_at, meeting.ends_at = MeetingState.BOOKED, hold.starts_at, hold.ends_at
        session.add(meeting)
        stopping.free_holds(session, [meeting.id])
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=meeting.lead_id,
            kind=Trigger.SLOT_PICKED,
            key=f"slot:{hold_id}",
            payload={"hold_id": str(hold_id)},
        )
        _audit(session, context, "prospect", "meeting.booked", meeting, {"hold_id": str(hold_id)})
        return Picked(meeting.id, hold.id, hold.starts_at, hold.ends_at, meeting.time_zone, repeated=False)


def record_meeting(context: AgentContext, meeting_id: UUID, held: bool, outcome: str, by: str) -> None:
    """A person says how a booked meeting went: held opens a deal, missed asks for new times.

    The same word again changes nothing. Raises NotFound; Conflict where it was never booked, has not begun, or the
    other word was recorded already. `outcome`: a word or two, nothing personal; the first 32 characters are kept.
    """
    state, now = MeetingState.HELD if held else MeetingState.NO_SHOW, context.clock.now()
    with context.database.write(context.workspace_id) as session:
        meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True)
        if meeting is None:
            raise NotFound("There is no such meeting.")
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
        meeting.state, meeting.outcome = state, outcome.strip()[:32]
        session.add(meeting)
        lead = session.get(Lead, (context.workspace_id, meeting.lead_id), with_for_update=True)
        if lead is not None and held:
            if lead.stage not in stopping.FINAL:
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


def _again(lead: Lead, meeting: Meeting) -> Outcome:
    """The same step a second time."""
    if meeting.state is MeetingState.PROPOSED:
        payload = {"meeting_id": str(meeting.id)}
        return Outcome(lead.stage.value, Trigger.SLOTS_HELD, "The times are held already.", payload)
    return Outcome(lead.stage.value, Trigger.NOTHING, f"The proposal is {meeting.state.value} already.")


def _propose(session: Session, context: AgentContext, lead: Lead, meeting_id: UUID, purpose: str) -> Outcome:
    policy, contact = load_policy(session), session.get(Contact, (context.workspace_id, lead.contact_id))
    rep_id = attention.rep_of(session, lead)
    # The rep's row is locked: two proposals of one rep follow each other, so neither takes the other's times away.
    rep = session.get(User, (context.workspace_id, rep_id), with_for_update=True) if rep_id else None
    if rep is None or contact is None:
        return _by_hand(session, context, lead, purpose, "Nobody with a calendar writes to this lead.")
    meeting = Meeting(
        workspace_id=context.workspace_id,
        id=meeting_id,
        lead_id=lead.id,
        contact_id=contact.id,
        company_id=lead.company_id,
        user_id=rep.id,
        purpose_key=purpose,
        time_zone=contact.time_zone or rep.time_zone,
        created_at=context.clock.now(),
    )
    session.add(meeting)
    session.flush()
    held = _hold(session, context, meeting, rep, contact, policy)
    if not held:
        session.delete(meeting)
        session.flush()
        return _by_hand(session, context, lead, purpose, f"No common free time within {HORIZON_DAYS} days.")
    lead.stage, lead.updated_at = LeadStage.MEETING_PROPOSED, context.clock.now()
    session.add(lead)
    inputs = {"holds": [slot.starts_at.isoformat() for slot in held], "hold_hours": policy.hold_hours}
    reason = f"{len(held)} times are held for {policy.hold_hours} hours."
    return Outcome(lead.stage.value, Trigger.SLOTS_HELD, reason, {"meeting_id": str(meeting_id)}, inputs)


def _hold(
    session: Session, context: AgentContext, meeting: Meeting, rep: User, contact: Contact, policy: Policy
) -> list[Candidate]:
    now = context.clock.now()
    taken = session.exec(
        select(CalendarBucket.bucket_at).where(
            CalendarBucket.id == rep.id,
            CalendarBucket.bucket_at >= now,
            CalendarBucket.bucket_at <= now + timedelta(days=HORIZON_DAYS + 2),
        )
    ).all()
    workspace = session.get(Workspace, context.workspace_id)
    found = candidates(
        now,
        minutes=policy.meeting_minutes,
        rep_zone=rep.time_zone or (workspace.time_zone if workspace else "UTC"),
        working_hours=rep.working_hours,
        prospect_zone=contact.time_zone,
        taken=taken,
    )
    held: list[Candidate] = []
    for slot in found:
        if len(held) == HOLDS:
            break
        # Two proposed times may not overlap each other either: their quarter hours are keys as well.
        if _take(session, context, meeting, rep.id, slot, now + timedelta(hours=policy.hold_hours)):
            held.append(slot)
    return held


def _take(
    session: Session, context: AgentContext, meeting: Meeting, rep_id: UUID, slot: Candidate, expires_at: datetime
) -> bool:
    """Holds one time, or leaves no trace of it where somebody has a part of it."""
    hold_id = stable_id("hold", context.workspace_id, meeting.id, slot.starts_at.isoformat())
    hold = {
        "id": hold_id,
        "meeting_id": meeting.id,
        "user_id": rep_id,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "expires_at": min(expires_at, slot.starts_at - _LATEST_PICK),
    }
    bulk.insert(session, Hold, [hold])
    wanted: list[dict[str, Any]] = [
        {"id": rep_id, "bucket_at": bucket, "hold_id": hold_id} for bucket in buckets(slot.starts_at, slot.ends_at)
    ]
    got = bulk.upsert(
        session, CalendarBucket, wanted, key=("id", "bucket_at"), update=(), returning=("bucket_at",)
    )  # nothing is updated: what is taken stays with whom it belongs to
    if len(got) == len(wanted):
        return True
    session.execute(
        sa.delete(CalendarBucket)
        .where(col(CalendarBucket.hold_id) == hold_id)
        .execution_options(synchronize_session=False)
    )
    session.execute(sa.delete(Hold).where(col(Hold.id) == hold_id).execution_options(synchronize_session=False))
    return False


def _by_hand(session: Session, context: AgentContext, lead: Lead, purpose: str, why: str) -> Outcome:
    attention.add_task(
        session,
        context,
        source_key=f"propose:{purpose}",
        subject=lead,
        kind="propose_times",
        title="They want to talk: propose times by hand",
    )
    return Outcome(lead.stage.value, Trigger.BLOCKED, f"{why} The rep proposes times by hand.")


def _refuse_late(meeting: Meeting, hold: Hold, now: datetime) -> None:
    if meeting.state in (MeetingState.BOOKED, MeetingState.HELD, MeetingState.NO_SHOW):
        raise Conflict(
            "Another time of this meeting is booked already.",
            hint="The invitation in your mailbox says when; answer it to move the meeting.",
            code="already_booked",
        )
    if meeting.state is not MeetingState.PROPOSED or hold.state is not HoldState.HELD or hold.expires_at <= now:
        raise _expired()


def _expired() -> Conflict:
    return Conflict(
        "This time is no longer kept free.",
        hint="Answer the mail with a time that suits you, and you get new ones.",
        code="hold_expired",
    )


def _invite(context: AgentContext, step: Step) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        hold = session.get(Hold, (context.workspace_id, UUID(step.payload["hold_id"])))
        meeting = session.get(Meeting, (context.workspace_id, hold.meeting_id)) if hold else None
        lead = session.get(Lead, (context.workspace_id, step.subject_id), with_for_update=True)
        if hold is None or meeting is None or lead is None or meeting.state is not MeetingState.BOOKED:
            return Outcome(step.stage, Trigger.NOTHING, "The booking was taken back, or the person erased.")
        if lead.stage not in (*stopping.FINAL, LeadStage.MEETING_HELD):
            lead.stage, lead.updated_at = LeadStage.MEETING_BOOKED, context.clock.now()
            session.add(lead)
        stopping.stop_sequence(session, lead.id, "A meeting is booked.")
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
        due = (meeting.starts_at or context.clock.now()) - _PREPARE
        attention.task_for(session, context, lead, found, f"prepare:{meeting.id}", due)
        sent = invitations.queue(session, context, meeting, lead)
        reason = "Booked; the invitation is queued." if sent else "Booked; the rep sends the invitation by hand."
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
