"""Each day: how is this customer? From usage to risk, health and reasons; and taking usage in."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.scorer import reasons_as_rows
from agents.step import Outcome, Step, Trigger
from core.ids import stable_id
from scoring.churn import AccountState, ChurnAssessment, RiskBand, assess_churn
from scoring.types import Scored, UsagePoint, UsageSeries
from store import bulk, feed
from store.feed_kinds import CustomerData, Kind
from store.models import (
    Company,
    Customer,
    CustomerState,
    Play,
    PlayState,
    ScoreRow,
    Task,
    TaskState,
    UsageMetric,
    Workspace,
)
from tools.calendar.slots import zone_of
from tools.domains import registrable_domain
from tools.ports import RowProblem, UsageRecord

USAGE_DAYS = 60
# Counts of a state go out of date within a fortnight; an answer about recommending us holds for as long as we look.
_FRESH_DAYS = 14
_TICKETS, _URGENT, _OVERDUE, _CHAMPION = "tickets_open", "tickets_urgent", "invoices_overdue_days", "champion_active"
_NPS, _SEATS, _ACTIVE_SEATS = "nps", "seats", "active_seats"
_STATES = frozenset({_TICKETS, _URGENT, _OVERDUE, _CHAMPION, _NPS, _SEATS, _ACTIVE_SEATS})
_STAGES = {RiskBand.LOW: "healthy", RiskBand.MEDIUM: "watch", RiskBand.HIGH: "at_risk"}
_CHUNK = 5_000
_PROBLEMS_KEPT = 100


@dataclass(frozen=True, slots=True)
class UsageTaken:
    """Rows of a source: read, kept, of nobody we know as a customer, and bad (the first hundred with their reasons)."""

    read: int
    kept: int
    unmatched: int
    bad: int
    problems: tuple[RowProblem, ...] = ()


def churn(context: AgentContext, step: Step) -> Outcome:
    """Risk and health as of today on the workspace's calendar; a second time on the same day changes nothing."""
    with context.database.write(context.workspace_id) as session:
        customer = session.get(Customer, (context.workspace_id, step.subject_id), with_for_update=True)
        if customer is None or customer.state is not CustomerState.ACTIVE:
            return Outcome(step.stage, Trigger.NOTHING, "No customer any more.")
        today = _today(session, context)
        if customer.assessed_on is not None and customer.assessed_on >= today:
            return Outcome(customer.stage, Trigger.ASSESSED, "Assessed today already.")
        _finish_plays(session, context, customer.id)
        account = _account(session, customer, today)
        assessed = assess_churn(account, today)
        _write_scores(session, context, customer.id, assessed)
        if assessed.band is not None:  # too little data says nothing new: the stage stays what it was
            _tell(session, context, customer, _STAGES[assessed.band], assessed)
            customer.stage = _STAGES[assessed.band]
        customer.assessed_on = today
        session.add(customer)
        return Outcome(customer.stage, Trigger.ASSESSED, _why(assessed), inputs=_inputs(assessed, account))


def _tell(session: Session, context: AgentContext, customer: Customer, stage: str, assessed: ChurnAssessment) -> None:
    if stage == customer.stage:
        return
    told = CustomerData(
        company_id=customer.company_id, before=customer.stage, after=stage, churn_risk=assessed.risk.value
    )
    kind = Kind.CUSTOMER_AT_RISK if stage == "at_risk" else Kind.CUSTOMER_STAGE_CHANGED
    feed.publish(session, context.clock, [feed.Event(kind, customer.id, told, "agent:churn")])


def take_in_usage(context: AgentContext, rows: Iterable[UsageRecord | RowProblem]) -> UsageTaken:
    """Upserts usage by customer, metric and day, in batches; a later row of the same key wins.

    A customer is matched by the company's domain, or by the customer's id. What cannot be used is counted and said.
    """
    with context.database.read(context.workspace_id) as session:
        known = _references(session)
    read = kept = unmatched = bad = 0
    problems: list[RowProblem] = []
    batch: list[dict[str, Any]] = []
    for row in rows:
        read += 1
        problem = row if isinstance(row, RowProblem) else _problem(row)
        if problem is not None:
            bad += 1
            problems += [problem] if len(problems) < _PROBLEMS_KEPT else []
            continue
        assert isinstance(row, UsageRecord)
        customer_id = known.get(_reference(row.customer_ref))
        if customer_id is None:
            unmatched += 1
            continue
        batch.append({"id": customer_id, "metric": row.metric, "day": row.day, "value": float(row.value)})
        kept += 1
        if len(batch) >= _CHUNK:
            _upsert(context, batch)
            batch = []
    _upsert(context, batch)
    return UsageTaken(read, kept, unmatched, bad, tuple(problems))


def _upsert(context: AgentContext, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        with context.database.write(context.workspace_id) as session:
            bulk.upsert(session, UsageMetric, rows, key=("id", "metric", "day"), update=("value",))


def _references(session: Session) -> dict[str, UUID]:
    query = (
        select(Customer.id, Company.domain)
        .join(
            Company,
            (col(Company.workspace_id) == col(Customer.workspace_id)) & (col(Company.id) == col(Customer.company_id)),
        )
        .order_by(col(Customer.id))
    )
    found: dict[str, UUID] = {}
    for customer_id, domain in session.exec(query):
        found[str(customer_id)] = customer_id
        if domain:
            found[domain] = customer_id
    return found


def _reference(text: str) -> str:
    plain = text.strip().lower()
    return plain if _is_id(plain) else registrable_domain(plain) or plain


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _problem(row: UsageRecord) -> RowProblem | None:
    if not row.metric or len(row.metric) > 64:
        return RowProblem(row.line or 0, "The metric's name is missing or longer than 64 characters.")
    if not math.isfinite(row.value):
        return RowProblem(row.line or 0, f"The value of {row.metric} is not a number.")
    return None


def _today(session: Session, context: AgentContext) -> date:
    workspace = session.get(Workspace, context.workspace_id)
    zone = zone_of(workspace.time_zone) if workspace else None
    return context.clock.now().astimezone(zone).date() if zone else context.clock.now().date()


def _account(session: Session, customer: Customer, today: date) -> AccountState:
    rows = session.execute(
        sa.select(col(UsageMetric.metric), col(UsageMetric.day), col(UsageMetric.value))
        .where(
            col(UsageMetric.id) == customer.id,
            col(UsageMetric.day) > today - timedelta(days=USAGE_DAYS),
            col(UsageMetric.day) <= today,
        )
        .order_by(col(UsageMetric.metric), col(UsageMetric.day))
    ).all()
    series: dict[str, list[UsagePoint]] = {}
    for metric, day, value in rows:
        series.setdefault(metric, []).append(UsagePoint(day, value))

    def latest(metric: str, max_age: int = _FRESH_DAYS) -> float | None:
        last = series.get(metric, [])[-1:]
        return last[0].value if last and (today - last[0].day).days < max_age else None

    def count(metric: str, max_age: int = _FRESH_DAYS) -> int | None:
        value = latest(metric, max_age)
        return None if value is None else max(0, round(value))

    champion = latest(_CHAMPION)
    return AccountState(
        usage=tuple(UsageSeries(metric, tuple(points)) for metric, points in series.items() if metric not in _STATES),
        open_tickets=count(_TICKETS),
        urgent_tickets=count(_URGENT),
        overdue_days=count(_OVERDUE),
        nps=count(_NPS, USAGE_DAYS),
        seats=count(_SEATS, USAGE_DAYS),
        active_seats=count(_ACTIVE_SEATS),
        champion_left=None if champion is None else champion < 0.5,
        renewal_on=customer.renews_on,
    )


def _write_scores(session: Session, context: AgentContext, customer_id: UUID, assessed: ChurnAssessment) -> None:
    def row(kind: str, scored: Scored) -> dict[str, Any]:
        return {
            "id": stable_id("score", context.workspace_id, customer_id, kind),
            "subject_kind": "customer",
            "subject_id": customer_id,
            "kind": kind,
            "value": scored.value,
            "reasons": reasons_as_rows(scored.reasons),
            "model_version": scored.model_version,
            "as_of": context.clock.now(),
        }

    rows = [row("churn_risk", assessed.risk), row("health", assessed.health)]
    bulk.upsert(session, ScoreRow, rows, key=["subject_id", "kind"])


def _finish_plays(session: Session, context: AgentContext, customer_id: UUID) -> None:
    """A play whose tasks are all done or dropped is over."""
    running = session.exec(
        select(Play).where(Play.customer_id == customer_id, Play.state == PlayState.RUNNING).order_by(col(Play.id))
    ).all()
    for play in running:
        left = session.exec(select(Task.id).where(Task.play_id == play.id, Task.state == TaskState.OPEN).limit(1))
        if left.first() is None:
            play.state, play.finished_at = PlayState.DONE, context.clock.now()
            session.add(play)


def _why(assessed: ChurnAssessment) -> str:
    if assessed.band is None:
        return assessed.risk.reasons[0].text
    worst = assessed.drivers[0].text if assessed.drivers else "Nothing raises the risk."
    return f"The risk is {assessed.band.value}. {worst}"


def _inputs(assessed: ChurnAssessment, account: AccountState) -> dict[str, Any]:
    return {
        "churn_risk": assessed.risk.value,
        "health": assessed.health.value,
        "drivers": [reason.code for reason in assessed.drivers],
        "usage_days": {series.metric: len(series.points) for series in account.usage},
    }
