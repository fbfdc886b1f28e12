"""A time of a pool that a prospect picked: their rep keeps the meeting where free, else it goes to whoever is next."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session

from agents.booking import changes, pools
from agents.booking.handing_over import hand_over
from agents.booking.taking import give_back, hold_of, take
from agents.context import AgentContext
from store.models import HoldState, MeetingState
from store.queries import pools as ledger
from tools.calendar.availability import NotFree, Slot
from tools.calendar.rotation import Assignment, Nobody


def why_nobody(found: Mapping[UUID, NotFree | None]) -> NotFree | None:
    """None: somebody is free. That a calendar did not answer is said before that others are busy: it may change."""
    if not found:
        return NotFree.OWN
    reasons = set(found.values())
    if None in reasons:
        return None
    return NotFree.UNKNOWN if NotFree.UNKNOWN in reasons else next(iter(found.values()))


def place(
    session: Session, context: AgentContext, found: changes.Locked, people: Sequence[UUID], slot: Slot
) -> UUID | NotFree | None:
    """The hold of this time with another member than before, booked meetings moved with it; NotFree: nobody has it.

    None: the rep who has it keeps it, in the way of every meeting; or its pool is gone.
    """
    meeting = found.meeting
    asked = pools.of_meeting(session, meeting, found.lead)
    if asked is None or ledger.locked(session, asked.pool.id) is None:
        return None
    minutes = round((slot.ends_at - slot.starts_at).total_seconds() / 60)
    known = pools.people(session, context, {*people, meeting.user_id}, minutes, without=meeting)
    answers = pools.free_at(context, known, slot.starts_at)
    free = {user_id for user_id, why in answers.items() if why is None}
    if meeting.user_id in free and ledger.stands(session, meeting.id, meeting.turn):
        return None
    members = pools.members_of(session, asked.pool.id)
    while True:
        chosen = pools.choose(members, asked, free)
        if isinstance(chosen, Nobody):
            return why_nobody({user_id: answers[user_id] or NotFree.OWN for user_id in answers}) or NotFree.OWN
        hold_id = _take(session, context, found, asked, chosen, slot)
        if hold_id is not None:
            return hold_id
        free -= {chosen.member_id}


def _take(
    session: Session,
    context: AgentContext,
    found: changes.Locked,
    asked: pools.Asked,
    chosen: Assignment,
    slot: Slot,
) -> UUID | None:
    meeting = found.meeting
    if meeting.state is MeetingState.BOOKED:
        moved = hand_over(session, context, found, asked, chosen, slot.starts_at, slot.ends_at, actor=changes.PROSPECT)
        return hold_of(session, meeting) if moved else None
    before = meeting.user_id, meeting.turn
    meeting.user_id, meeting.turn = chosen.member_id, meeting.turn + 1
    hold_id = take(session, meeting, slot.starts_at, slot.ends_at, state=HoldState.TAKEN, expires_at=slot.starts_at)
    if hold_id is None:
        meeting.user_id, meeting.turn = before
        session.add(meeting)
        session.flush()
        return None
    meeting.turn = before[1]
    pools.record(session, context, meeting, asked, chosen, anew=True)
    give_back(session, meeting.id, but=hold_id)
    session.flush()
    return hold_id
