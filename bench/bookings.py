"""Bookings that race, and bookings that are killed. python -m bench.bookings

    python -m bench.bookings [--slots 200] [--at-once 50] [--kills 500] [--database sqlite|postgres|both] [--only …]

race:   for each of so many free times, that many prospects press its button at once, each on a page of their own, over
        HTTP and real threads. One gets it, the others are told so; the same check-then-insert, as it is often written,
        runs in the same harness and must double-book, or the harness proves nothing.
kills:  bookings are carried out in processes that are killed (SIGKILL) at a random place between the hold and the
        confirmation, so many times; a calendar and a mail server outside say what is there in the end.

Exit code 1 where a time has two owners, an answer was a 5xx, or half of a booking is left.
SQLite's files lie in memory where there is such a file system: what is killed is a process, not the machine.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.report import Line, print_lines
from bench.writes import postgres
from store import migrations
from tests.support.booking_race import race, race_naively
from tests.support.crash.bookings import Setup, crash, naive

SEED = 20261121
_MEMORY = Path("/dev/shm")


def run_race(url: str, folder: Path, *, slots: int, at_once: int) -> tuple[list[Line], bool]:
    began = time.monotonic()
    found = race(url, folder, slots=slots, at_once=at_once)
    seconds = time.monotonic() - began
    good = found.winners == slots and found.doubles == 0 and found.errors == 0 and found.told == slots * (at_once - 1)
    line = Line(
        f"{slots} times × {at_once} at once",
        f"{found.winners} booked, {found.doubles} twice, {found.errors} errors",
        "",
        f"{'one each' if good else 'FAILED'}; {found.told:,} were told that it is taken; {seconds:.0f} s",
    )
    broken = race_naively(url, folder, slots=10, at_once=at_once)
    seen = broken.doubles > 0
    note = "broken on purpose: double bookings seen" if seen else "FAILED: the harness does not see it"
    return [line, Line("check, then insert", f"{broken.doubles} twice of {broken.winners}", "", note)], good and seen


def run_kills(url: str, folder: Path, *, kills: int) -> tuple[list[Line], bool]:
    began = time.monotonic()
    found = crash(Setup(folder, "" if url.startswith("sqlite") else url, bookings=kills), kills=kills, seed=SEED)
    seconds = time.monotonic() - began
    halves = (
        found.events_without_meeting,
        found.meetings_without_event,
        found.invited_twice,
        found.not_invited,
        found.overlaps,
        found.left_open,
        found.offers - found.gave_way,
    )
    good = not any(halves) and found.kills == kills
    line = Line(
        f"{found.kills} kills",
        f"{found.booked} booked, {found.gave_way} gave way",
        "",
        f"{'nothing half' if good else 'FAILED'}: {found.events_without_meeting} events without a meeting, "
        f"{found.meetings_without_event} meetings without an event, {found.invited_twice} invited twice, "
        f"{found.not_invited} not invited; {seconds:.0f} s",
    )
    with tempfile.TemporaryDirectory(dir=_memory()) as directory:
        broken = crash(Setup(Path(directory), bookings=40, rivals=False), kills=40, seed=SEED, booker=naive)
    seen = broken.events_without_meeting > 0
    note = "broken on purpose: orphans seen" if seen else "FAILED: the harness does not see it"
    return [line, Line("event first, row then", f"{broken.events_without_meeting} orphans", "", note)], good and seen


def _memory() -> Path | None:
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


@contextmanager
def _store(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        url = f"sqlite:///{folder / 'bookings.db'}"
        migrations.upgrade(url)
        yield url
        return
    with postgres() as found:
        if found is None:
            sys.exit("There is no PostgreSQL server: name one in SALESOS_TEST_POSTGRES.")
        migrations.upgrade(found)
        yield found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--only", choices=("race", "kills"), default=None)
    given = parser.parse_args(arguments)
    all_good = True
    for name in ("sqlite", "postgres") if given.database == "both" else (given.database,):
        lines: list[Line] = []
        for part in ("race", "kills"):
            if given.only not in (None, part):
                continue
            with tempfile.TemporaryDirectory(dir=_memory()) as directory, _store(name, Path(directory)) as url:
                folder = Path(directory)
                if part == "race":
                    more, good = run_race(url, folder, slots=given.slots, at_once=given.at_once)
                else:
                    more, good = run_kills(url, folder, kills=given.kills)
            lines += more
            all_good = all_good and good
        print_lines(f"bookings, {name}", lines)
    sys.exit(0 if all_good else 1)


if __name__ == "__main__":
    main()
