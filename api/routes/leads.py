"""Leads with their scores and reasons, what happened with each, and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from api import paging
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.routes.timeline import Kinds
from api.views import leads as views
from api.views.leads import LeadView
from api.views.timeline import TimelineItem, lead_timeline
from store.models import Decision

router = APIRouter(route_class=ControlRoute, tags=["leads"])


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


@router.get(
    "/leads/{lead_id}", summary="One lead: its scores with reasons, its touches, and its company's buying committee"
)
def get_lead(lead_id: UUID, deps: Deps, caller: Caller) -> LeadView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.lead_view(session, sealer, caller, lead_id, deps.clock.now())


@router.get("/leads/{lead_id}/timeline", summary="What happened, the newest first")
def get_lead_timeline(
    lead_id: UUID,
    deps: Deps,
    caller: Caller,
    kind: Kinds = (),
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[TimelineItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return lead_timeline(session, sealer, caller, lead_id, limit=limit, cursor=cursor, kinds=kind)


@router.get("/decisions/{subject_id}", summary="Why: what was decided about a lead, customer, cohort or run")
def explain_subject(subject_id: UUID, deps: Deps, caller: Caller) -> Explanation:
    query = select(Decision).where(Decision.subject_id == subject_id).order_by(col(Decision.at), col(Decision.id))
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query.limit(1_000)).all()
    return Explanation(subject_id=subject_id, items=[DecisionOut.model_validate(row) for row in rows])
