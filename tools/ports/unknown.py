"""Not knowing, in words: silence is not zero."""

from dataclasses import dataclass
from enum import StrEnum


class Gap(StrEnum):
    """What kind of not knowing: whether asking again could help, and who would have to act."""

    NO_DATA = "no_data"  # it was asked and does not know: asking again soon costs money for nothing
    DOWN = "down"  # passing: limits, time-outs, faults of the vendor, unreadable answers
    REFUSED = "refused"  # the key, the plan, the credits or the request: a person must act


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, because … ; `reason` is shown to people as it is."""

    reason: str
    gap: Gap = Gap.NO_DATA
    cost_micros: int = 0  # some vendors charge for an answer that says nothing
