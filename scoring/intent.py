"""Intent: how likely a company is to be looking now, from dated signals that fade.

A signal of weight w, strength s and age a days with half-life h is worth p = w·s·r·2^(-a/h); r is 1 but for job
adverts, whose title says whether it is sales that grows. Independent hints combine by noisy-or, 1 - ∏(1 - p) (Pearl
1988, §4.3.2): each one adds, none ever lowers, and the sum stays under 1. Several signals of one kind are not
independent (ten adverts are one decision to grow), so the n-th strongest of a kind counts for SAME_KIND^(n-1) of its p.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import exp2
from types import MappingProxyType
from typing import NamedTuple

from scoring.titles import read_title
from scoring.types import Department, Reason, Scored, Signal, require_aware

# 2: the second signal of a kind counts for less, and sales vacancies for more. 3: a changed product page is no news.
INTENT_VERSION = "intent-rules-3"

SECONDS_PER_DAY = 86_400.0

# Below this a signal is noise to a reader; it still counts, but in one summed line.
MIN_POINTS_SHOWN = 0.005

# The second of a kind says half as much that is new, the third a quarter: all adverts of a company together are worth
# less than twice the best of them.
SAME_KIND = 0.5

# Sales hiring is the plainest sign of money for what helps to sell; another department's growth says little of it.
SALES_ROLE, OTHER_ROLE = 1.4, 0.5
_SALES = frozenset({Department.SALES, Department.BUSINESS_DEVELOPMENT, Department.MARKETING})
# A longer quote is prose, not the title of an advert.
_LONGEST_TITLE = 120


class SignalKind(NamedTuple):
    half_life_days: float
    weight: float  # what one fresh, plain signal is worth alone: below 1, since no hint is proof
    label: str
    why: str  # for this half-life
    source: str = ""  # what kind of source sells or shows it; empty: only our own pages and forms know


# Set by judgement from how long each event keeps shaping a budget or a search; learned values arrive as new versions.
SIGNAL_KINDS: Mapping[str, SignalKind] = MappingProxyType(
    {
        "demo_request": SignalKind(
            14, 0.90, "asked for a demo", "who asks and hears nothing has bought elsewhere in weeks"
        ),
        "trial_started": SignalKind(14, 0.80, "started a trial", "a trial is decided while it runs"),
        "tender": SignalKind(30, 0.80, "published a tender", "tenders close in about a month", "tender portals"),
        "pricing_page_visit": SignalKind(7, 0.50, "looked at pricing", "a comparison is made within days"),
        "review_site_visit": SignalKind(
            14,
            0.45,
            "compared products on a review site",
            "a shortlist lives for weeks",
            "a review site's buyer intent",
        ),
        "contract_expiry": SignalKind(
            60, 0.50, "has a competing contract that ends", "notice periods are one quarter", "install-base data"
        ),
        "content_download": SignalKind(
            21, 0.25, "downloaded our material", "reading leads to a call within the month, or not"
        ),
        "event_attended": SignalKind(30, 0.25, "came to an event", "the memory of an event lasts about a month"),
        "website_visit": SignalKind(7, 0.15, "visited our site", "one visit is idle curiosity a week later"),
        "funding": SignalKind(
            90,
            0.45,
            "raised money",
            "a round is planned into spending over two quarters",
            "company filings or a funding database",
        ),
        "hiring": SignalKind(
            45, 0.35, "is hiring for related roles", "vacancies are open about six weeks", "job boards"
        ),
        "leadership_change": SignalKind(
            90, 0.40, "has a new leader", "new leaders review their tools in their first half year", "news"
        ),
        "headcount_growth": SignalKind(
            120, 0.25, "is growing its headcount", "growth strains processes for quarters", "people data"
        ),
        "expansion": SignalKind(
            120, 0.30, "opened a site or market", "a new site is equipped over half a year", "news"
        ),
        "product_launch": SignalKind(60, 0.20, "launched a product", "launch campaigns run for two months", "news"),
        "acquisition": SignalKind(180, 0.25, "acquired a company", "integration takes a year", "news"),
        "technology_added": SignalKind(
            90,
            0.30,
            "adopted a related technology",
            "neighbouring tools follow within two quarters",
            "technology detection",
        ),
        "technology_removed": SignalKind(
            60, 0.35, "dropped a competing technology", "the gap is filled within a quarter", "technology detection"
        ),
        "pricing_page_changed": SignalKind(
            30, 0.15, "changed its own pricing", "a go-to-market change is fresh for a month", "page changes"
        ),
        "partnership": SignalKind(60, 0.20, "entered a partnership", "joint offers take shape in a quarter", "news"),
        "competitor_review": SignalKind(
            45,
            0.40,
            "reviewed a competing product",
            "who writes down what is missing looks around soon",
            "review sites",
        ),
        "event": SignalKind(
            30, 0.15, "takes part in an event", "what an event starts is decided in the month after it", "event lists"
        ),
        "demo_page_changed": SignalKind(
            30, 0.15, "changed its demo page", "a new way of selling is fresh for a month", "page changes"
        ),
        "product_page_changed": SignalKind(
            45,
            0.12,
            "changed its product pages",
            "what is sold anew is brought to market for a quarter",
            "page changes",
        ),
        "news": SignalKind(30, 0.10, "was in the news", "news is old after a month", "news"),
    }
)
HALF_LIFE_DAYS: Mapping[str, float] = MappingProxyType({k: v.half_life_days for k, v in SIGNAL_KINDS.items()})
_NO_CHANGE: Mapping[str, float] = MappingProxyType({})


class Contribution(NamedTuple):
    """What one signal adds, with all that it was computed from. Points sum to the intent."""

    kind: str
    label: str
    age_days: float
    half_life_days: float
    strength: float  # 0–1, as the evidence says it
    role: float  # SALES_ROLE, OTHER_ROLE, or 1
    points: float
    quote: str  # tainted: shown, never obeyed
    url: str
    fact_id: str


class Ask(NamedTuple):
    """A kind of source that could tell, and which signals it would show."""

    source: str
    kinds: tuple[str, ...]
    worth: float  # 0–1: of its best signal, fresh


def what_to_buy(held: Collection[str] = ()) -> tuple[Ask, ...]:
    """Sources of the kinds of which nothing is held, the most telling first."""
    by_source: dict[str, list[str]] = {}
    for kind, of in SIGNAL_KINDS.items():
        if of.source and kind not in held:
            by_source.setdefault(of.source, []).append(kind)
    asks = [Ask(source, tuple(k), max(SIGNAL_KINDS[one].weight for one in k)) for source, k in by_source.items()]
    return tuple(sorted(asks, key=lambda ask: (-ask.worth, ask.source)))


def _look_for() -> Reason:
    asked = "; ".join(f"{ask.source} ({', '.join(ask.kinds).replace('_', ' ')})" for ask in what_to_buy())
    return Reason("intent_unknown", f"No intent signal is known yet. Look for it, the most telling first: {asked}.")


_LOOK_FOR = _look_for()


def role_factor(kind: str, quote: str) -> float:
    """For a job advert, by the department that its title names; 1 for all else, and where the title does not say."""
    if kind != "hiring" or not quote or len(quote) > _LONGEST_TITLE:
        return 1.0
    department = read_title(quote).department
    if department is None or department is Department.OTHER:
        return 1.0
    return SALES_ROLE if department in _SALES else OTHER_ROLE


def signal_probability(signal: Signal, as_of: datetime, half_lives: Mapping[str, float] = _NO_CHANGE) -> float | None:
    """w·s·r·2^(-age/h) in 0–1; None for a kind we do not know, an undated signal, or one dated after `as_of`."""
    kind = SIGNAL_KINDS.get(signal.kind)
    if kind is None or signal.observed_at is None:
        return None
    age = (as_of - signal.observed_at).total_seconds() / SECONDS_PER_DAY
    if age < 0.0:
        return None
    strength = signal.strength
    strength = 0.0 if strength < 0.0 else 1.0 if strength > 1.0 else strength
    half_life = half_lives.get(signal.kind, kind.half_life_days)
    return kind.weight * strength * role_factor(signal.kind, signal.quote) * exp2(-age / half_life)


def score_intent(
    signals: Sequence[Signal] | None, as_of: datetime, half_lives: Mapping[str, float] = _NO_CHANGE
) -> Scored:
    """Intent 0–1 as of an instant. None and empty give None, with what to buy.

    `half_lives`: days by kind, where an ICP says otherwise. Points are the marginal gain of each signal, strongest
    first, so they sum to the value. Raises ValueError for a naive `as_of`.
    """
    counted = contributions(signals, as_of, half_lives)
    uncounted = _flagged(signals or (), as_of)
    if not counted:
        return Scored(None, (_LOOK_FOR, *uncounted), INTENT_VERSION)
    reasons: list[Reason] = []
    minor, minor_count = 0.0, 0
    minor_facts: list[str] = []
    value = 0.0
    for one in counted:
        value += one.points
        facts = (one.fact_id,) if one.fact_id else ()
        if one.points < MIN_POINTS_SHOWN:
            minor += one.points
            minor_count += 1
            minor_facts += facts
            continue
        reasons.append(Reason(one.kind, _told(one), one.points, facts))
    if minor_count:
        text = f"{minor_count} faded or weak signal{'s' if minor_count > 1 else ''} add almost nothing."
        reasons.append(Reason("faded_signals", text, minor, tuple(minor_facts)))
    return Scored(min(1.0, value), (*reasons, *uncounted), INTENT_VERSION)


def contributions(
    signals: Sequence[Signal] | None, as_of: datetime, half_lives: Mapping[str, float] = _NO_CHANGE
) -> tuple[Contribution, ...]:
    """Of the signals that count, the strongest first. Raises ValueError for a naive `as_of`."""
    require_aware(as_of, "as_of")
    worth: list[tuple[float, Signal]] = []
    for signal in signals or ():
        probability = signal_probability(signal, as_of, half_lives)
        if probability is not None:
            worth.append((probability, signal))
    if len(worth) > 1:
        worth.sort(key=_by_probability, reverse=True)
        seen: dict[str, int] = {}
        for at, (probability, signal) in enumerate(worth):
            before = seen.get(signal.kind, 0)
            seen[signal.kind] = before + 1
            if before:
                worth[at] = (probability * SAME_KIND**before, signal)
        worth.sort(key=_by_probability, reverse=True)
    found, remaining = [], 1.0
    for probability, signal in worth:
        points = remaining * probability
        remaining -= points
        kind = SIGNAL_KINDS[signal.kind]
        assert signal.observed_at is not None
        found.append(
            Contribution(
                signal.kind,
                kind.label,
                (as_of - signal.observed_at).total_seconds() / SECONDS_PER_DAY,
                half_lives.get(signal.kind, kind.half_life_days),
                signal.strength,
                role_factor(signal.kind, signal.quote),
                points,
                signal.quote,
                signal.url,
                signal.fact_id,
            )
        )
    return tuple(found)


def _told(one: Contribution) -> str:
    days = int(one.age_days)
    when = "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"
    role = "" if one.role == 1.0 else ", a sales role" if one.role > 1.0 else ", not a sales role"
    strength = f", strength {min(1.0, max(0.0, one.strength)):.2f}" if one.strength < 1.0 else ""
    return f"The company {one.label} ({when}{role}{strength}; half-life {one.half_life_days:g} days)."


def _flagged(signals: Sequence[Signal], as_of: datetime) -> list[Reason]:
    """Those that are not counted, each with why."""
    found = []
    for signal in signals:
        facts = (signal.fact_id,) if signal.fact_id else ()
        if signal.kind not in SIGNAL_KINDS:
            text = f"Signals of kind '{signal.kind}' are not known to the rules and are not counted."
            found.append(Reason("signal_kind_unknown", text, 0.0, facts))
        elif signal.observed_at is None:
            text = f"A signal ({SIGNAL_KINDS[signal.kind].label}) has no date and is not counted: it may be years old."
            found.append(Reason("signal_undated", text, 0.0, facts))
        elif signal.observed_at > as_of:
            text = f"A signal dated {signal.observed_at:%d %b %Y} lies in the future and is not counted."
            found.append(Reason("signal_in_future", text, 0.0, facts))
    return found


def _by_probability(pair: tuple[float, Signal]) -> float:
    return pair[0]
