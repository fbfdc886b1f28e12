"""What becomes of a booked meeting: moved or called off, by the prospect, by the rep in their own calendar, by a mail.

Each in one transaction, under the locks of `locked`: the times, the invitation (told once), the event in the rep's
calendar, the lead, the record. Whoever calls again finds it done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from agents import attention, invitations
from agents.booking import events, rooms
from agents.booking.taking import give_back, take
from agents.context import AgentContext
from core.ids import stable_id
from store import audit, feed
from store.feed_kinds import Kind
from store.models import (
    CalendarEventRow,
    EventState,
    HoldState,
    Lead,
    LeadStage,
    Meeting,
    MeetingState,
    Task,
    TaskState,
)
from store.queries import pools

THERE = "calendar"  # the actor where a rep changed the event in their own calendar
PROSPECT = "prospect"
_BY_THEM = "They called the meeting off: ask, or offer new times"
_BY_OTHERS = "A meeting was called off: see what they should hear"
PREPARE = timedelta(hours=1)  # before a meeting its preparation is due


@dataclass(frozen=True, slots=True)
class Locked:
    lead: Lead
    meeting: Meeting
    event: CalendarEventRow | None


def locked(session: Session, context: AgentContext, meeting_id: UUID, *, event_id: UUID | None = None) -> Locked | None:
    """The lead, then the meeting, then its event: the one order in which all of this is locked. None: it is gone.

    `event_id`: this event, though another rep may have the meeting now.
    """
    lead_id = session.exec(select(Meeting.lead_id).where(Meeting.id == meeting_id)).first()
    if lead_id is None:
        return None
    lead = session.get(Lead, (context.workspace_id, lead_id), with_for_update=True, populate_existing=True)
    meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True, populate_existing=True)
    if lead is None or meeting is None:
        return None
    if event_id is None:
        return Locked(lead, meeting, events.event_of(session, meeting, lock=True))
    key = (context.workspace_id, event_id)
    return Locked(lead, meeting, session.get(CalendarEventRow, key, with_for_update=True, populate_existing=True))


def cancel(session: Session, context: AgentContext, found: Locked, *, actor: str, why: str) -> bool:
    """The booked meeting does not take place. False: it was not booked (any more).

    `why`: a word, kept as its outcome. `actor`: PROSPECT, THERE (the event is gone already), "user:<id>", "system".
    """
    meeting, lead = found.meeting, found.lead
    if meeting.state is not MeetingState.BOOKED:
        return False
    told = invitations.withdraw(session, meeting)
    meeting.state, meeting.booked_key, meeting.outcome = MeetingState.CANCELLED, None, why[:32]
    meeting.ics_sequence += 1
    session.add(meeting)
    give_back(session, meeting.id)
    pools.give_back(session, context.clock.now(), [meeting.id], "The meeting was called off.")
    if actor == THERE:
        _gone_there(session, context, found.event)
    else:
        events.leave(session, context, meeting)
    rooms.leave(session, context, meeting)
    if told:  # also where they called it off themselves on a page: their calendar needs the word
        invitations.queue_cancellation(session, context, meeting, lead)
    _drop_preparation(session, context, meeting)
    if lead.stage is LeadStage.MEETING_BOOKED:
        feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.REPLIED)])
        lead.stage, lead.updated_at = LeadStage.REPLIED, context.clock.now()
        session.add(lead)
    attention.add_task(
        session,
        context,
        source_key=f"cancelled:{meeting.id}",
        subject=lead,
        kind="answer",
        title=_BY_THEM if actor == PROSPECT else _BY_OTHERS,
        assignee_id=meeting.user_id,
    )
    _record(session, context, actor, "meeting.cancelled", meeting, {"why": why})
    return True


def move(
    session: Session,
    context: AgentContext,
    found: Locked,
    starts_at: datetime,
    ends_at: datetime,
    *,
    actor: str,
) -> bool:
    """The booked meeting is at this time now. False, and nothing changes: another meeting has a part of the time.

    By THERE, times that were only proposed to others give way. Raises nothing; the caller knows that it is booked.
    """
    meeting, lead = found.meeting, found.lead
    assert meeting.state is MeetingState.BOOKED
    if (meeting.starts_at, meeting.ends_at) == (starts_at, ends_at):
        return True
    before = meeting.starts_at
    hold_id = take(
        session,
        meeting,
        starts_at,
        ends_at,
        state=HoldState.TAKEN,
        expires_at=starts_at,
        over_holds=actor == THERE,
    )
    if hold_id is None:
        return False
    give_back(session, meeting.id, but=hold_id)
    invitations.withdraw(session, meeting)
    meeting.starts_at, meeting.ends_at = starts_at, ends_at
    meeting.ics_sequence += 1
    session.add(meeting)
    session.flush()
    if actor == THERE or events.want(session, context, meeting) is None:
        rooms.tell(session, context, meeting, lead)
    _due_again(session, context, meeting)
    details = {"from": before.isoformat() if before else "", "to": starts_at.isoformat()}
    _record(session, context, actor, "meeting.moved", meeting, details)
    return True


def prepared_by(session: Session, context: AgentContext, meeting: Meeting) -> None:
    """The preparation is the task of whoever has the meeting now."""
    task = _preparation(session, context, meeting)
    if task is not None:
        task.assignee_id = meeting.user_id
        session.add(task)
    _due_again(session, context, meeting)


def drop(session: Session, context: AgentContext, found: Locked) -> None:
    """Of the event only: it is gone there, and the meeting had ended already."""
    _gone_there(session, context, found.event)


def _gone_there(session: Session, context: AgentContext, event: CalendarEventRow | None) -> None:
    if event is None:
        return
    event.state, event.version, event.read_at = EventState.CANCELLED, event.version + 1, context.clock.now()
    event.there_starts_at = event.there_ends_at = None
    session.add(event)


def _preparation(session: Session, context: AgentContext, meeting: Meeting) -> Task | None:
    task_id = stable_id("task", context.workspace_id, f"prepare:{meeting.id}")
    task = session.get(Task, (context.workspace_id, task_id))
    return task if task is not None and task.state is TaskState.OPEN else None


def _drop_preparation(session: Session, context: AgentContext, meeting: Meeting) -> None:
    task = _preparation(session, context, meeting)
    if task is not None:
        task.state, task.done_at = TaskState.DROPPED, context.clock.now()
        session.add(task)


def _due_again(session: Session, context: AgentContext, meeting: Meeting) -> None:
    task = _preparation(session, context, meeting)
    if task is not None and meeting.starts_at is not None:
        task.due_at = meeting.starts_at - PREPARE
        session.add(task)


def _record(
    session: Session, context: AgentContext, actor: str, action: str, meeting: Meeting, details: dict[str, str]
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
