"""What agents' tests share: a lead that wrote, a customer with usage, and what the store says afterwards."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from agents.context import AgentContext
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.ids import stable_id
from store import bulk
from store.models import Customer, Lead, Message, UsageMetric
from tests.support.crash.office import Office


def write_in(
    office: Office,
    number: int = 0,
    *intents: str,
    kind: str = "reply",
    text: str = "hello",
    key: str = "",
    customer_id: UUID | None = None,
    **reading: Any,
) -> Step:
    """A message as workers.inbound leaves it, and the step that its trigger starts."""
    context, person = office.context, office.people[number]
    source_key = f"inbox:{key or f'{number}:{kind}:{intents}:{text}'}"
    message_id = stable_id("message", context.workspace_id, source_key)
    row = {
        "id": message_id,
        "direction": "in",
        "source_key": source_key,
        "mailbox_id": office.mailbox_id,
        "lead_id": None if customer_id else person.lead_id,
        "customer_id": customer_id,
        "contact_id": person.contact_id,
        "message_id": f"<{message_id}@them.example>",
        "body_sealed": context.sealer.seal(text, context=f"message|body|{message_id}"),
        "kind": kind,
        "reading": {"kind": kind, "rule": "test", "intents": [{"intent": i} for i in intents], **reading},
        "at": context.clock.now(),
    }
    with context.database.write(context.workspace_id) as session:
        bulk.insert_ignore(session, Message, [row])
    subject = (SubjectKind.CUSTOMER, customer_id) if customer_id else (SubjectKind.LEAD, person.lead_id)
    return Step(subject[0], subject[1], stage_of(office, number), Trigger.INBOUND, {"message_id": str(message_id)})


def following(step: Step, outcome: Outcome) -> Step:
    """The step that the supervisor takes next."""
    return Step(step.subject, step.subject_id, outcome.stage, outcome.trigger, {**step.payload, **outcome.payload})


def stage_of(office: Office, number: int = 0) -> str:
    lead: Lead = office.get(Lead, office.people[number].lead_id)
    return lead.stage.value


def rows_of(context: AgentContext, model: Any, *where: Any) -> list[Any]:
    with context.database.read(context.workspace_id) as session:
        return list(session.exec(select(model).where(*where).order_by(col(model.id))))


def add_customer(office: Office, number: int = 0, **values: Any) -> UUID:
    context, person = office.context, office.people[number]
    lead: Lead = office.get(Lead, person.lead_id)
    customer_id = stable_id("customer", context.workspace_id, lead.company_id)
    row = {
        "id": customer_id,
        "company_id": lead.company_id,
        "contact_id": person.contact_id,
        "started_on": context.clock.now().date() - timedelta(days=200),
        "mrr_minor": 100_000,
        "currency": "USD",
        "created_at": context.clock.now(),
        **values,
    }
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, Customer, [row])
    return customer_id


def add_usage(context: AgentContext, customer_id: UUID, metric: str, values: list[float], until: datetime) -> None:
    """One value a day, the last one on `until`."""
    rows = [
        {"id": customer_id, "metric": metric, "day": until.date() - timedelta(days=len(values) - 1 - n), "value": value}
        for n, value in enumerate(values)
    ]
    with context.database.write(context.workspace_id) as session:
        bulk.upsert(session, UsageMetric, rows, key=("id", "metric", "day"), update=("value",))
