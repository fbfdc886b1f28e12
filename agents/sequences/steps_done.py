"""Steps that were just done, many at once: what is behind each of them is planned anew, what was the last ends its
sequence. Set by set, because the dispatcher does it for every batch of mails: six statements, however many there are.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.recipient_clock import clock_at
from agents.sequences.planning import TO_COME, minute_of
from agents.sequences.versions import load
from agents.zone_choice import Place
from scoring.sequence_plan import Planned, touches_due
from store import bulk
from store.models import Company, Contact, Enrollment, EnrollmentState, Lead, Touch, TouchState, Workspace
from store.session import kept, workspace_of


def steps_done(session: Session, touch_ids: Sequence[UUID], at: datetime) -> None:
    """Each at most one of its sequence; those that are done already change nothing.

    The gaps of a sequence are between real sends: approved on Thursday, "three days later" starts there.
    """
    done = _mark(session, touch_ids, at) if touch_ids else []
    if not done:
        return
    entered = _enrollments(session, [touch.enrollment_id for touch in done])
    to_come = _to_come(session, list(entered))
    over, moving = [], []
    for touch in done:
        enrollment = entered.get(touch.enrollment_id)
        if enrollment is None:
            continue
        later = [step for step in to_come.get(enrollment.id, ()) if step.number > touch.number]
        if not later:
            over.append(enrollment.id)
        planned = [step for step in later if step.state is TouchState.PLANNED]
        if planned:
            moving.append((touch, planned, enrollment))
    _finish(session, over)
    _replan(session, moving, at)


def _replan(session: Session, moving: Sequence[tuple[Any, Sequence[Any], Any]], at: datetime) -> None:
    """Only ever later: what a pause or a person put off stays put off."""
    if not moving:
        return
    known = load(session)
    home = session.execute(sa.select(col(Workspace.time_zone)).where(col(Workspace.id) == workspace_of(session)))
    zone = home.scalar_one()
    rows = [
        {"id": step.id, "due_at": due}
        for touch, later, enrollment in moving
        for step, due in _due(known, zone, touch, later, enrollment, at)
        if due != step.due_at
    ]
    bulk.update(session, Touch, rows, columns=["due_at"])


def _due(
    known: Any, home: str, touch: Any, later: Sequence[Any], enrollment: Any, at: datetime
) -> list[tuple[Any, datetime]]:
    spec = known.version(enrollment.sequence, enrollment.version)
    if spec is None or enrollment.contact_id is None or enrollment.company_id is None:
        late = max(at - touch.due_at, at - at)  # nothing is known of their days: the gaps stay as they were planned
        return [(step, step.due_at + late) for step in later]
    place = Place(enrollment.company_country, enrollment.region, enrollment.city)
    theirs = clock_at(enrollment.time_zone, enrollment.country, place)
    clock = theirs.days(at, home, minute_of(enrollment.tier, enrollment.lead_id))
    before = enrollment.steps_before
    steps = [Planned(step.number - before, step.due_at) for step in later]
    found = touches_due(spec, steps, clock, now=at, after=at, after_step=touch.number - before)
    due = {one.step: one.due_at for one in found}
    return [(step, due.get(step.number - before, step.due_at)) for step in later]


def _mark(session: Session, touch_ids: Sequence[UUID], at: datetime) -> Sequence[Any]:
    return session.execute(_MARK, {"ids": list(touch_ids), "at": at}).all()


def _enrollments(session: Session, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """With what the days of their recipients are counted by."""
    return {row.id: row for row in session.execute(_ENTERED, {"ids": list(ids)})}


def _to_come(session: Session, enrollment_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for step in session.execute(_TO_COME, {"ids": list(enrollment_ids)}):
        found.setdefault(step.enrollment_id, []).append(step)
    return found


def _finish(session: Session, enrollment_ids: Sequence[UUID]) -> None:
    if enrollment_ids:
        session.execute(_FINISH, {"ids": list(enrollment_ids)})


def _ids() -> Any:
    return sa.bindparam("ids", expanding=True)


def _same(model: Any, of: Any, reference: Any) -> Any:
    return sa.and_(col(model.workspace_id) == col(of.workspace_id), col(model.id) == col(reference))


_MARK: Final = kept(
    sa.update(Touch)
    .where(col(Touch.id).in_(_ids()), col(Touch.state) != TouchState.DONE)
    .values(state=TouchState.DONE, done_at=sa.bindparam("at"))
    .returning(col(Touch.enrollment_id), col(Touch.number), col(Touch.due_at))
    .execution_options(synchronize_session=False)
)
_ENTERED: Final = kept(
    sa.select(
        *(col(column) for column in (Enrollment.id, Enrollment.sequence, Enrollment.version, Enrollment.steps_before)),
        col(Lead.id).label("lead_id"),
        col(Lead.tier).label("tier"),
        col(Contact.id).label("contact_id"),
        col(Contact.time_zone).label("time_zone"),
        col(Contact.country).label("country"),
        col(Company.id).label("company_id"),
        col(Company.country).label("company_country"),
        col(Company.region).label("region"),
        col(Company.city).label("city"),
    )
    .select_from(Enrollment)
    .outerjoin(Lead, _same(Lead, Enrollment, Enrollment.lead_id))
    .outerjoin(Contact, _same(Contact, Lead, Lead.contact_id))
    .outerjoin(Company, _same(Company, Lead, Lead.company_id))
    .where(col(Enrollment.id).in_(_ids()))
)
_TO_COME: Final = kept(
    sa.select(*(col(column) for column in (Touch.id, Touch.enrollment_id, Touch.number, Touch.state, Touch.due_at)))
    .where(col(Touch.enrollment_id).in_(_ids()), col(Touch.state).in_(TO_COME))
    .order_by(col(Touch.number))
)
_FINISH: Final = kept(
    sa.update(Enrollment)
    .where(col(Enrollment.id).in_(_ids()), col(Enrollment.state) == EnrollmentState.ACTIVE)
    .values(state=EnrollmentState.FINISHED)
    .execution_options(synchronize_session=False)
)
