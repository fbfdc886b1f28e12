"""Keeps what is in flight leased while its worker lives: a slow server must not look like a dead worker."""

import threading
from datetime import timedelta
from types import TracebackType
from uuid import UUID

from agents.context import AgentContext
from core.logging import get_logger
from store.queries import outbox

_log = get_logger(__name__)


class LeaseKeeper:
    """Renews the leases of registered items every third of a lease, in a thread of its own.

    With it, a lease that ran out means that its process is gone or stands still, and then nobody is sending.
    """

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._seconds = context.settings.lease_seconds
        self._held: dict[UUID, int] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def __enter__(self) -> "LeaseKeeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def hold(self, item_id: UUID, token: int) -> None:
        with self._lock:
            self._held[item_id] = token

    def let_go(self, item_id: UUID) -> None:
        with self._lock:
            self._held.pop(item_id, None)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds / 3):
            with self._lock:
                held = dict(self._held)
            if not held:
                continue
            try:
                until = self._context.clock.now() + timedelta(seconds=self._seconds)
                with self._context.database.write(self._context.workspace_id) as session:
                    outbox.renew(session, held, until)
            except Exception as error:  # the next round tries again, well before the lease runs out
                _log.warning("leases could not be renewed", items=len(held), error=type(error).__name__)
