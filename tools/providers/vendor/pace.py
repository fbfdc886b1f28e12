"""Published limits of a vendor, kept on our side: a call that would exceed one waits for its turn."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Sleep = Callable[[float], None]
Monotonic = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float


class Pace:
    """Sliding windows over the calls of one account. Safe to share between threads; turns are given in the order asked.

    It knows this process only. What other processes spend, the vendor's headers tell: see `hold`.
    """

    def __init__(
        self, limits: Sequence[Limit], *, monotonic: Monotonic = time.monotonic, sleep: Sleep = time.sleep
    ) -> None:
        self._windows = [(limit, deque[float](maxlen=limit.calls)) for limit in limits]
        self._not_before = 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()

    def turn(self, at_most_seconds: float) -> float | None:
        """Waits until a call may be made; returns how long, in seconds. None at once where that would be too long."""
        with self._lock:
            now = self._monotonic()
            at = max(now, self._not_before)
            for limit, taken in self._windows:
                if len(taken) == limit.calls:
                    at = max(at, taken[0] + limit.seconds)
            if at - now > at_most_seconds:
                return None
            for _, taken in self._windows:
                taken.append(at)
        if at > now:
            self._sleep(at - now)
        return at - now

    def hold(self, seconds: float) -> None:
        """Nobody calls for so long: the vendor said so."""
        with self._lock:
            self._not_before = max(self._not_before, self._monotonic() + seconds)
