"""Inboxes whose servers say by themselves that mail came: a thread each, which only asks for a reading now.

What it misses, the reading on a timer finds. So nothing of it is kept in the store, and any fault of it only waits: a
connection that ends is made again after a while that doubles; a server that cannot be listened to is left alone until
the mailbox's settings change, or for an hour.

Of several workers one listens to a mailbox: who holds its lease, which is prolonged with each `keep`. When that worker
is gone, another takes it over once the lease has run out.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

from sqlmodel import col, select

from agents.context import AgentContext
from core.errors import FixConfiguration, RetryAt
from core.ids import stable_id
from core.logging import get_logger
from core.redaction import redact_text
from store.models import Mailbox, MailboxState
from store.queries import locks
from tools.ports.inbox_watch import InboxWatch

_log = get_logger(__name__)
MOST: Final = 200  # threads and connections of a process; other mailboxes are read on the timer
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0  # seconds before a connection that ended is made again
LEFT_ALONE: Final = 3_600.0  # seconds, where the server cannot be listened to
LEASE_SECONDS: Final = 120.0  # several rounds of the sweep that calls `keep`
_STEADY: Final = 60.0  # seconds after which a connection counts as one that held
_CLOSING: Final = 5.0  # seconds that threads are waited for at the end

Arrived = Callable[[UUID, UUID], None]  # (workspace, mailbox)
Pause = Callable[[threading.Event, float], object]


@dataclass
class _Watched:
    workspace_id: UUID
    settings: tuple[Any, ...]
    lease_token: int
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class InboxWatches:
    """`keep` by one thread at a time; `arrived` is called from many."""

    def __init__(
        self,
        arrived: Arrived,
        *,
        pause: Pause = threading.Event.wait,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arrived = arrived
        self._pause = pause
        self._monotonic = monotonic
        self._watched: dict[UUID, _Watched] = {}
        self._owner = f"inbox-watch:{uuid4()}"
        self._contexts: dict[UUID, AgentContext] = {}

    def keep(self, context: AgentContext) -> None:
        """Listens to the active mailboxes of this workspace that can be, as they are now, and to no others of it."""
        with context.database.read(context.workspace_id) as session:
            query = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE).order_by(col(Mailbox.id))
            wanted = {mailbox.id: mailbox for mailbox in session.exec(query)} if context.settings.inbox_idle else {}
        self._contexts[context.workspace_id] = context
        mine = {key: one for key, one in self._watched.items() if one.workspace_id == context.workspace_id}
        over = {key for key, one in mine.items() if key not in wanted or _settings(wanted[key]) != one.settings}
        over |= self._lost(context, {key: one for key, one in mine.items() if key not in over})
        for mailbox_id in over:
            mine[mailbox_id].stop.set()
            del self._watched[mailbox_id]
        self._let_go(context, {key: mine[key] for key in over})
        for mailbox in wanted.values():
            if mailbox.id not in self._watched and len(self._watched) < MOST:
                self._start(context, mailbox)

    def _lost(self, context: AgentContext, mine: Mapping[UUID, _Watched]) -> set[UUID]:
        """Prolongs the leases; those that are another worker's by now."""
        if not mine:
            return set()
        now = context.clock.now()
        with context.database.write(context.workspace_id) as session:
            return {
                key
                for key, one in mine.items()
                if not locks.renew(session, _lock_of(context, key), one.lease_token, now, LEASE_SECONDS)
            }

    def _let_go(self, context: AgentContext, over: Mapping[UUID, _Watched]) -> None:
        if not over:
            return
        with context.database.write(context.workspace_id) as session:
            for mailbox_id, one in over.items():
                locks.release(session, _lock_of(context, mailbox_id), one.lease_token)

    def close(self) -> None:
        """All of them end; what hangs in a connection ends with the process. Another worker may listen at once."""
        for watched in self._watched.values():
            watched.stop.set()
        for workspace_id, context in self._contexts.items():
            over = {key: one for key, one in self._watched.items() if one.workspace_id == workspace_id}
            try:
                self._let_go(context, over)
            except Exception as error:  # a database that is away: the leases run out by themselves
                _log.warning("leases of inboxes were not given back", error=type(error).__name__)
        deadline = time.monotonic() + _CLOSING
        for watched in self._watched.values():
            if watched.thread is not None:
                watched.thread.join(max(0.0, deadline - time.monotonic()))
        self._watched.clear()

    def _start(self, context: AgentContext, mailbox: Mailbox) -> None:
        try:
            watch = context.tools.inbox_watch(mailbox)
        except FixConfiguration:
            return  # the reading on a timer tells it
        if watch is None:
            return
        with context.database.write(context.workspace_id) as session:
            now, lock = context.clock.now(), _lock_of(context, mailbox.id)
            token = locks.acquire(session, lock, self._owner, now, LEASE_SECONDS)
        if token is None:
            return  # another worker listens
        watched = self._watched[mailbox.id] = _Watched(context.workspace_id, _settings(mailbox), token)
        name = f"inbox-{mailbox.id}"
        watched.thread = threading.Thread(target=self._run, args=(watch, mailbox.id, watched), name=name, daemon=True)
        watched.thread.start()

    def _run(self, watch: InboxWatch, mailbox_id: UUID, watched: _Watched) -> None:
        failures = 0
        while not watched.stop.is_set():
            began = self._monotonic()
            try:
                watch.watch(lambda: self._arrived(watched.workspace_id, mailbox_id), watched.stop.is_set)
                continue
            except RetryAt as error:
                failures = 0 if self._monotonic() - began >= _STEADY else failures
                wait, problem = min(FIRST_WAIT * 2**failures, LONGEST_WAIT), str(error)
                failures = min(failures + 1, 10)
            except FixConfiguration as error:
                wait, problem = LEFT_ALONE, str(error)
            except Exception as error:  # a fault of ours: mails are read on the timer all the same
                wait, problem = LEFT_ALONE, type(error).__name__
            _log.info("an inbox is not listened to", mailbox=str(mailbox_id), reason=redact_text(problem), wait=wait)
            self._pause(watched.stop, wait)


def _lock_of(context: AgentContext, mailbox_id: UUID) -> UUID:
    return stable_id("inbox_watch", context.workspace_id, mailbox_id)


def _settings(mailbox: Mailbox) -> tuple[Any, ...]:
    return (mailbox.inbox, mailbox.inbox_host, mailbox.inbox_port, mailbox.username, mailbox.password_sealed)
