"""The lead source agent: reads a source page by page, keeps what the ICP lets in, and starts a cohort for each page.

A page is one transaction: companies, verdicts, cohort, cursor and the next page's trigger stand or fall together,
so that a run goes on after a crash where it stood.
"""

from collections.abc import Sequence
from time import perf_counter
from uuid import UUID

from sqlmodel import Session, col, select

from agents.company_view import CompanyView, icp_of, load_views
from agents.context import AgentContext
from agents.intake import keep_problems, take_in_companies
from agents.step import Outcome, Step, Trigger
from core.errors import ModelMustStop, RetryAt
from core.ids import stable_id
from scoring.criteria import (
    CompiledIcp,
    match_employees,
    match_industry,
    match_location,
    match_revenue,
)
from scoring.fit import find_disqualifiers
from scoring.icp import IcpDefinition, parse_icp
from store import bulk, feed
from store.feed_kinds import Kind
from store.ledger import BudgetMetering
from store.models import Cohort, Company, ImportBatch, Run, RunCompany, RunState
from store.queries import merges, triggers
from tools.ports import CompanyPage, CompanyQuery, CompanySource, Unknown

STORE = "store"  # every company that is already here
IMPORT = "import:"  # followed by the id of an import batch


def lead_source(context: AgentContext, step: Step) -> Outcome:
    with context.database.read(context.workspace_id) as session:
        run = session.get(Run, (context.workspace_id, step.subject_id))
        if run is None or run.state in (RunState.DONE, RunState.CANCELLED, RunState.FAILED):
            return Outcome(step.stage, Trigger.NOTHING, "The run is over.")
        if run.state is RunState.PAUSED:
            return Outcome(run.stage, Trigger.NOTHING, "The run is paused; resuming it goes on here.")
        if run.stage == "sourced":
            return Outcome("sourced", Trigger.READY, "Every page was read before.")
        icp = CompiledIcp(parse_icp(icp_of(session, run).definition))
        limit = context.settings.cohort_size
        if run.max_companies is not None:
            limit = min(limit, run.max_companies - run.companies_seen)
        stored = _store_page(session, run.cursor, limit) if run.source == STORE else None
        source = None if stored is not None else _source(session, context, run, query_of(icp.definition))
    if stored is not None:
        ids, cursor = stored
        return _take(context, run, icp, ids, cursor)
    assert source is not None
    try:
        page = _read(context, source, run, limit)
    except ModelMustStop as over_budget:
        return _pause(context, run.id, over_budget.message)
    return _take(context, run, icp, page, page.cursor)


def admit(view: CompanyView, icp: CompiledIcp) -> tuple[bool, str]:
    """Does the ICP let the company in? Unknown is not a no; what is known and matches nothing is."""
    disqualifiers = find_disqualifiers(icp, view.traits)
    if disqualifiers:
        return False, disqualifiers[0].text
    want = icp.definition
    checks = (
        (bool(want.industries), match_industry),
        (want.employees is not None, match_employees),
        (want.revenue is not None, match_revenue),
        (bool(want.countries or want.regions), match_location),
    )
    for asked, check in checks:
        if asked and (match := check(icp, view.traits)).value == 0.0:
            return False, match.text
    return True, "Nothing known speaks against it."


def _read(context: AgentContext, source: CompanySource, run: Run, limit: int) -> CompanyPage:
    """One page, paid for: reserved before, settled after. Raises RetryAt where the source is down."""
    metering = BudgetMetering(
        context.database,
        context.workspace_id,
        context.clock,
        context.ids,
        scopes=[f"workspace:{context.clock.now():%Y-%m}"],
        run_id=run.id,
    )
    free = source.price_micros == 0
    entries: Sequence[UUID] = ()
    if not free:
        entries = metering.reserve(
            provider=source.name, purpose="company_source", max_micros=source.price_micros * limit
        )
    started = perf_counter()
    page = source.page(run.cursor, limit)
    if not free:
        cost = 0 if isinstance(page, Unknown) else sum(record.cost_micros for record in page.records)
        outcome = "unknown" if isinstance(page, Unknown) else "ok"
        latency = int((perf_counter() - started) * 1000)
        metering.settle(entries, cost_micros=cost, latency_ms=latency, outcome=outcome)
    if isinstance(page, Unknown):
        raise RetryAt(f"The source {source.name} gave nothing: {page.reason}", hint="It is asked again later.")
    return page


def _take(
    context: AgentContext, run: Run, icp: CompiledIcp, page: CompanyPage | Sequence[UUID], cursor: str | None
) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        current = session.get(Run, (context.workspace_id, run.id), with_for_update=True)
        if current is None or current.cursor != run.cursor or current.stage == "sourced":
            return Outcome(run.stage, Trigger.NOTHING, "Another worker took this page first.")
        if isinstance(page, CompanyPage):
            keep_problems(session, context, run.id, page.problems)
            ids = take_in_companies(session, context, page.records)
        else:
            ids = list(page)
        unique = list(dict.fromkeys(ids))
        views = load_views(session, unique, with_facts=False)
        verdicts = {company_id: admit(view, icp) for company_id, view in views.items()}
        number = cohorts_of(session, run.id) + 1
        kept = [company_id for company_id, (inside, _) in verdicts.items() if inside]
        cohort_id = stable_id("cohort", context.workspace_id, run.id, number)
        rows = [
            {"id": i, "run_id": run.id, "cohort_id": cohort_id if inside else None, "kept": inside, "reason": reason}
            for i, (inside, reason) in verdicts.items()
        ]
        new = bulk.insert_ignore(session, RunCompany, rows)
        fresh = [company_id for company_id in kept if company_id in new]
        if fresh:
            _start_cohort(session, context, run, cohort_id, number, len(fresh))
        current.cursor, current.state = cursor, RunState.RUNNING
        current.companies_seen += len(new)
        current.companies_kept += len(fresh)
        over = cursor is None or (current.max_companies is not None and current.companies_seen >= current.max_companies)
        current.stage = "sourced" if over else "sourcing"
        _next(session, context, run.id, current, over=over)
        session.add(current)
        reason = (
            f"Read {len(unique)} companies, {len(new)} of them new to the run; {len(fresh)} pass the ICP's filters."
        )
        inputs = {"read": len(unique), "new": len(new), "kept": len(fresh), "cohort": number if fresh else None}
        return Outcome(current.stage, Trigger.READY if over else Trigger.MORE, reason, inputs=inputs)


def cohorts_of(session: Session, run_id: UUID) -> int:
    """How many cohorts the run has."""
    last = session.exec(
        select(Cohort.number).where(Cohort.run_id == run_id).order_by(col(Cohort.number).desc()).limit(1)
    ).first()
    return last or 0


def _start_cohort(
    session: Session, context: AgentContext, run: Run, cohort_id: UUID, number: int, companies: int
) -> None:
    now = context.clock.now()
    row = {"id": cohort_id, "run_id": run.id, "number": number, "companies": companies, "created_at": now}
    bulk.insert_ignore(session, Cohort, [row])
    triggers.add_trigger(
        session,
        context.clock,
        subject_kind="cohort",
        subject_id=cohort_id,
        kind=Trigger.RUN_STEP,
        key=f"cohort:{cohort_id}",
    )


def _next(session: Session, context: AgentContext, run_id: UUID, run: Run, *, over: bool) -> None:
    if over:
        if not cohorts_of(session, run_id):
            run.state, run.finished_at = RunState.DONE, context.clock.now()
            feed.publish(session, context.clock, [feed.run(Kind.RUN_DONE, run)])
        return
    triggers.add_trigger(
        session,
        context.clock,
        subject_kind="run",
        subject_id=run_id,
        kind=Trigger.RUN_STEP,
        key=f"run:{run_id}:{run.cursor}",
    )


def _store_page(session: Session, cursor: str | None, limit: int) -> tuple[list[UUID], str | None]:
    query = select(Company.id).where(merges.not_absorbed(Company)).order_by(col(Company.id)).limit(limit)
    if cursor:
        query = query.where(col(Company.id) > UUID(cursor))
    ids = list(session.exec(query))
    return ids, str(ids[-1]) if len(ids) == limit else None


def query_of(icp: IcpDefinition) -> CompanyQuery:
    """What of an ICP a company source can be asked for."""
    size, revenue = icp.employees, icp.revenue
    return CompanyQuery(
        industries=tuple(want.name for want in icp.industries),
        keywords=tuple(word for want in icp.industries for word in want.synonyms),
        countries=icp.countries,
        employees_min=size.min if size else None,
        employees_max=size.max if size else None,
        revenue_min_minor=revenue.min_minor if revenue else None,
        revenue_max_minor=revenue.max_minor if revenue else None,
        currency=revenue.currency if revenue else "",
        technologies=icp.technologies,
    )


def _source(session: Session, context: AgentContext, run: Run, query: CompanyQuery) -> CompanySource:
    if not run.source.startswith(IMPORT):
        return context.tools.company_source(context.workspace_id, run.source, query, {})
    batch = session.get(ImportBatch, (context.workspace_id, UUID(run.source.removeprefix(IMPORT))))
    if batch is None:
        raise LookupError(f"The run reads {run.source}, which does not exist.")
    options = {"path": batch.path, "mapping": batch.mapping}
    return context.tools.company_source(context.workspace_id, "file", query, options)


def _pause(context: AgentContext, run_id: UUID, why: str) -> Outcome:
    with context.database.write(context.workspace_id) as session:
        run = session.get(Run, (context.workspace_id, run_id), with_for_update=True)
        assert run is not None
        run.state, run.error = RunState.PAUSED, why
        session.add(run)
        feed.publish(session, context.clock, [feed.run(Kind.RUN_PAUSED, run)])
        return Outcome(run.stage, Trigger.NOTHING, f"Paused: {why}")
