"""What stands in a sentence after its days and clocks were read, before they are put together."""

from dataclasses import dataclass, field
from datetime import date

from tools.calendar.time_phrases.windows import Why


@dataclass(slots=True)
class Item:
    start: int
    end: int


@dataclass(slots=True)
class Day(Item):
    """Days `first`–`last`. `why`: they cannot be told; `options` are what they may be."""

    first: date | None = None
    last: date | None = None
    weekday: int | None = None  # a bare weekday: a week named beside it decides which
    unit: str = ""  # "week", "month" …: a stretch that holds weekdays
    why: Why | None = None
    options: tuple[date, ...] = ()
    part: str = ""  # "tonight": a day and a part of it
    op: str = ""
    through: bool = False
    past: bool = False
    number: int | None = None  # a day of a month that is not named
    edge: str = ""  # "early", "late": where it begins or ends is vague
    week_days: tuple[int, int] | None = None  # "Monday to Wednesday": a week named beside it decides which


@dataclass(slots=True)
class Clock(Item):
    """An hour as it was written; `to` is the end of a range."""

    hour: int = 0
    minute: int = 0
    second: int = 0
    half: str = ""  # am | pm | "24": the number says it | "": open
    bare: bool = False  # a number only: a clock if what stands around it says so
    to: "Clock | None" = None
    op: str = ""
    around: bool = False
    minutes_long: int = 0
    part: str = ""  # "3 in the morning until 5pm": of this hour alone


@dataclass(slots=True)
class Part(Item):
    name: str = ""
    edge: str = ""
    op: str = ""
    bound: bool = True  # "in the morning", unlike the morning of "two morning sessions"


@dataclass(slots=True)
class Moment(Item):
    """So many minutes from now, or within them."""

    minutes: int = 0
    within: bool = False


@dataclass(slots=True)
class Length(Item):
    """How long; a time of its own only with a word that makes it one."""

    minutes: int = 0
    days: int = 0


@dataclass(slots=True)
class Mark(Item):
    """Everything else that counts: op, to, and, or, comma, not, bad, but, every, zone, zones, offset, your, mine …"""

    kind: str = ""
    value: str = ""
    also: dict[str, str] = field(default_factory=dict)  # its other kinds: French "à" is "at" and "to"

    def has(self, *kinds: str) -> bool:
        return self.kind in kinds or any(kind in kinds for kind in self.also)

    def as_(self, kind: str) -> str:
        return self.value if self.kind == kind else self.also.get(kind, "")


@dataclass(slots=True)
class Lost(Item):
    """Words of time that no rule reads: what they belong to is asked back."""

    why: Why = Why.NOT_UNDERSTOOD
    weak: bool = False  # a word like "week" alone: only beside a time does it say something
