"""Why one contact may be written to: every record with its evidence, and which of them holds."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col

from api.dependencies import Principal
from api.permissions import Permission
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Contact, LegalBasis, NoticeGiven
from store.queries import legal_bases
from store.session import workspace_of


class BasisOut(BaseModel):
    id: UUID
    channel: str
    basis: str
    ground: str
    evidence: str | None = Field(description="Left out where the caller may not see personal data.")
    source: str
    given_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None
    recorded_by: str
    holds: bool = Field(description="Whether it is what holds now on its channel.")


class BasesOfContact(BaseModel):
    items: list[BasisOut]
    notice_given_at: datetime | None = Field(description="When a mail first said what is held (GDPR Art. 14).")


def bases_of(session: Session, sealer: Sealer, principal: Principal, contact_id: UUID, now: datetime) -> BasesOfContact:
    """The newest first. Raises NotFound."""
    if session.get(Contact, (workspace_of(session), contact_id)) is None:
        raise NotFound("There is no such contact.")
    query = sa.select(LegalBasis).where(col(LegalBasis.contact_id) == contact_id)
    rows = list(session.execute(query.order_by(col(LegalBasis.given_at).desc(), col(LegalBasis.id))).scalars())
    told = sa.select(sa.func.min(col(NoticeGiven.given_at))).where(col(NoticeGiven.contact_id) == contact_id)
    holding = {
        legal_bases.in_force([row for row in rows if row.channel == channel], now)
        for channel in {row.channel for row in rows}
    }
    best = {held.record_id for held in holding if held.basis}
    shown = principal.may(Permission.PEOPLE)
    items = [
        BasisOut(
            **row.model_dump(include=set(BasisOut.model_fields)),
            evidence=legal_bases.evidence_of(sealer, row) if shown else None,
            holds=row.id in best,
        )
        for row in rows
    ]
    return BasesOfContact(items=items, notice_given_at=session.execute(told).scalar_one())
