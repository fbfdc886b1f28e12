"""What it is worth to ask before a tier is given: expected value of (partly) perfect information, over many companies.

A company's priority is a sum of shares × component values (the criteria of fit, and intent). What is not known of a
component is a belief: a few values with chances, learned from companies of which it is known. The tier that is given
now is the likeliest one, and right with that chance; once an offer has told some components, the likeliest tier is
right more often. The difference, times the chance that the offer answers, is the gain (Howard, "Information value
theory", IEEE Transactions on Systems Science and Cybernetics 2(1), 1966). Components are taken as independent.

The ICP's own rules and exclusions move the sum, bound it or end it (scoring.evidence_rules): where one hangs on a field
that is not known, that field is worth an answer too, whether or not a criterion looks at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.criteria import CompiledIcp
from scoring.evidence_rules import Answers, Consequence
from scoring.icp_model import TierBands
from scoring.priority import LOWEST_TIER, UNKNOWN_INTENT
from scoring.rule_model import EffectKind

Floats = NDArray[np.float64]

INTENT = "intent"
# What a component can turn out to be. Three values each: finer ones change gains by less than beliefs are wrong.
_FIT_VALUES = (0.0, 0.5, 1.0)
_INTENT_VALUES = (UNKNOWN_INTENT, 0.6, 0.9)  # nothing found counts as UNKNOWN_INTENT
# Companies' worth of "anything is possible" mixed into every belief, so that three examples decide nothing.
_PRIOR_COMPANIES = 3.0
TIERS = 4
# Open questions that are reckoned with at once, those that move most first: each doubles the work.
_MOST_QUESTIONS = 4
_MOST_NUMBERS = 4_000_000  # held at once, by chunks of companies


class Component(NamedTuple):
    name: str  # "industry", "employees" …, INTENT
    share: float  # of the priority when all is known; the shares sum to 1


@dataclass(frozen=True, slots=True)
class Offer:
    """What one call for one company may tell."""

    components: frozenset[str]  # and fields of a company, for the questions of rules
    chances: Floats  # a company each: that it answers, 0–1


class Value(NamedTuple):
    """One row a company."""

    chance_right: Floats  # that the likeliest tier is the one that full knowledge would give
    likeliest: NDArray[np.int64]  # 1–4
    gains: Floats  # (companies, offers): by how much an offer is expected to raise chance_right
    asks: tuple[frozenset[str], ...]  # the fields that rules and exclusions still hang on
    disqualified: NDArray[np.bool_]  # known to be: no answer lifts the tier


def components_of(icp: CompiledIcp) -> list[Component]:
    """The components with a weight in this ICP, in a fixed order; empty where it asks for nothing."""
    want, weights = icp.definition, icp.definition.weights.criteria
    criteria = [
        ("industry", weights.industry, bool(want.industries)),
        ("employees", weights.employees, want.employees is not None),
        ("revenue", weights.revenue, want.revenue is not None),
        ("location", weights.location, bool(want.countries or want.regions)),
        ("technologies", weights.technologies, bool(want.technologies)),
        ("growth", weights.growth, bool(want.growth_signals)),
    ]
    asked = [(name, weight) for name, weight, wanted in criteria if wanted and weight > 0]
    total = sum(weight for _, weight in asked)
    fit = icp.weight_fit if total else 0.0
    both = fit + icp.weight_intent
    if both <= 0:
        return []
    found = [Component(name, fit / both * weight / total) for name, weight in asked if fit > 0]
    return [*found, Component(INTENT, icp.weight_intent / both)] if icp.weight_intent > 0 else found


def learn_beliefs(components: Sequence[Component], known: Floats) -> list[Floats]:
    """Chances of each component's values (see `values_of`), from the companies of which it is known.

    `known`: (companies, components), 0–1, NaN where unknown. Each belief sums to 1 and leaves every value possible.
    """
    beliefs = []
    for position, component in enumerate(components):
        values = np.asarray(values_of(component))
        seen = known[:, position]
        seen = seen[~np.isnan(seen)]
        nearest = np.abs(seen[:, None] - values[None, :]).argmin(axis=1)
        counts = np.bincount(nearest, minlength=len(values)) + _PRIOR_COMPANIES / len(values)
        beliefs.append(counts / counts.sum())
    return beliefs


def values_of(component: Component) -> tuple[float, ...]:
    return _INTENT_VALUES if component.name == INTENT else _FIT_VALUES


def value_offers(
    components: Sequence[Component],
    known: Floats,
    beliefs: Sequence[Floats],
    bands: TierBands,
    offers: Sequence[Offer],
    answers: Answers | None = None,
) -> Value:
    """The worth of each offer for each company. Companies that lack the same components are reckoned together.

    `known` as in `learn_beliefs`, `answers` with the same rows. Memory: 3 ** (unknown components) × 2 ** (open
    questions, four at most) numbers a company of a chunk.
    """
    rows = len(known)
    ruled = _Ruled(answers, rows)
    right, likeliest, gains = np.ones(rows), np.full(rows, TIERS, dtype=np.int64), np.zeros((rows, len(offers)))
    unknown = np.isnan(known)
    patterns: dict[tuple[bytes, bytes], list[int]] = {}
    for row in range(rows):
        if not ruled.gone[row]:
            patterns.setdefault((unknown[row].tobytes(), ruled.lacks[row].tobytes()), []).append(row)
    for members in patterns.values():
        missing = [position for position in range(len(components)) if unknown[members[0], position]]
        questions = ruled.open_questions(members[0])
        size = max(1, _MOST_NUMBERS // (TIERS * 3 ** len(missing) * 2 ** len(questions)))
        for start in range(0, len(members), size):
            group = np.asarray(members[start : start + size])
            chances = _tier_chances(components, known, group, missing, beliefs, bands, ruled, questions)
            now = chances.reshape(len(group), TIERS, -1).sum(axis=2)
            right[group], likeliest[group] = now.max(axis=1), now.argmax(axis=1) + 1
            names = [components[position].name for position in missing] + [ruled.field_of(q) for q in questions]
            for number, offer in enumerate(offers):
                told = [axis for axis, name in enumerate(names) if name in offer.components]
                if told:
                    after = _chance_right_after(chances, told)
                    gains[group, number] = offer.chances[group] * np.maximum(0.0, after - now.max(axis=1))
    asks = tuple(frozenset(ruled.field_of(q) for q in ruled.open_questions(row)) for row in range(rows))
    return Value(np.minimum(right, 1.0), likeliest, gains, asks, ruled.gone)


class _Ruled:
    """What rules and exclusions do for sure to each company, and which questions they still hang on."""

    def __init__(self, answers: Answers | None, rows: int) -> None:
        self._answers = answers
        self.points, self.caps, self.gone = np.zeros(rows), np.full(rows, np.inf), np.zeros(rows, dtype=np.bool_)
        self._open: list[tuple[Consequence, NDArray[np.bool_]]] = []  # may still follow, by company
        self.lacks = np.zeros((rows, len(answers.book.questions) if answers else 0), dtype=np.bool_)
        for consequence in answers.book.consequences if answers else ():
            asked = list(consequence.questions)
            said = answers.known[:, asked] if answers else np.zeros((rows, 0))
            sure, dead = (said == 1.0).all(axis=1), (said == 0.0).any(axis=1)
            kind, amount = consequence.effect.kind, consequence.effect.amount
            if kind is EffectKind.DISQUALIFY:
                self.gone |= sure
            elif kind is EffectKind.CAP:
                self.caps = np.where(sure, np.minimum(self.caps, amount), self.caps)
            else:
                self.points += sure * _signed(consequence)
            open_ = ~sure & ~dead
            if open_.any():
                self._open.append((consequence, open_))
                self.lacks[:, asked] |= open_[:, None] & np.isnan(said)
        self.lacks[self.gone] = False

    def open_questions(self, row: int) -> list[int]:
        """The few that move most, in a fixed order."""
        lacking = np.flatnonzero(self.lacks[row])
        if len(lacking) <= _MOST_QUESTIONS:
            return [int(one) for one in lacking]
        assert self._answers is not None
        weights = self._answers.book.weights()
        best = sorted(lacking, key=lambda q: (-weights[self.field_of(int(q))], q))
        return sorted(int(one) for one in best[:_MOST_QUESTIONS])

    def field_of(self, question: int) -> str:
        assert self._answers is not None
        return self._answers.book.questions[question].field

    def chance(self, question: int) -> float:
        assert self._answers is not None
        return float(self._answers.chances[question])

    def following(self, row: int, questions: Sequence[int]) -> list[tuple[Consequence, list[int]]]:
        """What may still follow for a company and those like it, each with the axes of the questions it hangs on."""
        found = []
        for consequence, open_ in self._open:
            hangs_on = [q for q in consequence.questions if self.lacks[row, q]]
            if open_[row] and all(q in questions for q in hangs_on):
                found.append((consequence, [questions.index(q) for q in hangs_on]))
        return found


def _signed(consequence: Consequence) -> float:
    effect = consequence.effect
    return effect.amount if effect.kind is EffectKind.ADD else -effect.amount


def _tier_chances(
    components: Sequence[Component],
    known: Floats,
    group: NDArray[np.int64],
    missing: Sequence[int],
    beliefs: Sequence[Floats],
    bands: TierBands,
    ruled: _Ruled,
    questions: Sequence[int],
) -> Floats:
    """(companies, tiers, values of the 1st missing, of the 2nd …, no and yes of the 1st question …): chances of
    combinations, at the tier each gives."""
    shares = np.asarray([component.share for component in components])
    shape = [len(values_of(components[position])) for position in missing] + [2] * len(questions)
    priority, chance = np.zeros(shape), np.ones(shape)
    for axis, position in enumerate(missing):
        priority = priority + _along(shape, axis, shares[position] * np.asarray(values_of(components[position])))
        chance = chance * _along(shape, axis, beliefs[position])
    for axis, question in enumerate(questions, start=len(missing)):
        chance = chance * _along(shape, axis, np.asarray([1.0 - ruled.chance(question), ruled.chance(question)]))
    points, cap, gone = np.zeros(shape), np.full(shape, np.inf), np.zeros(shape, dtype=np.bool_)
    for consequence, axes in ruled.following(int(group[0]), questions):
        follows = np.ones(shape, dtype=np.bool_)
        for axis in axes:
            follows = follows & _along(shape, axis + len(missing), np.asarray([False, True]))
        if consequence.effect.kind is EffectKind.DISQUALIFY:
            gone = gone | follows
        elif consequence.effect.kind is EffectKind.CAP:
            cap = np.where(follows, np.minimum(cap, consequence.effect.amount), cap)
        else:
            points = points + follows * _signed(consequence)
    each = (-1, *[1] * len(shape))
    total = (np.nan_to_num(known[group]) @ shares + ruled.points[group]).reshape(each) + (priority + points)[None]
    total = np.minimum(np.clip(total, 0.0, 1.0), np.minimum(ruled.caps[group].reshape(each), cap[None]))
    edges = (bands.tier_1, bands.tier_2, bands.tier_3)
    # An edge belongs to the better tier; sums of shares miss it by a rounding error.
    tier = sum((total < edge - 1e-9).astype(np.int8) for edge in edges)
    tier = np.where(gone[None], LOWEST_TIER - 1, tier)
    return np.stack([np.where(tier == number, chance[None], 0.0) for number in range(TIERS)], axis=1)


def _along(shape: Sequence[int], axis: int, values: NDArray[Any]) -> NDArray[Any]:
    """The values on one axis, for all of the others."""
    return values.reshape([size if place == axis else 1 for place, size in enumerate(shape)])


def _chance_right_after(chances: Floats, told: Sequence[int]) -> Floats:
    """Expected chance of the likeliest tier once the axes in `told` are known."""
    rest = tuple(axis + 2 for axis in range(chances.ndim - 2) if axis not in told)
    best: Floats = (chances.sum(axis=rest) if rest else chances).max(axis=1)
    told_sums: Floats = best.reshape(len(best), -1).sum(axis=1)
    return told_sums


def fill_chance(
    rates: Mapping[tuple[str, str], tuple[int, int]], field: str, segment: str, *, prior: float = 0.5
) -> float:
    """How likely a provider is to say a field of a company of a segment, 0–1, from what it said before.

    `rates`: (field, segment) → (asked, filled) of this provider. A segment that was seldom asked for leans on all
    segments, and those on `prior` (beta-binomial shrinkage; _SEGMENT_WEIGHT and _PRIOR_WEIGHT are companies asked for).
    """
    asked = sum(a for (name, _), (a, _) in rates.items() if name == field)
    filled = sum(f for (name, _), (_, f) in rates.items() if name == field)
    overall = (filled + _PRIOR_WEIGHT * prior) / (asked + _PRIOR_WEIGHT)
    here_asked, here_filled = rates.get((field, segment), (0, 0))
    return (here_filled + _SEGMENT_WEIGHT * overall) / (here_asked + _SEGMENT_WEIGHT)


_PRIOR_WEIGHT = 4.0
_SEGMENT_WEIGHT = 10.0
