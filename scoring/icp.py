"""Read an ICP from a mapping (of YAML or JSON, parsed elsewhere) and name everything wrong with it at once."""

from collections.abc import Mapping, Sequence
from typing import Any

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
from scoring.reading import IcpProblem, Reader, nearest
from scoring.rule_reading import read_rules
from scoring.types import BuyingRole, Department, Seniority

# Days. Below one, a signal is gone before anybody reads it; beyond five years, it hardly fades at all.
HALF_LIFE_RANGE = (1.0, 1_825.0)

__all__ = ["IcpDefinition", "IcpError", "IcpProblem", "parse_icp"]


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


class _Reader(Reader):
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
            half_lives=self.half_lives(data.get("half_lives")),
            rules=read_rules(self, data.get("rules")),
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

    def half_lives(self, raw: object) -> dict[str, float]:
        """Days by signal kind, where they differ from those of scoring.intent."""
        if raw is None:
            return {}
        if not isinstance(raw, Mapping):
            self.problem("half_lives", "must be a mapping of signal kinds to days, such as {hiring: 30}")
            return {}
        found: dict[str, float] = {}
        for kind, days in raw.items():
            at = f"half_lives.{kind}"
            if kind not in HALF_LIFE_DAYS:
                self.problem(at, f"unknown signal kind {kind!r}{nearest(str(kind), HALF_LIFE_DAYS)}")
            else:
                found[str(kind)] = self.number(days, at, *HALF_LIFE_RANGE)
        return found

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
                self.problem(at, f"unknown signal kind {kind!r}{nearest(kind, HALF_LIFE_DAYS)}")
            return kind

        return self.many(raw, "growth_signals", one)
