"""Read an ICP from a mapping (of YAML or JSON, parsed elsewhere) and name everything wrong with it at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar

from scoring.icp_model import (
    DEFAULT_ROLES,
    CriterionWeights,
    EmployeeRange,
    Exclusions,
    IcpDefinition,
    IndustryWant,
    RevenueRange,
    TargetRole,
    TierBands,
    Weights,
)
from scoring.intent import HALF_LIFE_DAYS
from scoring.types import BuyingRole, Department, Seniority

__all__ = ["IcpDefinition", "IcpError", "IcpProblem", "parse_icp"]

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class IcpProblem:
    path: str  # "exclusions.countries[1]"
    message: str


class IcpError(ValueError):
    """An ICP that cannot be used; `problems` holds all of them, each with its path."""

    def __init__(self, problems: Sequence[IcpProblem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        lines = "\n".join(f"  {p.path}: {p.message}" for p in problems)
        super().__init__(f"The ICP has {count}:\n{lines}")


def parse_icp(mapping: Mapping[str, Any]) -> IcpDefinition:
    """The ICP that a mapping describes. Field names are those of `IcpDefinition`.

    An industry is a word or {name, synonyms}. Raises IcpError that names every unknown field, wrong type and
    impossible range, with its path and the nearest known name.
    """
    return _Reader().icp(mapping)


class _Reader:
    """Collects problems instead of stopping at the first; a bad part reads as its default."""

    def __init__(self) -> None:
        self.problems: list[IcpProblem] = []

    def icp(self, raw: object) -> IcpDefinition:
        data = self.section(raw, "", IcpDefinition, top=True)
        name = self.text(data.get("name"), "name") if "name" in data else ""
        if "name" not in data:
            self.problem("name", "is missing; every ICP has a name")
        icp = IcpDefinition(
            name=name,
            industries=self.industries(data.get("industries")),
            employees=self.employees(data["employees"]) if data.get("employees") is not None else None,
            revenue=self.revenue(data["revenue"]) if data.get("revenue") is not None else None,
            countries=self.countries(data.get("countries"), "countries"),
            regions=self.texts(data.get("regions"), "regions"),
            technologies=self.texts(data.get("technologies"), "technologies"),
            growth_signals=self.growth_signals(data.get("growth_signals")),
            exclusions=self.exclusions(data.get("exclusions")),
            roles=self.roles(data["roles"]) if data.get("roles") is not None else DEFAULT_ROLES,
            weights=self.weights(data.get("weights")),
            bands=self.bands(data.get("bands")),
        )
        if self.problems:
            raise IcpError(self.problems)
        return icp

    # ------------------------------------------------------------------------------------------ sections

    def industries(self, raw: object) -> tuple[IndustryWant, ...]:
        def one(item: object, path: str) -> IndustryWant:
            if isinstance(item, Mapping):
                data = self.section(item, path, IndustryWant)
                name = self.text(data.get("name"), f"{path}.name")
                return IndustryWant(name, self.texts(data.get("synonyms"), f"{path}.synonyms"))
            return IndustryWant(self.text(item, path))

        return self.many(raw, "industries", one)

    def employees(self, raw: object) -> EmployeeRange:
        data = self.section(raw, "employees", EmployeeRange)
        low, high = self.whole(data.get("min"), "employees.min"), self.whole(data.get("max"), "employees.max")
        self.ordered(low, high, "employees", "min", "max")
        return EmployeeRange(low, high)

    def revenue(self, raw: object) -> RevenueRange:
        data = self.section(raw, "revenue", RevenueRange)
        low = self.whole(data.get("min_minor"), "revenue.min_minor")
        high = self.whole(data.get("max_minor"), "revenue.max_minor")
        self.ordered(low, high, "revenue", "min_minor", "max_minor")
        currency = self.text(data.get("currency", "EUR"), "revenue.currency").upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            self.problem("revenue.currency", f"{currency!r} is not an ISO 4217 code such as EUR")
        return RevenueRange(low, high, currency)

    def exclusions(self, raw: object) -> Exclusions:
        data = self.section(raw, "exclusions", Exclusions)

        def read(name: str) -> tuple[str, ...]:
            return self.texts(data.get(name), f"exclusions.{name}")

        return Exclusions(
            industries=read("industries"),
            countries=self.countries(data.get("countries"), "exclusions.countries"),
            domains=tuple(domain.lower() for domain in read("domains")),
            name_words=read("name_words"),
            technologies=read("technologies"),
            statuses=read("statuses") if data.get("statuses") is not None else Exclusions().statuses,
        )

    def roles(self, raw: object) -> tuple[TargetRole, ...]:
        def one(item: object, path: str) -> TargetRole:
            data = self.section(item, path, TargetRole)
            if isinstance(item, Mapping) and "role" not in data:
                self.problem(f"{path}.role", f"is missing; known: {', '.join(BuyingRole)}")
            role = self.choice(data.get("role", BuyingRole.USER), f"{path}.role", BuyingRole, BuyingRole.USER)

            def department(value: object, at: str) -> Department:
                return self.choice(value, at, Department, Department.OTHER)

            return TargetRole(
                role,
                self.many(data.get("departments"), f"{path}.departments", department),
                self.choice(
                    data.get("min_seniority", Seniority.MANAGER), f"{path}.min_seniority", Seniority, Seniority.MANAGER
                ),
                self.number(data.get("weight", 1.0), f"{path}.weight", 0.0, 1.0),
            )

        found = self.many(raw, "roles", one)
        if isinstance(raw, Sequence) and not isinstance(raw, str) and not raw:
            self.problem("roles", "is empty; name at least one, or leave it out for the default buying committee")
        return found

    def weights(self, raw: object) -> Weights:
        data = self.section(raw, "weights", Weights)
        default = Weights()
        criteria = self.section(data.get("criteria"), "weights.criteria", CriterionWeights)
        read = {key: self.number(value, f"weights.criteria.{key}", 0.0) for key, value in criteria.items()}
        fit = self.number(data.get("fit", default.fit), "weights.fit", 0.0)
        intent = self.number(data.get("intent", default.intent), "weights.intent", 0.0)
        if fit + intent <= 0.0:
            self.problem("weights", "fit and intent are both 0; priority needs at least one of them")
        return Weights(fit, intent, CriterionWeights(**read))

    def bands(self, raw: object) -> TierBands:
        data = self.section(raw, "bands", TierBands)
        bands = TierBands(**{key: self.number(value, f"bands.{key}", 0.0, 1.0) for key, value in data.items()})
        if not bands.tier_1 > bands.tier_2 > bands.tier_3 > 0.0:
            at = f"{bands.tier_1}, {bands.tier_2}, {bands.tier_3}"
            self.problem("bands", f"must fall strictly from tier_1 to tier_3 and stay above 0; got {at}")
        return bands

    def countries(self, raw: object, path: str) -> tuple[str, ...]:
        def one(item: object, at: str) -> str:
            # YAML 1.1 reads a bare NO (Norway) as false.
            if item is False:
                self.problem(at, 'is false; YAML reads a bare NO so: write Norway as "NO", in quotes')
                return ""
            code = self.text(item, at).upper()
            if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
                self.problem(at, f"{item!r} is not an ISO 3166-1 alpha-2 code such as DE")
            return code

        return self.many(raw, path, one)

    def growth_signals(self, raw: object) -> tuple[str, ...]:
        def one(item: object, at: str) -> str:
            kind = self.text(item, at)
            if kind and kind not in HALF_LIFE_DAYS:
                self.problem(at, f"unknown signal kind {kind!r}{_nearest(kind, HALF_LIFE_DAYS)}")
            return kind

        return self.many(raw, "growth_signals", one)

    # ------------------------------------------------------------------------------------------- values

    def problem(self, path: str, message: str) -> None:
        self.problems.append(IcpProblem(path or "(the ICP)", message))

    def section(self, raw: object, path: str, shape: type, *, top: bool = False) -> dict[str, Any]:
        """The known fields of a mapping; unknown ones become problems. Absent reads as empty."""
        if raw is None and not top:
            return {}
        if not isinstance(raw, Mapping):
            self.problem(path, f"must be a mapping of fields; got {_kind(raw)}")
            return {}
        known = [field.name for field in fields(shape)]
        found: dict[str, Any] = {}
        for key, value in raw.items():
            if key in known:
                found[str(key)] = value
            else:
                at = f"{path}.{key}" if path else str(key)
                self.problem(at, f"unknown field{_nearest(str(key), known)}")
        return found

    def many(self, raw: object, path: str, one: Callable[[object, str], V]) -> tuple[V, ...]:
        if raw is None:
            return ()
        if isinstance(raw, str | bytes | Mapping) or not isinstance(raw, Sequence):
            self.problem(path, f"must be a list; got {_kind(raw)}")
            return ()
        return tuple(one(item, f"{path}[{index}]") for index, item in enumerate(raw))

    def text(self, raw: object, path: str) -> str:
        if not isinstance(raw, str):
            self.problem(path, f"must be text; got {_kind(raw)}")
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
            self.problem(path, f"must be a whole number; got {_kind(raw)}")
            return None
        if raw < 0:
            self.problem(path, f"must not be negative; got {raw}")
            return None
        return raw

    def number(self, raw: object, path: str, low: float, high: float = float("inf")) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            self.problem(path, f"must be a number; got {_kind(raw)}")
            return low
        if not isfinite(raw) or not low <= raw <= high:
            limits = f"between {low:g} and {high:g}" if isfinite(high) else f"{low:g} or more"
            self.problem(path, f"must be {limits}; got {raw}")
            return low
        return float(raw)

    def choice(self, raw: object, path: str, enum: type[E], fallback: E) -> E:
        value = raw.strip().casefold() if isinstance(raw, str) else None
        if value is None or value not in list(enum):
            shown = raw if isinstance(raw, str) else _kind(raw)
            self.problem(path, f"unknown {shown!r}{_nearest(str(raw), list(enum))}")
            return fallback
        return enum(value)

    def ordered(self, low: int | None, high: int | None, path: str, low_name: str, high_name: str) -> None:
        if low is not None and high is not None and low > high:
            self.problem(path, f"is impossible: {low_name} {low} is above {high_name} {high}")
        if low is None and high is None and not any(p.path.startswith(f"{path}.") for p in self.problems):
            self.problem(path, f"is empty; give {low_name}, {high_name} or both, or leave it out")


def _nearest(given: str, known: Iterable[str]) -> str:
    names = [str(name) for name in known]
    close = get_close_matches(given.casefold(), names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(names)}"


def _kind(value: object) -> str:
    """A word for a value's type that a person who writes YAML knows."""
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
