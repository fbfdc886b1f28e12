"""Times to propose: a rep's working hours, within the prospect's office hours, on several days. Pure.

Local times that do not exist or exist twice (the hours around a change of the clocks) are never proposed: two calendars
might read them differently.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

BUCKET = timedelta(minutes=15)
MIN_NOTICE = timedelta(hours=20)  # nobody finds a proposal for this afternoon in time
HORIZON_DAYS = 14  # later than two weeks, interest has cooled
GRID = timedelta(minutes=30)
OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17)  # on the prospect's clock, Monday to Friday
NOON = time(12)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Half-open [starts_at, ends_at), in UTC."""

    starts_at: datetime
    ends_at: datetime


def candidates(
    now: datetime,
    *,
    minutes: int,
    rep_zone: str,
    working_hours: Mapping[str, Any],
    prospect_zone: str = "",
    taken: Collection[datetime] = (),
    days_off: Collection[date] = (),
) -> list[Candidate]:
    """Free times from tomorrow on, best first: the first three lie on three days, mornings and afternoons in turn.

    `working_hours`: {"mon": ["09:00", "17:00"], …} on the rep's clock; a day it does not name is free of work; empty:
    Monday to Friday, nine to five. `taken`: starts of quarter hours (UTC) that are not free. `prospect_zone` "": not
    known, and then the rep's own clock decides. An unknown zone name counts as not known; `days_off`: the rep's.
    """
    ours = zone_of(rep_zone) or ZoneInfo("UTC")
    theirs = zone_of(prospect_zone)
    blocked = {instant.astimezone(UTC) for instant in taken}
    length = timedelta(minutes=minutes)
    today = now.astimezone(ours).date()
    free: dict[date, list[Candidate]] = {}
    for offset in range(1, HORIZON_DAYS + 1):
        day = today + timedelta(days=offset)
        if day in days_off:
            continue
        for start in _starts(day, ours, working_hours, length):
            slot = Candidate(start, start + length)
            open_there = theirs is None or _in_office_hours(slot, theirs)
            if start >= now + MIN_NOTICE and open_there and blocked.isdisjoint(buckets(slot.starts_at, slot.ends_at)):
                free.setdefault(start.astimezone(theirs or ours).date(), []).append(slot)
    return _spread(free, theirs or ours)


def buckets(starts_at: datetime, ends_at: datetime) -> list[datetime]:
    """The quarter hours (UTC) that a time touches."""
    start = starts_at.astimezone(UTC)
    bucket = start.replace(minute=start.minute - start.minute % 15, second=0, microsecond=0)
    found = []
    while bucket < ends_at:
        found.append(bucket)
        bucket += BUCKET
    return found


def zone_of(name: str) -> ZoneInfo | None:
    """None where there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def is_plain(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether this instant's local time exists once, and leads back to the instant."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    return first.utcoffset() == second.utcoffset() and first.astimezone(UTC) == instant.astimezone(UTC)


def _starts(day: date, zone: ZoneInfo, hours: Mapping[str, Any], length: timedelta) -> Iterator[datetime]:
    window = _window(day, hours)
    if window is None:
        return
    naive_end = datetime.combine(day, window[1])
    naive = datetime.combine(day, window[0])
    naive += (datetime.combine(day, time()) - naive) % GRID  # up to the next half hour
    while naive + length <= naive_end:
        start = naive.replace(tzinfo=zone).astimezone(UTC)
        exists = start.astimezone(zone).replace(tzinfo=None) == naive
        ends_as_written = (start + length).astimezone(zone).replace(tzinfo=None) == naive + length
        if exists and ends_as_written and is_plain(start, zone) and is_plain(start + length, zone):
            yield start
        naive += GRID


def _window(day: date, hours: Mapping[str, Any]) -> tuple[time, time] | None:
    if not hours:
        return (OFFICE_OPENS, OFFICE_CLOSES) if day.weekday() < 5 else None
    named = hours.get(_DAYS[day.weekday()])
    try:
        opens, closes = (time.fromisoformat(str(text)) for text in named or ())
    except ValueError:
        return None  # not two times of day: better no proposal than one in somebody's night
    return opens, closes


def _in_office_hours(slot: Candidate, zone: ZoneInfo) -> bool:
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    return (
        start.weekday() < 5
        and start.date() == end.date()
        and start.time() >= OFFICE_OPENS
        and end.time() <= OFFICE_CLOSES
        and is_plain(slot.starts_at, zone)
        and is_plain(slot.ends_at, zone)
    )


def _spread(free: Mapping[date, Sequence[Candidate]], zone: ZoneInfo) -> list[Candidate]:
    """One of each day before a second of any; every other day starts with its afternoon."""
    queues = []
    for number, day in enumerate(sorted(free)):
        halves: tuple[list[Candidate], list[Candidate]] = ([], [])
        for slot in free[day]:
            halves[slot.starts_at.astimezone(zone).time() >= NOON].append(slot)
        first, second = halves if number % 2 == 0 else halves[::-1]
        queues.append([*first, *second])
    longest = max((len(queue) for queue in queues), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
