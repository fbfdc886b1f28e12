"""Who of a pool takes a meeting, and the ledger that remembers it. The rule is tools.calendar.rotation's.

A meeting is assigned when its times are held, so that ten proposals of one hour do not all stand in one person's
calendar; what ends without a meeting is given back, and has cost nobody anything (docs/decisions/0029).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from agents import attention
from agents.booking import diary
from agents.booking.pool_needs import LeadFacts, needs_of, skills_for
from agents.booking.rules import availability_rules_of
from agents.context import AgentContext
from agents.policy import Policy
from store.models import Company, Contact, EntryKind, Lead, Meeting, Pool
from store.queries import pools as ledger
from tools.calendar.availability import AvailabilityRules, Diary, NotFree, why_not
from tools.calendar.rotation import UNIT, Assignment, Member, Nobody, Ownership, assign

People = dict[UUID, tuple[AvailabilityRules, Diary]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a lead asks of a pool."""

    pool: Pool
    skills: tuple[str, ...]
    owner: UUID | None  # of the lead: whose mailbox writes to it

    @property
    def ownership(self) -> Ownership:
        try:
            return Ownership(self.pool.ownership)
        except ValueError:
            return Ownership.PREFER


def asked_of(session: Session, lead: Lead, pool: Pool | None = None) -> Asked | None:
    """None: no pool takes this lead. `pool`: the one that has the meeting already."""
    found = pool or ledger.pool_of(session, lead.icp_id)
    if found is None:
        return None
    contact = session.get(Contact, (lead.workspace_id, lead.contact_id))
    company = session.get(Company, (lead.workspace_id, lead.company_id))
    country = (contact.country if contact is not None else "") or (company.country if company is not None else "")
    facts = LeadFacts(
        icp_id=lead.icp_id,
        tier=lead.tier,
        country=country,
        industry=company.industry if company is not None else "",
        employees=company.employees if company is not None else None,
    )
    return Asked(found, skills_for(needs_of(found.needs), facts), attention.rep_of(session, lead))


def of_meeting(session: Session, meeting: Meeting, lead: Lead) -> Asked | None:
    """What stands of the pool of a meeting; None: it has none."""
    pool = session.get(Pool, (meeting.workspace_id, meeting.pool_id)) if meeting.pool_id is not None else None
    return asked_of(session, lead, pool) if pool is not None else None


def minutes_of(asked: Asked | None, policy: Policy) -> int:
    return policy.meeting_minutes if asked is None or asked.pool.minutes is None else asked.pool.minutes


def members_of(session: Session, pool_id: UUID) -> list[Member]:
    owed = ledger.credits_of(session, pool_id)
    return [
        Member(user.id, owed.get(user.id, 0), row.weight if row.active else 0, frozenset(row.skills))
        for row, user in ledger.people_of(session, pool_id)
    ]


def takers(members: Sequence[Member], asked: Asked) -> list[UUID]:
    """Whoever could be given it, were they free: theirs are the calendars to ask."""
    owner = asked.owner if any(member.member_id == asked.owner for member in members) else None
    if asked.owner is not None and asked.ownership is Ownership.REQUIRE:
        return [owner] if owner is not None else []
    fit = [m.member_id for m in members if m.weight > 0 and m.skills.issuperset(asked.skills)]
    if owner is not None and asked.ownership is Ownership.PREFER and owner not in fit:
        fit.append(owner)
    return sorted(fit)


def people(
    session: Session, context: AgentContext, user_ids: Collection[UUID], minutes: int, *, without: Meeting | None = None
) -> People:
    """Rules and diaries of these, in a fixed number of statements."""
    diaries = diary.diaries_of(
        session, user_ids, context.clock.now(), without=without.id if without is not None else None
    )
    rules = availability_rules_of(session, user_ids, minutes)
    return {user_id: (rules[user_id], diaries[user_id]) for user_id in sorted(user_ids) if user_id in rules}


def free_at(context: AgentContext, found: People, starts_at: datetime) -> dict[UUID, NotFree | None]:
    """By person why this very time cannot be; None: it can."""
    now = context.clock.now()
    return {user_id: why_not(rules, known, now, starts_at, on_grid=True) for user_id, (rules, known) in found.items()}


def choose(members: Sequence[Member], asked: Asked, free: Collection[UUID]) -> Assignment | Nobody:
    return assign(
        members,
        free,
        skills=asked.skills,
        owner=asked.owner,
        ownership=asked.ownership,
        owner_counts=asked.pool.owner_counts,
    )


def record(
    session: Session, context: AgentContext, meeting: Meeting, asked: Asked, found: Assignment, *, anew: bool = False
) -> None:
    """The meeting is this member's now, and the ledger says so. `anew`: what it was assigned for before is undone; its
    turn counts on, so that holds and event of the one before are told apart. The caller holds the pool."""
    if anew:
        ledger.give_back(session, context.clock.now(), [meeting.id], "The meeting went to somebody else.")
        meeting.turn += 1
    meeting.pool_id, meeting.user_id = asked.pool.id, found.member_id
    session.add(meeting)
    ledger.add(
        session,
        context.clock.now(),
        asked.pool.id,
        found.entry.changes,
        kind=EntryKind.ASSIGNED,
        reason=found.reason,
        subject_id=meeting.id,
        meeting_id=meeting.id,
        turn=meeting.turn,
    )


def missed(session: Session, context: AgentContext, meeting: Meeting) -> None:
    """They did not come: by the pool's word it has cost the rep their turn, or not."""
    pool = session.get(Pool, (meeting.workspace_id, meeting.pool_id)) if meeting.pool_id is not None else None
    if pool is not None and not pool.no_show_counts:
        ledger.give_back(session, context.clock.now(), [meeting.id], "They did not come.")


def as_inputs(asked: Asked, members: Sequence[Member], free: Collection[UUID], found: Assignment) -> dict[str, Any]:
    """For the decision: who, why, and the figures before it. Ids, no names."""
    return {
        "pool": str(asked.pool.id),
        "rep": str(found.member_id),
        "because": found.because.value,
        "skills": list(asked.skills),
        "free": sorted(str(user_id) for user_id in free),
        "owed_before": {str(member.member_id): in_meetings(member.credit) for member in members},
    }


def in_meetings(parts: int) -> float:
    return round(parts / UNIT, 3)
