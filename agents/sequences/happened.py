"""What happened in one entry of a sequence, for the conditions of its next step. Opens are not asked for."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scoring.engagement import ActorClass, EngagementKind
from scoring.sequence_plan import Happened
from store.models import EngagementEvent, Enrollment, Task, TaskState, Touch, TouchState

_REPLIES = (
    EngagementKind.REPLY_POSITIVE.value,
    EngagementKind.REPLY_NEUTRAL.value,
    EngagementKind.REPLY_NEGATIVE.value,
)
_MAIL = "mail"


def happened_before(session: Session, enrollment: Enrollment, touch: Touch) -> Happened:
    """Up to this step, since the lead entered."""
    since = enrollment.entered_at or enrollment.created_at
    events = select(EngagementEvent.kind).where(
        EngagementEvent.lead_id == enrollment.lead_id,
        EngagementEvent.actor == ActorClass.HUMAN.value,
        EngagementEvent.occurred_at >= since,
        col(EngagementEvent.kind).in_([EngagementKind.CLICK.value, *_REPLIES]),
    )
    kinds = set(session.exec(events.distinct()).all())
    before = list(
        session.exec(
            select(Touch)
            .where(
                Touch.enrollment_id == enrollment.id,
                col(Touch.number) > enrollment.steps_before,
                col(Touch.number) < touch.number,
                Touch.state == TouchState.DONE,
            )
            .order_by(col(Touch.number).desc())
        )
    )
    task = next((one for one in before if one.channel != _MAIL), None)
    mail = next((one for one in before if one.channel == _MAIL), None)
    return Happened(
        replied=bool(kinds & set(_REPLIES)),
        clicked=EngagementKind.CLICK.value in kinds,
        task_done=_task_done(session, task.id) if task is not None else None,
        mail_delivered=not _bounced(session, enrollment.lead_id, since) if mail is not None else None,
    )


def _task_done(session: Session, touch_id: UUID) -> bool:
    return session.exec(select(Task.state).where(Task.source_key == f"touch:{touch_id}")).first() is TaskState.DONE


def _bounced(session: Session, lead_id: UUID, since: datetime) -> bool:
    query = select(EngagementEvent.id).where(
        EngagementEvent.lead_id == lead_id,
        EngagementEvent.kind == EngagementKind.BOUNCE.value,
        EngagementEvent.occurred_at >= since,
    )
    return session.exec(query.limit(1)).first() is not None
