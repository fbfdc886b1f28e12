"""Watching a run: one reader a run, shared by everybody who looks at it. Between two looks nothing is held.

A look is one short session in a thread; the wait between two is asyncio's. What is sent is the whole state, so a
watcher that comes back with `Last-Event-ID` has missed nothing that the next state does not tell.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from time import monotonic
from uuid import UUID

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from api.dependencies import Dependencies, Principal
from api.streams import TooManyStreams
from api.views.run_progress import RunProgress, run_progress

STREAMS_A_VISITOR = 6  # as many as a browser opens to one host over HTTP/1.1
STREAMS_A_PROCESS = 200
LONGEST_SECONDS = 300.0  # then the stream ends and the watcher comes back: its rights are looked at again
LOOK_SECONDS = 1.0
_MAKING = Lock()
_SHARE_OF_TIME = 0.1  # a look that takes long makes the next one wait, so that looking stays a tenth of the time


@dataclass(frozen=True, slots=True)
class Look:
    progress: RunProgress
    tag: str  # of its content


@dataclass
class _Watched:
    followers: int = 0
    look: Look | None = None
    error: Exception | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None


class LiveRuns:
    """The streams of one process."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._watched: dict[tuple[UUID, UUID], _Watched] = {}
        self._seats: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def seat(self, principal: Principal) -> Iterator[None]:
        """A place among the streams. Raises TooManyStreams where there is none left."""
        mine = f"{principal.workspace_id}:{principal.actor}"
        with self._lock:
            if self._seats[mine] >= STREAMS_A_VISITOR or self._seats.total() >= STREAMS_A_PROCESS:
                raise TooManyStreams(
                    "Too many runs are being watched at once.",
                    hint="Close a page that watches one, or ask for /progress now and then.",
                )
            self._seats[mine] += 1
        try:
            yield
        finally:
            with self._lock:
                self._seats[mine] -= 1
                if self._seats[mine] <= 0:
                    del self._seats[mine]

    async def follow(self, workspace_id: UUID, run_id: UUID, seen: str = "") -> AsyncIterator[Look]:
        """Every state that differs from the one before (or from `seen`), until the run is over or time is up."""
        key = (workspace_id, run_id)
        watched = self._watched.setdefault(key, _Watched())
        watched.followers += 1
        until = monotonic() + LONGEST_SECONDS
        try:
            if watched.reader is None:
                watched.reader = asyncio.create_task(self._read(key, watched))
            while True:
                changed, look = watched.changed, watched.look
                if watched.error is not None:
                    raise watched.error
                if look is not None and (look.tag != seen or look.progress.over):
                    seen = look.tag
                    yield look
                    if look.progress.over:
                        return
                if (left := until - monotonic()) <= 0:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), left)
                except TimeoutError:
                    return
        finally:
            watched.followers -= 1
            if watched.followers == 0:
                if watched.reader is not None:
                    watched.reader.cancel()
                if self._watched.get(key) is watched:
                    del self._watched[key]

    async def _read(self, key: tuple[UUID, UUID], watched: _Watched) -> None:
        while True:
            started = monotonic()
            try:
                progress = await run_in_threadpool(self.look, *key)
            except Exception as error:
                watched.error = error
                self._watched.pop(key, None)  # who comes next starts afresh
            else:
                tag = sha256(progress.model_dump_json().encode()).hexdigest()[:16]
                if watched.look is None or watched.look.tag != tag:
                    watched.look = Look(progress, tag)
                    told, watched.changed = watched.changed, asyncio.Event()
                    told.set()
            if watched.error is not None:
                watched.changed.set()
                return
            if watched.look is not None and watched.look.progress.over:
                return
            await asyncio.sleep(max(LOOK_SECONDS, (monotonic() - started) / _SHARE_OF_TIME))

    def look(self, workspace_id: UUID, run_id: UUID) -> RunProgress:
        """Raises NotFound."""
        with self._deps.database.read(workspace_id) as session:
            return run_progress(session, run_id)


def live_runs(request: Request) -> LiveRuns:
    """The process's one, made at its first use."""
    state = request.app.state
    with _MAKING:
        found = getattr(state, "live_runs", None)
        if not isinstance(found, LiveRuns):
            found = state.live_runs = LiveRuns(state.dependencies)
    return found
