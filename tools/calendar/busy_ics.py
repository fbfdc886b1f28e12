"""What a calendar file keeps free of other things: an .ics that somebody subscribed to, or a CalDAV server's answer.

What cannot be read is not free: then the whole file is Unknown, with a reason. Titles and notes are not looked at.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from tools.calendar.ics_text import Refused, check_cost, read_calendars
from tools.calendar.slots import zone_of
from tools.calendar.wall_clock import day_span
from tools.ports.calendar import Busyness, BusySpan
from tools.ports.unknown import Gap, Unknown

MAX_SPANS = 50_000
MAX_RANGE = timedelta(days=400)
_TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "RECURRENCE-ID", "FREEBUSY")
# A local time in a zone that nobody knows is taken for all that it could be: no clock is further from UTC than these.
_AHEAD, _BEHIND = timedelta(hours=14), timedelta(hours=12)
_DAY = timedelta(days=1)
_OUTLOOK = {"TENTATIVE": Busyness.TENTATIVE, "OOF": Busyness.OUT_OF_OFFICE, "BUSY": Busyness.BUSY}
_FREEBUSY = {"BUSY-TENTATIVE": Busyness.TENTATIVE, "BUSY-UNAVAILABLE": Busyness.OUT_OF_OFFICE}


def busy_spans(
    raw: bytes, since: datetime, until: datetime, *, owner_zone: str, addresses: Collection[str] = ()
) -> Sequence[BusySpan] | Unknown:
    """What is taken in [since, until), cut to it, in order of time.

    `owner_zone` (IANA): whose days all-day events and times without a zone are. `addresses`: the owner's, in any case:
    what they declined or handed on does not block, what they did not answer is tentative.

    Raises ValueError for an unknown zone, naive instants, or a range that is reversed or longer than `MAX_RANGE`;
    nothing for what is in the file.
    """
    zone = zone_of(owner_zone)
    if zone is None:
        raise ValueError(f"There is no time zone {owner_zone!r}.")
    if since.utcoffset() is None or until.utcoffset() is None or not timedelta(0) < until - since <= MAX_RANGE:
        raise ValueError("A range of busy times has two instants with zones, in order, and at most 400 days.")
    mine = {address.casefold() for address in addresses}
    try:
        spans = [
            replace(span, starts_at=max(span.starts_at, since), ends_at=min(span.ends_at, until))
            for calendar in read_calendars(raw)
            for span in spans_of(calendar, since.astimezone(UTC), until.astimezone(UTC), zone, mine)
        ]
    except Refused as refused:
        return Unknown(str(refused), Gap.REFUSED)
    return sorted(spans, key=lambda span: (span.starts_at, span.ends_at, span.event_id))


def spans_of(
    calendar: Calendar, since: datetime, until: datetime, zone: ZoneInfo, mine: Collection[str]
) -> Iterator[BusySpan]:
    """What one calendar that `ics_text` read keeps taken of [since, until), whole and in no order. `mine`: addresses,
    casefolded. Raises Refused."""
    events = [event for event in calendar.walk("VEVENT") if _placed(event, mine)]
    check_cost(events, since, until)
    # Noted before the series are unrolled: their occurrences no longer say in which zone they were written.
    adrift = {str(event.get("UID", "")) for event in events if _is_adrift(event)}
    found = list(_from_freebusy(calendar, zone))
    for event in _occurrences(events, since, until):
        busyness = _busyness(event, mine)
        if busyness is not None:
            start, end = _instants(event, zone, adrift=str(event.get("UID", "")) in adrift)
            found.append(BusySpan(start, end, busyness, str(event.get("UID", ""))))
        if len(found) > MAX_SPANS:
            raise Refused(f"The calendar has more than {MAX_SPANS:,} events in this time.")
    yield from (
        span for span in found if span.starts_at < span.ends_at and span.starts_at < until and span.ends_at > since
    )


def _placed(event: Component, mine: Collection[str]) -> bool:
    """Whether the event stands anywhere in time. Raises Refused where that cannot be read."""
    broken = {str(name).upper() for name, _ in event.errors}
    if broken.intersection(_TIMES) and _busyness(event, mine) is None and "RECURRENCE-ID" not in {*event, *broken}:
        return False  # unreadable, and keeps nothing free
    if broken.intersection(_TIMES):
        raise Refused(f"An event's {sorted(broken.intersection(_TIMES))[0]} cannot be read.")
    if any(isinstance(event.get(name), list) for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")):
        raise Refused("An event has two starts or two ends.")
    event.pop("EXDATE", None) if "EXDATE" in broken else None  # what was called off stays taken
    return event.get("DTSTART") is not None


def _occurrences(events: Sequence[Component], since: datetime, until: datetime) -> Sequence[Component]:
    """Wider by two days: times without a zone are read on the owner's clock only afterwards."""
    whole = Calendar()
    for event in events:
        whole.add_component(event)
    try:
        query = recurring_ical_events.of(whole, skip_bad_series=False)
        found: Sequence[Component] = query.between(since - 2 * _DAY, until + 2 * _DAY)
    except Exception as error:  # strangers' dates and rules: whatever does not add up, the file is not read
        raise Refused(f"The calendar's dates or rules contradict each other ({type(error).__name__}).") from error
    return found


def _is_adrift(event: Component) -> bool:
    """Whether it is written in a zone that nobody knows."""
    times: list[Any] = [event.get("DTSTART"), event.get("DTEND")]
    return any(
        isinstance(time.dt, datetime) and time.dt.tzinfo is None and "TZID" in time.params
        for time in times
        if time is not None
    )


def _instants(event: Component, zone: ZoneInfo, *, adrift: bool) -> tuple[datetime, datetime]:
    try:
        starts: Any = event["DTSTART"]
        ends: Any = event.get("DTEND")
        first = _bounds(starts.dt, adrift, zone)
        last = _bounds(ends.dt, adrift, zone) if ends is not None else first
    except Exception as error:
        raise Refused(f"An event's times cannot be read ({type(error).__name__}).") from error
    return first[0], max(first[0], last[1] if ends is not None else first[0])


def _bounds(value: Any, adrift: bool, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """(earliest, latest) instant that this may mean: the same but for a zone that nobody knows."""
    if not isinstance(value, datetime):
        span = day_span(value, zone) or day_span(value + _DAY, zone)
        assert span is not None  # no calendar leaves out two days in a row
        return span.starts_at, span.starts_at
    if value.utcoffset() is not None:
        instant = value.astimezone(UTC)
        return instant, instant
    if adrift:
        return (value - _AHEAD).replace(tzinfo=UTC), (value + _BEHIND).replace(tzinfo=UTC)
    first, second = (value.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(first, second), max(first, second)  # an hour that comes twice, or not at all: both


def _busyness(event: Component, mine: Collection[str]) -> Busyness | None:
    """None: it keeps nothing free."""
    status = str(event.get("STATUS", "")).upper()
    outlook = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper()
    if status == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    if outlook in ("FREE", "WORKINGELSEWHERE"):
        return None
    found = _OUTLOOK.get(outlook, Busyness.TENTATIVE if status == "TENTATIVE" else Busyness.BUSY)
    for attendee in _list(event.get("ATTENDEE")):
        if str(attendee).casefold().removeprefix("mailto:") in mine:
            answer = str(getattr(attendee, "params", {}).get("PARTSTAT", "NEEDS-ACTION")).upper()
            if answer in ("DECLINED", "DELEGATED"):
                return None
            if answer != "ACCEPTED" and found is Busyness.BUSY:
                found = Busyness.TENTATIVE
    return found


def _from_freebusy(calendar: Calendar, zone: ZoneInfo) -> Iterator[BusySpan]:
    """VFREEBUSY: what a server or a colleague published instead of events."""
    for part in calendar.walk("VFREEBUSY"):
        if {str(name).upper() for name, _ in part.errors}.intersection(_TIMES):
            raise Refused("A FREEBUSY cannot be read.")
        for value in _list(part.get("FREEBUSY")):
            kind = str(getattr(value, "params", {}).get("FBTYPE", "BUSY")).upper()
            if kind == "FREE":
                continue
            try:
                start, _ = _bounds(value.start, False, zone)
                _, end = _bounds(value.end, False, zone)
            except Exception as error:
                raise Refused(f"A FREEBUSY cannot be read ({type(error).__name__}).") from error
            yield BusySpan(start, end, _FREEBUSY.get(kind, Busyness.BUSY), str(part.get("UID", "")))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]
