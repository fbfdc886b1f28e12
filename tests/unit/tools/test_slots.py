"""Quarter hours that a time touches, and zones by name."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tools.calendar.slots import buckets, zone_of


def test_buckets_cover_the_whole_of_a_time() -> None:
    start = datetime(2026, 6, 1, 9, 10, tzinfo=UTC)
    assert [b.minute for b in buckets(start, start + timedelta(minutes=25))] == [0, 15, 30]
    assert len(buckets(start.replace(minute=0), start.replace(minute=30))) == 2


def test_buckets_of_a_zone_are_those_of_the_instant() -> None:
    start = datetime(2026, 6, 1, 9, 10, tzinfo=UTC)
    there = start.astimezone(ZoneInfo("Asia/Kathmandu"))
    assert buckets(there, there + timedelta(minutes=25)) == buckets(start, start + timedelta(minutes=25))


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe", "Europe/Berlin\0", "x" * 9_000])
def test_a_zone_that_does_not_exist_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_zone_by_name() -> None:
    assert zone_of("Europe/Berlin") == ZoneInfo("Europe/Berlin")
