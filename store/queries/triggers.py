"""What wakes threads: durable rows, each done once, in the order of a subject's `due_at`.

A trigger that failed comes back later, and those behind it wait, because order matters; only what people wrote
(INBOUND) passes, because "stop" may stand in it. After `MAX_ATTEMPTS`, or at once where only a person can help, it
rests: an alert shows it, the others go on, and `retry` takes it up again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from core.clock import Clock
from core.errors import FixConfiguration, PersonMustDecide, Rejected, RetryAt, SalesOSError
from core.ids import stable_id
from core.redaction import redact_text
from store import bulk
from store.models import Alert, Enrollment, EnrollmentState, ThreadTrigger, Touch, TouchState
from store.session import workspace_of

MAX_ATTEMPTS = 8  # with the backoff below: about four hours, longer than a usual restart or outage
_MAX_WAITS = 60  # of a provider that names its own time, before somebody should look
_FIRST_BACKOFF, _LONGEST_BACKOFF = timedelta(seconds=10), timedelta(hours=1)
_INBOUND, _TOUCH_DUE = "inbound", "touch_due"
_RESTS = 1_000  # attempts of a trigger that rests: beyond every limit


@dataclass(frozen=True, slots=True)
class NewTrigger:
    subject_kind: str
    subject_id: UUID
    kind: str
    key: str  # the same event always has the same key
    due_at: datetime
    payload: Mapping[str, str] = field(default_factory=dict)  # ids as text


def add_trigger(
    session: Session,
    clock: Clock,
    *,
    subject_kind: str,
    subject_id: UUID,
    kind: str,
    key: str,
    payload: Mapping[str, str] | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Whether the event was new. `due_at` None: now."""
    trigger = NewTrigger(subject_kind, subject_id, kind, key, due_at or clock.now(), payload or {})
    return add_triggers(session, clock, [trigger]) == 1


def add_triggers(session: Session, clock: Clock, triggers: Sequence[NewTrigger]) -> int:
    """Adds those whose key is new, in one statement; returns how many."""
    workspace_id, now = workspace_of(session), clock.now()
    rows = [
        {
            "id": stable_id("trigger", workspace_id, trigger.key),
            "key": trigger.key,
            "subject_kind": trigger.subject_kind,
            "subject_id": trigger.subject_id,
            "kind": trigger.kind,
            "payload": dict(trigger.payload),
            "due_at": trigger.due_at,
            "created_at": now,
        }
        for trigger in {trigger.key: trigger for trigger in triggers}.values()
    ]
    return len(bulk.insert_ignore(session, ThreadTrigger, rows))


def due_touches_to_triggers(session: Session, clock: Clock, limit: int = 1_000) -> int:
    """A TOUCH_DUE trigger for every planned touch whose time has come, in two statements; returns how many were new.

    A touch waits while its enrollment is not active, while an earlier one is still planned, and while an earlier mail
    is drafted or queued: step n+1 needs step n to have left, or to have been dropped.
    """
    earlier = aliased(Touch)
    unsettled = (
        sa.select(sa.literal(1))
        .select_from(earlier)
        .where(
            col(earlier.workspace_id) == col(Touch.workspace_id),
            col(earlier.enrollment_id) == col(Touch.enrollment_id),
            col(earlier.number) < col(Touch.number),
            sa.or_(
                col(earlier.state) == TouchState.PLANNED,
                sa.and_(
                    col(earlier.channel) == "mail",
                    col(earlier.state).in_([TouchState.DRAFTED, TouchState.QUEUED]),
                ),
            ),
        )
        .exists()
    )
    # The key names the due time: a touch that an agent moved is due anew, one that it left alone is not asked again.
    asked = (
        sa.select(sa.literal(1))
        .select_from(ThreadTrigger)
        .where(
            col(ThreadTrigger.workspace_id) == col(Touch.workspace_id),
            col(ThreadTrigger.subject_id) == col(Touch.lead_id),
            col(ThreadTrigger.kind) == _TOUCH_DUE,
            col(ThreadTrigger.due_at) == col(Touch.due_at),
        )
        .exists()
    )
    due = (
        select(Touch.id, Touch.lead_id, Touch.due_at)
        .join(
            Enrollment,
            sa.and_(
                col(Enrollment.workspace_id) == col(Touch.workspace_id), col(Enrollment.id) == col(Touch.enrollment_id)
            ),
        )
        .where(
            Touch.state == TouchState.PLANNED,
            Touch.due_at <= clock.now(),
            Enrollment.state == EnrollmentState.ACTIVE,
            ~unsettled,
            ~asked,
        )
        .order_by(col(Touch.due_at), col(Touch.id))
        .limit(limit)
    )
    found = [
        NewTrigger("lead", lead_id, _TOUCH_DUE, _touch_key(touch_id, due_at), due_at, {"touch_id": str(touch_id)})
        for touch_id, lead_id, due_at in session.exec(due)
    ]
    return add_triggers(session, clock, found)


def _touch_key(touch_id: UUID, due_at: datetime) -> str:
    return f"touch:{touch_id}:{due_at.timestamp():.6f}"


def due_subjects(session: Session, now: datetime, limit: int = 1_000) -> list[tuple[str, UUID]]:
    """(kind, id) of subjects that have a trigger to carry out now, the longest waiting first."""
    query = (
        sa.select(
            col(ThreadTrigger.subject_kind), col(ThreadTrigger.subject_id), sa.func.min(col(ThreadTrigger.due_at))
        )
        .where(*_due(now), sa.or_(col(ThreadTrigger.kind) == _INBOUND, ~_backing_off(now)))
        .group_by(col(ThreadTrigger.subject_kind), col(ThreadTrigger.subject_id))
        .order_by(sa.func.min(col(ThreadTrigger.due_at)), col(ThreadTrigger.subject_id))
        .limit(limit)
    )
    return [(kind, subject_id) for kind, subject_id, _ in session.execute(query)]


def pending_for(session: Session, subject_id: UUID, now: datetime) -> list[ThreadTrigger]:
    """What is to be carried out for this subject now, in order."""
    query = (
        select(ThreadTrigger)
        .where(
            ThreadTrigger.subject_id == subject_id,
            *_due(now),
            sa.or_(col(ThreadTrigger.kind) == _INBOUND, ~_backing_off(now)),
        )
        .order_by(col(ThreadTrigger.due_at), col(ThreadTrigger.key))
    )
    return list(session.exec(query))


def next_due(session: Session, subject_id: UUID, now: datetime) -> ThreadTrigger | None:
    return next(iter(pending_for(session, subject_id, now)), None)


def mark_done(session: Session, trigger_id: UUID, now: datetime) -> None:
    _set(session, trigger_id, done_at=now, last_error="")


def mark_failed(session: Session, trigger_id: UUID, now: datetime, error: Exception) -> None:
    """Keeps the error on the trigger and moves it into the future, or lets it rest with an alert for people."""
    trigger = session.get(ThreadTrigger, (workspace_of(session), trigger_id))
    if trigger is None or trigger.done_at is not None:
        return
    attempts = trigger.attempts + 1
    waits_by_name = isinstance(error, RetryAt) and error.retry_at is not None
    hopeless = isinstance(error, PersonMustDecide | FixConfiguration | Rejected)
    rests = hopeless or attempts >= (_MAX_WAITS if waits_by_name else MAX_ATTEMPTS)
    trigger.last_error = describe(error)
    trigger.attempts = attempts
    if rests:
        trigger.attempts = _RESTS + attempts
        _alert(session, trigger, now)
    elif isinstance(error, RetryAt) and error.retry_at is not None:
        trigger.due_at = max(error.retry_at, now)
    else:
        trigger.due_at = now + min(_FIRST_BACKOFF * 4 ** (attempts - 1), _LONGEST_BACKOFF)
    session.add(trigger)


def retry(session: Session, trigger_id: UUID, now: datetime) -> None:
    """Takes up a trigger that rests or waits, as if it had never failed."""
    _set(session, trigger_id, attempts=0, due_at=now)


def rests() -> sa.ColumnElement[bool]:
    """Of a trigger that waits for a person."""
    return col(ThreadTrigger.attempts) >= _RESTS


def resting(session: Session, limit: int = 100) -> list[ThreadTrigger]:
    """Triggers that wait for a person, the oldest first."""
    query = select(ThreadTrigger).where(col(ThreadTrigger.done_at).is_(None), ThreadTrigger.attempts >= _RESTS)
    return list(session.exec(query.order_by(col(ThreadTrigger.due_at), col(ThreadTrigger.id)).limit(limit)))


def next_due_at(session: Session) -> datetime | None:
    """When the next trigger is due; None: there is none."""
    query = select(sa.func.min(col(ThreadTrigger.due_at))).where(
        col(ThreadTrigger.done_at).is_(None), ThreadTrigger.attempts < _RESTS
    )
    found: datetime | None = session.exec(query).first()
    return found


def describe(error: Exception) -> str:
    """Our own errors in their words, without addresses; of others the type and the place: they may quote rows."""
    if isinstance(error, SalesOSError):
        return redact_text(str(error))[:1_000]
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f" in {trace.tb_frame.f_code.co_name}, {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(ThreadTrigger.done_at).is_(None),
        col(ThreadTrigger.due_at) <= now,
        col(ThreadTrigger.attempts) < _RESTS,
    )


def _backing_off(now: datetime) -> sa.ColumnElement[bool]:
    failed = aliased(ThreadTrigger)
    return (
        sa.select(sa.literal(1))
        .select_from(failed)
        .where(
            col(failed.workspace_id) == col(ThreadTrigger.workspace_id),
            col(failed.subject_id) == col(ThreadTrigger.subject_id),
            col(failed.done_at).is_(None),
            col(failed.due_at) > now,
            col(failed.attempts).between(1, _RESTS - 1),
        )
        .exists()
    )


def _set(session: Session, trigger_id: UUID, **values: Any) -> None:
    session.execute(
        sa.update(ThreadTrigger)
        .where(col(ThreadTrigger.id) == trigger_id, col(ThreadTrigger.done_at).is_(None))
        .values(**values)
    )


def _alert(session: Session, trigger: ThreadTrigger, now: datetime) -> None:
    key = f"trigger:{trigger.id}:{trigger.attempts}"
    row = {
        "id": stable_id("alert", workspace_of(session), key),
        "source_key": key,
        "subject_kind": trigger.subject_kind,
        "subject_id": trigger.subject_id,
        "level": "warning",
        "text": f"A step ({trigger.kind}) does not go on by itself: {trigger.last_error}",
        "created_at": now,
    }
    bulk.insert_ignore(session, Alert, [row])
