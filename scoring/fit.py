"""Fit: how well a company matches an ICP, as a weighted mean over what is known of it.

A trait nobody knows is left out and the other weights are renormalised; the reasons say so. Hard
disqualifiers are told apart from the value: they decide the tier, not the mean.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.criteria import (
    CompiledIcp,
    Match,
    excluded_industries,
    match_employees,
    match_growth,
    match_industry,
    match_location,
    match_revenue,
    match_technologies,
    stated_industries,
)
from scoring.types import CompanyTraits, Reason, Scored, Signal, require_aware, tokens

FIT_VERSION = "fit-rules-1"

# Below this share of the asked-for weight a mean says more about our ignorance than about the company.
MIN_KNOWN_WEIGHT = 0.4


class Fit(NamedTuple):
    scored: Scored
    disqualifiers: tuple[Reason, ...]  # not empty: tier 4, whatever the value


def score_fit(
    company: CompanyTraits, icp: CompiledIcp, as_of: datetime, signals: Sequence[Signal] | None = None
) -> Fit:
    """Fit 0–1 of a company under an ICP, and what disqualifies it.

    None where the ICP asks for nothing, or less than MIN_KNOWN_WEIGHT of what it asks for is known.
    Raises ValueError for a naive `as_of`.
    """
    require_aware(as_of, "as_of")
    matches = match_criteria(icp, company, as_of, signals)
    return Fit(_weighted_mean(icp, company, matches, signals), find_disqualifiers(icp, company))


def match_criteria(
    icp: CompiledIcp, company: CompanyTraits, as_of: datetime, signals: Sequence[Signal] | None
) -> list[tuple[str, float, Match]]:
    """(criterion, weight, match) of all that the ICP asks for."""
    want, weights = icp.definition, icp.definition.weights.criteria
    matches: list[tuple[str, float, Match]] = []
    if want.industries:
        matches.append(("industry", weights.industry, match_industry(icp, company)))
    if want.employees:
        matches.append(("employees", weights.employees, match_employees(icp, company)))
    if want.revenue:
        matches.append(("revenue", weights.revenue, match_revenue(icp, company)))
    if want.countries or want.regions:
        matches.append(("location", weights.location, match_location(icp, company)))
    if want.technologies:
        matches.append(("technologies", weights.technologies, match_technologies(icp, company)))
    if want.growth_signals:
        matches.append(("growth", weights.growth, match_growth(icp, signals, as_of)))
    return matches


def mean_fit(matches: Sequence[tuple[float, float | None]], icp: CompiledIcp) -> float | None:
    """The fit of (weight, match) pairs: 0–1; None where less than MIN_KNOWN_WEIGHT of the asked-for weight is known."""
    known = sum(weight for weight, value in matches if value is not None)
    earned = sum(weight * value for weight, value in matches if value is not None)
    if known <= 0.0 or known < MIN_KNOWN_WEIGHT * icp.total_weight:
        return None
    return min(1.0, earned / known)


def _weighted_mean(
    icp: CompiledIcp,
    company: CompanyTraits,
    matches: list[tuple[str, float, Match]],
    signals: Sequence[Signal] | None,
) -> Scored:
    total = icp.total_weight
    if total <= 0.0:
        return Scored(
            None, (Reason("icp_empty", "The ICP asks for nothing that fit could be measured by."),), FIT_VERSION
        )
    known = earned = 0.0
    for _, weight, match in matches:
        if match.value is not None:
            known += weight
            earned += weight * match.value
    enough = known > 0.0 and known >= MIN_KNOWN_WEIGHT * total
    reasons = []
    for code, weight, match in matches:
        if match.value is None:
            reasons.append(Reason(f"{code}_unknown", f"{match.text}: left out, the other criteria count for more."))
            continue
        points = weight * match.value / known if enough else 0.0
        facts = _growth_facts(icp, signals) if code == "growth" else _facts(company, code)
        reasons.append(Reason(code, f"{match.text}.", points, facts))
    if not enough:
        text = f"Only {known / total:.0%} of what the ICP asks for is known; at least {MIN_KNOWN_WEIGHT:.0%} is needed."
        return Scored(None, (Reason("fit_unknown", text), *reasons), FIT_VERSION)
    return Scored(min(1.0, earned / known), tuple(reasons), FIT_VERSION)


# The fields whose facts stand behind a criterion.
_FIELDS = {
    "industry": ("industry", "tags", "description"),
    "employees": ("employees",),
    "revenue": ("revenue_minor",),
    "location": ("country", "region"),
    "technologies": ("technologies",),
}


def _facts(company: CompanyTraits, code: str) -> tuple[str, ...]:
    held = company.fact_ids
    if not held:
        return ()
    fields = _FIELDS[code]
    if len(fields) == 1:
        return held.get(fields[0], ())
    return tuple(fact for name in fields for fact in held.get(name, ()))


def _growth_facts(icp: CompiledIcp, signals: Sequence[Signal] | None) -> tuple[str, ...]:
    return tuple(s.fact_id for s in signals or () if s.fact_id and s.kind in icp.growth)


def find_disqualifiers(icp: CompiledIcp, company: CompanyTraits) -> tuple[Reason, ...]:
    """Every exclusion that the company meets. Unknown traits exclude nothing."""
    found = []
    if icp.excluded_industries and (company.industry or company.tags):
        for name in excluded_industries(icp, stated_industries(company)):
            found.append(Reason("excluded_industry", f"Industry {name} is excluded.", 0.0, _facts(company, "industry")))
    if company.country and company.country.upper() in icp.excluded_countries:
        found.append(Reason("excluded_country", f"{company.country} is excluded.", 0.0, _facts(company, "location")))
    if icp.excluded_domains and company.domain:
        labels = company.domain.casefold().split(".")
        for start in range(len(labels) - 1):
            if ".".join(labels[start:]) in icp.excluded_domains:
                found.append(Reason("excluded_domain", f"Domain {company.domain} is excluded."))
                break
    if icp.excluded_name_words and (hit := icp.excluded_name_words.intersection(tokens(company.name))):
        found.append(Reason("excluded_name", f"The name contains {', '.join(sorted(hit))}, which is excluded."))
    if icp.excluded_technologies:
        for tech in company.technologies:
            if tech.casefold() in icp.excluded_technologies:
                found.append(
                    Reason(
                        "excluded_technology", f"Uses {tech}, which is excluded.", 0.0, _facts(company, "technologies")
                    )
                )
    if company.status and company.status.casefold() in icp.excluded_statuses:
        facts = company.fact_ids.get("status", ())
        found.append(Reason("excluded_status", f"The company is {company.status.casefold()}.", 0.0, facts))
    return tuple(found)
