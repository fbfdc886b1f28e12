"""What a suite is: cases in, an output and grades out, figures over all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evals.case import Case, Split
from evals.graders import Grade


@dataclass(frozen=True, slots=True)
class Result:
    """`output` is JSON: what a baseline keeps, so that a change of behaviour shows even where grades still pass."""

    case: Case
    output: Mapping[str, Any]
    grades: Sequence[Grade]

    @property
    def passed(self) -> bool:
        return all(grade.passed for grade in self.grades)

    @property
    def problems(self) -> str:
        return "; ".join(f"{grade.name}: {grade.detail}" for grade in self.grades if not grade.passed)


class Suite(Protocol):
    name: str

    def run(self, case: Case) -> Result: ...

    def figures(self, results: Sequence[Result]) -> Mapping[str, float]:
        """Named figures over the results, higher is better, 0–1. A fall below the baseline's is a regression."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    suite: str
    results: Sequence[Result]
    figures: Mapping[str, float]
    by_split: Mapping[Split, tuple[int, int]] = field(default_factory=dict)  # (passed, all)


def run_suite(suite: Suite, cases: Sequence[Case]) -> Report:
    results = [suite.run(case) for case in cases]
    splits = {
        split: (
            sum(r.passed for r in results if r.case.split is split),
            sum(1 for r in results if r.case.split is split),
        )
        for split in Split
    }
    passed = sum(r.passed for r in results) / len(results) if results else 0.0
    figures = {"passed": passed, **suite.figures(results)}
    return Report(suite.name, results, {name: round(value, 4) for name, value in figures.items()}, splits)
