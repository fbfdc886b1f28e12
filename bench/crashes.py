"""kill -9 while mails leave: who got one twice, who none, and what nobody knows. python -m bench.crashes

    python -m bench.crashes [--sends 10000] [--kills 1000] [--database sqlite|postgres] [--only key lookup neither …]

Per kind of transport (a service that takes a key once; one that can be asked by Message-ID; one that can do neither)
that many mails go to a real SMTP server through the real dispatcher, in a process that is killed at random moments and
started again. What counts is the server's own log. Two senders that are broken on purpose run under the same kills, and
a harness that sees neither the duplicates of the one nor the losses of the other fails.

Exit code 1 where anybody got a mail twice, nobody was told of a mail in doubt, or a byte differs from what was frozen.
SQLite's file lies in memory where there is such a file system: SIGKILL keeps the page cache, so it is the same for a
process that dies, and says nothing about a machine that loses its power.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.context import AgentContext
from bench.report import Line, print_lines
from bench.writes import postgres
from store import migrations
from tests.support.crash import broken_senders
from tests.support.crash.harness import Asked, History, Sender, all_done, crash, prepare
from tests.support.crash.office import unsubscribe
from tests.support.smtp_server import smtp_process
from workers.dispatcher import Dispatcher

SEED = 20261121
FAULTS = ("--delay-ms", "0-2", "--p-accept-then-cut", "0.01", "--p-cut-before-accept", "0.01", "--p-4xx", "0.01")
_MEMORY = Path("/dev/shm")
_BATCH = 8  # a life lasts for some ten mails: it shall die at every place of a batch, not always in its first


def dispatcher(context: AgentContext) -> bool:
    """A worker: carries out what is due, until nothing is left to do."""
    moved = Dispatcher(unsubscribe, f"worker:{os.getpid()}", batch=_BATCH, keep_leases=False).run(context)
    return not moved and all_done(context)


@dataclass(frozen=True)
class Design:
    sender: Sender
    asked: Asked
    server: tuple[str, ...]
    holds: Callable[[History], bool]
    says: str


def _once(history: History) -> bool:
    return (history.duplicates, history.lost, history.strangers, history.altered) == (0, 0, 0, 0)


DESIGNS = {
    "key": Design(dispatcher, Asked.KEY, (*FAULTS, "--once"), lambda h: _once(h) and not h.unknown, "none in doubt"),
    "lookup": Design(dispatcher, Asked.LOOKUP, FAULTS, lambda h: _once(h) and not h.unknown, "none in doubt"),
    "neither": Design(
        dispatcher,
        Asked.NEITHER,
        FAULTS,
        lambda h: _once(h) and h.states.get("unknown", 0) == h.unknown,
        "all in doubt before a person",
    ),
    "retry without a key": Design(
        broken_senders.mark_after, Asked.NEITHER, (), lambda h: h.duplicates > 0, "broken on purpose: duplicates seen"
    ),
    "at most once": Design(
        broken_senders.mark_before, Asked.NEITHER, (), lambda h: h.lost > 0, "broken on purpose: losses seen"
    ),
}


def run(name: str, *, sends: int, kills: int, url: str = "", seed: int = SEED) -> tuple[Line, bool]:
    design = DESIGNS[name]
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as directory:
        spool, began = Path(directory) / "spool", time.monotonic()
        with smtp_process(spool, "--seed", str(seed), "--no-fsync", "--pipelining", *design.server) as port:
            fixture = prepare(Path(directory), spool, port, mails=sends, url=url, asked=design.asked)
            history = crash(design.sender, fixture, kills=kills, seed=seed)
        seconds = time.monotonic() - began
    good = design.holds(history) and history.kills >= kills
    figure = f"{history.duplicates} twice, {history.lost} lost, {history.unknown} in doubt"
    note = (
        f"{design.says if good else 'FAILED'}; {sends:,} mails, {history.kills:,} kills, {history.working_kills:,} of "
        f"them while mails left; {history.altered} altered; {seconds:.0f} s"
    )
    return Line(name, figure, "", note), good


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sends", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--only", nargs="+", choices=list(DESIGNS), default=list(DESIGNS))
    given = parser.parse_args(arguments)
    lines, all_good = [], True
    for name in given.only:
        if given.database == "sqlite":
            line, good = run(name, sends=given.sends, kills=given.kills)
        else:
            with postgres() as url:
                if url is None:
                    sys.exit("There is no PostgreSQL server: name one in SALESOS_TEST_POSTGRES.")
                migrations.upgrade(url)
                line, good = run(name, sends=given.sends, kills=given.kills, url=url)
        print(f"{line.what}: {line.figure} ({line.note})", flush=True)
        lines.append(line)
        all_good = all_good and good
    print_lines(f"kill -9 while mails leave, {given.database}", lines)
    sys.exit(0 if all_good else 1)


if __name__ == "__main__":
    main()
