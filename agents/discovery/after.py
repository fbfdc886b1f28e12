"""After a meeting: a mail of what was agreed, which a person asks for; and whether a missed one is followed up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.discovery.kinds import TO_DO, Side
from agents.drafting.plan import screen
from agents.drafting.types import FactRef
from agents.policy import ActionClass
from agents.step import Trigger
from core.errors import Conflict, NotFound
from store import audit
from store.models import (
    Draft,
    DraftState,
    EngagementEvent,
    Fact,
    Finding,
    FindingState,
    Lead,
    Meeting,
    MeetingState,
    Message,
    ThreadTrigger,
)
from store.queries import approvals, triggers

IN_BETWEEN: Final = timedelta(hours=24)  # before a meeting: what they write then is as a rule about it
_MOST_STEPS: Final = 6  # of one mail: more is minutes, and nobody reads them
_STANDS: Final = (DraftState.PENDING, DraftState.APPROVED, DraftState.SENT)


def ask_recap(context: AgentContext, meeting_id: UUID, by: str) -> None:
    """Leaves the word for the email agent, once a set of confirmed steps.

    Raises NotFound, Conflict (not held, nothing confirmed, or there is one already).
    """
    with context.database.write(context.workspace_id) as session:
        meeting = session.get(Meeting, (context.workspace_id, meeting_id), with_for_update=True)
        if meeting is None:
            raise NotFound("There is no such meeting.")
        if meeting.state is not MeetingState.HELD:
            raise Conflict("Say first that the meeting was held.", code="not_held")
        steps = confirmed_steps(session, meeting_id)
        if not steps:
            raise Conflict("No next step is confirmed yet.", hint="Confirm what was agreed, then ask again.")
        if recapped(session, meeting_id):
            raise Conflict("There is a mail of this meeting already.", hint="It is among the approvals.")
        asked = select(ThreadTrigger.id).where(col(ThreadTrigger.key).startswith(f"recap:{meeting_id}:"))
        number = len(session.exec(asked).all())
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=meeting.lead_id,
            kind=Trigger.RECAP_ASKED,
            key=f"recap:{meeting_id}:{number}",
            payload={"meeting_id": str(meeting_id)},
        )
        audit.append(
            session,
            context.clock,
            context.ids,
            actor=by,
            action="meeting.recap_asked",
            subject_kind="meeting",
            subject_id=meeting_id,
            details={"steps": len(steps)},
        )


def recapped(session: Session, meeting_id: UUID) -> bool:
    query = select(Draft.id).where(Draft.thread_key == f"recap:{meeting_id}", col(Draft.state).in_(_STANDS))
    return session.exec(query.limit(1)).first() is not None


def confirmed_steps(session: Session, meeting_id: UUID) -> Sequence[Finding]:
    """Promises and next steps that a person took over, in the order in which they were said."""
    query = select(Finding).where(
        Finding.meeting_id == meeting_id,
        Finding.state == FindingState.CONFIRMED,
        col(Finding.kind).in_(sorted(TO_DO)),
        col(Finding.fact_id).is_not(None),
    )
    return session.exec(query.order_by(col(Finding.turn), col(Finding.id))).all()


def steps_to_say(session: Session, meeting_id: UUID) -> tuple[list[tuple[Side, FactRef]], int]:
    """(Who is to do what, as facts of the contact; how many are left out because they cannot stand in a mail)."""
    said: list[tuple[Side, FactRef]] = []
    left_out = 0
    for one in confirmed_steps(session, meeting_id):
        fact = session.get(Fact, (one.workspace_id, one.fact_id))
        if fact is None:
            continue
        ref = FactRef(
            str(fact.id), one.kind, str(fact.value), fact.quote, "", fact.observed_at, fact.source, fact.tainted
        )
        if screen(ref.value) is not None or len(said) >= _MOST_STEPS:
            left_out += 1
            continue
        said.append((Side(one.who), ref))
    return said, left_out


def overtake(session: Session, context: AgentContext, lead_id: UUID, why: str) -> None:
    """They wrote, or booked another time: what was drafted because they did not come does not leave any more."""
    waiting = (DraftState.PENDING, DraftState.APPROVED)
    query = select(Draft.id).where(
        Draft.lead_id == lead_id, Draft.kind == ActionClass.MISSED_MEETING.value, col(Draft.state).in_(waiting)
    )
    for draft_id in session.exec(query.order_by(col(Draft.id))).all():
        approvals.void_draft(session, context.clock, context.ids, draft_id, why, actor="system")


def _booked_at(session: Session, meeting: Meeting) -> datetime:
    """What they wrote before led to the meeting."""
    key = f"booking:{meeting.id}"
    booked = select(EngagementEvent.occurred_at).where(EngagementEvent.source_key == key)
    return session.exec(booked).first() or meeting.created_at


def why_not_followed_up(session: Session, meeting: Meeting, lead: Lead) -> str:
    """Why nobody writes to them after a meeting that they missed; "": nothing speaks against it.

    They called it off, moved it or wrote: then they are answered, not reminded of it.
    """
    if meeting.state is not MeetingState.NO_SHOW:
        return f"The meeting is {meeting.state.value}."
    if meeting.starts_at is None:
        return "The meeting had no time."
    ahead = select(Meeting.id).where(Meeting.contact_id == meeting.contact_id, col(Meeting.booked_key).is_not(None))
    if session.exec(ahead.limit(1)).first() is not None:
        return "They have another meeting ahead."
    wrote = select(Message.id).where(
        Message.direction == "in",
        Message.kind == "reply",
        Message.at > max(meeting.starts_at - IN_BETWEEN, _booked_at(session, meeting)),
        sa.or_(col(Message.lead_id) == lead.id, col(Message.contact_id) == meeting.contact_id),
    )
    if session.exec(wrote.limit(1)).first() is not None:
        return "They wrote since: a person answers that."
    return ""
