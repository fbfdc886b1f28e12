"""The ideal customer profile, typed and frozen. `scoring.icp` parses it; `scoring.fit` compiles it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.rule_model import ScoringRule
from scoring.types import BuyingRole, Department, Seniority

# Statuses that mean there is nobody to sell to: the company is gone or decides elsewhere now.
DEAD_STATUSES = ("inactive", "acquired", "closed", "dead", "dissolved", "bankrupt", "insolvent", "liquidated")

# Half-open bands: [0.8, 1] is tier 1, [0.6, 0.8) 2, [0.4, 0.6) 3, below 4.
TIER_1_FROM, TIER_2_FROM, TIER_3_FROM = 0.8, 0.6, 0.4


@dataclass(frozen=True, slots=True)
class IndustryWant:
    """An industry by name, with the other words that mean it."""

    name: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmployeeRange:
    """Both ends included; None is open."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class RevenueRange:
    """Yearly revenue in minor units of `currency`; both ends included; None is open."""

    min_minor: int | None = None
    max_minor: int | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Hard disqualifiers: one match is tier 4, whatever else is true."""

    industries: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    name_words: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    statuses: tuple[str, ...] = DEAD_STATUSES


@dataclass(frozen=True, slots=True)
class TargetRole:
    """A seat of the buying committee: these departments, from this seniority up."""

    role: BuyingRole
    departments: tuple[Department, ...] = ()  # empty: any department
    min_seniority: Seniority = Seniority.MANAGER
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CriterionWeights:
    """How much each criterion counts in fit; only the ratios matter."""

    industry: float = 3.0  # the wrong industry has no use for the product
    employees: float = 2.0  # size decides price and process
    revenue: float = 1.0  # seldom known, and follows size
    location: float = 2.0  # law, language and time zone
    technologies: float = 1.0  # seen from outside only in part
    growth: float = 1.0  # growth makes budgets


@dataclass(frozen=True, slots=True)
class Weights:
    """Of priority (fit and intent) and, inside fit, of each criterion."""

    fit: float = 0.5
    intent: float = 0.5
    criteria: CriterionWeights = field(default_factory=CriterionWeights)


@dataclass(frozen=True, slots=True)
class TierBands:
    """Lower ends, included, of tiers 1 to 3; strictly falling."""

    tier_1: float = TIER_1_FROM
    tier_2: float = TIER_2_FROM
    tier_3: float = TIER_3_FROM


DEFAULT_ROLES = (
    TargetRole(BuyingRole.ECONOMIC_BUYER, (Department.GENERAL_MANAGEMENT, Department.FINANCE), Seniority.DIRECTOR),
    TargetRole(BuyingRole.CHAMPION, (Department.SALES, Department.MARKETING), Seniority.MANAGER),
    TargetRole(BuyingRole.USER, (Department.SALES, Department.MARKETING), Seniority.STAFF, 0.7),
    # Whom a deal must pass. Little above somebody outside the committee: they are known in time, not written to first.
    TargetRole(
        BuyingRole.BLOCKER,
        (Department.PURCHASING, Department.LEGAL, Department.INFORMATION_TECHNOLOGY),
        Seniority.MANAGER,
        0.4,
    ),
)


@dataclass(frozen=True, slots=True)
class IcpDefinition:
    """What a workspace wants its customers to be. Empty criteria are not asked for."""

    name: str
    industries: tuple[IndustryWant, ...] = ()
    employees: EmployeeRange | None = None
    revenue: RevenueRange | None = None
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2, upper case
    regions: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()  # any of them
    growth_signals: tuple[str, ...] = ()  # any of them; keys of scoring.intent.HALF_LIFE_DAYS
    exclusions: Exclusions = field(default_factory=Exclusions)
    roles: tuple[TargetRole, ...] = DEFAULT_ROLES
    weights: Weights = field(default_factory=Weights)
    bands: TierBands = field(default_factory=TierBands)
    half_lives: Mapping[str, float] = field(default_factory=dict, hash=False)  # days by signal kind, where they differ
    rules: tuple[ScoringRule, ...] = ()
