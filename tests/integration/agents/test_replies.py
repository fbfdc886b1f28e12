"""What a reply leads to is policy, with floors; where no rule speaks a model may, in names of intents only."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.engagement import engagement
from agents.policy import Policy, load_policy, set_policy
from agents.replies import a_month_later
from agents.reply_policy import FLOORS, ReplyAction, actions_on
from agents.reply_reader import ReplyRecord
from agents.step import Trigger
from core.errors import ModelMustStop, Rejected
from store.models import Alert, Contact, Enrollment, EnrollmentState, Lead, Message, Suppression, Task
from store.queries import suppression
from tests.support.agent_office import rows_of, stage_of, write_in
from tests.support.crash.office import Office
from tools.mail.intents import Intent
from tools.ports import ModelReply


def in_force(office: Office, **replies: list[ReplyAction]) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        chosen = {**load_policy(session).replies, **{Intent(name): actions for name, actions in replies.items()}}
        set_policy(session, context.clock, context.ids, Policy(replies=chosen), by="user:ann")


def suppressed(office: Office, number: int = 0) -> bool:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        return suppression.is_suppressed(session, context.sealer, office.people[number].address)


@pytest.mark.parametrize("intent", ["opt_out", "erasure", "legal_threat"])
def test_whoever_claims_a_right_is_left_alone_whatever_else_they_say(office: Office, intent: str) -> None:
    outcome = engagement(office.context, write_in(office, 0, "interested", "question", intent))
    assert (outcome.trigger, outcome.stage) == (Trigger.OPTED_OUT, "stopped")
    assert suppressed(office)
    assert not suppressed(office, 1)


def test_floors_cannot_be_taken_away(office: Office) -> None:
    for intent in FLOORS:
        with pytest.raises(Rejected, match=intent.value):
            in_force(office, **{intent.value: [ReplyAction.TASK]})
        # Nor by a definition that came into the store some other way.
        assert ReplyAction.SUPPRESS in actions_on({intent: []}, intent)


@pytest.mark.parametrize("intent", list(Intent))
def test_every_intent_leads_to_something_and_never_to_an_answer_after_the_end(intent: Intent) -> None:
    for chosen in ({}, {intent: []}, {intent: list(ReplyAction)}):
        actions = actions_on(chosen, intent)
        assert actions
        if {ReplyAction.SUPPRESS, ReplyAction.STOP} & set(actions):
            assert not {ReplyAction.ANSWER, ReplyAction.PROPOSE_MEETING, ReplyAction.PAUSE} & set(actions)


def test_the_policy_decides_what_a_question_leads_to(office: Office) -> None:
    in_force(office, question=[ReplyAction.STOP, ReplyAction.ALERT])
    outcome = engagement(office.context, write_in(office, 0, "question"))
    assert (outcome.trigger, stage_of(office)) == (Trigger.NEGATIVE, "stopped")
    assert [alert.level for alert in rows_of(office.context, Alert)] == ["warning"]
    assert not suppressed(office)


def test_a_task_without_an_answer_rests_with_a_person(office: Office) -> None:
    in_force(office, objection=[ReplyAction.TASK])
    assert engagement(office.context, write_in(office, 0, "objection")).trigger is Trigger.ASSESSED
    assert [task.kind for task in rows_of(office.context, Task)] == ["answer"]


def test_not_now_may_be_answered_and_still_waits(office: Office) -> None:
    in_force(office, not_now=[ReplyAction.PAUSE, ReplyAction.ANSWER])
    outcome = engagement(office.context, write_in(office, 0, "not_now", text="Bitte in zwei Monaten wieder."))
    assert (outcome.trigger, outcome.payload["answer"]) == (Trigger.QUESTION, "not_now")
    (enrollment,) = rows_of(office.context, Enrollment, Enrollment.lead_id == office.people[0].lead_id)
    assert enrollment.state is EnrollmentState.PAUSED
    assert 59 <= (enrollment.resume_at - office.context.clock.now()).days <= 63


def test_an_erasure_makes_a_task_that_is_due_in_a_month(office: Office) -> None:
    engagement(office.context, write_in(office, 0, "erasure"))
    (task,) = rows_of(office.context, Task)
    assert (task.kind, task.due_at) == ("erase", a_month_later(office.context.clock.now()))
    assert task.source_key.startswith(f"erase:{office.people[0].contact_id}:")


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 2, 28, 9, tzinfo=UTC)),
        (datetime(2028, 1, 30, 9, tzinfo=UTC), datetime(2028, 2, 29, 9, tzinfo=UTC)),
        (datetime(2026, 12, 5, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)),
        (datetime(2026, 5, 31, 9, tzinfo=UTC), datetime(2026, 6, 30, 9, tzinfo=UTC)),
    ],
)
def test_a_month_ends_on_its_last_day_at_the_latest(at: datetime, due: datetime) -> None:
    assert a_month_later(at) == due


def test_whom_they_name_is_shown_to_a_person_and_becomes_nobody(office: Office) -> None:
    text = "Please contact Maria Lopez (maria@elsewhere.example)."
    spans = [
        {"start": text.index(name), "end": text.index(name) + len(name)}
        for name in ("Maria Lopez", "maria@elsewhere.example")
    ]
    before = len(rows_of(office.context, Contact)), len(rows_of(office.context, Lead))
    engagement(office.context, write_in(office, 0, "referral", text=text, refers_to=spans))
    assert (len(rows_of(office.context, Contact)), len(rows_of(office.context, Lead))) == before
    (task,) = [task for task in rows_of(office.context, Task) if task.kind == "refer_to"]
    assert "Maria" not in task.title
    script = office.context.sealer.open(task.script_sealed, context=f"task|script|{task.id}")
    assert "Maria Lopez, maria@elsewhere.example" in script
    assert not rows_of(office.context, Suppression)


# ------------------------------------------------------------------------------------------------ the second reader


class Reader:
    """A model that answers what it is told to, and counts how often it was asked."""

    def __init__(self, answer: ReplyRecord | Exception) -> None:
        self.answer, self.asked = answer, []  # type: ignore[var-annotated]

    def structured(self, *, purpose: str, system: str, user: str, schema: Any, max_tokens: int = 800) -> ModelReply:
        self.asked.append((purpose, user))
        if isinstance(self.answer, Exception):
            raise self.answer
        return ModelReply(self.answer, "tiny-1", "primary", 10, 10, 0)


def with_reader(office: Office, answer: ReplyRecord | Exception) -> tuple[Office, Reader]:
    reader = Reader(answer)
    tools = replace(office.context.tools, language_model=lambda *_: reader)
    return replace(office, context=replace(office.context, tools=tools)), reader


def test_a_model_reads_what_no_rule_understands_once(office: Office) -> None:
    office, reader = with_reader(office, ReplyRecord(intents=(Intent.WRONG_PERSON,), certain=True))
    step = write_in(office, 0, "unknown", text="That has long been somebody else's baby.")
    for _ in range(2):
        assert engagement(office.context, step).trigger is Trigger.NEGATIVE
    assert len(reader.asked) == 1
    (message,) = rows_of(office.context, Message, Message.direction == "in")
    assert message.reading["intents"] == [{"intent": "wrong_person", "by": "model"}]
    assert "baby" not in str(message.reading)


def test_a_model_is_not_asked_about_what_a_rule_understood(office: Office) -> None:
    office, reader = with_reader(office, ReplyRecord(intents=(Intent.INTERESTED,), certain=True))
    assert engagement(office.context, write_in(office, 0, "opt_out")).trigger is Trigger.OPTED_OUT
    assert reader.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        ReplyRecord(intents=(Intent.INTERESTED,), certain=False),
        ReplyRecord(intents=(Intent.INTERESTED, Intent.UNKNOWN), certain=True),
        ModelMustStop("The budget is spent."),
    ],
)
def test_an_unsure_or_absent_model_leaves_the_reply_to_a_person(office: Office, answer: Any) -> None:
    office, _ = with_reader(office, answer)
    outcome = engagement(office.context, write_in(office, 0, "unknown", text="Hm."))
    assert outcome.trigger is Trigger.QUESTION
    assert [task.kind for task in rows_of(office.context, Task)] == ["answer"]


def test_a_policy_may_keep_replies_from_the_model(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(model_reads_replies=False), by="user:ann")
    office, reader = with_reader(office, ReplyRecord(intents=(Intent.INTERESTED,), certain=True))
    engagement(office.context, write_in(office, 0, "unknown", text="Hm."))
    assert reader.asked == []
