"""`salesos run`: let the agents look for customers of an ICP, and see how far they are."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import select

from cli.icp import by_name
from cli.opening import Cli, Opened, cli_of, uuid_of
from cli.output import AsJson, print_json, print_table, progress, say
from client import Client
from core.errors import PersonMustDecide
from store.models import Cohort
from store.queries import triggers

app = typer.Typer(no_args_is_help=True, help="Runs: agents at work for one version of an ICP.")

_POLL_SECONDS = 0.5
_GOING = ("pending", "running")


@app.command()
def start(
    context: typer.Context,
    icp: Annotated[str, typer.Option(help="The ICP's name; its newest version is used.")],
    source: Annotated[str, typer.Option(help="store (companies that are here), or import:<id>.")] = "store",
    limit: Annotated[int | None, typer.Option("--max", min=1, help="Stop after so many companies.")] = None,
    no_enroll: Annotated[bool, typer.Option("--no-enroll", help="Score only: start no sequences.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until the run is over; without --server, work here.")
    ] = False,
    max_minutes: Annotated[float, typer.Option(min=0, help="With --wait: give up after so many minutes.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Start a run. A worker carries it out: `salesos serve`, `salesos worker`, or --wait."""
    with _working(cli_of(context)) as (client, opened):
        wanted = by_name(client, icp)
        run = client.create_run(icp_id=wanted["id"], source=source, max_companies=limit, enroll=not no_enroll)
        found = client.get_run_progress(run["id"])
        if wait:
            found = _wait(client, opened, run["id"], max_minutes * 60)
        _print(found, as_json)
        if not wait and not as_json:
            say("Started. A worker carries it out: salesos serve, or salesos worker.")
    state, error = found["run"]["state"], found["run"]["error"]
    if wait and state != "done":
        raise PersonMustDecide(
            f"The run is {state}, not done. {error}".strip(),
            hint="`salesos run show` says how far it is; `salesos doctor` says what stands in the way.",
        )


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="The most that are listed.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    with cli_of(context).client() as client:
        found = list(islice(client.pages(client.list_runs, limit=min(limit, 200)), limit))
    if as_json:
        print_json(found)
        return
    rows = [
        (r["id"], r["icp_name"], r["icp_version"], r["state"], r["companies_seen"], r["companies_kept"], _leads(r))
        for r in found
    ]
    columns = ["id", "ICP", "version", "state", "companies", "kept", "leads"]
    print_table("Runs", columns, rows, empty="No run yet: salesos run start --icp NAME.")


@app.command()
def show(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Show how far a run is, what it cost and what stands in its way."""
    with cli_of(context).client() as client:
        _print(client.get_run_progress(uuid_of(run_id, "run")), as_json)


@app.command()
def pause(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Take no further page; what was found already goes on."""
    _move(context, run_id, "pause_run", as_json)


@app.command()
def resume(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """Go on where a paused run stood."""
    _move(context, run_id, "resume_run", as_json)


@app.command()
def cancel(context: typer.Context, run_id: str, as_json: AsJson = False) -> None:
    """End a run; what it found stays."""
    _move(context, run_id, "cancel_run", as_json)


def _move(context: typer.Context, run_id: str, operation: str, as_json: bool) -> None:
    found = uuid_of(run_id, "run")
    with cli_of(context).client() as client:
        getattr(client, operation)(found)
        _print(client.get_run_progress(found), as_json)


@contextmanager
def _working(cli: Cli) -> Iterator[tuple[Client, Opened | None]]:
    """The API, and this machine's own application where the work can be done here."""
    if cli.server:
        with cli.client() as client:
            yield client, None
    else:
        with cli.open() as opened, opened.client() as client:
            yield client, opened


def _wait(client: Client, opened: Opened | None, run_id: str, seconds: float) -> Any:
    """Until the run is over. Work that is done here has a thread of its own, so that what is shown keeps moving."""
    deadline = time.monotonic() + seconds
    with progress() as bar, ThreadPoolExecutor(max_workers=1) as pool:
        task = bar.add_task("Starting", total=None)
        found = client.get_run_progress(run_id)
        while found["run"]["state"] in _GOING and time.monotonic() < deadline:
            work = pool.submit(opened.application.worker.drain if opened else time.sleep, *(() if opened else (1.0,)))
            while not work.done():
                time.sleep(_POLL_SECONDS if bar.disable is False else 0.02)
                found = client.get_run_progress(run_id)
                bar.update(task, description=_line(found))
            work.result()
            found = client.get_run_progress(run_id)
            if found["run"]["state"] in _GOING and opened is not None:
                if _rests(opened, UUID(run_id)):
                    break
                time.sleep(_POLL_SECONDS)  # a provider asked to be asked later, or another worker holds a thread
    return found


def _rests(opened: Opened, run_id: UUID) -> bool:
    """Whether a step of the run waits for a person: it will not end by itself."""
    with opened.application.database.read(opened.workspace.id) as session:
        mine = {run_id, *session.exec(select(Cohort.id).where(Cohort.run_id == run_id))}
        return any(trigger.subject_id in mine for trigger in triggers.resting(session, limit=1_000))


def _leads(run: dict[str, Any]) -> int:
    return sum(run["tiers"].values())


def _line(found: dict[str, Any]) -> str:
    run = found["run"]
    stages = ", ".join(f"{stage['cohorts']} {stage['stage']}" for stage in found["stages"] if stage["cohorts"])
    tiers = ", ".join(f"tier {tier}: {count}" for tier, count in run["tiers"].items() if count)
    return f"{run['companies_seen']:,} companies, {run['companies_kept']:,} kept · {stages or 'no cohort'} · {tiers}"


def _print(found: dict[str, Any], as_json: bool) -> None:
    run = found["run"]
    if as_json:
        print_json({**run, "funnel": found["funnel"], "costs": found["costs"], "problems": found["problems"]})
        return
    say(f"Run {run['id']}: {run['icp_name']}, version {run['icp_version']}, {run['source_label']}: {run['state']}.")
    for problem in found["problems"]:
        say(f"{problem['message']} {problem['hint']}", style="yellow")
    rows = [(step["label"], f"{step['count']:,} {step['unit']}") for step in found["funnel"]]
    print_table("How far", ["step", "count"], rows, empty="")
    if _leads(run):
        print_table("Leads", ["tier", "leads"], list(run["tiers"].items()), empty="")
    costs = [(c["provider"], c["purpose"], c["calls"], f"{c['cost_micros'] / 100_000_000:.4f}") for c in found["costs"]]
    if costs:
        print_table("Spent", ["provider", "for", "calls", f"cost ({run['currency']})"], costs, empty="")
