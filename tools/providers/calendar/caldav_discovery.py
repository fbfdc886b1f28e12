"""From the address that a person knows to the calendars behind it. RFC 6764, RFC 5397, RFC 4791."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from core.errors import FixConfiguration, NotFound, Rejected
from tools.ports.calendar import CalendarInfo
from tools.providers.calendar.caldav_ical import UnreadableEvent, parsed
from tools.providers.calendar.caldav_wire import CAL, DAV, Dav, Precondition, Row
from tools.providers.calendar.zones import zone_named
from tools.providers.vendor.api import Unreadable

_WELL_KNOWN: Final = "/.well-known/caldav"
_NAMES: Final = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
_WHO: Final = (
    f"<d:propfind {_NAMES}><d:prop><d:current-user-principal/><c:calendar-home-set/>"
    "<c:calendar-user-address-set/><d:resourcetype/></d:prop></d:propfind>"
)
_WHAT: Final = (
    f"<d:propfind {_NAMES}><d:prop><d:resourcetype/><d:displayname/><d:current-user-privilege-set/>"
    "<c:supported-calendar-component-set/><c:calendar-timezone/></d:prop></d:propfind>"
)
_WRITES: Final = (f"{DAV}write", f"{DAV}write-content", f"{DAV}bind", f"{DAV}all")


@dataclass(frozen=True, slots=True)
class Found:
    calendars: tuple[CalendarInfo, ...]
    addresses: frozenset[str]  # of the owner, in lower case


def discover(dav: Dav, url: str) -> Found:
    """Raises RetryAt, FixConfiguration, Rejected."""
    principal, home, addresses = _account(dav, url)
    if not home and principal:
        [row] = _first(dav.rows("PROPFIND", principal, _WHO, depth="0").rows)
        home = _joined(row, f"{CAL}calendar-home-set")
        addresses = addresses or _addresses(row)
    listed = dav.rows("PROPFIND", home or url, _WHAT, depth="1").rows
    infos = [info for row in listed if (info := _calendar(row)) is not None]
    if not infos:
        raise FixConfiguration(
            "There is no calendar at this address.", hint="Give the address that the service names for CalDAV."
        )
    # Nothing in the protocol says which is the main one before RFC 6638; the first that may be written will do.
    main = next((info.calendar_id for info in infos if info.may_write), infos[0].calendar_id)
    return Found(
        tuple(CalendarInfo(i.calendar_id, i.name, i.time_zone, i.may_write, i.calendar_id == main) for i in infos),
        frozenset(addresses),
    )


def _account(dav: Dav, url: str) -> tuple[str, str, frozenset[str]]:
    """Where the person's own page and calendars are, and the person's addresses; "" where this server does not say."""
    places = [url, urljoin(url, _WELL_KNOWN), urljoin(url, "/")]
    if urlsplit(url).path in ("", "/"):
        places = places[1:]
    problem: Exception = Rejected("There is no CalDAV server at this address.")
    for place in places:
        try:
            [row] = _first(dav.rows("PROPFIND", place, _WHO, depth="0").rows)
        except (NotFound, Rejected, Unreadable, Precondition) as error:
            problem = error
            continue
        principal = _joined(row, f"{DAV}current-user-principal")
        home = _joined(row, f"{CAL}calendar-home-set")
        if principal or home:
            return principal, home, _addresses(row)
        if place == url and _is_calendar(row):
            return "", url, frozenset()
    raise FixConfiguration(
        f"No calendars were found there: {problem}", hint="Give the address that the service names for CalDAV."
    )


def zone_in(dav: Dav, calendar_id: str) -> str:
    """The calendar's zone; "" where it says none. Raises as `Dav.rows`."""
    [row] = _first(dav.rows("PROPFIND", calendar_id, _WHAT, depth="0").rows)
    return _zone(row)


def _calendar(row: Row) -> CalendarInfo | None:
    if not _is_calendar(row):
        return None
    kinds = row.found.get(f"{CAL}supported-calendar-component-set")
    if kinds is not None and len(kinds) and not any(kind.get("name", "").upper() == "VEVENT" for kind in kinds):
        return None
    rights = row.found.get(f"{DAV}current-user-privilege-set")
    may_write = rights is None or any(rights.find(f".//{right}") is not None for right in _WRITES)
    name = row.text(f"{DAV}displayname") or urlsplit(row.url).path.rstrip("/").rpartition("/")[2]
    return CalendarInfo(row.url, name, _zone(row), may_write, primary=False)


def _is_calendar(row: Row) -> bool:
    kind = row.found.get(f"{DAV}resourcetype")
    return kind is not None and kind.find(f"{CAL}calendar") is not None


def _zone(row: Row) -> str:
    text = row.text(f"{CAL}calendar-timezone")
    if not text:
        return ""
    try:
        names = [str(each.get("TZID", "")) for each in parsed(text).walk("VTIMEZONE")]
    except UnreadableEvent:
        return ""
    zones = [zone for name in names if (zone := zone_named(name)) is not None]
    return zones[0].key if zones else ""


def _addresses(row: Row) -> frozenset[str]:
    listed = row.found.get(f"{CAL}calendar-user-address-set")
    links = [(link.text or "").strip().lower() for link in listed.iter(f"{DAV}href")] if listed is not None else []
    return frozenset(link.removeprefix("mailto:") for link in links if link.startswith("mailto:"))


def _joined(row: Row, name: str) -> str:
    link = row.href(name)
    return urljoin(row.url, link) if link else ""


def _first(rows: Sequence[Row]) -> Sequence[Row]:
    if not rows:
        raise Unreadable("The calendar server answers about nothing.")
    return rows[:1]
