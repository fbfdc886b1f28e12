"""Times in people's own words: windows on the clock they meant, or a question; never a guess."""

import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.suites.time_phrases import describe
from tools.calendar.time_phrases import Conventions, Shape, Times, Why, read_times, slots_for
from tools.calendar.time_phrases.lexicon import LANGUAGES, phrases

WEDNESDAY = datetime.fromisoformat("2026-11-18T10:00:00+01:00")


def read(text: str, **more: Any) -> Times:
    given_ = {"theirs": "Europe/Berlin", "ours": "America/New_York", "language": "en"} | more
    return read_times(text, given_.pop("at", WEDNESDAY), **given_)


def lines(times: Times) -> list[str]:
    return [describe(one) for one in times.windows]


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("Thursday after 3 your time", "2026-11-19 15:00- America/New_York"),
        ("Thursday after 3", "2026-11-19 15:00- Europe/Berlin"),
        ("Thursday after 3 my time", "2026-11-19 15:00- Europe/Berlin"),
        ("Thursday at 3pm Tokyo time", "2026-11-19 15:00 Asia/Tokyo"),
        ("Thursday 15:00 +05:30", "2026-11-19 15:00 +05:30"),
        ("Thursday 3pm JST", "2026-11-19 15:00 Asia/Tokyo"),
    ],
)
def test_whose_clock(text: str, window: str) -> None:
    assert lines(read(text)) == [window]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/04 at 3pm", Why.DATE_ORDER),
        ("next Friday", Why.NEXT_WEEKDAY),
        ("Wednesday at noon", Why.NEXT_WEEKDAY),  # written on a Wednesday
        ("Friday at 7", Why.HALF_OF_DAY),
        ("tomorrow 3pm CST", Why.ZONE_NAME),
        ("tomorrow 3pm IST", Why.ZONE_NAME),
        ("tomorrow 3pm BST", Why.ZONE_NAME),
        ("tomorrow at 3pm Gotham time", Why.ZONE_NAME),
        ("28 March 2027 at 2:30am", Why.NO_SUCH_TIME),
        ("31 October 2027 at 2:30am", Why.TWICE),
        ("30 February", Why.NO_SUCH_TIME),
        ("Tuesday 2 December", Why.WEEKDAY_DIFFERS),
        ("every Monday at 10", Why.RECURRING),
        ("within a couple of fortnights after Easter", Why.NOT_UNDERSTOOD),
    ],
)
def test_what_is_asked_back(text: str, why: Why) -> None:
    times = read(text)
    assert not times.windows
    assert [one.why for one in times.questions] == [why]
    assert times.questions[0].question.endswith("?")
    assert not times.clear


def test_your_time_is_asked_where_nobody_knows_where_we_are_and_hours_where_nobody_knows_where_they_are() -> None:
    assert [one.why for one in read("Thursday at 3 your time", ours="").questions] == [Why.WHOSE_CLOCK]
    unknown = read("Thursday at 3", theirs=None)
    assert [one.why for one in unknown.questions] == [Why.WHOSE_CLOCK]
    assert lines(read("Thursday at 3 your time", theirs=None)) == ["2026-11-19 15:00 America/New_York"]
    assert lines(read("Thursday", theirs=None)) == ["2026-11-19"]


def test_a_name_of_several_zones_is_plain_where_they_are_on_one_of_them() -> None:
    assert lines(read("tomorrow 3pm CST", theirs="America/Chicago")) == ["2026-11-19 15:00 America/Chicago"]
    summer = datetime.fromisoformat("2026-07-15T10:00:00-05:00")
    asked = read("tomorrow 3pm CST", theirs="America/Chicago", at=summer)  # then their clock is called CDT
    assert [one.why for one in asked.questions] == [Why.ZONE_NAME]


@pytest.mark.parametrize(
    ("language", "text", "part"),
    [
        ("de", "Nächsten Freitag", "Freitag 2026-11-20 oder Freitag 2026-11-27"),
        ("fr", "Vendredi prochain", "vendredi 2026-11-20 ou vendredi 2026-11-27"),
        ("es", "El próximo viernes", "viernes 2026-11-20 o viernes 2026-11-27"),
        ("en", "Next Friday", "Friday 2026-11-20 or Friday 2026-11-27"),
    ],
)
def test_the_question_is_in_their_language_and_names_the_days(language: str, text: str, part: str) -> None:
    (asked,) = read(text, language=language).questions
    assert part in asked.question
    assert [one.first for one in asked.options] == [date(2026, 11, 20), date(2026, 11, 27)]


@pytest.mark.parametrize(
    ("text", "language"),
    [("Donnerstag um 15 Uhr passt", "de"), ("jeudi à 15h", "fr"), ("el jueves a las 15:00", "es"), ("Thu 3pm", "en")],
)
def test_the_language_is_told_by_the_words(text: str, language: str) -> None:
    times = read(text, language="")
    assert times.language == language
    assert lines(times) == ["2026-11-19 15:00 Europe/Berlin"]


def test_the_order_of_a_date_by_convention_and_by_weekday() -> None:
    assert lines(read("03/04", conventions=Conventions(month_first=True))) == ["2027-03-04"]
    assert lines(read("03/04", conventions=Conventions(month_first=False))) == ["2027-04-03"]
    assert lines(read("Saturday 03/04")) == ["2027-04-03"]  # 4 March 2027 is a Thursday
    assert lines(read("13/12")) == ["2026-12-13"]


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, we are 25 people and pay $12,000.", "Call +1 212 555 0142.", "Version 3.11.7 of it",
        "90% of 24/7",
        "May I ask what this is for?", "So passt das nicht", "What a nice second half", "See ISO 27001", "",
        "Das passt mir so nicht, danke.", "C'est un jeu pour moi.", "The sun is out.",
    ],
)  # fmt: skip
def test_what_names_no_time(text: str) -> None:
    for language in LANGUAGES:
        times = read(text, language=language)
        assert (lines(times), [one.why for one in times.questions]) == ([], []), language


def test_refusals_and_a_week_that_goes_on() -> None:
    got = lines(read("Monday doesn't work, but Tuesday at 2 does"))
    assert got == [
        "not 2026-11-23",
        "2026-11-24 14:00 Europe/Berlin",
    ]
    assert lines(read("Next week, but not on Monday or Friday")) == [
        "2026-11-23..2026-11-29", "not 2026-11-23", "not 2026-11-27",
    ]  # fmt: skip
    assert lines(read("not sure if Thursday works")) == ["2026-11-19"]


def test_how_long_they_want_to_talk() -> None:
    assert read("30 minutes on Thursday at 1pm").duration == timedelta(minutes=30)
    assert lines(read("Thursday from 1pm for 2 hours")) == ["2026-11-19 13:00-15:00 Europe/Berlin"]


def test_an_hour_of_today_that_passed_is_no_proposal() -> None:
    assert lines(read("today at 9am")) == []
    assert lines(read("today at 4")) == ["2026-11-18 16:00 Europe/Berlin"]


# ------------------------------------------------------------------------------------------------------ hostile text


@pytest.mark.parametrize(
    "text",
    [
        "Thurs\u200bday at 3\u200dpm", "\u202eThursday\u202c at \u20663pm\u2069", "Thursday at ３pm", "Thursday at ٣pm",
        "Thursday at\u00a03\u202fpm",
    ],
)  # fmt: skip
def test_invisible_marks_directions_and_digits_of_other_scripts(text: str) -> None:
    times = read(text)
    assert lines(times) == ["2026-11-19 15:00 Europe/Berlin"]
    assert text[times.windows[0].start :].lstrip("\u202e").startswith("Thurs")


def test_a_wall_of_text_costs_its_length_and_no_more() -> None:
    """Counted in calls, because machines differ; what is longer than 8,000 characters is not read."""

    def calls(text: str) -> int:
        counted = 0

        def count(_frame: FrameType, event: str, _arg: object) -> None:
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count)
        try:
            read(text)
        finally:
            sys.setprofile(None)
        return counted

    read("Thursday")  # what is made once is made
    for unit in ("Thursday after 3 ", "3-4-5-", "not Monday ", "next ", "in 2 weeks after ", "a.m.", "1, 2, ", "(("):
        once, twice = calls(unit * (400 // len(unit))), calls(unit * (800 // len(unit)))
        assert twice < 2.6 * once + 500, unit
    vast = "Thursday after 3 " * 6_000
    assert read(vast) == read(vast[:8_000])


_WORDS = st.sampled_from(
    [word for language in LANGUAGES for word in phrases(language)]
    + [
        "3",
        "15:30",
        "03/04",
        "2026-11-30",
        "12",
        "pm",
        ".",
        ",",
        "-",
        "\n",
        "31",
        "21st",
        "$5",
        "%",
        "2.5",
        "99",
        "10-4",
        "CST",
        "+02:00",
        "UTC+3",
        "24:00",
        "25:00",
        "5.12.",
        "(",
        ")",
        "\u200b",
        "٣",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(_WORDS, max_size=14),
    at=st.datetimes(datetime(2025, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
    theirs=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", None, "", "No/Where"]),
    language=st.sampled_from([*LANGUAGES, "", "xx"]),
)
def test_whatever_is_written_something_sound_comes_out(
    words: list[str], at: datetime, theirs: str | None, language: str
) -> None:
    text, now = " ".join(words), at.replace(tzinfo=UTC)
    times = read_times(text, now, theirs=theirs, ours="Europe/London", language=language)
    assert times == read_times(text, now, theirs=theirs, ours="Europe/London", language=language)
    for place in (*times.windows, *times.questions):
        assert 0 <= place.start <= place.end <= len(text)
    for window in times.windows:
        assert all(since < until for since, until in window.spans(now))
        assert window.first is None or window.last is None or window.first <= window.last


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    read(text, language="")


# -------------------------------------------------------------------------------------------------------------- fitting


@dataclass(frozen=True)
class Free:
    starts_at: datetime
    ends_at: datetime


def slot(day: int, hour: int, minute: int = 0) -> Free:
    at = datetime(2026, 11, day, hour, minute, tzinfo=UTC)
    return Free(at, at + timedelta(minutes=30))


FREE = [slot(day, hour) for day in (19, 20, 23, 24) for hour in (8, 10, 13, 14, 15, 20)]


def fitting(text: str) -> list[str]:
    return [f"{one.starts_at:%d %H}" for one in slots_for(read(text).windows, FREE)]


def test_slots_inside_what_they_said_the_best_first() -> None:
    assert fitting("Thursday after 3") == ["19 14", "19 15", "19 20"]  # 15:00 in Berlin is 14:00 in UTC
    assert fitting("Thursday after 3 your time") == ["19 20"]
    assert fitting("Friday morning or Thursday at 2pm") == ["19 13", "20 08", "20 10"]
    assert fitting("next week, not Monday") == ["24 08", "24 10", "24 13", "24 14", "24 15", "24 20"]
    assert fitting("Thursday. Any time after 4 would do.") == ["19 15", "19 20"]
    assert fitting("Friday around 2:45pm") == ["20 14"]
    assert fitting("Thanks") == []
    assert fitting("Thursday doesn't work")[:1] == ["20 08"]


def test_a_slot_must_lie_inside_whole() -> None:
    late = Free(datetime(2026, 11, 19, 13, 45, tzinfo=UTC), datetime(2026, 11, 19, 14, 15, tzinfo=UTC))
    assert slots_for(read("Thursday before 3pm").windows, [late]) == []
    assert slots_for(read("not Thursday after 3pm, but next week").windows, [late]) == []


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_a_day_is_as_long_as_its_clock_makes_it(zone: str) -> None:
    for year in (2026, 2027, 2028):
        for number in range(0, 366, 1):
            day = date(year, 1, 1) + timedelta(days=number)
            at = datetime.combine(day, time(12), tzinfo=UTC)
            (window,) = read_times("today", at, theirs=zone, language="en").windows
            assert window.shape is Shape.DAYS
            since, until = window.on(day)
            assert timedelta(hours=23) <= until - since <= timedelta(hours=25)
            if number % 40:
                continue
            following = window.on(day + timedelta(days=1))
            assert until == following[0]
