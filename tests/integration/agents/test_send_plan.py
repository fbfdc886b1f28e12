"""The send plan: each waiting mail has its day, or the first rule that holds it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import select

from agents.context import AgentContext
from agents.policy import Autonomy, Policy, set_policy
from agents.send_plan import SendPlan, send_plan
from store.models import Contact, Enrollment, EnrollmentState, Mailbox, MailboxState, Touch
from store.queries import suppression
from tests.support.crash.office import Office, open_office

TUESDAY = date(2026, 6, 2)  # ten in the morning in New York
Change = Callable[[Office], None]
_ONLY_PROPOSE = dict.fromkeys(Policy().autonomy, Autonomy.PROPOSE)


def plan(office: Office, **options: Any) -> SendPlan:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        return send_plan(session, context, **options)


def change(office: Office, model: Any, *where: Any, **values: Any) -> None:
    with office.context.database.write(office.context.workspace_id) as session:
        query = sa.update(model).where(*where).values(**values)
        session.execute(query.execution_options(synchronize_session=False))


def rules(found: SendPlan) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in found.touches:
        counts[each.held.code] = counts.get(each.held.code, 0) + 1
    return counts


@pytest.fixture
def due(office_context: AgentContext) -> Office:
    """Three people, three mails each: due now, in four days and in ten."""
    office = open_office(office_context, people=3)
    now = office.context.clock.now()
    for number, days in ((1, 0), (2, 6), (3, 14)):
        change(office, Touch, Touch.number == number, due_at=now + timedelta(days=days))
    return office


def test_each_mail_has_its_day_and_the_rule_it_waits_for(due: Office) -> None:
    found = plan(due)
    assert rules(found) == {"drafting": 3, "in_turn": 6}
    assert dict(found.by_day) == {TUESDAY: 3, TUESDAY + timedelta(days=6): 3, TUESDAY + timedelta(days=14): 3}
    assert (found.finish_on, found.late, found.approvals_a_day) == (TUESDAY + timedelta(days=14), 0, None)


def test_a_cap_makes_them_late_and_mailboxes_are_counted(due: Office) -> None:
    change(due, Mailbox, daily_cap=1)
    found = plan(due, by=TUESDAY + timedelta(days=14))
    assert list(found.by_day.values()) == [1] * 9
    assert found.late == 6
    assert found.mailboxes_needed == 3
    assert plan(due, by=TUESDAY).mailboxes_needed is None, "a sequence is longer than a day"


def test_a_draft_waits_for_a_person_and_an_approved_mail_for_its_hour(due: Office) -> None:
    due.draft(0)
    due.approved(1)
    assert rules(plan(due))["approval"] == 1
    assert rules(plan(due))["next"] == 1
    change(due, Contact, Contact.id == due.people[1].contact_id, time_zone="Asia/Tokyo", country="JP")
    found = plan(due)
    assert rules(found).get("hours") == 1 or rules(found)["law"] == 3


def test_how_fast_people_decide_is_read_off_the_last_two_weeks(due: Office) -> None:
    for number in range(2):
        due.approved(number)
    assert plan(due).approvals_a_day == 1


@pytest.mark.parametrize(
    ("code", "breaks"),
    [
        ("suppressed", lambda office: _suppress(office)),
        ("no_address", lambda office: change(office, Contact, email_status="invalid")),
        ("law", lambda office: change(office, Contact, country="DE")),
        (
            "sequence_paused",
            lambda office: change(
                office, Enrollment, state=EnrollmentState.PAUSED, stop_reason="A colleague answered."
            ),
        ),
        ("mailbox", lambda office: change(office, Mailbox, state=MailboxState.PAUSED, pause_reason="bounces")),
        ("workspace", lambda office: _policy(office, kill_switch=True)),
        (
            "autonomy_propose",
            lambda office: _policy(office, autonomy=dict.fromkeys(Policy().autonomy, Autonomy.PROPOSE)),
        ),
    ],
)
def test_what_a_person_must_settle_is_said_first(due: Office, code: str, breaks: Change) -> None:
    breaks(due)
    found = plan(due)
    assert rules(found) == {code: 9}
    assert sum(count for _, count in found.held) == 9
    assert (dict(found.by_day), found.finish_on) == ({}, None)
    assert all(each.leaves_on is None and each.held.text for each in found.touches)


def test_a_sequence_that_waits_goes_on_at_its_day(due: Office) -> None:
    back = due.context.clock.now() + timedelta(days=20)
    change(due, Enrollment, state=EnrollmentState.PAUSED, resume_at=back)
    found = plan(due)
    assert rules(found) == {"sequence_waits": 3, "in_turn": 6}
    assert min(found.by_day) == TUESDAY + timedelta(days=20)


def test_one_lead_and_one_mailbox_stay_behind_the_others(due: Office) -> None:
    change(due, Mailbox, daily_cap=1)
    person = due.people[2]
    found = plan(due, lead_id=person.lead_id)
    assert {each.touch.lead_id for each in found.touches} == {person.lead_id}
    whole = {each.touch.id: each.leaves_on for each in plan(due, mailbox_id=due.mailbox_id).touches}
    assert {each.touch.id: each.leaves_on for each in found.touches}.items() <= whole.items()


def test_statements_do_not_grow_with_the_touches(office_context: AgentContext) -> None:
    office = open_office(office_context, people=2)
    few = _statements(office)
    change(office, Touch, number=Touch.number + 10)
    with office.context.database.write(office.context.workspace_id) as session:
        touches = list(session.exec(select(Touch)))
        session.add_all(
            Touch(**touch.model_dump(exclude={"id", "number"}), id=uuid4(), number=touch.number + n * 100)
            for touch in touches
            for n in (1, 2, 3)
        )
    assert len(plan(office).touches) == 4 * len(touches)
    assert _statements(office) == few


def _statements(office: Office) -> int:
    seen: list[str] = []
    engine = office.context.database.engine

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        plan(office)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def _suppress(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        for person in office.people:
            suppression.suppress(session, context.clock, context.sealer, address=person.address, reason="opt_out")


def _policy(office: Office, **values: Any) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(**values), by="user:ann")
