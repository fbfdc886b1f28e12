"""Starting, pausing, resuming and cancelling runs. The work is done by workers, from the trigger written here."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from agents.step import SubjectKind, Trigger
from api.control_route import new_id
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.runs import IMPORT, OVER, RunOut, run_of, run_out
from core.errors import Conflict, NotFound, Rejected, SalesOSError
from store import audit, feed, ledger
from store.feed_kinds import Kind
from store.models import Cohort, CohortStage, Icp, IcpVersion, ImportBatch, Run, RunState
from store.queries import triggers
from store.session import workspace_of
from tools.ports import CompanyQuery

STORE = "store"
_FROM = {
    RunState.PAUSED: (RunState.PENDING, RunState.RUNNING),
    RunState.RUNNING: (RunState.PAUSED,),
    RunState.CANCELLED: (RunState.PENDING, RunState.RUNNING, RunState.PAUSED),
}
_DONE_AS = {RunState.PAUSED: "run.paused", RunState.RUNNING: "run.resumed", RunState.CANCELLED: "run.cancelled"}


@dataclass(frozen=True, slots=True)
class NewRun:
    icp_id: UUID
    version: int | None = None  # None: the newest
    source: str = STORE
    max_companies: int | None = None
    enroll: bool = True
    ceiling_micros: int | None = None  # None: only the workspace's budget binds


def start(
    deps: Dependencies, principal: Principal, wanted: NewRun, *, idempotency_key: str | None = None
) -> tuple[RunOut, bool]:
    """The run, and whether it is new. Raises Forbidden, NotFound (ICP, import), Conflict, Rejected (source)."""
    principal.require(Permission.RUNS)
    if wanted.source != STORE and not wanted.source.startswith(IMPORT):
        _check_provider(deps, principal, wanted.source)
    with deps.database.write(principal.workspace_id) as session:
        run_id = new_id(deps.ids.new(), principal, "run", idempotency_key)
        if session.get(Run, (principal.workspace_id, run_id)) is not None:
            return run_out(session, run_id), False
        version = _version(session, wanted)
        if wanted.source.startswith(IMPORT):
            _check_import(session, wanted.source)
        run = Run(
            workspace_id=principal.workspace_id,
            id=run_id,
            icp_version_id=version.id,
            state=RunState.RUNNING,
            source=wanted.source,
            enroll=wanted.enroll,
            max_companies=wanted.max_companies,
            created_by=principal.actor,
            created_at=deps.clock.now(),
        )
        session.add(run)
        session.flush()
        if wanted.ceiling_micros is not None:
            ledger.set_budget(session, deps.clock, ledger.run_scope(run_id), wanted.ceiling_micros)
        _wake(session, deps, SubjectKind.RUN, run_id, f"run:{run_id}:start")
        shown = run_out(session, run_id)
        details = {"icp_version": version.number, "enroll": wanted.enroll, "max_companies": wanted.max_companies}
        _record(session, deps, principal, "run.started", run_id, details)
        feed.publish(session, deps.clock, [feed.run(Kind.RUN_STARTED, run, principal.actor)])
        return shown, True


def move(deps: Dependencies, principal: Principal, run_id: UUID, state: RunState) -> RunOut:
    """Pause, resume or cancel. Saying the same twice changes nothing. Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.RUNS)
    now = deps.clock.now()
    with deps.database.write(principal.workspace_id) as session:
        run = run_of(session, run_id)
        if run.state is state:
            return run_out(session, run_id)
        if run.state not in _FROM[state]:
            raise Conflict(
                f"The run is {run.state.value}; it cannot become {state.value}.",
                hint="Start another run of the same ICP." if run.state in OVER else "Reload to see where it stands.",
                code="wrong_state",
            )
        run.state = state
        if state in OVER:
            run.finished_at = now
        if state is RunState.RUNNING:
            run.error = ""
        session.add(run)
        session.flush()
        if state is RunState.RUNNING:
            stamp = f"resume:{now.timestamp():.6f}"
            _wake(session, deps, SubjectKind.RUN, run_id, f"run:{run_id}:{stamp}")
            waiting = select(Cohort.id).where(Cohort.run_id == run_id, Cohort.stage != CohortStage.DONE)
            for cohort_id in session.exec(waiting.order_by(col(Cohort.number))):
                _wake(session, deps, SubjectKind.COHORT, cohort_id, f"cohort:{cohort_id}:{stamp}")
        shown = run_out(session, run_id)
        _record(session, deps, principal, _DONE_AS[state], run_id, {"companies_seen": run.companies_seen})
        feed.publish(session, deps.clock, [feed.run(Kind(_DONE_AS[state]), run, principal.actor)])
        return shown


def _version(session: Session, wanted: NewRun) -> IcpVersion:
    icp = session.get(Icp, (workspace_of(session), wanted.icp_id))
    query = select(IcpVersion).where(IcpVersion.icp_id == wanted.icp_id)
    if wanted.version is not None:
        query = query.where(IcpVersion.number == wanted.version)
    version = session.exec(query.order_by(col(IcpVersion.number).desc()).limit(1)).first()
    if icp is None or version is None:
        raise NotFound("There is no such ICP, or not this version of it.", hint="GET /api/v1/icps lists them.")
    if icp.archived_at is not None:
        raise Conflict("This ICP is archived.", hint="Bring it back first, or choose another.", code="archived")
    return version


def _check_import(session: Session, source: str) -> None:
    try:
        batch = session.get(ImportBatch, (workspace_of(session), UUID(source.removeprefix(IMPORT))))
    except ValueError:
        batch = None
    if batch is None or batch.kind != "companies":
        raise NotFound("There is no such import of companies.", hint="`salesos import companies FILE` makes one.")


def _check_provider(deps: Dependencies, principal: Principal, name: str) -> None:
    """Raises Rejected for a source that is not set up here."""
    try:
        deps.context_for(principal.workspace_id).tools.company_source(principal.workspace_id, name, CompanyQuery(), {})
    except SalesOSError as error:
        raise Rejected(error.message, hint=error.hint, code="unknown_source") from error
    except LookupError as error:  # "file" needs a path, which only an import has
        hint = "Import the file first, and run `import:<id>`."
        raise Rejected(f"The source {name} cannot be run by its name.", hint=hint, code="unknown_source") from error


def _wake(session: Session, deps: Dependencies, kind: SubjectKind, subject_id: UUID, key: str) -> None:
    triggers.add_trigger(
        session, deps.clock, subject_kind=kind.value, subject_id=subject_id, kind=Trigger.RUN_STEP.value, key=key
    )


def _record(
    session: Session,
    deps: Dependencies,
    principal: Principal,
    action: str,
    run_id: UUID,
    details: dict[str, int | bool | None],
) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=action,
        subject_kind="run",
        subject_id=run_id,
        details=details,
    )
