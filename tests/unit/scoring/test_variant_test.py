"""Two wordings compared: how often a useless one is ever called better, and how often a good one is found."""

import random
from uuid import UUID

import pytest

from scoring.variant_test import (
    ALPHA,
    MAX_COMPANIES,
    MIN_ANSWERS,
    MIN_COMPANIES,
    Arm,
    Tally,
    Verdict,
    arm_of,
    compare,
    evidence,
)

_DAY = 20  # companies that are written to in a day
_TESTS = 400


def _run(rng: random.Random, rate: float, ratio: float) -> Verdict | None:
    """One test to its end, looked at every day. Companies differ in how gladly they answer, and answer late."""
    mailed, answered = dict.fromkeys(Arm, 0), dict.fromkeys(Arm, 0)
    late: dict[int, list[Arm]] = {}
    day = 0
    verdict: Verdict | None = None
    while sum(mailed.values()) < MAX_COMPANIES:
        for _ in range(_DAY):
            arm = arm_of(UUID(int=rng.getrandbits(128)), UUID(int=rng.getrandbits(128)))
            mailed[arm] += 1
            gladness = rate * rng.choice((0.2, 0.8, 2.0)) * (ratio if arm is Arm.VARIANT else 1)
            if rng.random() < gladness:
                late.setdefault(day + rng.randrange(12), []).append(arm)
        for arm in late.pop(day, []):
            answered[arm] += 1
        control, variant = (Tally(mailed[arm], answered[arm]) for arm in (Arm.CONTROL, Arm.VARIANT))
        verdict = compare(control, variant).verdict
        if verdict is not None:
            return verdict
        day += 1
    return verdict


def _share(rate: float, ratio: float, wanted: Verdict, seed: int) -> float:
    rng = random.Random(seed)
    return sum(_run(rng, rate, ratio) is wanted for _ in range(_TESTS)) / _TESTS


def test_a_wording_that_is_no_better_is_hardly_ever_called_better_although_looked_at_every_day():
    assert _share(0.05, 1.0, Verdict.BETTER, seed=1) <= ALPHA


def test_a_worse_wording_is_not_called_better():
    assert _share(0.05, 0.7, Verdict.BETTER, seed=2) <= 0.01


def test_power_is_what_the_documentation_says():
    """docs/writing.md: of wordings that bring twice the answers of a rate of 5 %, more than eight in ten are found."""
    assert _share(0.05, 2.0, Verdict.BETTER, seed=3) >= 0.8


def test_the_evidence_is_a_fair_bet():
    """Its mean over all outcomes of fair coins is 1: what Ville's inequality needs."""
    n, mean, ways = 12, 0.0, 1.0
    for successes in range(n + 1):
        mean += ways / 2**n * evidence(successes, n)
        ways = ways * (n - successes) / (successes + 1)
    assert mean == pytest.approx(1.0)


def test_too_small_is_not_known_and_says_so():
    found = compare(Tally(MIN_COMPANIES - 1, 0), Tally(500, 90))
    assert found.verdict is None
    found = compare(Tally(MIN_COMPANIES, 0), Tally(MIN_COMPANIES, MIN_ANSWERS - 1))
    assert found.verdict is None
    assert "Too few" in found.reason
    assert compare(Tally(), Tally()).reason == "No mail of this test was sent yet."


def test_arms_that_were_not_mailed_alike_are_not_compared():
    found = compare(Tally(100, 2), Tally(300, 40))
    assert found.verdict is None
    assert "not mailed alike" in found.reason


def test_the_stop_rule_ends_what_shows_nothing():
    full = compare(Tally(MAX_COMPANIES // 2, 50), Tally(MAX_COMPANIES // 2, 50))
    assert full.verdict is Verdict.NO_DIFFERENCE
    hopeless = compare(Tally(900, 60), Tally(900, 45))
    assert hopeless.verdict is Verdict.NO_DIFFERENCE
    assert "Even if" in hopeless.reason


def test_the_interval_holds_the_ratio_and_narrows():
    few, many = compare(Tally(100, 10), Tally(100, 20)), compare(Tally(1000, 100), Tally(1000, 200))
    assert few.ratio == many.ratio == 2.0
    for found in (few, many):
        assert found.ratio_low is not None
        assert found.ratio_high is not None
        assert found.ratio_low < 2.0 < found.ratio_high
    assert many.ratio_low > few.ratio_low
    assert compare(Tally(100, 0), Tally(100, 20)).ratio_high is None


def test_a_company_keeps_its_arm_and_the_coin_is_fair():
    test, companies = UUID(int=7), [UUID(int=n * 7919) for n in range(4000)]
    arms = [arm_of(test, company) for company in companies]
    assert arms == [arm_of(test, company) for company in companies]
    assert abs(arms.count(Arm.VARIANT) - 2000) < 130
    other = [arm_of(UUID(int=8), company) for company in companies]
    assert abs(sum(a is b for a, b in zip(arms, other, strict=True)) - 2000) < 130
