"""How far scores were from the truth: rank quality, calibration and what a fixed capacity would have caught."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`auc` is the chance that a random positive outranks a random negative (0.5: no better than a coin);
    `brier` the mean squared error of the value as a probability (lower is better); `base_rate` the share of
    positives, and `precision_at_capacity` the share among the highest-ranked `capacity`. None: nothing to measure."""

    subjects: int
    base_rate: float | None
    auc: float | None
    brier: float | None
    base_brier: float | None  # of always saying the base rate
    capacity: int
    precision_at_capacity: float | None


def measure(scored: Sequence[tuple[float, bool]], capacity: int) -> Accuracy:
    """`scored`: (value 0–1, what was really so)."""
    total = len(scored)
    positives = sum(1 for _, truth in scored if truth)
    if total == 0:
        return Accuracy(0, None, None, None, None, capacity, None)
    base = positives / total
    top = sorted(scored, key=lambda pair: -pair[0])[:capacity]
    return Accuracy(
        subjects=total,
        base_rate=base,
        auc=_auc(scored, positives),
        brier=sum((value - truth) ** 2 for value, truth in scored) / total,
        base_brier=base * (1 - base),
        capacity=capacity,
        precision_at_capacity=sum(truth for _, truth in top) / len(top) if top else None,
    )


def _auc(scored: Sequence[tuple[float, bool]], positives: int) -> float | None:
    """Mann–Whitney U over the pairs, ties counted half."""
    negatives = len(scored) - positives
    if not positives or not negatives:
        return None
    ordered = sorted(scored, key=lambda pair: pair[0])
    rank_sum, index = 0.0, 0
    while index < len(ordered):
        end = index
        while end < len(ordered) and ordered[end][0] == ordered[index][0]:
            end += 1
        mean_rank = (index + 1 + end) / 2
        rank_sum += mean_rank * sum(1 for _, truth in ordered[index:end] if truth)
        index = end
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)
