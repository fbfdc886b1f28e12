"""When a person can be met, as a browser sends it: lines of text, both ways."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.booking.rules import RulesRefused, checked
from api.console.availability_form import AvailabilityForm, form_of, name_of, read
from api.views.calendars import AvailabilityOut, AwayOut
from tools.calendar.working_hours import DAYS


def typed(**lines: str) -> AvailabilityForm:
    return AvailabilityForm(time_zone="Europe/Berlin", **lines)


def refused(**lines: str) -> list[tuple[str, str]]:
    with pytest.raises(RulesRefused) as found:
        read(typed(**lines))
    return found.value.problems


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("09:00–12:00, 13:00–17:00", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("9-12; 13-17", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("9:30 to 11.45", [["09:30", "11:45"]]),
        ("18:00 – 24:00", [["18:00", "24:00"]]),
        ("9-12 and 13-17", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("   ", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, windows: list[list[str]]) -> None:
    assert read(typed(mon=text)).hours["mon"] == windows


def test_an_empty_week_is_no_week_of_nine_to_five() -> None:
    assert read(typed()).hours == {day: [] for day in DAYS}


@pytest.mark.parametrize(
    ("lines", "where", "why"),
    [
        ({"tue": "soon"}, "Tuesday", "“soon” cannot be read"),
        ({"tue": "9-12, 11-13"}, "Tuesday", "overlap"),
        ({"tue": "17-9"}, "Tuesday", "ends before it starts"),
        ({"tue": "9-25"}, "Tuesday", "no time of day"),
        ({"days_off": "2026-12-24\n\n2026-02-30"}, "Days off, line 3", "no day 2026-02-30"),
        ({"days_off": "2026-12-24 – 2026-12-20"}, "Days off, line 1", "ends before it starts"),
        ({"days_off": "2026-01-01 – 2030-01-01"}, "Days off, line 1", "more than 400"),
        ({"overrides": "tomorrow 9-12"}, "Other hours, line 1", "cannot be read"),
        ({"overrides": "2026-12-23 late"}, "Other hours, line 1", "“late” cannot be read"),
        ({"out_of_office": "2026-12-24"}, "Out of office, line 1", "cannot be read"),
        ({"out_of_office": "2026-12-24 10:00 – 2026-12-24 09:00"}, "Out of office, line 1", "ends before it starts"),
        ({"out_of_office": "2026-03-29 02:30 – 2026-03-30 09:00"}, "Out of office, line 1", "clock is put forward"),
        ({"notice_hours": "-1"}, "Notice", "whole number"),
        ({"grid": ""}, "Between two starts", "whole number"),
        ({"grid": "1"}, "Between two starts", "At least 5"),
        ({"horizon_days": "200"}, "How far ahead", "At most 90"),
        ({"per_week": "0"}, "Meetings a week", "At least 1"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_line(lines: dict[str, str], where: str, why: str) -> None:
    ((place, said),) = refused(**lines)
    assert place == where
    assert why in said


def test_everything_that_is_wrong_is_said_at_once() -> None:
    places = [place for place, _ in refused(mon="soon", days_off="x", grid="1")]
    assert places == ["Monday", "Days off, line 1", "Between two starts"]


def test_an_hour_that_comes_twice_is_away_as_a_whole() -> None:
    ((away),) = read(typed(out_of_office="2026-10-25 02:30 – 2026-10-25 02:30")).rules["out_of_office"]
    assert away == {"starts_at": "2026-10-25T00:30:00+00:00", "ends_at": "2026-10-25T01:30:00+00:00"}


def test_what_the_rules_refuse_is_named_as_on_the_page() -> None:
    with pytest.raises(RulesRefused) as found:
        checked({"country": "DE", "region": "Atlantis"}, {"wed": [["17:00", "09:00"]]}, "Europe/Berlin")
    assert [name_of(where) for where, _ in found.value.problems] == ["Wednesday", "Region"]
    assert "BY" in found.value.problems[1][1], "it says which there are"


_CLOCKS = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
_WINDOWS = st.lists(_CLOCKS, min_size=2, max_size=6, unique=True).map(
    lambda clocks: [tuple(pair) for pair in zip(sorted(clocks)[::2], sorted(clocks)[1::2], strict=False)]
)
_DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31))
_MINUTES = st.builds(
    lambda day, minute: datetime.combine(day, time(12, minute), UTC), _DATES, st.integers(0, 59)
)  # at noon no clock is ever changed


@given(
    week=st.lists(st.one_of(st.just([]), _WINDOWS), min_size=7, max_size=7),
    days=st.sets(_DATES, max_size=20),
    overrides=st.dictionaries(_DATES, st.one_of(st.just([]), _WINDOWS), max_size=5),
    away=st.lists(st.tuples(_MINUTES, _MINUTES).filter(lambda pair: pair[0] < pair[1]), max_size=3),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC"]),
)
def test_what_is_shown_reads_back_as_it_was(week: Any, days: Any, overrides: Any, away: Any, zone: str) -> None:
    shown = AvailabilityOut(
        user_id=UUID(int=1), time_zone=zone, working_hours=dict(zip(DAYS, week, strict=True)),
        buffer_before=5, buffer_after=10, grid=15, notice_hours=4, horizon_days=30, per_day=3, per_week=None,
        country="DE", region="BY", days_off=sorted(days),
        overrides={day.isoformat(): windows for day, windows in overrides.items()},
        out_of_office=[AwayOut(starts_at=one, ends_at=other) for one, other in away], updated_at=None,
    )  # fmt: skip
    found = read(form_of(shown, ""))
    assert found.zone == zone
    assert found.hours == {day: [list(window) for window in windows] for day, windows in shown.working_hours.items()}
    assert found.rules["days_off"] == [day.isoformat() for day in shown.days_off]
    assert found.rules["overrides"] == {
        day: [list(window) for window in windows] for day, windows in shown.overrides.items()
    }
    kept = [(datetime.fromisoformat(each["starts_at"]), datetime.fromisoformat(each["ends_at"]))
            for each in found.rules["out_of_office"]]  # fmt: skip
    assert kept == away
    assert (found.rules["per_day"], "per_week" in found.rules) == (3, False)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200), st.text(max_size=10))
def test_nothing_that_is_typed_breaks_it(hours: str, days: str, away: str, number: str) -> None:
    form = typed(mon=hours, days_off=days, overrides=days, out_of_office=away, grid=number, country=number, region=days)
    with suppress(RulesRefused):
        wanted = read(form)
        checked(wanted.rules, wanted.hours, wanted.zone)
