"""Zones by name, abbreviation, offset or city. A name that several clocks have is no zone: it is asked back."""

import re
import zoneinfo
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
# Abbreviations of one clock only; those whose letters stand for several (CST, IST, BST, AST …) are below.
_NAMES = {
    "UTC": "utc gmt",
    "Europe/Berlin": "cet cest mez mesz",
    "Europe/Athens": "eet eest",
    "Europe/Lisbon": "wet",
    "America/New_York": "et edt est eastern",
    "America/Chicago": "ct cdt central",
    "America/Denver": "mt mdt mountain",
    "America/Los_Angeles": "pt pdt pst pacific",
    "Asia/Tokyo": "jst",
    "Asia/Seoul": "kst",
    "Asia/Singapore": "sgt",
    "Asia/Hong_Kong": "hkt",
    "Australia/Sydney": "aest aedt",
    "Pacific/Auckland": "nzst nzdt",
    "Africa/Johannesburg": "sast",
    "Europe/Moscow": "msk",
    "America/Sao_Paulo": "brt",
    "Pacific/Honolulu": "hst",
}
NAMED = {name: zone for zone, names in _NAMES.items() for name in names.split()}
SEVERAL = {
    "cst": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "ast": ("America/Halifax", "Asia/Riyadh"),
    "mst": ("America/Denver", "Asia/Kuala_Lumpur"),
    "sst": ("Asia/Singapore", "Pacific/Pago_Pago"),
    "gst": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "pkt": ("Asia/Karachi",),
}
_CITY_WORDS = {
    "münchen": "Europe/Berlin", "munich": "Europe/Berlin", "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin",
    "köln": "Europe/Berlin", "cologne": "Europe/Berlin", "wien": "Europe/Vienna", "zürich": "Europe/Zurich",
    "geneva": "Europe/Zurich", "genf": "Europe/Zurich", "genève": "Europe/Zurich", "lyon": "Europe/Paris",
    "barcelona": "Europe/Madrid", "londres": "Europe/London", "lisboa": "Europe/Lisbon", "milan": "Europe/Rome",
    "boston": "America/New_York", "washington": "America/New_York", "miami": "America/New_York",
    "atlanta": "America/New_York", "nyc": "America/New_York", "dallas": "America/Chicago",
    "houston": "America/Chicago", "austin": "America/Chicago", "seattle": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles", "bangalore": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata", "beijing": "Asia/Shanghai", "ciudad de méxico": "America/Mexico_City",
    "mexico city": "America/Mexico_City", "moskau": "Europe/Moscow", "bruselas": "Europe/Brussels",
    "londra": "Europe/London", "londen": "Europe/London", "parigi": "Europe/Paris", "parijs": "Europe/Paris",
    "berlino": "Europe/Berlin", "berlijn": "Europe/Berlin", "milano": "Europe/Rome", "roma": "Europe/Rome",
    "brussel": "Europe/Brussels", "rotterdam": "Europe/Amsterdam", "torino": "Europe/Rome",
    "ginevra": "Europe/Zurich", "zurigo": "Europe/Zurich",
    "brüssel": "Europe/Brussels", "bruxelles": "Europe/Brussels", "parís": "Europe/Paris", "berlín": "Europe/Berlin",
}  # fmt: skip


@cache
def cities() -> dict[str, str]:
    """City in small letters → zone: the last part of the zone names themselves, and large cities that name none."""
    found: dict[str, str] = {}
    for name in sorted(zoneinfo.available_timezones()):
        area, _, city = name.rpartition("/")
        if area and area.split("/")[0] in ("Europe", "America", "Asia", "Africa", "Australia", "Pacific"):
            found[city.replace("_", " ").casefold()] = name
    return found | _CITY_WORDS


def offset_name(sign: str, hours: int, minutes: int) -> str:
    """The name of a fixed offset, or nothing where no clock has it."""
    return f"{sign}{hours:02d}:{minutes:02d}" if hours <= 14 and minutes < 60 else ""


@cache
def zone_of(name: str) -> tzinfo:
    """Raises ZoneInfoNotFoundError for a name that is none; empty is UTC."""
    match = _OFFSET.fullmatch(name)
    if match:
        delta = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(delta if match[1] == "+" else -delta)
    return zoneinfo.ZoneInfo(name) if name else UTC
