"""Instants and the clocks on people's walls. Pure; the only place of this room that turns one into the other.

A wall clock skips hours and repeats them; an instant does neither. So a rule that speaks of hours ("nine to five") is
read as a set of instants: those at which the clock shows such an hour. Nothing here adds days as 24 hours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# No clock changes twice within so little time: nothing is missed by looking at every sixth hour.
_STEP = timedelta(hours=6)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open [starts_at, ends_at), in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """Half-open [starts_at, ends_at) in UTC, within which the clock neither jumps nor repeats."""

    starts_at: datetime
    ends_at: datetime
    offset: timedelta  # of the clock from UTC, east positive


def instants_of(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants (UTC) at which the clock shows this naive local time: none in a gap, two where it comes twice."""
    found = []
    for fold in (0, 1):
        instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local.replace(fold=0) and instant not in found:
            found.append(instant)
    return tuple(sorted(found))


def is_ambiguous(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this instant's local time at another instant too."""
    local = instant.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Of the clock from UTC, east positive."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def day_span(day: date, zone: ZoneInfo) -> Span | None:
    """The instants of a local day: 23 or 25 hours on some, and None for a day that the calendar there left out.

    From the first instant that shows the day to the first that shows a later one.
    """
    spans = list(clock_spans(day, time.min, None, zone))
    return Span(spans[0].starts_at, spans[-1].ends_at) if spans else None


def clock_spans(day: date, opens: time, closes: time | None, zone: ZoneInfo) -> Iterator[Span]:
    """The instants at which the clock shows [opens, closes) of that day, in order; `closes` None: the day's end.

    One span on nearly every day; shorter or none where the hours are skipped, longer or two where they come twice.
    """
    first = datetime.combine(day, opens)
    last = datetime.combine(day + timedelta(days=1), time.min) if closes is None else datetime.combine(day, closes)
    previous: Span | None = None
    for segment in segments(zone, day):
        start = max(segment.starts_at, _utc(first - segment.offset))
        end = min(segment.ends_at, _utc(last - segment.offset))
        if start >= end:
            continue
        if previous is not None and previous.ends_at == start:
            previous = Span(previous.starts_at, end)
            continue
        if previous is not None:
            yield previous
        previous = Span(start, end)
    if previous is not None:
        yield previous


@lru_cache(maxsize=4096)
def segments(zone: ZoneInfo, day: date) -> tuple[Segment, ...]:
    """What surely holds a local day, cut where the clock jumps: from 15 hours before its midnight by UTC (no clock is
    more than 14 ahead) to 14 hours after the next."""
    middle = datetime.combine(day, time.min, UTC)
    return between(zone, middle - timedelta(hours=15), middle + timedelta(hours=38))


def between(zone: ZoneInfo, since: datetime, until: datetime) -> tuple[Segment, ...]:
    """The segments of [since, until), in order and without holes."""
    found: list[Segment] = []
    start, at, offset = since, since, offset_at(since, zone)
    while at < until:
        later = min(at + _STEP, until)
        if offset_at(later, zone) != offset:
            change = _change(zone, at, later)
            if change < until:
                found.append(Segment(start, change, offset))
                start, offset = change, offset_at(change, zone)
                at = change
                continue
        at = later
    return (*found, Segment(start, until, offset))


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first instant, to the second, with another offset than `before`; `after` has another."""
    offset = offset_at(before, zone)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(before + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)
