"""Zoom's rooms, against a stateful Zoom that makes a second meeting of every repeated call."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.fake_zoom import Zoom
from tests.support.vendors import SECRET, FakeVendor, answer, has_contracts
from tools.ports.calendar import VideoRoom, VideoService
from tools.ports.unknown import Gap, Unknown
from tools.providers.vendor.zoom import ZoomApp
from tools.providers.video.zoom import ZoomRooms

START = datetime(2026, 6, 9, 8, tzinfo=UTC)
HALF = timedelta(minutes=30)
KEY = "a" * 32
TOKEN = r"no operation POST /oauth/token in"


def rooms(zoom: Zoom) -> tuple[FakeVendor, ZoomRooms]:
    vendor = FakeVendor(zoom, "zoom_v2_openapi", allow=(TOKEN, r"status \d+: not declared"))
    return vendor, ZoomRooms(ZoomApp("account", "client", SECRET), vendor.wire())


def make(service: VideoService, key: str = KEY) -> VideoRoom:
    found = service.make(key, "Ein Gespräch", START, START + HALF, "Europe/Berlin")
    assert isinstance(found, VideoRoom), found
    return found


def test_a_room_has_a_link_and_numbers_to_dial() -> None:
    zoom = Zoom()
    vendor, service = rooms(zoom)
    room = make(service)
    assert room == VideoRoom("https://zoom.us/j/80000000000", "80000000000", "+49 30 1 (Germany); ID 80000000000")
    made = zoom.meetings[80_000_000_000]
    assert (made["start_time"], made["duration"], made["timezone"]) == ("2026-06-09T08:00:00Z", 30, "Europe/Berlin")
    assert not vendor.violations, vendor.violations
    if not has_contracts():
        pytest.skip("The shared data is not here: the vendors' descriptions are in ../shared/contracts.")


def test_the_same_key_has_the_same_room_wherever_it_is_listed() -> None:
    zoom = Zoom()
    vendor, service = rooms(zoom)
    first = [make(service, f"{n:032x}") for n in range(5)]
    assert [make(service, f"{n:032x}") for n in range(5)] == first
    assert len(zoom.meetings) == 5
    assert not vendor.violations, vendor.violations


def test_a_lost_answer_is_looked_up_and_no_second_room_is_made() -> None:
    zoom = Zoom(lose_answers=1)
    _, service = rooms(zoom)
    assert make(service).room_id == "80000000000"
    assert len(zoom.meetings) == 1


def test_one_can_be_found_by_its_key_and_asking_makes_none() -> None:
    zoom = Zoom()
    vendor, service = rooms(zoom)
    assert service.find(KEY) is None
    assert not zoom.meetings
    made = make(service)
    assert service.find(KEY) == made
    assert service.problem() == ""
    assert not vendor.violations, vendor.violations


def test_where_it_cannot_be_looked_up_nothing_is_made() -> None:
    zoom = Zoom(breaks=lambda request: answer({}, 500) if request.method == "GET" else None)
    _, service = rooms(zoom)
    found = service.make(KEY, "A talk", START, START + HALF, "")
    assert isinstance(found, Unknown)
    assert found.gap is Gap.DOWN
    assert not zoom.meetings


def test_a_room_moves_and_is_removed_and_a_lost_one_is_said() -> None:
    zoom = Zoom()
    vendor, service = rooms(zoom)
    room = make(service)
    assert service.move(room.room_id, START + HALF, START + 3 * HALF, "UTC") is None
    assert zoom.meetings[80_000_000_000]["start_time"] == "2026-06-09T08:30:00Z"
    assert zoom.meetings[80_000_000_000]["duration"] == 60
    assert service.remove(room.room_id) is None
    assert not zoom.meetings
    assert service.remove(room.room_id) is None
    assert isinstance(service.move(room.room_id, START, START + HALF, "UTC"), Unknown)
    assert not vendor.violations, vendor.violations


@pytest.mark.parametrize(("status", "gap"), [(400, Gap.REFUSED), (429, Gap.DOWN), (503, Gap.DOWN)])
def test_who_must_act(status: int, gap: Gap) -> None:
    said = answer({"code": 300, "message": "As it is said."}, status)
    zoom = Zoom(breaks=lambda request: said if request.method == "POST" else None)
    _, service = rooms(zoom)
    found = service.make(KEY, "A talk", START, START + HALF, "")
    assert isinstance(found, Unknown)
    assert found.gap is gap


def test_a_token_that_is_refused_is_replaced_once_and_none_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    zoom = Zoom()
    old = f"Bearer {SECRET}-1"
    zoom.breaks = lambda request: answer({"code": 124}, 401) if request.headers["authorization"] == old else None
    _, service = rooms(zoom)
    with caplog.at_level(logging.DEBUG):
        make(service)
    assert zoom.given == 2
    assert SECRET not in caplog.text
    assert SECRET not in repr(ZoomApp("account", "client", SECRET))
