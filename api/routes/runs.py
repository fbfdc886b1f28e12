"""Runs: start, watch, pause, resume, cancel. The work itself is done by workers, from the trigger written here."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from agents.step import SubjectKind, Trigger
from api import paging
from api.dependencies import Caller, Dependencies, Deps, Principal
from api.permissions import Permission
from api.routes.icps import IdempotencyKey, new_id
from core.errors import Conflict, NotFound
from store.models import Cohort, IcpVersion, Run, RunState
from store.queries import triggers
from store.session import workspace_of

router = APIRouter(tags=["runs"])

_OVER = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class RunInput(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"icp_id": "0192c1a0-0000-7000-8000-000000000001", "max_companies": 200}]}
    )

    icp_id: UUID
    version: int | None = Field(default=None, ge=1, description="None: the newest.")
    source: str = Field(default="store", max_length=200, description="`store`, `import:<id>`, or a provider's name.")
    max_companies: int | None = Field(default=None, ge=1, le=1_000_000)
    enroll: bool = Field(default=True, description="False: score only, start no sequences.")


class RunOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    icp_version_id: UUID
    state: RunState
    stage: str
    source: str
    enroll: bool
    max_companies: int | None
    companies_seen: int
    companies_kept: int
    error: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None


@router.post("/runs", status_code=201, summary="Start a run of an ICP")
def create_run(
    body: RunInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> RunOut:
    caller.require(Permission.RUNS)
    with deps.database.write(caller.workspace_id) as session:
        run_id = new_id(deps.ids.new(), caller, "run", idempotency_key)
        if (known := session.get(Run, (caller.workspace_id, run_id))) is not None:
            response.status_code = 200
            return RunOut.model_validate(known)
        query = select(IcpVersion).where(IcpVersion.icp_id == body.icp_id)
        if body.version is not None:
            query = query.where(IcpVersion.number == body.version)
        version = session.exec(query.order_by(col(IcpVersion.number).desc()).limit(1)).first()
        if version is None:
            raise NotFound("There is no such ICP, or not this version of it.", hint="GET /api/v1/icps lists them.")
        run = Run(
            workspace_id=caller.workspace_id,
            id=run_id,
            icp_version_id=version.id,
            state=RunState.RUNNING,
            source=body.source,
            enroll=body.enroll,
            max_companies=body.max_companies,
            created_by=caller.actor,
            created_at=deps.clock.now(),
        )
        session.add(run)
        session.flush()
        _wake(session, deps, SubjectKind.RUN, run_id, f"run:{run_id}:start")
        return RunOut.model_validate(run)


@router.get("/runs", summary="Runs, the newest first")
def list_runs(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[RunOut]:
    query = select(Run).order_by(col(Run.created_at).desc(), col(Run.id).desc()).limit(limit + 1)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(sa.or_(col(Run.created_at) < at, sa.and_(col(Run.created_at) == at, col(Run.id) < last)))
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    items = [RunOut.model_validate(row) for row in rows[:limit]]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=items, next=paging.encode(last_row.created_at.isoformat(), str(last_row.id)) if last_row else None
    )


@router.get("/runs/{run_id}", summary="One run")
def get_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    with deps.database.read(caller.workspace_id) as session:
        return RunOut.model_validate(_run(session, run_id))


@router.post("/runs/{run_id}/pause", summary="Take no further page; what is found already goes on")
def pause_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return _move(deps, caller, run_id, (RunState.PENDING, RunState.RUNNING), RunState.PAUSED)


@router.post("/runs/{run_id}/resume", summary="Go on where a paused run stood")
def resume_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return _move(deps, caller, run_id, (RunState.PAUSED,), RunState.RUNNING)


@router.post("/runs/{run_id}/cancel", summary="End a run; what it found stays")
def cancel_run(run_id: UUID, deps: Deps, caller: Caller) -> RunOut:
    return _move(deps, caller, run_id, (RunState.PENDING, RunState.RUNNING, RunState.PAUSED), RunState.CANCELLED)


def _move(
    deps: Dependencies, caller: Principal, run_id: UUID, allowed: tuple[RunState, ...], state: RunState
) -> RunOut:
    """Saying the same twice changes nothing. Raises Forbidden, NotFound, Conflict."""
    caller.require(Permission.RUNS)
    now = deps.clock.now()
    with deps.database.write(caller.workspace_id) as session:
        run = _run(session, run_id)
        if run.state is state:
            return RunOut.model_validate(run)
        if run.state not in allowed:
            raise Conflict(f"The run is {run.state.value}; it cannot become {state.value}.", code="wrong_state")
        run.state = state
        if state in _OVER:
            run.finished_at = now
        session.add(run)
        session.flush()
        if state is RunState.RUNNING:
            run.error = ""
            stamp = f"resume:{now.timestamp():.6f}"
            _wake(session, deps, SubjectKind.RUN, run_id, f"run:{run_id}:{stamp}")
            for cohort_id in session.exec(select(Cohort.id).where(Cohort.run_id == run_id, Cohort.stage != "done")):
                _wake(session, deps, SubjectKind.COHORT, cohort_id, f"cohort:{cohort_id}:{stamp}")
        return RunOut.model_validate(run)


def _wake(session: Session, deps: Dependencies, kind: SubjectKind, subject_id: UUID, key: str) -> None:
    triggers.add_trigger(
        session, deps.clock, subject_kind=kind.value, subject_id=subject_id, kind=Trigger.RUN_STEP.value, key=key
    )


def _run(session: Session, run_id: UUID) -> Run:
    found = session.get(Run, (workspace_of(session), run_id), with_for_update=session.info["writes"])
    if found is None:
        raise NotFound("There is no such run.")
    return found
