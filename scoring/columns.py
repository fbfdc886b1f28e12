"""Fit, intent, authority, priority and tier as numpy columns, for millions: the row rules without the reasons.

Text is dictionary-encoded (a distinct value is matched once, by the row rules themselves), numbers stay raw.
Unknown is NaN in float columns, -1 in code columns, 0 in the tier column. Values equal the row version to 1e-9.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.authority import SIZE_EDGES, authority_parts
from scoring.criteria import (
    GROWTH_MAX_AGE_DAYS,
    LOG2_FALL,
    CompiledIcp,
    Match,
    excluded_industries,
    match_industry,
    match_location,
    match_technologies,
)
from scoring.encoding import (
    DEPARTMENTS,
    KINDS,
    SENIORITIES,
    Codes,
    CompanyColumns,
    Floats,
    LeadColumns,
    TextColumn,
    encode_companies,
    encode_leads,
)
from scoring.fit import MIN_KNOWN_WEIGHT, find_disqualifiers
from scoring.intent import SAME_KIND, SECONDS_PER_DAY, SIGNAL_KINDS
from scoring.priority import UNKNOWN_INTENT
from scoring.rule_columns import rule_columns
from scoring.types import require_aware

__all__ = ["ScoreColumns", "criterion_columns", "encode_companies", "encode_leads", "priority_columns", "score_columns"]

Bools = npt.NDArray[np.bool_]


class ScoreColumns(NamedTuple):
    """A value a lead."""

    fit: Floats
    intent: Floats
    authority: Floats
    priority: Floats
    tier: npt.NDArray[np.int8]  # 1–4; 0: not known


def score_columns(companies: CompanyColumns, leads: LeadColumns, icp: CompiledIcp, as_of: datetime) -> ScoreColumns:
    """All scores of m leads. Raises ValueError for a naive `as_of`."""
    require_aware(as_of, "as_of")
    fit, intent = _fit(companies, icp, as_of), intent_columns(companies, icp, as_of)
    priority, tier = _priority(companies, fit, intent, icp, as_of)
    at = leads.company
    return ScoreColumns(fit[at], intent[at], _authority(companies, leads, icp), priority[at], tier[at])


def priority_columns(
    companies: CompanyColumns, icp: CompiledIcp, as_of: datetime
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """(priority, tier) of n companies, without their people. Raises ValueError for a naive `as_of`."""
    require_aware(as_of, "as_of")
    return _priority(companies, _fit(companies, icp, as_of), intent_columns(companies, icp, as_of), icp, as_of)


def _range_match(values: Floats, low: float | None, high: float | None) -> Floats:
    match = np.where(np.isnan(values), np.nan, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        if high is not None:
            above = values > high
            fall = np.maximum(0.0, 1.0 - LOG2_FALL * np.log2(values / high)) if high > 0 else np.zeros_like(values)
            match = np.where(above, fall, match)
        if low is not None:
            below = values < low
            fall = np.where(values > 0, np.maximum(0.0, 1.0 - LOG2_FALL * np.log2(low / values)), 0.0)
            match = np.where(below, fall, match)
    return match


def criterion_columns(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> list[tuple[str, float, Floats]]:
    """(criterion, weight, match by company: 0–1, NaN unknown) of all that the ICP asks for."""
    want, weights = icp.definition, icp.definition.weights.criteria
    n = len(columns.employees)
    found: list[tuple[str, float, Floats]] = []

    def by_text(column: TextColumn, matches: Iterable[Match]) -> Floats:
        values: Floats = np.array([np.nan if m.value is None else m.value for m in matches], np.float64)
        return values[column.code] if n else values

    if want.industries:
        matches = map(match_industry, repeat(icp), columns.industry.values, columns.stated)
        found.append(("industry", weights.industry, by_text(columns.industry, matches)))
    if want.employees:
        match = _range_match(columns.employees, want.employees.min, want.employees.max)
        found.append(("employees", weights.employees, match))
    if want.revenue:
        match = _range_match(columns.revenue_minor, want.revenue.min_minor, want.revenue.max_minor)
        same = np.array([currency == want.revenue.currency for currency in columns.currencies], np.bool_)
        known = np.where(same[columns.currency_code], match, np.nan) if n else match
        found.append(("revenue", weights.revenue, known))
    if want.countries or want.regions:
        matches = map(match_location, repeat(icp), columns.location.values)
        found.append(("location", weights.location, by_text(columns.location, matches)))
    if want.technologies:
        matches = map(match_technologies, repeat(icp), columns.technologies.values)
        found.append(("technologies", weights.technologies, by_text(columns.technologies, matches)))
    if want.growth_signals:
        found.append(("growth", weights.growth, _growth(columns, icp, as_of)))
    return found


def _fit(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> Floats:
    n = len(columns.employees)
    known, earned = np.zeros(n), np.zeros(n)
    for _, weight, match in criterion_columns(columns, icp, as_of):
        have = ~np.isnan(match)
        known[have] += weight
        earned[have] += weight * match[have]
    enough = (known > 0.0) & (known >= MIN_KNOWN_WEIGHT * icp.total_weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        fit: Floats = np.where(enough, np.minimum(1.0, earned / known), np.nan)
    return fit


def disqualified_columns(columns: CompanyColumns, icp: CompiledIcp) -> Bools:
    """Each exclusion looks at one group of traits, so the groups are asked apart and joined by or."""
    asked = (
        (columns.location, bool(icp.excluded_countries)),
        (columns.technologies, bool(icp.excluded_technologies)),
        (columns.status, bool(icp.excluded_statuses)),
        (columns.identity, bool(icp.excluded_domains or icp.excluded_name_words)),
    )
    found = np.zeros(len(columns.employees), np.bool_)
    if icp.excluded_industries and columns.stated:
        hits = np.array([bool(excluded_industries(icp, stated)) for stated in columns.stated], np.bool_)
        found |= hits[columns.industry.code]
    for column, excludes in asked:
        if excludes and column.values:
            hits = np.array([bool(find_disqualifiers(icp, traits)) for traits in column.values], np.bool_)
            found |= hits[column.code]
    return found


def _growth(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> Floats:
    wanted = np.array([*(kind in icp.growth for kind in KINDS), False], np.bool_)  # -1 points at the last
    age = as_of.timestamp() - columns.signal_at
    counts = wanted[columns.signal_kind] & (age >= 0) & (age < GROWTH_MAX_AGE_DAYS * SECONDS_PER_DAY)
    found = np.zeros(len(columns.employees))
    found[columns.signal_company[counts]] = 1.0
    return np.where(columns.signals_known, found, np.nan)


def intent_columns(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> Floats:
    """1 - ∏(1 - p) by company, as sums of logarithms; NaN where no signal counts."""
    n = len(columns.employees)
    age = (as_of.timestamp() - columns.signal_at) / SECONDS_PER_DAY
    counts = (columns.signal_kind >= 0) & (age >= 0.0)
    kind, company = columns.signal_kind[counts], columns.signal_company[counts]
    half_life = np.array([icp.half_lives.get(k, SIGNAL_KINDS[k].half_life_days) for k in KINDS])
    weight = np.array([SIGNAL_KINDS[k].weight for k in KINDS])
    strength = np.clip(columns.signal_strength[counts], 0.0, 1.0)
    p = weight[kind] * strength * columns.signal_role[counts] * np.exp2(-age[counts] / half_life[kind])
    p = p * SAME_KIND ** _place_in_kind(company * len(KINDS) + kind, p)
    log_none = np.bincount(company, weights=np.log1p(-p), minlength=n)
    seen = np.bincount(company, minlength=n) > 0
    return np.where(seen, -np.expm1(log_none), np.nan)


def _place_in_kind(group: Codes, p: Floats) -> Codes:
    """0 for the largest `p` of each group, 1 for the next, …"""
    order = np.lexsort((-p, group))
    held = group[order]
    starts = np.flatnonzero(np.r_[True, held[1:] != held[:-1]]) if len(held) else np.zeros(0, np.int64)
    place = np.empty(len(held), np.int64)
    place[order] = np.arange(len(held)) - np.repeat(starts, np.diff(np.r_[starts, len(held)]))
    return place


def _authority(columns: CompanyColumns, leads: LeadColumns, icp: CompiledIcp) -> Floats:
    """A table of rank × department × size class, filled by the row rule; the last of each axis is unknown."""
    roles = icp.definition.roles
    sizes = (*range(len(SIZE_EDGES) + 1), None)
    table = np.full((len(SENIORITIES) + 1, len(DEPARTMENTS) + 1, len(sizes)), np.nan)
    for i, rank in enumerate(SENIORITIES):
        for j, department in enumerate((*DEPARTMENTS, None)):
            for k, size in enumerate(sizes):
                table[i, j, k] = authority_parts(rank, department, size, roles)[0]
    size_of = np.searchsorted(np.array(SIZE_EDGES, np.float64), columns.employees, side="left")
    size_of[np.isnan(columns.employees)] = -1
    found: Floats = table[leads.seniority, leads.department, size_of[leads.company]]
    return found


def mean_columns(fit: Floats, intent: Floats, icp: CompiledIcp) -> Floats:
    """Priority before the ICP's own rules; NaN where what carries weight is unknown."""
    weight_fit, weight_intent = icp.weight_fit, icp.weight_intent
    counted = np.where(np.isnan(intent), UNKNOWN_INTENT, intent)
    total = weight_fit + weight_intent
    both = weight_fit * fit / total + weight_intent * counted / total
    intent_alone = intent if weight_intent > 0 else np.full_like(intent, np.nan)
    return np.where(np.isnan(fit) | (weight_fit <= 0), intent_alone, both)


def tier_columns(priority: Floats, icp: CompiledIcp) -> npt.NDArray[np.int8]:
    """1–4; 0 where the priority is not known."""
    bands = icp.bands
    tier = 4 - (priority >= bands.tier_1).astype(np.int8) - (priority >= bands.tier_2) - (priority >= bands.tier_3)
    return np.where(np.isnan(priority), 0, tier).astype(np.int8)


def _priority(
    companies: CompanyColumns, fit: Floats, intent: Floats, icp: CompiledIcp, as_of: datetime
) -> tuple[Floats, npt.NDArray[np.int8]]:
    priority, disqualified = mean_columns(fit, intent, icp), disqualified_columns(companies, icp)
    if icp.rules:
        rules = rule_columns(icp.rules, companies, as_of)
        priority = np.minimum(np.clip(priority + rules.points, 0.0, 1.0), rules.cap)
        disqualified = disqualified | rules.disqualified
    return priority, np.where(disqualified, 4, tier_columns(priority, icp)).astype(np.int8)
