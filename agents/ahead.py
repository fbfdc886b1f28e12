"""First mails drafted before their time, because somebody wants to read them now. Nothing leaves the earlier for it: an
approved mail still waits for its recipient's own working hours."""

from sqlmodel import Session, col, select

from core.clock import Clock
from store.models import Enrollment, EnrollmentState, Lead, Touch, TouchState


def draft_ahead(session: Session, clock: Clock, limit: int) -> int:
    """How many first touches are due now that were not: those of the best leads. A sequence moves as a whole, so that
    its gaps stay, and the send that follows later moves it back by as much."""
    now = clock.now()
    query = (
        select(Touch)
        .join(Enrollment, col(Enrollment.id) == col(Touch.enrollment_id))
        .join(Lead, col(Lead.id) == col(Touch.lead_id))
        .where(
            Touch.number == 1,
            Touch.channel == "mail",
            Touch.state == TouchState.PLANNED,
            Touch.due_at > now,
            Enrollment.state == EnrollmentState.ACTIVE,
        )
        .order_by(col(Lead.tier), col(Lead.priority).desc(), col(Lead.id))
        .limit(limit)
    )
    early = {touch.enrollment_id: touch.due_at - now for touch in session.exec(query)}
    planned = select(Touch).where(col(Touch.enrollment_id).in_(list(early)), Touch.state == TouchState.PLANNED)
    for touch in session.exec(planned.order_by(col(Touch.id))):
        touch.due_at -= early[touch.enrollment_id]
        session.add(touch)
    return len(early)
