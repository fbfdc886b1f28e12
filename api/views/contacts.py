"""One contact: what is known, by what right they are written to, whether they may be, and their leads."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col

from api.dependencies import Principal
from api.permissions import Permission
from api.views.lists import contacts
from api.views.lists.contacts import ContactRow
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, Contact, Icp, Lead, Suppression
from store.queries import merges, suppression
from store.session import workspace_of

_MOST_LEADS = 100  # one an ICP: nobody has more


class ContactLead(BaseModel):
    id: UUID
    icp_id: UUID
    icp: str
    stage: str
    tier: int
    stop_reason: str
    updated_at: datetime


class ContactView(ContactRow):
    """What is hidden from the caller is None, and `person.hidden` says so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "01979a3e-7a1f-7000-8000-000000000001",
                    "company": "Meridian Cold Chain",
                    "person": {"name": "Pat Meyer", "email": "pat@meridian.example", "title": "Head of Finance"},
                    "legal_basis": "legitimate_interest",
                    "legal_basis_evidence": "Listed as the contact for freight invoices on their site.",
                    "suppressed": "",
                }
            ]
        }
    )

    phone: str | None
    profile_url: str | None
    email_reasons: list[str]
    email_checked_at: datetime | None
    legal_basis_evidence: str | None
    legal_basis_at: datetime | None
    suppressed_at: datetime | None  # of the address itself; None also where a domain is suppressed
    erased_at: datetime | None
    at: list[ContactLead]  # under each ICP
    merged_into: UUID | None = None  # the contact that stands for this one; no list shows this one


def contact_view(session: Session, sealer: Sealer, principal: Principal, contact_id: UUID) -> ContactView:
    """Raises NotFound."""
    workspace_id = workspace_of(session)
    contact = session.get(Contact, (workspace_id, contact_id))
    company = session.get(Company, (workspace_id, contact.company_id)) if contact else None
    if contact is None or company is None:
        raise NotFound("There is no such contact.")
    row = contacts.shown(session, sealer, principal, [(contact, company)])[0]
    hidden = not principal.may(Permission.PEOPLE)

    def opened(column: str) -> str | None:
        token = getattr(contact, f"{column}_sealed")
        return sealer.open(token, context=f"contact|{column}|{contact_id}") if token and not hidden else None

    values: dict[str, Any] = {name: getattr(row, name) for name in ContactRow.model_fields}
    return ContactView(
        **values,
        phone=opened("phone"),
        profile_url=opened("profile_url"),
        email_reasons=list(contact.email_reasons),
        email_checked_at=contact.email_checked_at,
        legal_basis_evidence=None if hidden else contact.legal_basis_evidence,
        legal_basis_at=contact.legal_basis_at,
        suppressed_at=_suppressed_at(session, contact),
        erased_at=contact.erased_at,
        at=_leads(session, contact_id),
        merged_into=merges.kept_of(session, [contact_id]).get(contact_id),
    )


def _suppressed_at(session: Session, contact: Contact) -> datetime | None:
    if contact.email_index is None:
        return None
    query = sa.select(sa.func.min(col(Suppression.created_at))).where(
        col(Suppression.kind) == suppression.ADDRESS, col(Suppression.key_index) == contact.email_index
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def _leads(session: Session, contact_id: UUID) -> list[ContactLead]:
    query = (
        sa.select(Lead, col(Icp.name))
        .join(Icp, col(Icp.id) == col(Lead.icp_id))
        .where(col(Lead.contact_id) == contact_id)
        .order_by(col(Lead.tier), col(Lead.id))
        .limit(_MOST_LEADS)
    )
    return [
        ContactLead(
            id=lead.id,
            icp_id=lead.icp_id,
            icp=icp,
            stage=lead.stage.value,
            tier=lead.tier,
            stop_reason=lead.stop_reason,
            updated_at=lead.updated_at,
        )
        for lead, icp in session.execute(query)
    ]
