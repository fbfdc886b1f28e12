"""The accepted baseline of a suite, and what differs from it: which cases changed, and which figures fell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.suite import Report

BASELINES = Path(__file__).parent / "baselines"
# Figures are rounded to four places; half a unit of the last one is noise of the rounding.
_NOISE = 0.00005


@dataclass(frozen=True, slots=True)
class Change:
    case_id: str
    kind: str  # new, gone, fixed, broken, changed
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    changes: tuple[Change, ...]
    fallen: tuple[str, ...]  # figures below the baseline's, in words
    has_baseline: bool

    @property
    def regressed(self) -> bool:
        return bool(self.fallen) or any(change.kind in ("broken", "gone") for change in self.changes)


def compare(report: Report, directory: Path = BASELINES) -> Comparison:
    path = directory / f"{report.suite}.json"
    if not path.is_file():
        return Comparison((), (), has_baseline=False)
    baseline = json.loads(path.read_text(encoding="utf-8"))
    old: Mapping[str, Any] = baseline["cases"]
    new = {result.case.id: result for result in report.results}
    changes: list[Change] = []
    for case_id in sorted(old.keys() | new.keys()):
        if case_id not in new:
            changes.append(Change(case_id, "gone", "the case is in the baseline, but was not run"))
        elif case_id not in old:
            changes.append(Change(case_id, "new", new[case_id].problems))
        elif old[case_id]["passed"] != new[case_id].passed:
            kind = "fixed" if new[case_id].passed else "broken"
            changes.append(Change(case_id, kind, new[case_id].problems))
        elif old[case_id]["output"] != _plain(new[case_id].output):
            changes.append(Change(case_id, "changed", _difference(old[case_id]["output"], _plain(new[case_id].output))))
    fallen = tuple(
        f"{name} fell from {value:.4f} to {report.figures.get(name, 0.0):.4f}"
        for name, value in baseline["figures"].items()
        if report.figures.get(name, 0.0) < value - _NOISE
    )
    return Comparison(tuple(changes), fallen, has_baseline=True)


def accept(report: Report, directory: Path = BASELINES) -> Path:
    """Makes the report the baseline. A person's decision: nothing calls it but `salesos eval accept`."""
    path = directory / f"{report.suite}.json"
    cases = {r.case.id: {"passed": r.passed, "output": _plain(r.output)} for r in report.results}
    document = {"suite": report.suite, "figures": dict(report.figures), "cases": cases}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    return "; ".join(f"{key}: {_short(old.get(key))} → {_short(new.get(key))}" for key in keys)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
