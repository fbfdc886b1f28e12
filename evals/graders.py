"""Graders: code, no judge. Each says whether a case passed, and in words why not."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grade:
    name: str
    passed: bool
    detail: str = ""


def equals(name: str, got: object, expected: object) -> Grade:
    return Grade(name, got == expected, "" if got == expected else f"got {got!r}, expected {expected!r}")


def one_of(name: str, got: object, allowed: Sequence[object]) -> Grade:
    return Grade(name, got in allowed, "" if got in allowed else f"got {got!r}, allowed are {list(allowed)!r}")


def within(name: str, got: float | None, expected: float | None, tolerance: float) -> Grade:
    """Equal to within `tolerance`; None equals only None."""
    if got is None or expected is None:
        return equals(name, got, expected)
    near = abs(got - expected) <= tolerance
    return Grade(name, near, "" if near else f"got {got:.4f}, expected {expected:.4f} ± {tolerance}")


def at_most(name: str, got: float, limit: float) -> Grade:
    return Grade(name, got <= limit, "" if got <= limit else f"got {got:g}, the limit is {limit:g}")


def none_of(name: str, found: Iterable[str]) -> Grade:
    """Passes when nothing was found."""
    listed = sorted(found)
    return Grade(name, not listed, "; ".join(listed))


def macro_f1(pairs: Iterable[tuple[str, str]]) -> float:
    """Mean of the classes' F1 over (truth, got), for the classes that occur in the truth. 0–1."""
    counted = Counter(pairs)
    classes = sorted({truth for truth, _ in counted})
    if not classes:
        return 0.0
    return sum(_f1(counted, label) for label in classes) / len(classes)


def _f1(counted: Counter[tuple[str, str]], label: str) -> float:
    hit = counted[label, label]
    missed = sum(n for (truth, got), n in counted.items() if truth == label and got != label)
    wrong = sum(n for (truth, got), n in counted.items() if truth != label and got == label)
    return 2 * hit / (2 * hit + missed + wrong) if hit else 0.0


def share(values: Iterable[bool], where: Callable[[bool], bool] = bool) -> float:
    listed = list(values)
    return sum(1 for value in listed if where(value)) / len(listed) if listed else 0.0
