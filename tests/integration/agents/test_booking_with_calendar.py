"""A rep with a calendar outside: asked before a booking, written to once, read again, and the booking gives way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from agents.booking.picking import Picked, book_time, call_off, pick_slot, times_for
from agents.calendar import calendar
from agents.engagement import engagement
from agents.step import Trigger
from core.clock import VirtualClock
from core.errors import Conflict, RetryAt
from store import erasure
from store.models import (
    CalendarConnection,
    ConnectionState,
    EventState,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
    Task,
)
from tests.support.agent_office import following, rows_of, stage_of, write_in
from tests.support.calendar_office import CalendarOffice, overlaps, quarters, with_calendars
from tests.support.crash.office import Office
from tests.support.fake_calendar import FakeCalendar
from tools.ports.calendar import Busyness
from workers import calendar_sync
from workers.letters import words_of_payload


@pytest.fixture
def outside(office_clock: VirtualClock) -> FakeCalendar:
    return FakeCalendar(clock=office_clock)


@pytest.fixture
def booking(office: Office, outside: FakeCalendar) -> CalendarOffice:
    return with_calendars(office, outside)


def test_what_is_taken_outside_is_not_proposed(booking: CalendarOffice, outside: FakeCalendar) -> None:
    first = booking.propose(0)
    for hold in first:
        outside.others(hold.starts_at, hold.ends_at, busyness=Busyness.TENTATIVE)
    booking.context.clock.advance(timedelta(seconds=61))  # type: ignore[attr-defined]
    second = booking.propose(1)
    assert len(second) == 3
    assert not {hold.starts_at for hold in first} & {hold.starts_at for hold in second}


def test_a_calendar_that_does_not_answer_has_no_free_time(booking: CalendarOffice, outside: FakeCalendar) -> None:
    outside.fail_busy = "It is down."
    step = write_in(booking.office, 0, "interested")
    with pytest.raises(RetryAt, match="It is down"):
        calendar(booking.context, following(step, engagement(booking.context, step)))
    assert rows_of(booking.context, Hold) == []
    outside.fail_busy = ""
    outcome = calendar(booking.context, following(step, engagement(booking.context, step)))
    assert outcome.trigger is Trigger.SLOTS_HELD


def test_a_connection_that_is_broken_leaves_it_to_the_rep(booking: CalendarOffice) -> None:
    with booking.context.database.write(booking.context.workspace_id) as session:
        row = session.get_one(CalendarConnection, (booking.context.workspace_id, booking.connection_id))
        row.state = ConnectionState.BROKEN
    assert booking.propose(0) == []
    assert [task.kind for task in rows_of(booking.context, Task)] == ["propose_times"]


def test_a_pick_makes_one_event_then_one_invitation(booking: CalendarOffice, outside: FakeCalendar) -> None:
    picked = pick_slot(booking.context, booking.propose()[0].id)
    booking.invite(picked)
    assert booking.mails() == [], "the invitation waits for the event"
    booking.work()
    booking.work()
    booking.invite(picked)
    (event,) = outside.standing().values()
    assert (event.starts_at, event.ends_at) == (picked.starts_at, picked.ends_at)
    assert booking.event(picked.meeting_id).state is EventState.THERE
    assert booking.mails() == ["invite:0"]
    assert outside.invitations == []
    assert stage_of(booking.office) == "meeting_booked"


def test_the_calendar_is_asked_anew_before_a_booking(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock
) -> None:
    holds = booking.propose()
    outside.others(holds[0].starts_at, holds[0].ends_at)
    office_clock.advance(timedelta(seconds=61))
    with pytest.raises(Conflict) as refused:
        pick_slot(booking.context, holds[0].id)
    assert refused.value.code == "hold_expired"
    assert booking.office.get(Hold, holds[0].id).state is HoldState.RELEASED
    assert not pick_slot(booking.context, holds[1].id).repeated


def test_while_it_does_not_answer_nothing_is_booked_and_the_time_is_kept(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock
) -> None:
    hold = booking.propose()[0]
    outside.fail_busy = "Time-out."
    office_clock.advance(timedelta(seconds=61))
    with pytest.raises(Conflict) as refused:
        pick_slot(booking.context, hold.id)
    assert refused.value.code == "calendar_silent"
    assert booking.office.get(Hold, hold.id).state is HoldState.HELD
    outside.fail_busy = ""
    assert not pick_slot(booking.context, hold.id).repeated


def test_taken_there_in_the_same_moment_the_booking_gives_way_kindly(
    booking: CalendarOffice, outside: FakeCalendar
) -> None:
    picked = pick_slot(booking.context, booking.propose()[0].id)
    booking.invite(picked)

    def race(what: str, _key: str) -> None:
        if what == "put":
            outside.others(picked.starts_at, picked.ends_at)

    outside.before_effect = race
    booking.work()
    booking.work()
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert [event.title for event in outside.standing().values()] == ["Lunch"], "ours is gone again"
    assert booking.event(picked.meeting_id).state is EventState.CANCELLED
    (again,) = rows_of(booking.context, Meeting, Meeting.state == MeetingState.PROPOSED)
    offered = rows_of(booking.context, Hold, Hold.meeting_id == again.id)
    assert len(offered) == 3
    assert picked.starts_at not in {hold.starts_at for hold in offered}
    assert booking.mails() == ["offer:0"], "never an invitation to what is taken back"
    assert stage_of(booking.office) == "meeting_proposed"
    assert overlaps(booking.context) == []


@pytest.mark.parametrize("fault", ["lose_answers", "lose_requests", "defer"])
def test_whatever_happens_to_an_answer_there_is_one_event_and_one_invitation(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock, fault: str
) -> None:
    setattr(outside, fault, 3)
    picked = booking.book()
    assert booking.mails() == []
    for _ in range(4):
        office_clock.advance(timedelta(minutes=10))
        booking.work()
    assert len(outside.standing()) == 1
    assert booking.event(picked.meeting_id).state is EventState.THERE
    assert booking.mails() == ["invite:0"]


def test_a_calendar_that_refuses_leaves_the_meeting_and_tells_the_rep(
    booking: CalendarOffice, outside: FakeCalendar
) -> None:
    outside.refuse = "Nobody may write there."
    picked = booking.book()
    assert booking.meeting(picked.meeting_id).state is MeetingState.BOOKED
    assert booking.event(picked.meeting_id).state is EventState.REFUSED
    assert booking.mails() == ["invite:0"]
    assert "calendar_enter" in [task.kind for task in rows_of(booking.context, Task)]


def test_moved_by_the_prospect_one_event_moves_and_they_are_told_once(
    booking: CalendarOffice, outside: FakeCalendar
) -> None:
    picked = booking.book()
    slots, unknown = times_for(booking.context, picked.meeting_id, zone="America/New_York")
    assert unknown == ()
    wanted = next(slot for slot in slots if slot.starts_at > picked.ends_at)
    moved = book_time(booking.context, picked.meeting_id, wanted.starts_at)
    assert book_time(booking.context, picked.meeting_id, wanted.starts_at).repeated
    booking.work()
    (event,) = outside.standing().values()
    assert event.starts_at == wanted.starts_at == moved.starts_at
    assert booking.meeting(picked.meeting_id).ics_sequence == 1
    assert [key for key in booking.mails() if key.startswith("invite")] == ["invite:1"], "the first had not left yet"
    assert quarters(booking.context) == 2


def test_called_off_by_the_prospect_the_event_goes_and_the_time_is_free(
    booking: CalendarOffice, outside: FakeCalendar
) -> None:
    picked = booking.book()
    call_off(booking.context, picked.meeting_id)
    call_off(booking.context, picked.meeting_id)
    booking.work()
    assert outside.standing() == {}
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert quarters(booking.context) == 0
    assert booking.mails() == [], "its invitation never left, so nothing is taken back"
    assert stage_of(booking.office) == "replied"
    with pytest.raises(Conflict):
        book_time(booking.context, picked.meeting_id, picked.starts_at)


def test_one_booking_a_person_and_purpose(booking: CalendarOffice) -> None:
    first, second = booking.propose(0, key="a"), None
    context = booking.context
    with context.database.write(context.workspace_id) as session:
        one = session.get_one(Meeting, (context.workspace_id, first[0].meeting_id))
        values = one.model_dump() | {"id": context.ids.new(), "purpose_key": "message:other"}
        session.add(Meeting(**values))
        session.flush()
        hold = first[0].model_dump() | {
            "id": context.ids.new(),
            "meeting_id": values["id"],
            "starts_at": first[0].starts_at + timedelta(days=30),
            "ends_at": first[0].ends_at + timedelta(days=30),
        }
        session.add(Hold(**hold))
        second = hold["id"]

    def pick(hold_id: object) -> Picked | str:
        try:
            return pick_slot(context, hold_id)  # type: ignore[arg-type]
        except Conflict as conflict:
            return conflict.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pick, [first[0].id, second] * 4))
    assert sum(isinstance(answer, Picked) and not answer.repeated for answer in answers) == 1
    assert {answer for answer in answers if isinstance(answer, str)} == {"already_booked"}
    assert len(rows_of(context, Meeting, Meeting.state == MeetingState.BOOKED)) == 1


def test_whoever_is_erased_leaves_the_reps_calendar_too(booking: CalendarOffice, outside: FakeCalendar) -> None:
    picked = booking.book()
    context = booking.context
    with context.database.write(context.workspace_id) as session:
        erasure.erase_contact(session, context.clock, context.sealer, booking.office.people[0].contact_id)
    calendar_sync.look(context)
    booking.work()
    assert outside.standing() == {}
    assert booking.event(picked.meeting_id).state is EventState.CANCELLED


@pytest.fixture
def synced(booking: CalendarOffice, office_clock: VirtualClock) -> Callable[[], int]:
    def look() -> int:
        office_clock.advance(timedelta(seconds=61))
        found = calendar_sync.look(booking.context)
        booking.work()
        return found

    return look


def test_our_own_writes_come_back_and_change_nothing(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    picked = booking.book()
    before = booking.meeting(picked.meeting_id)
    assert [synced() for _ in range(3)] == [0, 0, 0]
    outside.forget_cursors()
    assert synced() == 0
    assert booking.meeting(picked.meeting_id) == before
    assert outside.calls.count("put") == 1
    assert booking.mails() == ["invite:0"]


def test_moved_there_the_meeting_follows_and_both_hear_once(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    picked = booking.book()
    mark_left(booking)
    other = booking.propose(1)[0]  # a time that is only proposed to somebody else gives way
    outside.edit(booking.event(picked.meeting_id).event_key, starts_at=other.starts_at, ends_at=other.ends_at)
    assert synced() == 1
    assert synced() == 0
    meeting = booking.meeting(picked.meeting_id)
    assert (meeting.starts_at, meeting.ics_sequence) == (other.starts_at, 1)
    assert booking.mails() == ["invite:0", "invite:1"]
    assert outside.calls.count("put") == 1, "no echo"
    assert booking.office.get(Hold, other.id).state is HoldState.RELEASED
    assert overlaps(booking.context) == []


def test_moved_there_onto_another_meeting_is_not_followed_and_the_rep_hears(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    first, second = booking.book(0), booking.book(1)
    outside.edit(booking.event(second.meeting_id).event_key, starts_at=first.starts_at, ends_at=first.ends_at)
    synced()
    synced()
    assert booking.meeting(second.meeting_id).starts_at == second.starts_at
    assert booking.event(second.meeting_id).state is EventState.MOVED
    assert [task.kind for task in rows_of(booking.context, Task)].count("calendar_moved") == 1
    assert overlaps(booking.context) == []
    outside.edit(booking.event(second.meeting_id).event_key, starts_at=second.starts_at, ends_at=second.ends_at)
    synced()
    assert booking.event(second.meeting_id).state is EventState.THERE


@pytest.mark.parametrize("forgotten", [False, True], ids=["by cursor", "by reconciliation"])
def test_deleted_there_the_meeting_is_called_off_and_they_hear_once(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int], forgotten: bool
) -> None:
    picked = booking.book()
    mark_left(booking)
    synced()
    outside.delete(booking.event(picked.meeting_id).event_key)
    if forgotten:
        outside.forget_cursors()
    assert synced() == 1
    assert synced() == 0
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert booking.mails() == ["invite:0", "uninvite:1"]
    assert outside.calls.count("cancel") == 0, "it is gone there already"
    assert quarters(booking.context) == 0


def test_the_rep_moves_it_there_while_the_prospect_reschedules_one_event_and_one_word(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    picked = booking.book()
    mark_left(booking)
    slots, _ = times_for(booking.context, picked.meeting_id, zone="")
    theirs, ours = slots[-1], slots[-3]
    book_time(booking.context, picked.meeting_id, theirs.starts_at)
    outside.edit(booking.event(picked.meeting_id).event_key, starts_at=ours.starts_at, ends_at=ours.ends_at)
    synced()
    synced()
    (event,) = outside.standing().values()
    assert event.starts_at == booking.meeting(picked.meeting_id).starts_at == theirs.starts_at
    assert booking.mails() == ["invite:0", "invite:1"]
    assert "moved_by_both" in [task.kind for task in rows_of(booking.context, Task)]


def test_the_rep_deletes_it_while_the_prospect_reschedules_it_is_off(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    picked = booking.book()
    mark_left(booking)
    slots, _ = times_for(booking.context, picked.meeting_id, zone="")
    book_time(booking.context, picked.meeting_id, slots[-1].starts_at)
    outside.delete(booking.event(picked.meeting_id).event_key)
    synced()
    synced()
    assert outside.standing() == {}
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert booking.mails() == ["invite:0", "uninvite:2"]


def test_another_entry_at_the_time_of_a_meeting_takes_nothing_away_and_is_told_once(
    booking: CalendarOffice, outside: FakeCalendar, synced: Callable[[], int]
) -> None:
    picked = booking.book()
    outside.others(picked.starts_at, picked.ends_at)
    synced()
    synced()
    assert booking.meeting(picked.meeting_id).state is MeetingState.BOOKED
    assert quarters(booking.context) == 2
    assert [task.kind for task in rows_of(booking.context, Task)].count("calendar_overlap") == 1


def test_the_invitation_names_the_room_and_the_page(booking: CalendarOffice) -> None:
    booking.book()
    context = booking.context
    (item,) = rows_of(context, OutboxItem, OutboxItem.kind == "mail", OutboxItem.not_before <= context.clock.now())
    words = words_of_payload(context.sealer, item)
    assert words is not None
    assert "https://sales.example/m/" in words.text


def mark_left(booking: CalendarOffice) -> None:
    """The dispatcher's transport took every mail that is due."""
    context = booking.context
    due = OutboxItem.not_before <= context.clock.now()
    for item in rows_of(context, OutboxItem, OutboxItem.kind == "mail", OutboxItem.state == "ready", due):
        with context.database.write(context.workspace_id) as session:
            session.get_one(OutboxItem, (context.workspace_id, item.id)).state = OutboxState.SENT
