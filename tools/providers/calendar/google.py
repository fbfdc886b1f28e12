"""Google Calendar as one person's account. https://developers.google.com/workspace/calendar/api/guides/overview

Two sources say what is taken: the free/busy query is Google's own word, also of calendars of which nothing else may be
read, but does not say which event it is; the list of events does. A time is free where neither takes it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field

from core.errors import FixConfiguration, NotFound, SalesOSError
from tools.ports.calendar import (
    AlreadyTells,
    BusySpan,
    CalendarEvent,
    CalendarInfo,
    EventChanges,
    EventDraft,
    EventOutcome,
    EventResult,
    PushChannel,
    Unanswered,
)
from tools.ports.unknown import Gap, Unknown
from tools.providers.calendar.effects import Answer, SignedCalls, call_once, not_done, not_telling, refusal
from tools.providers.calendar.google_events import Event, EventPage, as_body, as_event, taken
from tools.providers.calendar.shape import CHANGED, GONE, OTHER, settled, stands_as
from tools.providers.calendar.spans import besides
from tools.providers.calendar.zones import clock as clock_of
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Unreadable, unknown_of
from tools.providers.vendor.google_calendar import BASE_URL, LABEL, Gone, connect, is_limit, pace_of
from tools.providers.vendor.google_mail import reasons_of

_PAGE: Final = 2_500  # the most that Google gives
_MOST_PAGES: Final = 200
_CALENDARS_A_CALL: Final = 50  # calendarExpansionMax
_WINDOW: Final = timedelta(
    days=60
)  # of one free/busy query; how long it may be is not published, some months are refused
_CHANNEL: Final = timedelta(days=7)  # of a channel; Google gives as much where nothing is asked for
_NOT_UNIQUE: Final = "channelIdNotUnique"
_WRITERS: Final = frozenset({"owner", "writer"})


class _Listed(BaseModel):
    id: str = Field(min_length=1)
    summary: str = ""
    summary_override: str = Field(default="", alias="summaryOverride")
    time_zone: str = Field(default="", alias="timeZone")
    access_role: str = Field(default="none", alias="accessRole")
    primary: bool = False


class _Calendars(BaseModel):
    items: list[_Listed] = []
    next_page_token: str | None = Field(default=None, alias="nextPageToken")


class _Span(BaseModel):
    start: AwareDatetime
    end: AwareDatetime


class _FreeBusy(BaseModel):
    busy: list[_Span] = []
    errors: list[dict[str, Any]] = []


class _FreeBusyAnswer(BaseModel):
    calendars: dict[str, _FreeBusy]


class _Channel(BaseModel):
    id: str
    resource_id: str = Field(alias="resourceId")
    expiration: int = Field(gt=0, lt=32_503_680_000_000)  # milliseconds of the epoch, written as a string


class GoogleCalendar:
    """Thread-safe. `tokens` need the scopes calendar.events, calendar.calendarlist.readonly and calendar.freebusy.
    `zone`: its owner's clock, for whole days where Google does not say."""

    name = "google"

    def __init__(self, tokens: AccessTokens, wire: Wire, *, zone: str = "") -> None:
        pace = pace_of(wire)
        self._api = connect(tokens, wire, pace)
        self._effect = SignedCalls(tokens, call_once(wire.http, pace))
        self._wire = wire
        self._zone = zone
        self._zones: dict[str, str] = {}

    def calendars(self) -> Sequence[CalendarInfo] | Unknown:
        try:
            found = [each for each in self._listed() if each.access_role != "none"]
        except SalesOSError as error:
            return unknown_of(error)
        self._zones.update({each.id: each.time_zone for each in found})
        return [
            CalendarInfo(
                each.id,
                each.summary_override or each.summary,
                each.time_zone,
                each.access_role in _WRITERS,
                each.primary,
            )
            for each in found
        ]

    def _listed(self) -> Iterator[_Listed]:
        page_token: str | None = None
        for _ in range(_MOST_PAGES):
            query = {"maxResults": 250, "pageToken": page_token}
            page = self._api.get("/users/me/calendarList", query).read(_Calendars)
            yield from page.items
            page_token = page.next_page_token
            if not page_token:
                return
        raise Unreadable(f"{LABEL} lists calendars without end.")

    # ---- what is taken

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan] | Unknown:
        wanted = list(dict.fromkeys(calendar_ids))
        try:
            stated = self._free_busy(wanted, since, until)
            if isinstance(stated, Unknown):
                return stated
            known = [span for calendar_id in wanted for span in self._taken(calendar_id, since, until)]
        except SalesOSError as error:
            return unknown_of(error)
        return sorted([*known, *besides(stated, known)], key=lambda span: (span.starts_at, span.ends_at))

    def _free_busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> list[BusySpan] | Unknown:
        spans: list[BusySpan] = []
        for first in range(0, len(calendar_ids), _CALENDARS_A_CALL):
            batch = calendar_ids[first : first + _CALENDARS_A_CALL]
            at = since
            while at < until:
                to = min(at + _WINDOW, until)
                question = {
                    "timeMin": _text(at),
                    "timeMax": _text(to),
                    "timeZone": "UTC",
                    "calendarExpansionMax": _CALENDARS_A_CALL,
                    "items": [{"id": each} for each in batch],
                }
                answer = self._api.post("/freeBusy", json=question).read(_FreeBusyAnswer).calendars
                for calendar_id in batch:
                    found = answer.get(calendar_id)
                    if found is None or found.errors:
                        return _no_free_busy(found)
                    spans += [BusySpan(span.start.astimezone(UTC), span.end.astimezone(UTC)) for span in found.busy]
                at = to
        return spans

    def _taken(self, calendar_id: str, since: datetime, until: datetime) -> list[BusySpan]:
        query = {"timeMin": _text(since), "timeMax": _text(until), "singleEvents": "true", "maxResults": _PAGE}
        found: list[BusySpan] = []
        try:
            for page in self._pages(calendar_id, query):
                zone = clock_of(page.time_zone, self._zone)
                found += [span for event in page.items if (span := taken(event, zone)) is not None]
        except (NotFound, FixConfiguration):
            # Of a calendar that is shared as free or busy only, the query above says all there is to know; of a grant
            # that is dead it said so.
            return []
        return [span for span in found if span.starts_at < until and span.ends_at > since]

    def _pages(self, calendar_id: str, query: dict[str, Any]) -> Iterator[EventPage]:
        page_token: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._api.get(_events(calendar_id), {**query, "pageToken": page_token}).read(EventPage)
            yield page
            page_token = page.next_page_token
            if not page_token:
                return
        raise Unreadable(f"{LABEL} lists events without end.")

    # ---- one event

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | Unknown | None:
        try:
            found = self._found(calendar_id, event_key)
        except SalesOSError as error:
            return unknown_of(error)
        return None if found is None else found[1]

    def _found(self, calendar_id: str, event_key: str) -> tuple[dict[str, Any], CalendarEvent, str] | None:
        """As Google has it, in our words, and the version it bears; None where it is not there. Raises SalesOSError."""
        try:
            reply = self._api.get(f"{_events(calendar_id)}/{quote(event_key, safe='')}")
        except (NotFound, Gone):
            return None
        event = reply.read(Event)
        if event.cancelled:
            return None
        return reply.body, as_event(event, self._clock_of(calendar_id, event)), event.version

    def _clock_of(self, calendar_id: str, event: Event) -> ZoneInfo:
        """Asked for where a whole day needs it: our events are none until somebody makes one of them."""
        if event.is_whole_day and calendar_id not in self._zones:
            listed = self._api.get(f"/users/me/calendarList/{quote(calendar_id, safe='')}").read(_Listed)
            self._zones[calendar_id] = listed.time_zone
        return clock_of(self._zones.get(calendar_id), self._zone)

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        if etag:
            return self._change(calendar_id, event, etag)
        answer = self._effect("POST", self._url(calendar_id, "", event), as_body(event))
        if isinstance(answer, Answer) and answer.status == 409:  # by now, or since long: ours, or one that was deleted
            return self._settled(calendar_id, event, OTHER)
        return self._done(calendar_id, answer)

    def _change(self, calendar_id: str, draft: EventDraft, etag: str) -> EventResult:
        try:
            found = self._found(calendar_id, draft.event_key)
        except SalesOSError as error:
            return not_done(error)
        if found is None:
            return EventResult(EventOutcome.CLASH, GONE)
        before, event, version = found
        if stands_as(draft, event, version):
            return EventResult(EventOutcome.DONE, event=event)
        if event.etag != etag:
            return EventResult(EventOutcome.CLASH, CHANGED)
        url = self._url(calendar_id, f"/{quote(draft.event_key, safe='')}", draft)
        answer = self._effect("PATCH", url, as_body(draft, before), {"if-match": etag})
        if isinstance(answer, Answer) and answer.status in (404, 409, 410, 412):
            return self._settled(calendar_id, draft, CHANGED)
        return self._done(calendar_id, answer)

    def _settled(self, calendar_id: str, draft: EventDraft, otherwise: str) -> EventResult:
        try:
            found = self._found(calendar_id, draft.event_key)
        except SalesOSError as error:
            return EventResult(EventOutcome.UNKNOWN, f"It could not be read again: {error}")
        _, event, version = found or ({}, None, "")
        return settled(draft, event, version, otherwise=otherwise)

    def _done(self, calendar_id: str, answer: Answer | EventResult) -> EventResult:
        if isinstance(answer, EventResult):
            return answer
        if answer.status not in (200, 201):
            return self._refusal(answer)
        try:
            event = Event.model_validate(answer.body)
            return EventResult(EventOutcome.DONE, event=as_event(event, self._clock_of(calendar_id, event)))
        except (ValueError, SalesOSError):
            return EventResult(
                EventOutcome.UNKNOWN, f"{LABEL} took it and answered in another shape than it describes."
            )

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        if etag:
            there = self.read(calendar_id, event_key)
            if isinstance(there, Unknown):
                outcome = EventOutcome.DEFERRED if there.gap is Gap.DOWN else EventOutcome.REFUSED
                return EventResult(outcome, there.reason)
            if there is None:
                return EventResult(EventOutcome.DONE)
            if there.etag != etag:
                return EventResult(EventOutcome.CLASH, CHANGED)
        url = f"{BASE_URL}{_events(calendar_id)}/{quote(event_key, safe='')}?sendUpdates={_tells(notify_guests)}"
        answer = self._effect("DELETE", url, None, {"if-match": etag} if etag else None)
        if isinstance(answer, EventResult):
            return answer
        if answer.status in (200, 204, 404, 410):
            return EventResult(EventOutcome.DONE)
        if answer.status == 412:
            return EventResult(EventOutcome.CLASH, CHANGED)
        return self._refusal(answer)

    def _refusal(self, answer: Answer) -> EventResult:
        return refusal(LABEL, answer, self._wire.clock, limited=is_limit(answer.status, answer.body))

    def _url(self, calendar_id: str, rest: str, draft: EventDraft) -> str:
        # Version 1 also leaves a room alone that the body does not name.
        query = urlencode({"conferenceDataVersion": 1, "sendUpdates": _tells(draft.notify_guests)})
        return f"{BASE_URL}{_events(calendar_id)}{rest}?{query}"

    # ---- what changed

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges | Unknown:
        """A series is one event here, at its first occurrence, and each changed occurrence another."""
        try:
            if cursor:
                try:
                    return self._changes(calendar_id, {"syncToken": cursor}, whole=False)
                except Gone:
                    pass
            return self._changes(calendar_id, {"timeMin": _text(since)}, whole=True)
        except SalesOSError as error:
            return unknown_of(error)

    def _changes(self, calendar_id: str, query: dict[str, Any], *, whole: bool) -> EventChanges:
        found: dict[str, CalendarEvent] = {}
        cursor = ""
        for page in self._pages(calendar_id, {**query, "maxResults": _PAGE}):
            zone = clock_of(page.time_zone, self._zone)
            for event in page.items:
                found.pop(event.id, None)  # the last word counts, at its place
                found[event.id] = as_event(event, zone)
            cursor = page.next_sync_token or ""
        if not cursor:
            raise Unreadable(f"{LABEL} names no place to read on from.")
        events = tuple(event for event in found.values() if not (whole and event.cancelled))
        return EventChanges(events, cursor, whole)

    # ---- telling of changes

    prolongs = False  # "there is no automatic way to renew": another channel takes over
    confirms = False  # Google answers before it posts its first message, "sync"

    def watch(self, calendar_id: str, channel_id: str, address: str, word: str, *, again: bool = False) -> PushChannel:
        """`again` needs no look: an id that is there already is refused."""
        ends = self._wire.clock.now() + _CHANNEL
        wanted = {
            "id": channel_id,
            "type": "web_hook",
            "address": address,
            "token": word,
            "expiration": str(int(ends.timestamp() * 1_000)),
        }
        answer = self._effect("POST", f"{BASE_URL}{_events(calendar_id)}/watch", wanted)
        if isinstance(answer, Answer) and answer.status == 200:
            try:
                made = _Channel.model_validate(answer.body)
            except ValueError:
                raise Unanswered(f"{LABEL} answers in another shape than it describes.") from None
            return PushChannel(made.id, made.resource_id, datetime.fromtimestamp(made.expiration / 1_000, UTC))
        if isinstance(answer, Answer) and answer.status == 400 and _NOT_UNIQUE in reasons_of(answer.body):
            raise AlreadyTells(f"{LABEL} has this channel already.")
        raise not_telling(LABEL, answer if isinstance(answer, EventResult) else self._refusal(answer))

    def prolong(self, channel: PushChannel) -> PushChannel | None:
        """Google prolongs none."""
        return None

    def unwatch(self, channel: PushChannel) -> bool:
        body = {"id": channel.channel_id, "resourceId": channel.resource_id}
        answer = self._effect("POST", f"{BASE_URL}/channels/stop", body)
        return isinstance(answer, Answer) and answer.status in (200, 204, 404)

    def close(self) -> None:
        """The client is the caller's."""


def _events(calendar_id: str) -> str:
    return f"/calendars/{quote(calendar_id, safe='')}/events"


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _tells(notify_guests: bool) -> str:
    return "all" if notify_guests else "none"


def _no_free_busy(found: _FreeBusy | None) -> Unknown:
    reasons = ", ".join(sorted({str(each.get("reason", ""))[:40] for each in found.errors})) if found else ""
    refused = "notFound" in reasons or found is None
    return Unknown(
        f"{LABEL} does not say when one of the calendars is busy{f' ({reasons})' if reasons else ''}.",
        Gap.REFUSED if refused else Gap.DOWN,
    )
