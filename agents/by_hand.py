"""What a person does to many records at once: the rules of agents.stopping and agents.never_again, set-based.

Each function takes up to some hundred rows that the caller has locked, runs in the caller's transaction, and answers
with the ids it changed and, for the others, why not. Nothing here writes the audit chain but what taking drafts back
writes itself: the caller knows what was asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents import stopping
from agents.context import AgentContext
from agents.step import Trigger
from store import feed
from store.models import (
    Company,
    Contact,
    Customer,
    Enrollment,
    EnrollmentState,
    Lead,
    LeadStage,
    Mailbox,
    MailboxState,
    Message,
    OutboxItem,
    OutboxState,
    Touch,
    TouchState,
)
from store.queries import approvals, outbox, suppression, triggers

PAUSED_BY_HAND: Final = "Paused by hand."
_IN_FLIGHT: Final = (OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(slots=True)
class Done:
    changed: list[UUID] = field(default_factory=list)
    skipped: dict[UUID, str] = field(default_factory=dict)  # why: a code of ours


def stop_leads(session: Session, context: AgentContext, leads: Sequence[Lead], reason: str, *, actor: str) -> Done:
    """As `stopping.stop_lead`, for many. A lead that has ended keeps its stage and reason."""
    done = Done(skipped={lead.id: "ended" for lead in leads if lead.stage in stopping.FINAL})
    done.changed = [lead.id for lead in leads if lead.id not in done.skipped]
    if done.changed:
        _end(session, context, done.changed, reason, actor)
    return done


def pause_leads(session: Session, context: AgentContext, leads: Sequence[Lead], *, actor: str) -> Done:
    """No further step until somebody resumes; drafts that wait are taken back and written anew then."""
    done, found = _sequences(session, leads)
    for lead_id, enrollment in found.items():
        if enrollment.state is EnrollmentState.PAUSED and enrollment.resume_at is None:
            done.skipped[lead_id] = "paused_already"
        elif enrollment.state not in (EnrollmentState.ACTIVE, EnrollmentState.PAUSED):
            done.skipped[lead_id] = "no_open_sequence"
        else:
            done.changed.append(lead_id)
    if done.changed:
        values = {"state": EnrollmentState.PAUSED, "stop_reason": PAUSED_BY_HAND, "resume_at": None}
        _set_enrollments(session, done.changed, **values)
        approvals.void_for_leads(
            session,
            context.clock,
            context.ids,
            done.changed,
            PAUSED_BY_HAND,
            actor=actor,
            touch_state=TouchState.PLANNED,
        )
        _touched(session, context, done.changed)
    return done


def resume_leads(session: Session, context: AgentContext, leads: Sequence[Lead]) -> Done:
    """The sequence goes on. Steps whose time passed meanwhile move, so that the next is due now and the gaps stay."""
    done, found = _sequences(session, leads)
    ended = {lead.id for lead in leads if lead.stage in stopping.FINAL}
    for lead_id, enrollment in found.items():
        if lead_id in ended:
            done.skipped[lead_id] = "ended"
        elif enrollment.state is not EnrollmentState.PAUSED:
            done.skipped[lead_id] = "not_paused"
        else:
            done.changed.append(lead_id)
    if not done.changed:
        return done
    _set_enrollments(session, done.changed, state=EnrollmentState.ACTIVE, stop_reason="", resume_at=None)
    now = context.clock.now()
    planned: dict[UUID, list[Touch]] = {}
    enrollments = [found[lead_id].id for lead_id in done.changed]
    query = select(Touch).where(col(Touch.enrollment_id).in_(enrollments), Touch.state == TouchState.PLANNED)
    for touch in session.exec(query.order_by(col(Touch.number)).execution_options(populate_existing=True)):
        planned.setdefault(touch.lead_id, []).append(touch)
    for touches in planned.values():
        late = now - touches[0].due_at
        if late.total_seconds() > 0:
            for touch in touches:
                touch.due_at += late
            session.add_all(touches)
    _touched(session, context, done.changed)
    return done


def change_mailbox(
    session: Session, context: AgentContext, leads: Sequence[Lead], mailbox_id: UUID, *, actor: str
) -> Done:
    """Another of ours writes to them, where nobody has yet: a thread keeps its sender, but for one whose mailbox is
    paused. Drafts are written anew."""
    done, found = _sequences(session, leads)
    ids = list(found)
    paused = set(session.exec(select(Mailbox.id).where(Mailbox.state == MailboxState.PAUSED)))
    kept = [lead_id for lead_id, enrollment in found.items() if enrollment.mailbox_id not in paused]
    written: set[UUID | None] = set(
        session.exec(select(Message.lead_id).where(col(Message.lead_id).in_(kept), Message.direction == "out"))
    )
    in_flight = (
        select(OutboxItem.subject_id)
        .where(
            OutboxItem.kind == outbox.MAIL,
            sa.or_(
                sa.and_(col(OutboxItem.subject_id).in_(ids), col(OutboxItem.state).in_(_IN_FLIGHT)),
                sa.and_(col(OutboxItem.subject_id).in_(kept), col(OutboxItem.state) == OutboxState.SENT),
            ),
        )
        .distinct()
    )
    written.update(session.exec(in_flight).all())
    for lead_id, enrollment in found.items():
        if lead_id in written:
            done.skipped[lead_id] = "written_to"
        elif enrollment.mailbox_id == mailbox_id:
            done.skipped[lead_id] = "has_it_already"
        elif enrollment.state not in (EnrollmentState.ACTIVE, EnrollmentState.PAUSED):
            done.skipped[lead_id] = "no_open_sequence"
        else:
            done.changed.append(lead_id)
    if done.changed:
        _set_enrollments(session, done.changed, mailbox_id=mailbox_id)
        approvals.void_for_leads(
            session,
            context.clock,
            context.ids,
            done.changed,
            "Another mailbox writes to them.",
            actor=actor,
            touch_state=TouchState.PLANNED,
        )
        _touched(session, context, done.changed)
    return done


def suppress_contacts(
    session: Session, context: AgentContext, contacts: Sequence[Contact], *, reason: str, actor: str
) -> Done:
    """As `never_again`, for many: suppressed, everything pending taken back, their leads stopped."""
    done, keys = Done(), []
    known = suppression.keys_known(session, [contact.email_index for contact in contacts if contact.email_index])
    for contact in contacts:
        if contact.erased_at is not None:
            done.skipped[contact.id] = "erased"
        elif contact.email_index is None:
            done.skipped[contact.id] = "no_address"
        elif contact.email_index in known:
            done.skipped[contact.id] = "suppressed_already"
        else:
            done.changed.append(contact.id)
            keys += [(suppression.ADDRESS, key) for key in _address_keys(context, contact)]
    if done.changed:
        suppression.suppress_keys(session, context.clock, keys, reason=reason, source=actor)
        take_back(session, context, done.changed, "A person said: never write to them again.", actor)
    return done


def exclude_companies(
    session: Session, context: AgentContext, companies: Sequence[Company], *, reason: str, actor: str
) -> Done:
    """Nobody at these domains is written to again; what is pending for their people is taken back."""
    done, keys = Done(), []
    for company in companies:
        if company.excluded_at is not None:
            done.skipped[company.id] = "excluded_already"
        elif not company.domain:
            done.skipped[company.id] = "no_domain"
        else:
            done.changed.append(company.id)
            keys.append((suppression.DOMAIN, suppression.domain_key(context.sealer, company.domain)))
    if done.changed:
        now = context.clock.now()
        suppression.suppress_keys(session, context.clock, keys, reason=reason, source=actor)
        session.execute(
            sa.update(Company)
            .where(col(Company.id).in_(done.changed))
            .values(excluded_at=now, updated_at=now)
            .execution_options(synchronize_session="fetch")
        )
        people = session.exec(select(Contact.id).where(col(Contact.company_id).in_(done.changed))).all()
        take_back(session, context, people, "A person excluded the company.", actor)
    return done


def take_back(session: Session, context: AgentContext, contact_ids: Sequence[UUID], reason: str, actor: str) -> None:
    """Drafts and invitations that have not left, and every lead of these people; threads hear of it."""
    if not contact_ids:
        return
    approvals.void_for_contacts(session, context.clock, context.ids, contact_ids, reason, actor=actor)
    stopping.cancel_mails_without_draft_of(session, contact_ids, reason)
    query = select(Lead).where(col(Lead.contact_id).in_(contact_ids)).order_by(col(Lead.id)).with_for_update()
    leads = session.exec(query).all()
    if leads:
        stop_leads(session, context, leads, reason, actor=actor)
        # A lead that ended earlier keeps its reason; what is still open of it is taken back all the same.
        _take_back_sequences(session, context, [lead.id for lead in leads], reason, actor)
    customers = session.exec(select(Customer).where(col(Customer.contact_id).in_(contact_ids))).all()
    subjects = [("lead", lead.id, lead.contact_id) for lead in leads]
    subjects += [("customer", customer.id, customer.contact_id) for customer in customers if customer.contact_id]
    kind, now = Trigger.OPTED_OUT.value, context.clock.now()
    triggers.add_triggers(
        session,
        context.clock,
        [
            triggers.NewTrigger(
                subject_kind,
                subject_id,
                kind,
                f"{kind}:{subject_id}:{contact_id}",
                now,
                {"contact_id": str(contact_id)},
            )
            for subject_kind, subject_id, contact_id in subjects
        ],
    )


def _end(session: Session, context: AgentContext, lead_ids: Sequence[UUID], reason: str, actor: str) -> None:
    going = session.exec(
        select(Lead).where(col(Lead.id).in_(lead_ids), col(Lead.stage).not_in(stopping.FINAL)).order_by(col(Lead.id))
    )
    moved = [feed.lead_moved(lead, LeadStage.STOPPED, actor) for lead in going]
    feed.publish(session, context.clock, moved)
    session.execute(
        sa.update(Lead)
        .where(col(Lead.id).in_(lead_ids), col(Lead.stage).not_in(stopping.FINAL))
        .values(stage=LeadStage.STOPPED, stop_reason=reason, updated_at=context.clock.now())
        .execution_options(synchronize_session="fetch")
    )
    _take_back_sequences(session, context, lead_ids, reason, actor)


def _take_back_sequences(
    session: Session, context: AgentContext, lead_ids: Sequence[UUID], reason: str, actor: str
) -> None:
    stopping.stop_sequences(session, lead_ids, reason)
    approvals.void_for_leads(session, context.clock, context.ids, lead_ids, reason, actor=actor)
    stopping.release_proposals(session, context, lead_ids)


def _sequences(session: Session, leads: Sequence[Lead]) -> tuple[Done, dict[UUID, Enrollment]]:
    query = select(Enrollment).where(col(Enrollment.lead_id).in_([lead.id for lead in leads]))
    found = {enrollment.lead_id: enrollment for enrollment in session.exec(query.with_for_update())}
    return Done(skipped={lead.id: "no_sequence" for lead in leads if lead.id not in found}), found


def _set_enrollments(session: Session, lead_ids: Iterable[UUID], **values: object) -> None:
    session.execute(
        sa.update(Enrollment)
        .where(col(Enrollment.lead_id).in_(list(lead_ids)))
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def _touched(session: Session, context: AgentContext, lead_ids: Sequence[UUID]) -> None:
    session.execute(
        sa.update(Lead)
        .where(col(Lead.id).in_(lead_ids))
        .values(updated_at=context.clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _address_keys(context: AgentContext, contact: Contact) -> list[str]:
    if contact.email_sealed is None:
        return [contact.email_index or ""]
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    return suppression.address_keys(context.sealer, address)
