"""Between which values a priority must lie, given what is not known yet: what tells when more data change nothing.

A fit is (earned + what unknown criteria may earn) / (known weight + weight learned), so it lies between all unknown
criteria learned at 0 and all learned at 1; whoever learns only some of them stays between. Priority is monotone in fit
and intent, the ICP's own rules in the priority. Rules that may or may not apply are taken at their worst and best,
whatever else is learned: the interval is safe, and may be wider than the truth.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.criteria import CompiledIcp, Match
from scoring.fit import MIN_KNOWN_WEIGHT, find_disqualifiers, match_criteria
from scoring.intent import score_intent
from scoring.priority import LOWEST_TIER, mean_of, tier_of
from scoring.rule_model import Condition, EffectKind, Op, ScoringRule
from scoring.rules import adjusted, holds
from scoring.types import CompanyTraits, Signal


class Bounds(NamedTuple):
    """0–1, low ≤ high. None: whatever is learned, no priority comes of it (the ICP asks for nothing that weighs)."""

    low: float | None
    high: float | None
    may_stay_unknown: bool  # some ways of learning more still leave no priority
    disqualified: bool  # known to be: nothing lifts the tier any more
    may_disqualify: tuple[str, ...]  # unknown traits of which a value would disqualify


class FitBounds(NamedTuple):
    low: float | None  # None: no fit is possible
    high: float | None
    may_be_unknown: bool  # now, or after learning only some of what is unknown


def priority_bounds(
    company: CompanyTraits, signals: Sequence[Signal] | None, icp: CompiledIcp, as_of: datetime
) -> Bounds:
    """What the priority can still become by learning what is unknown: criteria without a match, and, where no signal
    counts, intent. What is known stays as it is. Raises ValueError for a naive `as_of`."""
    intent = score_intent(signals, as_of, icp.half_lives).value
    seen = signals if intent is not None else None  # without a signal that counts, any may still be found
    criteria = match_criteria(icp, company, as_of, seen)
    fit = fit_bounds([(weight, match) for _, weight, match in criteria], icp)
    low, high, unknown = _mean_bounds(fit, intent, icp)
    maybe = may_disqualify(icp, company)
    gone = bool(find_disqualifiers(icp, company))
    down = up = 0.0
    lowest: float | None = None
    highest: float | None = None
    for rule in icp.rules:
        truth = _truth(rule, company, seen, as_of)
        if truth is False:
            continue
        kind, amount = rule.then.kind, rule.then.amount
        if kind is EffectKind.DISQUALIFY:
            gone = gone or truth is True
            maybe = maybe if truth else (*maybe, *_unknown_fields(rule, company, seen, as_of))
        elif kind is EffectKind.CAP:
            lowest = amount if lowest is None else min(lowest, amount)
            if truth:
                highest = amount if highest is None else min(highest, amount)
        else:
            signed = amount if kind is EffectKind.ADD else -amount
            down += signed if truth else min(0.0, signed)
            up += signed if truth else max(0.0, signed)
    if low is None or high is None:
        return Bounds(None, None, True, gone, tuple(dict.fromkeys(maybe)))
    return Bounds(adjusted(low, down, lowest), adjusted(high, up, highest), unknown, gone, tuple(dict.fromkeys(maybe)))


def tiers_between(bounds: Bounds, icp: CompiledIcp, *, exclusions: bool = False) -> tuple[int, int]:
    """(best, worst) tier that is possible, 1–4. No priority counts as the lowest tier, where such a lead stands.

    `exclusions`: count that an unknown trait may turn out to be excluded. Off by default, because a company's status
    is seldom known and seldom excludes: asked for every lead, no tier would ever be settled."""
    if bounds.disqualified or bounds.low is None or bounds.high is None:
        return LOWEST_TIER, LOWEST_TIER
    best, worst = tier_of(bounds.high, icp.bands), tier_of(bounds.low, icp.bands)
    falls = bounds.may_stay_unknown or (exclusions and bool(bounds.may_disqualify))
    return best, LOWEST_TIER if falls else worst


def tier_is_settled(bounds: Bounds, icp: CompiledIcp, *, exclusions: bool = False) -> bool:
    """True where no answer can change the tier: then more data are money for nothing."""
    best, worst = tiers_between(bounds, icp, exclusions=exclusions)
    return best == worst


def fit_bounds(criteria: Sequence[tuple[float, Match]], icp: CompiledIcp) -> FitBounds:
    """`criteria`: (weight, match) of all that the ICP asks for."""
    known = sum(weight for weight, match in criteria if match.value is not None)
    earned = sum(weight * match.value for weight, match in criteria if match.value is not None)
    missing = sum(weight for weight, match in criteria if match.value is None)
    whole = known + missing
    if whole <= 0.0:
        return FitBounds(None, None, True)
    enough = known > 0.0 and known >= MIN_KNOWN_WEIGHT * icp.total_weight
    return FitBounds(earned / whole, min(1.0, (earned + missing) / whole), not enough)


def _mean_bounds(fit: FitBounds, intent: float | None, icp: CompiledIcp) -> tuple[float | None, float | None, bool]:
    """(low, high, may stay unknown) of the mean before rules, over every fit and intent that is possible."""
    intents = (intent,) if intent is not None else (None, 0.0, 1.0)
    fits = {fit.low, fit.high, *((None,) if fit.may_be_unknown else ())}
    found = [mean_of(one, other, icp) for one in fits for other in intents]
    values = [value for value in found if value is not None]
    if not values:
        return None, None, True
    return min(values), max(values), len(values) < len(found)


# The traits that a list of exclusions looks at.
_EXCLUDING = (
    ("industry", "excluded_industries", ("industry", "tags")),
    ("country", "excluded_countries", ("country",)),
    ("technologies", "excluded_technologies", ("technologies",)),
    ("status", "excluded_statuses", ("status",)),
    ("domain", "excluded_domains", ("domain",)),
)


def may_disqualify(icp: CompiledIcp, company: CompanyTraits) -> tuple[str, ...]:
    """The unknown traits of which the ICP excludes a value."""
    return tuple(
        name
        for name, excluded, traits in _EXCLUDING
        if getattr(icp, excluded) and not any(getattr(company, trait) for trait in traits)
    )


def _truth(rule: ScoringRule, company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime) -> bool | None:
    """As `rules.rule_holds`, but what is unknown may become known: then nothing is said for good."""
    found = [_settled(condition, company, signals, as_of) for condition in rule.when]
    if False in found:
        return False
    return None if None in found else True


def _settled(
    condition: Condition, company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime
) -> bool | None:
    truth = holds(condition, company, signals, as_of)
    if (condition.op is Op.UNKNOWN and truth) or (condition.op is Op.KNOWN and not truth):
        return None
    return truth


def _unknown_fields(
    rule: ScoringRule, company: CompanyTraits, signals: Sequence[Signal] | None, as_of: datetime
) -> tuple[str, ...]:
    return tuple(one.field for one in rule.when if _settled(one, company, signals, as_of) is None)
