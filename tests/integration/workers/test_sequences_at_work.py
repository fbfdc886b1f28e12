"""Sequences on both databases: versions, conditions, channels, senders, the budget of touches, moves, entering again.

Real: the store, the email agent, the dispatcher and its rules, housekeeping. Faked: the transport and the clock.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from agents import by_hand
from agents.attention import add_event
from agents.context import AgentContext
from agents.email import email
from agents.engagement import engagement
from agents.policy import ActionClass, Autonomy, Policy, load_policy, set_policy
from agents.sending import queue_approved
from agents.sequences import budget, entering, moving, versions
from agents.sequences.entering import Candidate
from agents.sequences.senders import load_senders
from agents.step import Outcome, Step, SubjectKind, Trigger
from agents.why import why_not_sending
from core.clock import VirtualClock
from core.errors import Conflict
from core.ids import SystemIds
from scoring.engagement import ActorClass, EngagementKind
from scoring.sequence import SEQUENCES
from store.models import (
    Company,
    Contact,
    Decision,
    Enrollment,
    EnrollmentState,
    Hold,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    Meeting,
    MeetingState,
    Run,
    Task,
    TaskState,
    ThreadTrigger,
    Touch,
    TouchState,
    Workspace,
)
from store.queries import suppression, triggers
from store.session import Database
from tests.integration.workers.conftest import Post
from tests.support.agent_office import rows_of, write_in
from tests.support.crash.office import Office, context_of, open_office, unsubscribe
from workers import housekeeping
from workers.dispatcher import Dispatcher

NAME = SEQUENCES[1].name
OFFER = {"product": "Ledgerline", "value_line": "catches invoice errors before they are sent"}
STEPS: list[dict[str, Any]] = [
    {"channel": "mail", "wait_days": 0, "reason": "Opens."},
    {"channel": "linkedin", "wait_days": 1, "reason": "A face."},
    {"channel": "mail", "wait_days": 2, "reason": "Adds a fact."},
    {"channel": "phone", "wait_days": 1, "reason": "A call.", "only_if": ["task_done"]},
    {"channel": "mail", "wait_days": 2, "reason": "Closes.", "only_if": ["not_clicked"]},
]


def document(steps: Sequence[dict[str, Any]] = STEPS) -> dict[str, Any]:
    return {"sequence": NAME, "reason": "For the test.", "steps": list(steps)}


def prepare(context: AgentContext, people: int = 2, *, one_company: bool = True, **policy: Any) -> Office:
    """People with every channel, in version 2 of the first tier's sequence; mails leave without a person's word."""
    office = open_office(context, people=people, touches=5)
    with context.database.unscoped(writes=True) as session:
        workspace = session.get_one(Workspace, context.workspace_id)
        workspace.offer = OFFER
        session.add(workspace)
    autonomy = dict.fromkeys(ActionClass, Autonomy.AUTO)
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(autonomy=autonomy, **policy), by="user:ann")
        spec, new = versions.set_version(session, context, document(), by="user:ann")
        assert (spec.number, new) == (2, True)
        company = session.get_one(Lead, (context.workspace_id, office.people[0].lead_id)).company_id
        for person in office.people:
            lead = session.get_one(Lead, (context.workspace_id, person.lead_id))
            contact = session.get_one(Contact, (context.workspace_id, person.contact_id))
            lead.tier = 1
            contact.phone_sealed = context.sealer.seal("+1 555", context=f"contact|phone|{contact.id}")
            contact.profile_url_sealed = context.sealer.seal("x", context=f"contact|profile_url|{contact.id}")
            if one_company:
                lead.company_id = contact.company_id = company
            enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead.id)).one()
            enrollment.sequence, enrollment.version = NAME, 2
            session.add_all([lead, contact, enrollment])
        for touch in session.exec(select(Touch)):
            touch.channel = STEPS[touch.number - 1]["channel"]
            session.add(touch)
    return office


def work(office: Office, post: Post | None = None) -> list[Outcome]:
    """What a sweep does: due touches, the email agent, the outbox node, the dispatcher."""
    context, told = office.context, []
    for _ in range(20):
        with context.database.write(context.workspace_id) as session:
            triggers.due_touches_to_triggers(session, context.clock)
            waiting = list(
                session.exec(
                    select(ThreadTrigger)
                    .where(ThreadTrigger.kind == "touch_due", col(ThreadTrigger.done_at).is_(None))
                    .order_by(col(ThreadTrigger.due_at), col(ThreadTrigger.id))
                )
            )
            for trigger in waiting:
                trigger.done_at = context.clock.now()
                session.add(trigger)
        if not waiting:
            break
        for trigger in waiting:
            step = Step(SubjectKind.LEAD, trigger.subject_id, "in_sequence", Trigger.TOUCH_DUE, trigger.payload)
            outcome = email(context, step)
            told.append(outcome)
            if outcome.trigger is Trigger.APPROVED:
                queue_approved(
                    context,
                    Step(SubjectKind.LEAD, trigger.subject_id, "in_sequence", Trigger.APPROVED, outcome.payload),
                )
        if post is not None:
            Dispatcher(unsubscribe, owner="w", keep_leases=False).run(context)
    if post is not None:
        Dispatcher(unsubscribe, owner="w", keep_leases=False).run(context)
    return told


def touch_of(office: Office, number: int, step: int) -> Touch:
    found: Touch = office.get(Touch, office.people[number].touch_ids[step - 1])
    return found


def enrollment_of(office: Office, number: int = 0) -> Enrollment:
    (found,) = rows_of(office.context, Enrollment, Enrollment.lead_id == office.people[number].lead_id)
    return found  # type: ignore[no-any-return]


def change(office: Office, model: Any, row_id: UUID, **values: Any) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        row = session.get_one(model, (context.workspace_id, row_id))
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def advance(office: Office, **by: float) -> None:
    clock = office.context.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(timedelta(**by))


@pytest.fixture
def sold(context: AgentContext) -> Office:
    return prepare(context)


# Versions


def test_what_says_the_same_makes_no_version_and_a_stale_one_is_refused(sold: Office) -> None:
    context = sold.context
    with context.database.write(context.workspace_id) as session:
        assert versions.set_version(session, context, document(), by="user:ann")[1] is False
        assert versions.set_version(session, context, document(STEPS[:3]), by="user:ann")[0].number == 3
        with pytest.raises(Conflict, match="Version 3 came since"):
            versions.set_version(session, context, document(STEPS[:1]), by="user:bob", based_on=2)
        known = versions.load(session)
        assert known.numbers(NAME) == [3, 2, 1]
        assert known.in_force(NAME).number == 3
        assert known.version(NAME, 1) == SEQUENCES[1]
    assert {row.version for row in rows_of(context, Enrollment)} == {2}


def test_a_move_keeps_what_was_done_and_plans_the_rest_anew(sold: Office, post: Post) -> None:
    work(sold, post)
    sent = touch_of(sold, 0, 1)
    assert sent.state is TouchState.DONE
    context = sold.context
    with context.database.write(context.workspace_id) as session:
        mail_later = [STEPS[0], {"channel": "phone", "wait_days": 3, "reason": "A call."}]
        spec, _ = versions.set_version(session, context, document(mail_later), by="user:ann")
        shown = moving.preview(session, context, spec)
        assert (shown.moved, shown.stayed, shown.finished) == (2, 0, 0)
        assert [one.channel for one in shown.samples[0].before] == ["linkedin", "mail", "phone", "mail"]
        assert enrollment_of(sold).version == 2
        told, after = moving.move_chunk(session, context, spec, by="user:ann")
        assert (told.moved, after) == (2, None)
        assert moving.move_chunk(session, context, spec, by="user:ann")[0].moved == 0
    assert touch_of(sold, 0, 1).done_at == sent.done_at
    moved = touch_of(sold, 0, 2)
    # Tuesday the 2nd, and three business days.
    assert (moved.channel, moved.state, moved.due_at.date().isoformat()) == ("phone", TouchState.PLANNED, "2026-06-05")
    assert [touch_of(sold, 0, step).state for step in (3, 4, 5)] == [TouchState.CANCELLED] * 3
    assert {row.version for row in rows_of(context, Enrollment)} == {3}


# Conditions and channels


def test_a_step_whose_condition_fails_is_skipped_and_the_next_keeps_its_day(context: AgentContext, post: Post) -> None:
    office = prepare(context, people=1)
    planned = None
    while touch_of(office, 0, 4).state is TouchState.PLANNED:
        planned = touch_of(office, 0, 5).due_at
        work(office, post)
        advance(office, days=1)
    (task,) = rows_of(context, Task)
    assert (task.kind, task.state) == ("linkedin", TaskState.OPEN)
    skipped = touch_of(office, 0, 4)
    assert (skipped.state, skipped.block_reason) == (TouchState.SKIPPED, "Only once the task before was done.")
    assert touch_of(office, 0, 5).due_at == planned


@pytest.mark.parametrize(("actor", "state"), [(ActorClass.HUMAN, "skipped"), (ActorClass.MACHINE, "done")])
def test_only_a_humans_click_counts(context: AgentContext, post: Post, actor: ActorClass, state: str) -> None:
    office = prepare(context, people=1)
    click = {"kind": EngagementKind.CLICK, "actor": actor, "rule": "test", "at": context.clock.now()}
    with context.database.write(context.workspace_id) as session:
        person = office.people[0]
        add_event(session, context, contact_id=person.contact_id, lead_id=person.lead_id, source_key="click:1", **click)
    for _ in range(20):
        work(office, post)
        advance(office, days=1)
    assert touch_of(office, 0, 5).state.value == state
    assert enrollment_of(office).state is EnrollmentState.FINISHED


def test_a_mail_that_the_law_bars_becomes_a_task_when_it_is_due(sold: Office, post: Post) -> None:
    change(sold, Contact, sold.people[0].contact_id, country="DE")
    told = work(sold, post)
    assert touch_of(sold, 0, 1).channel == "linkedin"
    assert touch_of(sold, 0, 1).state is TouchState.DONE
    assert any("linkedin instead" in outcome.reason for outcome in told)
    assert len(post.envelopes) == 1  # the colleague's


def test_who_opted_out_is_left_alone_on_every_channel(sold: Office, post: Post) -> None:
    context = sold.context
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, address=sold.people[0].address, reason="opt_out")
    work(sold, post)
    assert touch_of(sold, 0, 1).state is TouchState.BLOCKED
    assert enrollment_of(sold).state is EnrollmentState.STOPPED
    assert rows_of(context, Task) == []


def test_a_task_for_somebody_without_an_address(sold: Office, post: Post) -> None:
    change(sold, Contact, sold.people[0].contact_id, email_sealed=None, email_index=None)
    work(sold, post)
    (task,) = rows_of(sold.context, Task, Task.subject_id == sold.people[0].lead_id)
    assert task.kind == "linkedin"
    assert task.script_sealed


# The budget


def test_the_budget_of_a_company_holds_mails_of_all_its_people(context: AgentContext, post: Post) -> None:
    office = prepare(context, people=3, touches_per_company=2)
    work(office, post)
    assert len(post.envelopes) == 2
    with context.database.read(context.workspace_id) as session:
        report = why_not_sending(session, context)
    (gate,) = [gate for gate in report.gates if gate.code == "touch_budget"]
    assert gate.until is not None
    assert gate.until > context.clock.now() + timedelta(days=29)
    advance(office, days=34)  # a Monday
    with context.database.write(context.workspace_id) as session:
        session.execute(sa.update(Touch).where(col(Touch.number) > 1).values(state=TouchState.CANCELLED))
    work(office, post)  # the approval is too old by now: the step is planned again
    work(office, post)  # and drafted anew
    assert len(post.envelopes) == 3


def test_a_touch_by_hand_waits_for_the_budget_too(context: AgentContext, post: Post) -> None:
    office = prepare(context, people=1, touches_per_contact=1)
    work(office, post)
    advance(office, days=4)
    (outcome,) = work(office, post)
    assert "This person had 1 unasked touches within 30 days" in outcome.reason
    assert touch_of(office, 0, 2).state is TouchState.PLANNED
    assert rows_of(context, Task) == []


def test_mails_of_customer_success_and_of_sales_are_one_budget(office: Office) -> None:
    context, person = office.context, office.people[0]
    office.approved(0, kind="intervention")
    Dispatcher(unsubscribe, owner="w", keep_leases=False).run(context)
    lead: Lead = office.get(Lead, person.lead_id)
    with context.database.read(context.workspace_id) as session:
        policy = Policy(touches_per_contact=1)
        found = budget.spent(session, policy, context.clock.now(), [lead.company_id])
        over = found.over(person.contact_id, lead.company_id)
        assert over is not None
        assert over.until == context.clock.now() + timedelta(days=30)
        later = context.clock.now() + timedelta(days=30)
        assert budget.spent(session, policy, later, [lead.company_id]).over(person.contact_id, lead.company_id) is None


# Pauses


def test_colleagues_of_somebody_who_answered_go_on_by_policy_or_by_a_word(context: AgentContext, post: Post) -> None:
    office = prepare(context, resume_after_colleague_days=3)
    engagement(context, write_in(office, 0, "question", text="What does it cost?"))
    paused = enrollment_of(office, 1)
    assert (paused.state, paused.stop_reason) == (EnrollmentState.PAUSED, "a colleague answered")
    assert paused.resume_at == datetime(2026, 6, 5, 8, tzinfo=UTC)
    work(office, post)
    assert post.envelopes == []
    advance(office, days=3)
    housekeeping.keep_house(context)
    assert enrollment_of(office, 1).state is EnrollmentState.ACTIVE
    with context.database.write(context.workspace_id) as session:
        set_policy(session, context.clock, context.ids, Policy(), by="user:ann")
    engagement(context, write_in(office, 0, "question", text="And now?", key="second"))
    assert enrollment_of(office, 1).resume_at is None
    with context.database.write(context.workspace_id) as session:
        lead = session.get_one(Lead, (context.workspace_id, office.people[1].lead_id))
        assert by_hand.resume_leads(session, context, [lead]).changed == [lead.id]


def test_an_expired_proposal_frees_its_lead_for_the_rep(sold: Office) -> None:
    context, person = sold.context, sold.people[0]
    lead: Lead = sold.get(Lead, person.lead_id)
    now, meeting_id = context.clock.now(), uuid4()
    with context.database.write(context.workspace_id) as session:
        common = {"workspace_id": context.workspace_id, "created_at": now}
        session.add(
            Meeting(
                id=meeting_id, lead_id=lead.id, company_id=lead.company_id, contact_id=person.contact_id,
                user_id=rows_of(context, Mailbox)[0].user_id, purpose_key="x", state=MeetingState.PROPOSED, **common,
            )
        )  # fmt: skip
        session.flush()
        at = now + timedelta(days=2)
        session.add(
            Hold(
                id=uuid4(), meeting_id=meeting_id, user_id=rows_of(context, Mailbox)[0].user_id, starts_at=at,
                ends_at=at + timedelta(minutes=30), expires_at=now + timedelta(days=1), **common,
            )
        )  # fmt: skip
    change(sold, Lead, lead.id, stage=LeadStage.MEETING_PROPOSED)
    advance(sold, days=2)
    housekeeping.keep_house(context)
    assert sold.get(Lead, lead.id).stage is LeadStage.REPLIED
    (task,) = rows_of(context, Task, Task.source_key == f"proposal_expired:{meeting_id}")
    assert task.subject_id == lead.id
    housekeeping.keep_house(context)
    assert len(rows_of(context, Task)) == 1


# Senders and entering


def add_mailbox(office: Office, address: str, **values: Any) -> UUID:
    context, first = office.context, office.get(Mailbox, office.mailbox_id)
    mailbox_id: UUID = context.ids.new()
    row = Mailbox(
        workspace_id=context.workspace_id, id=mailbox_id, user_id=first.user_id, address=address,
        display_name="Bo", created_at=context.clock.now(), **values,
    )  # fmt: skip
    with context.database.write(context.workspace_id) as session:
        session.add(row)
    return mailbox_id


def test_the_least_loaded_mailbox_takes_the_next_company_and_keeps_it(sold: Office) -> None:
    context = sold.context
    change(sold, Mailbox, sold.mailbox_id, daily_cap=10)
    other = add_mailbox(sold, "bo@sender.example", daily_cap=20)
    companies = [uuid4() for _ in range(9)]
    theirs = sold.get(Lead, sold.people[0].lead_id).company_id
    with context.database.read(context.workspace_id) as session:
        senders = load_senders(session, Policy(), [theirs, *companies], context.clock.now())
        assert senders.choose(theirs)[0] == sold.mailbox_id  # it writes to their colleagues
        chosen = [senders.choose(company)[0] for company in companies]
        assert [senders.choose(company)[0] for company in companies] == chosen
    # Three are open of ten already, so the larger one takes more than its two thirds.
    assert chosen.count(other) >= 7


def test_a_mailbox_paused_for_good_lets_a_person_move_even_threads(sold: Office, post: Post) -> None:
    work(sold, post)
    context, other = sold.context, add_mailbox(sold, "bo@sender.example")

    def moved() -> list[UUID]:
        with context.database.write(context.workspace_id) as session:
            leads = [session.get_one(Lead, (context.workspace_id, person.lead_id)) for person in sold.people]
            return by_hand.change_mailbox(session, context, leads, other, actor="user:ann").changed

    assert moved() == []  # a thread keeps its sender
    change(sold, Mailbox, sold.mailbox_id, state=MailboxState.PAUSED)
    assert len(moved()) == 2
    assert {row.mailbox_id for row in rows_of(context, Enrollment)} == {other}


def enter(office: Office, newest_signal: datetime | None = None) -> set[UUID]:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        found = []
        for person in office.people:
            lead = session.get_one(Lead, (context.workspace_id, person.lead_id))
            contact = session.get_one(Contact, (context.workspace_id, person.contact_id))
            company = session.get_one(Company, (context.workspace_id, lead.company_id))
            found.append(Candidate(lead, contact, company, 1, newest_signal))
        run = session.exec(select(Run)).one()
        return entering.enroll(session, context, run, load_policy(session), found)


def test_a_lead_enters_again_only_after_a_rest_with_something_new_and_never_after_an_opt_out(
    sold: Office, post: Post
) -> None:
    context = sold.context
    for _ in range(16):
        work(sold, post)
        advance(sold, days=1)
    assert {row.state for row in rows_of(context, Enrollment)} == {EnrollmentState.FINISHED}
    assert enter(sold, context.clock.now()) == set()
    advance(sold, days=95)
    assert enter(sold, context.clock.now() - timedelta(days=120)) == set()
    with context.database.write(context.workspace_id) as session:
        suppression.suppress(session, context.clock, context.sealer, address=sold.people[1].address, reason="opt_out")
    first, _ = sold.people
    assert enter(sold, context.clock.now()) == {first.lead_id}
    again = enrollment_of(sold)
    assert (again.state, again.steps_before, again.version) == (EnrollmentState.ACTIVE, 5, 2)
    touches = rows_of(context, Touch, Touch.enrollment_id == again.id, Touch.number > 5)
    assert sorted(touch.number for touch in touches) == [6, 7, 8, 9, 10]
    (decision,) = rows_of(context, Decision, Decision.choice == "enrolled_again")
    assert decision.subject_id == first.lead_id
    assert enter(sold, context.clock.now()) == set()


# Whatever happens

EVENTS = ("sweep", "reply", "away", "opt_out", "click", "open", "task_done", "pause", "resume", "house", "set", "move")
STREAMS = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 2), st.integers(1, 60)), min_size=4, max_size=14)


def happens(office: Office, event: str, number: int, count: int) -> None:
    context, person = office.context, office.people[number]
    with context.database.write(context.workspace_id) as session:
        lead = session.get_one(Lead, (context.workspace_id, person.lead_id))
        match event:
            case "pause":
                by_hand.pause_leads(session, context, [lead], actor="user:ann")
            case "resume":
                by_hand.resume_leads(session, context, [lead])
            case "click" | "open":
                kind = EngagementKind.CLICK if event == "click" else EngagementKind.OPEN
                add_event(
                    session, context, contact_id=person.contact_id, lead_id=lead.id, kind=kind,
                    actor=ActorClass.HUMAN, rule="test", source_key=f"{event}:{count}", at=context.clock.now(),
                )  # fmt: skip
            case "task_done":
                session.execute(sa.update(Task).where(col(Task.subject_id) == lead.id).values(state=TaskState.DONE))
            case "set":
                versions.set_version(session, context, document(STEPS[: 2 + count % 3]), by="user:ann")
            case "move":
                moving.move_chunk(session, context, versions.load(session).in_force(NAME), by="user:ann")
    match event:
        case "reply":
            engagement(context, write_in(office, number, "negative", key=f"r{count}"))
        case "opt_out":
            engagement(context, write_in(office, number, "opt_out", key=f"o{count}"))
        case "away":
            back = (context.clock.now() + timedelta(days=5)).date().isoformat()
            engagement(context, write_in(office, number, kind="out_of_office", key=f"a{count}", return_on=back))
        case "house":
            housekeeping.keep_house(context)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(STREAMS)
def test_whatever_happens_nothing_follows_a_stop_and_no_budget_is_passed(
    database: Database, tmp_path: Path, stream: list[tuple[str, int, int]]
) -> None:
    post = Post()
    clock = VirtualClock(datetime(2026, 6, 2, 14, tzinfo=UTC))
    context = context_of(database, uuid4(), clock, SystemIds(), lambda _: post, data_dir=tmp_path)
    office = prepare(context, people=3, touches_per_contact=3, touches_per_company=5, touch_budget_days=10)
    over: dict[UUID, int] = {}  # lead → touches done when its sequence had ended
    version = {person.lead_id: 2 for person in office.people}
    for count, (event, number, hours) in enumerate(stream):
        happens(office, event, number, count)
        at_rest = {row.lead_id for row in rows_of(context, Enrollment) if row.state is EnrollmentState.PAUSED}
        before = done_by_lead(context)
        work(office, post)
        after = done_by_lead(context)
        for enrollment in rows_of(context, Enrollment):
            lead_id = enrollment.lead_id
            assert after[lead_id] == over.setdefault(lead_id, after[lead_id]) if lead_id in over else True
            if lead_id in at_rest:
                assert after[lead_id] == before[lead_id]
            if enrollment.state is EnrollmentState.STOPPED:
                over.setdefault(lead_id, after[lead_id])
            if event == "move":
                version[lead_id] = enrollment.version
            assert enrollment.version == version[lead_id]
        in_order_and_within(context, office)
        clock.advance(timedelta(hours=hours))


def done_by_lead(context: AgentContext) -> dict[UUID, int]:
    found = {row.lead_id: 0 for row in rows_of(context, Enrollment)}
    for touch in rows_of(context, Touch, Touch.state == TouchState.DONE):
        found[touch.lead_id] += 1
    return found


def in_order_and_within(context: AgentContext, office: Office) -> None:
    done = rows_of(context, Touch, Touch.state == TouchState.DONE)
    instants = sorted(touch.done_at for touch in done)
    window = timedelta(days=10)
    for at in instants:
        assert sum(at - window < other <= at for other in instants) <= 5
    for person in office.people:
        own = sorted((touch for touch in done if touch.lead_id == person.lead_id), key=lambda touch: touch.number)
        assert [touch.done_at for touch in own] == sorted(touch.done_at for touch in own)
        times = [touch.done_at for touch in own]
        for at in times:
            assert sum(at - window < other <= at for other in times) <= 3
