"""Running enrollments on another version of their sequence: a person's word, after they saw what it changes.

What was done stays done. Everything behind the last done step is planned anew by the wanted version, in business days
from that step; drafts that wait are taken back and written anew when they are due.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.context import AgentContext
from agents.sequences.planning import TO_COME, close_if_over, day_clock, reach_by_law
from core.ids import stable_id
from scoring.sequence import SequenceSpec, choose_channels
from scoring.sequence_plan import Planned, touches_due
from store import audit, bulk
from store.models import (
    Company,
    Contact,
    Enrollment,
    EnrollmentState,
    Lead,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
    Workspace,
)
from store.queries import approvals, outbox

CHUNK = 500  # enrollments of one transaction
_LIVE = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
_SETTLED = (TouchState.DONE, TouchState.SKIPPED, TouchState.BLOCKED)


@dataclass(frozen=True, slots=True)
class NewStep:
    step: int
    channel: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """What it would change for one lead. `why_not`: it stays where it is; empty: it moves."""

    enrollment: Enrollment
    lead: Lead
    company: str
    done: int  # steps that stay as they are
    before: tuple[NewStep, ...]  # what was to come
    after: tuple[NewStep, ...]
    drafts: int  # that are taken back and written anew
    why_not: str = ""


@dataclass(slots=True)
class Moved:
    moved: int = 0
    stayed: int = 0
    finished: int = 0  # the wanted version has no step left for them
    drafts: int = 0
    samples: list[Move] = field(default_factory=list)


def moves(
    session: Session,
    context: AgentContext,
    spec: SequenceSpec,
    *,
    from_version: int | None = None,
    after_id: UUID | None = None,
    lock: bool = False,
) -> list[Move]:
    """Of the next CHUNK of enrollments of this sequence on another version. Six statements."""
    now = context.clock.now()
    query = (
        sa.select(Enrollment, Lead, Contact, Company)
        .join(
            Lead, (col(Lead.workspace_id) == col(Enrollment.workspace_id)) & (col(Lead.id) == col(Enrollment.lead_id))
        )
        .join(
            Contact, (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id))
        )
        .join(
            Company, (col(Company.workspace_id) == col(Lead.workspace_id)) & (col(Company.id) == col(Lead.company_id))
        )
        .where(
            col(Enrollment.sequence) == spec.name,
            col(Enrollment.version) != spec.number,
            col(Enrollment.state).in_(_LIVE),
        )
        .order_by(col(Enrollment.id))
        .limit(CHUNK)
    )
    if from_version is not None:
        query = query.where(col(Enrollment.version) == from_version)
    if after_id is not None:
        query = query.where(col(Enrollment.id) > after_id)
    if lock:
        query = query.with_for_update(of=Enrollment)
    rows = session.execute(query).all()
    if not rows:
        return []
    home = session.exec(select(Workspace.time_zone).where(Workspace.id == context.workspace_id)).one()
    touches: dict[UUID, list[Touch]] = {}
    of = [row.Enrollment.id for row in rows]
    for touch in session.exec(select(Touch).where(col(Touch.enrollment_id).in_(of)).order_by(col(Touch.number))):
        touches.setdefault(touch.enrollment_id, []).append(touch)
    leaving = _leaving(session, [row.Lead.id for row in rows])
    return [_move(row, spec, touches.get(row.Enrollment.id, []), row.Lead.id in leaving, home, now) for row in rows]


def preview(
    session: Session, context: AgentContext, spec: SequenceSpec, *, from_version: int | None = None, samples: int = 20
) -> Moved:
    """What a move would change. Writes nothing."""
    found = Moved()
    for chunk in _chunks(session, context, spec, from_version):
        for one in chunk:
            _count(found, one)
            if len(found.samples) < samples:
                found.samples.append(one)
    return found


def move_chunk(
    session: Session,
    context: AgentContext,
    spec: SequenceSpec,
    *,
    by: str,
    from_version: int | None = None,
    after_id: UUID | None = None,
) -> tuple[Moved, UUID | None]:
    """Moves the next CHUNK in the caller's transaction. The id to go on after; None: that was all."""
    found = moves(session, context, spec, from_version=from_version, after_id=after_id, lock=True)
    told = Moved()
    for one in found:
        _count(told, one)
    moving = [one for one in found if not one.why_not]
    if moving:
        _write(session, context, spec, moving, by)
    return told, found[-1].enrollment.id if len(found) == CHUNK else None


def _chunks(
    session: Session, context: AgentContext, spec: SequenceSpec, from_version: int | None
) -> Iterator[list[Move]]:
    after_id = None
    while found := moves(session, context, spec, from_version=from_version, after_id=after_id):
        yield found
        if len(found) < CHUNK:
            return
        after_id = found[-1].enrollment.id


def _count(told: Moved, one: Move) -> None:
    if one.why_not:
        told.stayed += 1
        return
    told.moved += 1
    told.drafts += one.drafts
    told.finished += not one.after


def _move(row: Any, spec: SequenceSpec, touches: Sequence[Touch], leaving: bool, home: str, now: datetime) -> Move:
    enrollment: Enrollment = row.Enrollment
    offset = enrollment.steps_before
    own = [touch for touch in touches if touch.number > offset]
    settled = [touch for touch in own if touch.state in _SETTLED]
    done = max((touch.number - offset for touch in settled), default=0)
    to_come = [touch for touch in own if touch.state in TO_COME]
    before = tuple(NewStep(touch.number - offset, touch.channel, touch.due_at) for touch in to_come)
    drafts = sum(touch.state is not TouchState.PLANNED for touch in to_come)
    if leaving:
        why = "A mail to them is on its way, or its outcome is unknown."
        return Move(enrollment, row.Lead, row.Company.name, done, before, before, 0, why)
    last = max((touch.done_at for touch in settled if touch.done_at is not None), default=None)
    clock = day_clock(row.Lead.id, row.Lead.tier, row.Contact, row.Company, home, now)
    due = touches_due(
        spec,
        [Planned(touch.step) for touch in spec.touches if touch.step > done],
        clock,
        now=now,
        after=last or enrollment.entered_at or enrollment.created_at,
        after_step=done if last is not None else 0,
        resume_at=enrollment.resume_at,
    )
    chosen = {one.step: one.channel for one in choose_channels(spec, reach_by_law(row.Contact))}
    after = tuple(NewStep(one.step, (chosen[one.step] or one.channel).value, one.due_at) for one in due)
    return Move(enrollment, row.Lead, row.Company.name, done, before, after, drafts)


def _write(session: Session, context: AgentContext, spec: SequenceSpec, moving: Sequence[Move], by: str) -> None:
    reason = f"Moved to version {spec.number} of the sequence."
    lead_ids = [one.lead.id for one in moving]
    approvals.void_for_leads(
        session, context.clock, context.ids, lead_ids, reason, actor=by, touch_state=TouchState.PLANNED
    )
    session.flush()
    session.execute(
        sa.update(Touch)
        .where(col(Touch.enrollment_id).in_([one.enrollment.id for one in moving]), col(Touch.state).in_(TO_COME))
        .values(state=TouchState.CANCELLED, block_reason=reason)
        .execution_options(synchronize_session=False)
    )
    rows = [
        {
            "id": stable_id("touch", context.workspace_id, one.enrollment.id, one.enrollment.steps_before + step.step),
            "enrollment_id": one.enrollment.id,
            "lead_id": one.lead.id,
            "number": one.enrollment.steps_before + step.step,
            "channel": step.channel,
            "due_at": step.due_at,
            "state": TouchState.PLANNED,
            "block_reason": "",
        }
        for one in moving
        for step in one.after
    ]
    bulk.upsert(session, Touch, rows, key=["enrollment_id", "number"])
    session.execute(
        sa.update(Enrollment)
        .where(col(Enrollment.id).in_([one.enrollment.id for one in moving]))
        .values(version=spec.number)
        .execution_options(synchronize_session="fetch")
    )
    for one in moving:
        if not one.after:
            close_if_over(session, one.enrollment.id)
    audit.append(
        session,
        context.clock,
        context.ids,
        actor=by,
        action="sequence.moved",
        subject_kind="sequence",
        subject_id=stable_id("sequence", context.workspace_id, spec.name),
        details={"sequence": spec.name, "version": spec.number, "leads": len(moving)},
    )


def _leaving(session: Session, lead_ids: Sequence[UUID]) -> set[UUID]:
    query = select(OutboxItem.subject_id).where(
        col(OutboxItem.subject_id).in_(lead_ids),
        OutboxItem.kind == outbox.MAIL,
        col(OutboxItem.state).in_([OutboxState.SENDING, OutboxState.UNKNOWN]),
    )
    return set(session.exec(query.distinct()).all())
