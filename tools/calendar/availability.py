"""When somebody can be met: all free slots of a person's calendars and rules, and why a time is not among them. Pure.

What is not known to be free is taken: a calendar that did not answer, answered too long ago or for fewer days than
asked keeps every time of those days from being offered. Slots start on a grid of the person's wall clock, last for what
passes between two instants, and lie as a whole within working hours.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from tools.calendar.public_holidays import public_holidays
from tools.calendar.slots import zone_of
from tools.calendar.spans import covers, touches, union, without
from tools.calendar.wall_clock import Span, between, clock_spans, is_ambiguous, offset_at
from tools.calendar.working_hours import OFFICE_WEEK, Window
from tools.ports.calendar import BusySpan
from tools.ports.unknown import Unknown

FRESH = timedelta(seconds=60)  # older answers of a calendar count as none (facts of others' double bookings: a cache)
_DAY = timedelta(days=1)  # of a calendar date, never of an instant


class NotFree(StrEnum):
    """The first reason, in this order, why a time cannot be taken."""

    TOO_SOON = "too_soon"
    TOO_LATE = "too_late"  # beyond the horizon
    DAY_OFF = "day_off"  # public holiday, own day off, or a day without working hours
    OUT_OF_OFFICE = "out_of_office"
    OUTSIDE_HOURS = "outside_hours"  # or only partly within
    OFF_GRID = "off_grid"
    UNKNOWN = "unknown"  # a calendar did not say
    BUSY = "busy"  # with the buffers
    OWN = "own"  # a hold or meeting of ours, with the buffers
    DAY_FULL = "day_full"
    WEEK_FULL = "week_full"


@dataclass(frozen=True, slots=True)
class AvailabilityRules:
    """One person's, on the clock of `zone` (IANA; one that does not exist is refused).

    `hours`: by weekday, 0 is Monday; one it does not name is free of work. `overrides`: by date, instead of the
    weekday's and in spite of holidays; () is a day off. `out_of_office`: instants. `country`, `region`: for public
    holidays (ISO 3166-1; the region's code or name); "" keeps none. Minutes: `length` 1–1440; buffers 0–1440, kept free
    of other things before and after, outside of working hours too; `grid` 1–1440, counted from the local midnight.
    `horizon_days`: local days after today, 0 is today. `per_day`, `per_week`: meetings by local day and ISO week; None:
    no limit.

    Raises ValueError, in words for people.
    """

    zone: str
    hours: Mapping[int, tuple[Window, ...]] = field(default_factory=lambda: OFFICE_WEEK)
    overrides: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    days_off: frozenset[date] = frozenset()
    out_of_office: tuple[Span, ...] = ()
    country: str = ""
    region: str = ""
    length: int = 30
    buffer_before: int = 0
    buffer_after: int = 0
    grid: int = 30
    notice: timedelta = timedelta(hours=20)
    horizon_days: int = 14
    per_day: int | None = None
    per_week: int | None = None

    def __post_init__(self) -> None:
        if zone_of(self.zone) is None:
            raise ValueError(f"There is no time zone {self.zone!r}: write one of the IANA names, like Europe/Berlin.")
        if not 1 <= self.length <= 1440 or not 1 <= self.grid <= 1440:
            raise ValueError("A meeting and its grid last from 1 to 1440 minutes.")
        if not 0 <= self.buffer_before <= 1440 or not 0 <= self.buffer_after <= 1440:
            raise ValueError("A buffer lasts from 0 to 1440 minutes.")
        if self.notice < timedelta(0) or not 0 <= self.horizon_days <= 366:
            raise ValueError("Notice is not negative, and the horizon is 0 to 366 days.")
        if any(limit is not None and limit < 0 for limit in (self.per_day, self.per_week)):
            raise ValueError("A limit of meetings is 0 or more.")


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """What a calendar account said about [since, until) at `asked_at`; for several calendars their union."""

    busy: Sequence[BusySpan] | Unknown
    asked_at: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnTime:
    """A hold or meeting that stands in our store. `counts`: against the daily and weekly limits; of several holds of
    one proposal only one will be a meeting, so the caller lets one count."""

    starts_at: datetime
    ends_at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Diary:
    """What stands in a person's way. `calendars`: one entry for each account that is connected; None where it was never
    asked or did not answer. `ignored_events`: event ids that do not count, of the meeting that is being moved; leave
    that meeting out of `own` too."""

    calendars: Sequence[CalendarAnswer | None] = ()
    own: Sequence[OwnTime] = ()
    ignored_events: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """Half-open [starts_at, ends_at), in UTC. `stated_offset`: set where the wall clock of the person or of the viewer
    does not say enough (the hour comes twice, or the clock changes during the meeting): whoever shows it says the
    offset from UTC too. It is that of the viewer's clock at the start."""

    starts_at: datetime
    ends_at: datetime
    stated_offset: timedelta | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Availability:
    """`slots` in order of time. `unknown`: what calendars did not say, for people; there may be more free time."""

    slots: tuple[Slot, ...]
    unknown: tuple[str, ...] = ()


def free_slots(
    rules: AvailabilityRules, diary: Diary, now: datetime, *, viewer_zone: str = "", fresh: timedelta = FRESH
) -> Availability:
    """Every free slot between `now` + notice and the horizon. `viewer_zone` "" or unknown: the person's own.

    Raises ValueError for an instant without a zone.
    """
    person = _Person(rules, diary, now, fresh)
    length = timedelta(minutes=rules.length)
    zones = {person.zone, zone_of(viewer_zone) or person.zone}
    shown = zone_of(viewer_zone) or person.zone
    free = without(person.work(person.first_day, person.last_day + _DAY), person.taken)
    slots = []
    for span in free:
        for start in _grid_starts(span, person.zone, rules.grid):
            end = start + length
            if end > span.ends_at:
                break
            if person.in_reach(start) is None and person.limit(start) is None:
                slots.append(Slot(start, end, _stated(start, end, zones, shown)))
    return Availability(tuple(slots), person.unknown)


def why_not(
    rules: AvailabilityRules,
    diary: Diary,
    now: datetime,
    starts_at: datetime,
    *,
    on_grid: bool = False,
    fresh: timedelta = FRESH,
) -> NotFree | None:
    """Why the meeting of `rules.length` minutes that starts then cannot be; None: it can. For times that the other side
    names, `on_grid` is off. Asked for a slot of `free_slots` with the same arguments, the answer is None (tested).

    Raises ValueError for an instant without a zone.
    """
    person, start = _Person(rules, diary, now, fresh), _aware(starts_at)
    far = person.in_reach(start)
    if far is not None:
        return far
    end = start + timedelta(minutes=rules.length)
    day = start.astimezone(person.zone).date()
    if not person.windows(day):
        return NotFree.DAY_OFF
    if touches(rules.out_of_office, start, end):
        return NotFree.OUT_OF_OFFICE
    if not covers(person.work(day - _DAY, end.astimezone(person.zone).date() + _DAY), start, end):
        return NotFree.OUTSIDE_HOURS
    local = start.astimezone(person.zone)
    if on_grid and (local.second or local.microsecond or (local.hour * 60 + local.minute) % rules.grid):
        return NotFree.OFF_GRID
    for taken, reason in (
        (person.not_known, NotFree.UNKNOWN),
        (person.busy, NotFree.BUSY),
        (person.own, NotFree.OWN),
    ):
        if touches(taken, start, end):
            return reason
    return person.limit(start)


def pool_slots(
    people: Mapping[UUID, tuple[AvailabilityRules, Diary]],
    now: datetime,
    *,
    viewer_zone: str = "",
    together: bool = False,
    fresh: timedelta = FRESH,
) -> dict[Slot, tuple[UUID, ...]]:
    """Slots of a pool in order of time, with who is free, ids in order. `together`: only slots at which all are.

    Everybody's grid is read on their own clock; the meeting's length is each one's own, so give a pool one length.
    """
    found: dict[tuple[datetime, datetime], list[tuple[UUID, Slot]]] = {}
    for member_id in sorted(people):
        rules, diary = people[member_id]
        for slot in free_slots(rules, diary, now, viewer_zone=viewer_zone, fresh=fresh).slots:
            found.setdefault((slot.starts_at, slot.ends_at), []).append((member_id, slot))
    pool = {}
    for _, those in sorted(found.items()):
        if not together or len(those) == len(people):
            stated = next((slot for _, slot in those if slot.stated_offset is not None), those[0][1])
            pool[stated] = tuple(member_id for member_id, _ in those)
    return pool


class _Person:
    """Rules and diary, brought to spans of UTC once."""

    def __init__(self, rules: AvailabilityRules, diary: Diary, now: datetime, fresh: timedelta) -> None:
        self.rules, self.now = rules, _aware(now)
        self.zone = ZoneInfo(rules.zone)
        today = self.now.astimezone(self.zone).date()
        self.earliest = self.now + rules.notice
        self.first_day = self.earliest.astimezone(self.zone).date()
        self.last_day = today + timedelta(days=rules.horizon_days)
        before, after = timedelta(minutes=rules.buffer_before), timedelta(minutes=rules.buffer_after)
        # Wide enough for every slot in reach and what surrounds it; what a calendar says of year 9999 is cut to it.
        self.since = self.now - timedelta(days=4)
        self.until = self.now + timedelta(days=rules.horizon_days + 6)
        spans, unknown, reasons = [], [], []
        for answer in diary.calendars:
            reason = _unusable(answer, self.now, fresh)
            if answer is None or isinstance(answer.busy, Unknown) or reason:
                unknown.append(Span(self.since, self.until))
                reasons.append(reason)
                continue
            unknown += [
                Span(self.since, _aware(answer.since) + before),
                Span(_aware(answer.until) - after, self.until),
            ]
            spans += [
                Span(start - after, end + before)
                for start, end in (
                    self._cut(busy.starts_at, busy.ends_at)
                    for busy in answer.busy
                    if not (busy.event_id and busy.event_id in diary.ignored_events)
                )
                if start < end
            ]
        gap = max(before, after)  # both meetings are ours: the longer of the two buffers that meet
        self.not_known, self.busy = union(unknown), union(spans)
        self.own = union(
            Span(start - gap, end + gap)
            for start, end in (self._cut(own.starts_at, own.ends_at) for own in diary.own)
            if start < end
        )
        self.unknown = tuple(dict.fromkeys(reasons))
        self.taken = union([*self.not_known, *self.busy, *self.own, *rules.out_of_office])
        days = [_aware(own.starts_at).astimezone(self.zone).date() for own in diary.own if own.counts]
        self._per_day, self._per_week = Counter(days), Counter(day.isocalendar()[:2] for day in days)

    def windows(self, day: date) -> Sequence[Window]:
        """The working hours of a local day; none on days off."""
        rules = self.rules
        if day in rules.overrides:
            return rules.overrides[day]
        if day in rules.days_off or (rules.country and day in public_holidays(rules.country, day.year, rules.region)):
            return ()
        return rules.hours.get(day.weekday(), ())

    def work(self, first: date, last: date) -> list[Span]:
        """The instants of working hours of these local days, both included."""
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return union(
            span
            for day in days
            for window in self.windows(day)
            for span in clock_spans(day, window.opens, window.closes, self.zone)
        )

    def in_reach(self, start: datetime) -> NotFree | None:
        if start < self.earliest:
            return NotFree.TOO_SOON
        return NotFree.TOO_LATE if start.astimezone(self.zone).date() > self.last_day else None

    def limit(self, start: datetime) -> NotFree | None:
        day, rules = start.astimezone(self.zone).date(), self.rules
        if rules.per_day is not None and self._per_day[day] >= rules.per_day:
            return NotFree.DAY_FULL
        if rules.per_week is not None and self._per_week[day.isocalendar()[:2]] >= rules.per_week:
            return NotFree.WEEK_FULL
        return None

    def _cut(self, starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
        start, end = sorted((_aware(starts_at), _aware(ends_at)))  # reversed by a calendar: taken all the same
        return max(start, self.since), min(end, self.until)


def _grid_starts(span: Span, zone: ZoneInfo, grid: int) -> Iterator[datetime]:
    """Instants of the span at which the clock shows a multiple of `grid` minutes since midnight."""
    for segment in between(zone, span.starts_at, span.ends_at):
        local = (segment.starts_at + segment.offset).replace(tzinfo=None)
        last = (segment.ends_at + segment.offset).replace(tzinfo=None)
        while True:
            midnight = datetime.combine(local.date(), time.min)
            steps = -((midnight - local) // timedelta(minutes=grid))  # rounded up
            local = min(midnight + steps * timedelta(minutes=grid), midnight + _DAY)
            if local >= last:
                break
            yield (local - segment.offset).replace(tzinfo=UTC)
            local += timedelta(microseconds=1)


def _stated(start: datetime, end: datetime, zones: Collection[ZoneInfo], shown: ZoneInfo) -> timedelta | None:
    for zone in zones:
        if is_ambiguous(start, zone) or is_ambiguous(end, zone) or offset_at(start, zone) != offset_at(end, zone):
            return offset_at(start, shown)
    return None


def _unusable(answer: CalendarAnswer | None, now: datetime, fresh: timedelta) -> str:
    """ "" where the answer counts."""
    if answer is None:
        return "A calendar was not asked, or did not answer."
    if isinstance(answer.busy, Unknown):
        return answer.busy.reason
    if abs(now - answer.asked_at) > fresh:
        return "A calendar was asked too long ago."
    return ""


def _aware(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no zone: which instant it is, nobody can say.")
    return instant.astimezone(UTC)
