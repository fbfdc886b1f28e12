"""When somebody may be written to: on their own clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.policy import Policy
from agents.recipient_time import country_zones, day_start, next_opening
from tools.calendar.public_holidays import public_holidays

BERLIN = ZoneInfo("Europe/Berlin")


def opening(now: datetime, zone: str = "Europe/Berlin", country: str = "DE", **policy: int) -> datetime:
    return next_opening(now, zone=zone, country=country, workspace_zone="UTC", policy=Policy(**policy))


def test_holidays_and_weekends_are_left_out() -> None:
    christmas_eve = datetime(2026, 12, 24, 20, tzinfo=BERLIN)  # Thursday evening; Friday and Saturday are holidays
    assert opening(christmas_eve) == datetime(2026, 12, 28, 8, tzinfo=BERLIN)
    assert date(2026, 12, 25) in public_holidays("DE", 2026)
    assert public_holidays("XX", 2026) == frozenset()


def test_a_policy_narrows_the_hours_and_never_widens_them() -> None:
    tuesday = datetime(2026, 6, 2, 8, 30, tzinfo=BERLIN)
    assert opening(tuesday) == tuesday
    assert opening(tuesday, window_start_hour=10) == tuesday.replace(hour=10, minute=0)
    late = tuesday.replace(hour=16)
    assert opening(late, window_end_hour=15) == datetime(2026, 6, 3, 8, tzinfo=BERLIN)
    assert opening(late.replace(hour=19), window_start_hour=0, window_end_hour=24) > late.replace(hour=23)


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_an_unknown_zone_waits_until_the_whole_country_is_at_work(zone: str) -> None:
    at_work_in_new_york = datetime(2026, 6, 2, 13, tzinfo=UTC)
    at = opening(at_work_in_new_york, zone=zone, country="US")
    assert at > at_work_in_new_york
    for name in ("America/New_York", "America/Los_Angeles"):
        assert 8 <= at.astimezone(ZoneInfo(name)).hour < 18


def test_zones_come_from_the_iana_table() -> None:
    assert country_zones("de") == ("Europe/Berlin", "Europe/Busingen")
    assert len(country_zones("US")) > 20
    assert country_zones("") == country_zones("ZZ") == ()


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-06-02"])
def test_a_day_starts_at_local_midnight_also_when_the_clocks_change(day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=BERLIN)
    start = day_start(noon.astimezone(UTC), "Europe/Berlin")
    assert start.isoformat().startswith(f"{day}T00:00")
    assert (day_start(start + timedelta(hours=36), "Europe/Berlin").date() - start.date()).days == 1


@given(
    now=st.integers(0, 3 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    zone=st.sampled_from(["", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "nonsense"]),
    country=st.sampled_from(["", "DE", "US", "IN", "NZ", "RU", "ZZ"]),
    start=st.integers(0, 12),
    end=st.integers(13, 24),
)
def test_an_opening_is_never_in_the_past_and_is_open(
    now: datetime, zone: str, country: str, start: int, end: int
) -> None:
    at = opening(now, zone, country, window_start_hour=start, window_end_hour=end)
    assert at >= now
    assert opening(at, zone, country, window_start_hour=start, window_end_hour=end) == at
