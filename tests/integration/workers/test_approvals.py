"""One decision a draft, whoever asks how often; undone while nothing left; overtaken in one transaction."""

import multiprocessing
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from core.clock import VirtualClock
from core.errors import Conflict, NotFound, Rejected
from core.ids import SystemIds
from store.models import (
    Approval,
    ApprovalState,
    Draft,
    DraftState,
    OutboxItem,
    OutboxState,
    ThreadTrigger,
    Touch,
    TouchState,
)
from store.queries import approvals
from store.queries.approvals import Action
from store.session import Database
from tests.support.crash.office import Office, context_of, unsubscribe
from workers.dispatcher import Dispatcher


def decide(office: Office, approval_id: UUID, digest: str, action: Action, by: str) -> approvals.Decided:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        return approvals.decide(
            session, context.clock, context.ids, approval_id, expected_hash=digest, action=action, by=by
        )


def triggers_of(office: Office) -> list[ThreadTrigger]:
    with office.context.database.read(office.context.workspace_id) as session:
        return list(session.exec(select(ThreadTrigger)))


def test_a_decision_wakes_its_thread_once_and_is_repeatable(office: Office) -> None:
    draft_id, approval_id, digest = office.draft(0)
    first = decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    again = decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.state, again.at) == (first.state, first.at)
    assert [trigger.payload for trigger in triggers_of(office)] == [{"approval_id": str(approval_id)}]
    assert office.get(Draft, draft_id).state is DraftState.APPROVED


def test_the_second_person_learns_who_was_first_and_what_they_said(office: Office) -> None:
    _, approval_id, digest = office.draft(0)
    decide(office, approval_id, digest, Action.REJECT, "user:ann")
    with pytest.raises(Conflict, match="Already rejected by user:ann") as refused:
        decide(office, approval_id, digest, Action.APPROVE, "user:bob")
    assert refused.value.code == "already_decided"
    with pytest.raises(Conflict):
        decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    assert office.get(Touch, office.people[0].touch_ids[0]).state is TouchState.CANCELLED


def test_what_was_not_read_cannot_be_approved(office: Office) -> None:
    _, approval_id, _ = office.draft(0)
    with pytest.raises(Conflict) as refused:
        decide(office, approval_id, "f" * 64, Action.APPROVE, "user:ann")
    assert refused.value.code == "draft_changed"
    with pytest.raises(NotFound):
        decide(office, SystemIds().new(), "f" * 64, Action.APPROVE, "user:ann")
    assert office.get(Approval, approval_id).state is ApprovalState.PENDING


def test_what_the_gate_holds_back_cannot_be_approved(office: Office) -> None:
    draft_id, approval_id, digest = office.draft(0)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        draft = session.get(Draft, (context.workspace_id, draft_id))
        assert draft is not None
        draft.problems = [{"code": "unsupported_number"}]
    with pytest.raises(Rejected, match="unsupported_number"):
        decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    assert office.get(Approval, approval_id).state is ApprovalState.PENDING
    assert decide(office, approval_id, digest, Action.REJECT, "user:ann").state is ApprovalState.REJECTED


def test_undone_in_time_nothing_leaves_and_it_can_be_approved_again(office: Office, post: Any) -> None:
    draft_id, approval_id, digest = office.draft(0)
    decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    office.queue(draft_id, approval_id)
    context = office.context
    with context.database.write(context.workspace_id) as session:
        assert approvals.undo(session, context.clock, context.ids, approval_id, by="user:ann") == draft_id
    dispatcher = Dispatcher(unsubscribe, "worker:1", keep_leases=False)
    dispatcher.run(context)
    assert post.envelopes == []
    assert all(trigger.done_at for trigger in triggers_of(office))
    assert isinstance(context.clock, VirtualClock)
    context.clock.advance(timedelta(seconds=1))
    decide(office, approval_id, digest, Action.APPROVE, "user:bob")
    assert [trigger.done_at for trigger in triggers_of(office)].count(None) == 1
    office.queue(draft_id, approval_id)
    dispatcher.run(context)
    assert len(post.envelopes) == 1
    with pytest.raises(Conflict, match="too late"), context.database.write(context.workspace_id) as session:
        approvals.undo(session, context.clock, context.ids, approval_id, by="user:ann")


def test_a_reply_takes_back_what_waits_and_what_is_queued(office: Office, post: Any) -> None:
    waiting, approval_id, digest = office.draft(0, kind="reply")
    queued = office.approved(0)
    other = office.approved(1)
    context, lead = office.context, office.people[0].lead_id
    with context.database.write(context.workspace_id) as session:
        voided = approvals.void_for_lead(session, context.clock, context.ids, lead, "They wrote.")
    assert (voided.approvals, voided.drafts, voided.outbox_items) == (2, 2, 1)
    assert office.get(Draft, waiting).state is DraftState.VOID
    assert office.get(OutboxItem, queued).state is OutboxState.CANCELLED
    with pytest.raises(Conflict, match="They wrote"):
        decide(office, approval_id, digest, Action.APPROVE, "user:ann")
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(context)
    assert [envelope.recipient for envelope in post.envelopes] == [office.people[1].address]
    assert office.get(OutboxItem, other).state is OutboxState.SENT


def _approve_many(
    url: str, workspace_id: UUID, clock: VirtualClock, approval_id: UUID, digest: str, who: int, times: int, gate: Any
) -> None:
    """In a process of its own: approve, queue, dispatch, as a console and a worker there would."""
    database = Database(url, pool_size=1)
    told: Counter[str] = Counter()
    try:
        gate["start"].wait(300)
        for attempt in range(times):
            action = Action.REJECT if (who + attempt) % 4 == 3 else Action.APPROVE
            try:
                with database.write(workspace_id) as session:
                    decided = approvals.decide(
                        session,
                        clock,
                        SystemIds(),
                        approval_id,
                        expected_hash=digest,
                        action=action,
                        by=f"user:{who}",
                    )
                told["repeated" if decided.repeated else f"won:{decided.state.value}"] += 1
            except Conflict as conflict:
                told[conflict.code] += 1
        gate["told"].put(dict(told))
    finally:
        database.close()


@pytest.mark.timeout(1800)
def test_64_approvals_at_once_from_8_processes_make_one_decision_and_one_send(
    office: Office, post: Any, tmp_path: Path
) -> None:
    draft_id, approval_id, digest = office.draft(0)
    context = office.context
    context.database.engine.dispose()
    processes = multiprocessing.get_context("fork")
    gate = {"start": processes.Event(), "told": processes.Queue()}
    arguments = (context.database.url, context.workspace_id, context.clock, approval_id, digest)
    workers = [processes.Process(target=_approve_many, args=(*arguments, who, 8, gate)) for who in range(8)]
    for worker in workers:
        worker.start()
    gate["start"].set()
    told = sum((Counter(gate["told"].get(timeout=600)) for _ in workers), Counter())
    for worker in workers:
        worker.join(300)
        assert worker.exitcode == 0
    won = {key: number for key, number in told.items() if key.startswith("won:")}
    assert list(won.values()) == [1]
    assert sum(told.values()) == 64
    assert set(told) - set(won) <= {"repeated", "already_decided"}
    assert len(triggers_of(office)) == 1
    if "won:approved" in won:
        office.queue(draft_id, approval_id)
        office.queue(draft_id, approval_id)
    for name in ("worker:1", "worker:2"):
        Dispatcher(unsubscribe, name, keep_leases=False).run(context)
    assert len(post.envelopes) == (1 if "won:approved" in won else 0)


def test_another_workspace_has_no_such_approval(office: Office, database: Database, tmp_path: Path) -> None:
    _, approval_id, digest = office.draft(0)
    foreign = context_of(
        database,
        SystemIds().new(),
        office.context.clock,
        SystemIds(),
        lambda _: None,
        data_dir=tmp_path,  # type: ignore[arg-type,return-value]
    )
    with pytest.raises(NotFound), foreign.database.write(foreign.workspace_id) as session:
        approvals.decide(
            session,
            foreign.clock,
            foreign.ids,
            approval_id,
            expected_hash=digest,
            action=Action.APPROVE,
            by="user:eve",
        )
