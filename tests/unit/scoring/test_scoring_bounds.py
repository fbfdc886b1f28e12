"""No way of learning what is unknown leaves the interval, and where the tier is settled, no answer changes it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bounds import priority_bounds, tier_is_settled, tiers_between
from scoring.bounds_columns import bounds_columns
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.encoding import encode_companies
from scoring.icp import parse_icp
from scoring.intent import SIGNAL_KINDS
from scoring.next_tier import next_tier, sources_for
from scoring.priority import LOWEST_TIER
from scoring.types import CompanyTraits, Signal

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
ASKED: dict[str, Any] = {
    "name": "all",
    "industries": ["software", "logistics"],
    "employees": {"min": 20, "max": 200},
    "revenue": {"min_minor": 10**8, "currency": "EUR"},
    "countries": ["DE"],
    "regions": ["Bavaria"],
    "technologies": ["hubspot"],
    "growth_signals": ["hiring", "funding"],
    "exclusions": {"industries": ["gambling"], "countries": ["RU"]},
}
RULES = [
    {"when": {"field": "employees", "op": "at_least", "value": 50}, "then": {"add": 0.2}, "reason": "Larger."},
    {"when": {"field": "founded_year", "op": "less_than", "value": 2000}, "then": {"cap": 0.55}, "reason": "Old."},
    {"when": {"field": "technologies", "op": "unknown"}, "then": {"subtract": 0.1}, "reason": "Nobody looked."},
    {"when": {"field": "status", "op": "known"}, "then": {"add": 0.1}, "reason": "Known."},
    {"when": {"field": "signals", "op": "has_not", "value": "funding"}, "then": {"subtract": 0.15}, "reason": "Poor."},
    {"when": {"field": "country", "op": "is", "value": "US"}, "then": {"disqualify": True}, "reason": "No US."},
]
ICPS = [
    CompiledIcp(parse_icp(raw))
    for raw in (
        ASKED,
        {**ASKED, "rules": RULES, "half_lives": {"hiring": 9}},
        {"name": "empty"},
        {"name": "few", "countries": ["DE"], "employees": {"max": 50}, "weights": {"fit": 1, "intent": 0}},
        {"name": "intent alone", "countries": ["DE"], "weights": {"fit": 0, "intent": 1}},
        {"name": "weightless", "countries": ["DE"], "weights": {"criteria": {"location": 0}}},
        {"name": "one heavy", "countries": ["DE"], "industries": ["software"], "technologies": ["x"],
         "weights": {"criteria": {"industry": 0.5, "location": 1, "technologies": 8}}},
    )
]  # fmt: skip
signals = st.builds(
    Signal,
    kind=st.sampled_from(sorted(SIGNAL_KINDS)),
    observed_at=st.none() | st.floats(-20, 400).map(lambda days: AS_OF - timedelta(days=days)),
    strength=st.floats(0, 1),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "industry": st.sampled_from(["Software", "Retail"]),
    "employees": st.integers(0, 500),
    "revenue_minor": st.integers(0, 10**9),
    "country": st.sampled_from(["DE", "FR", "US"]),
    "region": st.sampled_from(["Bavaria", "Alsace"]),
    "technologies": st.sampled_from([("HubSpot",), ("x",)]),
    "founded_year": st.sampled_from([1950, 2015]),
    "status": st.sampled_from(["active", "public"]),
}
EMPTY = CompanyTraits(name="A", domain="a.example")


@st.composite
def known_and_completed(draw: st.DrawFn) -> tuple[CompanyTraits, Any, CompanyTraits, Any]:
    """A company of which some is known, and the same with some of the rest learned: all, nothing, or in between."""
    traits: dict[str, Any] = {name: draw(values) for name, values in VALUES.items() if draw(st.booleans())}
    if "revenue_minor" in traits:
        traits["currency"] = draw(st.sampled_from(["EUR", "USD"]))
    held = draw(st.none() | st.lists(signals, max_size=3))
    more: dict[str, Any] = {
        name: draw(values) for name, values in VALUES.items() if name not in traits and draw(st.booleans())
    }
    if "revenue_minor" in more or (traits.get("currency") == "USD" and draw(st.booleans())):
        more["currency"] = "EUR"
        more.setdefault("revenue_minor", 10**8)
    known = replace(EMPTY, **traits)
    silent = score_company(known, held, ICPS[0], AS_OF).intent.value is None
    learned = draw(st.none() | st.lists(signals, max_size=4)) if silent and draw(st.booleans()) else held
    return known, held, replace(known, **more), learned


@settings(max_examples=400)
@given(known_and_completed(), st.sampled_from(ICPS))
def test_no_completion_leaves_the_interval(
    case: tuple[CompanyTraits, Any, CompanyTraits, Any], icp: CompiledIcp
) -> None:
    known, held, learned, signals_then = case
    bounds = priority_bounds(known, held, icp, AS_OF)
    for company, evidence in ((known, held), (learned, signals_then)):
        priority = score_company(company, evidence, icp, AS_OF).priority
        value = priority.scored.value
        if value is None:
            assert bounds.may_stay_unknown
        else:
            assert bounds.low is not None
            assert bounds.high is not None
            assert bounds.low - 1e-9 <= value <= bounds.high + 1e-9
        disqualified = bool(score_company(company, evidence, icp, AS_OF).fit.disqualifiers)
        if disqualified:
            assert bounds.disqualified or bounds.may_disqualify
            continue
        edges = (icp.bands.tier_1, icp.bands.tier_2, icp.bands.tier_3)
        if value is not None and any(abs(value - edge) < 1e-9 for edge in edges):
            continue  # the last bit decides there
        best, worst = tiers_between(bounds, icp)
        assert best <= (priority.tier or LOWEST_TIER) <= worst
        if tier_is_settled(bounds, icp, exclusions=True):
            assert (priority.tier or LOWEST_TIER) == best


@settings(max_examples=200)
@given(st.lists(known_and_completed(), max_size=5), st.sampled_from(ICPS))
def test_columns_say_what_rows_say(
    market: list[tuple[CompanyTraits, Any, CompanyTraits, Any]], icp: CompiledIcp
) -> None:
    found = bounds_columns(encode_companies([c for c, *_ in market], [h for _, h, *_ in market]), icp, AS_OF)
    for at, (company, held, *_) in enumerate(market):
        row = priority_bounds(company, held, icp, AS_OF)
        assert isnan(found.low[at]) if row.low is None else found.low[at] == pytest.approx(row.low, abs=1e-9)
        assert isnan(found.high[at]) if row.high is None else found.high[at] == pytest.approx(row.high, abs=1e-9)
        assert bool(found.may_stay_unknown[at]) is row.may_stay_unknown
        assert bool(found.disqualified[at]) is row.disqualified
        near = [abs(v - e) for v in (row.low or 9, row.high or 9) for e in (0.8, 0.6, 0.4)]
        if min(near) > 1e-9:
            assert (found.best_tier[at], found.worst_tier[at]) == tiers_between(row, icp)
            assert bool(found.settled[at]) is tier_is_settled(row, icp)


def test_no_company_gives_empty_columns() -> None:
    found = bounds_columns(encode_companies([], []), ICPS[1], AS_OF)
    assert len(found.low) == 0
    assert found.settled.dtype == np.bool_


def company(**more: Any) -> CompanyTraits:
    known = {"industry": "Software", "employees": 100, "country": "DE", "technologies": ("hubspot",)}
    return replace(EMPTY, **(known | {"revenue_minor": 10**9, "currency": "EUR"} | more))


def test_all_known_is_settled_and_unknown_intent_is_not() -> None:
    held = [Signal("funding", AS_OF)]
    assert tier_is_settled(priority_bounds(company(), held, ICPS[0], AS_OF), ICPS[0])
    bounds = priority_bounds(company(), None, ICPS[0], AS_OF)
    assert tiers_between(bounds, ICPS[0]) == (1, 3)
    assert not tier_is_settled(bounds, ICPS[0])


def test_a_disqualified_company_is_settled_and_an_unknown_status_is_named() -> None:
    bounds = priority_bounds(company(country="RU"), None, ICPS[0], AS_OF)
    assert bounds.disqualified
    assert tier_is_settled(bounds, ICPS[0])
    assert priority_bounds(company(), None, ICPS[0], AS_OF).may_disqualify == ("status",)
    settled = priority_bounds(company(), [Signal("funding", AS_OF)], ICPS[0], AS_OF)
    assert tiers_between(settled, ICPS[0], exclusions=True)[1] == LOWEST_TIER


def test_nothing_known_and_nothing_weighed_is_settled_at_the_lowest() -> None:
    bounds = priority_bounds(EMPTY, None, ICPS[2], AS_OF)
    assert (bounds.low, bounds.high) == (0.0, 1.0), "intent alone may decide"
    weightless = CompiledIcp(parse_icp({"name": "x", "weights": {"fit": 1, "intent": 0}}))
    assert tier_is_settled(priority_bounds(EMPTY, None, weightless, AS_OF), weightless)


def test_the_next_tier_needs_the_fewest_changes_and_says_what_can_be_bought() -> None:
    found = next_tier(company(), None, ICPS[0], AS_OF)
    assert (found.tier, found.target) == (2, 1)
    (change,) = found.changes
    assert (change.criterion, change.now, change.buyable) == ("intent", None, True)
    assert change.needed == pytest.approx(0.6)
    assert sources_for(change).startswith("tender portals")
    by_fit = CompiledIcp(parse_icp({**ASKED, "weights": {"fit": 1, "intent": 0}}))
    held = [Signal("funding", AS_OF)]
    wrong = next_tier(company(industry="Retail", country="FR", region="Alsace"), held, by_fit, AS_OF)
    assert (wrong.tier, wrong.target) == (3, 2)
    (change,) = wrong.changes
    assert (change.criterion, change.buyable, sources_for(change)) == ("industry", False, "")
    assert change.gain > 0


def test_the_best_tier_needs_nothing_and_a_disqualified_lead_says_why() -> None:
    best = next_tier(company(), [Signal("demo_request", AS_OF), Signal("funding", AS_OF)], ICPS[0], AS_OF)
    assert (best.tier, best.target, best.changes) == (1, None, ())
    gone = next_tier(company(country="RU"), None, ICPS[0], AS_OF)
    assert gone.changes == ()
    assert [reason.code for reason in gone.blocked] == ["excluded_country"]


def test_a_cap_that_keeps_the_tier_is_named() -> None:
    capped = CompiledIcp(
        parse_icp(
            {**ASKED, "rules": [{"when": {"field": "tags", "op": "unknown"}, "then": {"cap": 0.5}, "reason": "No."}]}
        )
    )
    found = next_tier(company(), None, capped, AS_OF)
    assert (found.tier, found.target, found.changes) == (3, 2, ())
    assert [reason.code for reason in found.blocked] == ["out_of_reach", "rule_cap"]


@settings(max_examples=150)
@given(known_and_completed(), st.sampled_from(ICPS[:2] + ICPS[3:]))
def test_the_changes_lift_the_tier_and_no_smaller_part_of_them_does(
    case: tuple[CompanyTraits, Any, CompanyTraits, Any], icp: CompiledIcp
) -> None:
    known, held, *_ = case
    found = next_tier(known, held, icp, AS_OF)
    score = score_company(known, held, icp, AS_OF)
    assert found.tier == (score.priority.tier or LOWEST_TIER)
    if found.changes:
        assert found.reaches is not None
        assert found.target == found.tier - 1
        assert all(change.now is None or change.now < 1.0 for change in found.changes)
        assert all((change.now or 0.0) <= change.needed + 0.01 <= 1.01 for change in found.changes)
        bounds = {1: icp.bands.tier_1, 2: icp.bands.tier_2, 3: icp.bands.tier_3}
        assert found.reaches >= bounds[found.target]
    elif found.target is not None:
        assert found.blocked
