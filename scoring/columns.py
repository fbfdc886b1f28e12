"""Fit, intent, authority, priority and tier as numpy columns, for millions: the row rules without the reasons.

Text is dictionary-encoded (a distinct value is matched once, by the row rules themselves), numbers stay raw.
Unknown is NaN in float columns, -1 in code columns, 0 in the tier column. Values equal the row version to 1e-9.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scoring.authority import SENIORITY_AUTHORITY, SIZE_EDGES, authority_parts
from scoring.criteria import (
    GROWTH_MAX_AGE_DAYS,
    LOG2_FALL,
    CompiledIcp,
    Match,
    excluded_industries,
    match_industry,
    match_location,
    match_technologies,
    stated_industries,
)
from scoring.fit import MIN_KNOWN_WEIGHT, find_disqualifiers
from scoring.intent import SECONDS_PER_DAY, SIGNAL_KINDS
from scoring.priority import UNKNOWN_INTENT
from scoring.titles import read_title
from scoring.types import CompanyTraits, Department, PersonTraits, Signal, require_aware

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_SENIORITIES = tuple(SENIORITY_AUTHORITY)
_DEPARTMENTS = tuple(Department)
_KINDS = tuple(SIGNAL_KINDS)


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """One group of textual traits: its distinct values, as traits with nothing else known, and n codes into them."""

    values: tuple[CompanyTraits, ...]
    code: Codes


@dataclass(frozen=True, slots=True, eq=False)
class CompanyColumns:
    """n companies. Text is held by groups that are matched together, each distinct value once."""

    industry: TextColumn  # industry, tags, description
    stated: tuple[str, ...]  # of each distinct industry: its words, normalised once whatever ICPs are asked
    location: TextColumn  # country, region
    technologies: TextColumn
    status: TextColumn
    identity: TextColumn  # name, domain
    employees: Floats
    revenue_minor: Floats
    currencies: tuple[str | None, ...]
    currency_code: Codes
    signals_known: npt.NDArray[np.bool_]  # False: nobody looked
    # Flat signals, in any order.
    signal_company: Codes
    signal_kind: Codes  # index into the kinds of scoring.intent; -1: a kind the rules do not know
    signal_at: Floats  # seconds since 1970
    signal_strength: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LeadColumns:
    """m contacts, each at a company of a `CompanyColumns`."""

    company: Codes
    seniority: Codes  # -1: unknown
    department: Codes  # -1: unknown


class ScoreColumns(NamedTuple):
    """A value a lead."""

    fit: Floats
    intent: Floats
    authority: Floats
    priority: Floats
    tier: npt.NDArray[np.int8]  # 1–4; 0: not known


def encode_companies(companies: Sequence[CompanyTraits], signals: Sequence[Sequence[Signal] | None]) -> CompanyColumns:
    """Rows to columns. `signals` holds one entry a company; None: nobody looked."""
    currencies: dict[str | None, int] = {}
    codes = {kind: index for index, kind in enumerate(_KINDS)}
    flat = [(index, signal) for index, held in enumerate(signals) for signal in held or ()]
    industry = _text_column(companies, "industry", "tags", "description_words")
    return CompanyColumns(
        industry=industry,
        stated=tuple(stated_industries(traits) for traits in industry.values),
        location=_text_column(companies, "country", "region"),
        technologies=_text_column(companies, "technologies"),
        status=_text_column(companies, "status"),
        identity=_text_column(companies, "name", "domain"),
        employees=np.array([np.nan if c.employees is None else c.employees for c in companies], np.float64),
        revenue_minor=np.array([np.nan if c.revenue_minor is None else c.revenue_minor for c in companies], np.float64),
        currency_code=np.array([currencies.setdefault(c.currency, len(currencies)) for c in companies], np.int64),
        currencies=tuple(currencies),
        signals_known=np.array([held is not None for held in signals], np.bool_),
        signal_company=np.array([index for index, _ in flat], np.int64),
        signal_kind=np.array([codes.get(signal.kind, -1) for _, signal in flat], np.int64),
        signal_at=np.array([signal.observed_at.timestamp() for _, signal in flat], np.float64),
        signal_strength=np.array([signal.strength for _, signal in flat], np.float64),
    )


def _text_column(companies: Sequence[CompanyTraits], *names: str) -> TextColumn:
    seen: dict[Any, int] = {}
    read = attrgetter(*names)
    code = np.array([seen.setdefault(read(company), len(seen)) for company in companies], np.int64)
    rows = seen if len(names) > 1 else ((value,) for value in seen)
    return TextColumn(tuple(CompanyTraits(**dict(zip(names, row, strict=True))) for row in rows), code)


def encode_leads(people: Sequence[PersonTraits], company: Sequence[int]) -> LeadColumns:
    """Rows to columns; `company` is each contact's index. Seniority and department are read from titles if absent."""
    seniority, department = [], []
    for person in people:
        rank, field = person.seniority, person.department
        if (rank is None or field is None) and person.title:
            reading = read_title(person.title)
            rank, field = rank or reading.seniority, field or reading.department
        seniority.append(-1 if rank is None else _SENIORITIES.index(rank))
        department.append(-1 if field is None else _DEPARTMENTS.index(field))
    return LeadColumns(np.array(company, np.int64), np.array(seniority, np.int64), np.array(department, np.int64))


def score_columns(companies: CompanyColumns, leads: LeadColumns, icp: CompiledIcp, as_of: datetime) -> ScoreColumns:
    """All scores of m leads. Raises ValueError for a naive `as_of`."""
    require_aware(as_of, "as_of")
    fit, disqualified = _fit(companies, icp, as_of)
    intent = _intent(companies, as_of)
    priority, tier = _priority(fit, intent, disqualified, icp)
    at = leads.company
    return ScoreColumns(fit[at], intent[at], _authority(companies, leads, icp), priority[at], tier[at])


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


def _fit(columns: CompanyColumns, icp: CompiledIcp, as_of: datetime) -> tuple[Floats, npt.NDArray[np.bool_]]:
    want, weights = icp.definition, icp.definition.weights.criteria
    n = len(columns.employees)
    known, earned = np.zeros(n), np.zeros(n)

    def add(weight: float, match: Floats) -> None:
        have = ~np.isnan(match)
        known[have] += weight
        earned[have] += weight * match[have]

    def by_text(column: TextColumn, matches: Iterable[Match]) -> Floats:
        found: Floats = np.array([np.nan if m.value is None else m.value for m in matches], np.float64)
        return found[column.code] if n else found

    if want.industries:
        add(
            weights.industry,
            by_text(columns.industry, map(match_industry, repeat(icp), columns.industry.values, columns.stated)),
        )
    if want.employees:
        add(weights.employees, _range_match(columns.employees, want.employees.min, want.employees.max))
    if want.revenue:
        match = _range_match(columns.revenue_minor, want.revenue.min_minor, want.revenue.max_minor)
        same = np.array([currency == want.revenue.currency for currency in columns.currencies], np.bool_)
        add(weights.revenue, np.where(same[columns.currency_code], match, np.nan) if n else match)
    if want.countries or want.regions:
        add(weights.location, by_text(columns.location, map(match_location, repeat(icp), columns.location.values)))
    if want.technologies:
        add(
            weights.technologies,
            by_text(columns.technologies, map(match_technologies, repeat(icp), columns.technologies.values)),
        )
    if want.growth_signals:
        add(weights.growth, _growth(columns, icp, as_of))
    enough = (known > 0.0) & (known >= MIN_KNOWN_WEIGHT * icp.total_weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        fit = np.where(enough, np.minimum(1.0, earned / known), np.nan)
    return fit, _disqualified(columns, icp)


def _disqualified(columns: CompanyColumns, icp: CompiledIcp) -> npt.NDArray[np.bool_]:
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
    wanted = np.array([*(kind in icp.growth for kind in _KINDS), False], np.bool_)  # -1 points at the last
    age = as_of.timestamp() - columns.signal_at
    counts = wanted[columns.signal_kind] & (age >= 0) & (age < GROWTH_MAX_AGE_DAYS * SECONDS_PER_DAY)
    found = np.zeros(len(columns.employees))
    found[columns.signal_company[counts]] = 1.0
    return np.where(columns.signals_known, found, np.nan)


def _intent(columns: CompanyColumns, as_of: datetime) -> Floats:
    """1 - ∏(1 - p) by company, as sums of logarithms; NaN where no signal counts."""
    n = len(columns.employees)
    age = (as_of.timestamp() - columns.signal_at) / SECONDS_PER_DAY
    counts = (columns.signal_kind >= 0) & (age >= 0.0)
    kind, company = columns.signal_kind[counts], columns.signal_company[counts]
    half_life = np.array([SIGNAL_KINDS[k].half_life_days for k in _KINDS])
    weight = np.array([SIGNAL_KINDS[k].weight for k in _KINDS])
    strength = np.clip(columns.signal_strength[counts], 0.0, 1.0)
    p = weight[kind] * strength * np.exp2(-age[counts] / half_life[kind])
    log_none = np.bincount(company, weights=np.log1p(-p), minlength=n)
    seen = np.bincount(company, minlength=n) > 0
    return np.where(seen, -np.expm1(log_none), np.nan)


def _authority(columns: CompanyColumns, leads: LeadColumns, icp: CompiledIcp) -> Floats:
    """A table of rank × department × size class, filled by the row rule; the last of each axis is unknown."""
    roles = icp.definition.roles
    sizes = (*range(len(SIZE_EDGES) + 1), None)
    table = np.full((len(_SENIORITIES) + 1, len(_DEPARTMENTS) + 1, len(sizes)), np.nan)
    for i, rank in enumerate(_SENIORITIES):
        for j, department in enumerate((*_DEPARTMENTS, None)):
            for k, size in enumerate(sizes):
                table[i, j, k] = authority_parts(rank, department, size, roles)[0]
    size_of = np.searchsorted(np.array(SIZE_EDGES, np.float64), columns.employees, side="left")
    size_of[np.isnan(columns.employees)] = -1
    found: Floats = table[leads.seniority, leads.department, size_of[leads.company]]
    return found


def _priority(
    fit: Floats, intent: Floats, disqualified: npt.NDArray[np.bool_], icp: CompiledIcp
) -> tuple[Floats, npt.NDArray[np.int8]]:
    weight_fit, weight_intent = icp.weight_fit, icp.weight_intent
    counted = np.where(np.isnan(intent), UNKNOWN_INTENT, intent)
    total = weight_fit + weight_intent
    both = weight_fit * fit / total + weight_intent * counted / total
    intent_alone = intent if weight_intent > 0 else np.full_like(intent, np.nan)
    priority = np.where(np.isnan(fit) | (weight_fit <= 0), intent_alone, both)
    bands = icp.bands
    tier = 4 - (priority >= bands.tier_1).astype(np.int8) - (priority >= bands.tier_2) - (priority >= bands.tier_3)
    tier = np.where(np.isnan(priority), 0, tier)
    return priority, np.where(disqualified, 4, tier).astype(np.int8)
