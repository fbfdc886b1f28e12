"""Time behind a port, so that a quarter can pass in a minute and the same seed replays the same run."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved, and never runs backwards.

    `now()` does not advance it: two reads in one step see one instant, as one transaction should.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("A virtual clock starts at an aware instant; got a naive one.")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError(f"The clock stands at {self._now.isoformat()} and cannot move back to {instant}.")
        self._now = instant.astimezone(UTC)
