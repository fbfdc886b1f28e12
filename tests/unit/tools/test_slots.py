"""Times to propose: on both clocks within hours, never one that does not exist or exists twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.calendar.slots import MIN_NOTICE, buckets, candidates, is_plain

ZONES = ["UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Kolkata",
         "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo"]  # fmt: skip
NIGHTS = {day: ["00:00", "23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@given(
    hours_on=st.integers(0, 3 * 365 * 24),
    rep_zone=st.sampled_from(ZONES),
    prospect_zone=st.sampled_from(["", *ZONES]),
    minutes=st.sampled_from([15, 30, 45, 60, 180]),
    hours=st.sampled_from([{}, NIGHTS, {"tue": ["08:10", "12:00"]}]),
)
def test_every_candidate_keeps_every_rule(
    hours_on: int, rep_zone: str, prospect_zone: str, minutes: int, hours: dict[str, list[str]]
) -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours_on)
    found = candidates(at, minutes=minutes, rep_zone=rep_zone, working_hours=hours, prospect_zone=prospect_zone)
    ours, theirs = ZoneInfo(rep_zone), ZoneInfo(prospect_zone or rep_zone)
    assert len({slot.starts_at for slot in found}) == len(found)
    for slot in found:
        local = slot.starts_at.astimezone(ours)
        assert slot.starts_at >= at + MIN_NOTICE
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert local.date() > at.astimezone(ours).date()
        assert local.minute % 30 == 0
        for zone in (ours, theirs):
            assert is_plain(slot.starts_at, zone)
            assert is_plain(slot.ends_at, zone)
        if prospect_zone:
            start, end = slot.starts_at.astimezone(theirs), slot.ends_at.astimezone(theirs)
            assert start.weekday() < 5
            assert start.hour >= 9
            assert (end.hour, end.minute) <= (17, 0)
        if hours == {"tue": ["08:10", "12:00"]}:
            assert local.weekday() == 1
            assert (local.hour, local.minute) >= (8, 30)


def test_the_first_three_lie_on_three_days_with_a_morning_and_an_afternoon() -> None:
    friday = datetime(2026, 6, 5, 10, tzinfo=UTC)
    found = candidates(friday, minutes=30, rep_zone="Europe/Berlin", working_hours={})
    first = [slot.starts_at.astimezone(ZoneInfo("Europe/Berlin")) for slot in found[:3]]
    assert [day.date().isoformat() for day in first] == ["2026-06-08", "2026-06-09", "2026-06-10"]
    assert [day.hour < 12 for day in first] == [True, False, True]


def test_what_is_taken_is_not_proposed() -> None:
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)
    options = {"minutes": 30, "rep_zone": "UTC", "working_hours": {}}
    before = candidates(now, **options)
    middle = before[0].starts_at + timedelta(minutes=15)
    after = candidates(now, taken=[middle], **options)
    assert before[0] not in after
    assert len(after) == len(before) - 1
    assert before[0].starts_at.date() not in {
        slot.starts_at.date() for slot in candidates(now, days_off=[before[0].starts_at.date()], **options)
    }


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        (datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),  # 02:00 becomes 03:00
        (datetime(2026, 10, 23, 8, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 02:30 comes twice
    ],
)
def test_the_night_the_clocks_change_is_left_out(now: datetime, gone: datetime) -> None:
    found = candidates(now, minutes=30, rep_zone="Europe/Berlin", working_hours=NIGHTS)
    starts = {slot.starts_at for slot in found}
    assert gone not in starts or gone.astimezone(ZoneInfo("Europe/Berlin")).hour == 3
    hours = sorted(
        (s.astimezone(ZoneInfo("Europe/Berlin")).hour, s.astimezone(ZoneInfo("Europe/Berlin")).minute)
        for s in starts
        if s.astimezone(ZoneInfo("Europe/Berlin")).date() == gone.date()
    )
    assert (2, 0) not in hours
    assert (2, 30) not in hours
    assert (12, 0) in hours


def test_no_common_hour_gives_none_and_unknown_zones_count_as_unknown() -> None:
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)
    mornings = {"mon": ["09:00", "12:00"], "tue": ["09:00", "12:00"]}
    assert not candidates(
        now, minutes=30, rep_zone="Europe/Berlin", working_hours=mornings, prospect_zone="Pacific/Honolulu"
    )
    known = candidates(now, minutes=30, rep_zone="UTC", working_hours={})
    assert candidates(now, minutes=30, rep_zone="UTC", working_hours={}, prospect_zone="Mars/Base") == known
    assert not candidates(now, minutes=30, rep_zone="UTC", working_hours={"mon": ["nine", "five"]})


def test_buckets_cover_the_whole_of_a_time() -> None:
    start = datetime(2026, 6, 1, 9, 10, tzinfo=UTC)
    assert [b.minute for b in buckets(start, start + timedelta(minutes=25))] == [0, 15, 30]
    assert len(buckets(start.replace(minute=0), start.replace(minute=30))) == 2
