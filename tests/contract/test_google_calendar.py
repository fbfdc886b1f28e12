"""What is Google's own about its calendars; what every account must do is in test_calendar_contract.py."""

import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from core.errors import FixConfiguration, RetryAt
from tests.contract.calendar_benches import GoogleBench
from tests.contract.calendar_suite import DAY, HOUR, TEN, draft, event_of, key
from tests.support.fake_google_calendar import fault
from tools.ports.calendar import AlreadyTells, CalendarPush, EventOutcome, PushChannel, Unanswered
from tools.ports.unknown import Gap, Unknown

ADDRESS = "https://sales.example/webhooks/google-calendar/t"
ONE, TWO, THREE = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2, 3))


def written(bench: GoogleBench, number: int = -1) -> httpx2.Request:
    return [each for each in bench.vendor.requests if each.method in ("POST", "PATCH") and "/events" in each.url.path][
        number
    ]


def test_the_key_is_the_id_and_guests_are_told_only_where_wanted() -> None:
    bench = GoogleBench()
    first = event_of(bench.account.put(bench.calendar_id, draft()).event)
    assert first.event_id == key(1)
    assert first.uid == f"{key(1)}@google.com"  # Google makes its own; invitations by mail must bear it
    bench.account.put(bench.calendar_id, draft(2, TEN + HOUR, notify_guests=True))
    assert bench.server.told == [("POST", "none"), ("POST", "all")]
    bench.account.cancel(bench.calendar_id, key(1))
    bench.account.cancel(bench.calendar_id, key(2), notify_guests=True)
    assert bench.server.told[2:] == [("DELETE", "none"), ("DELETE", "all")]
    bench.close()


def test_a_room_at_meet_is_asked_for_once() -> None:
    bench = GoogleBench()
    first = event_of(bench.account.put(bench.calendar_id, draft(video=True)).event)
    assert first.video_url == f"https://meet.google.com/{key(1)[:10]}"
    assert first.dial_in == "+49 30 1, PIN 123"
    assert json.loads(written(bench).content)["conferenceData"]["createRequest"]["requestId"] == key(1)
    later = draft(starts_at=TEN + HOUR, video=True, sequence=1)
    moved = event_of(bench.account.put(bench.calendar_id, later, etag=first.etag).event)
    assert moved.video_url == first.video_url
    assert "conferenceData" not in json.loads(written(bench).content)
    bench.close()


def test_a_room_that_is_still_being_made_has_no_link_yet() -> None:
    bench = GoogleBench()
    bench.server.pending_rooms = True
    made = bench.account.put(bench.calendar_id, draft(video=True))
    assert (made.outcome, event_of(made.event).video_url) == (EventOutcome.DONE, "")
    bench.close()


def test_a_persons_move_raises_the_sequence_and_ours_follows() -> None:
    bench = GoogleBench()
    bench.account.put(bench.calendar_id, draft())
    for _ in range(3):
        bench.edit(key(1), TEN + 2 * HOUR, TEN + 3 * HOUR)
    there = event_of(bench.account.read(bench.calendar_id, key(1)))
    assert there.sequence == 3
    done = bench.account.put(bench.calendar_id, draft(sequence=1), etag=there.etag)
    assert done.outcome is EventOutcome.DONE, done
    assert event_of(done.event).sequence == 3
    bench.close()


def test_a_key_that_was_deleted_is_spent() -> None:
    bench = GoogleBench()
    bench.account.put(bench.calendar_id, draft())
    bench.account.cancel(bench.calendar_id, key(1))
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.CLASH
    bench.close()


def test_a_calendar_that_shows_only_free_and_busy_is_asked_for_that() -> None:
    bench = GoogleBench()
    when = {"start": {"dateTime": "2026-06-09T08:00:00Z"}, "end": {"dateTime": "2026-06-09T09:00:00Z"}}
    bench.server.keep("team@example.com", "secret1", when)
    found = bench.account.busy(["team@example.com"], TEN - DAY, TEN + DAY)
    assert not isinstance(found, Unknown)
    assert [(span.starts_at, span.ends_at, span.event_id) for span in found] == [(TEN, TEN + HOUR, "")]
    bench.close()


def test_what_only_free_and_busy_knows_is_taken_besides_what_the_list_knows() -> None:
    bench = GoogleBench()
    theirs = bench.others(TEN, TEN + HOUR)
    inner = bench.server._free_busy

    def longer(body: dict[str, object]) -> httpx2.Response:
        given = inner(body)  # type: ignore[arg-type]
        assert isinstance(given, httpx2.Response)
        answered = given.json()
        answered["calendars"][bench.calendar_id]["busy"] = [
            {"start": "2026-06-09T07:30:00Z", "end": "2026-06-09T10:00:00Z"}
        ]
        return httpx2.Response(200, json=answered)

    bench.server._free_busy = longer  # type: ignore[method-assign, assignment]
    found = bench.account.busy([bench.calendar_id], TEN - DAY, TEN + DAY)
    assert not isinstance(found, Unknown)
    assert [(span.starts_at, span.ends_at, span.event_id) for span in found] == [
        (TEN - HOUR / 2, TEN, ""),
        (TEN, TEN + HOUR, theirs),
        (TEN + HOUR, TEN + 2 * HOUR, ""),
    ]


def test_many_calendars_and_a_year_are_asked_in_parts() -> None:
    bench = GoogleBench()
    bench.server.roles |= {f"c{n}@example.com": "freeBusyReader" for n in range(60)}
    far = datetime(2027, 4, 1, 8, tzinfo=UTC)
    bench.others(far, far + HOUR)
    found = bench.account.busy(list(bench.server.roles), TEN, TEN + timedelta(days=365))
    assert not isinstance(found, Unknown), found
    assert [span.starts_at for span in found] == [far]
    asked = [json.loads(each.content) for each in bench.vendor.requests if each.url.path.endswith("/freeBusy")]
    assert max(len(each["items"]) for each in asked) == 50
    assert len(asked) == 2 * 7
    bench.close()


def test_limits_are_also_said_with_403() -> None:
    bench = GoogleBench()
    bench.fails.answers = [fault(403, "rateLimitExceeded"), fault(403, "forbiddenForNonOrganizer")]
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.DEFERRED
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.REFUSED
    bench.server.no_free_busy["ada@example.com"] = "notFound"
    found = bench.account.busy(["ada@example.com"], TEN, TEN + DAY)
    assert isinstance(found, Unknown)
    assert found.gap is Gap.REFUSED
    bench.close()


def test_a_channel_tells_of_changes_until_it_is_stopped() -> None:
    bench = GoogleBench()
    assert isinstance(bench.account, CalendarPush)
    channel = bench.account.watch(bench.calendar_id, ONE, ADDRESS, "a-token")
    ends = bench.vendor.clock.now() + timedelta(days=7)
    assert channel == PushChannel(ONE, f"r-{bench.calendar_id}", ends)
    held = bench.server.channels[ONE]
    assert (held["token"], held["address"], held["type"]) == ("a-token", ADDRESS, "web_hook")
    assert not bench.account.prolongs
    assert bench.account.prolong(channel) is None
    other = bench.account.watch(bench.calendar_id, TWO, ADDRESS, "b")
    assert other.resource_id == channel.resource_id
    assert bench.account.unwatch(channel)
    assert list(bench.server.channels) == [TWO]
    assert bench.account.unwatch(channel), "it is known no more, which is all that is wanted"
    bench.fails.answers = [fault(400, "pushNotSupportedForRequestedResource"), fault(503, "backendError")]
    with pytest.raises(FixConfiguration):
        bench.account.watch(bench.calendar_id, THREE, ADDRESS, "c")
    with pytest.raises(RetryAt):
        bench.account.watch(bench.calendar_id, THREE, ADDRESS, "c")
    bench.close()


def test_an_answer_that_was_lost_is_told_apart_from_a_channel_that_was_not_made() -> None:
    bench = GoogleBench()
    assert isinstance(bench.account, CalendarPush)
    bench.fails.lose_answers = 1
    with pytest.raises(Unanswered):
        bench.account.watch(bench.calendar_id, ONE, ADDRESS, "a")
    assert list(bench.server.channels) == [ONE]
    with pytest.raises(AlreadyTells):
        bench.account.watch(bench.calendar_id, ONE, ADDRESS, "a", again=True)
    bench.fails.answers = [fault(403, "rateLimitExceeded")]
    with pytest.raises(RetryAt) as limited:
        bench.account.watch(bench.calendar_id, TWO, ADDRESS, "a")
    assert not isinstance(limited.value, Unanswered)
    assert list(bench.server.channels) == [ONE]
    bench.close()
