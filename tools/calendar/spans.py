"""Sets of instants as sorted, disjoint, half-open spans."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tools.calendar.wall_clock import Span


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted and merged; spans that touch become one, and what holds no instant is left out."""
    merged: list[Span] = []
    for span in sorted(spans):
        if span.starts_at >= span.ends_at:
            continue
        if merged and span.starts_at <= merged[-1].ends_at:
            if span.ends_at > merged[-1].ends_at:
                merged[-1] = Span(merged[-1].starts_at, span.ends_at)
        else:
            merged.append(span)
    return merged


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """`spans` less `taken`; both as `union` leaves them."""
    left, at = [], 0
    for span in spans:
        start = span.starts_at
        while at < len(taken) and taken[at].ends_at <= start:
            at += 1
        number = at
        while number < len(taken) and taken[number].starts_at < span.ends_at:
            if taken[number].starts_at > start:
                left.append(Span(start, taken[number].starts_at))
            start = max(start, taken[number].ends_at)
            number += 1
        if start < span.ends_at:
            left.append(Span(start, span.ends_at))
    return left


def within(spans: Sequence[Span], since: datetime, until: datetime) -> list[Span]:
    """What of `spans` lies in [since, until)."""
    return [
        Span(max(span.starts_at, since), min(span.ends_at, until))
        for span in spans
        if span.starts_at < until and span.ends_at > since
    ]


def covers(spans: Sequence[Span], starts_at: datetime, ends_at: datetime) -> bool:
    """Whether one of `spans`, as `union` leaves them, holds all of [starts_at, ends_at)."""
    return any(span.starts_at <= starts_at and ends_at <= span.ends_at for span in spans)


def touches(spans: Iterable[Span], starts_at: datetime, ends_at: datetime) -> bool:
    """Whether any of `spans` has an instant of [starts_at, ends_at)."""
    return any(
        span.starts_at < ends_at and starts_at < span.ends_at and span.starts_at < span.ends_at for span in spans
    )
