"""What is Microsoft's own about its calendars; what every account must do is in test_calendar_contract.py."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import FixConfiguration
from tests.contract.calendar_benches import GraphBench, midnight
from tests.contract.calendar_suite import DAY, HOUR, SINCE, TEN, changes_of, draft, event_of, key
from tests.support.fake_graph_calendar import fault
from tests.support.vendors import answer
from tools.ports.calendar import CalendarPush, EventOutcome, Unanswered
from tools.ports.unknown import Unknown
from tools.providers.calendar.zones import zone_named

ADDRESS = "https://sales.example/webhooks/graph-calendar/t"


def written(bench: GraphBench) -> list[dict[str, Any]]:
    return [
        json.loads(each.content)
        for each in bench.vendor.requests
        if each.method in ("POST", "PATCH") and "/me/" in each.url.path
    ]


def test_microsoft_always_tells_attendees_so_none_are_named_where_nobody_is_told() -> None:
    bench = GraphBench()
    bench.account.put(bench.calendar_id, draft())
    assert bench.server.told == []
    bench.account.put(bench.calendar_id, draft(2, TEN + HOUR, notify_guests=True))
    assert [what for what, _ in bench.server.told] == ["invited", "invited"]
    bench.close()


def test_the_transaction_is_the_key_and_what_it_made_once_is_not_taken_for_another() -> None:
    bench = GraphBench()
    bench.account.put(bench.calendar_id, draft())
    assert written(bench)[0]["transactionId"] == key(1)
    [event] = bench.server.events.values()
    event["ours"] = {}  # as if it could not be found by our property: Microsoft's own guard stands behind
    assert bench.account.put(bench.calendar_id, draft(starts_at=TEN + HOUR)).outcome is EventOutcome.CLASH
    assert len(bench.server.events) == 1
    bench.close()


def test_a_room_at_teams_outlives_a_move() -> None:
    bench = GraphBench()
    first = event_of(bench.account.put(bench.calendar_id, draft(video=True)).event)
    assert first.video_url.startswith("https://teams.microsoft.com/")
    assert first.dial_in == "+49 30 2, 77"
    later = draft(starts_at=TEN + HOUR, video=True, sequence=1, description="Another agenda")
    moved = event_of(bench.account.put(bench.calendar_id, later, etag=first.etag).event)
    assert (moved.video_url, moved.starts_at) == (first.video_url, TEN + HOUR)
    bench.close()


def test_text_is_written_as_text() -> None:
    bench = GraphBench()
    bench.account.put(bench.calendar_id, draft())
    assert written(bench)[0]["body"]["content"] == "Agenda:<br>1. Looms<br>2. Prices, and &lt;b&gt;no&lt;/b&gt; HTML"


def test_working_elsewhere_is_free_and_a_word_that_is_not_known_is_taken() -> None:
    bench = GraphBench()
    for hour, word in enumerate(("workingElsewhere", "free", "unknown", "busy")):
        event_id = bench.others(TEN + hour * HOUR, TEN + (hour + 1) * HOUR)
        bench.server.events[event_id]["showAs"] = word
    found = bench.account.busy([bench.calendar_id], TEN, TEN + DAY)
    assert not isinstance(found, Unknown)
    assert [span.starts_at for span in found] == [TEN + 2 * HOUR, TEN + 3 * HOUR]


@pytest.mark.parametrize(
    ("name", "starts_at"),
    [
        ("Tokyo Standard Time", datetime(2026, 6, 8, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 6, 9, 4, tzinfo=UTC)),
        ("tzone://Microsoft/Custom", datetime(2026, 6, 8, 22, tzinfo=UTC)),  # no clock that is known: the owner's
        ("", datetime(2026, 6, 8, 22, tzinfo=UTC)),
    ],
)
def test_a_whole_day_is_on_the_clock_it_was_made_on(name: str, starts_at: datetime) -> None:
    bench = GraphBench(zone="Europe/Berlin")
    event_id = bench.whole_day("2026-06-09", "2026-06-10")
    bench.server.events[event_id]["originalStartTimeZone"] = name
    found = bench.account.busy([bench.calendar_id], TEN - DAY, TEN + DAY)
    assert not isinstance(found, Unknown)
    assert [span.starts_at for span in found] == [starts_at]


def test_names_of_zones() -> None:
    assert str(zone_named("W. Europe Standard Time")) == "Europe/Berlin"
    assert str(zone_named("Europe/Oslo")) == "Europe/Oslo"
    for name in (
        None,
        "",
        " ",
        "Nowhere Standard Time",
        "../etc/passwd",
        "/etc/localtime",
        "Europe",
        "x\0y",
        "a" * 5_000,
    ):
        assert zone_named(name) is None, name
    assert midnight("2026-06-09") == datetime(2026, 6, 8, 22, tzinfo=UTC)


def test_following_starts_anew_before_its_time_runs_out() -> None:
    bench = GraphBench()
    bench.others(TEN, TEN + HOUR)
    first = changes_of(bench.account.changes(bench.calendar_id, "", SINCE))
    bench.vendor.clock.advance(timedelta(days=99))
    assert not changes_of(bench.account.changes(bench.calendar_id, first.cursor, SINCE)).whole
    bench.vendor.clock.advance(timedelta(days=2))
    assert changes_of(bench.account.changes(bench.calendar_id, first.cursor, SINCE)).whole


def test_a_link_to_somewhere_else_is_not_followed() -> None:
    bench = GraphBench()
    page = answer({"value": [], "@odata.nextLink": "https://evil.example/v1.0/me/calendars/x/calendarView"})
    bench.server._view = lambda _calendar, _asked: page  # type: ignore[method-assign, assignment]
    found = bench.account.busy([bench.calendar_id], TEN, TEN + DAY)
    assert isinstance(found, Unknown)
    assert all(each.url.host != "evil.example" for each in bench.vendor.requests)
    stolen = f"{bench.vendor.clock.now() + timedelta(days=399):%Y-%m-%dT%H:%M:%SZ}|https://evil.example/delta"
    assert isinstance(bench.account.changes(bench.calendar_id, stolen, SINCE), Unknown)
    assert all(each.url.host != "evil.example" for each in bench.vendor.requests)


def test_every_call_asks_for_ids_that_stay() -> None:
    bench = GraphBench()  # the server asserts it of each call
    bench.server.page = 1
    for hour in range(3):
        bench.others(TEN + hour * HOUR, TEN + (hour + 1) * HOUR)
    found = bench.account.busy([bench.calendar_id], TEN, TEN + DAY)
    assert not isinstance(found, Unknown)
    assert len(found) == 3
    assert len(changes_of(bench.account.changes(bench.calendar_id, "", SINCE)).events) == 3
    bench.close()


def test_throttling_has_many_names() -> None:
    bench = GraphBench()
    for status, code in (
        (429, "ApplicationThrottled"),
        (400, "ErrorServerBusy"),
        (403, "ErrorMailboxStoreUnavailable"),
    ):
        bench.fails.answers = [fault(status, code)]
        assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.DEFERRED


def test_a_subscription_is_prolonged_or_made_anew() -> None:
    bench = GraphBench()
    assert isinstance(bench.account, CalendarPush)
    first = bench.account.watch(bench.calendar_id, "ours", ADDRESS, "a-token")
    held = bench.server.subscriptions[first.channel_id]
    assert (held["clientState"], held["lifecycleNotificationUrl"]) == ("a-token", ADDRESS)
    assert first.expires_at - bench.vendor.clock.now() == timedelta(minutes=4_200)
    bench.vendor.clock.advance(DAY)
    assert bench.account.prolongs
    same = bench.account.prolong(first)
    assert same is not None
    assert same.channel_id == first.channel_id
    assert same.expires_at - first.expires_at == DAY
    bench.server.subscriptions.clear()
    assert bench.account.prolong(first) is None
    other = bench.account.watch(bench.calendar_id, "ours", ADDRESS, "a-token")
    assert list(bench.server.subscriptions) == [other.channel_id]
    assert bench.account.unwatch(other)
    assert not bench.server.subscriptions
    assert bench.account.unwatch(other), "it is known no more, which is all that is wanted"
    bench.fails.answers = [fault(400, "ValidationError")]
    with pytest.raises(FixConfiguration):
        bench.account.watch(bench.calendar_id, "ours", ADDRESS, "a-token")
    bench.close()


def test_one_whose_answer_was_lost_is_found_by_its_address() -> None:
    bench = GraphBench()
    assert isinstance(bench.account, CalendarPush)
    bench.account.watch(bench.calendar_id, "other", "https://elsewhere.example/hook", "w")
    bench.fails.lose_answers = 1
    with pytest.raises(Unanswered):
        bench.account.watch(bench.calendar_id, "ours", ADDRESS, "a-token")
    found = bench.account.watch(bench.calendar_id, "ours", ADDRESS, "a-token", again=True)
    assert len(bench.server.subscriptions) == 2
    assert bench.server.subscriptions[found.channel_id]["notificationUrl"] == ADDRESS
    bench.close()


def test_a_lost_token_is_a_persons_to_mend() -> None:
    bench = GraphBench()
    bench.fails.answers = [fault(401, "InvalidAuthenticationToken"), fault(401, "InvalidAuthenticationToken")]
    assert bench.account.put(bench.calendar_id, draft()).outcome is EventOutcome.REFUSED
