"""What somebody else at the company writes is theirs, and never the word of the person we wrote to."""

from uuid import UUID

import pytest

from agents import colleague
from agents.engagement import engagement
from agents.step import Trigger
from core.clock import VirtualClock
from store.models import (
    AuditEntry,
    EngagementEvent,
    Enrollment,
    EnrollmentState,
    Lead,
    Message,
    ScoreRow,
    Suppression,
    Task,
    Touch,
    TouchState,
)
from store.queries import suppression, timeline
from tests.support.agent_office import add_customer, rows_of, stage_of, write_in
from tests.support.crash.office import Office
from tools.mail.intents import Intent

ADDRESS = "kim@customer.example"
_SILENCING = ("opt_out", "erasure", "legal_threat")
_TALK = sorted({intent.value for intent in Intent} - set(_SILENCING))


def one_company(office: Office) -> None:
    """The first two people work at one company."""
    context = office.context
    with context.database.write(context.workspace_id) as session:
        mine = session.get_one(Lead, (context.workspace_id, office.people[0].lead_id))
        other = session.get_one(Lead, (context.workspace_id, office.people[1].lead_id))
        other.company_id = mine.company_id
        session.add(other)


def writes(office: Office, *intents: str, writer: str = "colleague", **more: str) -> str:
    """In the thread of the first person; the trigger that follows."""
    step = write_in(office, 0, *intents, writer=writer, **more)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(Message, (context.workspace_id, UUID(step.payload["message_id"])))
        row.sender_index = context.sealer.blind_index("email", ADDRESS)
        session.add(row)
    return engagement(context, step).trigger.value


def enrollment_of(office: Office, number: int) -> Enrollment:
    (found,) = rows_of(office.context, Enrollment, Enrollment.lead_id == office.people[number].lead_id)
    return found  # type: ignore[no-any-return]


def suppressed(office: Office, address: str) -> bool:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        return suppression.is_suppressed(session, context.sealer, address)


@pytest.mark.parametrize("intent", _TALK)
def test_an_answer_of_a_colleague_pauses_the_account_and_is_nobody_else_s_interest(office: Office, intent: str) -> None:
    one_company(office)
    before = stage_of(office)
    assert writes(office, intent) == Trigger.ASSESSED.value
    assert stage_of(office) == before
    for number in (0, 1):
        paused = enrollment_of(office, number)
        assert (paused.state, paused.stop_reason) == (EnrollmentState.PAUSED, colleague.ANSWERED)
    assert enrollment_of(office, 2).state is EnrollmentState.ACTIVE
    planned = rows_of(office.context, Touch, Touch.lead_id == office.people[0].lead_id)
    assert {touch.state for touch in planned} == {TouchState.PLANNED}, "a person may resume them"
    (score,) = rows_of(office.context, ScoreRow)
    assert score.value is None, "nobody knows what the contact thinks"
    assert [event.kind for event in rows_of(office.context, EngagementEvent)] == [colleague.WROTE]
    assert "answer" in [task.kind for task in rows_of(office.context, Task)]
    assert not rows_of(office.context, Suppression)


@pytest.mark.parametrize("intent", _SILENCING)
def test_what_a_colleague_asks_for_themselves_they_get(office: Office, intent: str) -> None:
    one_company(office)
    assert writes(office, intent, "interested") == Trigger.OPTED_OUT.value
    assert suppressed(office, ADDRESS)
    assert not suppressed(office, office.people[0].address)
    assert (stage_of(office, 0), stage_of(office, 1)) == ("stopped", "in_sequence")
    assert enrollment_of(office, 0).state is EnrollmentState.STOPPED
    assert enrollment_of(office, 1).state is EnrollmentState.PAUSED
    assert [event.kind for event in rows_of(office.context, EngagementEvent)] == [colleague.OPTED_OUT]
    actions = [entry.action for entry in rows_of(office.context, AuditEntry)]
    assert "colleague.opt_out" in actions
    assert "contact.opt_out" not in actions
    erasing = [task.kind for task in rows_of(office.context, Task) if task.source_key.startswith("erase")]
    assert erasing == (["read"] if intent == "erasure" else []), "never the page where the contact is erased"


def test_it_comes_to_the_same_when_it_is_read_again(office: Office) -> None:
    one_company(office)
    for _ in range(2):
        writes(office, "opt_out")
    assert len(rows_of(office.context, Suppression)) == 1
    assert len(rows_of(office.context, EngagementEvent)) == 1


@pytest.mark.parametrize("writer", ["contact", "alias", "other"])
def test_whoever_may_be_the_person_is_taken_at_their_word(office: Office, writer: str) -> None:
    assert writes(office, "opt_out", writer=writer) == Trigger.OPTED_OUT.value
    assert suppressed(office, office.people[0].address)


def test_a_colleague_whom_we_know_speaks_for_their_own_address(office: Office) -> None:
    context = office.context
    one_company(office)
    step = write_in(office, 0, "interested", writer="contact")
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(Message, (context.workspace_id, UUID(step.payload["message_id"])))
        row.contact_id = office.people[1].contact_id
        session.add(row)
    assert engagement(context, step).trigger is Trigger.ASSESSED
    assert stage_of(office, 0) == "in_sequence"
    assert enrollment_of(office, 0).state is EnrollmentState.PAUSED
    (event,) = rows_of(context, EngagementEvent)
    assert event.contact_id == office.people[1].contact_id


def test_of_a_customer_too_a_colleague_is_not_the_contact(office: Office) -> None:
    customer_id = add_customer(office)
    step = write_in(office, 0, "interested", writer="colleague", customer_id=customer_id)
    assert engagement(office.context, step).trigger is Trigger.INTERESTED
    assert [event.kind for event in rows_of(office.context, EngagementEvent)] == [colleague.WROTE]
    step = write_in(office, 0, "opt_out", writer="colleague", customer_id=customer_id)
    assert engagement(office.context, step).trigger is Trigger.OPTED_OUT
    assert not suppressed(office, office.people[0].address)


@pytest.mark.parametrize("reading", [{"has_left": "yes"}, {"return_on": "2026-08-01"}])
def test_a_colleague_s_absence_is_not_the_contact_s(
    office: Office, office_clock: VirtualClock, reading: dict[str, str]
) -> None:
    due = [touch.due_at for touch in rows_of(office.context, Touch, Touch.lead_id == office.people[0].lead_id)]
    assert writes(office, kind="out_of_office", **reading) == Trigger.AUTO_REPLY.value
    assert stage_of(office) == "in_sequence"
    assert enrollment_of(office, 0).state is EnrollmentState.ACTIVE
    assert [touch.due_at for touch in rows_of(office.context, Touch, Touch.lead_id == office.people[0].lead_id)] == due


@pytest.mark.parametrize(
    ("writer", "words"),
    [("colleague", "colleague"), ("other", "somebody else"), ("alias", "another address"), ("contact", "reply:")],
)
def test_the_timeline_says_who_wrote(office: Office, writer: str, words: str) -> None:
    writes(office, "question", writer=writer)
    context = office.context
    with context.database.read(context.workspace_id) as session:
        page = timeline.of_lead(session, context.sealer, office.people[0].lead_id, limit=50, kinds=["message"])
    (item,) = page.items
    assert words in item.title
