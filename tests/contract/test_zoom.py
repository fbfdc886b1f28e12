"""Zoom's rooms, against a stateful Zoom that makes a second meeting of every repeated call."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.support.vendors import SECRET, Answer, FakeVendor, answer, has_contracts
from tools.ports.calendar import VideoRoom, VideoService
from tools.ports.unknown import Gap, Unknown
from tools.providers.vendor.zoom import ZoomApp
from tools.providers.video.zoom import ZoomRooms

START = datetime(2026, 6, 9, 8, tzinfo=UTC)
HALF = timedelta(minutes=30)
KEY = "a" * 32
TOKEN = r"no operation POST /oauth/token in"


@dataclass
class Zoom:
    page: int = 2
    meetings: dict[int, dict[str, Any]] = field(default_factory=dict)
    breaks: Callable[[httpx2.Request], Answer | None] = lambda _: None
    lose_answers: int = 0
    given: int = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host == "zoom.us":
            assert request.headers["authorization"].startswith("Basic ")
            assert request.url.params["grant_type"] == "account_credentials"
            self.given += 1
            return answer({"access_token": f"{SECRET}-{self.given}", "token_type": "bearer", "expires_in": 3599})
        if (broken := self.breaks(request)) is not None:
            return broken
        done = self._done(request)
        if request.method == "POST" and self.lose_answers:
            self.lose_answers -= 1
            return httpx2.ReadTimeout("lost")
        return done

    def _done(self, request: httpx2.Request) -> Answer:
        body = json.loads(request.content) if request.content else {}
        if request.url.path == "/v2/users/me/meetings":
            if request.method == "POST":
                number = 80_000_000_000 + len(self.meetings)
                numbers = [
                    {"country": "DE", "country_name": "Germany", "number": "+49 30 1", "type": "toll"},
                    {"country": "DE", "country_name": "Germany", "number": "0800 1", "type": "tollfree"},
                ]
                made = {
                    "id": number,
                    "join_url": f"https://zoom.us/j/{number}",
                    "start_url": "https://zoom.us/s/secret",
                }
                self.meetings[number] = (
                    made | body | {"settings": body["settings"] | {"global_dial_in_numbers": numbers}}
                )
                return answer(self.meetings[number], 201)
            listed = [
                {"id": each["id"], "agenda": each["agenda"][:250], "join_url": each["join_url"]}
                for each in self.meetings.values()
            ]
            first = int(request.url.params.get("next_page_token") or 0)
            more = str(first + self.page) if first + self.page < len(listed) else ""
            return answer({"meetings": listed[first : first + self.page], "next_page_token": more})
        number = int(request.url.path.rpartition("/")[2])
        if number not in self.meetings:
            return answer({"code": 3001, "message": f"Meeting does not exist: {number}."}, 404)
        if request.method == "GET":
            return answer(self.meetings[number])
        if request.method == "PATCH":
            self.meetings[number] |= body
        else:
            del self.meetings[number]
        return httpx2.Response(204)


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
