"""Any CalDAV server as one person's account: iCloud, Fastmail, Nextcloud, Zoho, a server of one's own. RFC 4791, 6578.

An event of ours is the resource "<event_key>.ics": made with If-None-Match, changed with If-Match. What a series takes
is worked out here, since servers expand differently or not at all; what cannot be worked out is asked of the server.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote, urljoin
from zoneinfo import ZoneInfo

from icalendar import Calendar

from core.errors import FixConfiguration, NotFound, SalesOSError
from tools.ports.calendar import (
    EPOCH,
    BusySpan,
    CalendarEvent,
    CalendarInfo,
    EventChanges,
    EventDraft,
    EventOutcome,
    EventResult,
)
from tools.ports.unknown import Unknown
from tools.providers.calendar.caldav_discovery import Found, discover, zone_in
from tools.providers.calendar.caldav_ical import (
    UnreadableEvent,
    as_event,
    as_object,
    master,
    parsed,
    stated,
    taken,
    version_in,
)
from tools.providers.calendar.caldav_query import Changed, Queries
from tools.providers.calendar.caldav_wire import LABEL, CalDavLogin, Dav, Row, segment_of
from tools.providers.calendar.effects import Answer, not_done, refusal
from tools.providers.calendar.shape import CHANGED, GONE, OTHER, settled, stands_as
from tools.providers.calendar.spans import besides
from tools.providers.calendar.zones import clock as clock_of
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Unreadable, unknown_of

_TYPE: Final = {"content-type": "text/calendar; charset=utf-8"}


class CalDavCalendar:
    """Thread-safe. `wire.http` goes through caldav_wire.GuardedDav. `zone`: its owner's clock, for whole days where the
    calendar does not say. A calendar's id is its URL."""

    name = "caldav"

    def __init__(self, login: CalDavLogin, wire: Wire, *, zone: str = "") -> None:
        self._login = login
        self._wire = wire
        self._dav = Dav(login, wire)
        self._queries = Queries(self._dav)
        self._zone = zone
        self._zones: dict[str, str] = {}
        self._account: Found | None = None

    def calendars(self) -> Sequence[CalendarInfo] | Unknown:
        try:
            self._account = discover(self._dav, self._login.url)
        except SalesOSError as error:
            return unknown_of(error)
        self._zones.update({info.calendar_id: info.time_zone for info in self._account.calendars})
        return self._account.calendars

    def _owner(self) -> frozenset[str]:
        """Addresses of the account, as the server says and as the login does. Raises SalesOSError."""
        if self._account is None:
            self._account = discover(self._dav, self._login.url)
        own = self._organizer()
        return self._account.addresses | ({own.lower()} if own else set())

    def _organizer(self) -> str:
        return self._login.address or (self._login.username if "@" in self._login.username else "")

    def _clock(self, calendar_id: str) -> ZoneInfo:
        """Raises SalesOSError."""
        if calendar_id not in self._zones:
            self._zones[calendar_id] = zone_in(self._dav, calendar_id)
        return clock_of(self._zones[calendar_id], self._zone)

    # ---- what is taken

    def busy(self, calendar_ids: Sequence[str], since: datetime, until: datetime) -> Sequence[BusySpan] | Unknown:
        try:
            found = [
                span
                for calendar_id in dict.fromkeys(calendar_ids)
                for span in self._busy(calendar_id, since, until)
            ]  # fmt: skip
        except SalesOSError as error:
            return unknown_of(error)
        return sorted(found, key=lambda span: (span.starts_at, span.ends_at, span.event_id))

    def _busy(self, calendar_id: str, since: datetime, until: datetime) -> list[BusySpan]:
        zone, owner = self._clock(calendar_id), self._owner()
        spans: list[BusySpan] = []
        all_read = True
        for row in self._queries.between(calendar_id, since, until):
            try:
                spans += list(taken(_object(row), segment_of(row.url), zone, since, until, owner))
            except UnreadableEvent:
                all_read = False
        if all_read:
            return spans
        # When that one is, only the server can say; it does not say which of its spans that is. What could be worked
        # out counts all the same: servers err about zones that they do not know.
        try:
            answer = stated(self._queries.free_busy(calendar_id, since, until))
        except UnreadableEvent as error:
            raise Unreadable(
                f"{LABEL} has an event that cannot be read, and does not say when it is. {error}"
            ) from None
        within = [span for span in answer if span.starts_at < until and span.ends_at > since]
        return [*spans, *besides(within, spans)]

    # ---- one event

    def read(self, calendar_id: str, event_key: str) -> CalendarEvent | Unknown | None:
        try:
            found = self._found(calendar_id, event_key)
        except SalesOSError as error:
            return unknown_of(error)
        return found[1] if found is not None and not found[1].cancelled else None

    def _found(self, calendar_id: str, event_key: str) -> tuple[Calendar, CalendarEvent] | None:
        """Raises SalesOSError, Unreadable where it is there and no event."""
        try:
            _, answer = self._dav.ask("GET", _url(calendar_id, event_key))
        except NotFound:
            return None
        try:
            there = parsed(answer.raw.decode("utf-8", "replace"))
            zone = self._clock(calendar_id) if _needs_clock(there) else clock_of()
            event = as_event(there, event_key, answer.headers.get("etag", ""), zone)
        except UnreadableEvent as error:
            raise Unreadable(f"{LABEL} has it, and it cannot be read: {error}") from None
        if event is None:
            raise Unreadable(f"{LABEL} has something else there than an event.")
        return there, event

    def put(self, calendar_id: str, event: EventDraft, *, etag: str = "") -> EventResult:
        try:
            # Also before a creation: not every server heeds If-None-Match, and some would write over what is there.
            found = self._found(calendar_id, event.event_key)
        except SalesOSError as error:
            return not_done(error)
        if found is None:
            if etag:
                return EventResult(EventOutcome.CLASH, GONE)
            return self._write(calendar_id, event, None, {"if-none-match": "*"}, OTHER)
        there, stands = found
        if stands_as(event, stands, version_in(there)):
            return EventResult(EventOutcome.DONE, event=stands)
        if not etag or stands.etag != etag or stands.cancelled:
            return EventResult(EventOutcome.CLASH, CHANGED if etag else OTHER)
        return self._write(calendar_id, event, there, _if_match(etag), CHANGED)

    def _write(
        self, calendar_id: str, draft: EventDraft, stands: Calendar | None, only: dict[str, str], otherwise: str
    ) -> EventResult:
        content = as_object(draft, self._wire.clock.now(), self._organizer(), stands)
        try:
            answer = self._dav.effect("PUT", _url(calendar_id, draft.event_key), content, {**_TYPE, **only})
        except FixConfiguration as error:
            return not_done(error)
        if isinstance(answer, EventResult):
            return answer
        if answer.status not in (200, 201, 204, 409, 412):
            return self._refusal(answer)
        try:
            # Read again also where it was taken: servers may change what they store, and then give no etag (RFC 4791
            # §5.3.4). A conflict is ours, made in the meantime, or the UID stands under another name (§5.3.2.1).
            found = self._found(calendar_id, draft.event_key)
        except SalesOSError as error:
            return EventResult(EventOutcome.UNKNOWN, f"It could not be read again: {error}")
        if found is None:
            return EventResult(EventOutcome.CLASH, otherwise if answer.status in (409, 412) else GONE)
        if answer.status in (409, 412):
            return settled(draft, found[1], version_in(found[0]), otherwise=otherwise)
        return EventResult(EventOutcome.DONE, event=found[1])

    def cancel(self, calendar_id: str, event_key: str, *, etag: str = "", notify_guests: bool = False) -> EventResult:
        """Whether guests are told was said when the event was written: a server that invites takes it back itself."""
        try:
            if etag:
                found = self._found(calendar_id, event_key)
                if found is None:
                    return EventResult(EventOutcome.DONE)
                if found[1].etag != etag:
                    return EventResult(EventOutcome.CLASH, CHANGED)
            answer = self._dav.effect("DELETE", _url(calendar_id, event_key), b"", _if_match(etag))
        except SalesOSError as error:
            return not_done(error)
        if isinstance(answer, EventResult):
            return answer
        if answer.status in (200, 202, 204, 404, 410):
            return EventResult(EventOutcome.DONE)
        if answer.status == 412:
            return EventResult(EventOutcome.CLASH, CHANGED)
        return self._refusal(answer)

    def _refusal(self, answer: Answer) -> EventResult:
        return refusal(LABEL, answer, self._wire.clock, said="" if answer.body else f": {answer.status}")

    # ---- what changed

    def changes(self, calendar_id: str, cursor: str, since: datetime) -> EventChanges | Unknown:
        """A series is one event here, at its first occurrence. Where a server keeps no sync tokens, each change of the
        calendar gives it as a whole."""
        try:
            found = self._queries.changed(calendar_id, cursor, since)
            return EventChanges(self._events(calendar_id, found), found.cursor, found.whole)
        except SalesOSError as error:
            return unknown_of(error)

    def _events(self, calendar_id: str, found: Changed) -> tuple[CalendarEvent, ...]:
        zone = self._clock(calendar_id)
        events = [_deleted(url) for url in found.gone]
        for row in found.rows:
            try:
                event = as_event(_object(row), segment_of(row.url), self._queries.etag(row), zone)
            except UnreadableEvent:
                continue  # ours are readable; of others' only free and busy counts, which is asked for elsewhere
            if event is not None and not (found.whole and event.cancelled):
                events.append(event)
        return tuple(events)

    def close(self) -> None:
        """The client is the caller's."""


def _url(calendar_id: str, event_key: str) -> str:
    return urljoin(calendar_id.rstrip("/") + "/", f"{quote(event_key, safe='')}.ics")


def _if_match(etag: str) -> dict[str, str]:
    # A weak one never matches (RFC 9110 §13.1.1); what was read just before is all there is to go by then.
    return {"if-match": etag} if etag and not etag.startswith("W/") else {}


def _object(row: Row) -> Calendar:
    return parsed(row.text("{urn:ietf:params:xml:ns:caldav}calendar-data"))


def _needs_clock(calendar: Calendar) -> bool:
    event = master(calendar)
    start = getattr(event.get("DTSTART"), "dt", None) if event is not None else None
    return not isinstance(start, datetime) or start.tzinfo is None


def _deleted(url: str) -> CalendarEvent:
    return CalendarEvent(segment_of(url), "", "", EPOCH, EPOCH, cancelled=True, sequence=0, updated_at=None)
