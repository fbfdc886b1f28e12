"""Leads: a list by stage and tier, one with its scores and their reasons, and what happened with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import Session, col, select

from api import paging
from api.dependencies import Principal
from api.permissions import Permission
from api.views.drafts import Score, scores_of
from api.views.people import Person, named, names_of_actors, person_of
from core.crypto import Sealer
from core.errors import NotFound
from store.models import Company, Contact, Lead, LeadStage, Touch
from store.queries import timeline
from store.session import workspace_of

_HAS_WORDS = ("draft", "message", "task", "meeting")  # kinds of the timeline whose text is of or about a person


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
    authority: float | None
    tier_reason: str
    stop_reason: str
    icp_id: UUID
    run_id: UUID
    scores: list[Score]
    hooks: list[dict[str, Any]]
    touches: list[TouchView]


class TimelineItem(BaseModel):
    at: datetime
    kind: str
    id: UUID
    title: str
    text: str
    actor: str
    hidden: bool = False


def leads(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    *,
    stage: LeadStage | None = None,
    tier: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[LeadItem]:
    """By tier, then priority, the best first; an unknown priority comes last."""
    ranked = sa.func.coalesce(col(Lead.priority), sa.literal(-1.0))
    query = (
        sa.select(Lead, Contact, col(Company.name), ranked.label("ranked"))
        .join(Contact, col(Contact.id) == col(Lead.contact_id))
        .join(Company, col(Company.id) == col(Lead.company_id))
        .order_by(col(Lead.tier), ranked.desc(), col(Lead.id))
        .limit(limit + 1)
    )
    if stage is not None:
        query = query.where(col(Lead.stage) == stage)
    if tier is not None:
        query = query.where(col(Lead.tier) == tier)
    if key := paging.decode(cursor, 3):
        at_tier, at_rank, last = int(key[0]), float(key[1]), UUID(key[2])
        same = col(Lead.tier) == at_tier
        query = query.where(
            sa.or_(
                col(Lead.tier) > at_tier,
                sa.and_(same, ranked < at_rank),
                sa.and_(same, ranked == at_rank, col(Lead.id) > last),
            )
        )
    rows = session.execute(query).all()
    items = [LeadItem(**_common(lead, contact, name, sealer, principal)) for lead, contact, name, _ in rows[:limit]]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=items,
        next=paging.encode(last_row[0].tier, last_row[3], str(last_row[0].id)) if last_row else None,
    )


def lead_view(session: Session, sealer: Sealer, principal: Principal, lead_id: UUID) -> LeadView:
    """Raises NotFound."""
    workspace_id = workspace_of(session)
    lead = session.get(Lead, (workspace_id, lead_id))
    contact = session.get(Contact, (workspace_id, lead.contact_id)) if lead else None
    company = session.get(Company, (workspace_id, lead.company_id)) if lead else None
    if lead is None or contact is None or company is None:
        raise NotFound("There is no such lead.")
    touches = session.exec(select(Touch).where(Touch.lead_id == lead_id).order_by(col(Touch.number)))
    return LeadView(
        **_common(lead, contact, company.name, sealer, principal),
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
    )


def lead_timeline(
    session: Session,
    sealer: Sealer,
    principal: Principal,
    lead_id: UUID,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[TimelineItem]:
    """Newest first. Raises NotFound."""
    if session.get(Lead, (workspace_of(session), lead_id)) is None:
        raise NotFound("There is no such lead.")
    after = None
    if key := paging.decode(cursor, 3):
        after = timeline.Cursor(datetime.fromisoformat(key[0]), str(key[1]), UUID(key[2]))
    page = timeline.of_lead(session, sealer, lead_id, limit=limit, after=after)
    names = names_of_actors(session)
    items = []
    for item in page.items:
        hidden = item.kind in _HAS_WORDS and not principal.may(Permission.PEOPLE)
        items.append(
            TimelineItem(
                at=item.at,
                kind=item.kind,
                id=item.id,
                title=item.kind if hidden else item.title,
                text="" if hidden else named(item.text, names),
                actor=named(item.actor, names),
                hidden=hidden,
            )
        )
    following = page.next
    return paging.Page(
        items=items,
        next=paging.encode(following.at.isoformat(), following.kind, str(following.id)) if following else None,
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
