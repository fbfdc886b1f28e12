"""kill -9 at random moments while mails leave: nobody is mailed twice, nobody is forgotten. Both databases, and every
kind of transport: a service that takes a key once, one that can be asked, and one that can do neither.

The full size: python -m bench.crashes --sends 10000 --kills 1000

| what | here |
|---|---|
| SMTP server | real, a process of its own; its log is what is counted |
| store | real: SQLite with synchronous=FULL (on tmpfs where there is one: SIGKILL keeps the page cache), PostgreSQL |
| dispatcher, approvals, composing, sealing, recovery | real |
| look-up of a Message-ID | real, in the server's spool, as a Sent folder would be asked |
| clock | real, 50 times as fast: leases and lags take milliseconds |
| mails | approved and queued by the test, signed with DKIM |

The same harness runs two senders that are broken on purpose, and must see what they do.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.context import AgentContext
from store import migrations
from tests.support.crash import broken_senders
from tests.support.crash.harness import Asked, History, Sender, all_done, crash, prepare
from tests.support.crash.office import unsubscribe
from tests.support.smtp_server import smtp_process
from workers.dispatcher import Dispatcher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
SEED = int(os.environ.get("SALESOS_TEST_CRASH_SEED", "20261121"))
FAULTS = ("--delay-ms", "0-4", "--p-accept-then-cut", "0.02", "--p-cut-before-accept", "0.02", "--p-4xx", "0.02")
MAILS, KILLS = 300, 30


@pytest.fixture
def directory() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as found:
        yield Path(found)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, directory: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{directory / 'crash.db'}"
    migrated: str = request.getfixturevalue("fresh_postgres_database")()
    migrations.upgrade(migrated)
    as_app: Callable[[str], str] = request.getfixturevalue("postgres_app_role")
    return as_app(migrated)


def ours(context: AgentContext) -> bool:
    """A worker: carries out what is due, until nothing is left to do."""
    moved = Dispatcher(unsubscribe, f"worker:{os.getpid()}", batch=8, keep_leases=False).run(context)
    return not moved and all_done(context)


def run(sender: Sender, directory: Path, *server: str, url: str = "", asked: Asked = Asked.LOOKUP) -> History:
    spool = directory / "spool"
    with smtp_process(spool, "--seed", str(SEED), *server) as port:
        fixture = prepare(directory, spool, port, mails=MAILS, url=url, asked=asked)
        history = crash(sender, fixture, kills=KILLS, seed=SEED)
    print(history)
    return history


@pytest.mark.parametrize("asked", Asked)
def test_ours_sends_each_mail_once_whenever_it_is_killed(directory: Path, url: str, asked: Asked) -> None:
    once = ("--once",) if asked is Asked.KEY else ()
    history = run(ours, directory, *FAULTS, *once, "--pipelining", url=url, asked=asked)
    assert (history.duplicates, history.lost) == (0, 0)
    assert (history.strangers, history.altered) == (0, 0)
    assert history.kills == KILLS
    if asked is Asked.NEITHER:
        assert history.unknown > 0, "the server cut connections after it took mails: somebody has to be asked"
        assert history.states == {"sent": MAILS - history.unknown, "unknown": history.unknown}
    else:
        assert history.states == {"sent": MAILS}


def test_the_harness_sees_the_duplicates_of_a_sender_that_marks_after(directory: Path) -> None:
    history = run(broken_senders.mark_after, directory)
    assert history.duplicates > 0
    assert history.lost == 0


def test_the_harness_sees_the_losses_of_a_sender_that_marks_before(directory: Path) -> None:
    history = run(broken_senders.mark_before, directory)
    assert history.lost > 0
    assert history.duplicates == 0
