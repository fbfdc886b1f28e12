"""Match weights from unlabelled pairs: the model of Fellegi and Sunter (1969), its parameters by EM (Winkler 1988).

A pair is a row of levels, one a field: -1 where either side says nothing, 0 where they disagree, 1, 2, … the better
they agree. Given that a pair is a match (m) or is not (u), the fields are independent, and a missing one says nothing:

    ln odds = ln(λ / (1 - λ)) + Σ ln(m[field, level] / u[field, level]) + Σ ln(u[field, top] / frequency(value))

The last sum is the term-frequency adjustment of exact agreement: two who share "Zbigniew" are more likely one person
than two who share "John".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int8]  # pairs × fields
Floats = NDArray[np.float64]

_ROUNDS = 60
_SETTLED = 1e-5  # change of λ and of m between two rounds
_PSEUDO = 1.0  # pairs that each level has before any is seen: nothing is impossible
_LIMIT = 12.0  # nats: what one field may say for or against


@dataclass(frozen=True, slots=True)
class Model:
    """λ: the share of matches among all pairs. m, u: a row a field, padded with zeros."""

    prior: float
    m: tuple[tuple[float, ...], ...]
    u: tuple[tuple[float, ...], ...]

    def weights(self, field: int) -> Floats:
        """ln(m / u) by level, in nats."""
        m, u = np.asarray(self.m[field]), np.asarray(self.u[field])
        clipped: Floats = np.clip(np.log(m / u), -_LIMIT, _LIMIT)
        return clipped


def level_shares(levels: Levels, counts: Sequence[int], weight: Floats | None = None) -> list[Floats]:
    """The share of each level in each field, of the pairs where both sides say something. `counts`: levels a field."""
    shares = []
    for field, count in enumerate(counts):
        seen = levels[:, field] >= 0
        chosen = None if weight is None else weight[seen]
        found = np.bincount(levels[seen, field], weights=chosen, minlength=count).astype(float) + _PSEUDO / count
        shares.append(found / found.sum())
    return shares


def fit(levels: Levels, random_levels: Levels, counts: Sequence[int], *, all_pairs: int) -> Model:
    """EM over all pairs, of which blocking left the candidates: the others are no matches. u is what pairs drawn at
    random show (some 100,000 rows of `random_levels`), which hardly ever match; m and λ are estimated.

    Were λ the share among the candidates, it would run to 1: blocked pairs agree more than random ones, match or not.
    Raises ValueError without a pair.
    """
    if not len(levels) or not len(random_levels):
        raise ValueError("There is no pair to learn from.")
    patterns, seen = _patterns(levels, counts)
    u = level_shares(random_levels, counts)
    m = [_rising(count) for count in counts]
    share = 0.1 * seen.sum() / all_pairs
    for _ in range(_ROUNDS):
        odds = np.log(share / (1 - share)) + _sum_of_weights(patterns, m, u)
        match = 1 / (1 + np.exp(-odds))
        after = level_shares(patterns, counts, match * seen)
        before, share = share, float(np.clip((match * seen).sum() / all_pairs, 1e-12, 0.5))
        moved = max(float(np.abs(a - b).max()) for a, b in zip(after, m, strict=True))
        m = after
        if abs(share - before) < _SETTLED * share and moved < _SETTLED:
            break
    return Model(share, tuple(map(tuple, m)), tuple(map(tuple, u)))


def log_odds(model: Model, levels: Levels) -> Floats:
    """ln odds of each pair, before the term-frequency adjustment."""
    odds = np.full(len(levels), np.log(model.prior / (1 - model.prior)))
    for field in range(levels.shape[1]):
        weights = np.append(model.weights(field), 0.0)  # -1, missing, takes the last: 0
        odds += weights[levels[:, field]]
    return odds


def probability(odds: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
    return result


def _rising(count: int) -> Floats:
    """Where EM starts: matches mostly agree."""
    start = np.full(count, 0.1 / max(1, count - 1))
    start[-1] = 0.9
    return start


def _patterns(levels: Levels, counts: Sequence[int]) -> tuple[Levels, Floats]:
    """The distinct rows, with how often each occurs: EM's cost is then that of the patterns, not of the pairs."""
    code = np.zeros(len(levels), dtype=np.int64)
    for field, count in enumerate(counts):
        code = code * (count + 1) + (levels[:, field].astype(np.int64) + 1)
    _, first, seen = np.unique(code, return_index=True, return_counts=True)
    return levels[first], seen.astype(float)


def _sum_of_weights(levels: Levels, m: Sequence[Floats], u: Sequence[Floats]) -> Floats:
    total = np.zeros(len(levels))
    for field in range(levels.shape[1]):
        weights = np.append(np.clip(np.log(m[field] / u[field]), -_LIMIT, _LIMIT), 0.0)
        total += weights[levels[:, field]]
    return total
