"""How much one may ask for: budgets with a reason each, and the counting of them (a sliding window, library `limits`).

Counted in memory of this process, or in Redis where several processes serve (`SALESOS_RATE_LIMIT_STORAGE`). Whoever
meets a budget is told when to come back (`TooMany.retry_after`). The edge that counts requests is api/limits_edge.py.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar, cast

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import Storage
from limits.aio.storage.base import SlidingWindowCounterSupport
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from core.errors import FixConfiguration, SalesOSError

_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Budget:
    name: str
    amount: int  # requests in a window
    seconds: int  # of the window, which slides


# A page is one request (static files are free); a browser held down on a key turns some ten pages a second.
ADDRESS: Final = Budget("address", 6_000, 60)  # a whole office of fifty people behind one address, keys and all
KEY: Final = Budget("key", 3_000, 60)  # fifty a second: more than a program that pages through lists asks for
USER: Final = Budget("user", 1_200, 60)  # twenty a second: faster than a person reads, or a held key repeats pages
WORKSPACE: Final = Budget("workspace", 12_000, 60)  # so that one tenant's programs leave room for the others
SIGN_IN: Final = Budget("sign-in", 100, 600)  # an office on a Monday morning; the wait per account is api.auth's
UNKNOWN: Final = Budget("unknown", 60, 60)  # keys that are not good: a program with an old one, not a guesser
# What strangers may always do has budgets that nothing else draws on: a flood elsewhere must not stop an opt-out, and
# mail providers send the one-click opt-outs of all their people from few addresses.
OPT_OUT: Final = Budget("opt-out", 1_200, 60)
BOOKING: Final = Budget("booking", 240, 60)
INBOUND: Final = Budget("inbound", 12_000, 60)  # events of vendors, from few addresses; what is refused is repeated

_MOST_COUNTED: Final = 50_000  # windows in memory, some 15 MB: a flood of addresses pushes out the oldest
_REDIS_WAIT: Final = 0.25  # seconds; counting must not hold up what is counted
_REDIS_AGAIN: Final = 10.0  # seconds for which memory counts after Redis failed


class TooMany(SalesOSError):
    """A budget is used up. `retry_after`: whole seconds until there is room again."""

    code = "too_many_requests"

    def __init__(
        self, message: str, *, retry_after: int, hint: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message, hint=hint or f"Wait {retry_after} s, then go on more slowly.")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after), **(headers or {})}


class Limits:
    """Counts. `factor` makes every budget larger or smaller; `storage`: empty for memory, or redis://…"""

    def __init__(self, *, factor: float = 1.0, storage: str = "", clock: Callable[[], float] = time.time) -> None:
        """Raises FixConfiguration for a storage that cannot be."""
        self._factor = factor
        self._clock = clock
        self._items: dict[str, RateLimitItemPerSecond] = {}
        self._memory = SlidingWindowCounterRateLimiter(BoundedMemory(_MOST_COUNTED, clock))
        self._shared = SlidingWindowCounterRateLimiter(_redis(storage)) if storage else None
        self._shared_again = 0.0

    async def hit(self, budget: Budget, who: str) -> bool:
        """Counts one request of `who`; False: there is no room, and it is not counted."""
        return await self._ask(lambda limiter: limiter.hit(self._item(budget), who))

    async def has_room(self, budget: Budget, who: str) -> bool:
        """As `hit`, counting nothing."""
        return await self._ask(lambda limiter: limiter.test(self._item(budget), who))

    async def fields(self, budget: Budget, who: str) -> tuple[dict[str, str], int]:
        """(`RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers has them, seconds to wait)."""
        item = self._item(budget)
        reset_at, remaining = await self._ask(lambda limiter: limiter.get_window_stats(item, who))
        wait = max(1, math.ceil(reset_at - time.time()))
        policy = f'"{budget.name}";q={item.amount};w={budget.seconds}'
        return {"RateLimit-Policy": policy, "RateLimit": f'"{budget.name}";r={remaining};t={wait}'}, wait

    async def too_many(self, budget: Budget, who: str) -> TooMany:
        fields, wait = await self.fields(budget, who)
        item = self._item(budget)
        return TooMany(
            f"Too many requests: {item.amount:,} in {budget.seconds} s is what {_WHOSE[budget.name]} may ask for.",
            retry_after=wait,
            headers=fields,
        )

    def _item(self, budget: Budget) -> RateLimitItemPerSecond:
        item = self._items.get(budget.name)
        if item is None:
            amount = max(1, round(budget.amount * self._factor))
            item = self._items[budget.name] = RateLimitItemPerSecond(amount, budget.seconds, namespace=budget.name)
        return item

    async def _ask(self, question: Callable[[SlidingWindowCounterRateLimiter], Awaitable[T]]) -> T:
        if self._shared is not None and time.monotonic() >= self._shared_again:
            try:
                return await question(self._shared)
            except StorageError as error:
                # A counter that is away must not close the house: this process counts for itself meanwhile.
                self._shared_again = time.monotonic() + _REDIS_AGAIN
                _log.warning("rate_limits_counted_in_memory", error=type(error.storage_error).__name__)
        return await question(self._memory)


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Windows in this process, the longest unused pushed out by new ones. The library's own memory storage has no bound
    and walks all its keys a hundred times a second, which a flood of addresses would turn against the server."""

    STORAGE_SCHEME = ["async+bounded"]  # noqa: RUF012 (as the library declares it)

    def __init__(self, most: int, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def base_exceptions(self) -> type[Exception]:
        return KeyError

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        window, left = self._current(key, expiry)
        if window.before * left + window.count + amount > limit:
            return False
        window.count += amount
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        window, left = self._current(key, expiry)
        return window.before, left * expiry, window.count, (left + 1) * expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        self._windows.pop(key, None)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        window, _ = self._current(key, expiry)
        window.count += amount
        return window.count

    async def get(self, key: str) -> int:
        return self._windows[key].count if key in self._windows else 0

    async def get_expiry(self, key: str) -> float:
        window = self._windows.get(key)
        return (window.number + 1) * window.seconds if window else self._clock()

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        found = len(self._windows)
        self._windows.clear()
        return found

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _current(self, key: str, seconds: int) -> "tuple[_Window, float]":
        """The window of this moment, and which part of it (0–1) is still to come."""
        number, past = divmod(self._clock(), seconds)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(number, seconds)
            if len(self._windows) > self._most:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
            if window.number != number:
                window.before = window.count if window.number == number - 1 else 0
                window.number, window.count = number, 0
        return window, 1 - past / seconds


@dataclass(slots=True)
class _Window:
    number: float  # since the epoch, counted in windows
    seconds: int
    count: int = 0
    before: int = 0  # in the window before this one


_WHOSE: Final = {
    "address": "one address",
    "key": "one key",
    "user": "one person",
    "workspace": "one workspace",
    "sign-in": "one address, when signing in,",
    "unknown": "one address, with keys that are not good,",
    "opt-out": "one address",
    "booking": "one address",
    "inbound": "one address",
}


def _redis(url: str) -> Storage:
    try:
        found = storage_from_string(
            f"async+{url}",
            implementation="redispy",
            wrap_exceptions=True,
            key_prefix="salesos:limits",
            socket_timeout=_REDIS_WAIT,
            socket_connect_timeout=_REDIS_WAIT,
        )
    except (ConfigurationError, ImportError, ValueError) as error:
        raise FixConfiguration(
            "SALESOS_RATE_LIMIT_STORAGE cannot be used.",
            hint="Use redis://host:6379/0 with `pip install salesos[redis]`, or leave it empty to count in memory.",
        ) from error
    return cast(Storage, found)
