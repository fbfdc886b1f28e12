from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.criteria import DESCRIPTION_MATCH, CompiledIcp, match_range
from scoring.fit import score_fit
from scoring.icp import parse_icp
from scoring.intent import HALF_LIFE_DAYS, SIGNAL_KINDS, score_intent
from scoring.types import CompanyTraits, Signal, points_of, words

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
ICP = CompiledIcp(
    parse_icp(
        {
            "name": "x",
            "industries": [{"name": "software", "synonyms": ["machine learning"]}],
            "employees": {"min": 20, "max": 200},
            "revenue": {"min_minor": 1_000_000_00, "currency": "EUR"},
            "countries": ["DE"],
            "regions": ["Western Europe"],
            "technologies": ["HubSpot"],
            "growth_signals": ["hiring"],
            "exclusions": {
                "industries": ["gambling"],
                "countries": ["RU"],
                "domains": ["rival.com"],
                "name_words": ["casino"],
                "technologies": ["pipedrive"],
            },
        }
    )
)
IDEAL = CompanyTraits(
    name="Ideal GmbH",
    domain="ideal.example",
    industry="Software",
    employees=50,
    revenue_minor=5_000_000_00,
    currency="EUR",
    country="DE",
    technologies=("hubspot",),
    fact_ids={"industry": ("f1",), "employees": ("f2",)},
)
kinds = st.sampled_from([*HALF_LIFE_DAYS, "no_such_kind"])
signals = st.builds(
    Signal,
    kind=kinds,
    observed_at=st.integers(-20, 400).map(lambda days: AS_OF - timedelta(days=days)),
    strength=st.floats(0, 1),
    fact_id=st.just("f"),
)
companies = st.builds(
    CompanyTraits,
    industry=st.sampled_from([None, "Software", "Retail", "Gambling"]),
    tags=st.sampled_from([(), ("Machine Learning",), ("b2b",)]),
    employees=st.none() | st.integers(0, 100_000),
    revenue_minor=st.none() | st.integers(0, 10**13),
    currency=st.sampled_from([None, "EUR", "USD"]),
    country=st.sampled_from([None, "DE", "US", "RU"]),
    region=st.sampled_from([None, "western europe", "Asia"]),
    technologies=st.sampled_from([(), ("HubSpot",), ("Pipedrive", "x")]),
    status=st.sampled_from([None, "Active", "Acquired"]),
)


def codes(reasons: object) -> set[str]:
    return {reason.code for reason in reasons}  # type: ignore[attr-defined]


def test_the_ideal_company_fits_fully_and_its_facts_stand_behind_it() -> None:
    fit = score_fit(IDEAL, ICP, AS_OF, [Signal("hiring", AS_OF, fact_id="s1")])
    assert fit.scored.value == 1.0
    assert fit.disqualifiers == ()
    by_code = {r.code: r for r in fit.scored.reasons}
    assert by_code["industry"].fact_ids == ("f1",)
    assert by_code["employees"].fact_ids == ("f2",)
    assert by_code["growth"].fact_ids == ("s1",)


def test_unknown_traits_are_left_out_and_said_so() -> None:
    fit = score_fit(replace(IDEAL, employees=None, revenue_minor=None, technologies=()), ICP, AS_OF)
    assert fit.scored.value == 1.0  # nobody looked for signals either: not zero
    assert {"employees_unknown", "revenue_unknown", "technologies_unknown", "growth_unknown"} <= codes(
        fit.scored.reasons
    )


def test_looked_for_and_absent_growth_counts_against_where_unlooked_does_not() -> None:
    looked, unlooked = score_fit(IDEAL, ICP, AS_OF, []).scored.value, score_fit(IDEAL, ICP, AS_OF).scored.value
    assert looked is not None
    assert unlooked is not None
    assert looked < unlooked == 1.0


def test_too_little_known_is_none() -> None:
    fit = score_fit(CompanyTraits(country="DE"), ICP, AS_OF)
    assert fit.scored.value is None
    assert fit.scored.reasons[0].code == "fit_unknown"
    assert all(r.points == 0.0 for r in fit.scored.reasons)


def test_another_currency_is_unknown_not_wrong() -> None:
    fit = score_fit(replace(IDEAL, currency="JPY"), ICP, AS_OF)
    assert "revenue_unknown" in codes(fit.scored.reasons)


def test_words_of_the_description_count_less_than_the_stated_industry() -> None:
    company = replace(IDEAL, industry=None, description_words=words("We do machine learning for ports"))
    industry = next(r for r in score_fit(company, ICP, AS_OF).scored.reasons if r.code == "industry")
    stated = next(r for r in score_fit(IDEAL, ICP, AS_OF).scored.reasons if r.code == "industry")
    assert industry.points == pytest.approx(DESCRIPTION_MATCH * stated.points)


def test_an_industry_is_a_word_and_not_a_part_of_one() -> None:
    fit = score_fit(replace(IDEAL, industry="Softwareless retail"), ICP, AS_OF)
    assert next(r for r in fit.scored.reasons if r.code == "industry").points == 0.0


def test_a_phrase_never_spans_two_tags() -> None:
    fit = score_fit(replace(IDEAL, industry=None, tags=("machine", "learning")), ICP, AS_OF)
    assert next(r for r in fit.scored.reasons if r.code == "industry").points == 0.0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"industry": "Online Gambling"}, "excluded_industry"),
        ({"country": "ru"}, "excluded_country"),
        ({"domain": "shop.rival.com"}, "excluded_domain"),
        ({"name": "Grand Casino AG"}, "excluded_name"),
        ({"technologies": ("Pipedrive",)}, "excluded_technology"),
        ({"status": "Acquired"}, "excluded_status"),
    ],
)
def test_each_exclusion_disqualifies(change: dict[str, object], code: str) -> None:
    assert codes(score_fit(replace(IDEAL, **change), ICP, AS_OF).disqualifiers) == {code}  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"domain": "notrival.com"}, {"name": "Casinova"}, {"status": "active"}])
def test_near_misses_do_not_disqualify(change: dict[str, object]) -> None:
    assert score_fit(replace(IDEAL, **change), ICP, AS_OF).disqualifiers == ()  # type: ignore[arg-type]


@given(companies, st.none() | st.lists(signals, max_size=4))
def test_fit_is_bounded_and_its_points_sum(company: CompanyTraits, held: list[Signal] | None) -> None:
    scored = score_fit(company, ICP, AS_OF, held).scored
    assert scored.reasons
    if scored.value is not None:
        assert 0.0 <= scored.value <= 1.0
        assert points_of(scored.reasons) == pytest.approx(scored.value, abs=1e-9)


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(0, 10**4))
def test_a_range_match_is_one_inside_and_bounded(value: int, a: int, b: int) -> None:
    low, high = min(a, b), max(a, b)
    match = match_range(value, low, high)
    assert 0.0 <= match <= 1.0
    assert (match == 1.0) == (low <= value <= high)


def test_twice_the_wanted_size_is_wholly_outside() -> None:
    assert match_range(400, 20, 200) == pytest.approx(0.0)
    assert 0.0 < match_range(300, 20, 200) < 1.0


def test_no_signal_is_unknown_and_says_what_to_look_for() -> None:
    for held in (None, [], [Signal("no_such_kind", AS_OF)], [Signal("hiring", AS_OF + timedelta(days=1))]):
        scored = score_intent(held, AS_OF)
        assert scored.value is None
        assert "Look for" in scored.reasons[0].text


def test_a_signal_halves_in_its_half_life() -> None:
    for kind, days in HALF_LIFE_DAYS.items():
        fresh = score_intent([Signal(kind, AS_OF)], AS_OF).value
        old = score_intent([Signal(kind, AS_OF - timedelta(days=days))], AS_OF).value
        assert fresh == pytest.approx(SIGNAL_KINDS[kind].weight)
        assert old == pytest.approx(SIGNAL_KINDS[kind].weight / 2)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        score_intent([], datetime(2026, 6, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        score_fit(IDEAL, ICP, datetime(2026, 6, 1))  # noqa: DTZ001


@given(st.lists(signals, max_size=8), signals)
def test_one_more_signal_never_lowers_intent(held: list[Signal], more: Signal) -> None:
    before, after = score_intent(held, AS_OF).value, score_intent([*held, more], AS_OF).value
    if before is not None:
        assert after is not None
        assert after >= before - 1e-12


@given(st.lists(signals, max_size=8))
def test_intent_is_bounded_its_points_sum_and_order_is_nothing(held: list[Signal]) -> None:
    scored = score_intent(held, AS_OF)
    if scored.value is None:
        return
    assert 0.0 <= scored.value <= 1.0
    assert points_of(scored.reasons) == pytest.approx(scored.value, abs=1e-9)
    assert score_intent(held[::-1], AS_OF).value == pytest.approx(scored.value, abs=1e-12)
