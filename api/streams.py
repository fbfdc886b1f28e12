"""Streams of events: one look at the feed's head a second for all listeners of a workspace, none while nobody listens.

A listener holds neither a database session nor a thread while it waits; it reads the events themselves, in short
sessions, once the head has moved.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from core.errors import SalesOSError
from core.logging import get_logger
from store import feed
from store.session import Database

_log = get_logger(__name__)
LOOK_EVERY = 0.5  # seconds between two looks at a head
MOST_A_KEY = 5
MOST_A_PROCESS = 500


class TooManyStreams(SalesOSError):
    code = "too_many_streams"


@dataclass
class _Head:
    seq: int = 0
    listeners: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)  # replaced each time it is set
    task: asyncio.Task[None] | None = None


class Streams:
    """Of one application; used from its event loop only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heads: dict[UUID, _Head] = {}
        self._open: Counter[str] = Counter()

    def enter(self, actor: str) -> None:
        """A place among the streams; `leave` gives it back. Raises TooManyStreams."""
        if self._open[actor] >= MOST_A_KEY:
            said = f"{MOST_A_KEY} streams are open for this key already."
        elif self._open.total() >= MOST_A_PROCESS:
            said = "This server has as many streams open as it may."
        else:
            self._open[actor] += 1
            return
        raise TooManyStreams(said, hint="Close one, or read GET /api/v1/events by cursor.")

    def leave(self, actor: str) -> None:
        self._open[actor] -= 1
        if self._open[actor] <= 0:
            del self._open[actor]

    @contextmanager
    def listening(self, workspace_id: UUID) -> Iterator[_Head]:
        head = self._heads.setdefault(workspace_id, _Head())
        head.listeners += 1
        if head.task is None:
            head.task = asyncio.create_task(self._look(workspace_id, head))
        try:
            yield head
        finally:
            head.listeners -= 1
            if not head.listeners and head.task is not None:
                head.task.cancel()
                self._heads.pop(workspace_id, None)

    async def _look(self, workspace_id: UUID, head: _Head) -> None:
        while True:
            try:
                seq = await run_in_threadpool(self._newest, workspace_id)
                if seq > head.seq:
                    head.seq = seq
                    head.moved.set()
                    head.moved = asyncio.Event()
            except Exception:  # a database that is away for a moment ends no stream
                _log.exception("the feed's head could not be read")
            await asyncio.sleep(LOOK_EVERY)

    def _newest(self, workspace_id: UUID) -> int:
        with self._database.read(workspace_id) as session:
            return feed.newest(session)


async def moved_beyond(head: _Head, seq: int, seconds: float) -> bool:
    """True once the feed has events after `seq`; False after so many seconds without."""
    if head.seq > seq:
        return True
    try:
        await asyncio.wait_for(head.moved.wait(), seconds)
    except TimeoutError:
        return False
    return head.seq > seq
