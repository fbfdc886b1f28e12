"""A rep's calendar changes while our own word to it is on its way; two workers; a worker that is gone in between.

One event, one word to the prospect, nobody's change lost without a task: whatever comes when.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event

import pytest

from agents.booking.picking import Picked, book_time, call_off, pick_slot, times_for
from core.clock import VirtualClock
from store.models import EventState, MeetingState, OutboxItem, OutboxState, Task
from tests.integration.agents.test_booking_with_calendar import mark_left
from tests.support.agent_office import rows_of
from tests.support.calendar_office import CalendarOffice, overlaps, quarters, with_calendars
from tests.support.crash.office import Office
from tests.support.fake_calendar import FakeCalendar
from workers import calendar_effects, calendar_sync
from workers.recovery import recover

LEASE = timedelta(seconds=121)  # and a worker that said nothing is taken for gone
LOOK = timedelta(seconds=61)


class Killed(BaseException):
    """No `except Exception` catches it, as none catches SIGKILL."""


@pytest.fixture
def outside(office_clock: VirtualClock) -> FakeCalendar:
    return FakeCalendar(clock=office_clock)


@pytest.fixture
def booking(office: Office, outside: FakeCalendar) -> CalendarOffice:
    return with_calendars(office, outside)


@pytest.fixture
def rounds(booking: CalendarOffice, office_clock: VirtualClock) -> Callable[[], None]:
    """What workers do in the next minutes."""

    def go(times: int = 3) -> None:
        for _ in range(times):
            office_clock.advance(LOOK)
            calendar_sync.look(booking.context)
            booking.work()

    return go


def told(booking: CalendarOffice) -> list[str]:
    return booking.mails("invite", "uninvite")


def tasks(booking: CalendarOffice, kind: str) -> int:
    return len(rows_of(booking.context, Task, Task.kind == kind))


def taken_over(booking: CalendarOffice) -> int:
    """Another worker, after the lease of the first one: what a dispatcher's round does."""
    recover(booking.context, "two")
    return calendar_effects.carry_out(booking.context, "two")


def rescheduled(booking: CalendarOffice) -> tuple[Picked, datetime, datetime]:
    """(what was booked and told, what they chose now, another free time): the word to the calendar is still to come."""
    picked = booking.book()
    mark_left(booking)
    slots, _ = times_for(booking.context, picked.meeting_id, zone="")
    theirs, other = slots[-1].starts_at, slots[-4].starts_at
    book_time(booking.context, picked.meeting_id, theirs)
    return picked, theirs, other


def once(outside: FakeCalendar, what: str, act: Callable[[str], None]) -> None:
    """`act` happens when our next effect of this kind is on its way."""

    def meanwhile(effect: str, key: str) -> None:
        if effect == what:
            outside.before_effect = lambda _what, _key: None
            act(key)

    outside.before_effect = meanwhile


def one_event_at(booking: CalendarOffice, outside: FakeCalendar, picked: Picked, at: datetime) -> None:
    (event,) = outside.standing().values()
    assert event.starts_at == booking.meeting(picked.meeting_id).starts_at == at
    assert booking.event(picked.meeting_id).state is EventState.THERE
    assert quarters(booking.context) == 2
    assert overlaps(booking.context) == []


def test_moved_there_while_our_word_is_on_its_way(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None]
) -> None:
    picked, theirs, other = rescheduled(booking)
    half = timedelta(minutes=30)
    once(outside, "put", lambda key: outside.edit(key, starts_at=other, ends_at=other + half))
    rounds()
    one_event_at(booking, outside, picked, theirs)
    assert told(booking) == ["invite:0", "invite:1"]
    assert tasks(booking, "moved_by_both") == 1, "whose move was overwritten hears of it"


def test_deleted_there_while_our_word_is_on_its_way(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None]
) -> None:
    picked, _, _ = rescheduled(booking)
    once(outside, "put", outside.delete)
    rounds()
    assert outside.standing() == {}
    assert booking.meeting(picked.meeting_id).state is MeetingState.CANCELLED
    assert told(booking) == ["invite:0", "uninvite:2"]
    assert quarters(booking.context) == 0


@pytest.mark.parametrize("deleted", [False, True], ids=["moved", "deleted"])
def test_changed_there_while_it_is_being_taken_away(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None], deleted: bool
) -> None:
    picked = booking.book()
    mark_left(booking)
    at = picked.starts_at + timedelta(days=1)

    def change(key: str) -> None:
        if deleted:
            outside.delete(key)
        else:
            outside.edit(key, starts_at=at, ends_at=at + timedelta(minutes=30))

    call_off(booking.context, picked.meeting_id)
    once(outside, "cancel", change)
    rounds()
    assert outside.standing() == {}
    assert booking.event(picked.meeting_id).state is EventState.CANCELLED
    assert told(booking) == ["invite:0", "uninvite:1"]


def test_the_answer_was_lost_and_it_was_moved_before_we_asked_again(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None]
) -> None:
    picked, theirs, other = rescheduled(booking)
    outside.lose_answers = 1
    booking.work()
    key = booking.event(picked.meeting_id).event_key
    outside.edit(key, starts_at=other, ends_at=other + timedelta(minutes=30))
    rounds()
    one_event_at(booking, outside, picked, theirs)
    assert told(booking) == ["invite:0", "invite:1"]
    assert tasks(booking, "moved_by_both") == 1


def test_the_first_answer_was_lost_and_the_rep_moved_it_before_we_asked_again(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None]
) -> None:
    outside.lose_answers = 1
    picked = booking.book()
    at = picked.starts_at + timedelta(days=1)
    outside.edit(booking.event(picked.meeting_id).event_key, starts_at=at, ends_at=at + timedelta(minutes=30))
    rounds()
    one_event_at(booking, outside, picked, picked.starts_at)
    assert tasks(booking, "moved_by_both") == 1, "their move was taken back, so they hear of it"


def test_the_first_answer_was_lost_and_nobody_touched_it(
    booking: CalendarOffice, outside: FakeCalendar, rounds: Callable[[], None]
) -> None:
    outside.lose_answers = 1
    picked = booking.book()
    rounds()
    one_event_at(booking, outside, picked, picked.starts_at)
    assert tasks(booking, "moved_by_both") == 0


def test_a_look_while_our_word_is_on_its_way_takes_nothing_for_a_persons_change(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock, rounds: Callable[[], None]
) -> None:
    picked, theirs, _ = rescheduled(booking)
    followed: list[int] = []

    def look(_key: str) -> None:
        office_clock.advance(LOOK)
        followed.append(calendar_sync.look(booking.context))

    once(outside, "put", look)
    rounds()
    assert followed == [0]
    one_event_at(booking, outside, picked, theirs)
    assert told(booking) == ["invite:0", "invite:1"]


def test_two_workers_make_one_event_and_one_word(booking: CalendarOffice, outside: FakeCalendar) -> None:
    picked = pick_slot(booking.context, booking.propose()[0].id)
    booking.invite(picked)
    there, go_on = Event(), Event()

    def slow(_key: str) -> None:
        there.set()
        assert go_on.wait(60)

    once(outside, "put", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(calendar_effects.carry_out, booking.context, "one")
        assert there.wait(60)
        assert calendar_effects.carry_out(booking.context, "two") == 0, "it is on its way"
        go_on.set()
        assert first.result(60) == 1
    assert outside.calls.count("put") == 1
    one_event_at(booking, outside, picked, picked.starts_at)
    assert told(booking) == ["invite:0"]


def test_a_worker_that_was_too_slow_is_not_heard_any_more(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock
) -> None:
    picked = pick_slot(booking.context, booking.propose()[0].id)
    booking.invite(picked)
    there, go_on = Event(), Event()

    def slow(_key: str) -> None:
        there.set()
        assert go_on.wait(60)

    once(outside, "put", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(calendar_effects.carry_out, booking.context, "one")
        assert there.wait(60)
        office_clock.advance(LEASE)
        assert taken_over(booking) == 1
        go_on.set()
        first.result(60)
    one_event_at(booking, outside, picked, picked.starts_at)
    assert told(booking) == ["invite:0"]
    states = [row.state for row in rows_of(booking.context, OutboxItem, OutboxItem.kind == "calendar")]
    assert states == [OutboxState.SENT]


@pytest.mark.parametrize("landed", [False, True], ids=["before it landed", "after it landed"])
def test_a_worker_that_is_gone_leaves_it_to_the_next_one(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock, landed: bool
) -> None:
    picked = pick_slot(booking.context, booking.propose()[0].id)
    booking.invite(picked)
    real_put = outside.put

    def die(*args: object, **options: object) -> None:
        if landed:
            real_put(*args, **options)  # type: ignore[arg-type]
        raise Killed

    outside.put = die  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        calendar_effects.carry_out(booking.context, "one")
    outside.put = real_put  # type: ignore[method-assign]
    assert calendar_effects.carry_out(booking.context, "two") == 0, "the lease of the other holds"
    assert told(booking) == []
    office_clock.advance(LEASE)
    assert taken_over(booking) == 1
    one_event_at(booking, outside, picked, picked.starts_at)
    assert told(booking) == ["invite:0"]


@pytest.mark.parametrize("deleted", [False, True], ids=["moved", "deleted"])
def test_two_workers_that_look_at_once_follow_a_person_once(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock, deleted: bool
) -> None:
    picked = booking.book()
    mark_left(booking)
    key, at = booking.event(picked.meeting_id).event_key, picked.starts_at + timedelta(days=1)
    if deleted:
        outside.delete(key)
    else:
        outside.edit(key, starts_at=at, ends_at=at + timedelta(minutes=30))
    office_clock.advance(LOOK)
    gate = Barrier(4)

    def look(_number: int) -> int:
        gate.wait(60)
        return calendar_sync.look(booking.context)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(4))) == 1
    booking.work()
    assert told(booking) == ["invite:0", "uninvite:1" if deleted else "invite:1"]


def test_a_look_that_ends_before_its_cursor_is_kept_reads_again_and_changes_nothing_twice(
    booking: CalendarOffice, outside: FakeCalendar, office_clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = booking.book()
    mark_left(booking)
    at = picked.starts_at + timedelta(days=1)
    outside.edit(booking.event(picked.meeting_id).event_key, starts_at=at, ends_at=at + timedelta(minutes=30))
    office_clock.advance(LOOK)

    def gone(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(calendar_sync, "_advance", gone)
        with pytest.raises(Killed):
            calendar_sync.look(booking.context)
    for _ in range(2):
        office_clock.advance(LEASE)
        assert calendar_sync.look(booking.context) == 0
    one_event_at(booking, outside, picked, at)
    assert told(booking) == ["invite:0", "invite:1"]
