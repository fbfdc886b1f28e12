"""The value of information, against reckoning by hand, and what must hold for any company and offer."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.criteria import CompiledIcp
from scoring.evidence_value import (
    INTENT,
    Component,
    Offer,
    components_of,
    fill_chance,
    learn_beliefs,
    value_offers,
    values_of,
)
from scoring.icp import parse_icp
from scoring.icp_model import TierBands
from scoring.priority import tier_of

BANDS = TierBands()
ICP = {
    "name": "Fleets",
    "industries": ["logistics"],
    "employees": {"min": 50, "max": 500},
    "countries": ["SE"],
    "technologies": ["Salesforce"],
}


def test_shares_sum_to_one_and_follow_the_weights() -> None:
    components = components_of(CompiledIcp(parse_icp(ICP)))
    assert [c.name for c in components] == ["industry", "employees", "location", "technologies", INTENT]
    assert sum(c.share for c in components) == pytest.approx(1.0)
    shares = {c.name: c.share for c in components}
    assert shares[INTENT] == pytest.approx(0.5)
    assert shares["industry"] == pytest.approx(3 * shares["technologies"])


def test_an_icp_that_asks_for_nothing_leaves_intent_alone() -> None:
    assert [c.name for c in components_of(CompiledIcp(parse_icp({"name": "Anybody"})))] == [INTENT]


def test_beliefs_follow_what_was_seen_and_rule_nothing_out() -> None:
    components = [Component("industry", 0.5), Component(INTENT, 0.5)]
    known = np.array([[1.0, np.nan]] * 30 + [[0.0, np.nan]] * 10)
    industry, intent = learn_beliefs(components, known)
    assert industry[2] == pytest.approx(31 / 43)
    assert industry.min() > 0
    assert intent == pytest.approx([1 / 3] * 3)


def test_one_unknown_component_by_hand() -> None:
    components = [Component("industry", 0.5), Component("employees", 0.5)]
    known = np.array([[1.0, np.nan]])
    beliefs = [np.array([0.2, 0.3, 0.5]), np.array([0.2, 0.3, 0.5])]
    # Priority 0.5, 0.75 or 1.0: tiers 3, 2, 1 with 0.2, 0.3, 0.5. To know is to be right always.
    value = value_offers(components, known, beliefs, BANDS, [Offer(frozenset({"employees"}), np.array([0.8]))])
    assert value.likeliest.tolist() == [1]
    assert value.chance_right == pytest.approx([0.5])
    assert value.gains == pytest.approx(np.array([[0.8 * 0.5]]))


def test_what_cannot_change_the_tier_is_worth_nothing() -> None:
    components = [Component("industry", 0.9), Component("employees", 0.1)]
    known = np.array([[1.0, np.nan], [0.0, np.nan]])
    value = value_offers(
        components, known, [np.full(3, 1 / 3)] * 2, BANDS, [Offer(frozenset({"employees"}), np.ones(2))]
    )
    assert value.chance_right.tolist() == [1.0, 1.0]
    assert value.gains.tolist() == [[0.0], [0.0]]


def test_rates_lean_on_all_segments_and_those_on_the_prior() -> None:
    assert fill_chance({}, "employees", "SE:11-50") == 0.5
    rates = {("employees", "US:51-200"): (1_000, 900)}
    assert fill_chance(rates, "employees", "SE:11-50") == pytest.approx(0.9, abs=0.01)
    rates[("employees", "SE:11-50")] = (100, 5)
    assert fill_chance(rates, "employees", "SE:11-50") == pytest.approx(0.12, abs=0.02)
    assert fill_chance(rates, "revenue", "SE:11-50") == 0.5


NAMES = ("industry", "employees", "technologies", INTENT)
parts = st.floats(0.05, 1.0)
cells = st.one_of(st.none(), st.floats(0.0, 1.0))


@given(
    weights=st.lists(parts, min_size=4, max_size=4),
    rows=st.lists(st.lists(cells, min_size=4, max_size=4), min_size=1, max_size=6),
    told=st.sets(st.sampled_from(NAMES), min_size=1),
    more=st.sets(st.sampled_from(NAMES)),
    chance=st.floats(0.0, 1.0),
)
def test_it_agrees_with_counting_every_combination(
    weights: list[float], rows: list[list[float | None]], told: set[str], more: set[str], chance: float
) -> None:
    components = [Component(name, w / sum(weights)) for name, w in zip(NAMES, weights, strict=True)]
    known = np.array([[np.nan if cell is None else cell for cell in row] for row in rows])
    beliefs = learn_beliefs(components, known)
    chances = np.full(len(rows), chance)
    offers = [Offer(frozenset(told), chances), Offer(frozenset(told | more), chances)]
    value = value_offers(components, known, beliefs, BANDS, offers)
    assert (value.gains >= 0).all()
    assert (value.gains[:, 1] >= value.gains[:, 0] - 1e-9).all(), "knowing more is never worth less"
    assert (value.chance_right + value.gains.max(axis=1) <= 1 + 1e-9).all()
    for row, cells_ in enumerate(known):
        missing = [i for i, cell in enumerate(cells_) if np.isnan(cell)]
        mass: dict[tuple[float, ...], dict[int, float]] = {}
        total: dict[int, float] = {}
        for combination in product(*(range(3) for _ in missing)):
            full, probability = cells_.copy(), 1.0
            for position, choice in zip(missing, combination, strict=True):
                full[position] = values_of(components[position])[choice]
                probability *= beliefs[position][choice]
            tier = tier_of(float(sum(c.share * v for c, v in zip(components, full, strict=True))) + 1e-9, BANDS)
            seen = tuple(full[i] for i in missing if components[i].name in told)
            mass.setdefault(seen, {})[tier] = mass.setdefault(seen, {}).get(tier, 0.0) + probability
            total[tier] = total.get(tier, 0.0) + probability
        now, after = max(total.values()), sum(max(tiers.values()) for tiers in mass.values())
        assert value.chance_right[row] == pytest.approx(now, abs=1e-6)
        assert value.gains[row, 0] == pytest.approx(chance * (after - now), abs=1e-6)
