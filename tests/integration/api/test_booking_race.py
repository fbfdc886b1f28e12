"""Four free times, fifty prospects each, at the same instant: one owner a time, nobody sees an error.

bench.bookings does it with two hundred times.
"""

from pathlib import Path

from store.session import Database
from tests.support.booking_race import race, race_naively


def test_whoever_is_first_has_the_time_and_all_others_are_told(database: Database, tmp_path: Path) -> None:
    found = race(database.url, tmp_path, slots=4, at_once=50)
    assert (found.winners, found.doubles, found.errors) == (4, 0, 0)
    assert found.told == 4 * 49


def test_the_harness_sees_a_check_before_an_insert_double_book(database: Database, tmp_path: Path) -> None:
    assert race_naively(database.url, tmp_path, slots=3, at_once=50).doubles > 0
