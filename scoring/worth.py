"""What an action may bring, in money, and how that sum is made: the order of the approvals queue and of the day.

    expected value = what a won deal is worth × the chance that this ends in one, because of this action
    rank           = expected value × urgency ÷ minutes of work

The chances are assumptions, named below, until enough of a workspace's own outcomes are known to replace them. Where
nobody said what a deal is worth, the sum is in chances alone, and says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from scoring.types import Reason, require_aware

WORTH_VERSION = "worth-rules-1"


class Action(StrEnum):
    """What a person could do next."""

    FIRST_MAIL = "first_mail"
    FOLLOW_UP = "follow_up"
    REPLY = "reply"  # somebody wrote, and waits
    MEETING_PROPOSAL = "meeting_proposal"
    MEETING = "meeting"  # prepare it, or say how it went
    CALL = "call"
    SOCIAL = "social"  # a LinkedIn touch
    MISSED_MEETING = "missed_meeting"
    MEETING_RECAP = "meeting_recap"
    INTERVENTION = "intervention"  # a customer slips away
    UNKNOWN_SEND = "unknown_send"  # did this mail arrive?
    OTHER = "other"


# The chance that a lead of priority 1 ends in a won deal because this is done. A first mail is answered with interest
# by one or two in a hundred; each later step stands where most have left already.
_CHANCE: Final = {
    Action.FIRST_MAIL: 0.01,
    Action.FOLLOW_UP: 0.008,
    Action.REPLY: 0.12,
    Action.MEETING_PROPOSAL: 0.15,
    Action.MISSED_MEETING: 0.1,
    Action.MEETING_RECAP: 0.2,
    Action.MEETING: 0.25,
    Action.CALL: 0.01,
    Action.SOCIAL: 0.004,
    Action.INTERVENTION: 0.2,
    Action.UNKNOWN_SEND: 0.01,
    Action.OTHER: 0.002,
}
# Minutes of a person's time, as a rep would plan them.
_MINUTES: Final = {
    Action.FIRST_MAIL: 1.0,
    Action.FOLLOW_UP: 1.0,
    Action.REPLY: 3.0,
    Action.MEETING_PROPOSAL: 1.0,
    Action.MISSED_MEETING: 1.0,
    Action.MEETING_RECAP: 2.0,
    Action.MEETING: 10.0,
    Action.CALL: 6.0,
    Action.SOCIAL: 2.0,
    Action.INTERVENTION: 5.0,
    Action.UNKNOWN_SEND: 2.0,
    Action.OTHER: 5.0,
}
UNKNOWN_PRIORITY: Final = 0.3  # as intent of which nothing is known (scoring.priority)
_NOMINAL_MINOR: Final = 1_000_000  # stands in where nobody said what a deal is worth: it cancels out of every order
_SOON: Final = timedelta(hours=4)
_OVERDUE, _SOON_FACTOR, _LATER = 1.5, 1.2, 1.0  # late is worse than early, but never outweighs ten times the money


@dataclass(frozen=True, slots=True)
class Worth:
    """`expected_minor`: money in minor units. `rank`: money a minute, with urgency; only its order counts."""

    expected_minor: int
    chance: float  # 0–1
    minutes: float
    rank: float
    reasons: tuple[Reason, ...]


def expected_minor(action: Action, priority: float | None, deal_value_minor: int) -> int:
    """Minor units of money. `priority` 0–1; None: not known. `deal_value_minor` 0: nobody said; a nominal value then
    keeps the order."""
    return round((deal_value_minor or _NOMINAL_MINOR) * chance_of(action, priority))


def chance_behind(expected_minor: int, deal_value_minor: int) -> float:
    """0–1: the chance that `expected_minor` was made of."""
    return min(1.0, max(0.0, expected_minor / (deal_value_minor or _NOMINAL_MINOR)))


def chance_of(action: Action, priority: float | None) -> float:
    """0–1. An intervention is about a customer, whom no priority describes: `priority` is then the churn risk."""
    counted = UNKNOWN_PRIORITY if priority is None else min(1.0, max(0.0, priority))
    return _CHANCE[action] * counted


def worth(
    action: Action,
    priority: float | None,
    deal_value_minor: int,
    currency: str,
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> Worth:
    """With every factor as a reason, so that a page can show the sum. Raises ValueError for instants without a zone."""
    require_aware(now, "now")
    chance, minutes = chance_of(action, priority), _MINUTES[action]
    value = expected_minor(action, priority, deal_value_minor)
    factor, why = _urgency(now, due_at)
    if deal_value_minor:
        money = f"A won deal is worth {deal_value_minor / 100:,.0f} {currency}".rstrip()
    else:
        money = "Nobody said what a won deal is worth: 10,000 stands in for it"
    known = "not known, counted as" if priority is None else "is"
    reasons = (
        Reason("deal_value", f"{money}."),
        Reason(
            "chance",
            f"{_CHANCE[action]:.1%} of the best leads end in a deal because of this; priority {known} "
            f"{UNKNOWN_PRIORITY if priority is None else priority:.2f}: {chance:.2%}.",
            chance,
        ),
        Reason("minutes", f"It takes about {minutes:g} min."),
        Reason("urgency", why, factor),
    )
    return Worth(value, chance, minutes, value * factor / minutes, reasons)


def _urgency(now: datetime, due_at: datetime | None) -> tuple[float, str]:
    if due_at is None:
        return _LATER, "It has no time of its own."
    require_aware(due_at, "due_at")
    if due_at <= now:
        return _OVERDUE, f"It is overdue: × {_OVERDUE:g}."
    if due_at - now <= _SOON:
        return _SOON_FACTOR, f"It is due within {_SOON.seconds // 3600} hours: × {_SOON_FACTOR:g}."
    return _LATER, "It is due later."
