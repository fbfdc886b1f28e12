"""Rooms at Zoom, one a meeting. https://developers.zoom.us/docs/api/meetings/

Zoom takes no key and makes a second meeting of a repeated call: ours stands first in the agenda, whose beginning the
list of meetings shows, and is looked for before anything is made and after an answer was lost.
"""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from core.errors import NotFound, SalesOSError
from tools.ports.calendar import EventOutcome, EventResult, VideoRoom
from tools.ports.unknown import Gap, Unknown
from tools.providers.calendar.effects import Answer, SignedCalls, call_once, refusal
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import unknown_of
from tools.providers.vendor.pace import Pace
from tools.providers.vendor.zoom import BASE_URL, LABEL, LIMITS, ZoomApp, ZoomTokens, connect

_SCHEDULED: Final = 2  # a meeting with a time, not one that starts now
_PAGE: Final = 300
_MOST_PAGES: Final = 20
_TOPIC: Final = 200  # characters that Zoom takes
_NUMBERS: Final = 3  # of a dial-in that are shown; Zoom lists dozens


class _Number(BaseModel):
    number: str = ""
    country_name: str = ""
    type: str = ""


class _Settings(BaseModel):
    global_dial_in_numbers: list[_Number] = []


class _Meeting(BaseModel):
    id: int = Field(gt=0)
    join_url: str = ""
    agenda: str = ""
    settings: _Settings = _Settings()


class _Page(BaseModel):
    meetings: list[_Meeting] = []
    next_page_token: str = ""


class ZoomRooms:
    """Thread-safe. The application needs the scopes meeting:read:admin and meeting:write:admin. `host`: whose rooms
    they are, by address or id at Zoom; "me" is who made the application."""

    name = "zoom"

    def __init__(self, app: ZoomApp, wire: Wire, *, host: str = "me") -> None:
        tokens = ZoomTokens(app, wire)
        pace = Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)
        self._api = connect(tokens, wire, pace)
        self._effect = SignedCalls(tokens, call_once(wire.http, pace))
        self._wire = wire
        self._meetings = f"/users/{quote(host, safe='')}/meetings"

    def make(self, key: str, title: str, starts_at: datetime, ends_at: datetime, time_zone: str) -> VideoRoom | Unknown:
        try:
            found = self._find(key)
            if found is not None:
                return self._room(found)
            body = {
                "type": _SCHEDULED,
                "topic": " ".join(title.split())[:_TOPIC],
                "agenda": _mark(key),
                "settings": {"join_before_host": False, "waiting_room": True, "use_pmi": False},
                **_when(starts_at, ends_at, time_zone),
            }
            answer = self._effect("POST", f"{BASE_URL}{self._meetings}", body)
            return self._made(key, answer)
        except SalesOSError as error:
            return unknown_of(error)

    def find(self, key: str) -> VideoRoom | Unknown | None:
        try:
            found = self._find(key)
            return None if found is None else self._room(found)
        except SalesOSError as error:
            return unknown_of(error)

    def problem(self) -> str:
        try:
            self._api.get(self._meetings, {"type": "upcoming", "page_size": 1}).read(_Page)
        except SalesOSError as error:
            return str(error)
        return ""

    def _made(self, key: str, answer: Answer | EventResult) -> VideoRoom | Unknown:
        if isinstance(answer, Answer) and answer.status == 201:
            try:
                return _room(_Meeting.model_validate(answer.body))
            except ValueError:
                answer = EventResult(EventOutcome.UNKNOWN, f"{LABEL} answers in another shape than it describes.")
        if isinstance(answer, Answer):
            answer = refusal(LABEL, answer, self._wire.clock)
        if answer.outcome is EventOutcome.UNKNOWN and (found := self._find(key)) is not None:
            return self._room(found)
        return Unknown(answer.detail, Gap.REFUSED if answer.outcome is EventOutcome.REFUSED else Gap.DOWN)

    def _find(self, key: str) -> int | None:
        """Raises SalesOSError."""
        query: dict[str, Any] = {"type": "upcoming", "page_size": _PAGE}
        for _ in range(_MOST_PAGES):
            page = self._api.get(self._meetings, query).read(_Page)
            for meeting in page.meetings:
                if meeting.agenda.startswith(_mark(key)):
                    return meeting.id
            if not page.next_page_token:
                return None
            query["next_page_token"] = page.next_page_token
        return None

    def _room(self, meeting_id: int) -> VideoRoom:
        """Raises SalesOSError."""
        return _room(self._api.get(f"/meetings/{meeting_id}").read(_Meeting))

    def move(self, room_id: str, starts_at: datetime, ends_at: datetime, time_zone: str) -> Unknown | None:
        try:
            body = _when(starts_at, ends_at, time_zone)
            self._api.patch(f"/meetings/{quote(room_id, safe='')}", json=body)
        except SalesOSError as error:
            return unknown_of(error)
        return None

    def remove(self, room_id: str) -> Unknown | None:
        try:
            self._api.delete(f"/meetings/{quote(room_id, safe='')}")
        except NotFound:
            return None  # it was gone
        except SalesOSError as error:
            return unknown_of(error)
        return None


def _mark(key: str) -> str:
    return f"Ref {key}"


def _when(starts_at: datetime, ends_at: datetime, time_zone: str) -> dict[str, Any]:
    minutes = -(-int((ends_at - starts_at).total_seconds()) // 60)
    start = starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"start_time": start, "duration": max(1, minutes)} | ({"timezone": time_zone} if time_zone else {})


def _room(meeting: _Meeting) -> VideoRoom:
    numbers = meeting.settings.global_dial_in_numbers
    tolls = [each for each in numbers if each.number and each.type != "tollfree"] or [
        each for each in numbers if each.number
    ]
    listed = [f"{each.number} ({each.country_name})" if each.country_name else each.number for each in tolls[:_NUMBERS]]
    dial_in = f"{', '.join(listed)}; ID {meeting.id}" if listed else ""
    return VideoRoom(meeting.join_url, str(meeting.id), dial_in)
