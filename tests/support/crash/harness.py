"""Kills a sending process at random moments, again and again, and counts at the server what people got.

    history = crash(sender, fixture, kills=200, seed=…)   # sender: what the process runs until all is sent

Each life is forked from this warm process, so that it starts in milliseconds. It gets SIGKILL at a moment drawn from
the seed: so many mails after it began to work, and so many milliseconds after that. After the last kill one life may
finish. What counts is the server's own log: who was mailed twice, and who never.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select

from agents.context import AgentContext
from core.ids import SystemIds
from store import migrations
from store.models import Draft, Mailbox, OutboxItem, OutboxState
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.office import Office, context_of, open_office, unsubscribe
from tools.ports import LookupResult
from tools.providers.mail_transport.folder import FolderTransport
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from workers.dispatcher import Dispatcher

Sender = Callable[[AgentContext], bool]  # does some work; True when all of it is done
_LIFE_SECONDS = 60.0  # of a life that nobody kills: longer means that it hangs
_IDLE_SECONDS = 0.5  # without the mail that it was to be killed after: it waits for leases and lags


class FastClock:
    """Runs ahead of real time by a factor, from one start for all processes: leases and lags take milliseconds."""

    def __init__(self, start: datetime, factor: float) -> None:
        self._start, self._factor, self._real = start, factor, time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._real) * self._factor)


@dataclass(frozen=True)
class Fixture:
    """Approved mails in a store, and the real server that takes them."""

    database: Database
    workspace_id: UUID
    spool: Path
    port: int
    clock: FastClock
    lease_seconds: int
    message_ids: frozenset[str]

    def context(self) -> AgentContext:
        """Of the process that asks. The database has no open connection when it forks, only its compiled statements."""
        settings = SmtpSettings("127.0.0.1", self.port, SmtpSecurity.NONE)

        def lookup(message_id: str) -> LookupResult:
            return LookupResult.FOUND if smtp_server.lookup(self.spool, message_id) else LookupResult.NOT_FOUND

        transport = SmtpTransport(settings, lookup)
        return context_of(
            self.database,
            self.workspace_id,
            self.clock,
            SystemIds(),
            lambda _mailbox: transport,
            data_dir=self.spool.parent,
            lease_seconds=self.lease_seconds,
        )


@dataclass(frozen=True)
class History:
    kills: int
    working_kills: int  # that hit a life which had sent, or was sending
    duplicates: int
    lost: int
    strangers: int  # accepted Message-IDs that were never approved
    states: dict[str, int]
    altered: int  # mails whose bytes at the server are not those that were frozen


def prepare(directory: Path, spool: Path, port: int, *, mails: int) -> Fixture:
    """`mails` approved and queued in a fresh SQLite store in `directory`, on a Monday morning in New York."""
    url = f"sqlite:///{directory / 'crash.db'}"
    migrations.upgrade(url)
    workspace_id = SystemIds().new()
    fixture = Fixture(
        database=Database(url),
        workspace_id=workspace_id,
        spool=spool,
        port=port,
        clock=FastClock(datetime(2026, 6, 1, 12, 30, tzinfo=UTC), factor=200),
        lease_seconds=30,
        message_ids=frozenset(),
    )
    context = fixture.context()
    office: Office = open_office(context, people=mails, touches=1)
    ids = set()
    for draft_id, approval_id, digest in office.drafts(range(mails)):
        office.approve(approval_id, digest)
        office.queue(draft_id, approval_id)
        ids.add(office.get(Draft, draft_id).message_id)
    _warm_up(fixture, directory)
    context.database.close()
    return Fixture(**{**fixture.__dict__, "message_ids": frozenset(ids)})


def _warm_up(fixture: Fixture, directory: Path) -> None:
    """One mail of another workspace, so that lives are spent on sending and not on compiling statements."""
    folder = FolderTransport(directory / "warm")
    context = context_of(
        fixture.database, SystemIds().new(), fixture.clock, SystemIds(), lambda _mailbox: folder, data_dir=directory
    )
    office = open_office(context, touches=1)
    sent = office.approved(0)
    Dispatcher(unsubscribe, "warm", keep_leases=False).run(context)
    assert office.get(OutboxItem, sent).state is OutboxState.SENT


@dataclass(frozen=True)
class _Death:
    """When: after that many mails of this life were taken (or no more came for a while), and that much later."""

    mails: int
    seconds: float


def crash(sender: Sender, fixture: Fixture, *, kills: int, seed: int) -> History:
    """Prints its seed, so that a failure can be looked at again."""
    print(f"crash harness: seed {seed}, {kills} kills, {len(fixture.message_ids)} mails")
    rng = random.Random(seed)
    killed = working = 0
    while True:
        taken = len(smtp_server.accepted(fixture.spool))
        death = _Death(rng.choice((0, 0, 1, 1, 2)), rng.uniform(0.0, 0.02)) if killed < kills else None
        if not _life(sender, fixture, death):
            break
        killed += 1
        working += len(smtp_server.accepted(fixture.spool)) > taken
    return _count(fixture, killed, working)


def _life(sender: Sender, fixture: Fixture, death: _Death | None) -> bool:
    """True: it was killed. False: it finished by itself."""
    log = fixture.spool / smtp_server.LOG
    before = _lines(log)
    ready, signals = os.pipe()
    child = os.fork()
    if child == 0:
        _live(sender, fixture, signals)
    os.close(signals)
    os.read(ready, 1)
    os.close(ready)
    limit = time.monotonic() + (_LIFE_SECONDS if death is None else _IDLE_SECONDS)
    due: float | None = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert status == 0, f"A life ended by itself with status {status}."
            return False
        now = time.monotonic()
        if death is not None and due is None and (_lines(log) - before >= death.mails or now >= limit):
            due = now + death.seconds
        if due is not None and now >= due:
            break
        assert death is not None or now < limit, f"Not done within {_LIFE_SECONDS} s."
        time.sleep(0.0005 if death is not None else 0.01)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _live(sender: Sender, fixture: Fixture, signals: int) -> None:
    status = 1
    try:
        context = fixture.context()
        os.write(signals, b"!")
        while not sender(context):
            time.sleep(0.002)
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(status)  # nothing of the parent's (pytest, its files) is wound up here


def _count(fixture: Fixture, killed: int, working: int) -> History:
    accepted = smtp_server.accepted(fixture.spool)
    counts = Counter(message_id for message_id, _ in accepted)
    context = fixture.context()
    with context.database.read(fixture.workspace_id) as session:
        items = session.exec(select(OutboxItem).where(OutboxItem.kind == "mail")).all()
    fixture.database.close()
    frozen = {item.message_id: item.mime_sha256 for item in items if item.mime_sha256}
    return History(
        kills=killed,
        working_kills=working,
        duplicates=sum(number - 1 for number in counts.values()),
        lost=len(fixture.message_ids - set(counts)),
        strangers=len(set(counts) - fixture.message_ids),
        states=dict(Counter(str(item.state.value) for item in items)),
        altered=sum(1 for message_id, digest in accepted if frozen.get(message_id, digest) != digest),
    )


def all_done(context: AgentContext) -> bool:
    with context.database.read(context.workspace_id) as session:
        open_states = [OutboxState.READY, OutboxState.SENDING]
        query = select(OutboxItem.id).where(OutboxItem.kind == "mail", col(OutboxItem.state).in_(open_states)).limit(1)
        return session.exec(query).first() is None


def mailbox_of(context: AgentContext) -> Mailbox:
    with context.database.read(context.workspace_id) as session:
        return session.exec(select(Mailbox)).one()
