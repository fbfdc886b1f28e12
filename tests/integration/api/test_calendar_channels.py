"""Channels on which calendars tell of changes: asked for, confirmed, renewed, stopped, and lost in every way.

What is real and what is made up stands in tests/support/told_calendar.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from agents.booking import connecting
from agents.booking.telling import EVERY
from core.clock import VirtualClock
from store.models import ChannelState, ConnectionState
from store.queries.calendar_channels import LEASE, MOST
from tests.support.api_office import ApiOffice
from tests.support.told_calendar import Killed, Told, told_office
from workers.calendar_channels import CONFIRMED_WITHIN, LATER, SOON
from workers.calendar_sync import AFTER_NOTICE

BOTH = pytest.mark.parametrize("told", ["google", "graph"], indirect=True)
GRAPH = pytest.mark.parametrize("told", ["graph"], indirect=True)
WEEK = timedelta(days=7)


@pytest.fixture
def told(request: pytest.FixtureRequest, office: ApiOffice, clock: VirtualClock) -> Iterator[Told]:
    made = told_office(office, clock, getattr(request, "param", "google"))
    with made.client:
        yield made
    assert not made.vendor.violations, made.vendor.violations[:3]


def by_the_minute(told: Told) -> bool:
    """Whether the timer reads it as if nobody told of changes."""
    told.look()
    told.cloud.asked.clear()
    told.clock.advance(EVERY)
    told.look()
    return "read" in told.cloud.asked


@BOTH
def test_it_is_asked_for_once_and_said_until_when(told: Told) -> None:
    told.keep()
    told.keep()
    told.look()
    (row,) = told.channels()
    assert list(told.held()) == [row.remote_id]
    assert row.state is ChannelState.LIVING
    assert row.confirmed_at == told.clock.now()
    assert told.telling().until == row.expires_at
    assert told.telling().words == f"told of changes at once until {row.expires_at:%Y-%m-%d %H:%M} UTC"
    assert row.expires_at - told.clock.now() == (WEEK if told.google else timedelta(minutes=4_200))
    assert not by_the_minute(told)


@BOTH
def test_without_a_public_address_nothing_is_asked_and_it_says_so(told: Told) -> None:
    for address in ("http://sales.example", "http://127.0.0.1:8700", ""):
        told.with_settings(public_url=address)
        assert told.keep() == 0
        assert told.telling().because == "this server has no public https address (SALESOS_PUBLIC_URL)"
    assert told.held() == {}
    assert by_the_minute(told)


@BOTH
def test_under_another_address_it_is_asked_for_anew(told: Told) -> None:
    told.settle()
    told.with_settings(public_url="https://other.example")
    assert told.telling().until is None, "at once: what is posted goes elsewhere"
    told.keep()
    ((_, held),) = told.held().items()
    assert held["address" if told.google else "notificationUrl"].startswith("https://other.example/webhooks/")
    assert len(told.channels()) == 1
    assert told.telling().until is not None


def test_google_that_does_not_reach_us_is_not_relied_on_and_leaves_nothing(told: Told) -> None:
    told.reached = False
    told.keep()
    assert "has not reached this server yet" in told.telling().because
    assert by_the_minute(told)
    told.clock.advance(CONFIRMED_WITHIN)
    told.keep()
    assert told.held() == {}
    assert "did not reach https://sales.example" in told.telling().because
    for _ in range(48):
        told.clock.advance(timedelta(minutes=30))
        told.keep()
        assert len(told.held()) <= 1
    assert told.cloud.asked.count("watch") <= 4, "every six hours"
    told.reached = True
    told.clock.advance(LATER)
    told.keep()
    assert told.telling().because == ""


@GRAPH
def test_microsoft_that_does_not_reach_us_is_asked_again_much_later(told: Told) -> None:
    told.reached = False
    told.keep()
    assert told.channels() == []
    assert "tells no changes" in told.telling().because
    told.cloud.asked.clear()
    told.clock.advance(LATER - timedelta(seconds=1))
    told.keep()
    assert told.cloud.asked == []
    told.reached = True
    told.clock.advance(timedelta(seconds=1))
    told.keep()
    assert told.telling().because == "it was not read yet"
    told.look()
    assert told.telling().until is not None


def test_google_is_renewed_with_overlap_and_the_old_channel_is_stopped(told: Told) -> None:
    told.settle()
    (first,) = told.channels()
    told.clock.advance(WEEK / 2 - timedelta(minutes=1))
    told.keep()
    assert told.cloud.asked == []
    told.reached = False
    told.clock.advance(timedelta(minutes=1))
    told.keep()
    told.keep()
    assert len(told.held()) == 2
    assert told.telling().until == first.expires_at, "the new one has not reached us yet"
    told.reached = True
    told.cloud.service.notify(told.calendar_id, "sync")
    told.keep()
    (second,) = told.channels()
    assert second.id != first.id
    assert list(told.held()) == [str(second.id)]
    assert told.notify() == [200]


@GRAPH
def test_microsoft_is_prolonged(told: Told) -> None:
    told.settle()
    (first,) = told.channels()
    told.clock.advance(timedelta(minutes=2_100))
    told.keep()
    (row,) = told.channels()
    assert told.cloud.asked == ["PATCH subscription"]
    assert row.remote_id == first.remote_id
    assert row.expires_at == told.clock.now() + timedelta(minutes=4_200)
    told.keep()
    assert told.cloud.asked == ["PATCH subscription"]


@BOTH
def test_a_renewal_that_fails_to_the_end_falls_back_at_once_and_recovers(told: Told) -> None:
    told.settle()
    (row,) = told.channels()
    told.cloud.before = lambda request: told.fault(403, "forbidden") if request.method in ("POST", "PATCH") else None
    while told.clock.now() < row.expires_at - timedelta(hours=1):
        told.clock.advance(timedelta(hours=1))
        told.keep()
        assert told.telling().until == row.expires_at
    told.clock.advance(timedelta(hours=1))
    assert "tells no changes" in told.telling().because
    told.cloud.before = lambda _request: None
    assert by_the_minute(told)
    told.clock.advance(LATER)
    told.keep()
    assert told.telling().until is not None
    assert len(told.channels()) == 1


@GRAPH
@pytest.mark.parametrize(
    ("event", "asked"),
    [
        ("missed", []),
        ("reauthorizationRequired", ["PATCH subscription"]),
        ("subscriptionRemoved", ["DELETE subscription", "POST subscription"]),
    ],
)
def test_a_lifecycle_event_is_answered_at_once_and_the_calendar_is_read(
    told: Told, event: str, asked: list[str]
) -> None:
    told.settle()
    assert told.notify(lifecycleEvent=event, changeType=None) == [202]
    if event == "subscriptionRemoved":
        told.held().clear()
    assert (told.telling().until is None) == (event != "missed"), "what it asks for is not there until it is answered"
    told.look()
    assert "read" in told.cloud.asked
    told.cloud.asked.clear()
    told.keep()
    assert told.cloud.asked == asked
    assert told.telling().until is not None
    (row,) = told.channels()
    assert list(told.held()) == [row.remote_id]
    told.cloud.asked.clear()
    told.keep()
    assert told.cloud.asked == [], "once it is answered, it is"


@GRAPH
def test_a_wish_that_cannot_be_answered_is_no_flood(told: Told) -> None:
    told.settle()
    told.cloud.before = lambda request: told.fault(503, "serviceNotAvailable") if "subsc" in request.url.path else None
    for _ in range(20):
        told.notify(lifecycleEvent="reauthorizationRequired", changeType=None)
        told.keep()
        told.clock.advance(timedelta(seconds=1))
    assert told.cloud.asked.count("PATCH subscription") == 1
    assert told.telling().until is None
    told.cloud.before = lambda _request: None
    told.clock.advance(SOON)
    told.keep()
    assert told.telling().until is not None


@BOTH
@pytest.mark.parametrize("reached", [True, False], ids=["confirmed", "unheard"])
def test_killed_between_making_it_there_and_writing_it_nothing_is_left_behind(told: Told, reached: bool) -> None:
    told.reached = reached or not told.google  # Microsoft makes none for an address that does not answer

    def kill(request: httpx2.Request) -> None:
        if request.method == "POST" and request.url.path.endswith(("/watch", "/subscriptions")):
            raise Killed

    told.cloud.after = kill
    for number in range(3):
        with pytest.raises(Killed):
            told.keep()
        assert len(told.held()) == 1, "the same is asked for again"
        assert told.telling().until is None
        told.keep()
        told.clock.advance(LEASE)
        if number == 0 and (reached or not told.google):
            break
    told.cloud.after, told.reached = (lambda _request: None), True
    for _ in range(3):
        told.keep()
    (row,) = told.channels()
    assert list(told.held()) == [row.remote_id]
    told.look()
    assert told.telling().until is not None


@BOTH
def test_answers_that_are_lost_leave_nothing_that_grows(told: Told) -> None:
    told.reached = not told.google
    lost = httpx2.ReadTimeout("lost")

    def lose(request: httpx2.Request) -> Any:
        if request.method == "POST" and request.url.path.endswith(("/watch", "/subscriptions")):
            told.cloud.service(request)
            return lost
        return None

    told.cloud.before = lose
    for _ in range(100):
        told.keep()
        told.clock.advance(SOON)
    assert len(told.held()) <= MOST
    assert len(told.channels()) <= MOST
    assert by_the_minute(told) == told.google, "Microsoft lists what it has"
    told.cloud.before, told.reached = (lambda _request: None), True
    told.clock.advance(WEEK + timedelta(days=2))
    told.held().clear()  # they ended by themselves
    for _ in range(3):
        told.keep()
    assert len(told.channels()) == len(told.held()) == 1
    told.look()
    assert told.telling().until is not None


@BOTH
def test_taken_away_it_is_stopped_there(told: Told) -> None:
    told.settle()
    path, _ = told.path(), told.notify()
    connecting.disconnect(told.context, told.booking.connection_id, by="ada")
    assert told.held() == {}
    assert told.channels() == []
    assert told.client.post(path, params={"validationToken": "x"}).status_code == 404
    assert told.keep() == 0


@BOTH
def test_what_does_not_stop_is_heard_by_nobody_and_ends_by_itself(told: Told) -> None:
    told.settle()
    told.cloud.before = lambda request: (
        told.fault(503, "serviceNotAvailable")
        if request.method == "DELETE" or request.url.path.endswith("stop")
        else None
    )
    connecting.disconnect(told.context, told.booking.connection_id, by="ada")
    assert told.notify() == [404]
    assert [row.state for row in told.channels()] == [ChannelState.LEAVING]
    told.clock.advance(WEEK)
    told.keep()
    assert told.channels() == []


@BOTH
def test_taken_away_while_its_service_is_asked_it_is_stopped_too(told: Told) -> None:
    def disconnect(request: httpx2.Request) -> None:
        if request.method == "POST" and request.url.path.endswith(("/watch", "/subscriptions")):
            told.cloud.after = lambda _request: None
            told.change(state=ConnectionState.OFF, connection_number=2)

    told.cloud.after = disconnect
    told.keep()
    assert told.held() == {}
    assert told.channels() == []


@BOTH
def test_a_calendar_that_nobody_reads_any_more_is_not_told_of(told: Told) -> None:
    told.settle()
    calendar = told.calendar()
    connecting.use(told.context, calendar.id, counts_busy=False, gets_events=False, by="ada")
    assert told.telling().words == "not read because it neither counts as busy nor gets events"
    told.keep()
    assert told.held() == {}
    connecting.use(told.context, calendar.id, counts_busy=True, by="ada")
    told.keep()
    assert len(told.held()) == 1


@GRAPH
def test_while_one_worker_asks_another_does_not(told: Told) -> None:
    others: list[int] = []
    real = told.cloud.service.deliver

    def deliver(address: str, body: Any) -> Any:  # at Microsoft's question, in the midst of the first asking
        if not others:
            others.append(told.keep())
        return real(address, body)

    told.cloud.service.deliver = deliver
    told.keep()
    assert others == [0]
    assert len(told.held()) == 1


@BOTH
def test_a_channel_that_is_being_replaced_is_heard_to_the_last(told: Told) -> None:
    told.settle()
    (row,) = told.channels()
    told.clock.advance((row.expires_at - told.clock.now()) / 2)
    told.keep()
    told.look()
    told.clock.advance(AFTER_NOTICE)
    told.cloud.asked.clear()
    assert set(told.notify()) in ({200}, {202})
    told.look()
    assert "read" in told.cloud.asked
