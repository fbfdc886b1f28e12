"""Intent: monotone in strength, fading with age, bounded, order-independent, and able to say what it is made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.intent import (
    HALF_LIFE_DAYS,
    OTHER_ROLE,
    SALES_ROLE,
    SAME_KIND,
    SIGNAL_KINDS,
    contributions,
    score_intent,
    what_to_buy,
)
from scoring.types import Signal, points_of

AS_OF = datetime(2026, 6, 1, 9, tzinfo=UTC)
QUOTES = ["", "Account Executive (m/f/d)", "Backend Engineer", "We grow"]
signals = st.builds(
    Signal,
    kind=st.sampled_from([*HALF_LIFE_DAYS, "no_such_kind"]),
    observed_at=st.none() | st.integers(-20, 400).map(lambda days: AS_OF - timedelta(days=days)),
    strength=st.floats(0, 1),
    fact_id=st.just("f"),
    quote=st.sampled_from(QUOTES),
)
several = st.lists(signals, max_size=7)


def value(held: list[Signal]) -> float:
    return score_intent(held, AS_OF).value or 0.0


@given(several, signals, st.floats(0, 1))
def test_a_stronger_signal_never_says_less(held: list[Signal], one: Signal, strength: float) -> None:
    low, high = sorted((one.strength, strength))
    assert value([*held, replace(one, strength=low)]) <= value([*held, replace(one, strength=high)]) + 1e-12


@given(several, signals, st.integers(0, 300))
def test_a_younger_signal_never_says_less(held: list[Signal], one: Signal, days: int) -> None:
    if one.observed_at is None or one.observed_at > AS_OF:
        return
    older = replace(one, observed_at=one.observed_at - timedelta(days=days))
    assert value([*held, older]) <= value([*held, one]) + 1e-12


@given(several, st.randoms(use_true_random=False))
def test_bounded_order_is_nothing_and_the_contributions_sum(held: list[Signal], mixed: object) -> None:
    scored = score_intent(held, AS_OF)
    shuffled = list(held)
    mixed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert value(shuffled) == pytest.approx(value(held), abs=1e-12)
    if scored.value is None:
        assert contributions(held, AS_OF) == ()
        return
    assert 0.0 <= scored.value <= 1.0
    parts = contributions(held, AS_OF)
    assert sum(part.points for part in parts) == pytest.approx(scored.value)
    assert points_of(scored.reasons) == pytest.approx(scored.value)
    assert [part.points for part in parts] == sorted((part.points for part in parts), reverse=True) or len(parts) > 2


def test_several_of_one_kind_have_diminishing_return_and_stay_below_twice_the_first() -> None:
    values = [value([Signal("hiring", AS_OF)] * count) for count in range(1, 30)]
    gains = [after - before for before, after in pairwise(values)]
    assert gains == sorted(gains, reverse=True)
    assert values[1] == pytest.approx(1 - (1 - 0.35) * (1 - 0.35 * SAME_KIND))
    assert values[-1] < 2 * values[0]
    assert value([Signal("hiring", AS_OF), Signal("funding", AS_OF)]) > values[1], "another kind says more that is new"


def test_sales_vacancies_say_more_than_others() -> None:
    sales, plain, other = (value([Signal("hiring", AS_OF, quote=q)]) for q in (QUOTES[1], QUOTES[0], QUOTES[2]))
    weight = SIGNAL_KINDS["hiring"].weight
    assert (sales, plain, other) == (
        pytest.approx(weight * SALES_ROLE), pytest.approx(weight), pytest.approx(weight * OTHER_ROLE)
    )  # fmt: skip
    assert value([Signal("funding", AS_OF, quote=QUOTES[1])]) == SIGNAL_KINDS["funding"].weight
    assert "a sales role" in score_intent([Signal("hiring", AS_OF, quote=QUOTES[1])], AS_OF).reasons[0].text


def test_a_contribution_says_kind_age_half_life_strength_quote_and_url() -> None:
    held = [Signal("funding", AS_OF - timedelta(days=90), 0.8, "s1", "Raised 12 million", "https://a.example/news")]
    (one,) = contributions(held, AS_OF)
    assert (one.kind, one.age_days, one.half_life_days, one.strength) == ("funding", 90, 90, 0.8)
    assert one.points == pytest.approx(0.45 * 0.8 / 2)
    assert (one.quote, one.url, one.fact_id) == ("Raised 12 million", "https://a.example/news", "s1")
    (reason,) = score_intent(held, AS_OF).reasons
    assert reason.text == "The company raised money (90 days ago, strength 0.80; half-life 90 days)."


@pytest.mark.parametrize(("at", "code"), [(None, "signal_undated"), (AS_OF + timedelta(days=1), "signal_in_future")])
def test_undated_and_future_signals_are_flagged_and_not_counted(at: datetime | None, code: str) -> None:
    alone = score_intent([Signal("funding", at, fact_id="s1")], AS_OF)
    assert alone.value is None
    assert [r.code for r in alone.reasons] == ["intent_unknown", code]
    both = score_intent([Signal("funding", at, fact_id="s1"), Signal("news", AS_OF)], AS_OF)
    assert both.value == pytest.approx(0.10)
    assert both.reasons[-1].fact_ids == ("s1",)


def test_where_nothing_is_known_it_says_what_to_buy_the_most_telling_first() -> None:
    scored = score_intent(None, AS_OF)
    assert scored.value is None
    assert "job boards (hiring)" in scored.reasons[0].text
    asks = what_to_buy()
    assert [ask.worth for ask in asks] == sorted((ask.worth for ask in asks), reverse=True)
    sold = {kind for ask in asks for kind in ask.kinds}
    assert {
        "hiring",
        "funding",
        "expansion",
        "partnership",
        "leadership_change",
        "pricing_page_changed",
        "demo_page_changed",
        "product_page_changed",
        "competitor_review",
        "event",
        "technology_added",
        "technology_removed",
    } <= sold
    assert not sold & {"demo_request", "website_visit"}, "our own pages are not for sale"
    assert "hiring" not in {kind for ask in what_to_buy({"hiring"}) for kind in ask.kinds}
