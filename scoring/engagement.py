"""Engagement of a contact, from what a human did; and what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import exp2
from typing import NamedTuple

from scoring.intent import SECONDS_PER_DAY
from scoring.types import Reason, Scored, require_aware

ENGAGEMENT_VERSION = "engagement-rules-1"

# Attention fades within weeks: two weeks after a click half of it is gone.
ENGAGEMENT_HALF_LIFE_DAYS = 14.0
# Above this a rep should act today.
HOT_FROM = 0.6
# Above this the contact pays attention.
WARM_FROM = 0.25


class ActorClass(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class EngagementKind(StrEnum):
    REPLY_POSITIVE = "reply_positive"
    REPLY_NEUTRAL = "reply_neutral"
    REPLY_NEGATIVE = "reply_negative"
    OUT_OF_OFFICE = "out_of_office"
    BOOKING = "booking"
    MEETING_HELD = "meeting_held"
    MEETING_MISSED = "meeting_missed"
    CLICK = "click"
    OPEN = "open"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"


class Weight(NamedTuple):
    value: float
    label: str


# What one fresh event of a human says of attention. Kinds not listed are never counted.
ENGAGEMENT_WEIGHTS: Mapping[EngagementKind, Weight] = {
    EngagementKind.MEETING_HELD: Weight(0.90, "came to a meeting"),  # gave half an hour
    EngagementKind.BOOKING: Weight(0.80, "booked a meeting"),  # promised half an hour
    EngagementKind.REPLY_POSITIVE: Weight(0.75, "replied with interest"),  # wrote, and wants more
    EngagementKind.REPLY_NEUTRAL: Weight(0.45, "replied"),  # wrote
    EngagementKind.CLICK: Weight(0.20, "followed a link"),  # a second of curiosity
}


@dataclass(frozen=True, slots=True)
class EngagementEvent:
    kind: EngagementKind
    actor: ActorClass
    at: datetime
    event_id: str = ""


class Action(StrEnum):
    STOP = "stop"
    PREPARE_MEETING = "prepare_meeting"
    ANSWER = "answer"
    PROPOSE_SLOTS = "propose_slots"
    REBOOK = "rebook"
    FIX_ADDRESS = "fix_address"
    WAIT = "wait"
    FOLLOW_UP = "follow_up"


class NextAction(NamedTuple):
    action: Action
    reason: Reason


def score_engagement(events: Sequence[EngagementEvent], as_of: datetime) -> Scored:
    """Engagement 0–1: noisy-or of human events, each fading by half in ENGAGEMENT_HALF_LIFE_DAYS.

    Machine and unknown events, and opens, contribute nothing and are listed. No countable human event gives None.
    Raises ValueError for a naive `as_of`.
    """
    require_aware(as_of, "as_of")
    counted: list[tuple[float, EngagementEvent]] = []
    left_out: dict[str, list[str]] = {}
    for event in events:
        weight = ENGAGEMENT_WEIGHTS.get(event.kind)
        age = (as_of - event.at).total_seconds() / SECONDS_PER_DAY
        if event.actor is not ActorClass.HUMAN:
            left_out.setdefault(f"{event.kind} ({event.actor})", []).append(event.event_id)
        elif weight is None or age < 0:
            left_out.setdefault(f"{event.kind}{' in the future' if age < 0 else ''}", []).append(event.event_id)
        else:
            counted.append((weight.value * exp2(-age / ENGAGEMENT_HALF_LIFE_DAYS), event))
    counted.sort(key=lambda pair: pair[0], reverse=True)
    reasons: list[Reason] = []
    remaining = 1.0
    for probability, event in counted:
        points = remaining * probability
        remaining -= points
        days = (as_of - event.at).days
        when = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
        text = f"The contact {ENGAGEMENT_WEIGHTS[event.kind].label} ({when})."
        reasons.append(Reason(event.kind, text, points, (event.event_id,) if event.event_id else ()))
    for what, ids in sorted(left_out.items()):
        text = f"Not counted: {len(ids)} × {what.replace('_', ' ')}."
        reasons.append(Reason("not_counted", text, 0.0, tuple(i for i in ids if i)))
    if not counted:
        unknown = Reason("engagement_unknown", "Nothing a human did is known yet: silence is not disinterest.")
        return Scored(None, (unknown, *reasons), ENGAGEMENT_VERSION)
    return Scored(1.0 - remaining, tuple(reasons), ENGAGEMENT_VERSION)


# What a human's latest word asks for; the first kind found in this order of `_DECISIVE` wins on the same instant.
_ACTIONS: Mapping[EngagementKind, tuple[Action, str]] = {
    EngagementKind.REPLY_NEGATIVE: (Action.STOP, "The contact said no: stop writing."),
    EngagementKind.BOOKING: (Action.PREPARE_MEETING, "A meeting is booked: prepare it, and send nothing else."),
    EngagementKind.REPLY_POSITIVE: (Action.PROPOSE_SLOTS, "The contact is interested: propose times today."),
    EngagementKind.REPLY_NEUTRAL: (Action.ANSWER, "The contact wrote: a person answers before anything else is sent."),
    EngagementKind.MEETING_MISSED: (Action.REBOOK, "The meeting was missed: offer new times without reproach."),
    EngagementKind.MEETING_HELD: (Action.FOLLOW_UP, "You met: send what was promised."),
    EngagementKind.OUT_OF_OFFICE: (Action.WAIT, "The contact is away: go on after the return."),
}
_DECISIVE = tuple(_ACTIONS)


def next_best_action(events: Sequence[EngagementEvent], as_of: datetime) -> NextAction:
    """What to do now, from the latest decisive event. An opt-out outlasts whatever came before or after.

    Clicks alone never do more than shape a follow-up, and machine events nothing at all; a bounce and an
    out-of-office notice are machines' own words and are heeded whoever sent them.
    """
    past = [event for event in events if event.at <= as_of]
    if any(e.kind is EngagementKind.UNSUBSCRIBE for e in past):
        # An opt-out is obeyed whoever pressed the button: the law asks no more.
        return NextAction(Action.STOP, Reason("unsubscribed", "The contact opted out: nothing may be sent."))
    human = [e for e in past if e.actor is ActorClass.HUMAN or e.kind is EngagementKind.OUT_OF_OFFICE]
    decisive = [e for e in human if e.kind in _ACTIONS]
    if decisive:
        last = max(decisive, key=lambda e: (e.at, -_DECISIVE.index(e.kind)))
        action, text = _ACTIONS[last.kind]
        return NextAction(action, Reason(last.kind, text, 0.0, (last.event_id,) if last.event_id else ()))
    if bounced := [e for e in past if e.kind is EngagementKind.BOUNCE]:
        ids = tuple(e.event_id for e in bounced if e.event_id)
        return NextAction(Action.FIX_ADDRESS, Reason("bounce", "The address bounced: find another first.", 0.0, ids))
    engagement = score_engagement(past, as_of).value
    if engagement is not None and engagement >= WARM_FROM:
        level = "hot" if engagement >= HOT_FROM else "warm"
        text = f"Links were followed and attention is {level}: follow up on what was read."
        return NextAction(Action.FOLLOW_UP, Reason("attention", text))
    return NextAction(Action.WAIT, Reason("no_answer", "No human answer yet: the sequence goes on as planned."))
