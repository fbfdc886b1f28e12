"""A meeting of a pool is given to another member: because the prospect chose a time at which their rep is not free, or
because a person said so. Never silently: the ledger, the calendars, the invitation and the record follow at once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import invitations
from agents.booking import changes, diary, events, pools, rooms
from agents.booking.taking import give_back, move_holds, take
from agents.context import AgentContext
from agents.policy import load_policy
from core.errors import NotFound, Rejected
from store import audit, feed
from store.feed_kinds import Kind
from store.models import Hold, HoldState, Meeting, MeetingState, Pool, User
from store.queries import pools as ledger
from tools.calendar.availability import why_not
from tools.calendar.rotation import Assignment, Member, Nobody, Ownership, assign

_Times = list[tuple[datetime, datetime]]
_COMING = (MeetingState.PROPOSED, MeetingState.BOOKED)


@dataclass(frozen=True, slots=True)
class Handed:
    """One meeting that was to go to somebody else."""

    meeting_id: UUID
    to: UUID | None  # None: it stays where it is
    reason: str  # for people


def hand_over(
    session: Session,
    context: AgentContext,
    found: changes.Locked,
    asked: pools.Asked,
    chosen: Assignment,
    starts_at: datetime,
    ends_at: datetime,
    *,
    actor: str,
) -> bool:
    """The booked meeting is this member's, at this time. False, and nothing changes: a part of the time is taken.

    The caller holds the pool.
    """
    meeting, lead = found.meeting, found.lead
    before, was_at = (meeting.user_id, meeting.turn), meeting.starts_at
    meeting.user_id, meeting.turn = chosen.member_id, meeting.turn + 1
    session.add(meeting)
    session.flush()
    hold_id = take(session, meeting, starts_at, ends_at, state=HoldState.TAKEN, expires_at=starts_at)
    if hold_id is None:
        meeting.user_id, meeting.turn = before
        session.add(meeting)
        session.flush()
        return False
    meeting.turn = before[1]  # `record` counts it on, once what was before is undone
    events.leave(session, context, meeting)
    pools.record(session, context, meeting, asked, chosen, anew=True)
    give_back(session, meeting.id, but=hold_id)
    invitations.withdraw(session, meeting)
    meeting.starts_at, meeting.ends_at = starts_at, ends_at
    meeting.ics_sequence += 1
    session.add(meeting)
    session.flush()
    if events.want(session, context, meeting) is None:
        rooms.tell(session, context, meeting, lead)
    changes.prepared_by(session, context, meeting)
    _record(session, context, actor, meeting, before[0], was_at, chosen.reason)
    return True


def coming_of(session: Session, pool_id: UUID, user_id: UUID, now: datetime) -> list[Meeting]:
    """What a member has ahead of this pool, booked or proposed; the soonest first."""
    query = select(Meeting).where(
        Meeting.pool_id == pool_id,
        Meeting.user_id == user_id,
        sa.or_(
            sa.and_(col(Meeting.state) == MeetingState.BOOKED, col(Meeting.starts_at) > now),
            col(Meeting.state) == MeetingState.PROPOSED,
        ),
    )
    return list(session.exec(query.order_by(col(Meeting.starts_at), col(Meeting.id))))


def reassign(
    context: AgentContext,
    pool_id: UUID,
    from_user: UUID,
    *,
    to_user: UUID | None = None,
    meeting_ids: Collection[UUID] | None = None,
    by: str,
) -> list[Handed]:
    """The coming meetings of a member, all or these, go to whoever is free and next, or to `to_user` where free.

    Each by itself: what nobody can take stays, with the reason. Raises NotFound, Rejected.
    """
    with context.database.read(context.workspace_id) as session:
        if session.get(Pool, (context.workspace_id, pool_id)) is None:
            raise NotFound("There is no such pool.")
        members = {member.member_id for member in pools.members_of(session, pool_id)}
        if to_user is not None and (to_user not in members or to_user == from_user):
            raise Rejected("The other person is not in this pool.", hint="Add them first, or leave it to the rotation.")
        coming = [row.id for row in coming_of(session, pool_id, from_user, context.clock.now())]
    if meeting_ids is not None:
        if unknown := set(meeting_ids) - set(coming):
            raise NotFound(f"{len(unknown)} of these are no coming meetings of this member.")
        coming = [meeting_id for meeting_id in coming if meeting_id in set(meeting_ids)]
    if coming:
        diary.refresh_many(context, members - {from_user})
    return [_one(context, meeting_id, from_user, to_user, by) for meeting_id in coming]


def _one(context: AgentContext, meeting_id: UUID, from_user: UUID, to_user: UUID | None, by: str) -> Handed:
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, meeting_id)
        if found is None or found.meeting.user_id != from_user or found.meeting.state not in _COMING:
            return Handed(meeting_id, None, "It was changed meanwhile.")
        meeting = found.meeting
        asked = pools.of_meeting(session, meeting, found.lead)
        if asked is None or ledger.locked(session, asked.pool.id) is None:
            return Handed(meeting_id, None, "Its pool is gone.")
        times = _times(session, meeting)
        members = [m for m in pools.members_of(session, asked.pool.id) if m.member_id != from_user]
        able = [to_user] if to_user is not None else [m.member_id for m in members]
        minutes = _minutes(times) if times else pools.minutes_of(asked, load_policy(session))
        known = pools.people(session, context, able, minutes)
        free = {one for one in known if all(_is_free(context, known, one, start) for start, _ in times)}
        while True:
            chosen = _chosen(members, asked, free, to_user)
            if isinstance(chosen, Nobody):
                return Handed(meeting_id, None, chosen.reason)
            if _given(session, context, found, asked, chosen, times, by):
                user = session.get(User, (context.workspace_id, chosen.member_id))
                return Handed(meeting_id, chosen.member_id, f"{user.name if user else ''}: {chosen.reason}".strip())
            free -= {chosen.member_id}


def _chosen(
    members: Sequence[Member], asked: pools.Asked, free: set[UUID], to_user: UUID | None
) -> Assignment | Nobody:
    """A person's choice asks for no skill, and is paid like any turn."""
    if to_user is None:
        return pools.choose(members, replace(asked, owner=None), free)
    found = assign(members, free, skills=asked.skills, owner=to_user, ownership=Ownership.REQUIRE)
    if isinstance(found, Nobody):
        return Nobody("They are not free at that time.")
    return replace(found, reason="Chosen by a person.")


def _given(
    session: Session,
    context: AgentContext,
    found: changes.Locked,
    asked: pools.Asked,
    chosen: Assignment,
    times: _Times,
    by: str,
) -> bool:
    meeting = found.meeting
    if meeting.state is MeetingState.BOOKED:
        return hand_over(session, context, found, asked, chosen, *times[0], actor=by)
    before = meeting.user_id
    if not move_holds(session, meeting.id, chosen.member_id):
        return False
    pools.record(session, context, meeting, asked, chosen, anew=True)
    _record(session, context, by, meeting, before, None, chosen.reason)
    return True


def _times(session: Session, meeting: Meeting) -> _Times:
    """What must be free: the booked time, or every time that is held for them."""
    if meeting.state is MeetingState.BOOKED and meeting.starts_at is not None and meeting.ends_at is not None:
        return [(meeting.starts_at, meeting.ends_at)]
    held = select(Hold).where(Hold.meeting_id == meeting.id, Hold.state == HoldState.HELD)
    return [(hold.starts_at, hold.ends_at) for hold in session.exec(held.order_by(col(Hold.starts_at)))]


def _minutes(times: _Times) -> int:
    return round((times[0][1] - times[0][0]).total_seconds() / 60)


def _is_free(context: AgentContext, known: pools.People, user_id: UUID, starts_at: datetime) -> bool:
    """Notice and grid are rules for strangers who book; this meeting stands already."""
    rules, found = known[user_id]
    at_once = replace(rules, notice=timedelta(0))
    return why_not(at_once, found, context.clock.now(), starts_at) is None


def _record(
    session: Session,
    context: AgentContext,
    actor: str,
    meeting: Meeting,
    before: UUID,
    was_at: datetime | None,
    why: str,
) -> None:
    details = {"from": str(before), "to": str(meeting.user_id), "turn": meeting.turn, "why": why}
    if was_at is not None and meeting.starts_at is not None and was_at != meeting.starts_at:
        details |= {"from_time": was_at.isoformat(), "to_time": meeting.starts_at.isoformat()}
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=actor,
        action="meeting.handed_over",
        subject_kind="meeting",
        subject_id=meeting.id,
        details=details,
    )
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_MOVED, meeting, actor)])
