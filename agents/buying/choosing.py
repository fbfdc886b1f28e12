"""What is asked next of whom: every free provider at once, else the one paid offer of best expected value per price."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from agents.buying.sellers import ENRICH, Seller
from agents.buying.standing import Standing
from agents.policy import Policy
from scoring.criteria import CompiledIcp
from scoring.evidence_value import Component, Offer, Value, fill_chance, learn_beliefs, value_offers
from scoring.priority import LOWEST_TIER

MICROS = 1_000_000  # of one minor unit

SETTLED = "nothing more can change the tier"
DISQUALIFIED = "it is disqualified, whatever else is learned"
NOT_WORTH_IT = "what is left to ask is not worth its price"
NOBODY_LEFT = "everybody who could say more was asked"
CEILING = "the ceiling of one company is reached"
NO_MONEY = "the budget is spent"
SWITCHED_OFF = "buying is switched off"

# Before anybody was asked: how often an enricher says a field, and how often a company shows signs of intent at all.
_PRIOR_ENRICH, _PRIOR_SIGNALS = 0.5, 0.2

# Companies a round that a paid provider is asked about before it has a record here. With each round its record grows,
# and with it the next round's share: what disappoints has cost little.
EXPLORE = 10

Key = tuple[str, str, UUID]  # (provider, capability, company)
Rates = Mapping[str, Mapping[tuple[str, str], tuple[int, int]]]  # provider → (component, segment) → (asked, filled)


@dataclass(frozen=True, slots=True)
class Choice:
    row: int  # of the standing
    seller: Seller
    worth_per_price: float  # expected; infinite where it is free
    asked: tuple[str, ...]  # the unknown components that it can tell
    tier: int  # the likeliest one, before
    reason: str


@dataclass(frozen=True, slots=True)
class Choices:
    chosen: Sequence[Choice]  # the best first
    stops: Mapping[str, int]  # of the companies that nothing was chosen for: reason → how many


def value_of(
    standing: Standing,
    icp: CompiledIcp,
    components: Sequence[Component],
    sellers: Sequence[Seller],
    rates: Rates,
) -> Value:
    """The worth of each seller's answer for each company, from beliefs and rates learned so far."""
    shares = standing.answers.book.weights() | {component.name: component.share for component in components}
    offers = [
        Offer(seller.components, np.asarray(_fills(standing, components, seller, rates, shares))) for seller in sellers
    ]
    beliefs = learn_beliefs(components, standing.known)
    return value_offers(components, standing.known, beliefs, icp.bands, offers, standing.answers)


def _fills(
    standing: Standing, components: Sequence[Component], seller: Seller, rates: Rates, shares: Mapping[str, float]
) -> list[float]:
    """How likely the seller is to say what each company lacks, by what that weighs."""
    prior = _PRIOR_ENRICH if seller.capability == ENRICH else _PRIOR_SIGNALS
    record, fields = rates.get(seller.provider, {}), [question.field for question in standing.answers.book.questions]
    made: dict[tuple[str, frozenset[str]], float] = {}
    found = []
    for row, ref in enumerate(standing.refs):
        lacking = {one.name for one, lacks in zip(components, np.isnan(standing.known[row]), strict=True) if lacks}
        lacking |= {f for f, lacks in zip(fields, np.isnan(standing.answers.known[row]), strict=True) if lacks}
        told = frozenset(name for name in lacking & seller.components if shares.get(name, 0.0) > 0)
        key = (standing.segments[ref.company_id], told)
        if key not in made:
            fill = [shares[name] * fill_chance(record, name, key[0], prior=prior) for name in sorted(told)]
            made[key] = sum(fill) / sum(shares[name] for name in told) if told else 0.0
        found.append(made[key])
    return found


def choose(
    standing: Standing,
    value: Value,
    components: Sequence[Component],
    sellers: Sequence[Seller],
    policy: Policy,
    *,
    rates: Rates,
    now: datetime,
    tried: Collection[Key],
    able: Collection[str],
    broke: Collection[str],
) -> Choices:
    """`tried`: asked in this cohort already. `able`: providers that answer. `broke`: providers whose money is spent."""
    names = [component.name for component in components]
    ceiling = policy.company_data_ceiling_minor * MICROS
    chosen: list[Choice] = []
    stops: dict[str, int] = {}
    for row, ref in enumerate(standing.refs):
        unknown = {name for name, lacks in zip(names, np.isnan(standing.known[row]), strict=True) if lacks}
        unknown |= value.asks[row]
        tier = int(value.likeliest[row])
        open_ = [
            (number, seller)
            for number, seller in enumerate(sellers)
            if seller.provider in able
            and (seller.provider, seller.capability, ref.company_id) not in tried
            and standing.may_ask(seller, ref.company_id, now)
        ]
        gone = bool(value.disqualified[row])
        settled = gone or bool(standing.settled[row])
        # What is free may still give a draft something true to say; of a company that stays in the last tier, nothing.
        free = [s for _, s in open_ if s.price_micros == 0 and not (settled and tier == LOWEST_TIER)]
        if free:
            chosen += [
                Choice(row, s, float("inf"), tuple(sorted(s.components & unknown)), tier, "It is free.") for s in free
            ]
            continue
        if settled:
            _count(stops, DISQUALIFIED if gone else SETTLED)
            continue
        best, why = _best(row, ref.company_id, standing, value, open_, unknown, policy, ceiling, broke)
        if best is None:
            _count(stops, why)
            continue
        number, seller, ratio = best
        right, gain = value.chance_right[row], value.gains[row, number]
        reason = (
            f"Tier {tier} is right with {right:.0%}; {', '.join(sorted(seller.components & unknown))} would make it "
            f"{right + gain:.0%}, worth {ratio:.1f} times the price."
        )
        chosen.append(Choice(row, seller, ratio, tuple(sorted(seller.components & unknown)), tier, reason))
    chosen.sort(key=lambda c: (-c.worth_per_price, c.row, c.seller.provider))
    return Choices(_explored(chosen, rates), stops)


def _best(
    row: int,
    company_id: UUID,
    standing: Standing,
    value: Value,
    open_: Sequence[tuple[int, Seller]],
    unknown: Collection[str],
    policy: Policy,
    ceiling: int,
    broke: Collection[str],
) -> tuple[tuple[int, Seller, float] | None, str]:
    """The best paid offer for one company, or why there is none."""
    useful = [(number, seller) for number, seller in open_ if seller.components & set(unknown)]
    if not useful:
        return None, NOBODY_LEFT
    if not policy.buy_data:
        return None, SWITCHED_OFF
    left = ceiling - standing.spent.get(company_id, 0)
    affordable = [(number, seller) for number, seller in useful if seller.price_micros <= left]
    if not affordable:
        return None, CEILING
    worth = policy.right_tier_worth_minor * MICROS
    ratios = [float(value.gains[row, number]) * worth / seller.price_micros for number, seller in affordable]
    rated = [r for r in zip(ratios, affordable, strict=True) if r[0] >= 1.0]
    if not rated:
        return None, NOT_WORTH_IT
    payable = [r for r in rated if r[1][1].provider not in broke]
    if not payable:
        return None, NO_MONEY
    ratio, (number, seller) = max(payable, key=lambda r: (r[0], -r[1][0]))
    return (number, seller, ratio), ""


def _explored(chosen: Sequence[Choice], rates: Rates) -> list[Choice]:
    """The best of each paid provider, as many as its record allows; the others wait for the next round."""
    taken: dict[str, int] = {}
    kept = []
    for choice in chosen:
        provider = choice.seller.provider
        record = _record(rates.get(provider, {}))
        if choice.seller.price_micros == 0 or taken.get(provider, 0) < max(EXPLORE, record):
            taken[provider] = taken.get(provider, 0) + 1
            kept.append(choice)
    return kept


def _record(rates: Mapping[tuple[str, str], tuple[int, int]]) -> int:
    """How many companies a provider was asked about, by the component it was asked for most."""
    asked: dict[str, int] = {}
    for (name, _), (count, _) in rates.items():
        asked[name] = asked.get(name, 0) + count
    return max(asked.values(), default=0)


def _count(stops: dict[str, int], reason: str) -> None:
    stops[reason] = stops.get(reason, 0) + 1
