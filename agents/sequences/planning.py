"""The touches of a lead that enters, is moved, or was written to later than planned, by scoring.sequence_plan."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import jurisdiction
from agents.recipient_clock import clock_of
from agents.sequences.versions import load, version_of
from core.ids import stable_id
from scoring.sequence import ChosenChannel, Reach, SequenceSpec, choose_channels
from scoring.sequence_plan import DayClock, Planned, touches_due
from store.models import Company, Contact, Enrollment, EnrollmentState, Lead, Touch, TouchState, Workspace

# When in the recipient's day a mail is planned: decision makers read before their meetings, others after lunch.
_START_HOUR = {1: 8, 2: 9, 3: 13}
_SPREAD_MINUTES = 120
TO_COME = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)


def minute_of(tier: int, lead_id: UUID) -> int:
    return _START_HOUR.get(tier, 9) * 60 + lead_id.int % _SPREAD_MINUTES


def day_clock(
    lead_id: UUID, tier: int, contact: Contact, company: Company | None, home: str, now: datetime
) -> DayClock:
    return clock_of(contact, company).days(now, home, minute_of(tier, lead_id))


def reach_of(contact: Contact, *, mail_barred: str = "", text_barred: str = "") -> Reach:
    return Reach(
        contact.email_status if contact.email_sealed is not None else None,
        contact.phone_sealed is not None,
        contact.profile_url_sealed is not None,
        mail_barred,
        text_barred,
    )


def reach_by_law(contact: Contact) -> Reach:
    """With what the law of their country says of an unasked mail."""
    ruling = jurisdiction.rule(contact.country, contact.legal_basis, contact.legal_basis_evidence)
    return reach_of(contact, mail_barred="" if ruling.allowed else ruling.reason)


def entry_rows(
    workspace_id: UUID,
    enrollment_id: UUID,
    lead_id: UUID,
    spec: SequenceSpec,
    contact: Contact,
    clock: DayClock,
    now: datetime,
    *,
    steps_before: int = 0,
) -> tuple[list[dict[str, Any]], list[ChosenChannel]]:
    """The touches of a lead that enters now, and what was chosen for each step by what is known and allowed.

    A step that nothing can be done by stays with its own channel: it is asked again when it is due.
    """
    chosen = {one.step: one for one in choose_channels(spec, reach_by_law(contact))}
    steps = [Planned(touch.step) for touch in spec.touches]
    rows = [
        {
            "id": stable_id("touch", workspace_id, enrollment_id, steps_before + due.step),
            "enrollment_id": enrollment_id,
            "lead_id": lead_id,
            "number": steps_before + due.step,
            "channel": (chosen[due.step].channel or due.channel).value,
            "due_at": due.due_at,
        }
        for due in touches_due(spec, steps, clock, now=now, after=now)
    ]
    return rows, list(chosen.values())


def spec_of(session: Session, enrollment: Enrollment) -> SequenceSpec | None:
    """The version that it is on; None: there is none that today's rules can read."""
    return version_of(session, enrollment.sequence, enrollment.version)


def replan(session: Session, done: Sequence[tuple[Touch, Sequence[Touch], Enrollment]], at: datetime) -> None:
    """Steps were done at `at`: those planned behind each keep their waits from there, in the recipient's business days.

    Only ever later: what a pause or a person put off stays put off. A handful of statements, however many were done.
    """
    moving = [(touch, later, enrollment) for touch, later, enrollment in done if later]
    if not moving:
        return
    home = session.exec(select(Workspace.time_zone).where(Workspace.id == moving[0][0].workspace_id)).one()
    known = load(session)
    people = {
        lead.id: (lead, contact, company)
        for lead, contact, company in session.execute(
            sa.select(Lead, Contact, Company)
            .join(
                Contact,
                (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id)),
            )
            .join(
                Company,
                (col(Company.workspace_id) == col(Lead.workspace_id)) & (col(Company.id) == col(Lead.company_id)),
            )
            .where(col(Lead.id).in_([touch.lead_id for touch, _, _ in moving]))
        )
    }
    for touch, later, enrollment in moving:
        spec, person = known.version(enrollment.sequence, enrollment.version), people.get(touch.lead_id)
        if spec is None or person is None:
            _keep_gaps(later, at - touch.due_at)
        else:
            lead, contact, company = person
            clock = day_clock(lead.id, lead.tier, contact, company, home, at)
            before = enrollment.steps_before
            steps = [Planned(one.number - before, one.due_at) for one in later]
            found = touches_due(spec, steps, clock, now=at, after=at, after_step=touch.number - before)
            due = {one.step: one.due_at for one in found}
            for one in later:
                one.due_at = due.get(one.number - before, one.due_at)
        session.add_all(later)


def planned_touches(session: Session, enrollment_id: UUID, after_number: int = 0) -> Sequence[Touch]:
    query = select(Touch).where(
        Touch.enrollment_id == enrollment_id, col(Touch.number) > after_number, Touch.state == TouchState.PLANNED
    )
    return session.exec(query.order_by(col(Touch.number)).execution_options(populate_existing=True)).all()


def close_if_over(session: Session, enrollment_id: UUID) -> None:
    """Nothing of it is to come: it is finished. Paused and stopped ones stay as they are."""
    session.flush()
    to_come = select(Touch.id).where(Touch.enrollment_id == enrollment_id, col(Touch.state).in_(TO_COME))
    if session.exec(to_come.limit(1)).first() is not None:
        return
    session.execute(
        sa.update(Enrollment)
        .where(col(Enrollment.id) == enrollment_id, col(Enrollment.state) == EnrollmentState.ACTIVE)
        .values(state=EnrollmentState.FINISHED)
        .execution_options(synchronize_session="fetch")
    )


def _keep_gaps(later: Sequence[Touch], late: Any) -> None:
    """A version that cannot be read any more: the gaps stay as they were planned."""
    for one in later if late.total_seconds() > 0 else ():
        one.due_at += late
