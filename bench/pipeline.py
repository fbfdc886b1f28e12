"""Source → enrich (offline) → contacts → score, 5,000 companies and 15,000 contacts, through the real agents and graph.

    python -m bench.pipeline [--companies N]

Rows a second of each stage, and where the time goes: agents (our own code), LangGraph, and the database (time inside
its driver). The engine (PgQueuer) is timed by the jobs it would hand out, as no-ops. Sources are in memory, and the web
and DNS are off, so that only our side is measured. Memory is the resident size after each cohort.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import col, func, select

from agents.context import AgentContext
from agents.step import Agent, Outcome, Step, SubjectKind
from bench.report import Line, print_lines
from core.clock import VirtualClock
from core.crypto import Sealer
from core.ids import SeededIds, stable_id
from core.settings import Settings
from graphs import routing
from graphs.checkpoints import open_checkpointer
from graphs.supervisor import build_supervisor
from graphs.threads import Threads
from graphs.wiring import NODES
from store import migrations
from store.models import Cohort, CohortStage, Contact, Icp, IcpVersion, Lead, Mailbox, PolicyRow, Run, User, Workspace
from store.queries import triggers
from store.session import Database
from tools.ports import (
    ANYBODY,
    CompanyPage,
    CompanyRecord,
    CompanyRef,
    PeopleWanted,
    PersonRecord,
    SignalRecord,
    Unknown,
)
from tools.providers.email_verifier.checks import ChecksVerifier
from tools.registry import Toolbox

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
COHORT = 500
TITLES = ("Chief Executive Officer", "VP Sales", "Account Executive", "Head of Marketing", "CFO", "Sales Manager")
ICP = {
    "name": "bench",
    "industries": [{"name": "Software"}, {"name": "Logistics"}],
    "employees": {"min": 10, "max": 2000},
    "countries": ["US", "GB"],
}


@dataclass
class Generated:
    """Companies from their number; three people each."""

    count: int
    name: str = "generated"
    price_micros: int = 0

    def page(self, cursor: str | None, limit: int) -> CompanyPage:
        start = int(cursor or 0)
        end = min(self.count, start + limit)
        return CompanyPage([_company(n) for n in range(start, end)], [], str(end) if end < self.count else None)

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord]]:
        return {ref.company_id: [_person(ref, k) for k in range(min(3, wanted.limit))] for ref in companies}

    def get(self, _url: str) -> Unknown:
        return Unknown("Offline.")

    def mx(self, domain: str) -> list[str]:
        return [f"mx.{domain}"]

    def txt(self, _domain: str) -> list[str]:
        return []

    def cname(self, _host: str) -> list[str]:
        return []


def _company(n: int) -> CompanyRecord:
    signals = (SignalRecord("hiring", START - timedelta(days=n % 60), "Account Executive"),) if n % 3 == 0 else ()
    return CompanyRecord(
        name=f"Company {n}",
        source="generated",
        source_id=str(n),
        website=f"https://www.company-{n}.example",
        industry="Software" if n % 2 else "Logistics",
        employees=20 + n % 900,
        country="US" if n % 3 else "GB",
        description=f"Company {n} plans shipments for {n % 70} ports",
        signals=signals,
    )


def _person(ref: CompanyRef, k: int) -> PersonRecord:
    return PersonRecord(
        full_name=f"{['Ada', 'Bo', 'Cy'][k]} Person{k} {ref.domain.split('.')[0]}",
        title=TITLES[(k + len(ref.name)) % len(TITLES)],
        source="generated",
        email=f"person{k}@{ref.domain}",
        country="US",
        time_zone="America/New_York",
    )


@dataclass
class Meter:
    """Seconds by stage, and of each the part inside the database's driver."""

    agents: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    inside: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    statements: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stage: str = "around"
    started: float = 0.0

    def watch(self, engine: sa.Engine) -> None:
        def before(*_: Any) -> None:
            self.started = time.perf_counter()

        def after(*_: Any) -> None:
            self.inside[self.stage] += time.perf_counter() - self.started
            self.statements[self.stage] += 1

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)

    def timed(self, name: str, agent: Agent) -> Agent:
        def run(context: AgentContext, step: Step) -> Outcome:
            self.stage, began = name, time.perf_counter()
            try:
                return agent(context, step)
            finally:
                self.agents[name] += time.perf_counter() - began
                self.stage = "around"

        return run


@dataclass
class Measured:
    meter: Meter
    seconds: float
    companies: int
    contacts: int
    leads: int
    memory: list[float]  # MiB after each cohort
    first_cohort: dict[str, int]  # statements a stage


@contextmanager
def office(directory: Path, count: int, cohort: int = COHORT) -> Iterator[tuple[AgentContext, UUID]]:
    """A migrated store with an ICP, a mailbox and a run over `count` generated companies."""
    settings = Settings(data_dir=directory, database_url="", cohort_size=cohort, web_fetch_concurrency=1)
    migrations.upgrade(settings.store_url)
    database, clock, workspace_id = Database.from_settings(settings), VirtualClock(START), stable_id("bench")
    source = Generated(count)
    given: dict[str, Any] = {
        "company_source": lambda *_: source,
        "person_finders": lambda _: (source,),
        "web_fetch": source,
        "mail_domains": source,
        "email_verifier": ChecksVerifier(source),
        "language_model": lambda *_: None,
    }
    needed = [tool.name for tool in fields(Toolbox) if tool.default is MISSING]
    toolbox = Toolbox(**{name: given.get(name) for name in needed})  # type: ignore[arg-type]
    sealer = Sealer(workspace_id, data_keys={"0" * 16: b"\x07" * 32}, index_key=b"\x09" * 32)
    context = AgentContext(database, workspace_id, clock, SeededIds(1, clock), sealer, toolbox, settings)
    with database.unscoped(writes=True) as session:
        session.add(Workspace(id=workspace_id, slug="bench", name="Bench", created_at=START))
    names = {name: stable_id("bench", name) for name in ("user", "mailbox", "icp", "version", "run", "policy")}
    common: dict[str, Any] = {"workspace_id": workspace_id, "created_at": START}
    with database.write(workspace_id) as session:
        session.add(User(id=names["user"], email="a@b.example", name="A", role="rep", **common))
        session.add(Icp(id=names["icp"], name="bench", **common))
        session.add(PolicyRow(id=names["policy"], number=1, definition={}, **common))
        session.flush()
        box = Mailbox(id=names["mailbox"], user_id=names["user"], address="a@b.example", display_name="A", **common)
        session.add(box)
        session.add(IcpVersion(id=names["version"], icp_id=names["icp"], number=1, definition=ICP, **common))
        session.flush()
        session.add(Run(id=names["run"], icp_version_id=names["version"], source="generated", **common))
        session.flush()
        triggers.add_trigger(session, clock, subject_kind="run", subject_id=names["run"], kind="run_step", key="start")
    try:
        yield context, names["run"]
    finally:
        database.close()


def measure(count: int, cohort: int = COHORT) -> Measured:
    with tempfile.TemporaryDirectory() as directory, office(Path(directory), count, cohort) as (context, run_id):
        meter = Meter()
        meter.watch(context.database.engine)
        with open_checkpointer(context.settings) as saver:
            graph = build_supervisor({name: meter.timed(name, agent) for name, agent in NODES.items()}, saver)
            return _measure(Threads(graph, saver), context, run_id, meter)


def _measure(threads: Threads, context: AgentContext, run_id: UUID, meter: Meter) -> Measured:
    began, memory, first = time.perf_counter(), list[float](), dict[str, int]()
    while True:
        moved = threads.advance(context, SubjectKind.RUN, run_id, owner="bench")
        with context.database.read(context.workspace_id) as session:
            waiting = select(Cohort.id).where(Cohort.stage != CohortStage.DONE).order_by(col(Cohort.number))
            cohorts = session.exec(waiting).all()
        if not moved and not cohorts:
            break
        for cohort_id in cohorts:
            before = dict(meter.statements)
            if not threads.advance(context, SubjectKind.COHORT, cohort_id, owner="bench"):
                raise RuntimeError(f"Cohort {cohort_id} does not move: see its trigger's last_error.")
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
            first = first or {stage: n - before.get(stage, 0) for stage, n in meter.statements.items()}
    seconds = time.perf_counter() - began
    with context.database.read(context.workspace_id) as session:
        contacts, leads = (session.exec(select(func.count()).select_from(model)).one() for model in (Contact, Lead))
        run = session.get(Run, (context.workspace_id, run_id))
    assert run is not None
    return Measured(meter, seconds, run.companies_seen, contacts, leads, memory, first)


def engine_seconds(jobs: int) -> float:
    """What PgQueuer itself takes, in memory, for that many jobs that do nothing."""

    async def run() -> float:
        from pgqueuer import PgQueuer
        from pgqueuer.types import QueueExecutionMode

        queue = PgQueuer.in_memory()

        @queue.entrypoint("nothing")
        async def nothing(_job: Any) -> None:
            return

        began = time.perf_counter()
        await queue.queries.enqueue(["nothing"] * jobs, [None] * jobs, [0] * jobs)
        await queue.run(mode=QueueExecutionMode.drain)
        return time.perf_counter() - began

    return asyncio.run(run())


def run(count: int) -> list[Line]:
    found = measure(count)
    meter, total = found.meter, found.seconds
    stages = (
        (routing.LEAD_SOURCE, found.companies, "companies"),
        (routing.ENRICHMENT, found.companies, "companies, offline"),
        (routing.CONTACT_FINDER, found.contacts, "contacts"),
        (routing.SCORER, found.leads, "leads"),
        (routing.CRM, found.leads, "leads"),
    )
    lines = [
        Line(
            name,
            f"{rows / max(meter.agents[name], 1e-9):,.0f} {what.split(',')[0]}/s",
            f"{meter.agents[name] / total:.0%}",
            f"{rows:,} {what}; {meter.inside[name] / max(meter.agents[name], 1e-9):.0%} of it in the database; "
            f"{found.first_cohort.get(name, 0)} statements a cohort",
        )
        for name, rows, what in stages
    ]
    ours = sum(meter.agents.values())
    database = sum(meter.inside.values())
    in_agents = sum(meter.inside[name] for name in meter.agents)
    cohorts = len(found.memory)
    engine = engine_seconds(2 * cohorts)
    around, own = total - ours, ours - in_agents
    lines += [
        Line("all of it", f"{total:.1f} s", "100%", f"{found.companies:,} companies, {found.contacts:,} contacts"),
        Line("our own code", f"{own:.1f} s", f"{own / total:.0%}", "agents without database"),
        Line("the database", f"{database:.1f} s", f"{database / total:.0%}", "inside the driver"),
        Line("LangGraph", f"{around:.2f} s", f"{around / total:.1%}", "graph, checkpoints, locks and decisions around"),
        Line("the engine", f"{engine:.2f} s", f"{engine / total:.1%}", f"{2 * cohorts} jobs handed out, timed apart"),
        Line(
            "memory",
            f"{found.memory[-1]:.0f} MiB",
            "",
            f"{found.memory[0]:.0f} MiB after the first of {cohorts} cohorts",
        ),
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=5_000)
    print_lines("Prospecting, SQLite, share of the time", run(parser.parse_args().companies))


if __name__ == "__main__":
    main()
