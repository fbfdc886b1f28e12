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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select

from agents.context import AgentContext
from core.ids import SystemIds
from store import migrations
from store.models import Draft, Mailbox, OutboxItem, OutboxState, Task, TaskState
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.office import Office, context_of, open_office, unsubscribe
from tests.support.crash.stock import sign_for, stock
from tools.ports import LookupResult
from tools.providers.mail_transport.folder import FolderTransport
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from workers.dispatcher import Dispatcher
from workers.letters import words_of_draft

Sender = Callable[[AgentContext], bool]  # does some work; True when all of it is done
_STILL_SECONDS = 300.0  # in which a life that nobody kills takes no mail on: longer means that it hangs
_IDLE_SECONDS = 1.0  # without the mail that it was to be killed after: it waits for leases and lags


class Asked(StrEnum):
    """What a transport says when it is asked after a mail whose outcome is not known: the three kinds there are."""

    KEY = "key"  # the service takes a Message-ID once: send again
    LOOKUP = "lookup"  # a Sent folder that can be searched
    NEITHER = "neither"  # nobody can say: a person


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
    asked: Asked = Asked.LOOKUP

    def context(self) -> AgentContext:
        """Of the process that asks. The database has no open connection when it forks, only its compiled statements."""
        settings = SmtpSettings("127.0.0.1", self.port, SmtpSecurity.NONE)

        def lookup(message_id: str) -> LookupResult:
            if self.asked is not Asked.LOOKUP:
                return LookupResult.REPEATABLE if self.asked is Asked.KEY else LookupResult.UNSUPPORTED
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
    lost: int  # neither at the server nor before a person
    unknown: int  # before a person, as a task that is open
    strangers: int  # accepted Message-IDs that were never approved
    states: dict[str, int]
    altered: int  # mails whose bytes at the server are not those that were frozen, or whose words were not approved


def prepare(
    directory: Path, spool: Path, port: int, *, mails: int, url: str = "", asked: Asked = Asked.LOOKUP
) -> Fixture:
    """`mails` approved and queued, to be signed too, in a fresh store (a migrated PostgreSQL where a URL names it,
    else SQLite in `directory`), on a Monday morning in New York."""
    if not url:
        url = f"sqlite:///{directory / 'crash.db'}"
    if url.startswith("sqlite"):
        migrations.upgrade(url)
    fixture = Fixture(
        database=Database(url),
        workspace_id=SystemIds().new(),
        spool=spool,
        port=port,
        clock=FastClock(datetime(2026, 6, 1, 12, 30, tzinfo=UTC), factor=50),
        lease_seconds=10,
        message_ids=frozenset(),
        asked=asked,
    )
    context = fixture.context()
    office: Office = open_office(context, people=mails, touches=1)
    _by_smtp(context)
    sign_for(office)
    ids = stock(office, range(mails))
    _warm_up(fixture, directory)
    context.database.close()
    return replace(fixture, message_ids=frozenset(ids))


def _by_smtp(context: AgentContext) -> None:
    with context.database.write(context.workspace_id) as session:
        mailbox = session.exec(select(Mailbox)).one()
        mailbox.transport, mailbox.host = "smtp", "127.0.0.1"


def _warm_up(fixture: Fixture, directory: Path) -> None:
    """Mails of another workspace, so that lives are spent on sending and not on compiling statements."""
    folder = FolderTransport(directory / "warm")
    context = context_of(
        fixture.database, SystemIds().new(), fixture.clock, SystemIds(), lambda _mailbox: folder, data_dir=directory
    )
    office = open_office(context, people=3, touches=1)
    _by_smtp(context)
    sign_for(office)
    stock(office, range(3))
    Dispatcher(unsubscribe, "warm", keep_leases=False).run(context)
    assert all_done(context)


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
    most = max(
        2, len(fixture.message_ids) // kills
    )  # so that some mails are left for every kill, on a fast machine too
    log = fixture.spool / smtp_server.LOG
    while True:
        before = _size(log)
        death = _Death(rng.randint(0, most), rng.uniform(0.0, 0.02)) if killed < kills else None
        if not _life(sender, fixture, death):
            break
        killed += 1
        working += _size(log) > before
    return _count(fixture, killed, working)


def _life(sender: Sender, fixture: Fixture, death: _Death | None) -> bool:
    """True: it was killed. False: it finished by itself."""
    log = fixture.spool / smtp_server.LOG
    before = _size(log)
    ready, signals = os.pipe()
    child = os.fork()
    if child == 0:
        _live(sender, fixture, signals)
    os.close(signals)
    os.read(ready, 1)
    os.close(ready)
    limit = time.monotonic() + (_STILL_SECONDS if death is None else _IDLE_SECONDS)
    due: float | None = None
    seen = before
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert status == 0, f"A life ended by itself with status {status}."
            return False
        now = time.monotonic()
        if death is not None and due is None and (_lines(log, before) >= death.mails or now >= limit):
            due = now + death.seconds
        if due is not None and now >= due:
            break
        if death is None and _size(log) > seen:
            seen, limit = _size(log), now + _STILL_SECONDS
        if death is None and now >= limit:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"Nothing was sent for {_STILL_SECONDS} s, and not all is done.")
        time.sleep(0.0005 if death is not None else 0.01)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _lines(log: Path, start: int) -> int:
    if not log.exists():
        return 0
    with log.open("rb") as file:
        file.seek(start)
        return file.read().count(b"\n")


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
        tasks = select(Task.source_key).where(Task.kind == "resolve_unknown", Task.state == TaskState.OPEN)
        before_a_person = set(session.exec(tasks))
        drafts = {draft.message_id: draft for draft in session.exec(select(Draft))}
    fixture.database.close()
    frozen = {item.message_id: item.mime_sha256 for item in items if item.mime_sha256}
    unknown = {item.message_id for item in items if f"resolve_unknown:{item.id}" in before_a_person}
    altered = {message_id for message_id, digest in accepted if frozen.get(message_id, digest) != digest}
    if frozen:  # the senders that are broken on purpose freeze nothing
        altered |= {mail["Message-ID"] for mail in _sample(fixture.spool) if not _approved(context, mail, drafts)}
    return History(
        kills=killed,
        working_kills=working,
        duplicates=sum(number - 1 for number in counts.values()),
        lost=len(fixture.message_ids - set(counts) - unknown),
        unknown=len(unknown),
        strangers=len(set(counts) - fixture.message_ids),
        states=dict(Counter(str(item.state.value) for item in items)),
        altered=len(altered),
    )


def _sample(spool: Path) -> list[EmailMessage]:
    """As a mail program reads them."""
    paths = sorted(spool.glob("*.eml"))
    chosen = paths[:: max(1, len(paths) // 200)]
    return [message_from_bytes(path.read_bytes(), policy=default) for path in chosen]


def _approved(context: AgentContext, mail: EmailMessage, drafts: dict[str, Draft]) -> bool:
    words = words_of_draft(context.sealer, drafts[mail["Message-ID"]])
    part = mail.get_body(("plain",))
    assert words is not None
    assert part is not None
    text = str(part.get_content()).replace("\r\n", "\n")
    to = mail["To"].addresses[0].addr_spec
    return bool(text.startswith(words.text) and mail["Subject"] == words.subject and to == words.recipient)


def all_done(context: AgentContext) -> bool:
    with context.database.read(context.workspace_id) as session:
        open_states = [OutboxState.READY, OutboxState.SENDING]
        query = select(OutboxItem.id).where(OutboxItem.kind == "mail", col(OutboxItem.state).in_(open_states)).limit(1)
        return session.exec(query).first() is None


def mailbox_of(context: AgentContext) -> Mailbox:
    with context.database.read(context.workspace_id) as session:
        return session.exec(select(Mailbox)).one()
