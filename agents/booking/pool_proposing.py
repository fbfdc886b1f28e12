"""Times of a pool that are held for one lead: one member's, chosen in the transaction that holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents.booking import pools
from agents.booking.proposing import Held, hold_times
from agents.context import AgentContext
from agents.policy import Policy
from store.models import Contact, Lead, Meeting, User
from store.queries import pools as ledger
from tools.calendar.availability import free_slots
from tools.calendar.rotation import Assignment, Nobody
from tools.calendar.time_phrases import Times, slots_for


@dataclass(frozen=True, slots=True)
class PoolHeld:
    held: Held
    rep: User
    said: str  # who and why, for people
    inputs: Mapping[str, Any]


def hold_of_pool(
    session: Session,
    context: AgentContext,
    meeting: Meeting,
    lead: Lead,
    contact: Contact,
    policy: Policy,
    said: Times,
) -> PoolHeld | Nobody | None:
    """None: no pool takes this lead. Nobody: nothing is held, and why. The caller holds the lead, has asked
    the calendars; the meeting is added here."""
    asked = pools.asked_of(session, lead)
    if asked is None or ledger.locked(session, asked.pool.id) is None:
        return None
    members = pools.members_of(session, asked.pool.id)
    able = pools.takers(members, asked)
    minutes = pools.minutes_of(asked, policy)
    # In one order: two pools with the same people wait for each other in one direction only.
    users = {
        user.id: user
        for user in session.exec(select(User).where(col(User.id).in_(able)).order_by(col(User.id)).with_for_update())
    }
    found = pools.people(session, context, able, minutes, without=meeting)
    free = _free(context, found, said)
    while True:
        chosen = pools.choose(members, asked, free)
        if isinstance(chosen, Nobody):
            return chosen
        held = _try(session, context, meeting, users[chosen.member_id], contact, policy, minutes, said)
        if held.holds:
            inputs = pools.as_inputs(asked, members, free, chosen)
            pools.record(session, context, meeting, asked, chosen)
            return PoolHeld(held, users[chosen.member_id], _said(asked, chosen, users), inputs)
        free -= {chosen.member_id}


def _try(
    session: Session,
    context: AgentContext,
    meeting: Meeting,
    rep: User,
    contact: Contact,
    policy: Policy,
    minutes: int,
    said: Times,
) -> Held:
    meeting.user_id = rep.id
    meeting.time_zone = contact.time_zone or rep.time_zone
    session.add(meeting)
    session.flush()
    lasting = policy.model_copy(update={"meeting_minutes": minutes})
    return hold_times(session, context, meeting, rep, contact, lasting, said)


def _free(context: AgentContext, found: pools.People, said: Times) -> set[UUID]:
    """Who has a time to offer; where they named times themselves and anybody has one of these, only who has."""
    now = context.clock.now()
    slots = {user_id: free_slots(rules, known, now).slots for user_id, (rules, known) in found.items()}
    free = {user_id for user_id, those in slots.items() if those}
    if not said.clear:
        return free
    return {user_id for user_id in free if slots_for(said.windows, slots[user_id])} or free


def _said(asked: pools.Asked, chosen: Assignment, users: Mapping[UUID, User]) -> str:
    skills = f" Needed: {', '.join(asked.skills)}." if asked.skills else ""
    return f"{users[chosen.member_id].name} of the pool “{asked.pool.name}”: {chosen.reason}{skills}"
