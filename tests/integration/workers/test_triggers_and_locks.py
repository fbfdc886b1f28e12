"""Threads wake once, in order, and one holder at a time moves them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core.clock import VirtualClock
from core.errors import PersonMustDecide, RetryAt
from store.models import Alert, Enrollment, EnrollmentState, ThreadTrigger, Touch, TouchState
from store.queries import locks, triggers
from tests.support.crash.office import Office


def add(office: Office, kind: str, key: str, after: float = 0.0) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        triggers.add_trigger(
            session,
            context.clock,
            subject_kind="lead",
            subject_id=office.people[0].lead_id,
            kind=kind,
            key=f"{key}:{context.workspace_id}",
            due_at=context.clock.now() + timedelta(seconds=after),
        )


def pending(office: Office) -> list[str]:
    context = office.context
    with context.database.read(context.workspace_id) as session:
        found = triggers.pending_for(session, office.people[0].lead_id, context.clock.now())
        due = triggers.due_subjects(session, context.clock.now())
        assert bool(found) == bool(due)
        first = triggers.next_due(session, office.people[0].lead_id, context.clock.now())
        assert (first.id if first else None) == (found[0].id if found else None)
        return [trigger.kind for trigger in found]


def fail(office: Office, kind: str, error: Exception) -> ThreadTrigger:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        trigger = session.exec(select(ThreadTrigger).where(ThreadTrigger.kind == kind)).one()
        triggers.mark_failed(session, trigger.id, context.clock.now(), error)
    found: ThreadTrigger = office.get(ThreadTrigger, trigger.id)
    return found


def test_the_same_event_twice_is_one_trigger_and_due_ones_come_in_order(office: Office) -> None:
    add(office, "run_step", "b", after=-1)
    add(office, "decided", "a", after=-2)
    add(office, "decided", "a", after=-9)
    add(office, "daily", "later", after=60)
    assert pending(office) == ["decided", "run_step"]


def test_a_failed_step_holds_the_others_back_but_not_what_people_wrote(office: Office) -> None:
    add(office, "touch_due", "a", after=-3)
    add(office, "decided", "b", after=-2)
    failed = fail(office, "touch_due", RuntimeError("secret@example.com broke"))
    assert pending(office) == []
    assert failed.attempts == 1
    assert "RuntimeError" in failed.last_error
    assert "secret" not in failed.last_error
    add(office, "inbound", "c")
    assert pending(office) == ["inbound"]
    clock = office.context.clock
    assert isinstance(clock, VirtualClock)
    clock.move_to(failed.due_at)
    assert pending(office)[0] in ("decided", "inbound")
    assert "touch_due" in pending(office)


def test_a_provider_that_names_its_time_is_asked_then(office: Office) -> None:
    add(office, "touch_due", "a")
    at = office.context.clock.now() + timedelta(hours=7)
    assert fail(office, "touch_due", RetryAt("Too many requests.", retry_at=at)).due_at == at


@pytest.mark.parametrize("error", [PersonMustDecide("Two companies look alike."), RuntimeError("a bug")])
def test_what_cannot_go_on_rests_visibly_and_lets_the_others_go(office: Office, error: Exception) -> None:
    add(office, "touch_due", "a")
    add(office, "decided", "b")
    for _ in range(triggers.MAX_ATTEMPTS):
        failed = fail(office, "touch_due", error)
    assert pending(office) == ["decided"]
    context = office.context
    with context.database.read(context.workspace_id) as session:
        assert len(session.exec(select(Alert)).all()) >= 1
        assert [trigger.id for trigger in triggers.resting(session)] == [failed.id]
    with context.database.write(context.workspace_id) as session:
        triggers.retry(session, failed.id, context.clock.now())
    assert sorted(pending(office)) == ["decided", "touch_due"]


def due_touches(office: Office) -> int:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        return triggers.due_touches_to_triggers(session, context.clock)


def touch(office: Office, number: int, **values: Any) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        row = session.get(Touch, (context.workspace_id, office.people[0].touch_ids[number]))
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def test_touches_wake_their_lead_when_due_each_once_and_in_turn(office: Office) -> None:
    clock = office.context.clock
    assert isinstance(clock, VirtualClock)
    assert due_touches(office) == 3  # the first touch of each of three people
    assert due_touches(office) == 0
    clock.advance(timedelta(days=10))  # all are due by now, but the first has not left
    assert due_touches(office) == 0
    touch(office, 0, state=TouchState.QUEUED)
    assert due_touches(office) == 0
    touch(office, 0, state=TouchState.DONE)
    assert due_touches(office) == 1
    touch(office, 1, due_at=clock.now())  # an agent moved it: that is another time to wake
    assert due_touches(office) == 1


def test_a_paused_sequence_wakes_nobody(office: Office) -> None:
    context = office.context
    with context.database.write(context.workspace_id) as session:
        for enrollment in session.exec(select(Enrollment)):
            enrollment.state = EnrollmentState.PAUSED
            session.add(enrollment)
    assert due_touches(office) == 0


def test_one_of_many_gets_the_lock_and_a_late_holder_counts_for_nothing(office: Office) -> None:
    context, subject = office.context, office.people[0].lead_id
    now = context.clock.now()

    def take(owner: str, seconds: float = 0.0) -> int | None:
        with context.database.write(context.workspace_id) as session:
            return locks.acquire(session, subject, owner, now + timedelta(seconds=seconds), 60)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(take, [f"w{number}" for number in range(16)]))
    assert [token for token in found if token is not None] == [1]
    assert take("second", 30) is None
    assert take("second", 61) == 2
    with context.database.write(context.workspace_id) as session:
        assert not locks.renew(session, subject, 1, now, 60)
        assert not locks.release(session, subject, 1)
        assert locks.renew(session, subject, 2, now, 60)
        assert locks.release(session, subject, 2)
    assert take("third") == 3
