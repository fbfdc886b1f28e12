"""What an action may bring: more for better leads, dearer deals and what is late; never made up, never outweighing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.worth import Action, chance_of, expected_minor, worth

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
actions, chances = st.sampled_from(Action), st.floats(0, 1)
deals = st.integers(1, 10**12)


@given(actions, chances, chances, deals)
def test_a_better_lead_is_never_worth_less(action: Action, one: float, other: float, deal: int) -> None:
    low, high = sorted((one, other))
    assert expected_minor(action, low, deal) <= expected_minor(action, high, deal)


@given(actions, chances, deals, deals)
def test_a_dearer_deal_is_never_worth_less(action: Action, priority: float, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert expected_minor(action, priority, low) <= expected_minor(action, priority, high) <= high


@given(actions, st.one_of(st.none(), chances), deals, st.integers(-10_000, 10_000))
def test_what_is_late_never_ranks_below_the_same_that_is_not(
    action: Action, priority: float | None, deal: int, minutes: int
) -> None:
    due = NOW + timedelta(minutes=minutes)
    late = worth(action, priority, deal, "EUR", now=NOW, due_at=NOW - timedelta(minutes=1))
    other = worth(action, priority, deal, "EUR", now=NOW, due_at=due)
    assert late.rank >= other.rank
    assert late.expected_minor == other.expected_minor, "urgency moves the rank, not the money"


@given(actions, st.floats(allow_nan=False, allow_infinity=False))
def test_a_chance_stays_a_chance_whatever_the_priority(action: Action, priority: float) -> None:
    assert 0 <= chance_of(action, priority) <= 1


@given(chances, deals)
def test_who_answers_stands_above_who_was_never_written_to(priority: float, deal: int) -> None:
    reply = worth(Action.REPLY, priority, deal, "EUR", now=NOW)
    first = worth(Action.FIRST_MAIL, priority, deal, "EUR", now=NOW)
    assert reply.rank >= first.rank


def test_the_order_is_the_same_where_nobody_said_what_a_deal_is_worth() -> None:
    def order(deal: int) -> list[Action]:
        return sorted(Action, key=lambda action: -worth(action, 0.7, deal, "EUR", now=NOW).rank)

    assert order(0) == order(5_000_000)


def test_every_factor_of_the_sum_is_told() -> None:
    found = worth(Action.CALL, None, 0, "EUR", now=NOW, due_at=NOW)
    assert [reason.code for reason in found.reasons] == ["deal_value", "chance", "minutes", "urgency"]
    assert "not known" in found.reasons[1].text
    with pytest.raises(ValueError, match="aware"):
        worth(Action.CALL, 1.0, 0, "EUR", now=datetime(2026, 6, 2))  # noqa: DTZ001 — the mistake itself
