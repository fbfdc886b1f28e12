"""Which slots go into a mail: three on three days, in the recipient's office hours, at hours they like."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.calendar.availability import AvailabilityRules, Diary, Slot, free_slots
from tools.calendar.choosing import choose, habits_of

NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)  # a Monday
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC"]


def free(zone: str = "Europe/Berlin", now: datetime = NOW) -> tuple[Slot, ...]:
    return free_slots(AvailabilityRules(zone), Diary(), now).slots


def local(slots: list[Slot], zone: str = "Europe/Berlin") -> list[datetime]:
    return [slot.starts_at.astimezone(ZoneInfo(zone)) for slot in slots]


@settings(max_examples=60)
@given(
    hours_on=st.integers(0, 3 * 365 * 24),
    rep=st.sampled_from(ZONES),
    recipient=st.sampled_from(ZONES),
    habits=st.dictionaries(st.integers(0, 23), st.integers(0, 9)),
)
def test_every_choice_is_free_and_in_office_hours_there(
    hours_on: int, rep: str, recipient: str, habits: dict[int, int]
) -> None:
    slots = free(rep, datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours_on))
    chosen = choose(slots, zone=recipient, habits=habits)
    assert set(chosen) <= set(slots)
    assert len(set(chosen)) == len(chosen)
    zone = ZoneInfo(recipient)
    days = []
    for slot in chosen:
        start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
        assert slot.stated_offset is None
        assert start.weekday() < 5
        assert (start.hour, start.minute) >= (9, 0)
        assert (end.hour, end.minute) <= (17, 0)
        days.append(start.date())
    first = days[: len(set(days))]
    assert len(set(first)) == len(first)  # one of each day before a second of any


def test_the_first_three_lie_on_three_days_mornings_and_afternoons_in_turn() -> None:
    first = local(choose(free(), zone="Europe/Berlin")[:3])
    assert [at.date().isoformat() for at in first] == ["2026-06-02", "2026-06-03", "2026-06-04"]
    assert [at.hour < 12 for at in first] == [True, False, True]


def test_hours_at_which_they_wrote_come_first() -> None:
    wrote = [datetime(2026, 5, day, hour, 20, tzinfo=UTC) for day in range(4, 8) for hour in (8, 13)]
    habits = habits_of(wrote, "Europe/Berlin")
    assert habits == {10: 4, 15: 4}
    assert [at.hour for at in local(choose(free(), zone="Europe/Berlin", habits=habits)[:3])] == [10, 15, 10]
    few = choose(free(), zone="Europe/Berlin", habits={10: 4})
    assert few == choose(free(), zone="Europe/Berlin")  # four mails are no habit
    assert habits_of(wrote, "Mars/Base") == {}


def test_their_holidays_are_left_out_and_an_unknown_zone_is_refused() -> None:
    days = {at.date().isoformat() for at in local(choose(free(), zone="Europe/Berlin", country="DE", region="BY"))}
    assert "2026-06-03" in days
    assert "2026-06-04" not in days  # Corpus Christi
    with pytest.raises(ValueError, match="time zone"):
        choose(free(), zone="Mars/Base")


def test_no_common_hour_gives_none() -> None:
    assert choose(free(), zone="Pacific/Honolulu") == []


def test_a_time_that_needs_its_offset_said_is_for_the_page_only() -> None:
    slots = free()
    doubtful = replace(slots[0], stated_offset=timedelta(hours=2))
    assert slots[0] in choose(slots, zone="Europe/Berlin")
    assert doubtful not in choose([doubtful, *slots[1:]], zone="Europe/Berlin")
