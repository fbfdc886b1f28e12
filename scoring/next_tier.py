"""What would have to change for the next tier: the fewest criteria whose change lifts it, and which can be bought.

Tried in full: at most six criteria of fit and intent, so at most 127 sets. Among sets of one size, the one with the
most that is only unknown comes first, because it can be bought; what is known and does not match cannot.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from scoring.criteria import CompiledIcp
from scoring.fit import find_disqualifiers, match_criteria, mean_fit
from scoring.intent import score_intent, what_to_buy
from scoring.priority import LOWEST_TIER, mean_of, tier_of
from scoring.rules import adjusted, apply_rules
from scoring.types import CompanyTraits, Reason, Signal

INTENT = "intent"


class Change(NamedTuple):
    criterion: str  # a criterion of fit, or "intent"
    text: str  # how it stands now
    now: float | None  # 0–1; None: not known
    needed: float  # the least that lifts the tier together with the others of the set
    gain: float  # of priority, by this change alone; may be negative where learning it makes fit known first
    buyable: bool  # not known yet: a source may tell. False: known not to match


class NextTier(NamedTuple):
    tier: int  # now, by the bands alone
    target: int | None  # the next better one; None: there is none better
    priority: float | None
    reaches: float | None  # the priority once all of `changes` came out well
    changes: tuple[Change, ...]  # the smallest set; empty: nothing lifts it, or nothing needs to
    blocked: tuple[Reason, ...]  # why nothing lifts it


def next_tier(company: CompanyTraits, signals: Sequence[Signal] | None, icp: CompiledIcp, as_of: datetime) -> NextTier:
    """Rules of the ICP count as they apply now. Raises ValueError for a naive `as_of`."""
    matches = match_criteria(icp, company, as_of, signals)
    weights = {name: weight for name, weight, _ in matches}
    held: dict[str, float | None] = {name: match.value for name, _, match in matches}
    scored = score_intent(signals, as_of, icp.half_lives)
    held[INTENT] = scored.value
    texts = {name: match.text for name, _, match in matches} | {INTENT: scored.reasons[0].text.rstrip(".")}
    effects = apply_rules(icp.rules, company, signals, as_of)

    def priority(values: Mapping[str, float | None]) -> float | None:
        fit = mean_fit([(weight, values[name]) for name, weight in weights.items()], icp)
        value = mean_of(fit, values[INTENT], icp)
        return None if value is None else adjusted(value, effects.points, effects.cap)

    now = priority(held)
    disqualifiers = (*find_disqualifiers(icp, company), *effects.disqualifiers)
    tier = LOWEST_TIER if now is None or disqualifiers else tier_of(now, icp.bands)
    target = tier - 1 if tier > 1 else None
    if target is None or disqualifiers:
        return NextTier(tier, target, now, None, (), disqualifiers)
    edge = {1: icp.bands.tier_1, 2: icp.bands.tier_2, 3: icp.bands.tier_3}[target]
    open_ = [name for name, value in held.items() if (value is None or value < 1.0) and _weighs(name, weights, icp)]
    for size in range(1, len(open_) + 1):
        found = []
        for chosen in combinations(open_, size):
            reached = priority(held | dict.fromkeys(chosen, 1.0))
            if reached is not None and reached >= edge:
                found.append((-sum(held[name] is None for name in chosen), -reached, chosen))
        if found:
            _, reached, chosen = min(found)
            best = held | dict.fromkeys(chosen, 1.0)
            changes = [
                Change(
                    name,
                    texts[name],
                    held[name],
                    _least(priority, best, name, held[name], edge),
                    (priority(held | {name: 1.0}) or 0.0) - (now or 0.0),
                    held[name] is None,
                )
                for name in chosen
            ]
            changes.sort(key=lambda change: (-change.gain, change.criterion))
            return NextTier(tier, target, now, -reached, tuple(changes), ())
    return NextTier(tier, target, now, None, (), _why_not(effects.reasons))


def _weighs(name: str, weights: Mapping[str, float], icp: CompiledIcp) -> bool:
    return icp.weight_intent > 0 if name == INTENT else icp.weight_fit > 0 and weights[name] > 0


def _least(
    priority: Callable[[Mapping[str, float | None]], float | None],
    best: Mapping[str, float | None],
    name: str,
    now: float | None,
    edge: float,
) -> float:
    """The least value of `name` between `now` and 1 that reaches the edge with the others at their best, to 0.01."""
    for hundredth in range(round((now or 0.0) * 100), 100):
        value = priority({**best, name: hundredth / 100})
        if value is not None and value >= edge:
            return hundredth / 100
    return 1.0


def _why_not(rules: tuple[Reason, ...]) -> tuple[Reason, ...]:
    text = "Even with every open criterion met, the next tier is not reached."
    return (Reason("out_of_reach", text), *(rule for rule in rules if rule.code == "rule_cap" or rule.points < 0))


def sources_for(change: Change) -> str:
    """Where it could be learned, for people; empty where it cannot be bought."""
    if not change.buyable:
        return ""
    if change.criterion == INTENT:
        return "; ".join(ask.source for ask in what_to_buy()[:3])
    return _SOURCES[change.criterion]


_SOURCES = {
    "industry": "company data or the company's own site",
    "employees": "company data",
    "revenue": "company data or filings",
    "location": "company data or the site's imprint",
    "technologies": "technology detection",
    "growth": "job boards, filings and news",
}
