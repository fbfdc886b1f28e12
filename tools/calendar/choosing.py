"""Which of the free slots to put into a mail: by the recipient's clock, habits and spread. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tools.calendar.availability import Slot
from tools.calendar.public_holidays import public_holidays
from tools.calendar.slots import zone_of
from tools.calendar.working_hours import OFFICE, Window

ENOUGH_HABITS = 5  # mails: fewer say more about chance than about somebody's day
_NOON = time(12)
_AROUND = 1  # an hour next to one at which they wrote counts half


def choose(
    slots: Iterable[Slot],
    *,
    zone: str,
    habits: Mapping[int, int] | None = None,
    country: str = "",
    region: str = "",
    office: Window = OFFICE,
) -> list[Slot]:
    """Best first: one of each day before a second of any, so that the first three lie on three days; mornings and
    afternoons in turn; within each, the hours at which they are known to be at work first.

    `zone`: the recipient's, or the rep's where that is not known. Only slots that lie within `office` there, Monday to
    Friday, on no public holiday of theirs, and that the clock alone names: what needs its offset said is for the page
    with all slots. `habits`: how many mails they wrote in each hour (0–23) of their day, on their clock; fewer than
    `ENOUGH_HABITS` in all count as none. Raises ValueError for an unknown zone.
    """
    clock = zone_of(zone)
    if clock is None:
        raise ValueError(f"There is no time zone {zone!r}.")
    by_day: dict[date, list[Slot]] = {}
    for slot in sorted(slots):
        local = slot.starts_at.astimezone(clock)
        off = bool(country) and local.date() in public_holidays(country, local.year, region)
        if slot.stated_offset is None and not off and _at_work(slot, clock, office):
            by_day.setdefault(local.date(), []).append(slot)
    return _spread(by_day, clock, _liking(habits))


def habits_of(written_at: Iterable[datetime], zone: str) -> dict[int, int]:
    """How many of these instants fall into each hour of the day in `zone`; empty for a zone that is not known."""
    clock, found = zone_of(zone), dict[int, int]()
    for instant in written_at if clock else ():
        hour = instant.astimezone(clock).hour
        found[hour] = found.get(hour, 0) + 1
    return found


def _liking(habits: Mapping[int, int] | None) -> Mapping[int, float]:
    """A weight for each hour of the day; flat where too little is known."""
    if not habits or sum(habits.values()) < ENOUGH_HABITS:
        return {}
    return {
        hour: habits.get(hour, 0) + sum(habits.get((hour + step) % 24, 0) / 2 for step in (-_AROUND, _AROUND))
        for hour in range(24)
    }


def _at_work(slot: Slot, clock: ZoneInfo, office: Window) -> bool:
    start = slot.starts_at.astimezone(clock)
    last = (slot.ends_at - timedelta(microseconds=1)).astimezone(clock)
    return (
        start.weekday() < 5
        and start.date() == last.date()
        and start.time() >= office.opens
        and (office.closes is None or last.time() < office.closes)
    )


def _spread(by_day: Mapping[date, Sequence[Slot]], clock: ZoneInfo, liking: Mapping[int, float]) -> list[Slot]:
    queues = []
    for number, day in enumerate(sorted(by_day)):
        halves: tuple[list[Slot], list[Slot]] = ([], [])
        for slot in by_day[day]:
            halves[slot.starts_at.astimezone(clock).time() >= _NOON].append(slot)
        for half in halves:
            half.sort(key=lambda slot: (-liking.get(slot.starts_at.astimezone(clock).hour, 0.0), slot.starts_at))
        first, second = halves if number % 2 == 0 else halves[::-1]
        queues.append([*first, *second])
    longest = max((len(queue) for queue in queues), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
