"""Ids behind a port: UUIDv7 (RFC 9562 §5.7), so that keys sort by time and indexes stay dense."""

import threading
from hashlib import sha256
from typing import Protocol
from uuid import UUID, uuid5

import uuid_utils.compat

from core.clock import Clock

_NAMESPACE = UUID("0192c1a0-0000-7000-8000-5a1e505a1e50")


class Ids(Protocol):
    def new(self) -> UUID:
        """A UUIDv7 that was never given out before."""
        ...


class SystemIds:
    def new(self) -> UUID:
        return uuid_utils.compat.uuid7()


class SeededIds:
    """UUIDv7s from a seed, a counter and a clock: the same calls give the same ids.

    The 74 random bits of RFC 9562 are a hash of (seed, counter); a counter of 12 bits comes first so
    that ids made in one millisecond still sort in the order they were made.
    """

    def __init__(self, seed: int, clock: Clock) -> None:
        self._seed = seed
        self._clock = clock
        self._count = 0
        self._lock = threading.Lock()

    def new(self) -> UUID:
        with self._lock:
            count = self._count
            self._count += 1
        millis = int(self._clock.now().timestamp() * 1000)
        tail = int.from_bytes(sha256(f"{self._seed}:{count}".encode()).digest()[:8], "big") >> 2
        value = (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (count & 0xFFF) << 64 | 0b10 << 62 | tail
        return UUID(int=value)


def stable_id(*parts: object) -> UUID:
    """The same parts always give the same id: for rows whose identity is their content (idempotent inserts)."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))
