"""A workspace's own rules: what is wrong is named with its path, unknown holds a rule back, order is nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.views.icp_diff import differences, in_full
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.icp import IcpError, parse_icp
from scoring.priority import LOWEST_TIER
from scoring.rule_model import RULE_FIELDS, as_mapping, in_words
from scoring.rules import holds
from scoring.types import CompanyTraits, Signal, points_of

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
GOOD = {"when": {"field": "employees", "op": "more_than", "value": 500}, "then": {"subtract": 0.1}, "reason": "Slow."}
COMPANY = CompanyTraits(
    name="Grand Freight AG",
    domain="freight.example",
    industry="Freight Forwarding",
    employees=120,
    revenue_minor=5 * 10**8,
    currency="EUR",
    country="DE",
    technologies=("SAP",),
    tags=("b2b",),
    description_words=frozenset({"cold", "chain"}),
    fact_ids={"employees": ("f1",)},
)


def icp(*rules: dict[str, Any], **more: Any) -> CompiledIcp:
    return CompiledIcp(parse_icp({"name": "x", "countries": ["DE"], "rules": list(rules), **more}))


def rule(field: str, op: str, then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"when": {"field": field, "op": op, **more}, "then": then, "reason": f"Because of {field}."}


@pytest.mark.parametrize(
    ("part", "path", "says"),
    [
        ("more", "rules", "list"),
        ([3], "rules[0]", "mapping"),
        ([{"when": GOOD["when"], "then": {"add": 0.1}}], "rules[0].reason", "missing"),
        ([{**GOOD, "than": 1}], "rules[0].than", "'then'"),
        ([{**GOOD, "when": []}], "rules[0].when", "at least one"),
        ([{**GOOD, "when": {"op": "is", "value": 1}}], "rules[0].when.field", "missing"),
        ([{**GOOD, "when": {"field": "employes", "op": "is", "value": 1}}], "rules[0].when.field", "'employees'"),
        ([{**GOOD, "when": {"field": "country", "op": "at_least", "value": 1}}], "rules[0].when.op", "text"),
        ([{**GOOD, "when": {"field": "employees", "op": "more", "value": 1}}], "rules[0].when.op", "'more_than'"),
        ([{**GOOD, "when": {"field": "employees", "op": "is"}}], "rules[0].when.value", "missing"),
        ([{**GOOD, "when": {"field": "employees", "op": "is", "value": "ten"}}], "rules[0].when.value", "number"),
        ([{**GOOD, "when": {"field": "region", "op": "known", "value": 1}}], "rules[0].when.value", "left out"),
        ([{**GOOD, "when": [{"field": "country", "op": "is", "value": [False]}]}], "rules[0].when[0].value[0]", "NO"),
        ([{**GOOD, "when": {"field": "tags", "op": "has", "value": "!!"}}], "rules[0].when.value", "no letter"),
        ([{**GOOD, "when": {"field": "signals", "op": "has", "value": "hirin"}}], "rules[0].when.value", "'hiring'"),
        (
            [{**GOOD, "when": {"field": "region", "op": "known", "currency": "EUR"}}],
            "rules[0].when.currency",
            "revenue_minor only",
        ),
        ([{**GOOD, "then": {"add": 2}}], "rules[0].then.add", "between 0 and 1"),
        ([{**GOOD, "then": {"add": 0.1, "cap": 0.5}}], "rules[0].then", "one effect"),
        ([{**GOOD, "then": {"disqualify": False}}], "rules[0].then.disqualify", "must be true"),
        ([GOOD] * 101, "rules", "at most 100"),
    ],
)
def test_what_is_wrong_is_named_with_its_path_and_what_to_do(part: object, path: str, says: str) -> None:
    with pytest.raises(IcpError) as caught:
        parse_icp({"name": "x", "rules": part})
    assert says in {p.path: p.message for p in caught.value.problems}[path]


@pytest.mark.parametrize(
    ("part", "path"),
    [({"hirin": 3}, "half_lives.hirin"), ({"hiring": 0}, "half_lives.hiring"), ([1], "half_lives")],
)
def test_half_lives_are_days_by_kind(part: object, path: str) -> None:
    with pytest.raises(IcpError) as caught:
        parse_icp({"name": "x", "half_lives": part})
    assert path in {p.path for p in caught.value.problems}


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("employees", "more_than", 119, True),
        ("employees", "at_most", 119, False),
        ("founded_year", "less_than", 2000, None),
        ("revenue_minor", "at_least", 1, True),
        ("country", "is", ["de", "AT"], True),
        ("country", "is_not", "DE", False),
        ("region", "is", "Bavaria", None),
        ("industry", "contains", "forwarding", True),
        ("industry", "contains", "forward", False),
        ("technologies", "has", "sap", True),
        ("technologies", "has_not", ["sap"], False),
        ("description", "has", "cold chain", True),
        ("description", "has", "cold war", False),
        ("signals", "has", "funding", False),
    ],
)
def test_conditions(field: str, op: str, value: object, expected: bool | None) -> None:
    read = parse_icp({"name": "x", "rules": [rule(field, op, {"add": 0.1}, value=value)]}).rules[0]
    assert holds(read.when[0], COMPANY, (), AS_OF) is expected


def test_money_of_another_currency_is_unknown() -> None:
    read = parse_icp({"name": "x", "rules": [rule("revenue_minor", "at_least", {"add": 0.1}, value=1, currency="USD")]})
    assert holds(read.rules[0].when[0], COMPANY, (), AS_OF) is None


def test_a_signal_counts_while_it_is_young_enough_and_has_a_date() -> None:
    read = icp(rule("signals", "has", {"add": 0.2}, value="funding", within_days=90)).rules[0].when[0]
    for at, expected in ((89, True), (91, False), (-1, False), (None, False)):
        observed = None if at is None else AS_OF - timedelta(days=at)
        assert holds(read, COMPANY, (Signal("funding", observed),), AS_OF) is expected


def test_rules_add_subtract_and_cap_and_their_points_sum() -> None:
    plain = score_company(COMPANY, None, icp(), AS_OF).priority.scored.value
    assert plain == pytest.approx(0.65)
    more = score_company(COMPANY, None, icp(rule("employees", "at_least", {"add": 0.2}, value=100)), AS_OF).priority
    assert more.scored.value == pytest.approx(0.85)
    assert more.tier == 1
    reason = next(r for r in more.scored.reasons if r.code == "rule")
    assert reason.fact_ids == ("f1",)
    assert reason.points == 0.2
    both = icp(
        rule("employees", "at_least", {"add": 0.2}, value=100), rule("technologies", "has", {"cap": 0.5}, value="SAP")
    )
    capped = score_company(COMPANY, None, both, AS_OF).priority
    assert (capped.scored.value, capped.tier) == (0.5, 3)
    assert points_of(capped.scored.reasons) == pytest.approx(0.5)


def test_a_disqualifying_rule_is_tier_four_with_its_reason_and_keeps_the_value() -> None:
    score = score_company(COMPANY, None, icp(rule("tags", "has", {"disqualify": True}, value="b2b")), AS_OF)
    assert score.priority.tier == LOWEST_TIER
    assert score.priority.scored.value == pytest.approx(0.65)
    assert [r.text for r in score.fit.disqualifiers] == ["Because of tags."]


def test_what_is_unknown_holds_a_rule_back_and_a_rule_makes_no_priority_of_nothing() -> None:
    older = icp(rule("founded_year", "less_than", {"disqualify": True}, value=2000))
    assert score_company(COMPANY, None, older, AS_OF).priority.tier == 2
    nothing = score_company(CompanyTraits(), None, icp(rule("region", "unknown", {"add": 0.9})), AS_OF).priority
    assert (nothing.scored.value, nothing.tier) == (None, None)


@given(st.permutations([0, 1, 2, 3, 4]))
def test_the_order_of_rules_is_nothing(order: list[int]) -> None:
    rules = [
        rule("employees", "at_least", {"add": 0.25}, value=100),
        rule("country", "is", {"subtract": 0.5}, value="DE"),
        rule("tags", "has", {"cap": 0.6}, value="b2b"),
        rule("technologies", "known", {"cap": 0.55}),
        rule("status", "unknown", {"add": 0.25}),
    ]
    mixed = score_company(COMPANY, None, icp(*(rules[at] for at in order)), AS_OF).priority.scored.value
    assert mixed == pytest.approx(0.55)


def test_rules_and_half_lives_are_written_out_as_they_are_read() -> None:
    written = [
        GOOD,
        rule("revenue_minor", "at_least", {"add": 0.1}, value=5, currency="USD"),
        rule("signals", "has", {"cap": 0.1}, value=["funding", "hiring"], within_days=30),
        {"when": [{"field": f, "op": "known"} for f in RULE_FIELDS], "then": {"disqualify": True}, "reason": "r"},
    ]
    read = parse_icp({"name": "x", "rules": written, "half_lives": {"hiring": 20}})
    assert parse_icp(in_full(read)) == read
    assert [as_mapping(one) for one in read.rules][1:] == written[1:]
    assert in_words(read.rules[2]) == ("signals has funding or hiring within 30 days: cap 0.1 (Because of signals.)")
    (changed,) = differences({"name": "x"}, {"name": "x", "rules": [GOOD]})
    assert (changed.path, changed.added) == ("rules", ["employees more than 500: subtract 0.1 (Slow.)"])


def test_an_icp_without_rules_reads_and_scores_as_before() -> None:
    plain = parse_icp({"name": "x", "countries": ["DE"]})
    assert (plain.rules, dict(plain.half_lives)) == ((), {})
    assert "rules" not in in_full(plain)
    assert "half_lives" not in in_full(plain)


def test_a_half_life_of_the_icp_is_its_own() -> None:
    held = [Signal("hiring", AS_OF - timedelta(days=10))]
    usual, own = (score_company(COMPANY, held, icp(**p), AS_OF).intent for p in ({}, {"half_lives": {"hiring": 10}}))
    assert own.value == pytest.approx(0.35 / 2)
    assert usual.value is not None
    assert usual.value > 0.3
    assert "half-life 10 days" in own.reasons[0].text
