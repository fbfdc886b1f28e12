"""Google Calendar as far as a client can tell: ids are spent for ever, etags hold, sync tokens grow old, series are
expanded where that is asked for. Answers are held against Google's description by the FakeVendor that this handles for.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httpx2
from dateutil.rrule import rrulestr

from tests.support.vendors import Answer, answer

ZONE = ZoneInfo("Europe/Berlin")
UPDATED = "2026-06-02T14:00:00.000Z"


def fault(status: int, reason: str, said: str = "As it is said.") -> httpx2.Response:
    errors = [{"domain": "global", "reason": reason, "message": said}]
    return answer({"error": {"code": status, "message": said, "errors": errors}}, status)


@dataclass
class FakeGoogle:
    roles: dict[str, str] = field(
        default_factory=lambda: {"ada@example.com": "owner", "team@example.com": "freeBusyReader"}
    )
    page: int = 3
    known_from: int = 0
    no_free_busy: dict[str, str] = field(default_factory=dict)  # calendar → reason
    told: list[tuple[str, str]] = field(default_factory=list)  # (method, sendUpdates)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    spent_channels: set[str] = field(default_factory=set)
    deliver: Callable[[str, dict[str, str]], int] | None = None  # (address, headers) → status; None: we are not reached
    pending_rooms: bool = False
    events: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    changed: dict[tuple[str, str], int] = field(default_factory=dict)
    last: int = 0

    def __call__(self, request: httpx2.Request) -> Answer:
        parts = [unquote(part) for part in request.url.raw_path.decode().partition("?")[0].split("/")[3:]]
        body = json.loads(request.content) if request.content else {}
        match (request.method, *parts):
            case ("GET", "users", "me", "calendarList"):
                return answer({"kind": "calendar#calendarList", "items": [self._listed(each) for each in self.roles]})
            case ("GET", "users", "me", "calendarList", calendar):
                return answer(self._listed(calendar)) if calendar in self.roles else fault(404, "notFound")
            case ("POST", "freeBusy"):
                return self._free_busy(body)
            case ("POST", "channels", "stop"):
                return self._stop(body)
            case (_, "calendars", calendar, "events", *_) if calendar not in self.roles:
                return fault(404, "notFound")
            case ("POST", "calendars", calendar, "events", "watch"):
                return self._watch(calendar, body)
            case ("GET", "calendars", calendar, "events"):
                return self._list(calendar, request.url.params)
            case ("POST", "calendars", calendar, "events"):
                return self._insert(calendar, body, request)
            case (method, "calendars", calendar, "events", event_id):
                return self._one(method, calendar, event_id, body, request)
        return fault(404, "notFound")

    # ---- what happens there without us

    def keep(self, calendar: str, event_id: str, body: dict[str, Any]) -> dict[str, Any]:
        self.last += 1
        made = {
            **{"status": "confirmed", "iCalUID": f"{event_id}@google.com", "eventType": "default", "sequence": 0},
            **body,
            **{"id": event_id, "kind": "calendar#event", "etag": f'"{self.last}"', "updated": UPDATED},
        }
        self.events[calendar, event_id] = made
        self.changed[calendar, event_id] = self.last
        return made

    def change(self, calendar: str, event_id: str, **changes: Any) -> None:
        before = self.events[calendar, event_id]
        self.keep(calendar, event_id, {**before, "sequence": before["sequence"] + 1, **changes})

    def delete(self, calendar: str, event_id: str) -> None:
        self.keep(calendar, event_id, {"status": "cancelled"})
        self.events[calendar, event_id].pop("iCalUID")

    def forget_cursors(self) -> None:
        self.last += 1
        self.known_from = self.last

    # ---- inside

    def _watch(self, calendar: str, body: dict[str, Any]) -> Answer:
        """As Google: an id is spent once it was used, and the first message may come before the answer."""
        if not body["address"].startswith("https://"):
            return fault(400, "push.webhookUrlNotHttps")
        if body["id"] in self.spent_channels:
            return fault(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        self.spent_channels.add(body["id"])
        self.channels[body["id"]] = {**body, "calendar": calendar, "resourceId": f"r-{calendar}", "number": 0}
        self.notify(calendar, "sync", body["id"])
        channel = {"kind": "api#channel", "id": body["id"], "resourceId": f"r-{calendar}"}
        return answer(channel | {"expiration": body["expiration"]})

    def _stop(self, body: dict[str, Any]) -> Answer:
        held = self.channels.get(body["id"])
        if held is None or held["resourceId"] != body["resourceId"]:
            return fault(404, "notFound", f"Channel '{body['id']}' not found for project '1'")
        del self.channels[body["id"]]
        return httpx2.Response(204)

    def notify(self, calendar: str, state: str = "exists", only: str = "") -> list[int]:
        """Posts to the channels of a calendar, as Google does: what each was answered."""
        found = []
        for held in list(self.channels.values()):
            if self.deliver is None or held["calendar"] != calendar or (only and held["id"] != only):
                continue
            held["number"] += 1
            ends = datetime.fromtimestamp(int(held["expiration"]) / 1_000, UTC)
            headers = {
                "X-Goog-Channel-ID": held["id"],
                "X-Goog-Channel-Token": held["token"],
                "X-Goog-Channel-Expiration": f"{ends:%a, %d %b %Y %H:%M:%S} GMT",
                "X-Goog-Resource-ID": held["resourceId"],
                "X-Goog-Resource-URI": f"https://www.googleapis.com/calendar/v3/calendars/{calendar}/events?alt=json",
                "X-Goog-Resource-State": state,
                "X-Goog-Message-Number": str(held["number"]),
            }
            found.append(self.deliver(held["address"], headers))
        return found

    def _listed(self, calendar: str) -> dict[str, Any]:
        primary = calendar == "ada@example.com"
        listed = {"id": calendar, "summary": calendar, "timeZone": ZONE.key, "accessRole": self.roles[calendar]}
        return listed | ({"primary": True} if primary else {})

    def _insert(self, calendar: str, body: dict[str, Any], request: httpx2.Request) -> Answer:
        if self.roles[calendar] not in ("owner", "writer"):
            return fault(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
        event_id = str(body["id"])
        if (calendar, event_id) in self.events:
            return fault(409, "duplicate", "The requested identifier already exists.")
        assert 5 <= len(event_id) <= 1024
        assert set(event_id) <= set("0123456789abcdefghijklmnopqrstuv")
        self.told.append(("POST", request.url.params["sendUpdates"]))
        return answer(self.keep(calendar, event_id, self._room(body, {}, request)))

    def _one(self, method: str, calendar: str, event_id: str, body: dict[str, Any], request: httpx2.Request) -> Answer:
        stands = self.events.get((calendar, event_id))
        if stands is None:
            return fault(404, "notFound")
        if method == "GET":
            return answer(stands)
        if stands["status"] == "cancelled":
            return fault(410, "deleted", "Resource has been deleted") if method == "DELETE" else fault(403, "forbidden")
        if request.headers.get("if-match", stands["etag"]) != stands["etag"]:
            return fault(412, "conditionNotMet", "Precondition Failed")
        self.told.append((method, request.url.params["sendUpdates"]))
        if method == "DELETE":
            self.delete(calendar, event_id)
            return httpx2.Response(204)
        if body.get("sequence", 0) < stands["sequence"]:
            return fault(400, "invalid", "Invalid sequence value.")
        return answer(self.keep(calendar, event_id, self._room({**stands, **body}, stands, request)))

    def _room(self, body: dict[str, Any], stands: dict[str, Any], request: httpx2.Request) -> dict[str, Any]:
        if "createRequest" not in body.get("conferenceData", {}):
            return body
        if request.url.params.get("conferenceDataVersion") != "1":
            return {name: value for name, value in body.items() if name != "conferenceData"}
        asked = body["conferenceData"]["createRequest"]
        room: dict[str, Any] = {"createRequest": {**asked, "status": {"statusCode": "success"}}}
        if self.pending_rooms:
            room["createRequest"]["status"] = {"statusCode": "pending"}
            return {**body, "conferenceData": room}
        url = f"https://meet.google.com/{asked['requestId'][:10]}"
        room["entryPoints"] = [
            {"entryPointType": "video", "uri": url},
            {"entryPointType": "phone", "uri": "tel:+49-30-1", "label": "+49 30 1", "pin": "123"},
        ]
        return {**body, "conferenceData": room, "hangoutLink": url}

    def _free_busy(self, body: dict[str, Any]) -> Answer:
        since, until = (datetime.fromisoformat(body[name]) for name in ("timeMin", "timeMax"))
        if until - since > timedelta(days=92):
            return fault(400, "timeRangeTooLong")
        if len(body["items"]) > 50:
            return fault(400, "tooManyCalendarsRequested")
        found: dict[str, Any] = {}
        for calendar in (each["id"] for each in body["items"]):
            reason = self.no_free_busy.get(calendar) or ("" if calendar in self.roles else "notFound")
            if reason:
                found[calendar] = {"errors": [{"domain": "global", "reason": reason}], "busy": []}
                continue
            merged: list[list[datetime]] = []
            for start, end, event in sorted(self.occurrences(calendar, since, until), key=lambda each: each[0]):
                own = next((each["responseStatus"] for each in event.get("attendees", []) if each.get("self")), "")
                if event.get("transparency") == "transparent" or own == "declined":
                    continue
                if merged and start <= merged[-1][1]:
                    merged[-1][1] = max(end, merged[-1][1])
                else:
                    merged.append([start, end])
            found[calendar] = {"busy": [{"start": _z(start), "end": _z(end)} for start, end in merged]}
        return answer({"kind": "calendar#freeBusy", "calendars": found})

    def occurrences(
        self, calendar: str, since: datetime, until: datetime
    ) -> list[tuple[datetime, datetime, dict[str, Any]]]:
        """What singleEvents gives: every occurrence that stands and touches the time."""
        found = []
        mine = [event for (kept_in, _), event in self.events.items() if kept_in == calendar]
        for event in mine:
            if event["status"] == "cancelled":
                continue
            start, end = _instants(event)
            moved = {
                datetime.fromisoformat(each["originalStartTime"]["dateTime"]).astimezone(UTC)
                for each in mine
                if each.get("recurringEventId") == event["id"]
            }
            for at in _series(event, start, until):
                if at not in moved:
                    found.append((at, at + (end - start), event))
        return [each for each in found if each[0] < until and each[1] > since]

    def _list(self, calendar: str, asked: httpx2.QueryParams) -> Answer:
        if "syncToken" in asked:
            assert not {"timeMin", "timeMax", "orderBy", "q", "updatedMin"} & set(asked)
            known = int(asked["syncToken"].partition("-")[2])
            if known < self.known_from:
                return fault(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
            listed = [
                event for (kept_in, name), event in self.events.items()
                if kept_in == calendar and self.changed[kept_in, name] > known
            ]  # fmt: skip
        elif asked.get("singleEvents") == "true":
            since, until = (datetime.fromisoformat(asked[name]) for name in ("timeMin", "timeMax"))
            listed = [
                {**event, "id": event["id"] if "recurrence" not in event else f"{event['id']}_{at:%Y%m%dT%H%M%SZ}"}
                | ({} if "date" in event["start"] else {"start": {"dateTime": _z(at)}, "end": {"dateTime": _z(end)}})
                for at, end, event in self.occurrences(calendar, since, until)
            ]
            if self.roles[calendar] == "freeBusyReader":
                return fault(403, "forbidden")
        else:
            since = datetime.fromisoformat(asked["timeMin"])
            listed = [
                event for (kept_in, _), event in self.events.items()
                if kept_in == calendar and event["status"] != "cancelled"
                and ("recurrence" in event or _instants(event)[1] > since)
            ]  # fmt: skip
        first = int(asked.get("pageToken", "0"))
        page: dict[str, Any] = {
            "kind": "calendar#events", "timeZone": ZONE.key, "items": listed[first : first + self.page],
        }  # fmt: skip
        if first + self.page < len(listed):
            return answer({**page, "nextPageToken": str(first + self.page)})
        return answer({**page, "nextSyncToken": f"sync-{self.last}"})


def _series(event: dict[str, Any], start: datetime, until: datetime) -> list[datetime]:
    if "recurrence" not in event:
        return [start]
    local = start.astimezone(ZONE)
    rule = rrulestr("\n".join(event["recurrence"]), dtstart=local.replace(tzinfo=None))
    before = until.astimezone(ZONE).replace(tzinfo=None)
    return [
        at.replace(tzinfo=ZONE).astimezone(UTC) for at in rule.between(local.replace(tzinfo=None), before, inc=True)
    ]


def _instants(event: dict[str, Any]) -> tuple[datetime, datetime]:
    def read(when: dict[str, str]) -> datetime:
        if "dateTime" in when:
            return datetime.fromisoformat(when["dateTime"]).astimezone(UTC)
        return datetime.combine(datetime.fromisoformat(when["date"]).date(), time.min, ZONE).astimezone(UTC)

    return read(event["start"]), read(event["end"])


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Handler = Callable[[httpx2.Request], Answer]
