"""Scores against what happened: rates by tier with their intervals, and how well the order of priority was right.

Rates carry Wilson's interval (Wilson 1927, JASA 22), which stays in 0–1 and holds for few and rare outcomes. The order
is judged by average precision, the area under the precision-recall curve, beside the base rate that chance alone
reaches (Davis and Goadrich 2006). Too small a sample gives None with the reason, never a bare figure.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np

# Fewer leads than this say nothing about a rate: the interval spans most of what is possible.
MIN_LEADS = 20
# Fewer outcomes than this, and one mail more or less turns the order of two versions.
MIN_OUTCOMES = 10
# Two-sided 95 %.
Z = 1.959964
BINS = 5  # of equally many leads, for calibration


class Rate(NamedTuple):
    leads: int
    outcomes: int
    value: float | None  # outcomes / leads; None: too few
    low: float | None
    high: float | None
    reason: str  # why there is no value; else empty


class Bin(NamedTuple):
    """Leads of neighbouring priorities, and how often it happened to them."""

    priority_from: float
    priority_to: float
    priority_mean: float
    rate: Rate


class Order(NamedTuple):
    """How well a higher priority meant a likelier outcome."""

    average_precision: float | None
    base_rate: float | None  # what a random order reaches
    bins: tuple[Bin, ...]  # by priority, the lowest first; empty: too few
    rises: bool | None  # no bin's rate lies wholly below a lower bin's; None: too few
    reason: str


def rate(outcomes: int, leads: int) -> Rate:
    """Raises ValueError where more happened than there are leads."""
    if not 0 <= outcomes <= leads:
        raise ValueError(f"Outcomes must be between 0 and the leads ({leads}); got {outcomes}.")
    if leads < MIN_LEADS:
        return Rate(leads, outcomes, None, None, None, f"Only {leads} leads; at least {MIN_LEADS} say something.")
    low, high = wilson(outcomes, leads)
    return Rate(leads, outcomes, outcomes / leads, low, high, "")


def wilson(outcomes: int, leads: int) -> tuple[float, float]:
    """The 95 % score interval of a share, within 0–1. `leads` above 0."""
    share, spread = outcomes / leads, Z * Z / leads
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * sqrt(share * (1 - share) / leads + spread / (4 * leads))
    return max(0.0, middle - half), min(1.0, middle + half)


def average_precision(scores: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The sum of precision × gain in recall over the thresholds; leads of equal score are taken together.

    Raises ValueError where nothing happened: there is no recall then."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    sorted_scores, happened = np.asarray(scores, np.float64)[order], np.asarray(outcomes, np.bool_)[order]
    total = int(happened.sum())
    if total == 0:
        raise ValueError("Nothing happened: an average precision needs outcomes.")
    ends = np.flatnonzero(np.r_[sorted_scores[1:] != sorted_scores[:-1], True])
    hits = np.cumsum(happened)[ends]
    gained = np.diff(np.r_[0, hits]) / total
    return float(np.sum(gained * hits / (ends + 1)))


def judge_order(priorities: Sequence[float | None], outcomes: Sequence[bool]) -> Order:
    """Of the leads whose priority is known. Raises ValueError where the two differ in length."""
    known = [(value, bool(out)) for value, out in zip(priorities, outcomes, strict=True) if value is not None]
    happened = sum(out for _, out in known)
    if happened < MIN_OUTCOMES or len(known) - happened < MIN_OUTCOMES or len(known) < BINS * MIN_LEADS:
        reason = (
            f"{happened} outcomes among {len(known)} leads of known priority; needed are {BINS * MIN_LEADS} leads, "
            f"{MIN_OUTCOMES} with the outcome and {MIN_OUTCOMES} without."
        )
        return Order(None, None, (), None, reason)
    known.sort()
    edges = [len(known) * at // BINS for at in range(BINS + 1)]
    bins = []
    for start, end in pairwise(edges):
        part = known[start:end]
        values = [value for value, _ in part]
        bins.append(Bin(values[0], values[-1], sum(values) / len(values), rate(sum(out for _, out in part), len(part))))
    falls = any(
        upper.rate.high is not None and lower.rate.low is not None and upper.rate.high < lower.rate.low
        for at, lower in enumerate(bins)
        for upper in bins[at + 1 :]
    )
    precision = average_precision([value for value, _ in known], [out for _, out in known])
    return Order(precision, happened / len(known), tuple(bins), not falls, "")
