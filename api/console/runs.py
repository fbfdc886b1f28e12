"""Runs: the list, starting one, and watching one to its end."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Header, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool

from api import live_runs
from api.actions import runs as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console, page
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.views import icps, run_progress
from api.views import runs as views
from api.views.run_progress import RunProgress
from core.errors import NotFound, SalesOSError
from store.models import ImportBatch, RunState

router = APIRouter(include_in_schema=False)

_SAID = {
    "started": "The run is started. This page follows it.",
    "paused": "Paused: it takes no further companies. What it found already goes on.",
    "resumed": "The run goes on where it stood.",
    "cancelled": "Cancelled. What it found stays.",
}
_MOVES = {"pause": (RunState.PAUSED, "paused"), "resume": (RunState.RUNNING, "resumed"),
          "cancel": (RunState.CANCELLED, "cancelled")}  # fmt: skip
_STATES = [state.value for state in RunState]


@router.get("/runs")
def runs_page(
    deps: Deps,
    visitor: Visitor,
    state: Annotated[str, Query(max_length=20)] = "",
    icp: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """Empty filters, as a form sends them, mean all."""
    wanted, icp_id = RunState(state) if state in _STATES else None, _uuid(icp)
    with deps.database.read(visitor.workspace_id) as session:
        found = views.list_runs(session, state=wanted, icp_id=icp_id, limit=50, cursor=cursor)
        known = icps.list_icps(session).items
    return console(
        deps,
        visitor,
        "runs.html",
        here="runs",
        runs=found,
        icps=known,
        states=_STATES,
        state=wanted.value if wanted else "",
        icp=str(icp_id or ""),
        cursor=cursor,
        may_run=visitor.may(Permission.RUNS),
    )


@router.get("/runs/new")
def new_run_page(
    deps: Deps, visitor: Visitor, icp: Annotated[str, Query(max_length=40)] = "", version: int | None = None
) -> HTMLResponse:
    visitor.require(Permission.RUNS)
    return _start_form(deps, visitor, {"icp_id": icp, "version": version or "", "enroll": "yes", "source": acts.STORE})


@router.post("/runs")
def start_run(
    deps: Deps,
    visitor: ActingVisitor,
    icp_id: Annotated[str, Form(max_length=40)] = "",
    version: Annotated[str, Form(max_length=10)] = "",
    source: Annotated[str, Form(max_length=200)] = acts.STORE,
    max_companies: Annotated[str, Form(max_length=12)] = "",
    enroll: Annotated[str, Form(max_length=5)] = "",
    ceiling: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    typed = {"icp_id": icp_id, "version": version, "source": source, "max_companies": max_companies,
             "enroll": enroll, "ceiling": ceiling}  # fmt: skip
    visitor.require(Permission.RUNS)
    try:
        run, _ = acts.start(deps, visitor, _wanted(typed))
    except SalesOSError as error:
        return _start_form(deps, visitor, typed, error=error)
    return RedirectResponse(f"/runs/{run.id}?said=started", status_code=303)


@router.get("/runs/{run_id}")
def run_page(run_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, run_id, said=_SAID.get(said, ""))


@router.post("/runs/{run_id}/{move}")
def move_run(run_id: UUID, move: str, deps: Deps, visitor: ActingVisitor) -> Response:
    if move not in _MOVES:
        raise NotFound("There is no such page.")
    state, said = _MOVES[move]
    try:
        acts.move(deps, visitor, run_id, state)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, run_id, error=error, status=problem_of(error).status)
    return RedirectResponse(f"/runs/{run_id}?said={said}", status_code=303)


def _watched(run_id: UUID, request: Request, deps: Deps, visitor: Visitor) -> Iterator[tuple[Any, ...]]:
    """As the API's: the right, the run and a seat, before anything is sent."""
    streams = live_runs.live_runs(request)
    with deps.database.read(visitor.workspace_id) as session:
        views.run_of(session, run_id)
    with streams.seat(visitor):
        yield streams, deps, visitor, run_id


@router.get("/runs/{run_id}/live", response_class=EventSourceResponse)
async def live_run(
    watched: Annotated[tuple[Any, ...], Depends(_watched)],
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=100)] = "",
    seen: Annotated[str, Query(max_length=100)] = "",
) -> AsyncIterator[ServerSentEvent]:
    """The part of the page that moves, made anew whenever it changed."""
    streams, deps, visitor, run_id = watched
    async for look in streams.follow(visitor.workspace_id, run_id, last_event_id or seen):
        html = await run_in_threadpool(_part, deps, visitor, look.progress)
        yield ServerSentEvent(raw_data=html, id=look.tag, retry=1_000)
        if look.progress.over:
            yield ServerSentEvent(raw_data=look.progress.run.state.value, event="done", id=look.tag)


def _part(deps: Dependencies, visitor: Principal, progress: RunProgress) -> str:
    shown = page("run_progress.html", progress=progress, visitor=visitor, now=deps.clock.now(), may_run=_may(visitor))
    return bytes(shown.body).decode()


def _show(
    deps: Dependencies, visitor: Principal, run_id: UUID, *, said: str = "", error: SalesOSError | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with deps.database.read(visitor.workspace_id) as session:
        progress = run_progress.run_progress(session, run_id)
        cohorts = run_progress.cohorts_of(session, run_id)
        outside = run_progress.left_out(session, run_id).items
    return console(
        deps,
        visitor,
        "run.html",
        here="runs",
        status=status,
        said=said,
        error=error,
        progress=progress,
        run=progress.run,
        cohorts=cohorts,
        left_out=outside,
        may_run=_may(visitor),
    )


def _may(visitor: Principal) -> bool:
    return visitor.may(Permission.RUNS)


def _start_form(
    deps: Dependencies, visitor: Principal, typed: dict[str, Any], error: SalesOSError | None = None
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        known = icps.list_icps(session, archived=False).items
        batches = session.exec(
            select(ImportBatch)
            .where(ImportBatch.kind == "companies")
            .order_by(col(ImportBatch.created_at).desc(), col(ImportBatch.id))
            .limit(50)
        ).all()
        currency = views.currency_of(session)
    problems = {p["path"]: p["message"] for p in error.problems} if isinstance(error, Invalid) else {}
    return console(
        deps,
        visitor,
        "run_new.html",
        here="runs",
        status=problem_of(error).status if error else 200,
        error=error,
        icps=known,
        batches=batches,
        currency=currency,
        typed={"max_companies": "", "ceiling": "", **typed},
        problems=problems,
    )


def _wanted(typed: dict[str, str]) -> acts.NewRun:
    """Raises Invalid with every field that cannot be read."""
    problems: list[dict[str, Any]] = []

    def whole(name: str, most: int) -> int | None:
        text = typed[name].strip().replace(",", "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            problems.append({"path": name, "message": f"Give a whole number from 1 to {most:,}, or leave it empty."})
            return None
        return int(text)

    icp_id = _uuid(typed["icp_id"])
    if icp_id is None:
        problems.append({"path": "icp_id", "message": "Choose the ICP to run."})
    version, most = whole("version", 1_000_000), whole("max_companies", 1_000_000)
    ceiling = None
    if text := typed["ceiling"].strip().replace(",", ""):
        try:
            amount = Decimal(text)
            ceiling = int(amount * 100_000_000) if amount.is_finite() and 0 <= amount <= 1_000_000 else None
        except InvalidOperation:
            pass
        if ceiling is None:
            problems.append({"path": "ceiling", "message": "Give an amount of money such as 25 or 7.50."})
    if problems or icp_id is None:
        raise Invalid("The run was not started.", problems, hint="Mend what is marked below.")
    return acts.NewRun(icp_id, version, typed["source"].strip() or acts.STORE, most, typed["enroll"] == "yes", ceiling)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
