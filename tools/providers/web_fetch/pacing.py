"""Politeness: one request a host at a time, and a pause between two, however many threads read."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, get_ident

MIN_DELAY = 0.5  # seconds between two visits of a host that asks for nothing else
MAX_PATIENCE = 15.0  # seconds a visit waits for its turn; a host that asks for longer pauses is asked another time
_MOST_HOSTS = 20_000  # remembered


class NotNow(Exception):
    """The turn comes later than anybody here waits for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"its turn comes in {seconds:.0f} seconds")
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    lock: Lock = field(default_factory=Lock)
    free_at: float = 0.0
    visitor: int = 0  # the thread that was there last
    users: int = 0


class Pacing:
    """Safe to share between threads. Waits in real time, as the sockets behind it do."""

    def __init__(
        self,
        min_delay: float = MIN_DELAY,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._min_delay = min_delay
        self._now, self._sleep = now, sleep
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def turn(self, host: str, *, delay: float, patience: float, goes_on: bool = False) -> Iterator[float]:
        """Holds the host for one request; gives the seconds that were waited for it.

        `delay`: the pause the host asks for after it. `goes_on`: it belongs to the visit before (a redirect,
        robots.txt and its page) and does not wait for the pause. Raises NotNow when it would wait over `patience`.
        """
        asked = self._now()
        entry = self._enter(host)
        try:
            if not entry.lock.acquire(timeout=max(patience, 0.0)):
                raise NotNow(patience)
            try:
                # Another thread's visit may have come between: then this one is a visit of its own.
                goes_on = goes_on and entry.visitor == get_ident()
                wait = 0.0 if goes_on else entry.free_at - self._now()
                if wait > patience - (self._now() - asked):
                    raise NotNow(wait)
                if wait > 0:
                    self._sleep(wait)
                try:
                    yield self._now() - asked
                finally:
                    entry.visitor = get_ident()
                    entry.free_at = self._now() + max(delay, self._min_delay)
            finally:
                entry.lock.release()
        finally:
            self._leave(host, entry)

    def _enter(self, host: str) -> _Host:
        with self._lock:
            entry = self._hosts.setdefault(host, _Host())
            self._hosts.move_to_end(host)
            entry.users += 1
            return entry

    def _leave(self, host: str, entry: _Host) -> None:
        with self._lock:
            entry.users -= 1
            if len(self._hosts) > _MOST_HOSTS:
                now = self._now()
                old, other = next(iter(self._hosts.items()))
                if not other.users and other.free_at <= now:
                    del self._hosts[old]
