"""The criteria of fit, one function each: a company's trait against what the ICP wants."""

from collections.abc import Sequence
from datetime import datetime
from math import log2
from typing import NamedTuple

from scoring.icp_model import IcpDefinition, TierBands
from scoring.types import CompanyTraits, Signal, tokens

# An industry word in the description alone may be said in passing ("we serve banks").
DESCRIPTION_MATCH = 0.7
# Twice (or half) the wanted size is wholly outside: fit falls by one for each doubling beyond the edge.
LOG2_FALL = 1.0
# A growth signal older than a year speaks of another budget.
GROWTH_MAX_AGE_DAYS = 365


class CompiledIcp:
    """An ICP with its words normalised once. Make it once a cohort; it is read-only by convention."""

    __slots__ = (
        "bands",
        "countries",
        "definition",
        "excluded_countries",
        "excluded_domains",
        "excluded_industries",
        "excluded_name_words",
        "excluded_statuses",
        "excluded_technologies",
        "growth",
        "half_lives",
        "industries",
        "regions",
        "rules",
        "technologies",
        "total_weight",
        "weight_fit",
        "weight_intent",
    )

    def __init__(self, icp: IcpDefinition) -> None:
        self.definition = icp
        self.industries = tuple(
            (
                want.name,
                tuple((f" {' '.join(p)} ", frozenset(p)) for p in map(tokens, (want.name, *want.synonyms)) if p),
            )
            for want in icp.industries
        )
        self.countries = frozenset(country.upper() for country in icp.countries)
        self.regions = frozenset(" ".join(tokens(region)) for region in icp.regions)
        self.technologies = {tech.casefold(): tech for tech in icp.technologies}
        self.growth = frozenset(icp.growth_signals)
        excluded = icp.exclusions
        self.excluded_industries = tuple((name, f" {' '.join(tokens(name))} ") for name in excluded.industries)
        self.excluded_countries = frozenset(country.upper() for country in excluded.countries)
        self.excluded_domains = frozenset(domain.casefold().lstrip(".@") for domain in excluded.domains)
        self.excluded_name_words = frozenset(word for name in excluded.name_words for word in tokens(name))
        self.excluded_technologies = frozenset(tech.casefold() for tech in excluded.technologies)
        self.excluded_statuses = frozenset(status.casefold() for status in excluded.statuses)
        weights = icp.weights.criteria
        self.total_weight = (
            (weights.industry if icp.industries else 0.0)
            + (weights.employees if icp.employees else 0.0)
            + (weights.revenue if icp.revenue else 0.0)
            + (weights.location if icp.countries or icp.regions else 0.0)
            + (weights.technologies if icp.technologies else 0.0)
            + (weights.growth if icp.growth_signals else 0.0)
        )
        self.weight_fit, self.weight_intent = icp.weights.fit, icp.weights.intent
        self.bands: TierBands = icp.bands
        self.half_lives = icp.half_lives
        self.rules = icp.rules


class Match(NamedTuple):
    """One criterion against one company: 0–1, or None where the trait is unknown."""

    value: float | None
    text: str


def match_industry(icp: CompiledIcp, company: CompanyTraits, stated: str | None = None) -> Match:
    """Industry and tags count fully, words of the description by DESCRIPTION_MATCH.

    `stated` is `stated_industries(company)` where the caller has it already.
    """
    if not (company.industry or company.tags or company.description_words):
        return Match(None, "Industry is unknown")
    stated = stated_industries(company) if stated is None else stated
    for name, phrases in icp.industries:
        for phrase, _ in phrases:
            if phrase in stated:
                return Match(1.0, f"Industry matches {name}")
    for name, phrases in icp.industries:
        for _, phrase_words in phrases:
            if phrase_words <= company.description_words:
                return Match(DESCRIPTION_MATCH, f"Describes itself with words of {name}")
    said = company.industry or ", ".join(company.tags[:3]) or "its description"
    return Match(0.0, f"Industry ({said}) is not one you want")


def match_range(value: float, low: float | None, high: float | None) -> float:
    """1 inside [low, high], falling by LOG2_FALL for each doubling beyond an edge, never below 0."""
    if low is not None and value < low:
        return 0.0 if value <= 0 else max(0.0, 1.0 - LOG2_FALL * log2(low / value))
    if high is not None and value > high:
        return 0.0 if high <= 0 else max(0.0, 1.0 - LOG2_FALL * log2(value / high))
    return 1.0


def match_employees(icp: CompiledIcp, company: CompanyTraits) -> Match:
    want, value = icp.definition.employees, company.employees
    if value is None or want is None:
        return Match(None, "Number of employees is unknown")
    match = match_range(value, want.min, want.max)
    fits = "in" if match == 1.0 else "just outside" if match > 0.0 else "far outside"
    return Match(match, f"{value} employees, {fits} your range")


def match_revenue(icp: CompiledIcp, company: CompanyTraits) -> Match:
    want, value = icp.definition.revenue, company.revenue_minor
    if value is None or want is None:
        return Match(None, "Revenue is unknown")
    if company.currency != want.currency:
        given = company.currency or "an unknown currency"
        return Match(None, f"Revenue is in {given} and cannot be compared with {want.currency}")
    match = match_range(value, want.min_minor, want.max_minor)
    fits = "in" if match == 1.0 else "just outside" if match > 0.0 else "far outside"
    return Match(match, f"Revenue of {value // 100:,} {want.currency} is {fits} your range")


def match_location(icp: CompiledIcp, company: CompanyTraits) -> Match:
    """A wanted country or a wanted region is enough; both unknown is unknown."""
    country, region = company.country, company.region
    if country and country.upper() in icp.countries:
        return Match(1.0, f"Based in {country}")
    if region and icp.regions and " ".join(tokens(region)) in icp.regions:
        return Match(1.0, f"Based in {region}")
    # A country says nothing against a wanted region, nor a region against a wanted country.
    if (country or not icp.countries) and (region or not icp.regions):
        return Match(0.0, f"Based in {country or region}, outside where you sell")
    return Match(None, "Location is unknown or cannot be compared")


def match_technologies(icp: CompiledIcp, company: CompanyTraits) -> Match:
    if not company.technologies:
        return Match(None, "Technology is unknown")
    found = [icp.technologies[t.casefold()] for t in company.technologies if t.casefold() in icp.technologies]
    if found:
        return Match(1.0, f"Uses {', '.join(found)}")
    return Match(0.0, "Uses none of the technologies you want")


def match_growth(icp: CompiledIcp, signals: Sequence[Signal] | None, as_of: datetime) -> Match:
    """None: nobody looked. Empty: looked, and found nothing."""
    if signals is None:
        return Match(None, "Nobody looked for growth signals yet")
    for signal in signals:
        if (
            signal.kind in icp.growth
            and signal.observed_at is not None
            and 0 <= (as_of - signal.observed_at).total_seconds() < GROWTH_MAX_AGE_DAYS * 86_400
        ):
            return Match(1.0, f"Growth signal: {signal.kind.replace('_', ' ')}")
    return Match(0.0, "No growth signal you want in the past year")


def stated_industries(company: CompanyTraits) -> str:
    """Industry and tags as one padded string, "|" between them, so that a phrase never spans two tags."""
    stated = "| ".join(" ".join(tokens(text)) + " " for text in (company.industry or "", *company.tags))
    return f" {stated}"


def excluded_industries(icp: CompiledIcp, stated: str) -> list[str]:
    """Names of the excluded industries that the stated ones hold. A description excludes nothing: it may deny."""
    return [name for name, phrase in icp.excluded_industries if phrase in stated]
