"""Calendar objects (RFC 5545) as events of ours and back, and what a series takes. Everything read here is tainted."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from tools.calendar.busy_ics import spans_of
from tools.calendar.ics_text import Refused, read_calendar
from tools.ports.calendar import Attendance, Busyness, BusySpan, CalendarEvent, EventDraft
from tools.providers.calendar.shape import instant, version_of
from tools.providers.calendar.zones import day_start

_VERSION: Final = "X-SALESOS-VERSION"
_ANSWERS: Final = {
    "ACCEPTED": Attendance.ACCEPTED,
    "TENTATIVE": Attendance.TENTATIVE,
    "DECLINED": Attendance.DECLINED,
}


class UnreadableEvent(ValueError):
    """This object says no times that could be relied on."""


def parsed(text: str) -> Calendar:
    """Raises UnreadableEvent."""
    try:
        return read_calendar(text)
    except Refused as refused:
        raise UnreadableEvent(str(refused)) from None


def master(calendar: Calendar) -> Event | None:
    """The event itself, not its changed occurrences; None where there is none (a task, a note)."""
    events = [each for each in calendar.walk("VEVENT") if isinstance(each, Event)]
    return next((each for each in events if each.get("RECURRENCE-ID") is None), events[0] if events else None)


def version_in(calendar: Calendar) -> str:
    event = master(calendar)
    return str(event.get(_VERSION, "")) if event is not None else ""


def as_event(calendar: Calendar, event_id: str, etag: str, zone: ZoneInfo) -> CalendarEvent | None:
    """None: it holds no event. Raises UnreadableEvent."""
    event = master(calendar)
    if event is None:
        return None
    starts_at, ends_at = _times(event, zone)
    return CalendarEvent(
        event_id=event_id,
        uid=str(event.get("UID", "")),
        etag=etag,
        starts_at=starts_at,
        ends_at=ends_at,
        cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
        sequence=_number(event.get("SEQUENCE")),
        updated_at=_stamp(event.get("LAST-MODIFIED") or event.get("DTSTAMP")),
        title=str(event.get("SUMMARY", "")),
        video_url=_room(event),
        attendance=tuple(
            (_address(each), _ANSWERS.get(str(each.params.get("PARTSTAT", "")).upper(), Attendance.NEEDS_ACTION))
            for each in _attendees(event)
        ),
        event_key=event_id if event.get(_VERSION) else "",
    )


def taken(
    calendar: Calendar, event_id: str, zone: ZoneInfo, since: datetime, until: datetime, owner: Collection[str]
) -> Iterator[BusySpan]:
    """Every occurrence that keeps a time in [since, until) from being offered. `owner`: addresses in lower case, whose
    refusal frees it. Raises UnreadableEvent."""
    if any(each.get("DTSTART") is None for each in calendar.walk("VEVENT")):
        raise UnreadableEvent("It says no start.")
    try:
        for span in spans_of(calendar, since, until, zone, owner):
            yield replace(span, event_id=event_id)
    except Refused as refused:
        raise UnreadableEvent(str(refused)) from None


def stated(text: str) -> list[BusySpan]:
    """The spans of a VFREEBUSY. Raises UnreadableEvent."""
    kinds = {"BUSY-TENTATIVE": Busyness.TENTATIVE, "BUSY-UNAVAILABLE": Busyness.OUT_OF_OFFICE}
    spans: list[BusySpan] = []
    answers = parsed(text).walk("VFREEBUSY")
    if not answers:
        raise UnreadableEvent("It says nothing about free and busy times.")
    for answer in answers:
        listed = answer.get("FREEBUSY", [])
        for value in listed if isinstance(listed, list) else [listed]:
            kind = str(value.params.get("FBTYPE", "BUSY")).upper()
            if kind == "FREE":
                continue
            start, end = value.start, value.end
            if start.tzinfo is None or end.tzinfo is None:
                raise UnreadableEvent("Its free and busy times are on no clock.")
            spans.append(BusySpan(start.astimezone(UTC), end.astimezone(UTC), kinds.get(kind, Busyness.BUSY)))
    return spans


def as_object(draft: EventDraft, stamp: datetime, organizer: str, stands: Calendar | None = None) -> bytes:
    """`stands`: what is there, of which everything that is not ours stays: alarms, categories, others' properties.
    `organizer`: an address; "" leaves the guests out, since a meeting without organizer is none (RFC 5545 §3.8.4.1)."""
    calendar = stands or Calendar()
    event = master(calendar)
    if event is None:
        event = Event()
        calendar.add("prodid", "-//SalesOS//Calendar 1//EN")
        calendar.add("version", "2.0")
        calendar.add_component(event)
    answers = {_address(each): str(each.params.get("PARTSTAT", "NEEDS-ACTION")) for each in _attendees(event)}
    values: dict[str, Any] = {
        "UID": draft.uid,
        "SEQUENCE": max(draft.sequence, _number(event.get("SEQUENCE"))),
        "DTSTAMP": instant(stamp),
        "LAST-MODIFIED": instant(stamp),
        "DTSTART": instant(draft.starts_at),  # in UTC: no zone's table has to travel along
        "DTEND": instant(draft.ends_at),
        "SUMMARY": " ".join(draft.title.split()),
        "DESCRIPTION": draft.description,
        "LOCATION": draft.location,
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        _VERSION: version_of(draft),
    }
    for name in (*values, "DURATION", "ATTENDEE"):
        event.pop(name, None)
    for name, value in values.items():
        if value != "":
            event.add(name, value)
    if organizer and draft.guests:
        event.pop("ORGANIZER", None)
        event.add("ORGANIZER", _party(organizer, "", notify=draft.notify_guests), encode=False)
        for guest in draft.guests:
            party = _party(guest.address, guest.name, notify=draft.notify_guests)
            party.params["PARTSTAT"] = vText(answers.get(guest.address.lower(), "NEEDS-ACTION"))
            party.params["ROLE"] = vText("REQ-PARTICIPANT")
            event.add("ATTENDEE", party, encode=False)
    raw: bytes = calendar.to_ical()
    return raw


def _party(address: str, name: str, *, notify: bool) -> vCalAddress:
    party = vCalAddress(f"mailto:{address}")
    if name:
        party.params["CN"] = vText("".join(c if c.isprintable() and c != '"' else " " for c in name))
    if not notify:
        # RFC 6638 §7.1: servers that invite by themselves leave it to us.
        party.params["SCHEDULE-AGENT"] = vText("CLIENT")
    return party


def _attendees(event: Event) -> list[vCalAddress]:
    listed = event.get("ATTENDEE", [])
    return [each for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, vCalAddress)]


def _address(party: vCalAddress) -> str:
    return str(party).lower().removeprefix("mailto:")


def _times(event: Event, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Raises UnreadableEvent."""
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise UnreadableEvent("It says no start.")
    end = getattr(event.get("DTEND"), "dt", None)
    length = getattr(event.get("DURATION"), "dt", None)
    try:
        if isinstance(end, date):
            return _instant(start, zone), _instant(end, zone)
        if not isinstance(start, datetime):
            whole = length if isinstance(length, timedelta) else timedelta(days=1)
            return _instant(start, zone), _instant(start + whole, zone)
        at = _instant(start, zone)
        return at, at + (length if isinstance(length, timedelta) else timedelta(0))
    except (ValueError, OverflowError):
        raise UnreadableEvent("Its times are beyond all calendars.") from None


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    """A whole day starts on its owner's clock, and so does a floating time."""
    if not isinstance(moment, datetime):
        return day_start(moment, zone)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _stamp(value: Any) -> datetime | None:
    moment = getattr(value, "dt", None)
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None


def _room(event: Event) -> str:
    """RFC 7986 §5.11, and what Google writes."""
    for name in ("CONFERENCE", "X-GOOGLE-CONFERENCE"):
        listed = event.get(name, [])
        for value in listed if isinstance(listed, list) else [listed]:
            if str(value).startswith("https://"):
                return str(value)
    return ""
