"""Which touches a lead gets, by tier, and when a mail may leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from scoring.types import Reason, require_aware

# A recipient's working day on their own clock: from 08:00, before 18:00, Monday to Friday.
OPENS, CLOSES = time(8), time(18)
# Longer than any run of weekends and public holidays; beyond it there is no common window.
HORIZON_DAYS = 30


class Channel(StrEnum):
    MAIL = "mail"
    LINKEDIN = "linkedin"  # a rep's task with a script
    PHONE = "phone"  # a rep's task with a script


@dataclass(frozen=True, slots=True)
class TouchSpec:
    """One planned step. `day` counts business days from enrollment, which is day 0."""

    step: int  # from 1
    channel: Channel
    day: int
    reason: str


@dataclass(frozen=True, slots=True)
class SequenceSpec:
    name: str
    touches: tuple[TouchSpec, ...]
    reason: Reason


def _touches(*steps: tuple[Channel, int, str]) -> tuple[TouchSpec, ...]:
    return tuple(TouchSpec(index, *step) for index, step in enumerate(steps, start=1))


_M, _L, _P = Channel.MAIL, Channel.LINKEDIN, Channel.PHONE

SEQUENCES: Mapping[int, SequenceSpec] = MappingProxyType(
    {
        1: SequenceSpec(
            "tier-1-seven-touches",
            _touches(
                (_M, 0, "A mail with the best hook opens: it can be read at any time."),
                (_L, 1, "A visit and request on LinkedIn put a face to the mail."),
                (_P, 3, "A call while the first mail is still remembered."),
                (_M, 5, "A follow-up in the same thread adds one new fact."),
                (_L, 8, "A message where the mailbox may be crowded."),
                (_P, 11, "A second call at another time of day."),
                (_M, 15, "A last mail that closes politely."),
            ),
            Reason("sequence_tier_1", "Tier 1: seven touches by mail, LinkedIn and phone: worth a call."),
        ),
        2: SequenceSpec(
            "tier-2-five-touches",
            _touches(
                (_M, 0, "A mail with the best hook opens."),
                (_L, 2, "A request on LinkedIn puts a face to the mail."),
                (_M, 5, "A follow-up in the same thread adds one new fact."),
                (_L, 9, "A message where the mailbox may be crowded."),
                (_M, 14, "A last mail that closes politely."),
            ),
            Reason("sequence_tier_2", "Tier 2: five touches by mail and LinkedIn; calls are kept for tier 1."),
        ),
        3: SequenceSpec(
            "tier-3-three-mails",
            _touches(
                (_M, 0, "A mail with the best hook opens."),
                (_M, 4, "A follow-up in the same thread adds one new fact."),
                (_M, 10, "A last mail that closes politely."),
            ),
            Reason("sequence_tier_3", "Tier 3: three mails; a rep's time is better spent on higher tiers."),
        ),
        4: SequenceSpec("nurture", (), Reason("sequence_tier_4", "Tier 4: no touches; watched for signals.")),
    }
)


def choose_sequence(tier: int | None) -> SequenceSpec:
    """The sequence of a tier. Unknown tier: nurture, with the reason that it must be learned first."""
    if tier is None:
        return SequenceSpec("nurture", (), Reason("tier_unknown", "The tier is unknown: nobody is written to blindly."))
    if tier not in SEQUENCES:
        raise ValueError(f"A lead tier is 1 to 4; got {tier}.")
    return SEQUENCES[tier]


def add_business_days(start: date, days: int, holidays: frozenset[date] = frozenset()) -> date:
    """The date `days` business days after `start` (0: `start` itself, or the next business day)."""
    if days < 0:
        raise ValueError(f"A touch lies ahead; got {days} business days.")
    day = start
    while _is_off(day, holidays):
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while _is_off(day, holidays):
            day += timedelta(days=1)
    return day


def send_window(
    instant: datetime,
    zone: str | None,
    holidays: frozenset[date] = frozenset(),
    *,
    country_zones: Sequence[str] = (),
    workspace_zone: str = "UTC",
) -> datetime:
    """The first instant at or after `instant`, in UTC, within a weekday 08–18 of the recipient.

    Unknown zone: when all zones of the country are open at once; where that never happens (Russia), or the
    country is unknown too, the workspace's zone. `holidays` are the recipient's dates. Daylight saving is the zone's.
    Raises ValueError for a naive instant, ZoneInfoNotFoundError for a zone that does not exist.
    """
    require_aware(instant, "instant")
    names = (zone,) if zone else tuple(country_zones)
    found = _first_common(instant, names, holidays) if names else None
    if found is None:
        found = _first_common(instant, (workspace_zone,), holidays)
    if found is None:
        raise ValueError(f"No business day within {HORIZON_DAYS} days of {instant}: check the holidays.")
    return found


def _first_common(instant: datetime, names: Sequence[str], holidays: frozenset[date]) -> datetime | None:
    zones = [ZoneInfo(name) for name in names]
    at, limit = instant.astimezone(UTC), instant + timedelta(days=HORIZON_DAYS)
    while at <= limit:
        later = max(_next_open(at, zone, holidays) for zone in zones)
        if later == at:
            return at
        at = later
    return None


def _next_open(at: datetime, zone: ZoneInfo, holidays: frozenset[date]) -> datetime:
    local = at.astimezone(zone)
    day = local.date()
    if not _is_off(day, holidays):
        if OPENS <= local.time() < CLOSES:
            return at
        if local.time() < OPENS:
            return datetime.combine(day, OPENS, zone).astimezone(UTC)
    # Bounded by the holidays given: a set of dates is finite.
    day += timedelta(days=1)
    while _is_off(day, holidays):
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, zone).astimezone(UTC)


def _is_off(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() >= 5 or day in holidays
