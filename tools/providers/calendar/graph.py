"""A Microsoft 365 calendar as one person's account. https://learn.microsoft.com/graph/outlook-calendar-concept-overview

Microsoft gives no room for a key of ours in an event's id: the key is an extended property, by which the event is found
again, and the `transactionId`, by which the service itself makes no second one of the same creation.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import AwareDatetime, BaseModel, Field

from core.errors import NotFound, RetryAt, SalesOSError
from tools.ports.calendar import (
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
from tools.ports.unknown import Unknown
from tools.providers.calendar.effects import Answer, SignedCalls, call_once, not_done, not_telling, refusal
from tools.providers.calendar.graph_events import KEY, VERSION, Event, EventPage, as_body, as_event, taken
from tools.providers.calendar.shape import CHANGED, GONE, OTHER, instant, settled, stands_as
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Unreadable, unknown_of
from tools.providers.vendor.microsoft_graph import BASE_URL, LABEL, READ_LIMITS, SyncLost, code_of, connect
from tools.providers.vendor.pace import Pace

# On every call, the links of a delta too: ids that outlive a move to another folder, and instants in UTC.
_PREFER: Final = {"prefer": 'outlook.timezone="UTC", IdType="ImmutableId", odata.maxpagesize=200'}
_MOST_PAGES: Final = 500
_EDGE: Final = timedelta(days=1)  # Microsoft places whole days on a clock of its own
_AHEAD: Final = timedelta(days=400)  # what a delta follows
_ENOUGH: Final = timedelta(days=300)  # of it: with less to come, following starts anew
_CHANNEL: Final = timedelta(minutes=4_200)  # 4,230 are documented, and more is refused instead of cut
_SUBSCRIPTIONS: Final = f"{BASE_URL}/subscriptions"
_EXPANDED: Final = f"singleValueExtendedProperties($filter=id eq '{VERSION}')"
_SHOWN: Final = "id,start,end,showAs,isAllDay,isCancelled,originalStartTimeZone,responseStatus"
_PASSING: Final = frozenset(
    {"applicationthrottled", "errorserverbusy", "errormailboxstoreunavailable", "toomanyrequests"}
)


class _Listed(BaseModel):
    id: str = Field(min_length=1)
    name: str | None = None
    can_edit: bool | None = Field(default=False, alias="canEdit")
    is_default: bool | None = Field(default=False, alias="isDefaultCalendar")


class _Calendars(BaseModel):
    value: list[_Listed]
    next_link: str | None = Field(default=None, alias="@odata.nextLink")


class _Subscription(BaseModel):
    id: str = Field(min_length=1)
    until: AwareDatetime = Field(alias="expirationDateTime")


class _Held(_Subscription):
    notification_url: str | None = Field(default=None, alias="notificationUrl")


class _Subscriptions(BaseModel):
    value: list[_Held]
    next_link: str | None = Field(default=None, alias="@odata.nextLink")


class GraphCalendar:
    """Thread-safe. `tokens` need the permission Calendars.ReadWrite. `zone`: its owner's clock, for whole days that
    were made on no clock that is known."""

    name = "graph"

    def __init__(self, tokens: AccessTokens, wire: Wire, *, zone: str = "") -> None:
        self._api = connect(tokens, wire)
        pace = Pace(READ_LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)
        self._signed = SignedCalls(tokens, call_once(wire.http, pace))
        self._wire = wire
        self._zone = zone

    def calendars(self) -> Sequence[CalendarInfo] | Unknown:
        """Microsoft names the zone of the mailbox, for a right of its own, and none of a calendar."""
        try:
            found: list[CalendarInfo] = []
            link = "/me/calendars?" + _query({"$select": "id,name,canEdit,isDefaultCalendar"})
            for _ in range(_MOST_PAGES):
                page = self._api.get(_ours(link), (), _PREFER).read(_Calendars)
                found += [
                    CalendarInfo(each.id, each.name or "", "", bool(each.can_edit), bool(each.is_default))
                    for each in page.value
                ]
                if not page.next_link:
                    return found
                link = page.next_link
        except SalesOSError as error:
            return unknown_of(error)
        return Unknown(f"{LABEL} lists calendars without end.")

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan] | Unknown:
        # The view of each calendar, not getSchedule: that one knows the main calendar alone, and not which event it is.
        query = {"startDateTime": _text(since - _EDGE), "endDateTime": _text(until + _EDGE), "$select": _SHOWN}
        try:
            found = [
                span
                for calendar_id in dict.fromkeys(calendar_ids)
                for page in self._pages(f"{_calendar(calendar_id)}/calendarView?{_query(query)}")
                for event in page.value
                if (span := taken(event, self._zone, since, until)) is not None
            ]
        except SalesOSError as error:
            return unknown_of(error)
        return sorted(found, key=lambda span: (span.starts_at, span.ends_at, span.event_id))

    def _pages(self, link: str) -> Iterator[EventPage]:
        """Raises SyncLost where the link is one of a delta and too old."""
        for _ in range(_MOST_PAGES):
            page = self._api.get(_ours(link), (), _PREFER).read(EventPage)
            yield page
            if not page.next_link:
                return
            link = page.next_link
        raise Unreadable(f"{LABEL} lists events without end.")

    # ---- one event

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | Unknown | None:
        try:
            found = self._found(calendar_id, event_key)
        except SalesOSError as error:
            return unknown_of(error)
        return as_event(found, self._zone) if found is not None else None

    def _found(self, calendar_id: str, event_key: str) -> Event | None:
        """Raises SalesOSError."""
        text = event_key.replace("'", "''")
        query = {
            "$filter": f"singleValueExtendedProperties/any(ep:ep/id eq '{KEY}' and ep/value eq '{text}')",
            "$expand": _EXPANDED,
            "$top": "5",
        }
        page = self._api.get(f"{_calendar(calendar_id)}/events?{_query(query)}", (), _PREFER).read(EventPage)
        found = next((event for event in page.value if not event.is_cancelled), None)
        return found.model_copy(update={"transaction_id": event_key}) if found is not None else None

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        try:
            found = self._found(calendar_id, event.event_key)
        except SalesOSError as error:
            return not_done(error)
        if found is None:
            return EventResult(EventOutcome.CLASH, GONE) if etag else self._make(calendar_id, event)
        there = as_event(found, self._zone)
        if stands_as(event, there, found.version):
            return EventResult(EventOutcome.DONE, event=there)
        if not etag or there.etag != etag:
            return EventResult(EventOutcome.CLASH, CHANGED if etag else OTHER)
        answer = self._effect("PATCH", _event(found.id), as_body(event, found), {"if-match": etag})
        if isinstance(answer, Answer) and answer.status in (404, 409, 412):
            return self._settled(calendar_id, event, CHANGED)
        return self._done(calendar_id, event, answer)

    def _make(self, calendar_id: str, draft: EventDraft) -> EventResult:
        answer = self._effect("POST", f"{BASE_URL}{_calendar(calendar_id)}/events", as_body(draft))
        if isinstance(answer, Answer) and code_of(answer.body).lower() == "errorduplicatetransactionid":
            return self._settled(calendar_id, draft, OTHER)  # made since we looked, in another shape, or deleted
        return self._done(calendar_id, draft, answer)

    def _settled(self, calendar_id: str, draft: EventDraft, otherwise: str) -> EventResult:
        try:
            found = self._found(calendar_id, draft.event_key)
        except SalesOSError as error:
            return EventResult(EventOutcome.UNKNOWN, f"It could not be read again: {error}")
        there = as_event(found, self._zone) if found is not None else None
        return settled(draft, there, found.version if found is not None else "", otherwise=otherwise)

    def _done(self, calendar_id: str, draft: EventDraft, answer: Answer | EventResult) -> EventResult:
        if isinstance(answer, EventResult):
            return answer
        if answer.status not in (200, 201):
            return self._refusal(answer)
        try:
            event = Event.model_validate(answer.body)
        except ValueError:
            return EventResult(
                EventOutcome.UNKNOWN, f"{LABEL} took it and answered in another shape than it describes."
            )
        there = as_event(event.model_copy(update={"transaction_id": draft.event_key}), self._zone)
        if (there.starts_at, there.ends_at) != (instant(draft.starts_at), instant(draft.ends_at)):
            # To a repeated transactionId Microsoft answers with the event that it made the first time.
            return self._settled(calendar_id, draft, OTHER)
        return EventResult(EventOutcome.DONE, event=there)

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        """Guests whom Microsoft invited are told by it in any case."""
        try:
            found = self._found(calendar_id, event_key)
        except SalesOSError as error:
            return not_done(error)
        if found is None:
            return EventResult(EventOutcome.DONE)
        if etag and found.etag != etag:
            return EventResult(EventOutcome.CLASH, CHANGED)
        answer = self._effect("DELETE", _event(found.id), None, {"if-match": etag} if etag else {})
        if isinstance(answer, EventResult):
            return answer
        if answer.status in (200, 202, 204, 404, 410):
            return EventResult(EventOutcome.DONE)
        if answer.status == 412:
            return EventResult(EventOutcome.CLASH, CHANGED)
        return self._refusal(answer)

    def _effect(
        self, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> Answer | EventResult:
        return self._signed(method, url, body, {**_PREFER, **(headers or {})})

    def _refusal(self, answer: Answer) -> EventResult:
        limited = 400 <= answer.status < 500 and code_of(answer.body).lower() in _PASSING
        return refusal(LABEL, answer, self._wire.clock, limited=limited)

    # ---- what changed

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges | Unknown:
        """Each occurrence of a series is an event here. Some 400 days are followed; as they pass, following starts anew
        and `whole`. A cursor is "<until>|<link>", as long as Microsoft makes its links."""
        until, _, link = cursor.partition("|")
        try:
            if link and self._reaches(until):
                try:
                    return self._changes(until, link, whole=False)
                except (SyncLost, NotFound):
                    pass
            end = self._wire.clock.now() + _AHEAD
            query = _query({"startDateTime": _text(since), "endDateTime": _text(end)})
            return self._changes(_text(end), f"{_calendar(calendar_id)}/calendarView/delta?{query}", whole=True)
        except SyncLost as error:
            return unknown_of(RetryAt(error.message))
        except SalesOSError as error:
            return unknown_of(error)

    def _reaches(self, until: str) -> bool:
        try:
            return datetime.fromisoformat(until) - self._wire.clock.now() >= _ENOUGH
        except (ValueError, TypeError):
            return False

    def _changes(self, until: str, link: str, *, whole: bool) -> EventChanges:
        found: dict[str, CalendarEvent] = {}
        onward: str | None = None
        for page in self._pages(link):
            for event in page.value:
                found.pop(event.id, None)  # the last word counts, at its place
                found[event.id] = as_event(event, self._zone)
            onward = page.delta_link
        if not onward:
            raise Unreadable(f"{LABEL} names no link that reads on.")
        events = tuple(event for event in found.values() if not (whole and event.cancelled))
        return EventChanges(events, f"{until}|{_ours(onward)}", whole)

    # ---- telling of changes

    prolongs = True
    confirms = True  # Microsoft asks our address before it answers

    def watch(self, calendar_id: str, channel_id: str, address: str, word: str, *, again: bool = False) -> PushChannel:
        """`word` is the clientState, 128 characters at most. `again`: one for this address is looked for first, since
        Microsoft would tell everything twice."""
        if again and (held := self._held(address)):
            return held
        wanted = {
            "changeType": "created,updated,deleted",
            "notificationUrl": address,
            "lifecycleNotificationUrl": address,
            "resource": f"{_calendar(calendar_id).removeprefix('/')}/events",
            "expirationDateTime": self._until(),
            "clientState": word,
            "latestSupportedTlsVersion": "v1_2",
        }
        return self._channel(self._effect("POST", _SUBSCRIPTIONS, wanted))

    def _held(self, address: str) -> PushChannel | None:
        """One that was made for this address, its answer lost. Others of the account are not ours to touch."""
        try:
            link = "/subscriptions"
            for _ in range(_MOST_PAGES):
                page = self._api.get(link, (), _PREFER).read(_Subscriptions)
                for each in page.value:
                    if each.notification_url == address:
                        return PushChannel(each.id, "", each.until.astimezone(UTC))
                if not page.next_link:
                    return None
                link = _ours(page.next_link)
        except SalesOSError as error:
            raise Unanswered(str(error)) from None
        return None

    def prolong(self, channel: PushChannel) -> PushChannel | None:
        """Which also authorises it anew."""
        url = f"{_SUBSCRIPTIONS}/{quote(channel.channel_id, safe='')}"
        answer = self._effect("PATCH", url, {"expirationDateTime": self._until()})
        if isinstance(answer, Answer) and answer.status in (404, 410):
            return None
        return self._channel(answer)

    def _until(self) -> str:
        return _text(self._wire.clock.now() + _CHANNEL)

    def _channel(self, answer: Answer | EventResult) -> PushChannel:
        if isinstance(answer, Answer) and answer.status in (200, 201):
            try:
                made = _Subscription.model_validate(answer.body)
            except ValueError:
                raise Unanswered(f"{LABEL} answers in another shape than it describes.") from None
            return PushChannel(made.id, "", made.until.astimezone(UTC))
        raise not_telling(LABEL, answer if isinstance(answer, EventResult) else self._refusal(answer))

    def unwatch(self, channel: PushChannel) -> bool:
        answer = self._effect("DELETE", f"{_SUBSCRIPTIONS}/{quote(channel.channel_id, safe='')}", None)
        return isinstance(answer, Answer) and answer.status in (200, 202, 204, 404, 410)

    def close(self) -> None:
        """The client is the caller's."""


def _calendar(calendar_id: str) -> str:
    return f"/me/calendars/{quote(calendar_id, safe='')}"


def _event(event_id: str) -> str:
    return f"{BASE_URL}/me/events/{quote(event_id, safe='')}"


def _query(parts: Mapping[str, str]) -> str:
    return urlencode(parts, quote_via=quote)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ours(link: str) -> str:
    """A link that was given is followed verbatim, and only to Microsoft: our token goes nowhere else."""
    if link.startswith("/") or link.startswith(f"{BASE_URL}/"):
        return link
    raise Unreadable(f"{LABEL} names a link that is not its own.")
