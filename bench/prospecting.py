"""Five lists of 5,000 companies: deduplicated, enriched, peopled and scored in one run, behind limits and delays.

    python -m bench.prospecting [--companies 5000] [--scale 0.25]

Limits and delays are real waits, their seconds times `--scale`: at a quarter, our own work weighs four times as much
beside them as it would. What the limits alone allow is the longest of the vendors' queues, each asked without a pause.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import col, func, select

from agents.buying.buyer import buy
from agents.context import AgentContext
from agents.step import SubjectKind
from bench.market import ICP, SEED, market_office
from bench.pipeline import office
from bench.report import Line, print_lines
from bench.waterfall import ORDERS, waterfall
from core.clock import VirtualClock
from graphs.checkpoints import open_checkpointer
from graphs.supervisor import build_supervisor
from graphs.threads import Threads
from graphs.wiring import NODES
from store import ledger
from store.models import (
    Cohort,
    CohortStage,
    Company,
    Contact,
    IcpVersion,
    Lead,
    Purchase,
    Run,
    RunCompany,
)
from tools.ports import ANYBODY, CompanyPage, CompanyRecord, CompanyRef, PeopleWanted, PersonRecord, Unknown
from tools.providers.vendor.pace import Limit
from world.chance import Chance
from world.market import make_market
from world.sources import WorldPersonFinder
from world.truth import Company as Truth
from world.vendors import Desk, VendorTraits, enrichers, watchers

COHORT, WORKERS = 100, 6
SAMPLE = 1_000  # companies of the race against waterfalls
EVERYTHING = 10**13
_LISTS = ("register", "fair", "directory", "alumni", "awards")
_SHARE = 0.45  # of the market that each list holds
_LIST = VendorTraits(name="list", price_micros=0, knows={}, batch=100, limit=Limit(60, 60.0), seconds=0.5)
_PEOPLE = VendorTraits(name="people", price_micros=5_000_000, knows={}, batch=1, limit=Limit(500, 60.0), seconds=0.4)


class Lists:
    """Five lists one after the other; the same company is in two or three, spelt as each likes."""

    name = "lists"
    price_micros = 0

    def __init__(self, market: Sequence[Truth], scale: float) -> None:
        chance = Chance(SEED)
        self.rows = [
            self._row(chance, name, company)
            for name in _LISTS
            for company in market
            if chance.happens(_SHARE, name, company.domain)
        ]
        self.desks = [Desk(_LIST, scale, time.sleep)]

    def _row(self, chance: Chance, name: str, company: Truth) -> CompanyRecord:
        rng = chance.rng(name, "row", company.domain)
        spelt = rng.choice((company.name, company.name.upper(), f"{company.name}, Inc.", f"{company.name} Ltd"))
        website = "" if rng.random() < 0.1 else rng.choice(("https://www.", "http://", "")) + company.domain
        return CompanyRecord(
            name=spelt, source=name, source_id=company.domain, website=website, country=company.country
        )

    def page(self, cursor: str | None, limit: int) -> CompanyPage:
        start = int(cursor or 0)
        end = min(len(self.rows), start + limit)
        for _ in range(start, end, _LIST.batch):
            self.desks[0].call(_LIST.batch)
        return CompanyPage(self.rows[start:end], [], str(end) if end < len(self.rows) else None)


class People:
    """The market's people behind a limit, a call a company."""

    name = "people"
    price_micros = _PEOPLE.price_micros

    def __init__(self, market: Sequence[Truth], scale: float) -> None:
        self._finder = WorldPersonFinder(market, Chance(SEED))
        self.desk = Desk(_PEOPLE, scale, time.sleep)

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(lambda _: self.desk.call(1), companies))
        return self._finder.people(companies, wanted)


@dataclass(frozen=True)
class Measured:
    seconds: float
    least: Mapping[str, float]  # vendor → seconds that its limit alone takes
    rows: int
    companies: int
    listed: int  # different companies in the lists
    kept: int
    contacts: int
    leads: int
    data_micros: int


def measure(count: int, scale: float, folder: Path) -> Measured:
    with office(folder, 1, COHORT) as (bare, run_id):
        started = datetime(bare.clock.now().year, bare.clock.now().month, 1, tzinfo=bare.clock.now().tzinfo)
        market, chance = make_market(SEED, count, started.date()), Chance(SEED)
        lists, people = Lists(market, scale), People(market, scale)
        sold = enrichers(market, chance, scale=scale, sleep=time.sleep)
        watched = watchers(market, chance, bare.clock, started, scale=scale, sleep=time.sleep)
        tools = replace(
            bare.tools,
            company_source=lambda *_: lists,
            person_finders=lambda _: (people,),
            company_enrichers=lambda _: tuple(sold),
            signal_sources=lambda _: tuple(watched),
        )
        context, clock = replace(bare, tools=tools), bare.clock
        assert isinstance(clock, VirtualClock)
        with context.database.write(context.workspace_id) as session:
            ledger.set_budget(session, context.clock, f"workspace:{context.clock.now():%Y-%m}", EVERYTHING)
            version = session.exec(select(IcpVersion)).one()
            version.definition = ICP
            session.add(version)
        began = time.perf_counter()
        with open_checkpointer(context.settings) as saver:
            _work(Threads(build_supervisor(NODES, saver), saver), context, clock, run_id)
        seconds = time.perf_counter() - began
        desks = [*lists.desks, people.desk, *(one.desk for one in sold), *(one.desk for one in watched)]
        with context.database.read(context.workspace_id) as session:
            counts = [session.exec(select(func.count()).select_from(model)).one() for model in (Company, Contact, Lead)]
            kept = session.exec(select(func.count()).select_from(RunCompany).where(col(RunCompany.kept))).one()
            paid = session.exec(select(func.sum(col(Purchase.cost_micros)))).one() or 0
        return Measured(
            seconds,
            {desk.name: desk.least_seconds() for desk in desks},
            len(lists.rows),
            counts[0],
            len({row.source_id for row in lists.rows}),
            kept,
            counts[1],
            counts[2],
            int(paid),
        )


def _work(threads: Threads, context: AgentContext, clock: VirtualClock, run_id: UUID) -> None:
    """The run is read by one thread, cohorts are moved by others as they come, as the worker does it."""
    read = threading.Event()

    def source() -> None:
        try:
            while threads.advance(context, SubjectKind.RUN, run_id, owner="source"):
                pass
        finally:
            read.set()

    def cohorts(number: int) -> None:
        while True:
            over = read.is_set()
            with context.database.read(context.workspace_id) as session:
                waiting = session.exec(
                    select(Cohort.id).where(Cohort.stage != CohortStage.DONE).order_by(col(Cohort.number))
                ).all()
            if over and not waiting:
                return
            if not sum(threads.advance(context, SubjectKind.COHORT, one, owner=f"w{number}") for one in waiting):
                # What failed is due again after a pause, which a clock that stands still would never see.
                clock.advance(timedelta(seconds=10))
                time.sleep(0.05)

    with ThreadPoolExecutor(max_workers=WORKERS + 1) as pool:
        jobs = [pool.submit(source), *(pool.submit(cohorts, n) for n in range(WORKERS))]
        for job in jobs:
            job.result()
    with context.database.read(context.workspace_id) as session:
        run = session.get(Run, (context.workspace_id, run_id))
        assert run is not None
        if run.stage != "sourced":
            raise RuntimeError(f"The run stopped at {run.stage}: {run.error}")


def race(folder: Path) -> list[Line]:
    """What a company costs to be placed right as often: the buyer, and each waterfall with the budget it needs."""
    with market_office(folder / "bought", SAMPLE) as bought:
        bought.allow(bought.month(), EVERYTHING)
        cost = buy(bought.context, None, bought.company_ids, bought.icp).cost_micros
        right = bought.right()
    lines = [Line("evidence buyer", _cents(cost / SAMPLE), "1.00", f"{right:.1%} in the tier of full knowledge")]
    for name, order in ORDERS.items():
        for by_row in (True, False):
            spent, reached = _needed(folder / f"{name}-{by_row}", order, right, by_row=by_row)
            unit = "company" if by_row else "vendor"
            how = f"waterfall, {name}, {unit} by {unit}"
            note = f"{reached:.1%}" if reached >= right else f"{reached:.1%} with everything asked: never as good"
            lines.append(Line(how, _cents(spent / SAMPLE), f"{spent / cost:.2f}", note))
    return lines


def _needed(folder: Path, order: Sequence[str], right: float, *, by_row: bool) -> tuple[int, float]:
    """(micros, share right) of the least budget, to 2 %, with which a waterfall is as good; else of everything."""

    def run(budget: int, number: int) -> tuple[int, float]:
        with market_office(folder / str(number), SAMPLE) as one:
            spent = waterfall(one, order, budget, by_row=by_row)
            return spent, one.right()

    everything = run(EVERYTHING, 0)
    if everything[1] < right:
        return everything
    low, high, best = 0, everything[0], everything
    for number in range(1, 7):
        middle = (low + high) // 2
        found = run(middle, number)
        if found[1] >= right:
            high, best = middle, found
        else:
            low = middle
    return best


def _cents(micros: float) -> str:
    return f"{micros / 1_000_000:.1f} ct a company"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.prospecting", description=__doc__)
    parser.add_argument("--companies", type=int, default=5_000)
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--no-race", action="store_true", help="leave the waterfalls out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.companies, given.scale, Path(folder) / "run")
        slowest = max(found.least, key=lambda name: found.least[name])
        least = max(found.least[slowest], 1e-9)
        people = found.contacts / found.kept if found.kept else 0
        lines = [
            Line("limits alone", f"{least:.1f} s", "1.00", f"{slowest} is the slowest; × {given.scale:g} of real time"),
            Line("the run", f"{found.seconds:.1f} s", f"{found.seconds / least:.2f}", f"{WORKERS} cohorts at a time"),
            Line("rows of five lists", f"{found.rows:,}", "", f"{found.listed:,} different companies"),
            Line("companies", f"{found.companies:,}", f"{found.companies / found.listed:.3f}", "after deduplication"),
            Line("kept by the ICP", f"{found.kept:,}", "", f"{people:.1f} contacts each; {found.leads:,} leads"),
            Line("data", _cents(found.data_micros / max(1, found.companies)), "", "firmographics and signals"),
        ]
        print_lines(f"{given.companies:,} companies from five sources, in one run", lines)
        if not given.no_race:
            print_lines(f"The price of a right tier, {SAMPLE:,} companies", race(Path(folder) / "race"))


if __name__ == "__main__":
    main()
