"""Which touches a lead gets, by tier, and when a mail may leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
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
    SMS = "sms"  # a rep's task with a script


class Condition(StrEnum):
    """What must have happened, or not, in this sequence so far; else the step is skipped. An open is none of them."""

    NO_REPLY = "no_reply"  # holds for every step anyway: whoever answers has left the sequence
    CLICKED = "clicked"  # by a human
    NOT_CLICKED = "not_clicked"
    TASK_DONE = "task_done"  # the task before it: a rep says that they did it
    TASK_NOT_DONE = "task_not_done"
    MAIL_DELIVERED = "mail_delivered"  # the mail before it left, and nothing came back


@dataclass(frozen=True, slots=True)
class TouchSpec:
    """One planned step. `day` counts business days from enrollment, which is day 0."""

    step: int  # from 1
    channel: Channel
    day: int
    reason: str
    only_if: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """`number`: its version; the built-in ones are version 1 of their names."""

    name: str
    touches: tuple[TouchSpec, ...]
    reason: Reason
    number: int = 1

    def touch(self, step: int) -> TouchSpec | None:
        return self.touches[step - 1] if 0 < step <= len(self.touches) else None

    def waits(self) -> tuple[int, ...]:
        """Business days before each step, after the one before it (the first: after enrollment)."""
        days = (0, *(touch.day for touch in self.touches))
        return tuple(after - before for before, after in pairwise(days))


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


@dataclass(frozen=True, slots=True)
class Reach:
    """How somebody can be reached, and may be. `email_status`: valid, risky, unknown, invalid; None: no address."""

    email_status: str | None
    has_phone: bool
    has_profile: bool
    mail_barred: str = ""  # why the law or a person's word forbids mail; empty: it may be sent
    text_barred: str = ""  # the same of a text


@dataclass(frozen=True, slots=True)
class ChosenChannel:
    step: int
    channel: Channel | None  # None: the touch cannot be done as things stand
    reason: str


def choose_channels(spec: SequenceSpec, reach: Reach) -> tuple[ChosenChannel, ...]:
    """The channel of each touch by what is known and allowed now."""
    return tuple(choose_channel(spec, touch, reach) for touch in spec.touches)


def choose_channel(spec: SequenceSpec, touch: TouchSpec, reach: Reach) -> ChosenChannel:
    """One that falls away passes to another of the sequence's own channels, because a tier that is not called is not
    called for want of an address either."""
    own = {one.channel for one in spec.touches}
    barred = {channel: _barred(channel, reach) for channel in Channel}
    if not barred[touch.channel]:
        return ChosenChannel(touch.step, touch.channel, _allowed(touch, reach))
    other = next((c for c in (Channel.LINKEDIN, Channel.PHONE) if c in own and not barred[c]), None)
    tail = f"{other.value} instead." if other else "nothing else of this tier is known."
    return ChosenChannel(touch.step, other, f"{barred[touch.channel]}: {tail}")


def _barred(channel: Channel, reach: Reach) -> str:
    if channel is Channel.PHONE:
        return "" if reach.has_phone else "No phone number is known"
    if channel is Channel.SMS:
        return reach.text_barred.rstrip(".") if reach.has_phone else "No phone number is known"
    if channel is Channel.LINKEDIN:
        return "" if reach.has_profile else "No profile is known"
    if reach.email_status is None:
        return "No e-mail address is known"
    if reach.email_status == "invalid":
        return "The address is invalid"
    return reach.mail_barred.rstrip(".")


def _allowed(touch: TouchSpec, reach: Reach) -> str:
    if touch.channel is Channel.MAIL and reach.email_status != "valid":
        return f"{touch.reason} The address is {reach.email_status}: it is verified before it is used."
    return touch.reason


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
