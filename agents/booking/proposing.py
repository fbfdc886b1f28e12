"""Times to propose: free on the rep's side by all that is known, in the recipient's hours, spread over days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from agents.booking import diary
from agents.booking.ask_back import two_readings
from agents.booking.rules import availability_rules
from agents.booking.taking import take
from agents.context import AgentContext
from agents.policy import Policy
from store.models import Contact, Hold, HoldState, Meeting, Message, User
from tools.calendar.availability import Availability, Slot, free_slots
from tools.calendar.choosing import choose, habits_of
from tools.calendar.slots import zone_of
from tools.calendar.time_phrases import Times, slots_for

HOLDS = 3
_LATEST_PICK = timedelta(hours=1)  # before it starts: the rep must still see it
_MAILS_LOOKED_AT = 50
_NOTHING_SAID = Times()


def free_times(
    session: Session, context: AgentContext, rep: User, minutes: int, *, zone: str = "", without: Meeting | None = None
) -> Availability:
    """Every time of the rep's that can be booked now. `zone`: the viewer's, for what must be said beside a time."""
    now = context.clock.now()
    found = diary.diary_of(session, rep.id, now, without=without.id if without is not None else None)
    return free_slots(availability_rules(session, rep, minutes), found, now, viewer_zone=zone)


@dataclass(frozen=True, slots=True)
class Held:
    holds: list[Hold]
    as_asked: bool  # they lie inside what the reply said


NOTHING_HELD = Held([], as_asked=False)


def hold_times(
    session: Session,
    context: AgentContext,
    meeting: Meeting,
    rep: User,
    contact: Contact,
    policy: Policy,
    said: Times = _NOTHING_SAID,
) -> Held:
    """Up to three, held for the policy's hours; the caller holds the rep's row, and has asked their calendars.

    `said`: the times that the reply proposes. Where they are clear and any of them is free, only those are held, also
    outside of office hours: they asked. What is ambiguous is not guessed: where each of two readings
    has a free time, both are held, and the rest is chosen for them.
    """
    zone = contact.time_zone if zone_of(contact.time_zone) else rep.time_zone
    found = free_times(session, context, rep, policy.meeting_minutes, zone=zone, without=meeting)
    zone = zone if zone_of(zone) else "UTC"
    asked = slots_for(said.windows, found.slots) if said.clear else []
    habits = habits_of(_written_at(session, contact), zone)
    best = _both_readings(said, found.slots)
    best += choose(asked or found.slots, zone=zone, habits=habits, country=contact.country)
    best += [slot for slot in asked if slot not in best]  # "next week" means no night; "Thursday at seven" does
    now, held = context.clock.now(), list[Hold]()
    for slot in best:
        if len(held) == HOLDS:
            break
        until = min(now + timedelta(hours=policy.hold_hours), slot.starts_at - _LATEST_PICK)
        # Two proposed times may not overlap each other either: their quarter hours are keys as well.
        hold_id = take(session, meeting, slot.starts_at, slot.ends_at, state=HoldState.HELD, expires_at=until)
        hold = session.get(Hold, (context.workspace_id, hold_id)) if hold_id is not None else None
        if hold is not None:
            held.append(hold)
    return Held(held, as_asked=bool(asked))


def _both_readings(said: Times, free: Sequence[Slot]) -> list[Slot]:
    """Of words with two readings, the first free time in each, so that one click says which; else nothing."""
    asked = two_readings(said)
    firsts = [next(iter(slots_for([one], free)), None) for one in asked.options] if asked is not None else []
    both = [slot for slot in firsts if slot is not None]
    return both if len(both) == len(firsts) and both[:1] != both[1:] else []


def _written_at(session: Session, contact: Contact) -> list[datetime]:
    """When they wrote to us: at those hours they are at work."""
    query = (
        select(Message.at)
        .where(Message.contact_id == contact.id, Message.direction == "in")
        .order_by(col(Message.at).desc())
        .limit(_MAILS_LOOKED_AT)
    )
    return list(session.exec(query))
