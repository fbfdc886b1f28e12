"""When a mail may reach somebody: their own weekday, working hours and holidays, computed when it is to be sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.policy import Policy
from scoring.sequence import CLOSES, OPENS, send_window
from tools.calendar.public_holidays import public_holidays

_MAX_DAYS = 30


@lru_cache(maxsize=1)
def _zones_by_country() -> Mapping[str, tuple[str, ...]]:
    """From the IANA database's own table (zone.tab: country, coordinates, zone)."""
    found: dict[str, list[str]] = {}
    for line in (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


def country_zones(country: str) -> tuple[str, ...]:
    """IANA zones of an ISO 3166-1 alpha-2 country; empty where it has none or is unknown."""
    return _zones_by_country().get(country.strip().upper(), ())


def next_opening(
    now: datetime,
    *,
    zone: str,
    country: str,
    workspace_zone: str,
    policy: Policy,
    region: str = "",
    zones: Sequence[str] | None = None,
) -> datetime:
    """The first instant from `now` on when this person may be written to; `now` itself when it is open.

    A policy may narrow the hours of `scoring.sequence`, never widen them. A zone that does not exist counts as unknown.
    `zones`: all of them must be open at once, where `zone` is not known; None: those of the country.
    """
    known = zone if zone_exists(zone) else None
    home = workspace_zone if zone_exists(workspace_zone) else "UTC"
    zones = country_zones(country) if zones is None else zones
    off = public_holidays(country, now.year, region)
    # Narrowed on one clock: where a country has several, they are open together for a few hours only.
    clock = ZoneInfo(known or (zones[0] if zones else home))
    start = now
    for _ in range(_MAX_DAYS):
        opened = send_window(start, known, off, country_zones=zones, workspace_zone=home)
        start = _within(opened, clock, policy)
        if start == opened:
            return opened
    # A policy that leaves no hour at all would hold mail for ever: the recipient's hours alone decide then.
    return send_window(now, known, off, country_zones=zones, workspace_zone=home)


def day_start(now: datetime, zone: str) -> datetime:
    """The midnight that began the present day in `zone`, in UTC terms aware."""
    clock = ZoneInfo(zone if zone_exists(zone) else "UTC")
    return datetime.combine(now.astimezone(clock).date(), datetime.min.time(), clock)


def _within(at: datetime, clock: ZoneInfo, policy: Policy) -> datetime:
    local = at.astimezone(clock)
    opens = local.replace(hour=policy.window_start_hour, minute=0, second=0, microsecond=0)
    if policy.window_start_hour > OPENS.hour and local < opens:
        return opens.astimezone(at.tzinfo)
    if policy.window_end_hour < CLOSES.hour and local.hour >= policy.window_end_hour:
        return (opens + timedelta(days=1)).astimezone(at.tzinfo)
    return at


@lru_cache(maxsize=1024)
def zone_exists(zone: str) -> bool:
    """Is it a name of the IANA database?"""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(zone)
