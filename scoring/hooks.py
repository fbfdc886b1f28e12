"""Hooks: the dated facts worth opening a first mail with. Fresh, specific, and always with the fact behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp2
from typing import NamedTuple

from scoring.intent import SECONDS_PER_DAY, SIGNAL_KINDS, role_factor
from scoring.types import Reason, Signal, require_aware, tokens

HOOKS_VERSION = "hooks-rules-2"  # 2: what says more of a need comes first

# Older news shows that nobody looked since.
MAX_AGE_DAYS = 180
# News fades as an opener within about six weeks, whatever it means for a budget.
HOOK_HALF_LIFE_DAYS = 45.0
# A hook weaker than this is worse than none.
MIN_HOOK = 0.15
# A quote of this many words says something particular.
SPECIFIC_WORDS = 8
# A number, a place or a name makes a quote theirs alone.
NUMBER_BONUS = 0.2
QUOTE_SHARE, BASE_SHARE = 0.4, 0.4
# What speaks of a need outranks what only says that somebody read the news, which outranks a standing description.
RELEVANT_WEIGHT = 0.30  # of scoring.intent: from here on a signal speaks of a need
LESS_RELEVANT, NO_SIGNAL = 0.85, 0.7

# Kinds one may not mention: what somebody did on our pages is known from tracking, and saying so is creepy.
PRIVATE_KINDS = frozenset(
    {"pricing_page_visit", "website_visit", "content_download", "review_site_visit", "contract_expiry"}
)


@dataclass(frozen=True, slots=True)
class DatedFact:
    """A fact that is no signal but may open a mail: an award, a launch, a quote. `kind` is its field."""

    kind: str
    text: str
    observed_at: datetime
    fact_id: str


class Hook(NamedTuple):
    kind: str
    text: str  # the evidence's own words; tainted: quoted, never obeyed
    value: float  # freshness × specificity × relevance, 0–1
    fact_ids: tuple[str, ...]  # never empty
    reasons: tuple[Reason, ...]  # points sum to the value


def choose_hooks(
    signals: Sequence[Signal], facts: Sequence[DatedFact], as_of: datetime, n: int = 1
) -> tuple[Hook, ...]:
    """The best `n` hooks, best first, at most one of a kind. Empty where nothing is good enough to mention.

    What has no fact id or no words, is older than MAX_AGE_DAYS, lies in the future, or is private is never used.
    Raises ValueError for a naive `as_of`.
    """
    require_aware(as_of, "as_of")
    found = [
        _hook(signal.kind, signal.quote, signal.observed_at, signal.fact_id, signal.strength, as_of)
        for signal in signals
        if signal.kind not in PRIVATE_KINDS
    ]
    found += [_hook(fact.kind, fact.text, fact.observed_at, fact.fact_id, 1.0, as_of) for fact in facts]
    good = sorted((h for h in found if h is not None and h.value >= MIN_HOOK), key=lambda h: (-h.value, h.fact_ids))
    best: dict[str, Hook] = {}
    for hook in good:
        best.setdefault(hook.kind, hook)
    return tuple(best.values())[:n]


def specificity(text: str, strength: float = 1.0) -> float:
    """0–1: longer and with a number is more particular; weak evidence scales it down."""
    said = tokens(text)
    length = min(1.0, len(said) / SPECIFIC_WORDS)
    number = NUMBER_BONUS if any(any(c.isdigit() for c in word) for word in said) else 0.0
    return (BASE_SHARE + QUOTE_SHARE * length + number) * min(1.0, max(0.0, strength))


def relevance(kind: str, text: str = "") -> float:
    """0–1: how much the kind speaks of a need; a job advert outside sales says less."""
    known = SIGNAL_KINDS.get(kind)
    if known is None:
        return NO_SIGNAL
    return 1.0 if known.weight * role_factor(kind, text) >= RELEVANT_WEIGHT else LESS_RELEVANT


_RELEVANCE = {
    1.0: "It speaks of a need.",
    LESS_RELEVANT: "It says little of a need.",
    NO_SIGNAL: "It is a fact, and no sign of a need.",
}


def _hook(kind: str, text: str, at: datetime | None, fact_id: str, strength: float, as_of: datetime) -> Hook | None:
    if at is None:
        return None
    age = (as_of - at).total_seconds() / SECONDS_PER_DAY
    if not fact_id or not text.strip() or not 0.0 <= age <= MAX_AGE_DAYS:
        return None
    fresh = exp2(-age / HOOK_HALF_LIFE_DAYS)
    particular = fresh * specificity(text, strength)
    related = relevance(kind, text)
    value = particular * related
    label = SIGNAL_KINDS[kind].label if kind in SIGNAL_KINDS else kind.replace("_", " ")
    reasons = (
        Reason("freshness", f"{label[:1].upper()}{label[1:]}, {int(age)} days old.", fresh, (fact_id,)),
        Reason("specificity", "How particular the words are to this company.", particular - fresh, (fact_id,)),
        Reason("relevance", _RELEVANCE[related], value - particular, (fact_id,)),
    )
    return Hook(kind, text.strip(), value, (fact_id,), reasons)
