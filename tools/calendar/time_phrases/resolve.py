"""Groups → windows, or questions: here it is decided what is plain enough to act on."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from tools.calendar.time_phrases import halves
from tools.calendar.time_phrases.groups import Group
from tools.calendar.time_phrases.items import Clock, Day, Mark, Part
from tools.calendar.time_phrases.windows import DAY_END, Conventions, Shape, Why, Window
from tools.calendar.time_phrases.zones import SEVERAL, offset_name, zone_of

_FIXED_NAMES = frozenset({"est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "eet", "eest", "wet"})


@dataclass(frozen=True, slots=True)
class Asked:
    start: int
    end: int
    why: Why
    options: tuple[Window, ...] = ()
    quote: str = ""


@dataclass(slots=True)
class Answer:
    windows: list[Window] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    used_length: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a day, decided or not."""

    shape: Shape
    since: time | None = None
    until: time | None = None
    around: bool = False
    through: bool = False


class Resolver:
    def __init__(
        self, now: datetime, theirs: str, ours: str, language: str, conventions: Conventions, unknown: bool = False
    ) -> None:
        self.unknown = unknown
        self.now, self.theirs, self.ours, self.language, self.conventions = now, theirs, ours, language, conventions
        self.today = now.date()

    def sentence(self, groups: list[Group], minutes: int) -> Answer:
        answer = Answer()
        week: Day | None = None
        zone = next((group.zone for group in groups if group.zone is not None), None)
        for group in groups:
            days = self._days(group, week)
            week = next((day for day in days if day.unit == "week" and not group.excluded), None) or next(
                (one for _, one in group.days if one.unit == "week" and not one.past and not group.excluded), week
            )
            self._group(group, days, group.zone or zone, minutes, answer)
        return answer

    # ------------------------------------------------------------------------------------------------------------- days

    def _days(self, group: Group, week: Day | None) -> list[Day]:
        """The group's days; a bare weekday beside a week is that week's."""
        listed = [day for _, day in group.days]
        joins = [join for join, _ in group.days]
        weeks = [place for place, day in enumerate(listed) if day.unit == "week" and day.first is not None]
        if not weeks:
            if week is not None and group.excluded:
                listed = [self._in_week(day, week) if self._of_week(day) else day for day in listed]
            return self._agreeing(listed, joins)
        found: list[Day] = []
        used: set[int] = set()
        weekdays: list[Day] = []
        for place in weeks:
            before = [at for at in self._run(listed, joins, place, -1) if at not in used]
            after = [at for at in self._run(listed, joins, place, 1) if at not in used]
            if before or after:
                weekdays = [listed[at] for at in (before or after)]
                used |= {place, *before, *after}
                found += [self._in_week(day, listed[place]) for day in weekdays]
            elif weekdays and joins[place] == "or":  # "Friday this week or next week"
                used.add(place)
                found += [self._in_week(day, listed[place]) for day in weekdays]
        rest = [place for place in range(len(listed)) if place not in used]
        return found + self._agreeing([listed[place] for place in rest], [joins[place] for place in rest])

    def _agreeing(self, listed: list[Day], joins: list[str]) -> list[Day]:
        """Two days side by side without "or" name one: the narrower, if it lies in the other; else it is asked."""
        found: list[Day] = []
        for day, join in zip(listed, joins, strict=True):
            last = found[-1] if found else None
            wide = join == "" or (join == "comma" and last is not None and (day.unit or last.unit))
            if (
                last is not None
                and join == ""
                and "step" in (day.unit, last.unit)
                and self._known(day)
                and self._known(last)
            ):
                week, weekday = (day, last) if day.unit == "step" else (last, day)
                if weekday.weekday is not None and week.first is not None:  # "Monday two weeks from now"
                    monday = week.first - timedelta(days=week.first.weekday())
                    at = monday + timedelta(days=weekday.weekday)
                    found[-1] = Day(last.start, day.end, at, at)
                    continue
            if last is not None and join in ("", "comma") and self._confirms(last, day):
                found[-1] = replace(last if day.weekday is not None else day, start=last.start, end=day.end)
            elif last is None or not wide or day.past or last.past or not self._known(day) or not self._known(last):
                found.append(day)
            elif day.first >= last.first and day.last <= last.last:  # type: ignore[operator]
                found[-1] = replace(day, start=last.start)
            elif last.first >= day.first and last.last <= day.last:  # type: ignore[operator]
                last.end = day.end
            else:
                found[-1] = Day(last.start, day.end, why=Why.WEEKDAY_DIFFERS)
        return found

    def _confirms(self, one: Day, other: Day) -> bool:
        """ "18 November, Friday": a bare weekday beside a date says that day again, where it is that day's."""
        bare = [day for day in (one, other) if day.weekday is not None and day.number is None]
        dated = [day for day in (one, other) if day.weekday is None and day.unit == "" and self._known(day)]
        if len(bare) != 1 or len(dated) != 1 or dated[0].first != dated[0].last or dated[0].first is None:
            return False
        near = dated[0].first - self.today > timedelta(days=1)  # "tomorrow Friday" is told by the rule below
        return near and dated[0].first.weekday() == bare[0].weekday

    def _known(self, day: Day) -> bool:
        return day.first is not None and day.last is not None and day.why is None and not day.op

    def _run(self, listed: list[Day], joins: list[str], week: int, step: int) -> list[int]:
        """The weekdays that belong to a week: those side by side with it, the first without a joining word."""
        places: list[int] = []
        at = week + step
        first_join = joins[week] if step < 0 else (joins[at] if at < len(joins) else "x")
        if first_join not in (("",) if step < 0 else ("", "comma")):
            return []
        while 0 <= at < len(listed) and self._of_week(listed[at]):
            places.append(at)
            at += step
        return sorted(places)

    def _of_week(self, day: Day) -> bool:
        return day.weekday is not None or day.week_days is not None

    def _in_week(self, day: Day, week: Day) -> Day:
        if day.week_days is not None and week.first is not None and week.first.weekday() == 0:
            first, last = (week.first + timedelta(days=one) for one in day.week_days)
            return Day(day.start, day.end, first, last, unit="days", through=True, past=last < self.today)
        if day.weekday is None or week.first is None or (week.last and (week.last - week.first).days < day.weekday):
            return day
        found = week.first + timedelta(days=day.weekday - week.first.weekday())
        return Day(day.start, day.end, found, found, weekday=day.weekday, past=found < self.today, op=day.op)

    # ----------------------------------------------------------------------------------------------------------- groups

    def _group(self, group: Group, days: list[Day], mark: Mark | None, minutes: int, answer: Answer) -> None:
        start, end = group.place()
        if group.recurring:
            answer.asked.append(Asked(start, end, Why.RECURRING))
            return
        if group.lost:
            named = bool(group.days or group.hours) or not all(one.weak for one in group.lost)
            if named:
                answer.asked.append(Asked(start, end, group.lost[0].why))
            return
        for moment in group.moments:
            answer.windows += self._moment(moment.start, moment.end, moment.minutes, moment.within)
        ahead = [day for day in days if not day.past]
        if days and not ahead:
            return
        zone = self._zone(mark, group, answer) if group.hours else self.theirs
        if zone is None:
            return
        hours = self._hours(group, ahead, minutes, answer)
        if hours is None or (not ahead and not hours):
            return
        for day in ahead or [Day(start, end)]:
            self._emit(day, hours or [Hours(Shape.DAYS)], zone, group, (start, end), answer)

    def _emit(
        self, day: Day, hours: list[Hours], zone: str, group: Group, place: tuple[int, int], answer: Answer
    ) -> None:
        if day.why is not None:
            options = tuple(
                Window(*place, one.shape, at, at, one.since, one.until, zone, group.excluded)
                for at in day.options
                for one in hours
            )
            answer.asked.append(Asked(day.start, day.end, day.why, options))
            return
        if group.days_long and hours[0].shape is not Shape.DAYS:
            answer.asked.append(Asked(*place, Why.NOT_UNDERSTOOD))
            return
        if group.days_long and day.op == "from" and day.first is not None:  # "for three days from Monday on"
            day = replace(day, op="", last=day.first + timedelta(days=group.days_long - 1))
        if (day.edge, day.op) in (
            ("early", "after"),
            ("late", "before"),
        ):  # after the beginning of March: when is that?
            answer.asked.append(Asked(*place, Why.NOT_UNDERSTOOD))
            return
        first, last, through = self._bounds(day)
        if day.op and hours[0].shape is not Shape.DAYS:
            answer.asked.append(Asked(*place, Why.NOT_UNDERSTOOD))
            return
        if first is not None and last is not None and last < first:
            answer.asked.append(Asked(day.start, day.end, Why.NO_SUCH_TIME))
            return
        for one in hours:
            shape = one.shape
            if day.part and shape is Shape.DAYS:
                since, until = self.conventions.parts[day.part]
                one = Hours(Shape.PART, since, until)
            window = Window(
                *place, one.shape, first, last, one.since, one.until, zone, group.excluded,
                through or one.through, one.around,
            )  # fmt: skip
            if self._over(window):
                continue
            why = self._night(window)
            if why is not None:
                answer.asked.append(Asked(*place, why, (window,)))
            else:
                answer.windows.append(window)

    def _bounds(self, day: Day) -> tuple[date | None, date | None, bool]:
        if day.first is None or day.last is None:
            return day.first, day.last, day.through
        if day.op == "after":
            return day.last + timedelta(days=1), None, False
        if day.op == "from":
            return day.first, None, False
        if day.op == "before":
            return self.today, day.first - timedelta(days=1), False
        if day.op == "by":
            return self.today, day.last, True
        return day.first, day.last, day.through

    def _over(self, window: Window) -> bool:
        """An hour of today that has passed proposes nothing."""
        if window.first is None or window.first != window.last or window.shape is Shape.DAYS:
            return False
        since, until = window.on(window.first)
        return (since if window.shape is Shape.CLOCK else until) < self.now.astimezone(UTC)

    def _night(self, window: Window) -> Why | None:
        """Whether the clock jumps over that hour, or shows it twice."""
        if window.first is None or window.first != window.last:
            return None
        zone = zone_of(window.zone)
        for at in (window.since, window.until):
            if at is None or at == DAY_END:
                continue
            early = datetime.combine(window.first, at, tzinfo=zone)
            late = early.replace(fold=1)
            if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != early.replace(tzinfo=None):
                return Why.NO_SUCH_TIME
            if early.utcoffset() != late.utcoffset():
                return Why.TWICE
        return None

    def _moment(self, start: int, end: int, minutes: int, within: bool) -> list[Window]:
        at = self.now + timedelta(minutes=minutes)  # the same zone: wall time
        at = (self.now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(self.now.tzinfo)
        clock = at.time().replace(microsecond=0)
        if not within:
            return [Window(start, end, Shape.CLOCK, at.date(), at.date(), clock, None, self.theirs)]
        now = self.now.time().replace(microsecond=0)
        return [Window(start, end, Shape.RANGE, self.today, self.today, now, clock, self.theirs, through=True)]

    # ------------------------------------------------------------------------------------------------------------ hours

    def _hours(self, group: Group, days: list[Day], minutes: int, answer: Answer) -> list[Hours] | None:
        """The hours of a group; None where they must be asked. A part of the day beside an hour chooses its half."""
        clocks = [(join, one) for join, one in group.hours if isinstance(one, Clock)]
        parts = [(join, one) for join, one in group.hours if isinstance(one, Part)]
        beside = parts[0][1].name if len(parts) == 1 and not parts[0][1].op else ""
        beside = beside or next((day.part for day in days if day.part), "")
        found: list[Hours] = []
        today = self.now.time() if days and all(day.first == day.last == self.today for day in days) else None
        marked = ""
        for _, clock in reversed(clocks):  # "9 or 10 am": the later mark speaks for both
            half = clock.half or (clock.to.half if clock.to else "")
            if not clock.half and clock.to is None and marked in ("am", "pm") and clock.hour <= 12 and not beside:
                clock = replace(clock, half=marked, hour=clock.hour % 12 + (12 if marked == "pm" else 0))
            marked = half or marked
            read = halves.read(clock, beside, today, self.language, self.conventions)
            if not read:
                answer.asked.append(Asked(*group.place(), Why.NOT_UNDERSTOOD))
                return None
            if len(read) > 1:
                options = tuple(
                    Window(*group.place(), self._shape(clock), day.first, day.last, *one, self.theirs)
                    for day in days or [Day(0, 0)]
                    for one in read
                )
                answer.asked.append(Asked(*group.place(), Why.HALF_OF_DAY, options))
                return None
            found.append(self._with_op(clock, read[0], minutes, answer))
        found.reverse()
        if clocks and len(parts) > 1 and not beside:
            answer.asked.append(Asked(*group.place(), Why.NOT_UNDERSTOOD))
            return None
        if not clocks:
            found += [self._part(part) for _, part in parts]
        return found

    def _shape(self, clock: Clock) -> Shape:
        return Shape.RANGE if clock.to is not None or clock.op else Shape.CLOCK

    def _with_op(self, clock: Clock, read: tuple[time, time | None], minutes: int, answer: Answer) -> Hours:
        since, until = read
        if until is not None:
            return Hours(Shape.RANGE, since, until)
        if clock.op in ("before", "by"):
            return Hours(Shape.RANGE, None, since, clock.around)
        if minutes and clock.op in ("from", "") and clock.minutes_long >= 0 and clock.op == "from":
            answer.used_length = True
            ends = (datetime.combine(self.today, since) + timedelta(minutes=minutes)).time()
            return Hours(Shape.RANGE, since, ends)
        if clock.op in ("after", "from"):
            return Hours(Shape.RANGE, since, None, clock.around)
        return Hours(Shape.CLOCK, since, None, clock.around)

    def _part(self, part: Part) -> Hours:
        since, until = self.conventions.parts[part.name]
        if part.edge:
            whole = 24 * 60 if until == DAY_END else until.hour * 60 + until.minute
            begins = since.hour * 60 + since.minute
            third = (whole - begins) // 4
            middle = (begins + whole) // 2
            cut = {"early": (begins, middle), "mid": (begins + third, whole - third), "late": (middle, whole)}
            opens, closes = cut.get(part.edge, (begins, whole))
            since = time(opens // 60, opens % 60)
            until = DAY_END if closes >= 24 * 60 else time(closes // 60, closes % 60)
        if part.op in ("after", "from"):
            return Hours(Shape.RANGE, until if part.op == "after" else since, None)
        if part.op in ("before", "by"):
            return Hours(Shape.RANGE, None, since if part.op == "before" else until)
        return Hours(Shape.PART, since, until)

    # ------------------------------------------------------------------------------------------------------------ zones

    def _zone(self, mark: Mark | None, group: Group, answer: Answer) -> str | None:
        """The clock they mean; None where it must be asked."""
        if mark is None or mark.has("mine"):
            if not self.unknown:
                return self.theirs
            answer.asked.append(Asked(*group.place(), Why.WHOSE_CLOCK))
            return None
        if mark.has("your"):
            if self.ours:
                return self.ours
            answer.asked.append(Asked(*group.place(), Why.WHOSE_CLOCK))
            return None
        if mark.has("offset"):
            return self._offset(mark, group, answer)
        name = mark.value
        if mark.has("zones"):
            found = [
                zone for zone in dict.fromkeys((self.theirs, self.ours)) if zone and self._named(zone, name, group)
            ]
            likely = [zone for zone in found if zone in SEVERAL[name] or zone == self.theirs]
            if len(likely) == 1:
                return likely[0]
            answer.asked.append(Asked(*group.place(), Why.ZONE_NAME, quote=name.upper()))
            return None
        return name

    def _named(self, zone: str, name: str, group: Group) -> bool:
        """Whether people on that clock call it by this name on that day."""
        day = next((one.first for _, one in group.days if one.first is not None), self.today)
        return (datetime.combine(day, time(12), tzinfo=zone_of(zone)).tzname() or "").casefold() == name

    def _offset(self, mark: Mark, group: Group, answer: Answer) -> str | None:
        sign = "-" if "-" in mark.value else "+"
        digits = "".join(one for one in mark.value if one.isdigit())
        hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits or 0), 0)
        name = offset_name(sign, hours, minutes)
        if not name:
            answer.asked.append(Asked(*group.place(), Why.ZONE_NAME, quote=mark.value))
        return name or None
