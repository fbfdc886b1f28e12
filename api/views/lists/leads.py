"""Leads as a list: the facts a rep decides by, and what happens next with each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from api import paging
from api.dependencies import Principal
from api.views.lists import keyset
from api.views.lists.companies import NewestSignal, newest_signals
from api.views.lists.contacts import addresses_of, suppression_reasons
from api.views.lists.filters import (
    LeadFilters,
    company_matches,
    contact_suppressed,
    is_unknown,
    of_company,
    person_matches,
)
from api.views.people import PERSON_COLUMNS, Person, PersonColumns, person_of
from core.crypto import Sealer
from store.models import Company, Contact, Enrollment, EnrollmentState, Lead, Mailbox, Touch, TouchState
from store.queries import merges
from store.session import kept

_OPEN_TOUCHES = (TouchState.PLANNED, TouchState.DRAFTED, TouchState.QUEUED)
_ID = keyset.by_id(col(Lead.id))
_ORDERS = {
    "best": keyset.Order(
        "best",
        (keyset.Term(col(Lead.tier), int), keyset.Term(keyset.unknown_last(col(Lead.priority)), float, True), _ID),
    ),
    "updated": keyset.Order("updated", (keyset.Term(col(Lead.updated_at), keyset.instant, True), _ID)),
    "added": keyset.Order("added", (keyset.by_id(col(Lead.id), descending=True),)),  # ids grow with time
    "due": keyset.Order("due", (keyset.Term(col(Touch.due_at), keyset.instant), keyset.by_id(col(Touch.id)))),
}
_UNKNOWN = {
    "priority": Lead.priority,
    "fit": Lead.fit,
    "intent": Lead.intent,
    "email": Contact.email_index,
    "title": Contact.title,
    "legal_basis": Contact.legal_basis,
    "employees": Company.employees,
    "industry": Company.industry,
    "country": Company.country,
}


class LeadRow(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    domain: str | None
    country: str
    contact_id: UUID
    person: Person
    icp_id: UUID
    stage: str
    stop_reason: str
    tier: int
    priority: float | None  # 0–1; None: not known
    fit: float | None
    intent: float | None
    signal: NewestSignal | None
    next_due_at: datetime | None  # of the next touch that is not done
    next_channel: str
    sequence_state: str  # active, paused, …; empty: no sequence was started
    mailbox_id: UUID | None
    owner: str  # the name on the mailbox
    suppressed: str  # why nobody writes to them; empty: nothing forbids it
    created_at: datetime
    updated_at: datetime


def selected(session: Session, sealer: Sealer, principal: Principal, filters: LeadFilters) -> Any:
    """The ids of the leads that match, joined with person and company. Raises Forbidden."""
    query = (
        sa.select(col(Lead.id))
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .join(Company, col(Company.id) == col(Lead.company_id))
        .where(*of_company(filters, session.get_bind().dialect.name), merges.not_absorbed(Contact))
    )
    if filters.q:
        people = person_matches(filters.q, sealer, principal)
        found = [col(Lead.contact_id).in_(sa.select(col(Contact.id)).where(*people))] if people else []
        if "@" not in filters.q:
            found.append(col(Lead.company_id).in_(sa.select(col(Company.id)).where(company_matches(filters.q))))
        query = query.where(sa.or_(*found))
    if filters.title:
        query = query.where(sa.func.lower(col(Contact.title)).contains(filters.title.lower(), autoescape=True))
    any_of: tuple[tuple[Any, Any], ...] = (
        (Lead.tier, filters.tier),
        (Lead.stage, filters.stage),
        (Contact.email_status, filters.email_status),
    )
    exactly: tuple[tuple[Any, Any], ...] = (
        (Lead.icp_id, filters.icp_id),
        (Lead.company_id, filters.company_id),
        (Lead.contact_id, filters.contact_id),
        (Contact.seniority, filters.seniority),
        (Contact.department, filters.department),
        (Contact.buying_role, filters.role),
    )
    query = query.where(*(col(column).in_(values) for column, values in any_of if values))
    query = query.where(*(col(column) == value for column, value in exactly if value))
    if filters.mailbox_id:
        query = query.where(_enrolled(col(Enrollment.mailbox_id) == filters.mailbox_id))
    if filters.paused is not None:
        query = query.where(_enrolled(col(Enrollment.state) == EnrollmentState.PAUSED) == filters.paused)
    if filters.suppressed is not None:
        query = query.where(contact_suppressed() if filters.suppressed else ~contact_suppressed())
    for name in filters.unknown:
        query = query.where(is_unknown(_UNKNOWN[name]))
    if filters.sort == "due":
        query = query.join(Touch, _next_touch())
    return query


def leads(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    filters: LeadFilters,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[LeadRow]:
    """A constant number of statements a page. Raises Forbidden, Rejected."""
    query = selected(session, sealer, principal, filters).with_only_columns(*_COLUMNS)
    rows, following = keyset.page(session, query, _ORDERS[filters.sort], limit=limit, cursor=cursor)
    return paging.Page(items=_items(session, sealer, principal, rows), next=following)


def shown(session: Session, sealer: Sealer, principal: Principal, lead_ids: Sequence[UUID]) -> list[LeadRow]:
    """Of these leads, in the order of their ids."""
    return _items(session, sealer, principal, session.execute(_BY_ID, {"ids": lead_ids}).all())


def _items(session: Session, sealer: Sealer, principal: Principal, rows: Sequence[Any]) -> list[LeadRow]:
    people = [PersonColumns(*row[: len(PERSON_COLUMNS)]) for row in rows]
    signals = newest_signals(session, [row.company_id for row in rows])
    steps = _steps(session, [row.lead_id for row in rows])
    addresses = addresses_of(sealer, people)
    reasons = suppression_reasons(session, sealer, people, addresses)
    items = []
    for row, person in zip(rows, people, strict=True):
        state, mailbox_id, owner, due_at, channel = steps.get(row.lead_id, _NO_STEP)
        items.append(
            LeadRow(
                id=row.lead_id,
                company_id=row.company_id,
                company=row.company,
                domain=row.domain,
                country=row.company_country,
                contact_id=person.id,
                person=person_of(person, sealer, principal, email=addresses.get(person.id)),
                icp_id=row.icp_id,
                stage=row.stage.value,
                stop_reason=row.stop_reason,
                tier=row.tier,
                priority=row.priority,
                fit=row.fit,
                intent=row.intent,
                signal=signals.get(row.company_id),
                next_due_at=due_at,
                next_channel=channel,
                sequence_state=state,
                mailbox_id=mailbox_id,
                owner=owner,
                suppressed=reasons.get(person.id, ""),
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
        )
    return items


# The person's columns first, then the lead's and the company's by their names.
_COLUMNS = (
    *(getattr(Contact, name) for name in PERSON_COLUMNS),
    col(Lead.id).label("lead_id"),
    *(getattr(Lead, name) for name in ("company_id", "icp_id", "stage", "stop_reason", "tier")),
    *(getattr(Lead, name) for name in ("priority", "fit", "intent", "created_at", "updated_at")),
    col(Company.name).label("company"),
    col(Company.domain),
    col(Company.country).label("company_country"),
)
_BY_ID = kept(
    sa.select(*_COLUMNS)
    .select_from(Lead)
    .join(Contact, col(Contact.id) == col(Lead.contact_id))
    .join(Company, col(Company.id) == col(Lead.company_id))
    .where(col(Lead.id).in_(sa.bindparam("ids", expanding=True)), merges.not_absorbed(Contact))
    .order_by(col(Lead.id))
)
_ENROLLED = kept(
    sa.select(
        *(getattr(Enrollment, name) for name in ("id", "lead_id", "state", "mailbox_id")),
        sa.func.coalesce(col(Mailbox.display_name), "").label("owner"),
    )
    .join(Mailbox, col(Mailbox.id) == col(Enrollment.mailbox_id), isouter=True)
    .where(col(Enrollment.lead_id).in_(sa.bindparam("ids", expanding=True)))
)
_TOUCHES = kept(
    sa.select(col(Touch.enrollment_id), col(Touch.due_at), col(Touch.channel))
    .where(
        col(Touch.enrollment_id).in_(sa.bindparam("ids", expanding=True)),
        col(Touch.state).in_(_OPEN_TOUCHES),
    )
    .order_by(col(Touch.due_at).desc(), col(Touch.number).desc())
)
_Step = tuple[str, UUID | None, str, datetime | None, str]  # state, mailbox, whose it is, when the next is due, by what
_NO_STEP: _Step = ("", None, "", None, "")


def _steps(session: Session, lead_ids: Sequence[UUID]) -> dict[UUID, _Step]:
    """The enrollment of each lead, whose mailbox it is, and its next touch. Two statements, each by an index."""
    enrolled = session.execute(_ENROLLED, {"ids": lead_ids}).all()
    touches = session.execute(_TOUCHES, {"ids": [enrollment.id for enrollment in enrolled]})
    following = {enrollment_id: (due_at, channel) for enrollment_id, due_at, channel in touches}  # the earliest is last
    return {e.lead_id: (e.state.value, e.mailbox_id, e.owner, *following.get(e.id, (None, ""))) for e in enrolled}


def _enrolled(where: Any) -> Any:
    return sa.exists().where(col(Enrollment.lead_id) == col(Lead.id), where)


def _next_touch() -> Any:
    """In the order of what is due, only leads with a planned step are listed."""
    earlier = aliased(Touch)
    return sa.and_(
        col(Touch.lead_id) == col(Lead.id),
        sa.text("touch.state = 'planned'"),  # as the partial index spells it: a parameter would not be known to fit
        ~sa.exists().where(
            col(earlier.enrollment_id) == col(Touch.enrollment_id),
            col(earlier.state) == TouchState.PLANNED,
            col(earlier.number) < col(Touch.number),
        ),
    )
