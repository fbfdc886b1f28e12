"""One suite for every calendar account: see tests/contract/calendar_suite.py for what is real."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.contract.calendar_benches import CalDavBench, GoogleBench, GraphBench, MemoryBench, midnight
from tests.contract.calendar_suite import (
    BERLIN,
    DAY,
    HOUR,
    SINCE,
    TEN,
    apply,
    changes_of,
    draft,
    event_of,
    key,
)
from tests.support import radicale
from tests.support.vendors import SECRET
from tools.ports.calendar import Attendance, Busyness, EventOutcome, EventResult, Guest
from tools.ports.unknown import Unknown

KINDS = ("memory", "google", "graph", "caldav")
OVER_HTTP = ("google", "graph", "caldav")


@pytest.fixture(scope="module")
def server() -> Iterator[radicale.Radicale]:
    with radicale.running() as started:
        yield started


def made(kind: str, server: radicale.Radicale | None) -> Any:
    match kind:
        case "memory":
            return MemoryBench()
        case "google":
            return GoogleBench()
        case "graph":
            return GraphBench()
        case _:
            assert server is not None
            return CalDavBench(server)


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, server: radicale.Radicale) -> Iterator[Any]:
    at_hand = made(request.param, server)
    yield at_hand
    at_hand.close()


@pytest.fixture(params=OVER_HTTP)
def remote(request: pytest.FixtureRequest, server: radicale.Radicale) -> Iterator[Any]:
    at_hand = made(request.param, server)
    yield at_hand
    at_hand.close()


def spans(bench: Any, since: datetime = TEN - DAY, until: datetime = TEN + 3 * DAY) -> list[tuple[datetime, datetime]]:
    found = bench.account.busy([bench.calendar_id], since, until)
    assert not isinstance(found, Unknown), found
    return [(span.starts_at, span.ends_at) for span in found]


# ---------------------------------------------------------------------------------------------------------- events


def test_calendars_say_which_may_be_written_and_on_what_clock(bench: Any) -> None:
    listed = bench.account.calendars()
    mine = next(info for info in listed if info.calendar_id == bench.calendar_id)
    assert mine.may_write
    assert mine.name
    assert mine.time_zone in ("Europe/Berlin", "")


def test_an_event_is_made_and_read_as_it_was_written(bench: Any) -> None:
    made = bench.account.put(bench.calendar_id, draft())
    assert made.outcome is EventOutcome.DONE, made
    read = event_of(bench.account.read(bench.calendar_id, key(1)))
    assert read == made.event
    assert (read.starts_at, read.ends_at, read.title) == (TEN, TEN + HOUR / 2, draft().title)
    assert read.etag
    assert read.uid
    assert read.event_id in bench.standing()
    assert not read.cancelled
    assert bench.account.read(bench.calendar_id, key(2)) is None


def test_the_same_again_makes_no_second_event(bench: Any) -> None:
    first = bench.account.put(bench.calendar_id, draft())
    again = bench.account.put(bench.calendar_id, draft())
    assert (again.outcome, again.event) == (EventOutcome.DONE, first.event)
    assert len(bench.standing()) == 1


def test_a_key_that_is_there_in_another_shape_clashes(bench: Any) -> None:
    bench.account.put(bench.calendar_id, draft())
    assert bench.account.put(bench.calendar_id, draft(starts_at=TEN + HOUR)).outcome is EventOutcome.CLASH
    assert bench.account.put(bench.calendar_id, draft(title="Another")).outcome is EventOutcome.CLASH
    assert set(bench.standing().values()) == {(TEN, TEN + HOUR / 2)}


def test_a_new_version_needs_the_etag_of_the_one_before(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    later = draft(starts_at=TEN + HOUR, sequence=1)
    moved = bench.account.put(bench.calendar_id, later, etag=first.etag)
    assert moved.outcome is EventOutcome.DONE, moved
    assert event_of(moved.event).event_id == first.event_id
    assert event_of(moved.event).etag != first.etag
    assert bench.standing() == {first.event_id: (TEN + HOUR, TEN + 3 * HOUR / 2)}
    third = draft(starts_at=TEN + 2 * HOUR, sequence=2)
    assert bench.account.put(bench.calendar_id, third, etag=first.etag).outcome is EventOutcome.CLASH
    assert bench.account.put(bench.calendar_id, third, etag=event_of(moved.event).etag).outcome is EventOutcome.DONE


def test_a_change_of_words_alone_is_written_too(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    changed = draft(description="Another agenda")
    done = bench.account.put(bench.calendar_id, changed, etag=first.etag)
    assert done.outcome is EventOutcome.DONE
    assert event_of(done.event).etag != first.etag


def test_what_its_owner_moved_there_is_not_overwritten(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    bench.edit(first.event_id, TEN + 3 * HOUR, TEN + 4 * HOUR)
    later = draft(starts_at=TEN + HOUR, sequence=1)
    assert bench.account.put(bench.calendar_id, later, etag=first.etag).outcome is EventOutcome.CLASH
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.CLASH
    assert bench.account.cancel(bench.calendar_id, key(1), etag=first.etag).outcome is EventOutcome.CLASH
    assert bench.standing() == {first.event_id: (TEN + 3 * HOUR, TEN + 4 * HOUR)}
    there = event_of(bench.account.read(bench.calendar_id, key(1)))
    assert there.starts_at == TEN + 3 * HOUR
    taken_back = bench.account.put(bench.calendar_id, replace(later, sequence=2), etag=there.etag)
    assert taken_back.outcome is EventOutcome.DONE


def test_what_its_owner_does_between_our_reading_and_writing_is_not_overwritten(remote: Any) -> None:
    first = event_of(remote.account.put(remote.calendar_id, draft()).event)
    later = draft(starts_at=TEN + HOUR, sequence=1)
    remote.fails.races = [lambda: remote.edit(first.event_id, TEN + 3 * HOUR, TEN + 4 * HOUR)]
    assert remote.account.put(remote.calendar_id, later, etag=first.etag).outcome is EventOutcome.CLASH
    assert remote.standing() == {first.event_id: (TEN + 3 * HOUR, TEN + 4 * HOUR)}
    there = event_of(remote.account.read(remote.calendar_id, key(1)))
    remote.fails.races = [lambda: remote.edit(first.event_id, TEN + 5 * HOUR, TEN + 6 * HOUR)]
    assert remote.account.cancel(remote.calendar_id, key(1), etag=there.etag).outcome is EventOutcome.CLASH
    assert remote.standing() == {first.event_id: (TEN + 5 * HOUR, TEN + 6 * HOUR)}


def test_of_two_that_make_the_same_event_at_once_one_does(remote: Any) -> None:
    made: list[EventResult] = []
    remote.fails.races = [lambda: made.append(remote.account.put(remote.calendar_id, draft()))]
    again = remote.account.put(remote.calendar_id, draft())
    assert [again.outcome, made[0].outcome] == [EventOutcome.DONE, EventOutcome.DONE]
    assert len(remote.standing()) == 1
    remote.fails.races = [lambda: made.append(remote.account.put(remote.calendar_id, draft(2)))]
    assert remote.account.put(remote.calendar_id, draft(2, TEN + HOUR)).outcome is EventOutcome.CLASH
    assert len(remote.standing()) == 2


def test_what_its_owner_deleted_is_not_brought_back(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    bench.delete(first.event_id)
    later = draft(starts_at=TEN + HOUR, sequence=1)
    assert bench.account.read(bench.calendar_id, key(1)) is None
    assert bench.account.put(bench.calendar_id, later, etag=first.etag).outcome is EventOutcome.CLASH
    assert bench.account.cancel(bench.calendar_id, key(1), etag=first.etag).outcome is EventOutcome.DONE
    assert not bench.standing()


def test_cancelling_takes_it_away_once_and_for_all(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    assert bench.account.cancel(bench.calendar_id, key(1), etag=first.etag).outcome is EventOutcome.DONE
    assert not bench.standing()
    assert bench.account.read(bench.calendar_id, key(1)) is None
    assert bench.account.cancel(bench.calendar_id, key(1)).outcome is EventOutcome.DONE
    assert bench.account.cancel(bench.calendar_id, key(9)).outcome is EventOutcome.DONE
    bench.account.put(bench.calendar_id, draft(2))
    assert bench.account.cancel(bench.calendar_id, key(2)).outcome is EventOutcome.DONE
    assert not bench.standing()


def test_the_answers_of_guests_outlive_a_change(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft(notify_guests=True)).event)
    bench.answer(first.event_id, "bob@prospect.example")
    there = event_of(bench.account.read(bench.calendar_id, key(1)))
    assert dict(there.attendance)["bob@prospect.example"] is Attendance.ACCEPTED
    more = draft(guests=(*draft().guests, Guest("new@prospect.example")), notify_guests=True)
    done = bench.account.put(bench.calendar_id, more, etag=there.etag)
    assert done.outcome is EventOutcome.DONE
    answers = dict(event_of(done.event).attendance)
    assert answers["bob@prospect.example"] is Attendance.ACCEPTED
    assert answers["new@prospect.example"] is Attendance.NEEDS_ACTION


# -------------------------------------------------------------------------------------------------- what goes wrong


def test_a_lost_answer_is_unknown_and_the_same_again_finds_it_done(bench: Any) -> None:
    bench.fails.lose_answers = 1
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.UNKNOWN
    first = bench.account.put(bench.calendar_id, draft())
    assert first.outcome is EventOutcome.DONE
    later = draft(starts_at=TEN + HOUR, sequence=1)
    bench.fails.lose_answers = 1
    old = event_of(first.event).etag
    assert bench.account.put(bench.calendar_id, later, etag=old).outcome is EventOutcome.UNKNOWN
    assert bench.account.put(bench.calendar_id, later, etag=old).outcome is EventOutcome.DONE
    assert set(bench.standing().values()) == {(TEN + HOUR, TEN + 3 * HOUR / 2)}
    bench.fails.lose_answers = 1
    assert bench.account.cancel(bench.calendar_id, key(1)).outcome is EventOutcome.UNKNOWN
    assert bench.account.cancel(bench.calendar_id, key(1)).outcome is EventOutcome.DONE


def test_a_lost_request_is_unknown_and_the_same_again_does_it(bench: Any) -> None:
    bench.fails.lose_requests = 1
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.UNKNOWN
    assert not bench.standing()
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.DONE
    assert len(bench.standing()) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (429, EventOutcome.DEFERRED),
        (500, EventOutcome.UNKNOWN),
        (502, EventOutcome.UNKNOWN),
        (400, EventOutcome.REFUSED),
    ],
)
def test_who_must_act_is_read_from_the_answer(remote: Any, status: int, outcome: EventOutcome) -> None:
    first = event_of(remote.account.put(remote.calendar_id, draft()).event)
    later = draft(starts_at=TEN + HOUR, sequence=1)

    def refused(effect: Callable[[], EventResult]) -> None:
        said = remote.error(status)
        said.headers["retry-after"] = "120"
        remote.fails.answers = [said]
        result = effect()
        assert result.outcome is outcome, result
        assert (result.retry_after_seconds == 120) is (outcome is EventOutcome.DEFERRED)
        assert not remote.fails.answers

    refused(lambda: remote.account.put(remote.calendar_id, draft(2)))
    refused(lambda: remote.account.put(remote.calendar_id, later, etag=first.etag))
    refused(lambda: remote.account.cancel(remote.calendar_id, key(1)))


def test_a_server_that_is_not_reached_did_nothing(remote: Any) -> None:
    remote.fails.unreachable = 1
    assert remote.account.put(remote.calendar_id, draft()).outcome is EventOutcome.DEFERRED
    assert not remote.standing()


def test_neither_secret_nor_title_is_logged(remote: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        remote.account.put(remote.calendar_id, draft())
        remote.fails.lose_answers = 1
        results = [remote.account.put(remote.calendar_id, draft(2)), remote.account.cancel(remote.nowhere, key(1))]
        remote.account.busy([remote.calendar_id], TEN, TEN + DAY)
    assert SECRET not in repr(results) + repr(remote.account)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not any(SECRET in line or "vävstolar" in line for line in ours)


# ---------------------------------------------------------------------------------------------------- what is taken


def test_what_is_ours_and_what_is_not_is_taken(bench: Any) -> None:
    made = event_of(bench.account.put(bench.calendar_id, draft()).event)
    theirs = bench.others(TEN + 2 * HOUR, TEN + 3 * HOUR)
    found = bench.account.busy([bench.calendar_id], TEN - HOUR, TEN + 5 * HOUR)
    assert [(span.starts_at, span.ends_at, span.event_id) for span in found] == [
        (TEN, TEN + HOUR / 2, made.event_id),
        (TEN + 2 * HOUR, TEN + 3 * HOUR, theirs),
    ]
    assert spans(bench, TEN + HOUR / 2, TEN + 2 * HOUR) == []  # [start, end): what touches does not overlap


def test_two_events_that_touch_are_told_apart(bench: Any) -> None:
    made = event_of(bench.account.put(bench.calendar_id, draft()).event)
    theirs = bench.others(TEN + HOUR / 4, TEN + HOUR)
    found = bench.account.busy([bench.calendar_id], TEN - HOUR, TEN + 5 * HOUR)
    assert {span.event_id for span in found} == {made.event_id, theirs}


def test_what_its_owner_shows_as_free_or_declined_is_free(bench: Any) -> None:
    bench.others(TEN, TEN + HOUR, transparent=True)
    bench.others(TEN, TEN + HOUR, declined=True)
    gone = bench.others(TEN, TEN + HOUR)
    bench.delete(gone)
    assert spans(bench) == []


def test_tentative_and_out_of_office_are_taken(bench: Any) -> None:
    bench.others(TEN, TEN + HOUR, tentative=True)
    bench.others(TEN + 2 * HOUR, TEN + 3 * HOUR, out_of_office=True)
    found = bench.account.busy([bench.calendar_id], TEN - HOUR, TEN + 5 * HOUR)
    assert [span.busyness for span in found] == [Busyness.TENTATIVE, Busyness.OUT_OF_OFFICE]


def test_a_whole_day_is_the_day_of_its_owner(bench: Any) -> None:
    bench.whole_day("2026-06-09", "2026-06-10")
    day = (midnight("2026-06-09"), midnight("2026-06-10"))
    assert spans(bench) == [day]
    assert day[0] == datetime(2026, 6, 8, 22, tzinfo=UTC)
    # The edges of the question fall into the day that is UTC's, and not its owner's.
    assert spans(bench, datetime(2026, 6, 8, 22, 30, tzinfo=UTC), datetime(2026, 6, 8, 23, tzinfo=UTC)) == [day]
    assert spans(bench, datetime(2026, 6, 9, 22, tzinfo=UTC), datetime(2026, 6, 9, 23, tzinfo=UTC)) == []


def test_a_whole_day_of_the_change_of_the_clock_has_25_hours(bench: Any) -> None:
    bench.whole_day("2026-10-25", "2026-10-26")
    [(starts_at, ends_at)] = spans(bench, midnight("2026-10-24"), midnight("2026-10-28"))
    assert ends_at - starts_at == 25 * HOUR


def test_a_series_is_taken_at_each_time_on_its_own_clock(remote: Any) -> None:
    first = datetime(2026, 10, 21, 9, tzinfo=BERLIN)
    series = remote.others(first, first + HOUR, rrule="FREQ=DAILY;COUNT=8")
    remote.move_occurrence(series, datetime(2026, 10, 23, 9, tzinfo=BERLIN).astimezone(UTC), None)
    moved_to = datetime(2026, 10, 24, 15, tzinfo=BERLIN).astimezone(UTC)
    remote.move_occurrence(series, datetime(2026, 10, 24, 9, tzinfo=BERLIN).astimezone(UTC), moved_to)
    found = spans(remote, datetime(2026, 10, 22, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC))
    assert [start.astimezone(BERLIN).strftime("%d %H:%M") for start, _ in found] == [
        "22 09:00",
        "24 15:00",
        "25 09:00",  # the clock went back in the night: an hour later in UTC
        "26 09:00",
    ]
    assert all(end - start == HOUR for start, end in found)


def test_a_calendar_that_does_not_answer_is_unknown_and_not_free(bench: Any) -> None:
    assert isinstance(bench.account.busy([bench.calendar_id, bench.nowhere], TEN, TEN + DAY), Unknown)
    bench.break_busy()
    assert isinstance(bench.account.busy([bench.calendar_id], TEN, TEN + DAY), Unknown)


# -------------------------------------------------------------------------------------------------------- changes


def test_changes_tell_what_was_made_moved_and_deleted(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    whole = changes_of(bench.account.changes(bench.calendar_id, "", SINCE))
    assert whole.whole
    assert [event.event_id for event in whole.events] == [first.event_id]
    nothing = changes_of(bench.account.changes(bench.calendar_id, whole.cursor, SINCE))
    assert (nothing.events, nothing.whole) == ((), False)
    bench.edit(first.event_id, TEN + HOUR, TEN + 2 * HOUR)
    theirs = bench.others(TEN + 5 * HOUR, TEN + 6 * HOUR)
    moved = changes_of(bench.account.changes(bench.calendar_id, nothing.cursor, SINCE))
    assert {event.event_id: event.starts_at for event in moved.events} == {
        first.event_id: TEN + HOUR,
        theirs: TEN + 5 * HOUR,
    }
    mine = next(event for event in moved.events if event.event_id == first.event_id)
    assert mine.event_key in (key(1), "")
    bench.delete(first.event_id)
    gone = changes_of(bench.account.changes(bench.calendar_id, moved.cursor, SINCE))
    assert [(event.event_id, event.cancelled) for event in gone.events] == [(first.event_id, True)]


def test_a_cursor_that_is_too_old_gives_all_that_stands(bench: Any) -> None:
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    gone = event_of(bench.account.put(bench.calendar_id, draft(2)).event)
    old = changes_of(bench.account.changes(bench.calendar_id, "", SINCE)).cursor
    bench.delete(gone.event_id)
    bench.forget_cursors()
    found = changes_of(bench.account.changes(bench.calendar_id, old, SINCE))
    assert found.whole
    assert [event.event_id for event in found.events] == [first.event_id]
    assert not changes_of(bench.account.changes(bench.calendar_id, found.cursor, SINCE)).whole


EDIT = st.tuples(
    st.sampled_from(["make", "put", "edit", "delete", "cancel", "forget", "read"]),
    st.integers(0, 3),
    st.integers(0, 40),
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "caldav"])
@settings(max_examples=40)
@given(edits=st.lists(EDIT, max_size=14))
def test_applying_the_changes_gives_what_stands_there(kind: str, edits: list[tuple[str, int, int]]) -> None:
    follows(made(kind, None), edits)


@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])  # a real server: few, and none to shrink
@given(edits=st.lists(EDIT, max_size=10))
def test_applying_the_changes_gives_what_stands_on_a_real_server(
    server: radicale.Radicale, edits: list[tuple[str, int, int]]
) -> None:
    follows(made("caldav", server), edits)


def follows(bench: Any, edits: list[tuple[str, int, int]]) -> None:
    state: dict[str, tuple[datetime, datetime]] = {}
    cursor = ""
    names: list[str] = []
    for what, which, hours in [*edits, ("read", 0, 0)]:
        at = TEN + hours * HOUR
        standing = sorted(bench.standing())
        if what == "make":
            names.append(bench.others(at, at + HOUR))
        elif what == "put":
            there = bench.account.read(bench.calendar_id, key(which))
            bench.account.put(bench.calendar_id, draft(which, at), etag=there.etag if there else "")
        elif what == "edit" and standing:
            bench.edit(standing[which % len(standing)], at, at + HOUR)
        elif what == "delete" and standing:
            bench.delete(standing[which % len(standing)])
        elif what == "cancel":
            bench.account.cancel(bench.calendar_id, key(which))
        elif what == "forget":
            bench.forget_cursors()
        else:
            found = changes_of(bench.account.changes(bench.calendar_id, cursor, SINCE))
            apply(state, found)
            cursor = found.cursor
            assert state == bench.standing()
    bench.close()
