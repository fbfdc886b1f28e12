"""The clocks of calendars: IANA names, Windows' names, and whole days on somebody's clock."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # Unicode CLDR's windowsZones

_UTC = ZoneInfo("UTC")


def zone_named(name: str | None) -> ZoneInfo | None:
    """By an IANA or a Windows name; None where there is no such clock."""
    text = (name or "").strip()
    for candidate in (text, WINDOWS_TO_OLSON.get(text, "")):
        try:
            if candidate:
                return ZoneInfo(candidate)
        except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError; names like "../x" are a ValueError
            continue
        except KeyError:
            continue
    return None


def clock(*names: str | None) -> ZoneInfo:
    """The first of these that is a zone; UTC where none is."""
    for name in names:
        if (zone := zone_named(name)) is not None:
            return zone
    return _UTC


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The day's first instant, in UTC. Where midnight does not exist the day starts when the clock has jumped: both
    readings of a gap are the same instant there, as zoneinfo takes the offset before the jump."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
