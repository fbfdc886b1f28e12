"""Mails in the outbox, as people look at them: whose, from where, in which state and why."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col

from api import paging
from api.dependencies import Principal
from api.views.people import Person, person_of
from core.crypto import Sealer
from store.models import Company, Contact, Draft, Mailbox, OutboxItem, OutboxState
from store.queries import outbox


class OutboxRow(BaseModel):
    id: UUID
    state: OutboxState
    reason: str
    kind: str  # of its draft
    person: Person | None
    company: str
    mailbox: str
    lead_id: UUID | None
    attempts: int
    message_id: str
    not_before: datetime
    sent_at: datetime | None
    created_at: datetime


def mails(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    *,
    state: OutboxState,
    limit: int,
    cursor: str | None = None,
) -> paging.Page[OutboxRow]:
    """The newest first; two statements a page."""
    query = (
        sa.select(OutboxItem, Contact, col(Company.name), col(Mailbox.address), col(Draft.kind))
        .outerjoin(Contact, col(Contact.id) == col(OutboxItem.contact_id))
        .outerjoin(Company, col(Company.id) == col(Contact.company_id))
        .outerjoin(Mailbox, col(Mailbox.id) == col(OutboxItem.mailbox_id))
        .outerjoin(Draft, col(Draft.id) == col(OutboxItem.draft_id))
        .where(col(OutboxItem.kind) == outbox.MAIL, col(OutboxItem.state) == state)
        .order_by(col(OutboxItem.created_at).desc(), col(OutboxItem.id).desc())
        .limit(limit + 1)
    )
    if key := paging.decode(cursor, 2):
        at, last = paging.moment_and_id(key)
        query = query.where(
            sa.or_(
                col(OutboxItem.created_at) < at,
                sa.and_(col(OutboxItem.created_at) == at, col(OutboxItem.id) < last),
            )
        )
    rows = session.execute(query).all()
    items = [
        OutboxRow(
            id=item.id,
            state=item.state,
            reason=item.state_reason,
            kind=kind or str(item.payload.get("action", "mail")),
            person=person_of(contact, sealer, principal) if contact else None,
            company=company or "",
            mailbox=address or "",
            lead_id=item.subject_id if item.subject_kind == "lead" else None,
            attempts=item.attempts,
            message_id=item.message_id,
            not_before=item.not_before,
            sent_at=item.sent_at,
            created_at=item.created_at,
        )
        for item, contact, company, address, kind in rows[:limit]
    ]
    more = len(rows) > limit
    return paging.Page(
        items=items, next=paging.encode(items[-1].created_at.isoformat(), str(items[-1].id)) if more else None
    )


def counts(session: Session) -> dict[str, int]:
    """Mails by state."""
    query = sa.select(col(OutboxItem.state), sa.func.count()).where(col(OutboxItem.kind) == outbox.MAIL)
    found = {OutboxState(row[0]).value: int(row[1]) for row in session.execute(query.group_by(col(OutboxItem.state)))}
    return {state.value: found.get(state.value, 0) for state in OutboxState}
