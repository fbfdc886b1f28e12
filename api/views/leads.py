"""Leads: a list by stage and tier, one with its scores and their reasons, and what happened with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.dependencies import Principal
from api.views.committee import CommitteeView, committee_view
from api.views.drafts import Score, scores_of
from api.views.people import Person, person_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, Contact, Enrollment, Lead, Touch
from store.session import workspace_of


class LeadItem(BaseModel):
    id: UUID
    company_id: UUID
    company: str
    person: Person
    stage: str
    tier: int
    priority: float | None  # 0–1; None: not known
    fit: float | None
    intent: float | None
    updated_at: datetime


class TouchView(BaseModel):
    number: int
    channel: str
    state: str
    due_at: datetime
    block_reason: str


class LeadView(LeadItem):
    contact_id: UUID
    sequence_state: str  # active, paused, finished, stopped; empty: no sequence was started
    authority: float | None
    tier_reason: str
    stop_reason: str
    icp_id: UUID
    run_id: UUID
    scores: list[Score]
    hooks: list[dict[str, Any]]
    touches: list[TouchView]
    committee: CommitteeView | None = Field(description="Of its company; null: the ICP names no seats.")


def lead_view(session: Session, sealer: Sealer, principal: Principal, lead_id: UUID, now: datetime) -> LeadView:
    """Raises NotFound."""
    workspace_id = workspace_of(session)
    lead = session.get(Lead, (workspace_id, lead_id))
    contact = session.get(Contact, (workspace_id, lead.contact_id)) if lead else None
    company = session.get(Company, (workspace_id, lead.company_id)) if lead else None
    if lead is None or contact is None or company is None:
        raise NotFound("There is no such lead.")
    enrollment = session.exec(select(Enrollment).where(Enrollment.lead_id == lead_id)).first()
    touches = session.exec(select(Touch).where(Touch.lead_id == lead_id).order_by(col(Touch.number)))
    return LeadView(
        **_common(lead, contact, company.name, sealer, principal),
        contact_id=lead.contact_id,
        sequence_state=enrollment.state.value if enrollment else "",
        authority=lead.authority,
        tier_reason=lead.tier_reason,
        stop_reason=lead.stop_reason,
        icp_id=lead.icp_id,
        run_id=lead.run_id,
        scores=scores_of(session, lead.id),
        hooks=list(lead.hooks),
        touches=[
            TouchView(
                number=t.number, channel=t.channel, state=t.state.value, due_at=t.due_at, block_reason=t.block_reason
            )
            for t in touches
        ],
        committee=committee_view(session, sealer, principal, lead, now),
    )


def _common(lead: Lead, contact: Contact, company: str, sealer: Sealer, principal: Principal) -> dict[str, Any]:
    return {
        "id": lead.id,
        "company_id": lead.company_id,
        "company": company,
        "person": person_of(contact, sealer, principal),
        "stage": lead.stage.value,
        "tier": lead.tier,
        "priority": lead.priority,
        "fit": lead.fit,
        "intent": lead.intent,
        "updated_at": lead.updated_at,
    }
