"""A worker end to end: a decision in the store wakes its thread, the thread queues, the dispatcher sends.

Real: store, graph, checkpointer, engine, triggers, outbox, dispatcher. Stand-ins: the ten agents, the mail's transport.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from sqlmodel import select

from agents.context import AgentContext
from agents.step import Outcome, Step, Trigger
from core.clock import Clock, SystemClock, VirtualClock
from core.ids import SystemIds
from graphs import routing
from graphs.supervisor import build_supervisor
from graphs.threads import Threads
from store import audit
from store.models import (
    Approval,
    ApprovalState,
    CalendarBucket,
    Company,
    Customer,
    Draft,
    Enrollment,
    EnrollmentState,
    Hold,
    HoldState,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.session import Database
from tests.support.crash.office import SENDER, Office, context_of, open_office, unsubscribe
from workers import housekeeping
from workers.runtime import Worker


class Empty:
    def fetch(self, _after: str | None, _limit: int) -> list[Any]:
        return []


EMPTY = Empty()


def threads(offices: dict[UUID, Office], seen: list[tuple[str, str]]) -> Threads:
    def agent(name: str, answer: Trigger) -> Callable[[AgentContext, Step], Outcome]:
        def run(_context: AgentContext, step: Step) -> Outcome:
            seen.append((name, step.trigger.value))
            return Outcome(step.stage, answer, "a stand-in")

        return run

    def queue(context: AgentContext, step: Step) -> Outcome:
        seen.append(("outbox", step.trigger.value))
        approval_id = UUID(step.payload["approval_id"])
        with context.database.read(context.workspace_id) as session:
            approval = session.get(Approval, (context.workspace_id, approval_id))
            assert approval is not None
        offices[context.workspace_id].queue(approval.draft_id, approval_id)
        return Outcome(step.stage, Trigger.QUEUED, "queued")

    answers = {routing.CRM: Trigger.MIRRORED, routing.ENGAGEMENT: Trigger.ASSESSED}
    agents: dict[str, Any] = {name: agent(name, answers.get(name, Trigger.NOTHING)) for name in routing.AGENTS}
    saver = InMemorySaver()
    return Threads(build_supervisor({**agents, routing.OUTBOX: queue}, saver), saver)


@pytest.fixture
def seen() -> list[tuple[str, str]]:
    return []


def worker_of(office: Office, seen: list[tuple[str, str]], clock: Clock, **settings: Any) -> Worker:
    context = office.context
    return Worker(
        database=context.database,
        settings=context.settings.model_copy(update=settings),
        clock=clock,
        context_for=lambda _workspace: context,
        threads=threads({context.workspace_id: office}, seen),
        unsubscribe_url=unsubscribe,
        anchor_key=b"k" * 32,
    )


@pytest.fixture
def quiet(context: AgentContext) -> Office:
    """An office whose inbox is empty."""
    context = context_of(
        context.database,
        context.workspace_id,
        context.clock,
        context.ids,
        context.tools.transport,
        data_dir=context.settings.data_dir,
        inbox=lambda _mailbox: EMPTY,
    )
    return open_office(context, people=2)


def test_drain_takes_a_decision_all_the_way_and_then_rests(quiet: Office, post: Any, seen: Any) -> None:
    worker = worker_of(quiet, seen, quiet.context.clock)
    mine = [quiet.context.workspace_id]
    _, approval_id, digest = quiet.draft(0)
    worker.drain(mine)
    assert post.envelopes == []
    quiet.approve(approval_id, digest)
    assert worker.drain(mine) > 0
    assert [envelope.recipient for envelope in post.envelopes] == [quiet.people[0].address]
    assert ("outbox", "approved") in seen
    assert quiet.get(Approval, approval_id).resumed_at is not None
    assert worker.drain(mine) == 0


def test_a_day_later_the_second_person_s_touch_wakes_the_email_agent(quiet: Office, seen: Any) -> None:
    worker = worker_of(quiet, seen, quiet.context.clock)
    mine = [quiet.context.workspace_id]
    worker.drain(mine)
    assert seen.count(("email", "touch_due")) == 2
    worker.drain(mine)
    assert seen.count(("email", "touch_due")) == 2


def test_house_is_kept_once_an_hour_and_customers_wake_once_a_day(quiet: Office, seen: Any) -> None:
    context = quiet.context
    with context.database.write(context.workspace_id) as session:
        company = session.exec(select(Company).order_by(Company.id).limit(1)).one()  # type: ignore[arg-type]
        session.add(
            Customer(
                workspace_id=context.workspace_id,
                id=context.ids.new(),
                company_id=company.id,
                started_on=date(2026, 1, 1),
                created_at=context.clock.now(),
            )
        )
    worker = worker_of(quiet, seen, context.clock)
    clock = context.clock
    assert isinstance(clock, VirtualClock)
    for _ in range(3):
        worker.drain([context.workspace_id])
        clock.advance(timedelta(hours=2))
    assert seen.count(("churn", "daily")) == 1
    clock.advance(timedelta(days=1))
    worker.drain([context.workspace_id])
    assert seen.count(("churn", "daily")) == 2


def test_drafts_that_nobody_decides_on_pause_their_sequence(quiet: Office) -> None:
    draft_id, approval_id, _ = quiet.draft(0)
    context, clock = quiet.context, quiet.context.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(timedelta(hours=73))
    housekeeping.keep_house(context)
    assert quiet.get(Approval, approval_id).state is ApprovalState.VOID
    assert quiet.get(Touch, quiet.people[0].touch_ids[0]).state is TouchState.PLANNED
    with context.database.write(context.workspace_id) as session:
        enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == quiet.people[0].lead_id)).one()
        assert (enrollment.state, "72 hours" in enrollment.stop_reason) == (EnrollmentState.PAUSED, True)
        enrollment.resume_at = clock.now()
    assert quiet.get(Draft, draft_id).state.value == "void"
    assert housekeeping.keep_house(context) == 1
    assert quiet.get(Enrollment, enrollment.id).state is EnrollmentState.ACTIVE


def test_times_that_nobody_picked_are_free_again(quiet: Office) -> None:
    context, now = quiet.context, quiet.context.clock.now()
    meeting, hold, user = context.ids.new(), context.ids.new(), context.ids.new()
    lead = quiet.people[0]
    with context.database.write(context.workspace_id) as session:
        session.add(
            Meeting(
                workspace_id=context.workspace_id,
                id=meeting,
                lead_id=lead.lead_id,
                contact_id=lead.contact_id,
                company_id=lead.contact_id,
                user_id=user,
                purpose_key="message:1",
                created_at=now,
            )
        )
        session.flush()
        session.add(
            Hold(
                workspace_id=context.workspace_id,
                id=hold,
                meeting_id=meeting,
                user_id=user,
                starts_at=now + timedelta(days=2),
                ends_at=now + timedelta(days=2, minutes=30),
                expires_at=now + timedelta(hours=1),
            )
        )
        session.flush()
        session.add(CalendarBucket(workspace_id=context.workspace_id, id=user, bucket_at=now, hold_id=hold))
    assert housekeeping.keep_house(context) == 0
    clock = context.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(timedelta(hours=2))
    assert housekeeping.keep_house(context) == 1
    assert quiet.get(Hold, hold).state is HoldState.RELEASED
    assert quiet.get(Meeting, meeting).state is MeetingState.EXPIRED
    with context.database.read(context.workspace_id) as session:
        assert session.exec(select(CalendarBucket)).all() == []


def test_the_audit_chain_s_head_is_anchored_outside(quiet: Office, seen: Any, sqlite_store: Database) -> None:
    _, approval_id, digest = quiet.draft(0)
    quiet.approve(approval_id, digest)
    context = quiet.context
    path = context.settings.data_dir / "anchors"
    assert housekeeping.anchor_audit(context, b"k" * 32, path) == 1
    assert [head.seq for head in audit.read_anchors(path, context.workspace_id)] == [1]


@pytest.fixture
def real_time(tmp_path: Path, request: pytest.FixtureRequest, post: Any) -> Iterator[Office]:
    """An office of its own store, whose recipients work around the clock, so to speak: its mails are answers."""
    from store import migrations

    url = f"sqlite:///{tmp_path / 'own.db'}"
    migrations.upgrade(url)
    database = Database(url)
    context = context_of(
        database,
        SystemIds().new(),
        SystemClock(),
        SystemIds(),
        lambda _: post,
        data_dir=tmp_path,
        inbox=lambda _: EMPTY,
    )
    yield open_office(context, people=3, touches=0)
    database.close()


async def test_a_serving_worker_sweeps_advances_and_sends_and_stops_when_told(
    real_time: Office, post: Any, seen: Any
) -> None:
    worker = worker_of(real_time, seen, SystemClock(), sweep_seconds=0.1)
    serving = asyncio.create_task(worker.serve())
    items = []
    for number in range(3):
        draft_id, approval_id, digest = await asyncio.to_thread(real_time.draft, number, kind="reply")
        await asyncio.to_thread(real_time.approve, approval_id, digest)
        items.append(draft_id)
    deadline = time.monotonic() + 300
    while len(post.envelopes) < 3 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    worker.stop()
    await asyncio.wait_for(serving, 300)
    assert sorted(envelope.sender for envelope in post.envelopes) == [SENDER] * 3
    with real_time.context.database.read(real_time.context.workspace_id) as session:
        assert {item.state for item in session.exec(select(OutboxItem).where(OutboxItem.kind == "mail"))} == {
            OutboxState.SENT
        }
        assert all(trigger.done_at for trigger in session.exec(select(ThreadTrigger)))


async def test_a_server_that_says_that_mail_came_is_read_now(real_time: Office, seen: Any) -> None:
    """The first look and the word come at the start; the second word comes long before the next look on the timer."""
    looks, came, stopped = threading.Semaphore(0), threading.Event(), threading.Event()

    class Counted:
        def fetch(self, _after: str | None, _limit: int) -> list[Any]:
            looks.release()
            return []

    class Told:
        def watch(self, arrived: Callable[[], None], stopping: Callable[[], bool]) -> None:
            came.wait(300)
            arrived()
            while not stopping():
                stopped.wait(0.01)

    tools = replace(real_time.context.tools, inbox=lambda _: Counted(), inbox_watch=lambda _: Told())
    office = replace(real_time, context=replace(real_time.context, tools=tools))
    worker = worker_of(office, seen, SystemClock(), sweep_seconds=0.1)
    serving = asyncio.create_task(worker.serve())
    assert await asyncio.to_thread(looks.acquire, timeout=20), "on the timer, at the start"
    assert not looks.acquire(blocking=False)
    came.set()
    assert await asyncio.to_thread(looks.acquire, timeout=20), "because its server said so"
    worker.stop()
    await asyncio.wait_for(serving, 300)


def test_run_until_idle_waits_for_what_is_due_soon(real_time: Office, post: Any, seen: Any) -> None:
    worker = worker_of(real_time, seen, SystemClock())
    context = real_time.context
    item = real_time.approved(0, kind="reply")
    with context.database.write(context.workspace_id) as session:
        row = session.get(OutboxItem, (context.workspace_id, item))
        assert row is not None
        row.not_before = datetime.now(UTC) + timedelta(seconds=0.5)
    assert worker.run_until_idle(10)
    assert len(post.envelopes) == 1
