"""Vendors of data in the market: each knows some fields of some companies, at a price, behind limits and delays.

Which companies a vendor knows is hidden from whoever buys, and the same however often and in whatever order asked.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.clock import Clock
from tools.ports import CompanyRecord, CompanyRef, Gap, SignalRecord, SignalReport, Unknown
from tools.providers.vendor.pace import Limit, Pace, Sleep
from world.chance import Chance
from world.truth import Company

CENT = 1_000_000  # micros
_NORTH_AMERICA = frozenset({"US", "CA"})
_SIDE_BY_SIDE = 8  # calls at a time, as our providers make them
_ORDINARY_LIMIT = Limit(1_000, 60.0)


@dataclass(frozen=True)
class VendorTraits:
    """What is true of a vendor. Chances are by region: "NA", or "EU" for everywhere else."""

    name: str
    price_micros: int
    knows: Mapping[str, float]  # region → the chance that it knows a company at all
    fields: Mapping[str, float] = field(default_factory=dict)  # field → the chance that it has it of one it knows
    wrong: float = 0.03  # the share of what it says that is not so
    batch: int = 1  # companies a call
    limit: Limit = _ORDINARY_LIMIT
    seconds: float = 0.3  # a call takes

    def region(self, company: Company) -> str:
        return "NA" if company.country in _NORTH_AMERICA else "EU"


# Broad and dear, local and cheap, narrow and cheap, free and patchy: what a buyer of data chooses between.
ENRICHERS = (
    VendorTraits(
        name="atlas",
        price_micros=12 * CENT,
        knows={"NA": 0.92, "EU": 0.45},
        fields={"industry": 0.95, "employees": 0.9, "revenue_minor": 0.8, "technologies": 0.5},
        batch=10,
        limit=Limit(600, 60.0),
    ),
    VendorTraits(
        name="euroreg",
        price_micros=4 * CENT,
        knows={"NA": 0.04, "EU": 0.9},
        fields={"industry": 0.9, "employees": 0.85, "revenue_minor": 0.9},
        batch=1,
        limit=Limit(600, 60.0),
        seconds=0.2,
    ),
    VendorTraits(
        name="stacklens",
        price_micros=3 * CENT,
        knows={"NA": 0.85, "EU": 0.8},
        fields={"technologies": 1.0},
        batch=10,
        limit=Limit(300, 60.0),
    ),
    VendorTraits(
        name="oldlist",
        price_micros=2 * CENT,
        knows={"NA": 0.5, "EU": 0.3},
        fields={"industry": 0.6, "employees": 0.5},
        wrong=0.12,
        batch=100,
        limit=Limit(60, 60.0),
        seconds=1.0,
    ),
)
WATCHERS = (
    VendorTraits(
        name="newswire", price_micros=5 * CENT, knows={"NA": 0.9, "EU": 0.8}, batch=1, limit=Limit(1_000, 60.0)
    ),
    VendorTraits(name="jobboards", price_micros=0, knows={"NA": 0.5, "EU": 0.4}, batch=1, limit=Limit(1_200, 60.0)),
)
_JOBS = frozenset({"hiring"})


class Desk:
    """The limits and delays of one vendor, and what it has charged."""

    def __init__(self, traits: VendorTraits, scale: float, sleep: Sleep | None) -> None:
        self.name = traits.name
        self._traits = traits
        self._sleep = sleep
        self._scale = scale
        limit = Limit(traits.limit.calls, traits.limit.seconds * scale)
        self._pace = Pace([limit], sleep=sleep) if sleep else None
        self._lock = threading.Lock()
        self.calls = self.companies = 0

    def serve(self, refs: Sequence[CompanyRef], answer: Callable[[CompanyRef], Any]) -> dict[UUID, Any]:
        calls = [refs[n : n + self._traits.batch] for n in range(0, len(refs), self._traits.batch)]
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE if self._sleep else 1) as pool:
            list(pool.map(lambda part: self.call(len(part)), calls))
        return {ref.company_id: answer(ref) for ref in refs}

    def call(self, companies: int) -> None:
        """One call, as long as the limit and the vendor's own time make it."""
        with self._lock:
            self.calls += 1
            self.companies += companies
        if self._pace is not None and self._sleep is not None:
            self._pace.turn(float("inf"))
            self._sleep(self._traits.seconds * self._scale)

    def least_seconds(self) -> float:
        """What its limit alone makes of the calls so far, in scaled seconds."""
        limit = self._traits.limit
        return max(0, self.calls - limit.calls) * limit.seconds / limit.calls * self._scale


class WorldEnricher:
    """`sleep`: what limits and delays wait with, their seconds times `scale`; None: nothing is waited for."""

    def __init__(
        self,
        traits: VendorTraits,
        companies: Sequence[Company],
        chance: Chance,
        *,
        scale: float = 1.0,
        sleep: Sleep | None = None,
    ) -> None:
        self.name = traits.name
        self.fields = frozenset(traits.fields)
        self.price_micros = traits.price_micros
        self.batch = traits.batch
        self.desk = Desk(traits, scale, sleep)
        self._traits = traits
        self._chance = chance
        self._by_domain = {company.domain: company for company in companies}

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        return self.desk.serve(companies, self._of)

    def _of(self, ref: CompanyRef) -> CompanyRecord | Unknown:
        company, traits = self._by_domain.get(ref.domain), self._traits
        if company is None or not self._chance.happens(traits.knows[traits.region(company)], self.name, ref.domain):
            return Unknown(f"{self.name} does not know {ref.domain or ref.name}.", Gap.NO_DATA)
        rng = self._chance.rng(self.name, "record", ref.domain)
        known = {name for name, share in traits.fields.items() if rng.random() < share}
        factor = rng.choice((0.2, 5.0)) if rng.random() < traits.wrong else rng.uniform(0.9, 1.1)
        return CompanyRecord(
            name=company.name,
            source=self.name,
            source_id=company.domain,
            website=f"https://www.{company.domain}",
            industry=company.industry if "industry" in known else "",
            employees=max(1, round(company.employees * factor)) if "employees" in known else None,
            revenue_minor=company.revenue_minor if "revenue_minor" in known else None,
            currency="USD" if "revenue_minor" in known else "",
            technologies=company.technologies if "technologies" in known else (),
            cost_micros=self.price_micros,
        )


class WorldSignalSource:
    """As `WorldEnricher`; what it sees of a company it has seen by the clock's day."""

    def __init__(
        self,
        traits: VendorTraits,
        companies: Sequence[Company],
        chance: Chance,
        clock: Clock,
        quarter_start: datetime,
        *,
        kinds: frozenset[str] = frozenset(),
        scale: float = 1.0,
        sleep: Sleep | None = None,
    ) -> None:
        self.name = traits.name
        self.kinds = kinds or frozenset(kind for company in companies for kind, _ in company.signals)
        self.price_micros = traits.price_micros
        self.desk = Desk(traits, scale, sleep)
        self._traits = traits
        self._chance = chance
        self._clock = clock
        self._start = quarter_start
        self._by_domain = {company.domain: company for company in companies}

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]:
        return self.desk.serve(companies, lambda ref: self._of(ref, since))

    def _of(self, ref: CompanyRef, since: datetime) -> SignalReport | Unknown:
        company, traits = self._by_domain.get(ref.domain), self._traits
        if company is None or not self._chance.happens(traits.knows[traits.region(company)], self.name, ref.domain):
            return SignalReport((), self.price_micros)
        seen = []
        for kind, day in company.signals:
            at = self._start + timedelta(days=day)
            if kind in self.kinds and since <= at <= self._clock.now():
                quote = f"{company.name}: {kind.replace('_', ' ')}."
                seen.append(SignalRecord(kind, at, quote, f"https://{self.name}.example/{company.domain}", 1.0))
        return SignalReport(tuple(seen), self.price_micros)


def enrichers(
    companies: Sequence[Company], chance: Chance, *, scale: float = 1.0, sleep: Sleep | None = None
) -> list[WorldEnricher]:
    return [WorldEnricher(traits, companies, chance, scale=scale, sleep=sleep) for traits in ENRICHERS]


def watchers(
    companies: Sequence[Company],
    chance: Chance,
    clock: Clock,
    quarter_start: datetime,
    *,
    scale: float = 1.0,
    sleep: Sleep | None = None,
) -> list[WorldSignalSource]:
    return [
        WorldSignalSource(
            traits,
            companies,
            chance,
            clock,
            quarter_start,
            kinds=_JOBS if traits.name == "jobboards" else frozenset(),
            scale=scale,
            sleep=sleep,
        )
        for traits in WATCHERS
    ]
