"""Mirrors what happened to a subject into the CRM: one step an event, each once by its key, a handful of queries.

Rows are the truth and the CRM a copy, so this looks at the rows anew every time and lets the keys say what is known.
Summaries are sentences of ours: no name, no address, no word of a mail.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import stopping
from agents.context import AgentContext
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.errors import Conflict, NotFound
from core.ids import stable_id
from store import audit, bulk, feed
from store.feed_kinds import Kind
from store.models import (
    Cohort,
    CohortStage,
    Company,
    Customer,
    Deal,
    DealStage,
    Draft,
    DraftState,
    EngagementEvent,
    Lead,
    LeadStage,
    Meeting,
    Message,
    OutboxItem,
    Play,
    Playbook,
    Run,
    RunCompany,
    RunState,
    ScoreRow,
    Task,
    Touch,
    TouchState,
)
from store.queries import merges, outbox, triggers
from store.queries.outbox import CrmStep

_MONTHS_OF_A_CONTRACT = 12


def crm(context: AgentContext, step: Step) -> Outcome:
    """Queues what the CRM does not know yet; a deal that closed ends its lead, a cohort that is mirrored is done."""
    with context.database.write(context.workspace_id) as session:
        stage = step.stage
        match step.subject:
            case SubjectKind.LEAD:
                lead = session.get(Lead, (context.workspace_id, step.subject_id), with_for_update=True)
                if lead is None:
                    return Outcome(stage, Trigger.MIRRORED, "The lead was erased; there is nothing to mirror.")
                _close_lead(session, context, lead)
                stage, steps = lead.stage.value, list(_of_lead(session, lead))
            case SubjectKind.COHORT:
                steps = list(_of_cohort(session, step.subject_id))
                stage = _finish_cohort(session, context, step.subject_id)
            case SubjectKind.CUSTOMER:
                customer = session.get(Customer, (context.workspace_id, step.subject_id))
                steps = list(_of_customer(session, customer)) if customer else []
            case _:
                steps = []
        new = outbox.insert_crm(session, context.clock, context.sealer, steps)
    reason = f"{new} new steps for the CRM." if new else "The CRM knows all of it."
    return Outcome(stage, Trigger.MIRRORED, reason, inputs={"steps": len(steps), "new": new})


def close_deal(context: AgentContext, deal_id: UUID, won: bool, amount_minor: int, by: str) -> None:
    """A person closes an open deal. Won: a customer with a contract of a year over `amount_minor` (minor units).

    The same word again changes nothing. Raises NotFound; Conflict where the deal was closed the other way; ValueError
    for a negative amount.
    """
    if amount_minor < 0:
        raise ValueError("An amount is not negative.")
    now, stage = context.clock.now(), DealStage.WON if won else DealStage.LOST
    with context.database.write(context.workspace_id) as session:
        closed = session.execute(
            sa.update(Deal)
            .where(col(Deal.id) == deal_id, col(Deal.stage) == DealStage.OPEN)
            .values(stage=stage, amount_minor=amount_minor, closed_at=now)
            .returning(col(Deal.id))
            .execution_options(synchronize_session=False)
        ).one_or_none()
        deal = session.get(Deal, (context.workspace_id, deal_id), populate_existing=True)
        if deal is None:
            raise NotFound("There is no such deal.")
        if closed is None:
            if deal.stage is stage:
                return
            raise Conflict(
                f"The deal is {deal.stage.value} already.", hint="The first word counts.", code="deal_closed"
            )
        if won:
            _add_customer(session, context, deal)
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=deal.lead_id,
            kind=Trigger.DEAL_CLOSED,
            key=f"deal_closed:{deal_id}",
            payload={"deal_id": str(deal_id)},
        )
        audit.append(
            session,
            context.clock,
            context.ids,
            actor=by,
            action=f"deal.{stage.value}",
            subject_kind="deal",
            subject_id=deal_id,
            details={"amount_minor": amount_minor, "currency": deal.currency},
        )


def _add_customer(session: Session, context: AgentContext, deal: Deal) -> None:
    """One a company: a second deal of the same company adds to the contract that is there."""
    lead = session.get(Lead, (context.workspace_id, deal.lead_id))
    today = context.clock.now().date()
    mrr = deal.amount_minor // _MONTHS_OF_A_CONTRACT
    row = {
        "id": stable_id("customer", context.workspace_id, deal.company_id),
        "company_id": deal.company_id,
        "contact_id": lead.contact_id if lead else None,
        "deal_id": deal.id,
        "started_on": today,
        "renews_on": _in_a_year(today),
        "mrr_minor": mrr,
        "currency": deal.currency,
        "created_at": context.clock.now(),
    }
    if not bulk.insert_ignore(session, Customer, [row]):
        session.execute(
            sa.update(Customer)
            .where(col(Customer.company_id) == deal.company_id)
            .values(mrr_minor=col(Customer.mrr_minor) + mrr)
            .execution_options(synchronize_session=False)
        )


def _in_a_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return day + timedelta(days=365)


def _close_lead(session: Session, context: AgentContext, lead: Lead) -> None:
    deal = session.exec(select(Deal).where(Deal.lead_id == lead.id)).first()
    if deal is None or deal.stage is DealStage.OPEN or lead.stage in (LeadStage.WON, LeadStage.LOST):
        return
    if deal.stage is DealStage.LOST:
        stopping.stop_lead(session, context, lead, LeadStage.LOST, "The deal was lost.")
        return
    feed.publish(session, context.clock, [feed.lead_moved(lead, LeadStage.WON)])
    lead.stage, lead.stop_reason, lead.updated_at = LeadStage.WON, "", context.clock.now()
    session.add(lead)
    stopping.stop_sequence(session, lead.id, "The deal was won.")


def _of_lead(session: Session, lead: Lead) -> Iterator[CrmStep]:
    def step(what: str, version: object, kind: str, at: Any, summary: str, /, **fields: Any) -> CrmStep:
        record = ("deal", deal.id) if kind == "deal" and deal is not None else ("contact", lead.contact_id)
        return CrmStep(f"crm:{lead.id}:{what}:{version}", "lead", lead.id, *record, kind, at, summary, fields)

    deal = session.exec(select(Deal).where(Deal.lead_id == lead.id)).first()
    messages = select(Message).where(Message.lead_id == lead.id, Message.direction == "in").order_by(col(Message.id))
    for message in session.exec(messages):
        yield step("message", message.id, "reply", message.at, _of_message(message), kind=message.kind)
    drafts = select(Draft).where(Draft.lead_id == lead.id, Draft.state == DraftState.REJECTED).order_by(col(Draft.id))
    for draft in session.exec(drafts):
        yield step("draft_rejected", draft.id, "draft", draft.created_at, f"Draft rejected: {_words(draft.kind)}")
    touches = select(Touch).where(Touch.lead_id == lead.id, Touch.state == TouchState.BLOCKED).order_by(col(Touch.id))
    for touch in session.exec(touches):
        text = f"Step {touch.number} ({touch.channel}) blocked: {touch.block_reason}"
        yield step("touch_blocked", touch.id, "touch", touch.due_at, text, channel=touch.channel)
    # Replies are there as messages, meetings as meetings: what is left came without words.
    events = (
        select(EngagementEvent)
        .where(
            EngagementEvent.lead_id == lead.id,
            col(EngagementEvent.message_id).is_(None),
            col(EngagementEvent.kind).not_in(["booking", "meeting_held", "meeting_missed"]),
        )
        .order_by(col(EngagementEvent.id))
    )
    for event in session.exec(events):
        text = f"{_words(event.kind).capitalize()} ({event.actor})"
        yield step("event", event.id, "engagement", event.occurred_at, text, kind=event.kind, actor=event.actor)
    for meeting in session.exec(select(Meeting).where(Meeting.lead_id == lead.id).order_by(col(Meeting.id))):
        at = meeting.starts_at or meeting.created_at
        text = f"Meeting {_words(meeting.state.value)}"
        yield step("meeting", f"{meeting.id}:{meeting.state.value}", "meeting", at, text, state=meeting.state.value)
    tasks = select(Task).where(Task.subject_id == lead.id).order_by(col(Task.id))
    for task in session.exec(tasks):
        text = f"Task {task.state.value}: {_words(task.kind)}"
        yield step("task", f"{task.id}:{task.state.value}", "task", task.created_at, text, kind=task.kind)
    if deal is not None:
        fields = {"stage": deal.stage.value, "amount_minor": deal.amount_minor, "currency": deal.currency}
        at = deal.closed_at or deal.created_at
        yield step("deal", deal.stage.value, "deal", at, f"Deal {deal.stage.value}", **fields)
    if version := _stage_version(session, lead):
        text = f"Lead is now {_words(lead.stage.value)}"
        yield step("stage", version, "stage_change", lead.updated_at, text, stage=lead.stage.value, tier=lead.tier)


def _stage_version(session: Session, lead: Lead) -> str | None:
    """ "<n>:<stage>" where the CRM was last told of another stage; None: it knows. A lead may come back to a stage."""
    prefix = f"crm:{lead.id}:stage:"
    told = session.exec(
        select(OutboxItem.key).where(OutboxItem.subject_id == lead.id, col(OutboxItem.key).startswith(prefix))
    ).all()
    versions = sorted(
        (int(number), stage) for number, _, stage in (k.removeprefix(prefix).partition(":") for k in told)
    )
    last, stage = versions[-1] if versions else (0, "")
    return None if stage == lead.stage.value else f"{last + 1}:{lead.stage.value}"


def _of_cohort(session: Session, cohort_id: UUID) -> Iterator[CrmStep]:
    cohort = session.exec(select(Cohort).where(Cohort.id == cohort_id)).first()
    if cohort is None:
        return
    member = (
        (col(RunCompany.workspace_id) == col(Company.workspace_id))
        & (col(RunCompany.id) == col(Company.id))
        & (col(RunCompany.cohort_id) == cohort_id)
        & (col(RunCompany.run_id) == cohort.run_id)
    )
    companies = select(Company).join(RunCompany, member).where(col(RunCompany.kept).is_(True))
    companies = companies.where(merges.not_absorbed(Company)).order_by(col(Company.id))
    for company in session.exec(companies):
        yield CrmStep(
            key=f"crm:{company.id}:company:{cohort.run_id}",
            subject_kind="company",
            subject_id=company.id,
            record_kind="company",
            record_id=company.id,
            kind="company",
            occurred_at=company.updated_at,
            summary="Company looked at",
            fields={
                "domain": company.domain,
                "industry": company.industry,
                "employees": company.employees,
                "country": company.country,
            },
        )
    leads = (
        sa.select(
            col(Lead.id),
            col(Lead.contact_id),
            col(Lead.tier),
            col(Lead.priority),
            col(Lead.stage),
            col(Lead.updated_at),
        )
        .join(
            Company, (col(Company.workspace_id) == col(Lead.workspace_id)) & (col(Company.id) == col(Lead.company_id))
        )
        .join(RunCompany, member)
        .where(col(Lead.run_id) == cohort.run_id, merges.not_absorbed(Lead, "contact_id"))
        .order_by(col(Lead.id))
    )
    for lead_id, contact_id, tier, priority, stage, updated_at in session.execute(leads):
        fields = {"tier": tier, "priority": priority, "stage": stage.value}
        yield CrmStep(
            key=f"crm:{lead_id}:score:{cohort.run_id}",
            subject_kind="lead",
            subject_id=lead_id,
            record_kind="contact",
            record_id=contact_id,
            kind="score",
            occurred_at=updated_at,
            summary=f"Scored: tier {tier}",
            fields=fields,
        )


def _finish_cohort(session: Session, context: AgentContext, cohort_id: UUID) -> str:
    """The cohort is done; so is its run, when its source was read to the end and no other cohort is under way."""
    cohort = session.get(Cohort, (context.workspace_id, cohort_id))
    if cohort is None:
        return CohortStage.DONE.value
    # The run's row is locked first: of two cohorts that end together, the second sees the first.
    run = session.get(Run, (context.workspace_id, cohort.run_id), with_for_update=True)
    cohort.stage = CohortStage.DONE
    session.add(cohort)
    session.flush()
    under_way = session.exec(
        select(Cohort.id).where(Cohort.run_id == cohort.run_id, Cohort.stage != CohortStage.DONE).limit(1)
    ).first()
    if run is not None and run.stage == "sourced" and under_way is None and run.state is RunState.RUNNING:
        run.state, run.finished_at = RunState.DONE, context.clock.now()
        session.add(run)
        feed.publish(session, context.clock, [feed.run(Kind.RUN_DONE, run)])
    return cohort.stage.value


def _of_customer(session: Session, customer: Customer) -> Iterator[CrmStep]:
    def step(what: str, version: object, kind: str, at: Any, summary: str, /, **fields: Any) -> CrmStep:
        key = f"crm:{customer.id}:{what}:{version}"
        return CrmStep(key, "customer", customer.id, "customer", customer.id, kind, at, summary, fields)

    scores = select(ScoreRow).where(ScoreRow.subject_id == customer.id).order_by(col(ScoreRow.kind))
    values = {score.kind: (score.value, score.as_of) for score in session.exec(scores)}
    if customer.assessed_on is not None and "health" in values:
        health, at = values["health"]
        risk, _ = values.get("churn_risk", (None, at))
        text = f"Customer is {_words(customer.stage)}"
        fields = {"health": health, "churn_risk": risk, "stage": customer.stage}
        yield step("health", customer.assessed_on.isoformat(), "score", at, text, **fields)
    plays = (
        select(Play, Playbook.name)
        .join(
            Playbook,
            (col(Playbook.workspace_id) == col(Play.workspace_id)) & (col(Playbook.id) == col(Play.playbook_id)),
        )
        .where(Play.customer_id == customer.id)
        .order_by(col(Play.id))
    )
    for play, name in session.exec(plays):
        at = play.finished_at or play.started_at
        text = f"Play {play.state.value}: {_words(name)}"
        yield step("play", f"{play.id}:{play.state.value}", "play", at, text, playbook=name, state=play.state.value)
    messages = select(Message).where(Message.customer_id == customer.id, Message.direction == "in")
    for message in session.exec(messages.order_by(col(Message.id))):
        yield step("message", message.id, "reply", message.at, _of_message(message), kind=message.kind)
    drafts = select(Draft).where(Draft.customer_id == customer.id, Draft.state == DraftState.REJECTED)
    for draft in session.exec(drafts.order_by(col(Draft.id))):
        yield step("draft_rejected", draft.id, "draft", draft.created_at, f"Draft rejected: {_words(draft.kind)}")


def _of_message(message: Message) -> str:
    intents = [str(hit["intent"]) for hit in message.reading.get("intents", [])]
    return f"Mail received: {_words(message.kind)}" + (f" ({_words(', '.join(intents))})" if intents else "")


def _words(code: str) -> str:
    return code.replace("_", " ")
