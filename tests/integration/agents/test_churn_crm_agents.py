"""Customers assessed once a day, one play a driver, and every step in the CRM once."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from agents.churn import churn, take_in_usage
from agents.context import AgentContext
from agents.crm import close_deal, crm
from agents.engagement import engagement
from agents.intervention import intervention
from agents.step import Outcome, Step, SubjectKind, Trigger
from core.clock import VirtualClock
from core.errors import Conflict, NotFound
from store import bulk
from store.models import (
    Alert,
    Company,
    CrmActivityRow,
    CrmLink,
    Customer,
    Deal,
    DealStage,
    Lead,
    OutboxItem,
    Play,
    ScoreRow,
    Task,
    TaskState,
    UsageMetric,
)
from tests.support.agent_office import add_customer, add_usage, following, rows_of, stage_of, write_in
from tests.support.crash.office import Office
from tools.ports import CrmActivity, RowProblem, UsageRecord
from tools.providers.crm.book import CrmBook


def daily(context: AgentContext, customer_id: UUID) -> tuple[Step, Outcome]:
    (customer,) = rows_of(context, Customer, Customer.id == customer_id)
    step = Step(SubjectKind.CUSTOMER, customer_id, customer.stage, Trigger.DAILY)
    return step, churn(context, step)


def declining(office: Office) -> UUID:
    customer_id, now = add_customer(office), office.context.clock.now()
    for metric in ("active_users", "key_events"):
        add_usage(office.context, customer_id, metric, [100.0] * 28 + [20.0] * 14, now)
    add_usage(office.context, customer_id, "tickets_open", [0.0] * 5, now)
    return customer_id


def test_a_decline_is_assessed_once_a_day_with_reasons(office: Office) -> None:
    customer_id = declining(office)
    _, first = daily(office.context, customer_id)
    assert (first.trigger, first.stage) == (Trigger.ASSESSED, "at_risk")
    scores = {row.kind: row for row in rows_of(office.context, ScoreRow)}
    assert scores["churn_risk"].value > 0.6
    assert scores["health"].value < 0.5
    assert "usage_drop" in {reason["code"] for reason in scores["churn_risk"].reasons}
    add_usage(office.context, customer_id, "active_users", [100.0] * 42, office.context.clock.now())
    assert daily(office.context, customer_id)[1].stage == "at_risk"
    assert rows_of(office.context, ScoreRow) == sorted(scores.values(), key=lambda row: row.id)


def test_without_usage_nothing_is_claimed(office: Office) -> None:
    customer_id = add_customer(office)
    _, outcome = daily(office.context, customer_id)
    assert (outcome.trigger, outcome.stage) == (Trigger.ASSESSED, "new")
    assert {row.value for row in rows_of(office.context, ScoreRow)} == {None}


def test_a_play_starts_once_and_rests_for_a_month(office: Office, office_clock: VirtualClock) -> None:
    context, customer_id = office.context, declining(office)
    step = following(*daily(context, customer_id))
    assert intervention(context, step).trigger is intervention(context, step).trigger is Trigger.PLAYED
    (play,) = rows_of(context, Play)
    tasks = rows_of(context, Task)
    assert {task.play_id for task in tasks} == {play.id}
    assert len(tasks) == 4
    assert len(rows_of(context, Alert)) == 1
    with context.database.write(context.workspace_id) as session:
        bulk.update(session, Task, [{"id": t.id, "state": TaskState.DONE} for t in tasks], columns=["state"])
    for days, trigger in ((1, Trigger.NOTHING), (30, Trigger.PLAYED)):
        office_clock.advance(timedelta(days=days))
        for metric in ("active_users", "key_events"):
            add_usage(context, customer_id, metric, [100.0] * 28 + [20.0] * 14, office_clock.now())
        assert intervention(context, following(*daily(context, customer_id))).trigger is trigger
    assert [play.state.value for play in sorted(rows_of(context, Play), key=lambda p: p.started_at)] == [
        "done",
        "running",
    ]


def test_usage_is_matched_by_domain_and_what_is_bad_is_counted(office: Office) -> None:
    context, customer_id = office.context, add_customer(office)
    (customer,) = rows_of(context, Customer)
    with context.database.write(context.workspace_id) as session:
        bulk.update(session, Company, [{"id": customer.company_id, "domain": "acme.com"}], columns=["domain"])
    day = date(2026, 6, 1)
    rows = [
        UsageRecord("www.acme.com", day, "logins", 3),
        UsageRecord(str(customer_id), day, "logins", 5),
        UsageRecord("nobody.com", day, "logins", 1),
        UsageRecord("acme.com", day, "logins", float("nan"), line=4),
        RowProblem(5, "no date"),
    ]
    taken = take_in_usage(context, iter(rows))
    assert (taken.read, taken.kept, taken.unmatched, taken.bad) == (5, 2, 1, 2)
    assert [problem.line for problem in taken.problems] == [4, 5]
    assert [row.value for row in rows_of(context, UsageMetric)] == [5.0]


def test_what_happened_is_mirrored_once_and_says_nothing_personal(office: Office) -> None:
    context = office.context
    step = write_in(office, 0, "question", text="Call Pat at home")
    after = following(step, engagement(context, step))
    first, second = crm(context, after), crm(context, after)
    assert first.trigger is second.trigger is Trigger.MIRRORED
    assert first.inputs["new"] >= 3
    assert second.inputs["new"] == 0
    items = rows_of(context, OutboxItem, OutboxItem.kind == "crm")
    summaries = " ".join(context.sealer.open(i.payload_sealed, context=f"outbox_item|payload|{i.id}") for i in items)
    assert "Pat" not in summaries
    assert "question" in summaries


@pytest.mark.parametrize("won", [True, False])
def test_a_deal_is_closed_once(office: Office, won: bool) -> None:
    context, lead_id = office.context, office.people[0].lead_id
    lead: Lead = office.get(Lead, lead_id)
    deal_id = context.ids.new()
    row = {"id": deal_id, "company_id": lead.company_id, "lead_id": lead_id, "created_at": context.clock.now()}
    with context.database.write(context.workspace_id) as session:
        bulk.insert(session, Deal, [row])
    for _ in range(2):
        close_deal(context, deal_id, won, 1_200_000, "user:ann")
    with pytest.raises(Conflict):
        close_deal(context, deal_id, not won, 1, "user:ann")
    with pytest.raises(NotFound):
        close_deal(context, lead_id, won, 1, "user:ann")
    assert office.get(Deal, deal_id).stage is (DealStage.WON if won else DealStage.LOST)
    assert [c.mrr_minor for c in rows_of(context, Customer)] == ([100_000] if won else [])
    crm(context, Step(SubjectKind.LEAD, lead_id, "in_sequence", Trigger.DEAL_CLOSED, {"deal_id": str(deal_id)}))
    assert stage_of(office) == ("won" if won else "lost")


def test_the_book_keeps_each_step_once(office: Office) -> None:
    context = office.context
    book = CrmBook(context.database, context.workspace_id, context.clock, context.sealer)
    record = office.people[0].contact_id
    steps = [CrmActivity(f"crm:{n}", "contact", record, "reply", context.clock.now(), "Mail received") for n in "ab"]
    assert book.mirror(steps) == book.mirror(steps)
    assert len(rows_of(context, CrmActivityRow)) == 2
    assert len(rows_of(context, CrmLink)) == 1
