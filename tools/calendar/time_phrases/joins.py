"""Ranges that are said in other words than "from … to": before items are folded into groups."""

from datetime import date, datetime

from tools.calendar.time_phrases.items import Clock, Day, Item, Lost, Mark, Part

_ZONES = ("zone", "zones", "offset")


def joined(items: list[Item], now: datetime) -> list[Item]:
    """The same sentence with one range where two halves of it stood apart."""
    return _over_days(_bounded(_from_now(_zones_behind(items), now)))


def _real(items: list[Item], place: int, *skip: str) -> int:
    """The next place that is not filling; the length where there is none."""
    while place < len(items):
        item = items[place]
        if not (isinstance(item, Mark) and item.kind in ("fill", *skip)):
            break
        place += 1
    return place


def _mark(items: list[Item], place: int) -> Mark | None:
    item = items[place] if place < len(items) else None
    return item if isinstance(item, Mark) else None


def _joins(mark: Mark | None) -> bool:
    return mark is not None and (mark.has("to") or mark.as_("op") in ("by", "before"))


def _zones_behind(items: list[Item]) -> list[Item]:
    """ "9am PST - 10am PST": one zone, behind both hours. Two different zones stay where they are, and are asked."""
    found = list(items)
    for place, item in enumerate(items):
        zone = _mark(items, place + 1)
        if not isinstance(item, Clock) or zone is None or not zone.has(*_ZONES) or not _joins(_mark(items, place + 2)):
            continue
        last = items[place + 3] if place + 3 < len(items) else None
        again = _mark(items, place + 4)
        if not isinstance(last, Clock):
            continue
        if again is None or not again.has(*_ZONES):
            found[place + 1 : place + 4] = [items[place + 2], last, zone]
            return found
        if again.value == zone.value:
            del found[place + 1]
            return found
    return found


def _from_now(items: list[Item], now: datetime) -> list[Item]:
    """ "from now until five", "between now and Friday"."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        mark, started = _mark(items, place), bool(found) and _opens(found[-1])
        joiner = _real(items, place + 1)
        if mark is None or mark.kind != "now" or not (_joins(_mark(items, joiner)) or _ands(items, joiner, started)):
            found.append(items[place])
            place += 1
            continue
        at = _real(items, joiner + 1, "at", "around")
        last = items[at] if at < len(items) else None
        if isinstance(last, Clock) and last.to is None:
            begins = Clock(mark.start, last.end, now.hour, now.minute, now.second, half="24", to=last)
            begins.op, today = "", now.date()
            found = found[:-1] if started else found
            found += [Day(mark.start, mark.end, today, today), begins]
        elif isinstance(last, Day) and last.first is not None:
            found = found[:-1] if started else found
            found.append(Day(mark.start, last.end, now.date(), last.last, unit="days", through=last.unit == ""))
        else:
            found += items[place : at + 1]
        place = at + 1
    return found


def _opens(item: Item) -> bool:
    return isinstance(item, Mark) and item.as_("op") in ("from", "between", "of")


def _ands(items: list[Item], place: int, started: bool) -> bool:
    mark = _mark(items, place)
    return started and mark is not None and mark.has("and")


def _bounded(items: list[Item]) -> list[Item]:
    """ "after 2 but before 5": from two to five."""
    found: list[Item] = []
    place = 0
    while place < len(items):
        taken = _bounds(items, place)
        if taken is None:
            found.append(items[place])
            place += 1
            continue
        found.append(taken[0])
        place = taken[1]
    return found


def _bounds(items: list[Item], place: int) -> tuple[Item, int] | None:
    opened = _mark(items, place)
    if opened is None or opened.as_("op") not in ("after", "from"):
        return None
    first_at = _real(items, place + 1, "at")
    middle = _real(items, first_at + 1, "comma", "and", "but")
    closed = _mark(items, middle)
    last_at = _real(items, middle + 1, "at")
    if middle == first_at + 1 or closed is None or closed.as_("op") not in ("before", "by") or last_at >= len(items):
        return None
    first, last = items[first_at], items[last_at]
    if not isinstance(first, Clock) or not isinstance(last, Clock) or first.to is not None or last.to is not None:
        return None
    first.to, first.bare, first.start, first.end = last, False, opened.start, last.end
    return first, last_at + 1


def _over_days(items: list[Item]) -> list[Item]:
    """ "from Friday 3pm to Monday 10am" is one stretch over days, which no window holds: it is asked back."""
    for place, item in enumerate(items):
        joiner = _mark(items, place)
        if not isinstance(item, Mark) or not _joins(joiner):
            continue
        before, after = _pair(items, place, -1), _pair(items, place, 1)
        if before is None or after is None:
            continue
        days = [one for one in (*before[0], *after[0]) if isinstance(one, Day)]
        if _same_day(days):
            continue
        lost = Lost(min(one.start for one in before[0]), max(one.end for one in after[0]))
        return [*items[: before[1]], lost, *_over_days(items[after[1] + 1 :])]
    return items


def _same_day(days: list[Day]) -> bool:
    firsts: set[date | None] = {one.first for one in days}
    return len(firsts) == 1 and None not in firsts


def _pair(items: list[Item], place: int, step: int) -> tuple[list[Item], int] | None:
    """A day and an hour side by side, in either order, and the place of the farther one."""
    at, got = place + step, list[Item]()
    farthest = place
    while 0 <= at < len(items) and len(got) < 2:
        item = items[at]
        if isinstance(item, Day | Clock | Part):
            got.append(item)
            farthest = at
        elif not (isinstance(item, Mark) and item.kind in ("fill", "at", "comma", "around")):
            break
        at += step
    if len(got) != 2 or sum(isinstance(one, Day) for one in got) != 1:
        return None
    return got, farthest
