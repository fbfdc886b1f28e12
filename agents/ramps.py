"""Warm-up: how many mails a new mailbox and a new domain may send on a day, from published schedules.

Always from what was really sent: the next step above the last day on which anything left, and never more than twice
that day. After thirty idle days it begins again. Pure; the store's side stands in agents.mailbox_limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GROWTH = 2  # never more than twice the day before
RAMP_IDLE_DAYS = 30  # SendGrid: an address that rested for 30 days is warmed up again
RAMP_START = 10  # mails on a mailbox's first day, and after the idle days
# Unasked mails of one mailbox on one day: what a person who writes by hand could send, and what the large mailbox
# providers tolerate of an account. More is sent from more mailboxes.
COLD_A_DAY = 50


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days of a domain or an address that is new, in order. `source`: who publishes it."""

    name: str
    steps: tuple[int, ...]
    source: str


def _gradual() -> tuple[int, ...]:
    """From 150 to 1,000 in 91 days: a constant share more each day."""
    return tuple(round(150 * (1_000 / 150) ** (day / 90)) for day in range(91))


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "steps", (50, 100, 250, 500, 1_000, 2_500, 5_000, 7_500, 10_000), "SendGrid's warm-up of a new address"
        ),
        Schedule("gradual", _gradual(), "150 to 1,000 a day over 91 days (mailrush)"),
    )
}


def mailbox_limit(last_day: int) -> int:
    """Of a mailbox that warms up. `last_day`: sent on its last day of sending; 0: new, or idle for too long."""
    return max(RAMP_START, GROWTH * last_day)


def domain_limit(schedule: Schedule, last_day: int) -> int | None:
    """Of all mailboxes of a domain together. None: it is behind its schedule's end, and warm."""
    if last_day >= schedule.steps[-1]:
        return None
    following = next(step for step in schedule.steps if step > last_day)
    return max(schedule.steps[0], min(following, GROWTH * last_day))


def days_ahead(today: int, cap: int, *, most: int = 14) -> Sequence[int]:
    """What a mailbox may send today and on the days that follow, if each day's share is used whole."""
    days = [min(today, cap)]
    while days[-1] < cap and len(days) < most:
        days.append(min(mailbox_limit(days[-1]), cap))
    return days


def domain_days_ahead(schedule: Schedule, today: int, *, most: int = 14) -> Sequence[int]:
    days = [today]
    while len(days) < most and (following := domain_limit(schedule, days[-1])) is not None:
        days.append(following)
    return days
