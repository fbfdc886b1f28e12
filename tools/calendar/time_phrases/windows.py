"""What somebody said about when: windows on a named clock, or what must be asked back. Nothing here is a guess."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tools.calendar.time_phrases.zones import zone_of

DAY_END = time.max
_MOST_DAYS = 62  # of an open window, so that "from March on" ends


class Why(StrEnum):
    """Why a phrase is asked back."""

    DATE_ORDER = "date_order"  # 03/04
    NEXT_WEEKDAY = "next_weekday"  # "next Friday" on a Thursday; "Monday" on a Monday
    HALF_OF_DAY = "half_of_day"  # seven: in the morning or in the evening
    WHOSE_CLOCK = "whose_clock"  # "your time", and it is not known where we or they are
    ZONE_NAME = "zone_name"  # CST, IST, BST: several clocks have that name
    NO_SUCH_TIME = "no_such_time"  # 02:30 in the night when the clock jumps; 30 February
    TWICE = "twice"  # 01:30 in the night when the clock is set back
    WEEKDAY_DIFFERS = "weekday_differs"  # "Tuesday 7 March", and the 7th is a Wednesday
    RECURRING = "recurring"  # "every Monday"
    NOT_UNDERSTOOD = "not_understood"  # a time is named in words that no rule reads whole


class Shape(StrEnum):
    DAYS = "days"  # whole days
    CLOCK = "clock"  # a start, no end: `until` is None
    RANGE = "range"  # hours from–until, or open on one side
    PART = "part"  # morning, afternoon …: the hours are a convention


@dataclass(frozen=True, slots=True)
class Window:
    """Days `first`–`last` (inclusive; both None: no day was named), on each of them the hours `since`–`until`.

    Half-open: `until` does not belong to it. `since` or `until` None: open on that side; with shape CLOCK, `since` is
    the start that they named. `zone`: an IANA name, or "+HH:MM". `excluded`: not then.
    """

    start: int  # where it stands in the text
    end: int
    shape: Shape
    first: date | None = None
    last: date | None = None
    since: time | None = None
    until: time | None = None
    zone: str = ""
    excluded: bool = False
    through: bool = False  # the last day, or the end, was named by itself ("to the 7th", "by Friday")
    around: bool = False  # "about three"

    def on(self, day: date) -> tuple[datetime, datetime]:
        """This window's hours on a day, as instants in UTC. Of a clock without an end: its first minute."""
        zone = zone_of(self.zone)
        since = datetime.combine(day, self.since or time.min, tzinfo=zone)
        until = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
        if self.shape is Shape.CLOCK:
            until = since + timedelta(minutes=1)
        elif self.until is not None and self.until != DAY_END:
            until = datetime.combine(day, self.until, tzinfo=zone)
            if self.since is not None and self.until <= self.since:  # over midnight
                until += timedelta(days=1)
        return since.astimezone(UTC), until.astimezone(UTC)

    def days(self, today: date) -> Iterator[date]:
        """The days it names, from `today` on, at most two months of them."""
        first = max(self.first or today, today)
        last = self.last if self.last is not None else first + timedelta(days=_MOST_DAYS)
        day = first
        while day <= last and (day - first).days <= _MOST_DAYS:
            yield day
            day += timedelta(days=1)

    def spans(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Half-open instants in UTC that are not over at `now`."""
        today = now.astimezone(zone_of(self.zone)).date()
        return [span for span in map(self.on, self.days(today)) if span[1] > now]


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A phrase that has more than one meaning, or none that we read: it is asked back, in the language they wrote."""

    start: int
    end: int
    why: Why
    question: str
    options: tuple[Window, ...] = ()  # what it may mean, where that is known


@dataclass(frozen=True, slots=True)
class Times:
    """All times of a text. `duration`: how long they want to talk, where they said it."""

    windows: tuple[Window, ...] = ()
    questions: tuple[Ambiguous, ...] = ()
    duration: timedelta | None = None
    language: str = "en"

    @property
    def clear(self) -> bool:
        """Something was said and nothing of it needs asking."""
        return bool(self.windows) and not self.questions


@dataclass(frozen=True, slots=True)
class Conventions:
    """What words mean by habit, not by the text. Hours are half-open, on a 24-hour clock."""

    month_first: bool | None = None  # 03/04: None asks; in German, French and Spanish the day is always first
    parts: dict[str, tuple[time, time]] = field(
        default_factory=lambda: {
            "morning": (time(8), time(12)),
            "afternoon": (time(12), time(18)),
            "evening": (time(17), time(21)),
            "night": (time(20), DAY_END),
            "lunch": (time(12), time(14)),
            "daytime": (time(8), time(18)),
            "midday": (time(10), time(14)),
            "breakfast": (time(7), time(9)),
            "dinner": (time(18), time(20)),
        }
    )
    # A meeting begins from seven until before eight in the evening: of "at 3", only 15:00 lies in it.
    day_begins: time = time(7)
    day_ends: time = time(20)
