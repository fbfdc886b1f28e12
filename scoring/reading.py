"""Reads plain mappings (of YAML or JSON) into typed values and collects all that is wrong, each with its path."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class IcpProblem:
    path: str  # "exclusions.countries[1]"
    message: str


class Reader:
    """Collects problems instead of stopping at the first; a bad part reads as its default."""

    def __init__(self) -> None:
        self.problems: list[IcpProblem] = []

    def problem(self, path: str, message: str) -> None:
        self.problems.append(IcpProblem(path or "(the ICP)", message))

    def section(self, raw: object, path: str, shape: type, *, top: bool = False) -> dict[str, Any]:
        """The known fields of a mapping; unknown ones become problems. Absent reads as empty."""
        if raw is None and not top:
            return {}
        if not isinstance(raw, Mapping):
            self.problem(path, f"must be a mapping of fields; got {kind_of(raw)}")
            return {}
        known = [field.name for field in fields(shape)]
        found: dict[str, Any] = {}
        for key, value in raw.items():
            if key in known:
                found[str(key)] = value
            else:
                at = f"{path}.{key}" if path else str(key)
                self.problem(at, f"unknown field{nearest(str(key), known)}")
        return found

    def many(self, raw: object, path: str, one: Callable[[object, str], V]) -> tuple[V, ...]:
        if raw is None:
            return ()
        if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Sequence):
            self.problem(path, f"must be a list; got {kind_of(raw)}")
            return ()
        return tuple(one(item, f"{path}[{index}]") for index, item in enumerate(raw))

    def text(self, raw: object, path: str) -> str:
        if not isinstance(raw, str):
            self.problem(path, f"must be text; got {kind_of(raw)}")
            return ""
        if not raw.strip():
            self.problem(path, "must not be empty")
        return raw.strip()

    def texts(self, raw: object, path: str) -> tuple[str, ...]:
        return self.many(raw, path, self.text)

    def whole(self, raw: object, path: str) -> int | None:
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int):
            self.problem(path, f"must be a whole number; got {kind_of(raw)}")
            return None
        if raw < 0:
            self.problem(path, f"must not be negative; got {raw}")
            return None
        return raw

    def number(self, raw: object, path: str, low: float, high: float = float("inf")) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            self.problem(path, f"must be a number; got {kind_of(raw)}")
            return low
        if not isfinite(raw) or not low <= raw <= high:
            limits = f"between {low:g} and {high:g}" if isfinite(high) else f"{low:g} or more"
            self.problem(path, f"must be {limits}; got {raw}")
            return low
        return float(raw)

    def choice(self, raw: object, path: str, enum: type[E], fallback: E) -> E:
        value = raw.strip().casefold() if isinstance(raw, str) else None
        if value is None or value not in list(enum):
            shown = raw if isinstance(raw, str) else kind_of(raw)
            self.problem(path, f"unknown {shown!r}{nearest(str(raw), list(enum))}")
            return fallback
        return enum(value)

    def ordered(self, low: int | None, high: int | None, path: str, low_name: str, high_name: str) -> None:
        if low is not None and high is not None and low > high:
            self.problem(path, f"is impossible: {low_name} {low} is above {high_name} {high}")
        if low is None and high is None and not any(p.path.startswith(f"{path}.") for p in self.problems):
            self.problem(path, f"is empty; give {low_name}, {high_name} or both, or leave it out")


def nearest(given: str, known: Iterable[str]) -> str:
    """What was perhaps meant, or all there is, as the end of a message."""
    names = [str(name) for name in known]
    close = get_close_matches(given.casefold(), names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


def kind_of(value: object) -> str:
    """A word for a value's type that a person who writes YAML knows."""
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
