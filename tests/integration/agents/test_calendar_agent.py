"""Holds, picks and invitations against real databases: whatever races, a quarter of an hour has one owner."""

import base64
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlmodel import col

from agents.booking.picking import Picked, pick_slot
from agents.calendar import calendar, record_meeting
from agents.context import AgentContext
from agents.engagement import engagement, opt_out
from agents.step import Step, SubjectKind, Trigger
from core.clock import VirtualClock
from core.errors import Conflict, NotFound
from store import bulk
from store.models import (
    CalendarBucket,
    Contact,
    Deal,
    EngagementEvent,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    OutboxItem,
    Task,
    ThreadTrigger,
    User,
)
from tests.support.agent_office import following, rows_of, stage_of, write_in
from tests.support.crash.office import Office, open_office
from workers.letters import words_of_payload


def propose(office: Office, number: int = 0, key: str = "") -> list[Hold]:
    """Interested → three held times, the earliest first."""
    step = write_in(office, number, "interested", key=key)
    outcome = calendar(office.context, following(step, engagement(office.context, step)))
    assert outcome.trigger is Trigger.SLOTS_HELD
    holds = rows_of(office.context, Hold, Hold.meeting_id == UUID(outcome.payload["meeting_id"]))
    return sorted(holds, key=lambda hold: hold.starts_at)


def invite(office: Office, hold_id: UUID, number: int = 0) -> Trigger:
    lead_id = office.people[number].lead_id
    step = Step(SubjectKind.LEAD, lead_id, stage_of(office, number), Trigger.SLOT_PICKED, {"hold_id": str(hold_id)})
    return calendar(office.context, step).trigger


def test_interest_holds_three_times_on_three_days_once(office: Office) -> None:
    step = write_in(office, 0, "interested")
    next_step = following(step, engagement(office.context, step))
    first, second = calendar(office.context, next_step), calendar(office.context, next_step)
    assert (first.trigger, first.payload) == (second.trigger, second.payload)
    holds = rows_of(office.context, Hold, Hold.state == HoldState.HELD)
    assert len({hold.starts_at.date() for hold in holds}) == len(holds) == 3
    assert all(hold.starts_at >= office.context.clock.now() + timedelta(hours=20) for hold in holds)
    assert len(rows_of(office.context, CalendarBucket)) == 6
    assert stage_of(office) == "meeting_proposed"


def test_times_that_they_propose_are_the_times_that_are_held(office: Office) -> None:
    def proposal(text: str) -> tuple[list[tuple[str, int]], str]:
        step = write_in(office, 0, "interested", text=text, language="en")
        outcome = calendar(office.context, following(step, engagement(office.context, step)))
        holds = rows_of(office.context, Hold, Hold.state == HoldState.HELD)
        [contact] = rows_of(office.context, Contact, Contact.id == office.people[0].contact_id)
        local = sorted(hold.starts_at.astimezone(ZoneInfo(contact.time_zone)) for hold in holds)
        return [(f"{start:%A}", start.hour) for start in local], outcome.reason

    times, reason = proposal("Happy to talk. Thursday after 10am works for me.")
    assert {day for day, _ in times} == {"Thursday"}, reason
    assert all(hour >= 10 for _, hour in times)
    assert "inside what they proposed" in reason
    # Neither guessed nor dropped in silence: three days to choose from, and the reason says why.
    times, reason = proposal("Could we say 03/04, or 05/06?")
    assert len({day for day, _ in times}) == 3
    assert "inside" not in reason


def test_fifty_proposals_at_once_share_no_quarter_of_an_hour(office_context: AgentContext) -> None:
    office = open_office(office_context, people=50)
    steps = [write_in(office, number, "interested") for number in range(50)]
    steps = [following(step, engagement(office_context, step)) for step in steps]
    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(lambda step: calendar(office_context, step), steps))
    holds = rows_of(office_context, Hold)
    owners = Counter(hold.starts_at for hold in holds)
    assert max(owners.values()) == 1
    assert len(rows_of(office_context, CalendarBucket)) == 2 * len(holds)
    held = [outcome for outcome in outcomes if outcome.trigger is Trigger.SLOTS_HELD]
    assert len(held) * 3 >= len(holds) == 80  # four common hours on ten days: all of them, each once
    # Whoever found nothing has a task for the rep instead.
    assert len(rows_of(office_context, Task, Task.kind == "propose_times")) == 50 - len(held)


def test_fifty_picks_of_one_time_book_it_once(office: Office) -> None:
    hold = propose(office)[0]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: pick_slot(office.context, hold.id), range(50)))
    assert sum(not answer.repeated for answer in answers) == 1
    assert {answer.starts_at for answer in answers} == {hold.starts_at}
    assert len(rows_of(office.context, ThreadTrigger, ThreadTrigger.kind == "slot_picked")) == 1
    assert len(rows_of(office.context, CalendarBucket)) == 2  # the other two times are free again


def test_picks_of_all_three_times_at_once_book_one(office: Office) -> None:
    holds = propose(office)

    def pick(hold_id: UUID) -> Picked | Conflict:
        try:
            return pick_slot(office.context, hold_id)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(pick, [hold.id for hold in holds] * 6))
    booked = {answer.hold_id for answer in answers if isinstance(answer, Picked)}
    assert len(booked) == 1
    assert {answer.code for answer in answers if isinstance(answer, Conflict)} == {"already_booked"}
    assert [h.id for h in rows_of(office.context, Hold, Hold.state == HoldState.TAKEN)] == list(booked)
    assert len(rows_of(office.context, CalendarBucket)) == 2


def test_a_time_somebody_took_meanwhile_is_passed_over(office: Office) -> None:
    holds = propose(office)
    (rep,) = rows_of(office.context, User)
    with office.context.database.write(office.context.workspace_id) as session:
        again = [{"id": rep.id, "bucket_at": holds[0].starts_at, "hold_id": holds[1].id}]
        assert not bulk.upsert(
            session, CalendarBucket, again, key=("id", "bucket_at"), update=(), returning=("bucket_at",)
        )
    others = propose(office, 1)
    assert not {h.starts_at for h in holds} & {h.starts_at for h in others}


def test_an_expired_or_unknown_time_is_refused_with_a_hint(office: Office, office_clock: VirtualClock) -> None:
    hold = propose(office)[0]
    office_clock.move_to(hold.expires_at)
    with pytest.raises(Conflict, match="no longer kept") as refused:
        pick_slot(office.context, hold.id)
    assert refused.value.code == "hold_expired"
    assert refused.value.hint
    with pytest.raises(NotFound):
        pick_slot(office.context, uuid4())


def test_who_opted_out_cannot_be_booked_and_the_times_are_free(office: Office) -> None:
    hold = propose(office)[0]
    opt_out(office.context, office.people[0].contact_id, "one_click")
    with pytest.raises(Conflict):
        pick_slot(office.context, hold.id)
    assert not rows_of(office.context, CalendarBucket)
    assert [m.state for m in rows_of(office.context, Meeting)] == [MeetingState.CANCELLED]


def test_a_picked_time_is_invited_to_once_in_words_the_dispatcher_reads(office: Office) -> None:
    hold = propose(office)[1]
    pick_slot(office.context, hold.id)
    assert invite(office, hold.id) is Trigger.BOOKED
    assert invite(office, hold.id) is Trigger.BOOKED
    now = office.context.clock.now()
    (item,) = rows_of(office.context, OutboxItem, OutboxItem.kind == "mail", OutboxItem.not_before <= now)
    words = words_of_payload(office.context.sealer, item)
    assert words is not None
    assert item.key == f"invite:{hold.meeting_id}:0"
    assert (words.action, words.recipient) == ("meeting_invitation", office.people[0].address)
    (event,) = Calendar.from_ical(base64.b64decode(words.ics)).walk("VEVENT")
    assert event["DTSTART"].dt == hold.starts_at
    assert stage_of(office) == "meeting_booked"
    (booking,) = rows_of(office.context, EngagementEvent, EngagementEvent.kind == "booking")
    assert booking.actor == "human"


def test_a_meeting_that_was_held_opens_one_deal(office: Office, office_clock: VirtualClock) -> None:
    hold = propose(office)[0]
    pick_slot(office.context, hold.id)
    invite(office, hold.id)
    with pytest.raises(Conflict, match="not begun"):
        record_meeting(office.context, hold.meeting_id, True, "demo", "user:ann")
    office_clock.move_to(hold.ends_at)
    record_meeting(office.context, hold.meeting_id, True, "demo", "user:ann")
    record_meeting(office.context, hold.meeting_id, True, "demo", "user:ann")
    with pytest.raises(Conflict):
        record_meeting(office.context, hold.meeting_id, False, "no_show", "user:ann")
    assert [deal.amount_minor for deal in rows_of(office.context, Deal)] == [0]
    assert stage_of(office) == "meeting_held"
    (ended,) = rows_of(office.context, ThreadTrigger, col(ThreadTrigger.kind) == "meeting_ended")
    lead_id = office.people[0].lead_id
    outcome = engagement(
        office.context, Step(SubjectKind.LEAD, lead_id, "meeting_held", Trigger.MEETING_ENDED, ended.payload)
    )
    assert outcome.trigger is Trigger.ASSESSED
    assert outcome.inputs["engagement"] > 0.9
    assert outcome.inputs["next_best_action"] == "follow_up"


def test_no_common_hour_leaves_it_to_the_rep(office_context: AgentContext) -> None:
    office = open_office(office_context, people=1, time_zone="Pacific/Auckland")
    (rep,) = rows_of(office_context, User)
    with office_context.database.write(office_context.workspace_id) as session:
        row = session.get(User, (office_context.workspace_id, rep.id))
        assert row is not None
        row.working_hours = {"mon": ["06:00", "09:00"]}  # UTC: evening there
    step = write_in(office, 0, "wants_meeting")
    outcome = calendar(office_context, following(step, engagement(office_context, step)))
    assert outcome.trigger is Trigger.BLOCKED
    assert not rows_of(office_context, Meeting)
    assert [task.kind for task in rows_of(office_context, Task)] == ["propose_times"]
