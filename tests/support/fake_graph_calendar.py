"""Microsoft's calendars as far as a client can tell: a transactionId is spent for ever, etags hold, delta links grow
old, whole days are midnight wherever one looks from, series come as occurrences, and attendees are always told.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

import httpx2
from dateutil.rrule import rrulestr

from tests.support.vendors import Answer, answer

BASE = "https://graph.microsoft.com/v1.0"
ZONE = ZoneInfo("Europe/Berlin")
WINDOWS = "W. Europe Standard Time"


def fault(status: int, code: str) -> httpx2.Response:
    return answer({"error": {"code": code, "message": "As it is said."}}, status)


def stamp(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


@dataclass
class FakeGraph:
    calendars: tuple[str, ...] = ("AQMk-main=", "AQMk-other=")
    page: int = 3
    known_from: int = 0
    fails_view: bool = False
    told: list[tuple[str, str]] = field(default_factory=list)  # (what, address)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscribed: int = 0
    # (address, JSON) → status, content type, text; None: our address is not asked
    deliver: Callable[[str, Any], tuple[int, str, str]] | None = None
    events: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # by id; "calendar", "rrule", "moved" are the fake's
    gone: dict[str, tuple[str, int]] = field(default_factory=dict)  # id → (calendar, change)
    spent: dict[str, tuple[str, str]] = field(default_factory=dict)  # transactionId → (id, content)
    last: int = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        prefer = request.headers.get("prefer", "")
        assert 'IdType="ImmutableId"' in prefer
        assert 'outlook.timezone="UTC"' in prefer
        parts = [unquote(part) for part in request.url.raw_path.decode().partition("?")[0].split("/")[2:]]
        body = json.loads(request.content) if request.content else {}
        asked = request.url.params
        match (request.method, *parts):
            case ("GET", "me", "calendars"):
                listed = [
                    {"id": each, "name": "Calendar", "canEdit": True, "isDefaultCalendar": each == self.calendars[0]}
                    for each in self.calendars
                ]
                return answer({"value": listed})
            case (_, "me", "calendars", calendar, *_) if calendar not in self.calendars:
                return fault(404, "ErrorItemNotFound")
            case ("GET", "me", "calendars", calendar, "calendarView"):
                return self._view(calendar, asked) if not self.fails_view else fault(403, "ErrorAccessDenied")
            case ("GET", "me", "calendars", calendar, "calendarView", "delta"):
                return self._delta(calendar, asked)
            case ("GET", "me", "calendars", calendar, "events"):
                return self._search(calendar, asked)
            case ("POST", "me", "calendars", calendar, "events"):
                return self._make(calendar, body)
            case (method, "me", "events", event_id):
                return self._one(method, event_id, body, request)
            case ("POST", "subscriptions"):
                return self._subscribe(body)
            case ("GET", "subscriptions"):
                return answer({"value": list(self.subscriptions.values())})
            case (method, "subscriptions", name) if name in self.subscriptions:
                if method == "DELETE":
                    self.subscriptions.pop(name)
                    return httpx2.Response(204)
                self.subscriptions[name] |= body
                return answer(self.subscriptions[name])
        return fault(404, "ResourceNotFound")

    # ---- what happens there without us

    def keep(self, calendar: str, event_id: str, body: dict[str, Any]) -> dict[str, Any]:
        self.last += 1
        before = {
            "iCalUId": f"0400{event_id}",
            "showAs": "busy",
            "isAllDay": False,
            "isCancelled": False,
            "attendees": [],
        }
        made = {
            **before, **body, "id": event_id, "calendar": calendar, "@odata.etag": f'W/"{self.last}"',
            "lastModifiedDateTime": "2026-06-02T14:00:00Z", "change": self.last,
        }  # fmt: skip
        self.events[event_id] = made
        return made

    def delete(self, event_id: str) -> None:
        self.last += 1
        self.gone[event_id] = (self.events.pop(event_id)["calendar"], self.last)

    def forget_cursors(self) -> None:
        self.last += 1
        self.known_from = self.last

    # ---- inside

    def _subscribe(self, body: dict[str, Any]) -> Answer:
        """As Microsoft: the address is asked before the answer."""
        assert len(body["clientState"]) <= 128
        if self.deliver is not None:
            said = "Validation: Testing & <b>é</b>"
            status, kind, text = self.deliver(f"{body['notificationUrl']}?validationToken={quote(said)}", None)
            if (status, kind.partition(";")[0], text) != (200, "text/plain", said):
                return fault(400, "InvalidRequest")
        self.subscribed += 1
        name = f"7f10{self.subscribed:04}-0000-4000-8000-000000000000"
        self.subscriptions[name] = body | {"id": name}
        return answer(self.subscriptions[name], 201)

    def notify(self, calendar: str, **more: Any) -> list[int]:
        """Posts to the subscriptions of a calendar, as Microsoft does: what each was answered."""
        found = []
        for held in list(self.subscriptions.values()):
            if self.deliver is None or held["resource"] != f"me/calendars/{quote(calendar, safe='')}/events":
                continue
            notice = {
                "subscriptionId": held["id"],
                "subscriptionExpirationDateTime": held["expirationDateTime"],
                "clientState": held["clientState"],
                "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
                "changeType": "updated",
                "resource": "Users/u/Events/AAMk",
                "resourceData": {"id": "AAMk"},
            } | more
            found.append(self.deliver(held["notificationUrl"], {"value": [notice]})[0])
        return found

    def _shown(self, event: dict[str, Any], version: str = "") -> dict[str, Any]:
        own = {
            name: value for name, value in event.items() if name not in ("calendar", "change", "rrule", "moved", "ours")
        }
        if version:
            # With the GUID in Exchange's capitals.
            name = re.sub(r"\{.*\}", lambda found: found.group().upper(), version)
            value = event.get("ours", {}).get(version)
            own["singleValueExtendedProperties"] = [{"id": name, "value": value}] if value else []
        return own

    def _search(self, calendar: str, asked: httpx2.QueryParams) -> Answer:
        wanted = re.fullmatch(
            r"singleValueExtendedProperties/any\(ep:ep/id eq '([^']+)' and ep/value eq '([^']+)'\)", asked["$filter"]
        )
        assert wanted is not None
        version = re.fullmatch(r"singleValueExtendedProperties\(\$filter=id eq '([^']+)'\)", asked["$expand"])
        assert version is not None
        found = [
            self._shown(event, version.group(1))
            for event in self.events.values()
            if event["calendar"] == calendar and event.get("ours", {}).get(wanted.group(1)) == wanted.group(2)
        ]
        return answer({"value": found})

    def _make(self, calendar: str, body: dict[str, Any]) -> Answer:
        content = json.dumps(body, sort_keys=True)
        transaction = body["transactionId"]
        if transaction in self.spent:
            event_id, before = self.spent[transaction]
            if before != content or event_id not in self.events:
                return fault(409, "ErrorDuplicateTransactionId")
            return answer(self._shown(self.events[event_id]), 201)
        event_id = f"AAkALg{len(self.spent):03}=="
        self.spent[transaction] = (event_id, content)
        self.told += [("invited", each["emailAddress"]["address"]) for each in body.get("attendees", [])]
        return answer(self._shown(self.keep(calendar, event_id, self._written(body, {}))), 201)

    def _written(self, body: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        made = {**before, **body}
        properties = {each["id"]: each["value"] for each in body.get("singleValueExtendedProperties", [])}
        made["ours"] = {**before.get("ours", {}), **properties}
        made.pop("singleValueExtendedProperties", None)
        if "attendees" in body:
            answers = {each["emailAddress"]["address"].lower(): each["status"] for each in before.get("attendees", [])}
            none = {"response": "none", "time": "0001-01-01T00:00:00Z"}
            made["attendees"] = [
                each | {"status": answers.get(each["emailAddress"]["address"].lower(), none)}
                for each in body["attendees"]
            ]
        if body.get("isOnlineMeeting"):
            made["onlineMeeting"] = {
                "joinUrl": "https://teams.microsoft.com/l/meetup-join/1",
                "conferenceId": "77",
                "tollNumber": "+49 30 2",
            }
        elif before.get("isOnlineMeeting") and "body" in body:
            made |= {"isOnlineMeeting": False, "onlineMeeting": None}  # its text held the meeting
        return made

    def _one(self, method: str, event_id: str, body: dict[str, Any], request: httpx2.Request) -> Answer:
        stands = self.events.get(event_id)
        if stands is None:
            return fault(404, "ErrorItemNotFound")
        if request.headers.get("if-match", stands["@odata.etag"]) != stands["@odata.etag"]:
            return fault(412, "ErrorIrresolvableConflict")
        if method == "DELETE":
            self.told += [("uninvited", each["emailAddress"]["address"]) for each in stands["attendees"]]
            self.delete(event_id)
            return httpx2.Response(204)
        assert "transactionId" not in body
        return answer(self._shown(self.keep(stands["calendar"], event_id, self._written(body, stands))))

    def _occurrences(self, calendar: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        found = []
        for event in self.events.values():
            if event["calendar"] != calendar:
                continue
            start, end = instants(event)
            if "rrule" not in event:
                found.append((start, end, event))
                continue
            rule = rrulestr(event["rrule"], dtstart=start.astimezone(ZONE).replace(tzinfo=None))
            for local in rule:
                at = local.replace(tzinfo=ZONE).astimezone(UTC)
                to = event.get("moved", {}).get(at, at)
                if to is not None:
                    times = {"start": stamp(to), "end": stamp(to + (end - start)), "id": f"{event['id']}{at:%m%d}"}
                    found.append((to, to + (end - start), {**event, **times}))
        return [self._shown(event) for start, end, event in found if start < until and end > since]

    def _view(self, calendar: str, asked: httpx2.QueryParams) -> Answer:
        since, until = (datetime.fromisoformat(asked[name]) for name in ("startDateTime", "endDateTime"))
        listed = self._occurrences(calendar, since, until)
        first = int(asked.get("$skip", "0"))
        page: dict[str, Any] = {"value": listed[first : first + self.page]}
        if first + self.page < len(listed):
            query = (
                f"startDateTime={asked['startDateTime']}&endDateTime={asked['endDateTime']}&$skip={first + self.page}"
            )
            page["@odata.nextLink"] = f"{BASE}/me/calendars/{calendar}/calendarView?{query}"
        return answer(page)

    def _delta(self, calendar: str, asked: httpx2.QueryParams) -> Answer:
        assert not {"$filter", "$orderby", "$search", "$expand", "$select"} & set(asked)
        first, low = 0, -1
        if "$skiptoken" in asked:
            first, low = (int(part) for part in asked["$skiptoken"].split("_"))
        elif "$deltatoken" in asked:
            low = int(asked["$deltatoken"])
            if low < self.known_from:
                return fault(410, "SyncStateNotFound")
        listed: list[dict[str, Any]] = [
            self._shown(event)
            for event in self.events.values()
            if event["calendar"] == calendar and event["change"] > low
        ]
        if low >= 0:
            listed += [
                {"id": name, "@removed": {"reason": "deleted"}}
                for name, (was_in, change) in self.gone.items()
                if was_in == calendar and change > low
            ]
        link = f"{BASE}/me/calendars/{calendar}/calendarView/delta"
        page: dict[str, Any] = {"value": listed[first : first + self.page]}
        if first + self.page < len(listed):
            return answer({**page, "@odata.nextLink": f"{link}?$skiptoken={first + self.page}_{low}"})
        return answer({**page, "@odata.deltaLink": f"{link}?$deltatoken={self.last}"})


def instants(event: dict[str, Any]) -> tuple[datetime, datetime]:
    def read(when: dict[str, str]) -> datetime:
        moment = datetime.fromisoformat(when["dateTime"][:19])
        if event.get("isAllDay"):
            return datetime.combine(moment.date(), time.min, ZONE).astimezone(UTC)
        return moment.replace(tzinfo=UTC)

    return read(event["start"]), read(event["end"])
