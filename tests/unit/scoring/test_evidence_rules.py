"""An ICP's own rules and exclusions in the value of evidence: by hand, and against reckoning every case."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.criteria import CompiledIcp
from scoring.evidence_rules import Answers, Rulebook, answer, answers_of, rulebook
from scoring.evidence_value import INTENT, Component, Offer, Value, value_offers, values_of
from scoring.icp import parse_icp
from scoring.icp_model import TierBands
from scoring.priority import tier_of
from scoring.rule_model import EffectKind
from scoring.rules import adjusted
from scoring.types import CompanyTraits

NOW = datetime(2026, 6, 2, tzinfo=UTC)
BANDS = TierBands()
ONE = [Component("industry", 1.0)]
OLD = {"when": {"field": "founded_year", "op": "less_than", "value": 1990}, "reason": "Old firms buy slowly."}


def compiled(*rules: dict[str, Any], **more: Any) -> CompiledIcp:
    return CompiledIcp(parse_icp({"name": "T", "industries": ["freight"], "rules": list(rules), **more}))


def valued(icp: CompiledIcp, company: CompanyTraits, offers: list[Offer], fit: float = 1.0) -> tuple[Value, Answers]:
    book = rulebook(icp)
    answers = answers_of(book, np.array([answer(book, company, (), icp, NOW)]))
    return value_offers(ONE, np.array([[fit]]), [np.full(3, 1 / 3)], BANDS, offers, answers), answers


def test_a_field_that_only_a_rule_looks_at_is_worth_an_answer() -> None:
    icp = compiled({**OLD, "then": {"subtract": 0.5}})
    tells = [Offer(frozenset({"founded_year"}), np.ones(1)), Offer(frozenset({"revenue"}), np.ones(1))]
    value, _ = valued(icp, CompanyTraits(name="A", status="active"), tells)
    # Priority 1.0 or 0.5, as likely: right in half of the cases now, in all of them once the year is known.
    assert value.chance_right == pytest.approx([0.5])
    assert value.gains == pytest.approx(np.array([[0.5, 0.0]]))
    assert value.asks == (frozenset({"founded_year"}),)
    known, _ = valued(icp, CompanyTraits(name="A", status="active", founded_year=1950), tells)
    assert (known.likeliest.tolist(), known.chance_right.tolist()) == ([3], [1.0])
    assert known.gains.tolist() == [[0.0, 0.0]]


def test_what_is_disqualified_is_in_the_last_tier_and_worth_no_answer() -> None:
    icp = compiled({**OLD, "then": {"disqualify": True}}, exclusions={"countries": ["FR"]})
    tells = [Offer(frozenset({"founded_year", "country", "industry"}), np.ones(1))]
    by_rule = CompanyTraits(name="A", founded_year=1950)
    by_country = CompanyTraits(name="A", country="FR")
    for company in (by_rule, by_country):
        value, _ = valued(icp, company, tells)
        assert (value.disqualified.tolist(), value.likeliest.tolist()) == ([True], [4])
        assert value.gains.tolist() == [[0.0]]
        assert value.asks == (frozenset(),)


def test_a_trait_that_may_be_excluded_is_worth_little_until_such_were_seen() -> None:
    icp = compiled(exclusions={"countries": ["FR"], "statuses": []})
    book = rulebook(icp)
    seen = [answer(book, CompanyTraits(name="B", country=c), (), icp, NOW) for c in ("FR", "DE") * 20]
    unknown = answer(book, CompanyTraits(name="A"), (), icp, NOW)
    offer = [Offer(frozenset({"country"}), np.ones(1))]
    gains = []
    for rows in ([unknown], [unknown, *seen]):
        answers = answers_of(book, np.array(rows))
        one = Answers(book, answers.known[:1], answers.chances)
        gains.append(value_offers(ONE, np.ones((1, 1)), [np.full(3, 1 / 3)], BANDS, offer, one).gains[0, 0])
    assert gains[0] == pytest.approx(0.03)
    assert gains[1] > 0.4


def test_a_rule_that_one_known_condition_rules_out_asks_for_nothing() -> None:
    rule = {
        "when": [OLD["when"], {"field": "country", "op": "is", "value": "SE"}],
        "then": {"cap": 0.3},
        "reason": "Old Swedes.",
    }
    icp = compiled(rule, exclusions={"statuses": []})
    tells = [Offer(frozenset({"founded_year"}), np.ones(1))]
    assert valued(icp, CompanyTraits(name="A", country="DE"), tells)[0].asks == (frozenset(),)
    assert valued(icp, CompanyTraits(name="A", country="SE"), tells)[0].asks == (frozenset({"founded_year"}),)


def test_that_a_field_is_unknown_is_no_question() -> None:
    icp = compiled({"when": {"field": "founded_year", "op": "unknown"}, "then": {"subtract": 0.5}, "reason": "Odd."})
    value, _ = valued(icp, CompanyTraits(name="A", status="active"), [])
    assert (value.likeliest.tolist(), value.asks) == ([3], (frozenset(),))


_FIELDS = ("founded_year", "status", "region")
_RULES = st.lists(
    st.tuples(
        st.sets(st.sampled_from(_FIELDS), min_size=1),
        st.sampled_from([{"add": 0.3}, {"subtract": 0.4}, {"cap": 0.5}, {"disqualify": True}]),
    ),
    max_size=4,
)


@given(
    _RULES, st.sets(st.sampled_from(_FIELDS)), st.sampled_from([None, 0.0, 0.5, 1.0]), st.sets(st.sampled_from(_FIELDS))
)
def test_every_case_reckoned_one_by_one_says_the_same(
    made: list[tuple[set[str], dict[str, Any]]], known: set[str], fit: float | None, told: set[str]
) -> None:
    conditions: dict[str, dict[str, Any]] = {
        "founded_year": {"field": "founded_year", "op": "less_than", "value": 1990},
        "status": {"field": "status", "op": "is", "value": "public"},
        "region": {"field": "region", "op": "is", "value": "north"},
    }
    rules = [{"when": [conditions[f] for f in sorted(of)], "then": then, "reason": "R."} for of, then in made]
    icp = compiled(*rules, exclusions={"statuses": []})
    values = {"founded_year": 1950, "status": "public", "region": "south"}
    company = CompanyTraits(name="A", **{name: values[name] for name in known})  # type: ignore[arg-type]
    book = rulebook(icp)
    answers = answers_of(book, np.array([answer(book, company, (), icp, NOW)]))
    components = [Component(INTENT, 1.0)]
    beliefs = [np.array([0.2, 0.3, 0.5])]
    row = np.array([[np.nan if fit is None else fit]])
    value = value_offers(components, row, beliefs, BANDS, [Offer(frozenset(told), np.ones(1))], answers)

    cases = _cases(book, answers, [fit] if fit is not None else list(values_of(components[0])), beliefs[0], fit)
    assert value.chance_right[0] == pytest.approx(max(_by_tier(cases).values()))
    told_numbers = [n for n, q in enumerate(book.questions) if q.field in told]
    groups: dict[Any, list[Any]] = {}
    for said, tier, chance in cases:
        groups.setdefault(tuple(said[n] for n in told_numbers), []).append((said, tier, chance))
    after = sum(max(_by_tier(group).values()) for group in groups.values())
    assert value.gains[0, 0] == pytest.approx(max(0.0, after - value.chance_right[0]), abs=1e-9)


def _cases(book: Rulebook, answers: Answers, fits: list[Any], belief: Any, known: float | None) -> list[Any]:
    """(answers, tier, chance) of every combination of what is not known."""
    open_ = [n for n in range(len(book.questions)) if np.isnan(answers.known[0, n])]
    found = []
    for at, value in enumerate(fits):
        for truth in product([0.0, 1.0], repeat=len(open_)):
            said = list(answers.known[0])
            chance = 1.0 if known is not None else float(belief[at])
            for number, yes in zip(open_, truth, strict=True):
                said[number] = yes
                chance *= answers.chances[number] if yes else 1.0 - answers.chances[number]
            follows = [c.effect for c in book.consequences if all(said[q] == 1.0 for q in c.questions)]
            points = sum({EffectKind.ADD: 1, EffectKind.SUBTRACT: -1}.get(e.kind, 0) * e.amount for e in follows)
            caps = [e.amount for e in follows if e.kind is EffectKind.CAP]
            tier = tier_of(round(adjusted(value, points, min(caps, default=None)), 9), BANDS)
            gone = any(e.kind is EffectKind.DISQUALIFY for e in follows)
            found.append((said, 4 if gone else tier, chance))
    return found


def _by_tier(cases: list[Any]) -> dict[int, float]:
    found: dict[int, float] = {}
    for _, tier, chance in cases:
        found[tier] = found.get(tier, 0.0) + chance
    return found
