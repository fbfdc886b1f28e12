"""What answers change: stages, sequences, suppression, scores and tasks. Only humans count."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col

from agents.context import AgentContext
from agents.engagement import engagement, opt_out
from agents.step import Trigger
from core.clock import VirtualClock
from core.errors import NotFound
from store.models import (
    Approval,
    ApprovalState,
    AuditEntry,
    Contact,
    EngagementEvent,
    Enrollment,
    EnrollmentState,
    Lead,
    OutboxItem,
    OutboxState,
    ScoreRow,
    Suppression,
    Task,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.queries import suppression
from tests.support.agent_office import add_customer, rows_of, stage_of, write_in
from tests.support.crash.office import Office


def enrollment_of(office: Office, number: int = 0) -> Enrollment:
    found: Enrollment = rows_of(office.context, Enrollment, Enrollment.lead_id == office.people[number].lead_id)[0]
    return found


def touches_of(office: Office, number: int = 0) -> list[Touch]:
    touches = rows_of(office.context, Touch, Touch.lead_id == office.people[number].lead_id)
    return sorted(touches, key=lambda touch: touch.number)


@pytest.mark.parametrize(
    ("intents", "trigger", "stage"),
    [
        (("interested",), Trigger.INTERESTED, "replied"),
        (("wants_meeting", "question"), Trigger.INTERESTED, "replied"),
        (("question",), Trigger.QUESTION, "replied"),
        (("referral",), Trigger.QUESTION, "replied"),
        (("unknown",), Trigger.QUESTION, "replied"),
        ((), Trigger.QUESTION, "replied"),
        (("negative",), Trigger.NEGATIVE, "lost"),
        (("wrong_person",), Trigger.NEGATIVE, "stopped"),
        (("not_now",), Trigger.NOT_NOW, "in_sequence"),
        (("opt_out", "negative"), Trigger.OPTED_OUT, "stopped"),
    ],
)
def test_an_answer_moves_the_lead_and_twice_changes_nothing(
    office: Office, intents: tuple[str, ...], trigger: Trigger, stage: str
) -> None:
    step = write_in(office, 0, *intents)
    first = engagement(office.context, step)
    after = [rows_of(office.context, model) for model in (EngagementEvent, Task, Suppression, Touch, AuditEntry)]
    second = engagement(office.context, step)
    assert first.trigger is second.trigger is trigger
    assert first.stage == stage_of(office) == stage
    assert after == [
        rows_of(office.context, model) for model in (EngagementEvent, Task, Suppression, Touch, AuditEntry)
    ]
    assert len(after[0]) == 1
    if trigger is not Trigger.NOT_NOW:
        assert enrollment_of(office).state is EnrollmentState.STOPPED
        assert {touch.state for touch in touches_of(office)} == {TouchState.CANCELLED}


def test_interest_scores_the_contact_and_pauses_nobody_of_another_company(office: Office) -> None:
    outcome = engagement(office.context, write_in(office, 0, "interested"))
    assert outcome.inputs["engagement"] == pytest.approx(0.75)
    assert outcome.inputs["next_best_action"] == "propose_slots"
    (score,) = rows_of(office.context, ScoreRow, ScoreRow.subject_id == office.people[0].contact_id)
    assert (score.kind, score.value) == ("engagement", pytest.approx(0.75))
    assert score.reasons
    assert enrollment_of(office, 1).state is EnrollmentState.ACTIVE


def test_a_colleague_is_left_alone_while_one_of_them_talks_with_us(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        mine = session.get(Lead, (context.workspace_id, office.people[0].lead_id))
        colleague = session.get(Lead, (context.workspace_id, office.people[1].lead_id))
        assert mine is not None
        assert colleague is not None
        colleague.company_id = mine.company_id
    _, approval_id, _ = office.draft(1)
    engagement(context, write_in(office, 0, "question"))
    paused = enrollment_of(office, 1)
    assert (paused.state, paused.stop_reason) == (EnrollmentState.PAUSED, "a colleague answered")
    assert office.get(Approval, approval_id).state is ApprovalState.VOID
    assert {touch.state for touch in touches_of(office, 1)} == {TouchState.PLANNED}
    assert enrollment_of(office, 2).state is EnrollmentState.ACTIVE


def test_an_absence_moves_what_is_planned_behind_the_return(office: Office, office_clock: VirtualClock) -> None:
    before = touches_of(office)
    back = office_clock.now().date() + timedelta(days=9)
    step = write_in(office, 0, kind="out_of_office", return_on=back.isoformat())
    assert engagement(office.context, step).trigger is Trigger.AUTO_REPLY
    assert engagement(office.context, step).trigger is Trigger.AUTO_REPLY
    after = touches_of(office)
    assert after[0].due_at.date() > back
    assert [b.due_at - a.due_at for a, b in zip(before, after, strict=True)] == [after[0].due_at - before[0].due_at] * 3
    waiting = enrollment_of(office)
    assert (waiting.state, waiting.resume_at) == (EnrollmentState.PAUSED, after[0].due_at)
    (event,) = rows_of(office.context, EngagementEvent)
    assert event.actor == "machine"
    (score,) = rows_of(office.context, ScoreRow)
    assert score.value is None
    assert stage_of(office) == "in_sequence"


def test_an_automatic_answer_without_a_date_waits_a_week(office: Office, office_clock: VirtualClock) -> None:
    engagement(office.context, write_in(office, 0, kind="auto_reply"))
    assert touches_of(office)[0].due_at == office_clock.now() + timedelta(days=7)


def test_not_now_waits_for_the_day_they_named_or_a_quarter(office: Office, office_clock: VirtualClock) -> None:
    engagement(office.context, write_in(office, 0, "not_now", text="Please try again in two months."))
    engagement(office.context, write_in(office, 1, "not_now", text="No time at the moment."))
    assert 60 <= (touches_of(office, 0)[0].due_at - office_clock.now()).days <= 63
    assert touches_of(office, 1)[0].due_at == office_clock.now() + timedelta(days=90)


def test_a_hard_bounce_stops_and_suppresses_a_soft_one_needs_three(office: Office, office_clock: VirtualClock) -> None:
    context = office.context
    hard = engagement(context, write_in(office, 0, kind="bounce", bounce="hard"))
    assert (hard.trigger, hard.stage) == (Trigger.BOUNCED, "stopped")
    assert office.get(Contact, office.people[0].contact_id).email_status == "invalid"
    for strike in range(3):
        step = write_in(office, 1, kind="bounce", bounce="soft", key=f"soft{strike}")
        engagement(context, step)
        assert engagement(context, step).stage == ("in_sequence" if strike < 2 else "stopped")
        office_clock.advance(timedelta(days=2))
    blocked = engagement(context, write_in(office, 2, kind="bounce", bounce="blocked"))
    assert (blocked.trigger, blocked.stage) == (Trigger.BOUNCED, "in_sequence")
    with context.database.read(context.workspace_id) as session:
        addresses = [person.address for person in office.people]
        assert set(suppression.suppressed_among(session, context.sealer, addresses)) == set(addresses[:2])


def test_a_complaint_takes_everything_back_at_once(office: Office) -> None:
    item_id = office.approved(0)
    outcome = engagement(office.context, write_in(office, 0, kind="complaint"))
    assert (outcome.trigger, outcome.stage) == (Trigger.OPTED_OUT, "stopped")
    assert office.get(OutboxItem, item_id).state is OutboxState.CANCELLED
    (row,) = rows_of(office.context, Suppression)
    assert row.reason == "complaint"


def test_one_click_is_effective_at_once_and_once(office: Office) -> None:
    context, person = office.context, office.people[0]
    item_id = office.approved(0)
    for _ in range(2):
        opt_out(context, person.contact_id, "one_click")
    with context.database.read(context.workspace_id) as session:
        assert suppression.is_suppressed(session, context.sealer, person.address)
    assert office.get(OutboxItem, item_id).state is OutboxState.CANCELLED
    assert stage_of(office) == "stopped"
    assert enrollment_of(office).state is EnrollmentState.STOPPED
    assert len(rows_of(context, EngagementEvent)) == 1
    assert len(rows_of(context, ThreadTrigger, col(ThreadTrigger.kind) == "opted_out")) == 1
    assert len(rows_of(context, AuditEntry, AuditEntry.action == "contact.opt_out")) == 1
    with pytest.raises(NotFound):
        opt_out(context, uuid4(), "one_click")


def test_a_reply_does_not_take_back_a_booked_meeting(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, office.people[0].lead_id))
        assert lead is not None
        lead.stage = "meeting_booked"  # type: ignore[assignment]
    outcome = engagement(context, write_in(office, 0, "interested"))
    assert (outcome.trigger, outcome.stage) == (Trigger.QUESTION, "meeting_booked")
    assert [task.kind for task in rows_of(context, Task)] == ["answer"]


def test_machines_notes_change_nothing(office: Office) -> None:
    for kind in ("delayed", "delivered", "report"):
        assert engagement(office.context, write_in(office, 0, kind=kind)).trigger is Trigger.NOTHING
    assert not rows_of(office.context, EngagementEvent)
    assert stage_of(office) == "in_sequence"


def test_a_customer_is_read_without_lead_stages(office_context: AgentContext, office: Office) -> None:
    customer_id = add_customer(office)
    unhappy = engagement(office_context, write_in(office, 0, "negative", customer_id=customer_id))
    asked = engagement(office_context, write_in(office, 0, "question", customer_id=customer_id))
    assert (unhappy.trigger, asked.trigger) == (Trigger.NEGATIVE, Trigger.QUESTION)
    assert unhappy.stage == asked.stage == "new"
    assert stage_of(office) == "in_sequence"
    assert {task.subject_kind for task in rows_of(office_context, Task)} == {"customer"}
