"""The benches of tests/contract/test_calendar_contract.py: an account, and hands on the server behind it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
from icalendar import Calendar, Event, vCalAddress

from core.clock import VirtualClock
from tests.contract.calendar_suite import BERLIN, Failures
from tests.contract.transport_suite import TOKEN_EXCHANGE, access, with_tokens
from tests.support.fake_calendar import FakeCalendar
from tests.support.fake_google_calendar import FakeGoogle, fault
from tests.support.fake_graph_calendar import WINDOWS, FakeGraph, instants, stamp
from tests.support.fake_graph_calendar import fault as graph_fault
from tests.support.radicale import PASSWORD, USER, Radicale
from tests.support.vendors import FakeVendor
from tools.ports.calendar import Attendance, Busyness
from tools.providers.calendar.caldav import CalDavCalendar
from tools.providers.calendar.caldav_wire import CalDavLogin, GuardedDav
from tools.providers.calendar.google import GoogleCalendar
from tools.providers.calendar.graph import GraphCalendar
from tools.providers.vendor.account import Wire

_NUMBERS = count(1)


def midnight(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day).date(), time.min, BERLIN).astimezone(UTC)


class _MemoryFailures(Failures):
    """The fake has switches of its own: they are turned through the same names."""

    def __init__(self, fake: FakeCalendar) -> None:
        self.__dict__["fake"] = fake

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["fake"], name, value)


@dataclass
class MemoryBench:
    account: FakeCalendar = field(default_factory=FakeCalendar)
    calendar_id: str = "primary"
    nowhere: str = "no-such-calendar"

    @property
    def fails(self) -> Failures:
        return _MemoryFailures(self.account)

    def others(self, starts_at: datetime, ends_at: datetime, **how: Any) -> str:
        busyness: Busyness | None = Busyness.BUSY
        if how.get("transparent") or how.get("declined"):
            busyness = None
        elif how.get("tentative"):
            busyness = Busyness.TENTATIVE
        elif how.get("out_of_office"):
            busyness = Busyness.OUT_OF_OFFICE
        return self.account.others(starts_at, ends_at, busyness=busyness)

    def whole_day(self, day: str, until: str) -> str:
        return self.others(midnight(day), midnight(until))

    def edit(self, event_id: str, starts_at: datetime, ends_at: datetime) -> None:
        self.account.edit(event_id.removeprefix("event-"), starts_at=starts_at, ends_at=ends_at)

    def delete(self, event_id: str) -> None:
        self.account.delete(event_id.removeprefix("event-"))

    def answer(self, event_id: str, address: str) -> None:
        self.account.answer(event_id.removeprefix("event-"), address, Attendance.ACCEPTED)

    def forget_cursors(self) -> None:
        self.account.forget_cursors()

    def standing(self) -> Mapping[str, tuple[datetime, datetime]]:
        return {name: (event.starts_at, event.ends_at) for name, event in self.account.standing().items()}

    def break_busy(self) -> None:
        self.account.fail_busy = "It does not answer."

    def close(self) -> None:
        """Nothing was opened."""


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class GoogleBench:
    nowhere = "nobody@example.com"

    def __init__(self) -> None:
        self.server = FakeGoogle()
        self.calendar_id = "ada@example.com"
        self.fails = Failures()
        self.vendor = FakeVendor(
            with_tokens(self.fails.around(self.server, self._is_effect)), "google_calendar", allow=(TOKEN_EXCHANGE,)
        )
        self.account = GoogleCalendar(access(self.vendor), self.vendor.wire())
        self._number = 0

    @staticmethod
    def _is_effect(request: httpx2.Request) -> bool:
        return request.method != "GET" and "/events" in request.url.path

    def others(self, starts_at: datetime, ends_at: datetime, **how: Any) -> str:
        body: dict[str, Any] = {
            "summary": how.get("title", "Lunch"),
            "start": {"dateTime": _z(starts_at), "timeZone": BERLIN.key},
            "end": {"dateTime": _z(ends_at), "timeZone": BERLIN.key},
        }
        body |= {"transparency": "transparent"} if how.get("transparent") else {}
        body |= {"status": "tentative"} if how.get("tentative") else {}
        body |= {"eventType": "outOfOffice"} if how.get("out_of_office") else {}
        body |= {"recurrence": [f"RRULE:{how['rrule']}"]} if how.get("rrule") else {}
        if how.get("declined"):
            body["attendees"] = [{"email": "ada@example.com", "self": True, "responseStatus": "declined"}]
        return self._keep(body)

    def _keep(self, body: dict[str, Any]) -> str:
        self._number += 1
        self.server.keep(self.calendar_id, f"theirs{self._number}", body)
        return f"theirs{self._number}"

    def whole_day(self, day: str, until: str) -> str:
        return self._keep({"summary": "Leave", "start": {"date": day}, "end": {"date": until}})

    def move_occurrence(self, event_id: str, was: datetime, to: datetime | None) -> None:
        series = self.server.events[self.calendar_id, event_id]
        start, end = (datetime.fromisoformat(series[name]["dateTime"]) for name in ("start", "end"))
        body: dict[str, Any] = {"recurringEventId": event_id, "originalStartTime": {"dateTime": _z(was)}}
        if to is None:
            body |= {"status": "cancelled"}
        else:
            body |= {"start": {"dateTime": _z(to)}, "end": {"dateTime": _z(to + (end - start))}}
        self.server.keep(self.calendar_id, f"{event_id}_{was:%Y%m%dt%H%M%Sz}", body)

    def edit(self, event_id: str, starts_at: datetime, ends_at: datetime) -> None:
        when = {"start": {"dateTime": _z(starts_at)}, "end": {"dateTime": _z(ends_at)}}
        self.server.change(self.calendar_id, event_id, **when)

    def delete(self, event_id: str) -> None:
        self.server.delete(self.calendar_id, event_id)

    def answer(self, event_id: str, address: str) -> None:
        guests = [
            {**each, "responseStatus": "accepted"} if each["email"].lower() == address else each
            for each in self.server.events[self.calendar_id, event_id]["attendees"]
        ]
        before = self.server.events[self.calendar_id, event_id]
        self.server.keep(self.calendar_id, event_id, {**before, "attendees": guests})

    def forget_cursors(self) -> None:
        self.server.forget_cursors()

    def standing(self) -> Mapping[str, tuple[datetime, datetime]]:
        def read(when: dict[str, str]) -> datetime:
            return (
                datetime.fromisoformat(when["dateTime"]).astimezone(UTC)
                if "dateTime" in when
                else midnight(when["date"])
            )

        return {
            name: (read(event["start"]), read(event["end"]))
            for (kept_in, name), event in self.server.events.items()
            if kept_in == self.calendar_id and event["status"] != "cancelled"
        }

    def break_busy(self) -> None:
        self.server.no_free_busy[self.calendar_id] = "internalError"

    def error(self, status: int) -> httpx2.Response:
        return fault(status, "asItIs")

    def close(self) -> None:
        assert not self.vendor.violations, self.vendor.violations[:3]


def _of_the_main_calendar(request: httpx2.Request) -> httpx2.Request:
    """Microsoft describes /me/events and the like here, and a calendar's own paths are their sisters."""
    path, mark, query = request.url.raw_path.decode().partition("?")
    path = re.sub(r"/me/calendars/[^/]+/", "/me/", path)
    path = re.sub(r"/calendarView$", "/calendarView/delta", path)
    url = request.url.copy_with(raw_path=(path + mark + query).encode())
    return httpx2.Request(request.method, url, headers=request.headers, content=request.content)


class GraphBench:
    nowhere = "AQMk-nowhere="
    # Documented by Microsoft and missing in the description: the list of calendars, $expand, $skip of a view.
    allow = (TOKEN_EXCHANGE, r"no operation GET /v1.0/me/calendars ", r"query \$expand:", r"query \$skip:")

    def __init__(self, zone: str = "") -> None:
        self.server = FakeGraph()
        self.calendar_id = self.server.calendars[0]
        self.fails = Failures()
        self.vendor = FakeVendor(
            with_tokens(self.fails.around(self.server, lambda request: request.method != "GET")),
            "msgraph",
            allow=self.allow,
            as_described=_of_the_main_calendar,
        )
        self.account = GraphCalendar(access(self.vendor), self.vendor.wire(), zone=zone)
        self._number = 0

    def others(self, starts_at: datetime, ends_at: datetime, **how: Any) -> str:
        body: dict[str, Any] = {
            "subject": how.get("title", "Lunch"), "start": stamp(starts_at), "end": stamp(ends_at),
        }  # fmt: skip
        shown = {"transparent": "free", "tentative": "tentative", "out_of_office": "oof"}
        body |= {"showAs": next((word for name, word in shown.items() if how.get(name)), "busy")}
        body |= {"responseStatus": {"response": "declined"}} if how.get("declined") else {}
        body |= {"rrule": how["rrule"]} if how.get("rrule") else {}
        return self._keep(body)

    def _keep(self, body: dict[str, Any]) -> str:
        self._number += 1
        self.server.keep(self.calendar_id, f"theirs{self._number}", body)
        return f"theirs{self._number}"

    def whole_day(self, day: str, until: str) -> str:
        start, end = ({"dateTime": f"{each}T00:00:00.0000000", "timeZone": "UTC"} for each in (day, until))
        return self._keep({"start": start, "end": end, "isAllDay": True, "originalStartTimeZone": WINDOWS})

    def move_occurrence(self, event_id: str, was: datetime, to: datetime | None) -> None:
        self.server.events[event_id].setdefault("moved", {})[was] = to

    def edit(self, event_id: str, starts_at: datetime, ends_at: datetime) -> None:
        before = self.server.events[event_id]
        self.server.keep(self.calendar_id, event_id, before | {"start": stamp(starts_at), "end": stamp(ends_at)})

    def delete(self, event_id: str) -> None:
        self.server.delete(event_id)

    def answer(self, event_id: str, address: str) -> None:
        before = self.server.events[event_id]
        guests = [
            each | {"status": {"response": "accepted"}} if each["emailAddress"]["address"].lower() == address else each
            for each in before["attendees"]
        ]
        self.server.keep(self.calendar_id, event_id, before | {"attendees": guests})

    def forget_cursors(self) -> None:
        self.server.forget_cursors()

    def standing(self) -> Mapping[str, tuple[datetime, datetime]]:
        return {
            name: instants(event)
            for name, event in self.server.events.items()
            if event["calendar"] == self.calendar_id
        }  # fmt: skip

    def break_busy(self) -> None:
        self.server.fails_view = True

    def error(self, status: int) -> httpx2.Response:
        return graph_fault(status, "asItIs")

    def close(self) -> None:
        assert not self.vendor.violations, self.vendor.violations[:3]


class _Through(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport, fails: Failures) -> None:
        self._handle = fails.around(inner.handle_request, lambda request: request.method in ("PUT", "DELETE"))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        given = self._handle(request)
        if isinstance(given, Exception):
            raise given
        return given


class CalDavBench:
    """A real Radicale; each bench has a calendar of its own there."""

    def __init__(self, server: Radicale) -> None:
        self.server = server
        self.calendar_id = server.make(f"c{next(_NUMBERS)}")
        self.nowhere = f"{self.calendar_id.rstrip('/')}-not/"
        self.fails = Failures()
        self._slept: list[float] = []
        http = httpx2.Client(transport=_Through(GuardedDav(allow_private=True, max_seconds=300), self.fails))
        wire = Wire(http, VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC)), sleep=self._slept.append)
        self.account = CalDavCalendar(CalDavLogin(server.url, USER, PASSWORD), wire)
        self._client = server.client()  # the person's other program
        self._number = 0

    def others(self, starts_at: datetime, ends_at: datetime, **how: Any) -> str:
        event = Event()
        zone = ZoneInfo("Europe/Berlin")
        event.add("dtstart", starts_at.astimezone(zone))
        event.add("dtend", ends_at.astimezone(zone))
        event.add("summary", how.get("title", "Lunch"))
        if how.get("transparent"):
            event.add("transp", "TRANSPARENT")
        if how.get("tentative"):
            event.add("status", "TENTATIVE")
        if how.get("out_of_office"):
            event.add("x-microsoft-cdo-busystatus", "OOF")
        if how.get("declined"):
            own = vCalAddress(f"mailto:{USER}")
            own.params["PARTSTAT"] = "DECLINED"
            event.add("attendee", own, encode=False)
        if how.get("rrule"):
            event.add("rrule", dict(part.split("=") for part in how["rrule"].split(";")))
        return self._keep(event)

    def whole_day(self, day: str, until: str) -> str:
        event = Event()
        event.add("dtstart", datetime.fromisoformat(day).date())
        event.add("dtend", datetime.fromisoformat(until).date())
        return self._keep(event)

    def _keep(self, event: Event) -> str:
        self._number += 1
        name = f"theirs-{self._number}"
        event.add("uid", f"{name}-{self.calendar_id[-12:]}@client.example")
        event.add("dtstamp", datetime(2026, 6, 1, tzinfo=UTC))
        calendar = Calendar()
        calendar.add("prodid", "-//client//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
        calendar.add_missing_timezones()
        self._store(name, calendar)
        return name

    def _store(self, name: str, calendar: Calendar) -> None:
        answer = self._client.put(
            f"{self.calendar_id}{name}.ics", content=calendar.to_ical(), headers={"content-type": "text/calendar"}
        )
        assert answer.status_code in (201, 204), (answer.status_code, answer.text)

    def _stored(self, name: str) -> Calendar:
        found = Calendar.from_ical(self._client.get(f"{self.calendar_id}{name}.ics").text)
        assert isinstance(found, Calendar)
        return found

    def move_occurrence(self, event_id: str, was: datetime, to: datetime | None) -> None:
        calendar = self._stored(event_id)
        event = calendar.walk("VEVENT")[0]
        local = was.astimezone(BERLIN)
        if to is None:
            event.add("exdate", local)
        else:
            moved = Event()
            moved.add("uid", str(event["UID"]))
            moved.add("dtstamp", datetime(2026, 6, 1, tzinfo=UTC))
            moved.add("recurrence-id", local)
            moved.add("dtstart", to.astimezone(BERLIN))
            moved.add("dtend", to.astimezone(BERLIN) + (event["DTEND"].dt - event["DTSTART"].dt))
            calendar.add_component(moved)
        self._store(event_id, calendar)

    def edit(self, event_id: str, starts_at: datetime, ends_at: datetime) -> None:
        calendar = self._stored(event_id)
        event = calendar.walk("VEVENT")[0]
        for name in ("DTSTART", "DTEND", "SEQUENCE"):
            event.pop(name, None)
        event.add("dtstart", starts_at.astimezone(UTC))
        event.add("dtend", ends_at.astimezone(UTC))
        event.add("sequence", 1)
        self._store(event_id, calendar)

    def delete(self, event_id: str) -> None:
        assert self._client.delete(f"{self.calendar_id}{event_id}.ics").status_code in (200, 204)

    def answer(self, event_id: str, address: str) -> None:
        calendar = self._stored(event_id)
        for guest in calendar.walk("VEVENT")[0]["ATTENDEE"]:
            if guest.lower() == f"mailto:{address}":
                guest.params["PARTSTAT"] = "ACCEPTED"
        self._store(event_id, calendar)

    def forget_cursors(self) -> None:
        self.server.forget_tokens()

    def standing(self) -> Mapping[str, tuple[datetime, datetime]]:
        listed = self._client.request("PROPFIND", self.calendar_id, headers={"depth": "1"}).text
        names = set(re.findall(r"/([^/<>]+)\.ics</href>", listed))
        found = {}
        for name in names:
            event = self._stored(name).walk("VEVENT")[0]
            found[name] = (event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC))
        return found

    def break_busy(self) -> None:
        assert self._client.delete(self.calendar_id).status_code in (200, 204)

    def error(self, status: int) -> httpx2.Response:
        return httpx2.Response(status, text="As it is said.")

    def close(self) -> None:
        self._client.close()
