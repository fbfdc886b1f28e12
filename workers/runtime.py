"""A worker: sweeps what is due, advances threads, dispatches effects, reads inboxes, keeps house.

worker.drain()            # all that is due at this instant, in a fixed order, in this thread: demo, tests, CLI
worker.run_until_idle(60) # the same with real time passing, while something is due soon
worker.run_forever()      # `salesos worker` and, inside its own loop, `salesos serve`
"""

import asyncio
import functools
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from agents.context import AgentContext
from agents.step import SubjectKind
from core.clock import Clock, VirtualClock
from core.logging import get_logger, log_context
from core.settings import Settings
from graphs.threads import Threads
from store.queries import inbound as vendor_events
from store.queries import outbox, team_notices, triggers, webhooks, workspaces
from store.session import Database
from workers import calendar_channels, calendar_sync, housekeeping, inbound, inbound_events, placement
from workers.dispatcher import Dispatcher
from workers.engine import Engine
from workers.imports import take_in_upload, take_in_uploads
from workers.inbox_watch import InboxWatches
from workers.letters import Track, UnsubscribeUrl
from workers.notices import NoticeUrl, Teller
from workers.push_sources import PushSources
from workers.sweeps import ContextFor, sweep_workspace
from workers.webhooks import Deliverer

_log = get_logger(__name__)
_ROUNDS = 10_000  # of one drain: a thread that wakes itself for ever is a bug, and this ends it
_INBOX_SECONDS = 30.0  # between two looks into the inboxes
ANCHORS = "audit.anchors"


def worker_name() -> str:
    """Unique a process, so that its leases are its own."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


@dataclass(frozen=True)
class Worker:
    database: Database
    settings: Settings
    clock: Clock
    context_for: ContextFor  # of a workspace; cheap, or cached
    threads: Threads
    unsubscribe_url: UnsubscribeUrl
    track: Track | None = None
    notice_url: NoticeUrl | None = None  # None: no team is told from here
    anchor_key: bytes = b""  # signs the audit chain's head; empty: no anchors are written
    name: str = field(default_factory=worker_name)
    _kept: dict[UUID, str] = field(default_factory=dict)  # workspace → the hour its house was kept last
    _stop: threading.Event = field(default_factory=threading.Event)

    # ---- in the calling thread

    def drain(self, workspace_ids: Sequence[UUID] | None = None) -> int:
        """Everything that is due at this instant, until nothing is. Returns how many steps and effects it took.

        In a fixed order, so that the same seed replays the same run.
        """
        moved = 0
        for _ in range(_ROUNDS):
            found = workspaces.list_ids(self.database) if workspace_ids is None else workspace_ids
            step = sum(self._round(self.context_for(workspace_id)) for workspace_id in found)
            if step == 0:
                return moved
            moved += step
        raise RuntimeError(f"Still not idle after {_ROUNDS} rounds: a thread wakes itself without an end.")

    def run_until_idle(self, max_seconds: float, *, on_round: Callable[[int], None] | None = None) -> bool:
        """Drains while something is due, or will be within the time left. False: the time was up first."""
        deadline = time.monotonic() + max_seconds
        while True:
            moved = self.drain()
            if on_round is not None:
                on_round(moved)
            wait = self._seconds_to_next()
            left = deadline - time.monotonic()
            if wait is None or wait > left:
                return wait is None or wait > max_seconds
            if self._stop.wait(max(wait, 0.05)):
                return False

    def advance(self, context: AgentContext, kind: str, subject_id: UUID) -> int:
        with log_context(workspace=context.workspace_id, subject=subject_id):
            return self.threads.advance(context, SubjectKind(kind), subject_id, owner=self.name)

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """For the calling thread: one mailbox after the other."""
        real_time = not isinstance(self.clock, VirtualClock)
        return Dispatcher(
            self.unsubscribe_url,
            self.name,
            parallel=1,
            keep_leases=real_time,
            stopping=self._stop.is_set,
            track=self.track,
        )

    @cached_property
    def deliverer(self) -> Deliverer:
        """For the calling thread: one endpoint after the other."""
        return Deliverer(stopping=self._stop.is_set)

    @cached_property
    def _parallel_deliverer(self) -> Deliverer:
        return Deliverer(parallel=True, stopping=self._stop.is_set)

    @cached_property
    def _parallel_dispatcher(self) -> Dispatcher:
        side_by_side = max(2, self.settings.worker_concurrency // 2)
        return Dispatcher(
            self.unsubscribe_url, self.name, parallel=side_by_side, stopping=self._stop.is_set, track=self.track
        )

    def _round(self, context: AgentContext) -> int:
        moved = self.keep_house(context) + inbound.poll(context) + inbound_events.apply_due(context)
        moved += calendar_sync.look(context) + placement.look(context)
        due = sweep_workspace(context, self.name)
        moved += sum(self.advance(context, kind, subject_id) for kind, subject_id in due.subjects)
        moved += self.dispatcher.run(context) + take_in_uploads(context, self._stop.is_set)
        return moved + self.deliverer.run(context) + self.tell(context)

    def tell(self, context: AgentContext) -> int:
        return Teller(self.notice_url, self._stop.is_set).run(context) if self.notice_url is not None else 0

    def keep_house(self, context: AgentContext) -> int:
        """Once an hour for a workspace: its statements are set-based, but there is no need of more."""
        hour = context.clock.now().strftime("%Y-%m-%dT%H")
        if self._kept.get(context.workspace_id) == hour:
            return 0
        changed = housekeeping.keep_house(context)
        self._kept[context.workspace_id] = hour
        return changed

    def anchor(self) -> None:
        if not self.anchor_key:
            return
        path: Path = self.settings.data_dir / ANCHORS
        for workspace_id in workspaces.list_ids(self.database):
            housekeeping.anchor_audit(self.context_for(workspace_id), self.anchor_key, path)

    def _seconds_to_next(self) -> float | None:
        found = []
        for workspace_id in workspaces.list_ids(self.database):
            with self.database.read(workspace_id) as session:
                due = (
                    triggers.next_due_at(session),
                    outbox.next_ready_at(session),
                    webhooks.next_due_at(session, self.clock.now()),
                    vendor_events.next_due_at(session),
                    team_notices.next_due_at(session, self.clock.now()) if self.notice_url is not None else None,
                )
                found += [at for at in due if at is not None]
        if not found:
            return None
        return max(0.0, (min(found) - self.clock.now()).total_seconds())

    # ---- as a server

    def run_forever(self) -> None:
        """Until SIGTERM or SIGINT; what is in flight finishes first."""
        asyncio.run(self.serve(handle_signals=True))

    async def serve(self, *, handle_signals: bool = False) -> None:
        """Inside an event loop, beside others. Ends after `stop`, or when the engine fails."""
        async with Engine.open(self.settings, self.clock) as engine:
            self._register(engine)
            loop = asyncio.get_running_loop()
            watches = InboxWatches(functools.partial(_read_now, engine, loop))
            if handle_signals:
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.add_signal_handler(number, self.stop)
            watcher = asyncio.create_task(self._watch(engine))
            sweeping = asyncio.create_task(self._sweeping(engine, watches))
            try:
                await engine.run()
            finally:
                self.stop()
                engine.stop()
                await asyncio.gather(watcher, sweeping, return_exceptions=True)
                await asyncio.to_thread(watches.close)
                await asyncio.to_thread(self._parallel_deliverer.close)

    def stop(self) -> None:
        """From any thread, and from a signal handler."""
        self._stop.set()

    def _register(self, engine: Engine) -> None:
        def context_of(job: dict[str, Any]) -> AgentContext:
            return self.context_for(UUID(job["workspace"]))

        engine.job("advance", lambda job: _drop(self.advance(context_of(job), job["kind"], UUID(job["id"]))))
        engine.job("dispatch", lambda job: _drop(self._parallel_dispatcher.run(context_of(job))))
        engine.job("webhooks", lambda job: _drop(self._parallel_deliverer.run(context_of(job))))
        engine.job("notices", lambda job: _drop(self.tell(context_of(job))))
        engine.job("import", lambda job: _drop(take_in_upload(context_of(job), UUID(job["id"]), self._stop.is_set)))
        engine.job("ingest", lambda job: _drop(inbound.poll(context_of(job))))
        engine.job("calendars", lambda job: _drop(calendar_sync.look(context_of(job))))
        engine.job("arrived", lambda job: _drop(inbound.poll_now(context_of(job), UUID(job["id"]))))
        pushes = PushSources()
        engine.job("placement", lambda job: _drop(placement.look(context_of(job))))
        engine.job("push", lambda job: _drop(pushes.renew(context_of(job))))
        engine.job("channels", lambda job: _drop(calendar_channels.keep(context_of(job))))
        engine.job("events", lambda job: _drop(inbound_events.apply_due(context_of(job))))
        engine.job("house", lambda job: _drop(self.keep_house(context_of(job))))
        engine.cron("anchor", "7 * * * *", self.anchor)

    async def _watch(self, engine: Engine) -> None:
        while not self._stop.is_set() and not engine.stopping:
            await asyncio.sleep(0.1)
        engine.stop()

    async def _sweeping(self, engine: Engine, watches: InboxWatches) -> None:
        looked = float("-inf")
        while not self._stop.is_set():
            try:
                inboxes = time.monotonic() - looked >= _INBOX_SECONDS
                await self._sweep(engine, watches if inboxes else None)
                looked = time.monotonic() if inboxes else looked
            except Exception:  # a database that is away for a moment must not end the sweeping for good
                _log.exception("a sweep failed; the next one tries again")
            await self._nap(self.settings.sweep_seconds)

    async def _sweep(self, engine: Engine, watches: InboxWatches | None) -> None:
        """`watches`: the inboxes' turn has come."""
        for workspace_id in await asyncio.to_thread(workspaces.list_ids, self.database):
            context = self.context_for(workspace_id)
            due = await asyncio.to_thread(sweep_workspace, context, self.name)
            workspace = str(workspace_id)
            await engine.enqueue(
                "advance",
                {
                    f"{kind}:{subject_id}": {"workspace": workspace, "kind": kind, "id": str(subject_id)}
                    for kind, subject_id in due.subjects
                },
            )
            if due.outbox:
                await engine.enqueue("dispatch", {workspace: {"workspace": workspace}})
            if due.calendars:
                await engine.enqueue("calendars", {workspace: {"workspace": workspace}})
            if due.inbound_events:
                await engine.enqueue("events", {workspace: {"workspace": workspace}})
            await engine.enqueue("house", {workspace: {"workspace": workspace}})
            if due.webhooks:
                await engine.enqueue("webhooks", {workspace: {"workspace": workspace}})
            if due.notices and self.notice_url is not None:
                await engine.enqueue("notices", {workspace: {"workspace": workspace}})
            uploads = {str(found): {"workspace": workspace, "id": str(found)} for found in due.imports}
            await engine.enqueue("import", uploads)
            if watches is not None:
                await engine.enqueue("ingest", {workspace: {"workspace": workspace}})
                await engine.enqueue("calendars", {workspace: {"workspace": workspace}})
                await engine.enqueue("placement", {workspace: {"workspace": workspace}})
                await engine.enqueue("push", {workspace: {"workspace": workspace}})
                await engine.enqueue("channels", {workspace: {"workspace": workspace}})
                await asyncio.to_thread(watches.keep, context)

    async def _nap(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.2))


def _read_now(engine: Engine, loop: asyncio.AbstractEventLoop, workspace_id: UUID, mailbox_id: UUID) -> None:
    """From a thread of its own; an engine that ended meanwhile needs no hint."""
    job = {str(mailbox_id): {"workspace": str(workspace_id), "id": str(mailbox_id)}}
    hint = engine.enqueue("arrived", job)
    try:
        asyncio.run_coroutine_threadsafe(hint, loop)
    except RuntimeError:
        hint.close()


def _drop(_count: int) -> None:
    """A handler answers nothing: what it did stands in the store."""
