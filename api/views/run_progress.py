"""How far a run is: a funnel, its cohorts, what it cost and what stands in its way. A fixed number of queries."""

from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from api.views.run_companies import by_stage, repeated
from api.views.runs import OVER, RunOut, of_workspace_scope, run_of, runs_out
from store.models import (
    Cohort,
    CohortStage,
    Company,
    Enrollment,
    Lead,
    RowProblemRow,
    Run,
    RunCompany,
    RunState,
    SpendEntry,
    SpendState,
    ThreadTrigger,
)
from store.queries import merges

_STAGES = tuple(CohortStage)
_COHORTS_SHOWN = 50
_EXAMPLES = 5


class FunnelStep(BaseModel):
    name: str = Field(description="companies_seen, companies_kept, enriched, contacts, scored, enrolled.")
    label: str
    count: int
    unit: str = Field(description="`companies` or `leads`.")


class StageCount(BaseModel):
    stage: CohortStage
    cohorts: int
    companies: int


class Cost(BaseModel):
    provider: str
    purpose: str
    calls: int
    failed: int = Field(description="Calls that did not end well.")
    cost_micros: int


class RunProblem(BaseModel):
    code: str
    message: str
    hint: str


class RunProgress(BaseModel):
    """Everything that a page of a running run shows. `over`: nothing here changes any more by the run itself."""

    run: RunOut
    over: bool
    funnel: list[FunnelStep]
    stages: list[StageCount]
    costs: list[Cost]
    problems: list[RunProblem]


class CohortOut(BaseModel):
    number: int
    stage: CohortStage
    companies: int


class LeftOutCompany(BaseModel):
    id: UUID
    name: str
    reason: str


class LeftOut(BaseModel):
    kind: str
    label: str
    companies: int
    examples: list[LeftOutCompany]


class LeftOutList(BaseModel):
    items: list[LeftOut]


def run_progress(session: Session, run_id: UUID) -> RunProgress:
    """Raises NotFound."""
    row = run_of(session, run_id)
    shown = runs_out(session, [row])[0]
    stages = _stages(session, shown)
    return RunProgress(
        run=shown,
        over=row.state in OVER,
        funnel=_funnel(session, shown, stages),
        stages=stages,
        costs=_costs(session, run_id),
        problems=_problems(session, row),
    )


def cohorts_of(session: Session, run_id: UUID) -> list[CohortOut]:
    """The newest first, as many as a person looks at."""
    query = (
        sa.select(col(Cohort.number), col(Cohort.stage), col(Cohort.companies))
        .where(col(Cohort.run_id) == run_id)
        .order_by(col(Cohort.number).desc())
        .limit(_COHORTS_SHOWN)
    )
    return [CohortOut(number=n, stage=stage, companies=size) for n, stage, size in session.execute(query)]


def _stages(session: Session, run: RunOut) -> list[StageCount]:
    query = (
        sa.select(col(Cohort.stage), sa.func.count(), sa.func.sum(col(Cohort.companies)))
        .where(col(Cohort.run_id) == run.id)
        .group_by(col(Cohort.stage))
    )
    found = {stage: (count, int(companies)) for stage, count, companies in session.execute(query)}
    known = [stage for stage in _STAGES if stage in found]
    if sum(size for _, size in found.values()) != run.companies_kept:
        # A merge or a split put companies into a second cohort of the run: each counts where it is now.
        now = by_stage(session, run.id)
        found = {stage: (count, now.get(stage, 0)) for stage, (count, _) in found.items()}
    return [StageCount(stage=stage, cohorts=found[stage][0], companies=found[stage][1]) for stage in known]


def _funnel(session: Session, run: RunOut, stages: list[StageCount]) -> list[FunnelStep]:
    past = _STAGES.index(CohortStage.ENRICHED)
    enriched = sum(one.companies for one in stages if _STAGES.index(one.stage) >= past)
    member = (col(Enrollment.workspace_id) == col(Lead.workspace_id)) & (col(Enrollment.lead_id) == col(Lead.id))
    # Only sequences that the run itself began: a lead that was in one before is not its doing.
    begun = col(Enrollment.created_at) >= run.created_at
    leads, enrolled = session.execute(
        sa.select(sa.func.count(), sa.func.count(col(Enrollment.id)))
        .select_from(Lead)
        .outerjoin(Enrollment, member & begun)
        .where(col(Lead.run_id) == run.id, merges.not_absorbed(Lead, "contact_id"))
    ).one()
    return [
        FunnelStep(name="companies_seen", label="Companies seen", count=run.companies_seen, unit="companies"),
        FunnelStep(name="companies_kept", label="In the ICP's filter", count=run.companies_kept, unit="companies"),
        FunnelStep(name="enriched", label="Looked up", count=enriched, unit="companies"),
        FunnelStep(name="contacts", label="People chosen", count=leads, unit="leads"),
        FunnelStep(name="scored", label="Scored", count=sum(run.tiers.values()), unit="leads"),
        FunnelStep(name="enrolled", label="Sequence started", count=enrolled, unit="leads"),
    ]


def _costs(session: Session, run_id: UUID) -> list[Cost]:
    cost = sa.func.sum(col(SpendEntry.cost_micros))
    failed = sa.func.sum(sa.case((col(SpendEntry.outcome) == "ok", 0), else_=1))
    query = (
        sa.select(col(SpendEntry.provider), col(SpendEntry.purpose), sa.func.count(), failed, cost)
        .where(
            col(SpendEntry.run_id) == run_id,
            col(SpendEntry.state) == SpendState.SETTLED,
            col(SpendEntry.budget_id).in_(of_workspace_scope()),
        )
        .group_by(col(SpendEntry.provider), col(SpendEntry.purpose))
        .order_by(cost.desc(), col(SpendEntry.provider), col(SpendEntry.purpose))
    )
    return [
        Cost(provider=provider, purpose=purpose, calls=calls, failed=int(bad), cost_micros=int(micros))
        for provider, purpose, calls, bad, micros in session.execute(query)
    ]


def _problems(session: Session, run: Run) -> list[RunProblem]:
    found = []
    if run.error:
        what = (
            "Raise the ceiling or wait for the next month, then resume the run."
            if run.state is RunState.PAUSED
            else "Mend what it names, then start the run again: companies that it kept stay."
        )
        found.append(RunProblem(code="run_stopped", message=run.error, hint=what))
    ids = sa.select(col(Cohort.id)).where(col(Cohort.run_id) == run.id)
    stuck = session.execute(
        sa.select(col(ThreadTrigger.last_error), sa.func.count(), sa.func.max(col(ThreadTrigger.attempts)))
        .where(
            sa.or_(col(ThreadTrigger.subject_id) == run.id, col(ThreadTrigger.subject_id).in_(ids)),
            col(ThreadTrigger.done_at).is_(None),
            col(ThreadTrigger.last_error) != "",
        )
        .group_by(col(ThreadTrigger.last_error))
        .order_by(sa.func.count().desc(), col(ThreadTrigger.last_error))
        .limit(5)
    )
    for error, count, attempts in stuck:
        steps = "A step" if count == 1 else f"{count} steps"
        message = f"{steps} failed {attempts} time{'s' if attempts != 1 else ''}: {error}"
        found.append(RunProblem(code="step_failed", message=message, hint="It is tried again by itself."))
    rows = session.execute(
        sa.select(sa.func.count()).select_from(RowProblemRow).where(col(RowProblemRow.batch_id) == run.id)
    ).scalar_one()
    if rows:
        message = f"{rows:,} rows of the source could not be read."
        found.append(RunProblem(code="rows_unread", message=message, hint="Mend the file and import it again."))
    return found


# A reason is a sentence with the company's own figures in it; these say what sort it is. The first that fits counts.
_KINDS = (
    ("industry", "Another industry", "Industry (%"),
    ("excluded_industry", "An excluded industry", "Industry %"),
    ("employees", "Far from the size wanted", "% employees, %"),
    ("revenue", "Far from the revenue wanted", "Revenue of %"),
    ("location", "Outside where you sell", "Based in %"),
    ("excluded_domain", "An excluded domain", "Domain %"),
    ("excluded_name", "An excluded word in the name", "The name contains %"),
    ("excluded_technology", "Uses an excluded technology", "Uses %"),
    ("excluded_status", "No longer in business on its own", "The company is %"),
    ("excluded_country", "An excluded country", "% is excluded."),
)
_LABELS = {kind: label for kind, label, _ in _KINDS} | {"other": "Another reason"}


def left_out(session: Session, run_id: UUID) -> LeftOutList:
    """Why companies were left out, the commonest reason first, with examples. Raises NotFound."""
    run_of(session, run_id)
    kind = sa.case(*((col(RunCompany.reason).like(shape), name) for name, _, shape in _KINDS), else_="other")
    within = (
        sa.select(
            col(RunCompany.id).label("id"),
            col(RunCompany.workspace_id).label("workspace_id"),
            col(RunCompany.reason).label("reason"),
            kind.label("kind"),
        )
        .where(
            col(RunCompany.run_id) == run_id,
            col(RunCompany.kept).is_(False),
            col(RunCompany.id).not_in(repeated(session, [run_id]).get(run_id, {})),
        )
        .subquery()
    )
    counted = (
        sa.func.count().over(partition_by=within.c.kind).label("companies"),
        sa.func.row_number().over(partition_by=within.c.kind, order_by=within.c.id).label("place"),
    )
    ranked = sa.select(within, *counted).subquery()
    query = (
        sa.select(ranked.c.kind, ranked.c.companies, ranked.c.id, ranked.c.reason, col(Company.name))
        .join(Company, (col(Company.workspace_id) == ranked.c.workspace_id) & (col(Company.id) == ranked.c.id))
        .where(ranked.c.place <= _EXAMPLES)
        .order_by(ranked.c.companies.desc(), ranked.c.kind, ranked.c.place)
    )
    found: dict[str, LeftOut] = {}
    for name, count, company_id, reason, company in session.execute(query):
        one = found.setdefault(name, LeftOut(kind=name, label=_LABELS[name], companies=count, examples=[]))
        one.examples.append(LeftOutCompany(id=company_id, name=company, reason=reason))
    return LeftOutList(items=list(found.values()))
