"""Leads with their scores and reasons, what happened with each, and why."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from api import paging
from api.dependencies import Caller, Deps
from api.views import leads as views
from api.views.leads import LeadItem, LeadView, TimelineItem
from store.models import Decision, LeadStage

router = APIRouter(tags=["leads"])


class DecisionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    actor: str
    stage: str
    trigger: str
    choice: str
    reason: str
    inputs: dict[str, Any]


class Explanation(BaseModel):
    subject_id: UUID
    items: list[DecisionOut]  # oldest first; empty: nothing was decided about it here


@router.get("/leads", summary="Leads, the best first")
def list_leads(
    deps: Deps,
    caller: Caller,
    stage: LeadStage | None = None,
    tier: Annotated[int | None, Query(ge=1, le=4)] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[LeadItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.leads(session, sealer, caller, stage=stage, tier=tier, limit=limit, cursor=cursor)


@router.get("/leads/{lead_id}", summary="One lead: every score with its reasons, every touch with its state")
def get_lead(lead_id: UUID, deps: Deps, caller: Caller) -> LeadView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.lead_view(session, sealer, caller, lead_id)


@router.get("/leads/{lead_id}/timeline", summary="What happened, the newest first")
def get_lead_timeline(
    lead_id: UUID, deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[TimelineItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.lead_timeline(session, sealer, caller, lead_id, limit=limit, cursor=cursor)


@router.get("/decisions/{subject_id}", summary="Why: what was decided about a lead, customer, cohort or run")
def explain_subject(subject_id: UUID, deps: Deps, caller: Caller) -> Explanation:
    query = select(Decision).where(Decision.subject_id == subject_id).order_by(col(Decision.at), col(Decision.id))
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query.limit(1_000)).all()
    return Explanation(subject_id=subject_id, items=[DecisionOut.model_validate(row) for row in rows])
