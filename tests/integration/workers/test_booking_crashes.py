"""kill -9 between a hold and its confirmation: no event without a meeting, none without an event, one invitation.

bench.bookings does the same 500 times.
"""

from pathlib import Path

import pytest

from store import migrations
from tests.support.crash.bookings import History, Setup, crash, naive

KILLS = 20


def broken(history: History) -> dict[str, int]:
    return {
        name: value
        for name, value in vars(history).items()
        if value and name not in ("kills", "booked", "gave_way", "offers")
    }


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_no_half_of_a_booking_is_left_behind(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = ""
    if where == "postgres":
        url = request.getfixturevalue("postgres_url")
        migrations.upgrade(url)
    history = crash(Setup(tmp_path, url, bookings=KILLS), kills=KILLS, seed=20261121)
    assert broken(history) == {}
    assert history.kills == KILLS
    assert history.gave_way > 0, "some were overtaken in the calendar in their very moment"
    assert history.offers == history.gave_way
    assert history.booked + history.gave_way == KILLS


def test_the_harness_sees_what_a_naive_booking_loses(tmp_path: Path) -> None:
    history = crash(Setup(tmp_path, bookings=KILLS, rivals=False), kills=KILLS, seed=7, booker=naive)
    assert history.events_without_meeting > 0
