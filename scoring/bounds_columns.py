"""`scoring.bounds` over columns of companies: for how many of thousands more data can still change the tier."""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.columns import criterion_columns, disqualified_columns, intent_columns, mean_columns, tier_columns
from scoring.criteria import CompiledIcp
from scoring.encoding import CompanyColumns, Floats
from scoring.fit import MIN_KNOWN_WEIGHT
from scoring.priority import LOWEST_TIER
from scoring.rule_columns import Truth, condition_column
from scoring.rule_model import EffectKind, Op, ScoringRule
from scoring.types import require_aware

Bools = npt.NDArray[np.bool_]


class BoundsColumns(NamedTuple):
    """By company, as `scoring.bounds.Bounds`; NaN where no priority is possible."""

    low: Floats
    high: Floats
    may_stay_unknown: Bools
    disqualified: Bools
    best_tier: npt.NDArray[np.int8]  # 1–4, exclusions by unknown traits not counted
    worst_tier: npt.NDArray[np.int8]

    @property
    def settled(self) -> Bools:
        """No answer can change the tier."""
        return np.asarray(self.best_tier == self.worst_tier)


def bounds_columns(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> BoundsColumns:
    """Raises ValueError for a naive `as_of`."""
    require_aware(as_of, "as_of")
    intent = intent_columns(columns, icp, as_of)
    columns = replace(columns, signals_known=~np.isnan(intent))
    low, high, unknown = _mean_bounds(*_fit_bounds(columns, icp, as_of), intent, icp)
    n = len(intent)
    down, up, lowest, highest = np.zeros(n), np.zeros(n), np.full(n, np.inf), np.full(n, np.inf)
    gone = disqualified_columns(columns, icp)
    for rule in icp.rules:
        truth, amount = _settled_truth(rule, columns, as_of), rule.then.amount
        yes, maybe = truth == 1, truth != 0
        if rule.then.kind is EffectKind.DISQUALIFY:
            gone = gone | yes
        elif rule.then.kind is EffectKind.CAP:
            lowest[maybe], highest[yes] = np.minimum(lowest[maybe], amount), np.minimum(highest[yes], amount)
        else:
            signed = amount if rule.then.kind is EffectKind.ADD else -amount
            down[yes if signed > 0 else maybe] += signed
            up[maybe if signed > 0 else yes] += signed
    if icp.rules:
        low = np.minimum(np.clip(low + down, 0.0, 1.0), lowest)
        high = np.minimum(np.clip(high + up, 0.0, 1.0), highest)
    none = gone | np.isnan(low)
    best = np.where(none, LOWEST_TIER, tier_columns(high, icp)).astype(np.int8)
    worst = np.where(none | unknown, LOWEST_TIER, tier_columns(low, icp)).astype(np.int8)
    return BoundsColumns(low, high, unknown, gone, best, worst)


def _fit_bounds(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> tuple[Floats, Floats, Bools]:
    n = len(columns.employees)
    known, earned, whole = np.zeros(n), np.zeros(n), 0.0
    for _, weight, match in criterion_columns(columns, icp, as_of):
        have = ~np.isnan(match)
        known[have] += weight
        earned[have] += weight * match[have]
        whole += weight
    unknown = ~((known > 0.0) & (known >= MIN_KNOWN_WEIGHT * icp.total_weight))
    if whole <= 0.0:
        nothing = np.full(n, np.nan)
        return nothing, nothing, unknown
    return earned / whole, np.minimum(1.0, (earned + whole - known) / whole), unknown


def _mean_bounds(
    fit_low: Floats, fit_high: Floats, fit_unknown: Bools, intent: Floats, icp: CompiledIcp
) -> tuple[Floats, Floats, Bools]:
    silent = np.isnan(intent)
    fits = (fit_low, fit_high, np.where(fit_unknown, np.nan, fit_low))
    intents = (intent, np.where(silent, 0.0, intent), np.where(silent, 1.0, intent))
    found = np.stack([mean_columns(fit, one, icp) for fit in fits for one in intents])
    unknown = np.isnan(found)
    low = np.where(unknown, np.inf, found).min(axis=0)
    high = np.where(unknown, -np.inf, found).max(axis=0)
    never = unknown.all(axis=0)
    return np.where(never, np.nan, low), np.where(never, np.nan, high), np.asarray(unknown.any(axis=0))


def _settled_truth(rule: ScoringRule, columns: CompanyColumns, as_of: datetime) -> Truth:
    found = []
    for condition in rule.when:
        truth = condition_column(condition, columns, as_of)
        if condition.op is Op.UNKNOWN:
            truth = np.where(truth == 1, -1, truth)
        elif condition.op is Op.KNOWN:
            truth = np.where(truth == 0, -1, truth)
        found.append(truth)
    every = np.stack(found)
    return np.where((every == 0).any(axis=0), 0, np.where((every == -1).any(axis=0), -1, 1)).astype(np.int8)
