"""Two answers about the same time, put together: it is free where neither takes it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from tools.ports.calendar import BusySpan


def besides(stated: Iterable[BusySpan], known: Sequence[BusySpan]) -> list[BusySpan]:
    """The parts of `stated` that no span of `known` covers. Less than a second is rounding, and none."""
    rest: list[BusySpan] = []
    covering = sorted(known, key=lambda span: span.starts_at)
    for span in stated:
        at = span.starts_at
        for other in covering:
            if other.ends_at <= at or other.starts_at >= span.ends_at:
                continue
            if other.starts_at > at:
                rest.append(replace(span, starts_at=at, ends_at=other.starts_at))
            at = max(at, other.ends_at)
        if at < span.ends_at:
            rest.append(replace(span, starts_at=at))
    return [span for span in rest if span.ends_at - span.starts_at >= timedelta(seconds=1)]
