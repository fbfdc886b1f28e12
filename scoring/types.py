"""What goes into a score and what comes out of one. Values are 0–1; unknown is None with a reason, never 0."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

NO_FACTS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Reason(NamedTuple):
    """One line of an explanation. A NamedTuple, because a lead carries a dozen and they are made by the million.

    `points` is the signed contribution to the value: the points of a score sum to its value before clamping.
    """

    code: str  # stable and machine-readable
    text: str  # plain English for a rep
    points: float = 0.0
    fact_ids: tuple[str, ...] = ()


class Scored(NamedTuple):
    """A value in 0–1 (None: not known, the reasons say why) and the rule version that gave it."""

    value: float | None
    reasons: tuple[Reason, ...]
    model_version: str


class Seniority(StrEnum):
    """From the least to the most senior; `rank` orders them."""

    INTERN = "intern"
    JUNIOR = "junior"
    STAFF = "staff"  # a professional without a mark of rank
    SENIOR = "senior"
    LEAD = "lead"  # leads a team: "Head of", "Teamleiter", "Responsable de"
    MANAGER = "manager"  # "Manager" in a title says responsibility for a thing, seldom for a team
    DIRECTOR = "director"
    VP = "vp"
    C_LEVEL = "c_level"  # chief officers and managing directors
    OWNER = "owner"  # founders, owners, partners

    @property
    def rank(self) -> int:
        return _RANK[self]


# A manager outranks a senior but not somebody who leads a department; the order is of authority to buy.
_RANK: Mapping[Seniority, int] = {
    Seniority.INTERN: 0,
    Seniority.JUNIOR: 1,
    Seniority.STAFF: 2,
    Seniority.SENIOR: 3,
    Seniority.MANAGER: 4,
    Seniority.LEAD: 5,
    Seniority.DIRECTOR: 6,
    Seniority.VP: 7,
    Seniority.C_LEVEL: 8,
    Seniority.OWNER: 9,
}


class Department(StrEnum):
    """Finer than snapADDY's eleven where a buying committee needs it (finance, legal, engineering …)."""

    GENERAL_MANAGEMENT = "general_management"
    SALES = "sales"
    MARKETING = "marketing"
    BUSINESS_DEVELOPMENT = "business_development"
    CUSTOMER_SUPPORT = "customer_support"
    INFORMATION_TECHNOLOGY = "information_technology"
    ENGINEERING = "engineering"  # not software: mechanical, electrical, research and development
    PRODUCT = "product"
    PROJECT_MANAGEMENT = "project_management"
    CONSULTING = "consulting"
    OPERATIONS = "operations"
    PURCHASING = "purchasing"
    FINANCE = "finance"
    HUMAN_RESOURCES = "human_resources"
    LEGAL = "legal"
    ADMINISTRATIVE = "administrative"
    OTHER = "other"


class BuyingRole(StrEnum):
    ECONOMIC_BUYER = "economic_buyer"  # holds the budget
    CHAMPION = "champion"  # has the problem and pushes
    TECHNICAL_BUYER = "technical_buyer"  # can say no
    USER = "user"  # works with it
    BLOCKER = "blocker"  # does not want it and can stop it: purchasing, legal, IT security; to be known early


@dataclass(frozen=True, slots=True)
class Signal:
    """A dated fact that speaks of intent. `strength` 0–1: how plainly the evidence says it."""

    kind: str  # a key of scoring.intent.HALF_LIFE_DAYS
    observed_at: datetime | None  # None: nobody knows when; such a signal is told of and not counted
    strength: float = 1.0
    fact_id: str = ""
    quote: str = ""  # the evidence's own words, for hooks
    url: str = ""  # where it is said


@dataclass(frozen=True, slots=True)
class CompanyTraits:
    """What is known of a company. None and empty mean unknown; `fact_ids` maps a field to the facts behind it."""

    name: str = ""
    domain: str = ""
    industry: str | None = None
    tags: tuple[str, ...] = ()
    employees: int | None = None
    revenue_minor: int | None = None  # a year
    currency: str | None = None  # ISO 4217
    country: str | None = None  # ISO 3166-1 alpha-2
    region: str | None = None
    description_words: frozenset[str] = frozenset()  # of `words(description)`
    technologies: tuple[str, ...] = ()
    founded_year: int | None = None
    status: str | None = None  # "active", "acquired" …, in the source's words
    fact_ids: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NO_FACTS, hash=False)


@dataclass(frozen=True, slots=True)
class PersonTraits:
    """A contact. Seniority and department are read from the title where they are not given."""

    title: str | None = None
    seniority: Seniority | None = None
    department: Department | None = None
    email_status: str | None = None  # valid, risky, invalid, unknown; None: nobody looked
    has_phone: bool = False
    has_profile: bool = False
    fact_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsagePoint:
    day: date
    value: float


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """One metric of one account by day. A day without a row is unknown, not zero."""

    metric: str
    points: tuple[UsagePoint, ...]
    fact_ids: tuple[str, ...] = ()


_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> tuple[str, ...]:
    """Case-folded words in order; punctuation separates."""
    return tuple(_WORD.findall(text.casefold()))


def words(*texts: str | None) -> frozenset[str]:
    """The set of words of all texts: what `CompanyTraits.description_words` holds."""
    return frozenset(word for text in texts if text for word in _WORD.findall(text.casefold()))


def clamp(value: float) -> float:
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


def points_of(reasons: Iterable[Reason]) -> float:
    return sum(reason.points for reason in reasons)


def require_aware(instant: datetime, name: str) -> None:
    """A naive instant would silently mean the machine's zone: refuse it (ValueError)."""
    if instant.tzinfo is None:
        raise ValueError(f"{name} must be an aware datetime; got the naive {instant.isoformat()}.")
