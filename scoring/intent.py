"""Intent: how likely a company is to be looking now, from dated signals that fade.

A signal of weight w, strength s and age a days with half-life h is worth p = w·s·2^(-a/h). Independent hints
combine by noisy-or, 1 - ∏(1 - p) (Pearl 1988, §4.3.2): each one adds, none ever lowers, and the sum stays under 1.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import exp2
from types import MappingProxyType
from typing import NamedTuple

from scoring.types import Reason, Scored, Signal, require_aware

INTENT_VERSION = "intent-rules-1"

SECONDS_PER_DAY = 86_400.0

# Below this a signal is noise to a reader; it still counts, but in one summed line.
MIN_POINTS_SHOWN = 0.005


class SignalKind(NamedTuple):
    half_life_days: float
    weight: float  # what one fresh, plain signal is worth alone: below 1, since no hint is proof
    label: str
    why: str  # for this half-life


# Set by judgement from how long each event keeps shaping a budget or a search; learned values arrive as new versions.
SIGNAL_KINDS: Mapping[str, SignalKind] = MappingProxyType(
    {
        "demo_request": SignalKind(
            14, 0.90, "asked for a demo", "who asks and hears nothing has bought elsewhere in weeks"
        ),
        "trial_started": SignalKind(14, 0.80, "started a trial", "a trial is decided while it runs"),
        "tender": SignalKind(30, 0.80, "published a tender", "tenders close in about a month"),
        "pricing_page_visit": SignalKind(7, 0.50, "looked at pricing", "a comparison is made within days"),
        "review_site_visit": SignalKind(14, 0.45, "compared products on a review site", "a shortlist lives for weeks"),
        "contract_expiry": SignalKind(60, 0.50, "has a competing contract that ends", "notice periods are one quarter"),
        "content_download": SignalKind(
            21, 0.25, "downloaded our material", "reading leads to a call within the month, or not"
        ),
        "event_attended": SignalKind(30, 0.25, "came to an event", "the memory of an event lasts about a month"),
        "website_visit": SignalKind(7, 0.15, "visited our site", "one visit is idle curiosity a week later"),
        "funding": SignalKind(90, 0.45, "raised money", "a round is planned into spending over two quarters"),
        "hiring": SignalKind(45, 0.35, "is hiring for related roles", "vacancies are open about six weeks"),
        "leadership_change": SignalKind(
            90, 0.40, "has a new leader", "new leaders review their tools in their first half year"
        ),
        "headcount_growth": SignalKind(120, 0.25, "is growing its headcount", "growth strains processes for quarters"),
        "expansion": SignalKind(120, 0.30, "opened a site or market", "a new site is equipped over half a year"),
        "product_launch": SignalKind(60, 0.20, "launched a product", "launch campaigns run for two months"),
        "acquisition": SignalKind(180, 0.25, "acquired a company", "integration takes a year"),
        "technology_added": SignalKind(
            90, 0.30, "adopted a related technology", "neighbouring tools follow within two quarters"
        ),
        "technology_removed": SignalKind(
            60, 0.35, "dropped a competing technology", "the gap is filled within a quarter"
        ),
        "pricing_page_changed": SignalKind(
            30, 0.15, "changed its own pricing", "a go-to-market change is fresh for a month"
        ),
        "news": SignalKind(30, 0.10, "was in the news", "news is old after a month"),
    }
)
HALF_LIFE_DAYS: Mapping[str, float] = MappingProxyType({k: v.half_life_days for k, v in SIGNAL_KINDS.items()})

_LOOK_FOR = Reason(
    "intent_unknown",
    "No intent signal is known yet. Look for job adverts, a funding round, a new leader or visits to the pricing page.",
)


def signal_probability(signal: Signal, as_of: datetime) -> float | None:
    """w·s·2^(-age/h) in 0–1; None for a kind we do not know or a signal dated after `as_of`."""
    kind = SIGNAL_KINDS.get(signal.kind)
    if kind is None:
        return None
    age = (as_of - signal.observed_at).total_seconds() / SECONDS_PER_DAY
    if age < 0.0:
        return None
    strength = signal.strength
    strength = 0.0 if strength < 0.0 else 1.0 if strength > 1.0 else strength
    return kind.weight * strength * exp2(-age / kind.half_life_days)


def score_intent(signals: Sequence[Signal] | None, as_of: datetime) -> Scored:
    """Intent 0–1 as of an instant. None and empty give None, with what to look for.

    Points are the marginal gain of each signal, strongest first, so they sum to the value.
    Raises ValueError for a naive `as_of`.
    """
    require_aware(as_of, "as_of")
    if not signals:
        return Scored(None, (_LOOK_FOR,), INTENT_VERSION)
    counted: list[tuple[float, Signal]] = []
    uncounted: list[Reason] = []
    for signal in signals:
        probability = signal_probability(signal, as_of)
        if probability is not None:
            counted.append((probability, signal))
            continue
        facts = (signal.fact_id,) if signal.fact_id else ()
        if signal.kind in SIGNAL_KINDS:
            text = f"A signal dated {signal.observed_at:%d %b %Y} lies in the future and is not counted."
            uncounted.append(Reason("signal_in_future", text, 0.0, facts))
        else:
            text = f"Signals of kind '{signal.kind}' are not known to the rules and are not counted."
            uncounted.append(Reason("signal_kind_unknown", text, 0.0, facts))
    if not counted:
        return Scored(None, (_LOOK_FOR, *uncounted), INTENT_VERSION)
    if len(counted) > 1:
        counted.sort(key=_by_probability, reverse=True)
    reasons: list[Reason] = []
    remaining, minor, minor_count, minor_facts = 1.0, 0.0, 0, []
    for probability, signal in counted:
        points = remaining * probability
        remaining -= points
        if points < MIN_POINTS_SHOWN:
            minor += points
            minor_count += 1
            if signal.fact_id:
                minor_facts.append(signal.fact_id)
            continue
        age = (as_of - signal.observed_at).days
        when = "today" if age == 0 else "yesterday" if age == 1 else f"{age} days ago"
        text = f"The company {SIGNAL_KINDS[signal.kind].label} ({when})."
        reasons.append(Reason(signal.kind, text, points, (signal.fact_id,) if signal.fact_id else ()))
    if minor_count:
        text = f"{minor_count} faded or weak signal{'s' if minor_count > 1 else ''} add almost nothing."
        reasons.append(Reason("faded_signals", text, minor, tuple(minor_facts)))
    return Scored(1.0 - remaining, (*reasons, *uncounted), INTENT_VERSION)


def _by_probability(pair: tuple[float, Signal]) -> float:
    return pair[0]
