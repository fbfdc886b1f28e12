"""A prospect picks a time by a link: one that is held for them, or any free one; moves what is booked; calls it off.

Before a booking the rep's calendars are asked, if their last answer is older than a minute; the answer counts in the
transaction that books. Nobody is told "booked" while a calendar does not answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, select

from agents import stopping
from agents.booking import changes, diary, events, pools
from agents.booking.pool_picking import place, why_nobody
from agents.booking.taking import give_back, hold_of, let_go, take
from agents.context import AgentContext
from agents.policy import load_policy
from agents.step import Trigger
from core.errors import Conflict, NotFound
from store import audit, feed
from store.feed_kinds import Kind
from store.models import Hold, HoldState, Lead, Meeting, MeetingState, User
from store.queries import triggers
from tools.calendar.availability import NotFree, Slot, pool_slots

# In one process the bookings of one rep follow each other, so that those who wait hold no connection of the database;
# between processes the keys of the store decide alone.
_TURNS = tuple(Lock() for _ in range(64))
_BOOKED_BEFORE = (MeetingState.BOOKED, MeetingState.HELD, MeetingState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Picked:
    """What was booked. `repeated`: this very time had been picked before."""

    meeting_id: UUID
    hold_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str  # the prospect's, or the rep's where that is not known
    repeated: bool


def pick_slot(context: AgentContext, hold_id: UUID, *, language: str = "") -> Picked:
    """A person picks a held time: it is booked once, the other times are free again.

    The same time again gives the same answer. Raises NotFound; Conflict where another time of the meeting, or another
    meeting for the same, is booked (code already_booked), where the time is no longer held or was taken in the rep's
    calendar (hold_expired), or where a calendar does not answer (calendar_silent): the time stays held.
    """
    with context.database.read(context.workspace_id) as session:
        hold = session.exec(select(Hold).where(Hold.id == hold_id)).first()
    if hold is None:
        raise NotFound("This time is not one that we proposed.", hint="Answer the mail with a time that suits you.")
    if hold.state is HoldState.HELD:
        diary.refresh(context, hold.user_id)
    try:
        with _turn_of(hold.user_id), context.database.write(context.workspace_id) as session:
            picked = _pick(session, context, hold.meeting_id, hold_id, language)
    except (IntegrityError, OperationalError) as error:
        raise _second_of(error) from error  # two meetings for the same purpose, picked at the same instant
    if isinstance(picked, Conflict):
        raise picked
    return picked


def book_time(context: AgentContext, meeting_id: UUID, starts_at: datetime, *, language: str = "") -> Picked:
    """Any free time, instead of the held ones or of what is booked. Raises as `pick_slot`; Conflict `time_taken`."""
    asked = _asked_freshly(context, meeting_id)
    at = starts_at.astimezone(UTC)
    with _turn_of(asked.whose):
        with context.database.read(context.workspace_id) as session:  # who comes late waits for no lock of the database
            meeting = session.get(Meeting, (context.workspace_id, meeting_id))
            if meeting is not None and meeting.starts_at != at:
                _refuse_taken(session, context, asked.people, meeting, asked.minutes, at)
        try:
            with context.database.write(context.workspace_id) as session:
                return _book(session, context, meeting_id, asked, at, language)
        except (IntegrityError, OperationalError) as error:
            raise _second_of(error) from error


def times_for(context: AgentContext, meeting_id: UUID, *, zone: str) -> tuple[list[Slot], tuple[str, ...]]:
    """(all free times for this meeting, what calendars did not say). Asks the calendars. Raises NotFound."""
    asked = _asked_freshly(context, meeting_id)
    with context.database.read(context.workspace_id) as session:
        meeting = session.get_one(Meeting, (context.workspace_id, meeting_id))
        found = pools.people(session, context, asked.people, asked.minutes, without=meeting)
        return list(pool_slots(found, context.clock.now(), viewer_zone=zone)), asked.unknown


def call_off(context: AgentContext, meeting_id: UUID) -> None:
    """The prospect cancels what is booked; a second time changes nothing. Raises NotFound, Conflict (not_booked)."""
    with context.database.write(context.workspace_id) as session:
        found = changes.locked(session, context, meeting_id)
        if found is None:
            raise _unknown()
        if found.meeting.state is MeetingState.CANCELLED:
            return
        begun = found.meeting.starts_at is not None and found.meeting.starts_at <= context.clock.now()
        if begun or not changes.cancel(session, context, found, actor=changes.PROSPECT, why="by_them"):
            raise Conflict(
                "There is no meeting ahead to call off.",
                hint="Answer the mail if something is wrong.",
                code="not_booked",
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose calendars were asked just now: the rep's, or of a meeting of a pool those of all who could take it."""

    minutes: int
    people: Sequence[UUID]
    whose: UUID  # turn it is in this process: the pool's, or the rep's
    unknown: tuple[str, ...]  # what calendars did not say


def _asked_freshly(context: AgentContext, meeting_id: UUID) -> _Asked:
    """Raises NotFound."""
    with context.database.read(context.workspace_id) as session:
        meeting = session.get(Meeting, (context.workspace_id, meeting_id))
        if meeting is None or session.get(User, (context.workspace_id, meeting.user_id)) is None:
            raise _unknown()
        lead = session.get(Lead, (context.workspace_id, meeting.lead_id))
        asked = pools.of_meeting(session, meeting, lead) if lead is not None else None
        minutes = pools.minutes_of(asked, load_policy(session))
        if meeting.starts_at is not None and meeting.ends_at is not None:
            minutes = max(1, round((meeting.ends_at - meeting.starts_at).total_seconds() / 60))
        people = [meeting.user_id]
        if asked is not None:
            people = sorted({*people, *pools.takers(pools.members_of(session, asked.pool.id), asked)})
    problems = diary.refresh_many(context, people)
    unknown = tuple(dict.fromkeys(problem for problem in problems.values() if problem))
    return _Asked(minutes, people, meeting.pool_id or meeting.user_id, unknown)


def _pick(session: Session, context: AgentContext, meeting_id: UUID, hold_id: UUID, language: str) -> Picked | Conflict:
    """A Conflict that is given, not raised, keeps what was written with it: the hold is let go."""
    found = changes.locked(session, context, meeting_id)
    hold = session.get(Hold, (context.workspace_id, hold_id), populate_existing=True)
    if found is None or hold is None:
        raise _unknown()
    meeting, now = found.meeting, context.clock.now()
    if hold.state is HoldState.TAKEN and meeting.state is not MeetingState.CANCELLED:
        return _picked(meeting, hold.id, repeated=True)
    if meeting.state in _BOOKED_BEFORE:
        raise _already()
    if meeting.state is not MeetingState.PROPOSED or hold.state is not HoldState.HELD or hold.expires_at <= now:
        raise _expired()
    _refuse_second(session, meeting)
    match diary.blocked(session, hold.user_id, hold.starts_at, hold.ends_at, now):
        case "busy":
            let_go(session, hold.id)  # the rep's calendar took the time: nobody is shown it as kept
            return _expired()
        case "unknown":
            raise _silent()
    taken = session.execute(
        sa.update(Hold)
        .where(col(Hold.id) == hold_id, col(Hold.state) == HoldState.HELD)
        .values(state=HoldState.TAKEN)
        .returning(col(Hold.id))
        .execution_options(synchronize_session="fetch")
    ).one_or_none()
    if taken is None:
        raise _expired()
    _booked(session, context, found, hold, language)
    return _picked(meeting, hold.id, repeated=False)


def _book(
    session: Session,
    context: AgentContext,
    meeting_id: UUID,
    asked: _Asked,
    starts_at: datetime,
    language: str,
) -> Picked:
    found, minutes = changes.locked(session, context, meeting_id), asked.minutes
    if found is None:
        raise _unknown()
    meeting = found.meeting
    if meeting.state is MeetingState.BOOKED and meeting.starts_at == starts_at:
        return _picked(meeting, hold_of(session, meeting), repeated=True)
    _refuse_closed(context, found)
    slot = Slot(starts_at, starts_at + timedelta(minutes=minutes))
    if meeting.state is not MeetingState.BOOKED:
        _refuse_second(session, meeting)
    if meeting.pool_id is not None:
        hold_id = place(session, context, found, asked.people, slot)
        if isinstance(hold_id, NotFree):
            raise _silent() if hold_id is NotFree.UNKNOWN else _gone()
        if hold_id is not None:
            return _placed(session, context, found, hold_id, language)
    _refuse_taken(session, context, [meeting.user_id], meeting, minutes, starts_at)
    if meeting.state is MeetingState.BOOKED:
        if not changes.move(session, context, found, slot.starts_at, slot.ends_at, actor=changes.PROSPECT):
            raise _gone()
        meeting.language = language or meeting.language
        return _picked(meeting, hold_of(session, meeting), repeated=False)
    hold_id = take(session, meeting, slot.starts_at, slot.ends_at, state=HoldState.TAKEN, expires_at=slot.starts_at)
    if hold_id is None:
        raise _gone()
    give_back(session, meeting.id, but=hold_id)
    return _placed(session, context, found, hold_id, language)


def _placed(session: Session, context: AgentContext, found: changes.Locked, hold_id: UUID, language: str) -> Picked:
    """The time is taken; what was moved is told already, what is new is booked."""
    meeting = found.meeting
    if meeting.state is MeetingState.BOOKED:
        meeting.language = language or meeting.language
    else:
        _booked(session, context, found, session.get_one(Hold, (context.workspace_id, hold_id)), language)
    return _picked(meeting, hold_id, repeated=False)


def _booked(session: Session, context: AgentContext, found: changes.Locked, hold: Hold, language: str) -> None:
    meeting = found.meeting
    meeting.state, meeting.starts_at, meeting.ends_at = MeetingState.BOOKED, hold.starts_at, hold.ends_at
    meeting.booked_key = _key_of(meeting)
    meeting.language = language[:8] or meeting.language
    session.add(meeting)
    stopping.free_holds(session, [meeting.id])
    events.want(session, context, meeting)
    triggers.add_trigger(
        session,
        context.clock,
        subject_kind="lead",
        subject_id=meeting.lead_id,
        kind=Trigger.SLOT_PICKED,
        key=f"slot:{hold.id}",
        payload={"hold_id": str(hold.id)},
    )
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=changes.PROSPECT,
        action="meeting.booked",
        subject_kind="meeting",
        subject_id=meeting.id,
        details={"hold_id": str(hold.id)},
    )
    feed.publish(session, context.clock, [feed.meeting(Kind.MEETING_BOOKED, meeting, changes.PROSPECT)])


def _refuse_second(session: Session, meeting: Meeting) -> None:
    """One booking a person and purpose; the unique key says it once more for those that race."""
    key = _key_of(meeting)
    if session.exec(select(Meeting.id).where(Meeting.booked_key == key, Meeting.id != meeting.id)).first() is not None:
        raise _already()


def _second_of(error: IntegrityError | OperationalError) -> Exception:
    """What a database says where bookings race: the other was first, or so many wait that the turn did not come."""
    if isinstance(error, OperationalError):
        said = str(error.orig).lower()
        return _crowded() if "deadlock" in said or "locked" in said else error
    return _already() if "booked_key" in str(error.orig) else error


def _crowded() -> Conflict:
    return Conflict("Many people book at this moment.", hint="Try again.", code="time_taken")


def _turn_of(user_id: UUID) -> Lock:
    return _TURNS[user_id.int % len(_TURNS)]


def _refuse_taken(
    session: Session,
    context: AgentContext,
    people: Sequence[UUID],
    meeting: Meeting,
    minutes: int,
    starts_at: datetime,
) -> None:
    """Asked of the very rules by which times are shown. One who is free is enough."""
    known = pools.people(session, context, people, minutes, without=meeting)
    why = why_nobody(pools.free_at(context, known, starts_at))
    if why is not None:
        raise _silent() if why is NotFree.UNKNOWN else _gone()


def _refuse_closed(context: AgentContext, found: changes.Locked) -> None:
    meeting = found.meeting
    if meeting.state in (MeetingState.HELD, MeetingState.NO_SHOW):
        raise _already()
    begun = meeting.starts_at is not None and meeting.starts_at <= context.clock.now()
    if meeting.state is MeetingState.CANCELLED or found.lead.stage in stopping.FINAL or begun:
        raise Conflict(
            "This meeting can no longer be changed here.", hint="Answer the mail to find a time.", code="not_open"
        )


def _key_of(meeting: Meeting) -> str:
    return f"{meeting.contact_id}:{meeting.purpose}"


def _picked(meeting: Meeting, hold_id: UUID, *, repeated: bool) -> Picked:
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    return Picked(meeting.id, hold_id, meeting.starts_at, meeting.ends_at, meeting.time_zone, repeated)


def _unknown() -> NotFound:
    return NotFound("This meeting is no longer known here.", hint="Answer the mail, and we find a time.")


def _already() -> Conflict:
    return Conflict(
        "Another time of this meeting is booked already.",
        hint="The invitation in your mailbox says when; its link moves the meeting.",
        code="already_booked",
    )


def _expired() -> Conflict:
    return Conflict(
        "This time is no longer kept free.",
        hint="Answer the mail with a time that suits you, and you get new ones.",
        code="hold_expired",
    )


def _gone() -> Conflict:
    return Conflict("This time was taken a moment ago.", hint="Pick another one.", code="time_taken")


def _silent() -> Conflict:
    return Conflict(
        "The calendar does not answer at the moment, so the time cannot be confirmed.",
        hint="Try again in a minute.",
        code="calendar_silent",
    )
