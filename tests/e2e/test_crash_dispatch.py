"""kill -9 at 200 random moments of a run with 500 sends: nobody is mailed twice, nobody is forgotten.

| what | here |
|---|---|
| SMTP server | real, a process of its own; its log is what is counted |
| store | real SQLite file with synchronous=FULL (on tmpfs where there is one: SIGKILL keeps the page cache) |
| dispatcher, approvals, composing, sealing, recovery | real |
| look-up of a Message-ID | real, in the server's spool, as a Sent folder would be asked |
| clock | real, 200 times as fast: leases and lags take milliseconds |
| mails | approved and queued by the test |

The same harness runs two senders that are broken on purpose, and must see what they do.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.context import AgentContext
from tests.support.crash import broken_senders
from tests.support.crash.harness import Fixture, History, Sender, all_done, crash, prepare
from tests.support.crash.office import unsubscribe
from tests.support.smtp_server import smtp_process
from workers.dispatcher import Dispatcher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SEED = int(os.environ.get("SALESOS_TEST_CRASH_SEED", "20261121"))


@pytest.fixture
def directory() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as found:
        yield Path(found)


def ours(context: AgentContext) -> bool:
    """A worker: carries out what is due, until nothing is left to do."""
    moved = Dispatcher(unsubscribe, f"worker:{os.getpid()}", keep_leases=False).run(context)
    return not moved and all_done(context)


def run(sender: Sender, directory: Path, *server: str, mails: int, kills: int) -> tuple[Fixture, History]:
    spool = directory / "spool"
    with smtp_process(spool, "--seed", str(SEED), *server) as port:
        fixture = prepare(directory, spool, port, mails=mails)
        return fixture, crash(sender, fixture, kills=kills, seed=SEED)


def test_ours_sends_each_mail_once_whenever_it_is_killed(directory: Path) -> None:
    faults = ("--delay-ms", "0-4", "--p-accept-then-cut", "0.02", "--p-cut-before-accept", "0.02", "--p-4xx", "0.02")
    _, history = run(ours, directory, *faults, mails=500, kills=200)
    print(history)
    assert (history.duplicates, history.lost) == (0, 0)
    assert (history.strangers, history.altered) == (0, 0)
    assert history.states == {"sent": 500}
    assert history.kills >= 200
    assert history.working_kills >= 50  # most lives had sent something: the kills were not all at the start


def test_the_harness_sees_the_duplicates_of_a_sender_that_marks_after(directory: Path) -> None:
    _, history = run(broken_senders.mark_after, directory, mails=500, kills=200)
    print(history)
    assert history.duplicates > 0
    assert history.lost == 0


def test_the_harness_sees_the_losses_of_a_sender_that_marks_before(directory: Path) -> None:
    _, history = run(broken_senders.mark_before, directory, mails=500, kills=200)
    print(history)
    assert history.lost > 0
    assert history.duplicates == 0
