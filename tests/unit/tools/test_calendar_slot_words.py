"""A slot in words: the reader's language, their clock, and no doubt about which hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tools.calendar.slot_words import MAIN_LANGUAGES, slot_words

AT = datetime(2026, 6, 4, 13, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def words(language: str, start: datetime = AT, minutes: int = 30, zone: ZoneInfo = BERLIN) -> str:
    return slot_words(start, start + timedelta(minutes=minutes), zone, language).whole


@pytest.mark.parametrize(
    ("language", "whole"),
    [
        ("en", "Thursday, 4 June 2026, 15:00–15:30 (Central European Summer Time, UTC+02:00)"),
        ("de", "Donnerstag, 4. Juni 2026, 15:00–15:30 (Mitteleuropäische Sommerzeit, UTC+02:00)"),
        ("fr", "jeudi 4 juin 2026, 15:00–15:30 (heure d’été d’Europe centrale, UTC+02:00)"),
        ("es", "jueves, 4 de junio de 2026, 15:00–15:30 (hora de verano de Europa central, UTC+02:00)"),
        ("de-AT", "Donnerstag, 4. Juni 2026, 15:00–15:30 (Mitteleuropäische Sommerzeit, UTC+02:00)"),
    ],
)
def test_the_main_languages(language: str, whole: str) -> None:
    assert words(language) == whole


@pytest.mark.parametrize("language", ["", "xx", "tlh-KX", "../../etc", "en_", "😀", "EN"])
def test_a_language_that_nobody_knows_is_english(language: str) -> None:
    assert words(language) == words("en")


def test_american_english_is_written_as_there() -> None:
    whole = words("en-US").replace("\u202f", " ")
    assert whole == "Thursday, June 4, 2026, 3:00 PM – 3:30 PM (Central European Summer Time, UTC+02:00)"


def test_an_hour_that_comes_twice_says_which_of_the_two() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for language in MAIN_LANGUAGES:
        one, two = (slot_words(at, at + timedelta(minutes=15), BERLIN, language) for at in (first, second))
        assert one.time == two.time
        assert one.zone != two.zone
        assert one.which
        assert two.which
        assert one.which != two.which
    assert slot_words(AT, AT + timedelta(minutes=30), BERLIN, "en").which == ""


def test_a_meeting_over_the_change_or_over_midnight_says_its_end() -> None:
    over = words("en", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60)
    assert "01:30 – 03:30 UTC+02:00" in over
    assert "UTC+01:00" in over
    assert "Friday, 5 June 2026, 00:30" in words("en", AT.replace(hour=21, minute=30), 60)


@pytest.mark.parametrize(
    ("zone", "month", "name"),
    [
        ("Europe/Dublin", 1, "Greenwich Mean Time, UTC+00:00"),  # the database calls its winter the saving time
        ("Europe/Dublin", 7, "Irish Standard Time, UTC+01:00"),
        ("Asia/Kolkata", 1, "India Standard Time, UTC+05:30"),  # the locale data knows it by its old name
        ("Australia/Sydney", 1, "Australian Eastern Daylight Time, UTC+11:00"),
        ("Etc/GMT+5", 1, "UTC-05:00"),
        ("UTC", 1, "UTC+00:00"),
    ],
)
def test_names_of_zones(zone: str, month: int, name: str) -> None:
    at = datetime(2026, month, 4, 13, tzinfo=UTC)
    assert slot_words(at, at + timedelta(minutes=30), ZoneInfo(zone), "en").zone == name


def test_every_zone_has_words_with_its_offset() -> None:
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offset = AT.astimezone(zone).strftime("%z")
        assert slot_words(AT, AT + timedelta(minutes=30), zone, "de").zone.endswith(f"UTC{offset[:3]}:{offset[3:5]}")


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        slot_words(AT.replace(tzinfo=None), AT, BERLIN, "en")
