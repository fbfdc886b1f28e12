"""Ranges said in other words, days told by other days; in every zone and language the instant that was meant."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.booking.ask_back import question_of, two_readings
from agents.booking.mail_words import mail_words
from evals.suites.time_phrases import describe
from tools.calendar.slot_words import MAIN_LANGUAGES
from tools.calendar.time_phrases import Conventions, Times, Why, read_times
from tools.calendar.time_phrases.holidays_named import holiday_rule

WEDNESDAY = datetime.fromisoformat("2026-11-18T10:00:00+01:00")
AT = {
    "en": "{day} at {clock}", "de": "{day} um {clock} Uhr", "fr": "{day} à {clock}", "es": "{day} a las {clock}",
    "it": "{day} alle {clock}", "nl": "{day} om {clock} uur",
}  # fmt: skip


def read(text: str, language: str = "en", *, theirs: str | None = "Europe/Berlin") -> Times:
    return read_times(text, WEDNESDAY, theirs=theirs, ours="America/New_York", language=language)


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("3pm till 5pm tomorrow", ["2026-11-19 15:00-17:00 Europe/Berlin"]),
        ("after 2 but before 5 on Friday", ["2026-11-20 14:00-17:00 Europe/Berlin"]),
        ("later than 9:30 and before noon tomorrow", ["2026-11-19 09:30-12:00 Europe/Berlin"]),
        ("9am PST - 10am PST tomorrow", ["2026-11-19 09:00-10:00 America/Los_Angeles"]),
        ("from now until 5pm", ["2026-11-18 10:00-17:00 Europe/Berlin"]),
        ("between now and Friday", ["2026-11-18..2026-11-20"]),
        ("the Friday before Christmas", ["2026-12-18"]),
        ("the first Monday after 3 December", ["2026-12-07"]),
        ("the week after Christmas", ["2026-12-28..2027-01-03"]),
        ("the last three days of November", ["2026-11-28..2026-11-30"]),
        ("last Friday of this month", ["2026-11-27"]),
        ("rest of the week", ["2026-11-18..2026-11-22"]),
        ("not before Friday", ["2026-11-20.."]),
        ("Monday to Wednesday next week", ["2026-11-23..2026-11-25"]),
        ("on 4 Dec or 5/12/2026", ["2026-12-04", "2026-12-05"]),
        ("at 15:30h on Friday", ["2026-11-20 15:30 Europe/Berlin"]),
        ("5ish tomorrow", ["2026-11-19 17:00 ~ Europe/Berlin"]),
    ],
)
def test_ranges_and_days_told_by_others(text: str, windows: list[str]) -> None:
    conventions = Conventions(month_first=False)
    times = read_times(text, WEDNESDAY, theirs="Europe/Berlin", language="en", conventions=conventions)
    assert [describe(one) for one in times.windows] == windows
    assert times.questions == ()


@pytest.mark.parametrize(
    "text",
    [
        "from Friday 3pm to Monday 10am",  # one stretch over days
        "tomorrow morning at 9:30 or afternoon at 2",
        "the week of Chinese New Year",  # follows the moon
        "brunch on Friday",
        "after five days",
        "end of day Friday",
    ],
)
def test_what_no_rule_reads_whole_is_asked_and_no_part_of_it_is_taken(text: str) -> None:
    times = read(text)
    assert times.windows == ()
    assert [one.why for one in times.questions] == [Why.NOT_UNDERSTOOD]


def test_friday_after_next_has_two_readings() -> None:
    [asked] = read("Friday after next").questions
    assert [one.first for one in asked.options] == [date(2026, 11, 27), date(2026, 12, 4)]


@pytest.mark.parametrize(
    ("name", "year", "day"),
    [
        ("memorial_day", 2027, date(2027, 5, 31)),
        ("thanksgiving", 2026, date(2026, 11, 26)),
        ("black_friday", 2026, date(2026, 11, 27)),
        ("maundy_thursday", 2027, date(2027, 3, 25)),
        ("mlk_day", 2027, date(2027, 1, 18)),
    ],
)
def test_days_with_names(name: str, year: int, day: date) -> None:
    assert holiday_rule(name)(year) == day


ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
)


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    language=st.sampled_from(MAIN_LANGUAGES),
    day=st.dates(date(2026, 11, 20), date(2027, 11, 10)),
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30, 45]),
)
def test_what_is_read_is_the_instant_on_the_clock_that_was_meant(
    zone: str, language: str, day: date, hour: int, minute: int
) -> None:
    text = AT[language].format(day=day.isoformat(), clock=f"{hour:02}:{minute:02}")
    times = read(text, language, theirs=zone)
    tz = ZoneInfo(zone)
    meant = datetime.combine(day, time(hour, minute), tzinfo=tz)
    skipped = meant.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != meant.replace(tzinfo=None)
    if skipped or meant.utcoffset() != meant.replace(fold=1).utcoffset():
        assert times.windows == ()
        assert [one.why for one in times.questions] == [Why.NO_SUCH_TIME if skipped else Why.TWICE]
        return
    [window] = times.windows
    assert window.on(day)[0] == meant.astimezone(UTC)
    assert times.questions == ()


@pytest.mark.parametrize("language", MAIN_LANGUAGES)
def test_the_night_of_the_change_is_asked_in_every_language(language: str) -> None:
    gap, twice = (AT[language].format(day=day, clock="02:30") for day in ("2027-03-28", "2027-10-31"))
    assert [one.why for one in read(gap, language).questions] == [Why.NO_SUCH_TIME]
    assert [one.why for one in read(twice, language).questions] == [Why.TWICE]


def test_a_question_names_both_readings_in_our_words_only() -> None:
    times = read("next Friday, <b>really</b>")
    assert question_of(times, "Europe/Berlin") == "Do you mean Friday 20 November 2026 or Friday 27 November 2026?"
    half = read("Friday at 7", "en")
    assert question_of(half, "") == (
        "Do you mean Friday 20 November 2026, 07:00 (Europe/Berlin) or Friday 20 November 2026, 19:00 (Europe/Berlin)?"
    )
    nobody_knows = read("Friday at 15:00", theirs=None)
    assert question_of(nobody_knows, "Europe/Berlin") == "Do you mean your time or ours (Europe/Berlin)?"
    assert question_of(read("Friday at 3pm"), "Europe/Berlin") == ""
    assert two_readings(read("every Monday")) is None


def test_every_language_says_the_same_things_about_a_meeting() -> None:
    english = mail_words("en")
    for language in MAIN_LANGUAGES:
        said = mail_words(language)
        assert said.language == language
        assert set(said.sentences) == set(english.sentences)
        for key, sentence in said.sentences.items():
            fields = {part.split("}")[0] for part in sentence.split("{")[1:]}
            assert fields == {part.split("}")[0] for part in english.sentences[key].split("{")[1:]}, (language, key)
        at = datetime(2026, 6, 4, 13, tzinfo=UTC)
        assert said.when(at, "Europe/Berlin").endswith("15:00 (Europe/Berlin)")
        assert said.when(at + timedelta(0), "No/Where").endswith("13:00 (UTC)")
    assert mail_words("pt-BR").language == "en"
