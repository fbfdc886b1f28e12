"""`salesos run`: let the agents look for customers of an ICP, and see how far they are."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
import typer
from sqlmodel import Session, col, select

from agents.step import SubjectKind, Trigger
from cli.icp import by_name, newest_version
from cli.opening import Opened, cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say
from core.errors import Conflict, NotFound, PersonMustDecide
from store.models import Cohort, CohortStage, Icp, IcpVersion, ImportBatch, Lead, Run, RunState
from store.queries import triggers
from store.session import workspace_of

app = typer.Typer(no_args_is_help=True, help="Runs: agents at work for one version of an ICP.")

_POLL_SECONDS = 0.5
_GOING = (RunState.PENDING, RunState.RUNNING)
_IMPORT = "import:"


@dataclass(frozen=True, slots=True)
class Standing:
    id: UUID
    icp: str
    version: int
    state: RunState
    source: str
    companies_seen: int
    companies_kept: int
    cohorts: Mapping[str, int]  # by stage
    leads: Mapping[str, int]  # by tier
    error: str


@app.command()
def start(
    context: typer.Context,
    icp: Annotated[str, typer.Option(help="The ICP's name; its newest version is used.")],
    source: Annotated[str, typer.Option(help="store (companies that are here), or import:<id>.")] = "store",
    limit: Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many companies.")] = None,
    no_enroll: Annotated[bool, typer.Option("--no-enroll", help="Score only: start no sequences.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Work here until the run is over.")] = False,
    max_minutes: Annotated[float, typer.Option(min=0, help="With --wait: give up after so many minutes.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Start a run. A worker carries it out: `salesos serve`, `salesos worker`, or --wait."""
    with cli_of(context).open() as opened:
        run_id = _start(opened, icp, source, limit, enroll=not no_enroll)
        found = _wait(opened, run_id, max_minutes * 60) if wait else _standing(opened, run_id)
        _print(found, as_json)
        if not wait and not as_json:
            say("Started. A worker carries it out: salesos serve, or salesos worker.")
    if wait and found.state is not RunState.DONE:
        raise PersonMustDecide(
            f"The run is {found.state.value}, not done. {found.error}".strip(),
            hint="`salesos run show` says how far it is; `salesos doctor` says what stands in the way.",
        )


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List runs, the newest first."""
    with cli_of(context).open() as opened:
        with opened.application.database.read(opened.workspace.id) as session:
            ids = session.exec(select(Run.id).order_by(col(Run.created_at).desc(), col(Run.id).desc()).limit(50)).all()
        found = [_standing(opened, run_id) for run_id in ids]
    if as_json:
        print_json(found)
        return
    rows = [(s.id, s.icp, s.version, s.state, s.companies_seen, s.companies_kept, sum(s.leads.values())) for s in found]
    columns = ["id", "ICP", "version", "state", "companies", "kept", "leads"]
    print_table("Runs", columns, rows, empty="No run yet: salesos run start --icp NAME.")


@app.command()
def show(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Show how far a run is."""
    with cli_of(context).open() as opened:
        _print(_standing(opened, uuid_of(run_id, "run")), as_json)


@app.command()
def pause(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Take no further page; what was found already goes on."""
    _move(context, run_id, _GOING, RunState.PAUSED, as_json)


@app.command()
def resume(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Go on where a paused run stood."""
    _move(context, run_id, (RunState.PAUSED,), RunState.RUNNING, as_json)


@app.command()
def cancel(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """End a run; what it found stays."""
    _move(context, run_id, (*_GOING, RunState.PAUSED), RunState.CANCELLED, as_json)


def _start(opened: Opened, name: str, source: str, limit: int | None, *, enroll: bool) -> UUID:
    context = opened.context
    run_id = context.ids.new()
    with context.database.write(opened.workspace.id) as session:
        version = newest_version(session, by_name(session, name))
        if version is None:
            raise NotFound(f"{name} has no version.", hint="Add one: salesos icp add FILE.")
        _check_source(session, opened, source)
        run = Run(
            workspace_id=opened.workspace.id,
            id=run_id,
            icp_version_id=version.id,
            state=RunState.RUNNING,
            source=source,
            enroll=enroll,
            max_companies=limit,
            created_by=opened.actor,
            created_at=context.clock.now(),
        )
        session.add(run)
        session.flush()
        _wake(session, opened, SubjectKind.RUN, run_id, f"run:{run_id}:start")
    return run_id


def _check_source(session: Session, opened: Opened, source: str) -> None:
    if source == "store":
        return
    if source.startswith(_IMPORT):
        batch_id = uuid_of(source.removeprefix(_IMPORT), "import")
        batch = session.get(ImportBatch, (workspace_of(session), batch_id))
        if batch is None or batch.kind != "companies":
            raise NotFound(f"There is no import of companies {batch_id}.", hint="`salesos import companies` prints it.")
        return
    opened.context.tools.company_source(source, {})  # raises FixConfiguration, naming the sources there are


def _wait(opened: Opened, run_id: UUID, seconds: float) -> Standing:
    """Works until the run is over. The work has a thread of its own, so that what is shown keeps moving."""
    worker, deadline = opened.application.worker, time.monotonic() + seconds
    with progress() as bar, ThreadPoolExecutor(max_workers=1) as pool:
        task = bar.add_task("Starting", total=None)
        found = _standing(opened, run_id)
        while found.state in _GOING and time.monotonic() < deadline:
            work = pool.submit(worker.drain)
            while not work.done():
                time.sleep(_POLL_SECONDS if bar.disable is False else 0.02)
                found = _standing(opened, run_id)
                bar.update(task, description=_line(found))
            work.result()
            found = _standing(opened, run_id)
            if found.state in _GOING:
                if _rests(opened, run_id):
                    break
                time.sleep(_POLL_SECONDS)  # a provider asked to be asked later, or another worker holds a thread
    return found


def _rests(opened: Opened, run_id: UUID) -> bool:
    """Whether a step of the run waits for a person: it will not end by itself."""
    with opened.application.database.read(opened.workspace.id) as session:
        mine = {run_id, *session.exec(select(Cohort.id).where(Cohort.run_id == run_id))}
        return any(trigger.subject_id in mine for trigger in triggers.resting(session, limit=1_000))


def _line(found: Standing) -> str:
    cohorts = ", ".join(f"{count} {stage}" for stage, count in found.cohorts.items())
    leads = ", ".join(f"tier {tier}: {count}" for tier, count in found.leads.items())
    return f"{found.companies_seen:,} companies, {found.companies_kept:,} kept · {cohorts or 'no cohort'} · {leads}"


def _standing(opened: Opened, run_id: UUID) -> Standing:
    """Raises NotFound."""
    with opened.application.database.read(opened.workspace.id) as session:
        run = _run(session, run_id)
        version = session.get(IcpVersion, (opened.workspace.id, run.icp_version_id))
        icp = session.get(Icp, (opened.workspace.id, version.icp_id)) if version else None
        stages = session.exec(
            select(Cohort.stage, sa.func.count()).where(Cohort.run_id == run_id).group_by(col(Cohort.stage))
        ).all()
        tiers = session.exec(
            select(Lead.tier, sa.func.count())
            .where(Lead.run_id == run_id)
            .group_by(col(Lead.tier))
            .order_by(col(Lead.tier))
        ).all()
    return Standing(
        run.id,
        icp.name if icp else "",
        version.number if version else 0,
        run.state,
        run.source,
        run.companies_seen,
        run.companies_kept,
        {str(stage): count for stage, count in sorted(stages)},
        {str(tier): count for tier, count in tiers},
        run.error,
    )


def _move(context: typer.Context, run_id: str, allowed: tuple[RunState, ...], state: RunState, as_json: bool) -> None:
    """Saying the same twice changes nothing. Raises NotFound, Conflict."""
    with cli_of(context).open() as opened:
        now = opened.context.clock.now()
        with opened.context.database.write(opened.workspace.id) as session:
            run = _run(session, uuid_of(run_id, "run"))
            if run.state is not state:
                if run.state not in allowed:
                    raise Conflict(f"The run is {run.state.value}; it cannot become {state.value}.")
                run.state = state
                if state is RunState.CANCELLED:
                    run.finished_at = now
                if state is RunState.RUNNING:
                    run.error = ""
                    _wake_all(session, opened, run.id, f"resume:{now.timestamp():.6f}")
                session.add(run)
        _print(_standing(opened, run.id), as_json)


def _wake_all(session: Session, opened: Opened, run_id: UUID, stamp: str) -> None:
    _wake(session, opened, SubjectKind.RUN, run_id, f"run:{run_id}:{stamp}")
    unfinished = select(Cohort.id).where(Cohort.run_id == run_id, Cohort.stage != CohortStage.DONE)
    for cohort_id in session.exec(unfinished.order_by(col(Cohort.number))):
        _wake(session, opened, SubjectKind.COHORT, cohort_id, f"cohort:{cohort_id}:{stamp}")


def _wake(session: Session, opened: Opened, kind: SubjectKind, subject_id: UUID, key: str) -> None:
    triggers.add_trigger(
        session, opened.context.clock, subject_kind=kind, subject_id=subject_id, kind=Trigger.RUN_STEP, key=key
    )


def _run(session: Session, run_id: UUID) -> Run:
    found = session.get(Run, (workspace_of(session), run_id))
    if found is None:
        raise NotFound("There is no such run.", hint="`salesos run list` names them.")
    return found


def _print(found: Standing, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    say(f"Run {found.id}: {found.icp}, version {found.version}, from {found.source}: {found.state.value}.")
    if found.error:
        say(found.error, style="yellow")
    say(f"{found.companies_seen:,} companies seen, {found.companies_kept:,} within the ICP.")
    if found.cohorts:
        print_table("Cohorts", ["stage", "cohorts"], list(found.cohorts.items()), empty="")
    if found.leads:
        print_table("Leads", ["tier", "leads"], list(found.leads.items()), empty="")
