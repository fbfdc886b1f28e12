"""A warm-up never more than doubles what really left, and ends at its cap."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from agents import ramps

SCHEDULES = st.sampled_from(list(ramps.SCHEDULES.values()))


@given(st.integers(0, 10_000))
def test_a_mailbox_never_more_than_doubles(last_day: int) -> None:
    limit = ramps.mailbox_limit(last_day)
    assert ramps.RAMP_START <= limit <= max(ramps.RAMP_START, ramps.GROWTH * last_day)


@given(SCHEDULES, st.integers(0, 20_000))
def test_a_domain_keeps_to_its_schedule_and_never_more_than_doubles(schedule: ramps.Schedule, last_day: int) -> None:
    limit = ramps.domain_limit(schedule, last_day)
    if limit is None:
        assert last_day >= schedule.steps[-1]
        return
    assert limit <= max(schedule.steps[0], ramps.GROWTH * last_day)
    assert limit <= schedule.steps[-1]
    assert limit > last_day or last_day < schedule.steps[0]


@given(st.integers(1, 50), st.integers(1, 50))
def test_the_days_ahead_end_at_the_cap(today: int, cap: int) -> None:
    days = ramps.days_ahead(today, cap)
    assert list(days) == sorted(days)
    assert days[-1] == cap
    assert all(later <= ramps.mailbox_limit(earlier) for earlier, later in itertools.pairwise(days))


@given(SCHEDULES)
def test_published_steps_at_most_double_or_are_cut_to_it(schedule: ramps.Schedule) -> None:
    days = ramps.domain_days_ahead(schedule, schedule.steps[0], most=200)
    assert all(later <= ramps.GROWTH * earlier for earlier, later in itertools.pairwise(days))
    assert days[-1] == schedule.steps[-1]


def test_a_day_of_little_does_not_open_the_next() -> None:
    steps = ramps.SCHEDULES["steps"]
    assert [ramps.domain_limit(steps, sent) for sent in (0, 3, 50, 100, 130, 10_000)] == [50, 50, 100, 200, 250, None]
    assert [ramps.mailbox_limit(sent) for sent in (0, 4, 5, 12, 40)] == [10, 10, 10, 24, 80]
