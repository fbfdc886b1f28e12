"""Runs: start, watch, pause, resume, cancel."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from api import live_runs, paging
from api.actions import runs as acts
from api.control_route import ControlRoute, IdempotencyKey
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views import run_progress
from api.views import runs as views
from api.views.run_progress import LeftOutList, RunProgress
from api.views.runs import RunOut
from store.models import RunState

router = APIRouter(route_class=ControlRoute, tags=["runs"])

_MICROS = 10**15


class RunInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "icp_id": "0192c1a0-0000-7000-8000-000000000001",
                    "max_companies": 200,
                    "ceiling_micros": 5_000_000,
                }
            ]
        },
    )

    icp_id: UUID
    version: int | None = Field(default=None, ge=1, le=1_000_000, description="None: the newest.")
    source: str = Field(
        default="store", min_length=1, max_length=200, description="`store`, `import:<id>`, or a provider's name."
    )
    max_companies: int | None = Field(default=None, ge=1, le=1_000_000)
    enroll: bool = Field(default=True, description="False: score only, start no sequences.")
    ceiling_micros: int | None = Field(
        default=None,
        ge=0,
        le=_MICROS,
        description="The most that this run may spend, beside the workspace's budget; null: no ceiling of its own.",
    )


@router.post("/runs", status_code=201, responses=repeated(RunOut), summary="Start a run of an ICP")
def create_run(
    body: RunInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> RunOut:
    wanted = acts.NewRun(**body.model_dump())
    shown, new = acts.start(deps, caller, wanted, idempotency_key=idempotency_key)
    if not new:
        response.status_code = 200
    return shown


@router.get("/runs", summary="Runs with what each brought, the newest first")
def list_runs(
    deps: Deps,
    caller: Caller,
    state: RunState | None = None,
    icp_id: UUID | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[RunOut]:
    with deps.database.read(caller.workspace_id) as session:
        return views.list_runs(session, state=state, icp_id=icp_id, limit=limit, cursor=cursor)


@router.get("/runs/{run_id}", summary="One run")
def get_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.run_out(session, run_id)


@router.get("/runs/{run_id}/progress", summary="How far a run is: its funnel, cohorts, cost and problems")
def get_run_progress(run_id: UUID, deps: Deps, caller: Caller) -> RunProgress:
    with deps.database.read(caller.workspace_id) as session:
        return run_progress.run_progress(session, run_id)


@router.get("/runs/{run_id}/left-out", summary="Why companies were left out of a run, with examples")
def list_left_out_companies(run_id: UUID, deps: Deps, caller: Caller) -> LeftOutList:
    with deps.database.read(caller.workspace_id) as session:
        return run_progress.left_out(session, run_id)


def watched_run(
    run_id: UUID, request: Request, deps: Deps, caller: Caller
) -> Iterator[tuple[live_runs.LiveRuns, UUID, UUID]]:
    """Before anything is sent: the right, the run, a seat. Raises NotFound, TooManyStreams."""
    streams = live_runs.live_runs(request)
    with deps.database.read(caller.workspace_id) as session:
        views.run_of(session, run_id)
    with streams.seat(caller):
        yield streams, caller.workspace_id, run_id


@router.get(
    "/runs/{run_id}/events",
    summary="Watch a run: server-sent events until it ends",
    response_class=EventSourceResponse,
    description=(
        "`progress` events carry what `/progress` answers, as JSON, whenever it changed; `done` ends the stream when "
        "the run is over. Each has an `id`; sent back as `Last-Event-ID` nothing comes twice. A comment comes every 15 "
        "seconds while nothing changes. A stream ends after five minutes without `done`: connect again."
    ),
)
async def watch_run(
    watched: Annotated[tuple[live_runs.LiveRuns, UUID, UUID], Depends(watched_run)],
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", max_length=100)] = "",
) -> AsyncIterator[ServerSentEvent]:
    streams, workspace_id, run_id = watched
    async for look in streams.follow(workspace_id, run_id, last_event_id):
        if look.tag != last_event_id:
            yield ServerSentEvent(raw_data=look.progress.model_dump_json(), event="progress", id=look.tag, retry=1_000)
        if look.progress.over:
            yield ServerSentEvent(raw_data=look.progress.run.state.value, event="done", id=look.tag)


@router.post("/runs/{run_id}/pause", summary="Take no further page; what is found already goes on")
def pause_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return acts.move(deps, caller, run_id, RunState.PAUSED)


@router.post("/runs/{run_id}/resume", summary="Go on where a paused run stood")
def resume_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return acts.move(deps, caller, run_id, RunState.RUNNING)


@router.post("/runs/{run_id}/cancel", summary="End a run; what it found stays")
def cancel_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return acts.move(deps, caller, run_id, RunState.CANCELLED)
