"""Rates with intervals, and the order of priority judged: nothing is said of too few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.outcomes import BINS, MIN_LEADS, MIN_OUTCOMES, average_precision, judge_order, rate, wilson


@pytest.mark.parametrize(
    ("outcomes", "leads", "low", "high"),
    [(0, 20, 0.0, 0.1611), (10, 20, 0.2993, 0.7007), (1, 20, 0.0089, 0.2361), (20, 20, 0.8389, 1.0)],
)
def test_wilsons_interval_is_the_published_one(outcomes: int, leads: int, low: float, high: float) -> None:
    assert wilson(outcomes, leads) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_in_bounds(case: tuple[int, int]) -> None:
    low, high = wilson(*case)
    assert 0.0 <= low <= case[0] / case[1] + 1e-12
    assert case[0] / case[1] - 1e-12 <= high <= 1.0


def test_too_few_leads_give_no_rate_and_say_so() -> None:
    few = rate(3, MIN_LEADS - 1)
    assert (few.value, few.low, few.outcomes) == (None, None, 3)
    assert "Only 19 leads" in few.reason
    assert rate(3, MIN_LEADS).value == pytest.approx(3 / MIN_LEADS)
    with pytest.raises(ValueError, match="between 0 and the leads"):
        rate(3, 2)


def test_average_precision_by_hand_with_ties_taken_together() -> None:
    assert average_precision([0.9, 0.8, 0.7, 0.6], [True, False, True, False]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0.5] * 4, [True, False, False, False]) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="Nothing happened"):
        average_precision([0.5], [False])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=40))
def test_average_precision_is_bounded_and_order_of_rows_is_nothing(rows: list[tuple[float, bool]]) -> None:
    if not any(out for _, out in rows):
        return
    value = average_precision([score for score, _ in rows], [out for _, out in rows])
    assert 0.0 < value <= 1.0
    again = average_precision([score for score, _ in rows[::-1]], [out for _, out in rows[::-1]])
    assert again == pytest.approx(value)


def test_the_order_is_judged_only_where_enough_is_known() -> None:
    priorities = [at / 200 for at in range(200)]
    good = judge_order(priorities, [value > 0.7 for value in priorities])
    assert good.average_precision == pytest.approx(1.0)
    assert good.base_rate == pytest.approx(59 / 200)
    assert good.rises is True
    assert len(good.bins) == BINS
    assert good.bins[-1].rate.value == 1.0
    assert judge_order(priorities, [value < 0.3 for value in priorities]).rises is False
    few = judge_order(priorities, [value > 0.96 for value in priorities])
    assert few.average_precision is None
    assert few.rises is None
    assert f"{MIN_OUTCOMES} with the outcome" in few.reason
    unknown = judge_order([None] * 200, [True] * 200)
    assert "0 outcomes among 0 leads" in unknown.reason
