"""Priority: the weighted mean of fit and intent over what is known, and the lead tier that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from scoring.criteria import CompiledIcp
from scoring.icp_model import TierBands
from scoring.rules import Effects, adjusted
from scoring.types import Reason, Scored

PRIORITY_VERSION = "priority-rules-3"  # 3: an ICP's own rules add, subtract, cap and disqualify

LOWEST_TIER = 4

# What a company of unknown intent counts as: about one fresh, modest hint. Zero would treat silence as refusal; left
# out of the mean, silence would rank above the strongest evidence.
UNKNOWN_INTENT = 0.3

NO_EFFECTS = Effects()


class Priority(NamedTuple):
    scored: Scored
    tier: int | None  # 1–4; None: neither fit nor intent is known, so nobody can say yet


def tier_of(value: float, bands: TierBands) -> int:
    """Half-open bands on the unrounded value: an edge belongs to the better tier."""
    if value >= bands.tier_1:
        return 1
    if value >= bands.tier_2:
        return 2
    if value >= bands.tier_3:
        return 3
    return LOWEST_TIER


def score_priority(
    fit: Scored,
    intent: Scored,
    icp: CompiledIcp,
    disqualifiers: tuple[Reason, ...] = (),
    effects: Effects = NO_EFFECTS,
) -> Priority:
    """Priority 0–1 and tier. Unknown intent counts as UNKNOWN_INTENT, unknown fit leaves intent to decide alone; the
    ICP's own rules move what is known and make nothing of what is not; a disqualifier is tier 4."""
    value, reasons = _mean(fit.value, intent.value, icp)
    if value is not None and effects.reasons:
        moved = adjusted(value, effects.points, effects.cap)
        reasons = (*reasons, *effects.reasons)
        if effects.cap is not None and (excess := moved - min(1.0, max(0.0, value + effects.points))):
            reasons = (*reasons, Reason("capped", f"A rule caps it at {effects.cap:g}.", excess))
        value = moved
    disqualifiers = (*disqualifiers, *effects.disqualifiers)
    if disqualifiers:
        return Priority(Scored(value, (*disqualifiers, *reasons), PRIORITY_VERSION), LOWEST_TIER)
    tier = None if value is None else tier_of(value, icp.bands)
    return Priority(Scored(value, reasons, PRIORITY_VERSION), tier)


def mean_of(fit: float | None, intent: float | None, icp: CompiledIcp) -> float | None:
    """The priority before the ICP's own rules, 0–1; None where what carries weight is unknown."""
    return _mean(fit, intent, icp)[0]


def _mean(fit: float | None, intent: float | None, icp: CompiledIcp) -> tuple[float | None, tuple[Reason, ...]]:
    weight_fit, weight_intent = icp.weight_fit, icp.weight_intent
    if fit is not None and weight_fit > 0:
        total = weight_fit + weight_intent
        counted = UNKNOWN_INTENT if intent is None else intent
        of_fit, of_intent = weight_fit * fit / total, weight_intent * counted / total
        reasons = [Reason("fit", f"Fit {fit:.2f} counts {weight_fit / total:.0%}.", of_fit)]
        if weight_intent > 0:
            reasons.append(_intent_reason(intent, of_intent, weight_intent / total))
        return of_fit + of_intent, tuple(reasons)
    if intent is not None and weight_intent > 0:
        return intent, (
            Reason("intent", f"Intent {intent:.2f} decides alone.", intent),
            Reason("fit_unknown", "Fit is unknown, which is not zero: it is left out of the mean."),
        )
    return None, (Reason("priority_unknown", "What carries weight is unknown: learn more about the company first."),)


def _intent_reason(intent: float | None, points: float, share: float) -> Reason:
    if intent is None:
        text = f"Intent is unknown, which is not zero: counted as {UNKNOWN_INTENT:.2f}, at {share:.0%}."
        return Reason("intent_unknown", text, points)
    return Reason("intent", f"Intent {intent:.2f} counts {share:.0%}.", points)


@dataclass(frozen=True, slots=True)
class RankedLead:
    """A lead with its tier, for the weekly capacity of a rep. `band_tier` is what the bands alone say."""

    lead_id: str
    priority: float | None
    tier: int | None
    newest_intent_at: datetime | None = None
    band_tier: int | None = None  # filled by apply_capacity
    reasons: tuple[Reason, ...] = ()


def rank(leads: Sequence[RankedLead]) -> list[RankedLead]:
    """Best first: tier, then priority, then the newest intent, then the id, so that the order is total."""

    def key(lead: RankedLead) -> tuple[int, float, float, str]:
        tier = LOWEST_TIER + 1 if lead.tier is None else lead.tier
        priority = -1.0 if lead.priority is None else lead.priority
        newest = lead.newest_intent_at.timestamp() if lead.newest_intent_at else float("-inf")
        return (tier, -priority, -newest, lead.lead_id)

    return sorted(leads, key=key)


def apply_capacity(ranked: Sequence[RankedLead], capacity: dict[int, int]) -> list[RankedLead]:
    """Demote, visibly, what a week cannot hold: `capacity` is leads a tier (a tier not named is unbounded).

    Overflow of a tier moves one tier down and competes there; nothing is ever promoted, and tier 4 is unbounded.
    Raises ValueError for a negative capacity.
    """
    for tier, seats in capacity.items():
        if seats < 0 or not 1 <= tier < LOWEST_TIER:
            raise ValueError(f"Capacity is a number of leads, 0 or more, for tiers 1 to 3; got tier {tier}: {seats}.")
    waiting = [replace(lead, band_tier=lead.tier) for lead in rank(ranked)]
    for tier in range(1, LOWEST_TIER):
        if tier not in capacity:
            continue
        seats = capacity[tier]
        held = rank([lead for lead in waiting if lead.tier == tier])
        overflow = {lead.lead_id for lead in held[seats:]}
        waiting = [_demoted(lead, seats) if lead.lead_id in overflow else lead for lead in waiting]
    return rank(waiting)


def _demoted(lead: RankedLead, seats: int) -> RankedLead:
    if lead.tier is None:
        return lead
    text = f"Tier {lead.tier} is full this week ({seats} leads), so this one waits in tier {lead.tier + 1}."
    return replace(lead, tier=lead.tier + 1, reasons=(*lead.reasons, Reason("capacity_demotion", text)))
