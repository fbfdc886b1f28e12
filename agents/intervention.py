"""Starts the play for what drives a customer away most: tasks for the CSM, an alert, a mail to be approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from agents import attention, playbooks
from agents.context import AgentContext
from agents.playbooks import PlaybookSpec
from agents.step import Outcome, Step, Trigger
from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind, PlayData
from store.models import Alert, Company, Customer, CustomerState, Play, Playbook, PlayState, ScoreRow

REST_DAYS = 30  # a play needs weeks to work: none of its kind is started again sooner


@dataclass(frozen=True, slots=True)
class Driver:
    """What raises the risk: a code of scoring.churn, its points and its sentence."""

    code: str
    points: float
    text: str


def intervention(context: AgentContext, step: Step) -> Outcome:
    """At risk: the play of the worst driver that has one, unless it runs or ran within REST_DAYS."""
    with context.database.write(context.workspace_id) as session:
        customer = session.get(Customer, (context.workspace_id, step.subject_id), with_for_update=True)
        if customer is None or customer.state is not CustomerState.ACTIVE or customer.stage != "at_risk":
            return Outcome(step.stage, Trigger.NOTHING, "Not at risk, or no customer any more.")
        found = drivers_of(session, customer.id)
        chosen = playbooks.for_drivers(playbooks.in_force(session, context.clock), [driver.code for driver in found])
        if chosen is None:
            return Outcome(customer.stage, Trigger.NOTHING, "No playbook is for what drives the risk.")
        row, spec, code = chosen
        driver = next(one for one in found if one.code == code)
        # The day of the assessment, so that the same step carried out twice is one play.
        day = customer.assessed_on or context.clock.now().date()
        play_id = stable_id("play", context.workspace_id, customer.id, spec.name, day)
        running = _at_work(session, context, customer.id, spec.name, play_id)
        if running is not None:
            reason = f"The play {spec.name} is {running.state.value} since {running.started_at.date()}."
            return Outcome(customer.stage, Trigger.NOTHING, reason)
        _start(session, context, customer, row, spec, driver, play_id)
        inputs = {"driver": driver.code, "playbook": spec.name, "version": spec.number, "play_id": str(play_id)}
        reason = f"{driver.text} The play {spec.name} starts with {len(spec.steps)} tasks."
        return Outcome(customer.stage, Trigger.PLAYED, reason, {"play_id": str(play_id)}, inputs)


def drivers_of(session: Session, customer_id: UUID) -> list[Driver]:
    """What raises the risk in the newest assessment, worst first."""
    score = session.exec(
        select(ScoreRow).where(ScoreRow.subject_id == customer_id, ScoreRow.kind == "churn_risk")
    ).first()
    reasons: Sequence[dict[str, Any]] = score.reasons if score else []
    found = [
        Driver(str(reason["code"]), float(reason["points"]), str(reason["text"]))
        for reason in reasons
        if float(reason["points"]) > 0 and reason["code"] != "base_risk"
    ]
    return sorted(found, key=lambda driver: (-driver.points, driver.code))


def _at_work(session: Session, context: AgentContext, customer_id: UUID, playbook: str, play_id: UUID) -> Play | None:
    """A play of this name, of whichever version, that runs or started within REST_DAYS; not the one of this step."""
    since = context.clock.now() - timedelta(days=REST_DAYS)
    plays = session.exec(
        select(Play)
        .join(
            Playbook,
            (col(Playbook.workspace_id) == col(Play.workspace_id)) & (col(Playbook.id) == col(Play.playbook_id)),
        )
        .where(Play.customer_id == customer_id, Playbook.name == playbook, Play.id != play_id)
        .order_by(col(Play.started_at).desc(), col(Play.id))
    ).all()
    return next((play for play in plays if play.state is PlayState.RUNNING or play.started_at > since), None)


def _start(
    session: Session,
    context: AgentContext,
    customer: Customer,
    row: Playbook,
    spec: PlaybookSpec,
    driver: Driver,
    play_id: UUID,
) -> None:
    now = context.clock.now()
    risk = session.exec(
        select(ScoreRow.value).where(ScoreRow.subject_id == customer.id, ScoreRow.kind == "churn_risk")
    ).first()
    play = {
        "id": play_id,
        "customer_id": customer.id,
        "playbook_id": row.id,
        "reason": driver.text,
        "risk_at_start": risk,
        "started_at": now,
    }
    if not bulk.insert_ignore(session, Play, [play]):
        return
    told = PlayData(customer_id=customer.id, playbook_id=row.id)
    feed.publish(session, context.clock, [feed.Event(Kind.PLAY_STARTED, play_id, told, "agent:intervention")])
    company = session.get(Company, (context.workspace_id, customer.company_id))
    for number, one in enumerate(spec.steps, start=1):
        attention.add_task(
            session,
            context,
            source_key=f"play:{play_id}:{number}",
            subject=customer,
            kind=one.kind,
            title=one.title,
            due_at=now + timedelta(days=one.due_days),
            play_id=play_id,
        )
    alert = {
        "id": stable_id("alert", context.workspace_id, f"play:{play_id}"),
        "source_key": f"play:{play_id}",
        "subject_kind": "customer",
        "subject_id": customer.id,
        "level": "warning",
        "text": f"{company.name if company else 'A customer'} is at risk. {driver.text} {spec.alert}".strip(),
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [alert])
