"""The page of a meeting: all free times by day in the visitor's zone and language; GET shows, only POST acts."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from store.models import Hold, Meeting, MeetingState
from tests.support.agent_office import rows_of
from tests.support.api_office import BOOKING, ApiOffice
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.fake_calendar import FakeCalendar


@pytest.fixture
def outside(clock: VirtualClock) -> FakeCalendar:
    return FakeCalendar(clock=clock)


@pytest.fixture
def booking(office: ApiOffice, outside: FakeCalendar) -> CalendarOffice:
    return with_calendars(office.office, outside)


@pytest.fixture
def client(office: ApiOffice, booking: CalendarOffice) -> Iterator[TestClient]:
    deps = replace(office.deps, context_for=lambda _workspace_id: booking.context)
    with TestClient(create_app(deps), follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def hold(booking: CalendarOffice) -> Hold:
    return booking.propose()[0]


@pytest.fixture
def page(booking: CalendarOffice, hold: Hold) -> str:
    return f"/m/{BOOKING.make_meeting(booking.context.workspace_id, hold.meeting_id)}"


def times(html: str) -> list[str]:
    return re.findall(r'name="start" value="([^"]+)"', html)


def state(booking: CalendarOffice) -> MeetingState:
    (meeting,) = rows_of(booking.context, Meeting)
    found: MeetingState = meeting.state
    return found


def test_looking_changes_nothing_and_shows_every_free_time_in_the_visitors_zone(
    client: TestClient, booking: CalendarOffice, page: str, hold: Hold
) -> None:
    for zone in ("", "?zone=Asia/Kolkata", "?zone=Not/AZone", "?zone=" + "x" * 300):
        answer = client.get(page + zone)
        assert answer.status_code == 200
        assert hold.starts_at.isoformat() in times(answer.text), "a time held for them is free for them"
    assert state(booking) is MeetingState.PROPOSED
    there = client.get(f"{page}?zone=Asia/Kolkata").text
    assert "<option selected>Asia/Kolkata</option>" in there
    first = times(there)[0]
    assert f"{datetime.fromisoformat(first) + timedelta(hours=5, minutes=30):%H:%M}" in there
    assert "<script" not in there, "it works without any"


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Zeitzone"),
        ("fr", "fr", "Fuseau horaire"),
        ("es-MX,es", "es", "Zona horaria"),
        ("ja,en;q=0.1", "en", "Time zone"),
        ("", "en", "Time zone"),
        (";;;,,,q=", "en", "Time zone"),
    ],
)
def test_it_speaks_the_visitors_language(client: TestClient, page: str, asked: str, language: str, words: str) -> None:
    html = client.get(page, headers={"Accept-Language": asked}).text
    assert f'<html lang="{language}"' in html
    assert words in html


def test_any_free_time_is_booked_then_moved_then_called_off(
    client: TestClient, booking: CalendarOffice, outside: FakeCalendar, page: str
) -> None:
    first, second = times(client.get(page).text)[1::4][:2]
    for _ in range(2):
        answer = client.post(page, data={"start": first}, headers={"Accept-Language": "de"})
        assert answer.status_code == 200
        assert "<h1>Gebucht</h1>" in answer.text
    booking.work()
    assert client.post(page, data={"start": second}).status_code == 200
    booking.work()
    (event,) = outside.standing().values()
    assert event.starts_at == datetime.fromisoformat(second)
    assert client.get(f"{page}/cancel").status_code == 405, "GET never calls off"
    assert state(booking) is MeetingState.BOOKED
    for _ in range(2):
        assert "called off" in client.post(f"{page}/cancel").text
    booking.work()
    assert outside.standing() == {}
    assert state(booking) is MeetingState.CANCELLED
    assert client.post(page, data={"start": first}).status_code == 409


def test_a_time_that_was_taken_is_told_with_the_others_beside(
    client: TestClient, outside: FakeCalendar, clock: VirtualClock, page: str
) -> None:
    wanted = times(client.get(page).text)[0]
    outside.others(datetime.fromisoformat(wanted), datetime.fromisoformat(wanted) + timedelta(minutes=30))
    clock.advance(timedelta(seconds=61))
    answer = client.post(page, data={"start": wanted})
    assert answer.status_code == 409
    assert "taken a moment ago" in answer.text
    assert wanted not in times(answer.text)
    assert len(times(answer.text)) > 3


def test_while_the_calendar_is_silent_nothing_is_shown_or_booked(
    client: TestClient, booking: CalendarOffice, outside: FakeCalendar, clock: VirtualClock, page: str, hold: Hold
) -> None:
    wanted = times(client.get(page).text)[0]
    outside.fail_busy = "Down."
    clock.advance(timedelta(seconds=61))
    assert times(client.get(page).text) == []
    assert client.post(page, data={"start": wanted}).status_code == 409
    held = f"/b/{BOOKING.make(booking.context.workspace_id, hold.id)}"
    answer = client.post(held)
    assert answer.status_code == 409
    assert "stays kept for you" in answer.text
    assert state(booking) is MeetingState.PROPOSED
    outside.fail_busy = ""
    assert "<h1>Booked</h1>" in client.post(held).text


@pytest.mark.parametrize(
    "start",
    ["", "x", "2026-06-04T14:00:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "1e9", "\x00", "é" * 99],
)
def test_what_is_no_free_time_is_refused_and_never_an_error(client: TestClient, page: str, start: str) -> None:
    assert client.post(page, data={"start": start}).status_code in (409, 422)


@pytest.mark.parametrize("token", ["x", "A" * 64, "%00"])
def test_a_forged_link_is_404(client: TestClient, booking: CalendarOffice, hold: Hold, token: str) -> None:
    other_kind = BOOKING.make(booking.context.workspace_id, hold.id)
    for forged in (token, other_kind):
        assert client.get(f"/m/{forged}").status_code == 404
        assert client.post(f"/m/{forged}", data={"start": "2026-06-04T14:00:00+00:00"}).status_code == 404
        assert client.post(f"/m/{forged}/cancel").status_code == 404
