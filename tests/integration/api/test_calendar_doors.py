"""Notices that a calendar changed: what follows from them, and all that may be wrong with one.

What is real and what is made up stands in tests/support/told_calendar.py.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers

from agents.booking.telling import EVERY, RECONCILED
from api import calendar_doors
from core.clock import VirtualClock
from core.errors import SalesOSError
from store.models import ConnectedCalendar
from tests.support.api_office import ApiOffice, api_office
from tests.support.told_calendar import HOUR, Killed, Told, told_office
from tools.webhooks.calendar_notices import PATHS
from workers import calendar_sync
from workers.calendar_sync import AFTER_NOTICE
from workers.sweeps import sweep_workspace

BOTH = pytest.mark.parametrize("told", ["google", "graph"], indirect=True)
FLOOD = {"sqlite": 10_000, "postgresql": 1_000}  # one after the other: the second only shows that it is the same there


@pytest.fixture
def told(request: pytest.FixtureRequest, office: ApiOffice, clock: VirtualClock) -> Iterator[Told]:
    made = told_office(office, clock, getattr(request, "param", "google"))
    with made.client:
        yield made
    assert not made.vendor.violations, made.vendor.violations[:3]


@BOTH
def test_moved_there_and_told_the_meeting_follows_without_the_timer(told: Told) -> None:
    picked = told.booking.book()
    told.settle()
    event = told.booking.event(picked.meeting_id)
    later = picked.starts_at + timedelta(days=7)
    told.move(event.event_key, later)
    assert told.look() == 0, "no minute has passed"
    assert not sweep_workspace(told.context).calendars
    assert told.notify() in ([200], [202])
    assert sweep_workspace(told.context).calendars
    assert told.look() == 1
    meeting = told.booking.meeting(picked.meeting_id)
    assert (meeting.starts_at, meeting.ics_sequence) == (later, 1)
    for _ in range(3):  # repeated, and late
        told.notify()
        told.clock.advance(AFTER_NOTICE)
        assert told.look() == 0
    assert not sweep_workspace(told.context).calendars
    assert told.booking.meeting(picked.meeting_id) == meeting


@BOTH
def test_while_it_is_told_of_changes_the_timer_only_reconciles(told: Told) -> None:
    picked = told.booking.book()
    told.settle()
    told.move(
        told.booking.event(picked.meeting_id).event_key, picked.starts_at + timedelta(days=7)
    )  # its notice is lost
    left = RECONCILED - timedelta(seconds=11)
    for _ in range(left // EVERY):
        told.clock.advance(EVERY)
        assert told.look() == 0
    assert told.cloud.asked == []
    told.clock.advance(RECONCILED - EVERY * (left // EVERY))
    assert told.look() == 1


def test_without_a_channel_it_is_read_every_minute(told: Told) -> None:
    told.look()
    told.clock.advance(EVERY)
    told.cloud.asked.clear()
    told.look()
    assert told.cloud.asked.count("read") > 0
    assert told.telling().words == "read every minute because Google Calendar is being asked to tell of changes"


@BOTH
def test_a_look_that_got_no_answer_is_taken_up_by_the_minute(told: Told) -> None:
    picked = told.booking.book()
    told.settle()
    told.move(told.booking.event(picked.meeting_id).event_key, picked.starts_at + timedelta(days=7))
    told.notify()
    told.cloud.before = lambda _request: told.fault(500, "unknown")
    assert told.look() == 0
    assert "did not answer all" in told.telling().because
    told.cloud.before = lambda _request: None
    told.clock.advance(AFTER_NOTICE)
    assert told.look() == 0, "a service that is down is no less down for being asked more often"
    told.clock.advance(EVERY)
    assert told.look() == 1
    assert told.telling().because == ""


def test_a_notice_that_a_killed_look_had_taken_is_not_lost(told: Told) -> None:
    picked = told.booking.book()
    told.settle()
    told.move(told.booking.event(picked.meeting_id).event_key, picked.starts_at + timedelta(days=7))
    told.notify()

    def kill(_request: Any) -> Any:
        raise Killed

    told.cloud.before = kill
    with pytest.raises(Killed):
        told.look()
    told.cloud.before = lambda _request: None
    told.clock.advance(timedelta(seconds=told.context.settings.lease_seconds))
    assert told.look() == 1


@BOTH
def test_what_is_forged_changes_nothing(told: Told, clock: VirtualClock, tmp_path: Any) -> None:
    told.settle()
    told.notify()
    path, genuine = told.posted[-1]
    before = told.calendar().notices
    told.look()
    other = api_office(told.api.deps.database, clock, tmp_path / "other")
    strange = told_office(other, clock, "google" if told.google else "graph")
    token = path.rpartition("/")[2]
    for wrong in (token[:-4] + "AAAA", token[:-1], "x", "%00" * 80, strange.context.workspace_id.hex, "A" * 80):
        assert told.client.post(path.replace(token, wrong), **_as_posted(genuine)).status_code == 404, wrong
    there = PATHS["graph" if told.google else "google"]
    assert told.client.post(there + token, **_as_posted(genuine)).status_code == 404, "another service's address"
    if told.google:
        for name, value in (
            ("X-Goog-Channel-Token", "guessed"),
            ("X-Goog-Channel-ID", "x"),
            ("X-Goog-Channel-ID", "é"),
        ):
            assert told.client.post(path, headers=genuine | {name: value.encode()}).status_code == 403
        assert told.client.post(path).status_code == 403
        stateless = {name: value for name, value in genuine.items() if name != "X-Goog-Resource-State"}
        assert told.client.post(path, headers=stateless).status_code == 422
    else:
        for forged in ({"clientState": "guessed"}, {"clientState": None}):
            body = {"value": [genuine["value"][0] | forged, genuine["value"][0]]}
            assert told.client.post(path, json=body).status_code == 403
        for raw in (b"", b"{", b'{"value": []}', b"[" * 50_000, b"\xff"):
            assert told.client.post(path, content=raw).status_code == 422
    assert told.client.get(path).status_code in (404, 405)
    assert told.calendar().notices == before
    assert not sweep_workspace(told.context).calendars
    assert told.notify() in ([200], [202])


def _as_posted(genuine: Any) -> dict[str, Any]:
    return {"json": genuine} if "value" in genuine else {"headers": genuine}


@pytest.mark.parametrize("told", ["graph"], indirect=True)
def test_the_handshake_is_answered_for_our_addresses_alone_and_as_plain_text(told: Told) -> None:
    told.settle()
    script = "<script>alert(1)</script>"
    seen = told.client.post(told.path(), params={"validationToken": script})
    assert (seen.status_code, seen.text) == (200, script)
    assert seen.headers["content-type"] == "text/plain; charset=utf-8"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert told.client.post(told.path(), params={"validationToken": "a\r\nSet-Cookie: x=1"}).status_code == 422
    refused = told.client.post(told.path()[:-4] + "AAAA", params={"validationToken": script})
    assert refused.status_code == 404
    assert script not in refused.text


@BOTH
def test_what_is_told_of_an_old_grant_is_told_to_nobody(told: Told) -> None:
    told.settle()
    told.change(connection_number=2)
    assert told.notify() == [404]
    assert not sweep_workspace(told.context).calendars
    assert told.telling().until is None
    told.keep()
    assert len(told.held()) == 1, "the new grant has one of its own, and stopped the other"
    assert told.notify() in ([200], [202])


def test_a_flood_of_notices_makes_one_look_at_a_time(told: Told) -> None:
    told.settle()
    told.notify()
    path, genuine = told.posted[-1]
    token, headers = path.rpartition("/")[2], Headers(genuine)

    class Request:
        headers: Headers

    request: Any = Request()
    request.headers = headers
    before = told.calendar().notices
    looking, go_on = threading.Event(), threading.Event()

    def hold(_request: Any) -> None:
        looking.set()
        go_on.wait()

    told.cloud.before = hold  # type: ignore[assignment]
    thread = threading.Thread(target=told.look)
    thread.start()
    looking.wait()
    asked = len(told.cloud.asked)
    try:
        for number in range(FLOOD[told.context.database.url.partition(":")[0].partition("+")[0]]):
            assert calendar_doors.google(token, request, told.api.deps).status_code == 200
            if number % 500 == 0:
                told.clock.advance(AFTER_NOTICE)
                assert told.look() == 0
                calendar_sync.look_now(told.context, told.booking.connection_id)
        assert len(told.cloud.asked) == asked, "nobody else looked"
    finally:
        go_on.set()
        thread.join()
    assert told.calendar().notices == before + 1, "all of them are one more"
    told.cloud.before = lambda _request: None
    told.clock.advance(AFTER_NOTICE)
    assert sweep_workspace(told.context).calendars
    told.look()
    assert not sweep_workspace(told.context).calendars


def test_a_calendar_that_is_gone_is_heard_no_more(told: Told) -> None:
    told.settle()
    with told.context.database.write(told.context.workspace_id) as session:
        session.delete(session.get_one(ConnectedCalendar, (told.context.workspace_id, told.calendar().id)))
    assert told.notify() == [404]
    assert told.channels() == []


def test_nothing_that_lets_anybody_in_is_kept_or_told(told: Told) -> None:
    told.settle()
    (held,) = told.held().values()
    kept = str([row.model_dump() for row in told.channels()])
    assert held["token"] not in kept
    assert held["address"].rpartition("/")[2] not in kept
    with pytest.raises(SalesOSError) as refused:
        calendar_doors.google("A" * 80, None, told.api.deps)  # type: ignore[arg-type]
    assert held["token"] not in str(refused.value)
    assert HOUR > RECONCILED
