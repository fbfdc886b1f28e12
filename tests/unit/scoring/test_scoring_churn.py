from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.churn import AccountState, RiskBand, assess_churn, risk_band, usage_trend
from scoring.types import UsagePoint, UsageSeries, points_of

AS_OF = date(2026, 6, 1)


def series(before: float, after: float, metric: str = "api_calls", skip_recent: bool = False) -> UsageSeries:
    days = [AS_OF - timedelta(days=n) for n in range(41, 13, -1)]
    points = [UsagePoint(day, before) for day in days]
    if not skip_recent:
        points += [UsagePoint(AS_OF - timedelta(days=n), after) for n in range(13, -1, -1)]
    return UsageSeries(metric, tuple(points), ("u1",))


def test_the_window_is_the_account_against_itself() -> None:
    assert usage_trend(series(100, 50), AS_OF).change == pytest.approx(-0.5)
    assert usage_trend(series(1, 0.5), AS_OF).change == pytest.approx(-0.5)
    trend = usage_trend(series(100, 50), AS_OF)
    assert (trend.recent_rows, trend.baseline_rows) == (14, 28)


def test_a_collector_that_stopped_is_unknown_and_not_a_customer_that_left() -> None:
    found = assess_churn(AccountState(usage=(series(100, 0, skip_recent=True),)), AS_OF)
    assert found.risk.value is None
    assert found.health.value is None
    assert found.band is None
    assert found.risk.reasons[0].code == "churn_unknown"


def test_recorded_zeros_are_a_customer_that_left() -> None:
    found = assess_churn(AccountState(usage=(series(100, 0), series(10, 0, "logins"))), AS_OF)
    assert found.band is RiskBand.HIGH
    assert found.drivers[0].code == "usage_drop"
    assert found.drivers[0].fact_ids == ("u1",)
    assert found.health.value == pytest.approx(0.0)


def test_the_main_driver_is_what_moved_most() -> None:
    paid_late = AccountState(usage=(series(100, 100),), overdue_days=90, open_tickets=0)
    assert assess_churn(paid_late, AS_OF).drivers[0].code == "invoices_overdue"


def test_a_healthy_growing_customer_is_low_risk_and_healthy() -> None:
    account = AccountState((series(100, 140),), open_tickets=0, overdue_days=0, nps=10, champion_left=False)
    found = assess_churn(account, AS_OF)
    assert found.band is RiskBand.LOW
    assert found.health.value == pytest.approx(1.0)


def test_rows_after_the_day_asked_are_not_looked_at() -> None:
    later = UsageSeries("x", (*series(100, 100).points, UsagePoint(AS_OF + timedelta(days=1), 0.0)))
    assert usage_trend(later, AS_OF).change == pytest.approx(0.0)


@pytest.mark.parametrize(("risk", "band"), [(0.6, "high"), (0.5999, "medium"), (0.35, "medium"), (0.3499, "low")])
def test_risk_bands_are_half_open(risk: float, band: str) -> None:
    assert risk_band(risk) == band


accounts = st.builds(
    AccountState,
    usage=st.lists(
        st.builds(series, st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(["api", "logins"])), max_size=3
    ).map(tuple),
    open_tickets=st.none() | st.integers(0, 50),
    overdue_days=st.none() | st.integers(0, 400),
    nps=st.none() | st.integers(0, 10),
    seats=st.none() | st.integers(0, 100),
    active_seats=st.none() | st.integers(0, 200),
    champion_left=st.none() | st.booleans(),
    renewal_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)


@given(accounts)
def test_risk_and_health_are_bounded_and_points_sum_before_clamping(account: AccountState) -> None:
    found = assess_churn(account, AS_OF)
    if found.risk.value is None:
        assert found.health.value is None
        return
    assert found.health.value is not None
    assert 0.0 <= found.risk.value <= 1.0
    assert 0.0 <= found.health.value <= 1.0
    assert min(1.0, max(0.0, points_of(found.risk.reasons))) == pytest.approx(found.risk.value, abs=1e-9)
    assert points_of(found.health.reasons) == pytest.approx(found.health.value, abs=1e-9)
    assert [d.points for d in found.drivers] == sorted((d.points for d in found.drivers), reverse=True)


@given(st.floats(1, 1000), st.floats(0, 1000), st.floats(0, 1000))
def test_more_usage_never_raises_the_risk(before: float, a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    less, more = (assess_churn(AccountState((series(before, x),)), AS_OF).risk.value for x in (low, high))
    assert less is not None
    assert more is not None
    assert more <= less + 1e-9
