"""Contacts as a list. Names and addresses are sealed: nothing here is found by opening rows one after the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col

from api import paging
from api.dependencies import Principal
from api.views.lists import keyset
from api.views.lists.filters import (
    ContactFilters,
    company_matches,
    contact_suppressed,
    is_unknown,
    person_matches,
)
from api.views.people import Person, person_of
from core.crypto import Sealer
from store.models import Company, Contact, Lead
from store.queries import merges, suppression

_ID = keyset.by_id(col(Contact.id))
_ORDERS = {
    "added": keyset.Order("added", (keyset.by_id(col(Contact.id), descending=True),)),  # ids grow with time
    "updated": keyset.Order("updated", (keyset.Term(col(Contact.updated_at), keyset.instant, True), _ID)),
}
_UNKNOWN = {
    "email": Contact.email_index,
    "name": Contact.name_sealed,
    "title": Contact.title,
    "country": Contact.country,
    "time_zone": Contact.time_zone,
    "seniority": Contact.seniority,
    "legal_basis": Contact.legal_basis,
}


class ContactRow(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    domain: str | None
    person: Person
    seniority: str
    department: str
    buying_role: str
    legal_basis: str  # empty: none is known
    suppressed: str  # why nobody writes to them; empty: nothing forbids it
    leads: int
    source: str
    created_at: datetime
    updated_at: datetime


def selected(session: Session, sealer: Sealer, principal: Principal, filters: ContactFilters) -> Any:
    """The ids of the contacts that match, joined with their company. Raises Forbidden."""
    query = sa.select(col(Contact.id)).join(Company, col(Company.id) == col(Contact.company_id))
    if filters.q:
        found = person_matches(filters.q, sealer, principal)
        if "@" not in filters.q:
            found.append(col(Contact.company_id).in_(sa.select(col(Company.id)).where(company_matches(filters.q))))
        query = query.where(sa.or_(*found))
    if filters.title:
        query = query.where(sa.func.lower(col(Contact.title)).contains(filters.title.lower(), autoescape=True))
    if filters.email_status:
        query = query.where(col(Contact.email_status).in_(filters.email_status))
    for column, value in (
        (Contact.company_id, filters.company_id),
        (Contact.country, filters.country.upper()),
        (Contact.seniority, filters.seniority),
        (Contact.department, filters.department),
        (Contact.buying_role, filters.role),
        (Contact.legal_basis, filters.legal_basis),
    ):
        if value:
            query = query.where(col(column) == value)
    if filters.suppressed is not None:
        query = query.where(contact_suppressed() if filters.suppressed else ~contact_suppressed())
    query = query.where(merges.not_absorbed(Contact))
    query = query.where(col(Contact.erased_at).is_not(None) if filters.erased else col(Contact.erased_at).is_(None))
    for name in filters.unknown:
        query = query.where(is_unknown(_UNKNOWN[name]))
    return query


def contacts(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    filters: ContactFilters,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[ContactRow]:
    """A constant number of statements a page. Raises Forbidden, Rejected."""
    query = selected(session, sealer, principal, filters).with_only_columns(Contact, Company)
    rows, following = keyset.page(session, query, _ORDERS[filters.sort], limit=limit, cursor=cursor)
    return paging.Page(items=shown(session, sealer, principal, rows), next=following)


def shown(session: Session, sealer: Sealer, principal: Principal, rows: Sequence[Any]) -> list[ContactRow]:
    ids = [row[0].id for row in rows]
    counts = {
        row.contact_id: int(row.found)
        for row in session.execute(
            sa.select(col(Lead.contact_id), sa.func.count().label("found"))
            .where(col(Lead.contact_id).in_(ids))
            .group_by(col(Lead.contact_id))
        )
    }
    addresses = addresses_of(sealer, [row[0] for row in rows])
    reasons = suppression_reasons(session, sealer, [row[0] for row in rows], addresses)
    return [
        ContactRow(
            id=contact.id,
            company_id=company.id,
            company=company.name,
            domain=company.domain,
            person=person_of(contact, sealer, principal, email=addresses.get(contact.id)),
            seniority=contact.seniority,
            department=contact.department,
            buying_role=contact.buying_role,
            legal_basis=contact.legal_basis,
            suppressed=reasons.get(contact.id, ""),
            leads=counts.get(contact.id, 0),
            source=contact.source,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )
        for contact, company, *_ in rows
    ]


def addresses_of(sealer: Sealer, found: Sequence[Any]) -> dict[UUID, str]:
    """Opened once: to be looked up among the suppressed, and shown to whoever may see it."""
    return {
        contact.id: sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
        for contact in found
        if contact.email_sealed
    }


def suppression_reasons(
    session: Session, sealer: Sealer, found: Sequence[Any], addresses: Mapping[UUID, str]
) -> dict[UUID, str]:
    """Of these contacts, those that are never written to, each with the reason: exact, by address and domain."""
    reasons = suppression.suppressed_among(session, sealer, set(addresses.values()))
    known = {contact_id: reasons[address] for contact_id, address in addresses.items() if address in reasons}
    return known | {contact.id: suppression.ERASED for contact in found if contact.erased_at}
