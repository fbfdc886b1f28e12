"""What is really so in the market. Agents never see it: only ports do, through noise, and the measuring at the end."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class ReplyStyle(StrEnum):
    BUSY = "busy"  # says "not now"
    CURIOUS = "curious"  # asks first
    DIRECT = "direct"  # names a time
    COLD = "cold"  # says no
    ALLERGIC = "allergic"  # asks to be left alone


@dataclass(frozen=True, slots=True)
class Person:
    full_name: str
    email: str
    title: str
    decides: float  # 0–1: hidden weight in a purchase
    responsiveness: float  # 0–1: answers strangers at all
    style: ReplyStyle
    mailbox_exists: bool
    away: tuple[date, date] | None  # out of office, inclusive
    shows_up: float  # 0–1: keeps a meeting


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    domain: str
    industry: str
    line: str  # what it says of itself
    employees: int
    revenue_minor: int
    country: str
    time_zone: str
    city: str
    technologies: tuple[str, ...]
    founded_year: int
    suits: float  # −1 … 1: hidden, how well the offer suits a company like this
    need: float  # 0–1: hidden, how much it wants to buy this quarter
    signals: tuple[tuple[str, int], ...]  # (kind, days before the quarter or, negative, after its start)
    site_up: bool
    people: tuple[Person, ...] = field(default=())

    @property
    def propensity(self) -> float:
        """0–1: the hidden chance that a well-run sale ends in a purchase. What scores are measured against."""
        return max(0.0, min(1.0, 0.55 * self.need + 0.25 * (self.suits + 1) / 2 + 0.2 * self.need * self.suits))


@dataclass(frozen=True, slots=True)
class CustomerTruth:
    """A customer's hidden course: whether and when use declines, why, and whether help would turn it."""

    domain: str
    declines_on: date | None
    cause: str  # usage, champion_left, tickets, none
    persuadable: bool
    leaves_after_days: int  # after the decline began, unless somebody helped
