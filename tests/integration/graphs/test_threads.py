"""Threads on a real store: the approval gate, and everything that may go wrong while a thread waits at it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver
from sqlmodel import select

from agents.context import AgentContext
from agents.step import Agent, Outcome, Step, SubjectKind, Trigger
from core.clock import VirtualClock
from core.ids import SystemIds
from core.settings import Settings
from graphs import routing
from graphs.checkpoints import open_checkpointer
from graphs.parked import parked_threads, release, stranded_threads
from graphs.supervisor import build_supervisor
from graphs.threads import Threads
from store.models import Approval, Decision, Lead, LeadStage, ThreadTrigger
from store.queries import approvals, triggers
from store.session import Database
from tests.support.crash.office import Office, context_of, open_office
from tests.support.migrated import new_sqlite

TUESDAY = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)


@dataclass
class Played:
    """Agents that do what a test says and remember that they were called."""

    calls: list[tuple[str, Trigger]] = field(default_factory=list)
    answers: dict[str, Callable[[AgentContext, Step], Outcome]] = field(default_factory=dict)

    def agents(self) -> dict[str, Agent]:
        return {name: self._agent(name) for name in (*routing.AGENTS, routing.OUTBOX)}

    def _agent(self, name: str) -> Agent:
        def act(context: AgentContext, step: Step) -> Outcome:
            self.calls.append((name, step.trigger))
            if name in self.answers:
                return self.answers[name](context, step)
            answer = Trigger.MIRRORED if name == routing.CRM else Trigger.QUEUED if name == routing.OUTBOX else None
            return Outcome(step.stage, answer or routing.EMITS[name][0], f"{name} is done.")

        return act

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(new_sqlite(tmp_path))
    clock = VirtualClock(TUESDAY)
    context = context_of(database, uuid4(), clock, SystemIds(), lambda _: None, data_dir=tmp_path)  # type: ignore[arg-type, return-value]
    yield open_office(context)
    database.close()


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[SqliteSaver]:
    with open_checkpointer(Settings(data_dir=tmp_path)) as opened:
        assert isinstance(opened, SqliteSaver)
        yield opened


def drafting(office: Office, approval: list[tuple[UUID, str]]) -> Callable[[AgentContext, Step], Outcome]:
    """An email agent that drafts once, as the real one does for a touch."""

    def email(_context: AgentContext, step: Step) -> Outcome:
        if not approval:
            _, approval_id, digest = office.draft()
            approval.append((approval_id, digest))
        return Outcome(step.stage, Trigger.DRAFTED, "Drafted.", {"approval_id": str(approval[0][0])})

    return email


def wake(office: Office, kind: Trigger, key: str, **payload: str) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=office.people[0].lead_id,
            kind=kind,
            key=key,
            payload=payload,
        )


def advance(threads: Threads, office: Office) -> int:
    return threads.advance(office.context, SubjectKind.LEAD, office.people[0].lead_id, owner="test")


def parked(office: Office, saver: SqliteSaver) -> tuple[Threads, Played, UUID, str]:
    """A thread that waits for a person."""
    played, approval = Played(), list[tuple[UUID, str]]()
    played.answers[routing.EMAIL] = drafting(office, approval)
    threads = Threads(build_supervisor(played.agents(), saver), saver)
    wake(office, Trigger.TOUCH_DUE, "touch")
    assert advance(threads, office) == 1
    assert played.names() == [routing.EMAIL]
    return threads, played, *approval[0]


def resumed_at(office: Office, approval_id: UUID) -> datetime | None:
    found: datetime | None = office.get(Approval, approval_id).resumed_at
    return found


def test_an_approval_resumes_the_thread_that_waits_for_it(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    assert [p.nodes for p in parked_threads(saver)] == [(routing.APPROVAL,)]
    office.approve(approval_id, digest)
    assert advance(threads, office) == 1
    assert played.names() == [routing.EMAIL, routing.OUTBOX, routing.CRM]
    assert resumed_at(office, approval_id) == TUESDAY
    assert list(parked_threads(saver)) == []  # a finished thread leaves nothing behind


def test_a_lost_checkpoint_loses_nothing(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    for thread in list(parked_threads(saver)):
        saver.delete_thread(thread.thread_id)
    office.approve(approval_id, digest)
    assert advance(threads, office) == 1
    assert played.names() == [routing.EMAIL, routing.OUTBOX, routing.CRM]


def test_an_event_in_between_does_not_lose_the_approval(office: Office, saver: SqliteSaver) -> None:
    """New input on an interrupted thread drops LangGraph's interrupt without a word; the row keeps the decision."""
    threads, played, approval_id, digest = parked(office, saver)
    played.answers[routing.ENGAGEMENT] = lambda _c, step: Outcome(step.stage, Trigger.AUTO_REPLY, "Away.")
    wake(office, Trigger.INBOUND, "mail")
    advance(threads, office)
    office.approve(approval_id, digest)
    advance(threads, office)
    assert played.names()[-2:] == [routing.OUTBOX, routing.CRM]


def test_a_rejection_reaches_the_crm_and_never_the_outbox(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        approvals.decide(
            session,
            context.clock,
            context.ids,
            approval_id,
            expected_hash=digest,
            action=approvals.Action.REJECT,
            by="user:ann",
            reason="not now",
        )
    advance(threads, office)
    assert played.names() == [routing.EMAIL, routing.CRM]


def test_a_voided_approval_sends_nothing(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    office.approve(approval_id, digest)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        approvals.void_for_lead(session, context.clock, context.ids, office.people[0].lead_id, "They replied.")
    advance(threads, office)
    assert routing.OUTBOX not in played.names()


def test_a_worker_that_died_after_the_resume_goes_on_where_it_stood(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    office.approve(approval_id, digest)

    def dies(_context: AgentContext, _step: Step) -> Outcome:
        raise RuntimeError("the machine went away")

    played.answers[routing.CRM] = dies
    assert advance(threads, office) == 0
    with office.context.database.read(office.context.workspace_id) as session:
        failed = session.exec(select(ThreadTrigger).where(ThreadTrigger.kind == "decided")).one()
    assert failed.done_at is None
    assert failed.attempts == 1
    assert resumed_at(office, approval_id) is None
    del played.answers[routing.CRM]
    assert isinstance(office.context.clock, VirtualClock)
    office.context.clock.advance(timedelta(hours=1))
    assert advance(threads, office) == 1
    assert played.names()[-1] == routing.CRM
    assert resumed_at(office, approval_id) is not None


def test_a_parked_thread_whose_node_is_gone_is_found_and_healed(office: Office, saver: SqliteSaver) -> None:
    threads, played, approval_id, digest = parked(office, saver)
    graph = threads.graph
    assert stranded_threads(graph, saver) == []
    renamed = build_supervisor(played.agents(), saver)
    del renamed.nodes[routing.APPROVAL]  # as a version that renamed the node would have it
    stranded = stranded_threads(renamed, saver)
    assert [s.nodes for s in stranded] == [(routing.APPROVAL,)]
    release(saver, stranded)
    office.approve(approval_id, digest)
    assert advance(threads, office) == 1
    assert routing.OUTBOX in played.names()


def test_one_holder_at_a_time(office: Office, saver: SqliteSaver) -> None:
    played = Played()
    started, go_on = threading.Event(), threading.Event()

    def slow(_context: AgentContext, step: Step) -> Outcome:
        started.set()
        assert go_on.wait(300)
        return Outcome(step.stage, Trigger.NOTHING, "Nothing.")

    played.answers[routing.EMAIL] = slow
    threads = Threads(build_supervisor(played.agents(), saver), saver)
    wake(office, Trigger.TOUCH_DUE, "touch")
    first = threading.Thread(target=lambda: advance(threads, office))
    first.start()
    assert started.wait(300)
    assert advance(threads, office) == 0  # somebody else has it
    go_on.set()
    first.join(300)
    assert played.names() == [routing.EMAIL]


def test_every_choice_has_a_row_with_its_reason(office: Office, saver: SqliteSaver) -> None:
    parked(office, saver)
    with office.context.database.read(office.context.workspace_id) as session:
        rows = session.exec(select(Decision)).all()
    chosen = {(row.actor, row.choice) for row in rows}
    assert chosen == {("supervisor", "email"), ("email", "drafted"), ("supervisor", "approval")}
    assert all(row.reason for row in rows)


def test_the_same_trigger_twice_is_one_move(office: Office, saver: SqliteSaver) -> None:
    threads, played, _, _ = parked(office, saver)
    wake(office, Trigger.TOUCH_DUE, "touch")
    assert advance(threads, office) == 0
    assert played.names() == [routing.EMAIL]


def test_a_touch_of_a_lead_that_left_its_sequence_ends_at_once(office: Office, saver: SqliteSaver) -> None:
    played, context = Played(), office.context
    threads = Threads(build_supervisor(played.agents(), saver), saver)
    with context.database.write(context.workspace_id) as session:
        lead = session.get(Lead, (context.workspace_id, office.people[0].lead_id))
        assert lead is not None
        lead.stage = LeadStage.REPLIED
        session.add(lead)
    wake(office, Trigger.TOUCH_DUE, "touch")
    assert advance(threads, office) == 1
    assert played.names() == []


def test_an_agent_that_answers_what_it_may_not_is_a_failed_trigger(office: Office, saver: SqliteSaver) -> None:
    played = Played()
    played.answers[routing.EMAIL] = lambda _c, step: Outcome(step.stage, Trigger.BOOKED, "Nonsense.")
    threads = Threads(build_supervisor(played.agents(), saver), saver)
    wake(office, Trigger.TOUCH_DUE, "touch")
    assert advance(threads, office) == 0
    with office.context.database.read(office.context.workspace_id) as session:
        assert "graphs.supervisor" in session.exec(select(ThreadTrigger)).one().last_error
