"""The next free times of a person as prospects would see them, by what is set or by what would be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents.booking import diary
from agents.booking.rules import availability_if, availability_rules
from agents.context import AgentContext
from agents.policy import load_policy
from core.errors import NotFound
from store.models import User
from tools.calendar.availability import Slot, free_slots


@dataclass(frozen=True, slots=True)
class Wanted:
    """Not kept: as it would be set."""

    rules: Mapping[str, Any]
    hours: Mapping[str, Any]
    zone: str


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """`unknown`: what calendars did not say, for people; there may be more free time."""

    slots: tuple[Slot, ...]
    unknown: tuple[str, ...]
    minutes: int
    zone: str  # the person's


def next_free_times(context: AgentContext, user_id: UUID, *, zone: str = "", wanted: Wanted | None = None) -> FreeTimes:
    """Asks those calendars that were not asked within a minute: seconds, outside of any transaction. `zone`: the
    viewer's, for what must be said beside a time.

    Raises NotFound, RulesRefused (of `wanted`).
    """
    diary.refresh(context, user_id)
    now = context.clock.now()
    with context.database.read(context.workspace_id) as session:
        user = session.get(User, (context.workspace_id, user_id))
        if user is None or not user.active:
            raise NotFound("There is no such user.")
        minutes = load_policy(session).meeting_minutes
        if wanted is None:
            rules = availability_rules(session, user, minutes)
        else:
            rules = availability_if(wanted.rules, wanted.hours, wanted.zone, minutes)
        found = free_slots(rules, diary.diary_of(session, user_id, now), now, viewer_zone=zone)
    return FreeTimes(found.slots, found.unknown, minutes, rules.zone)
