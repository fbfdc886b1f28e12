"""Leads: the list, and one lead with its scores, reasons, touches and everything that happened."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.console.guard import Visitor
from api.console.render import page
from api.dependencies import Deps
from api.views import drafts, leads
from store.models import LeadStage

router = APIRouter(include_in_schema=False)


@router.get("/leads")
def leads_page(
    deps: Deps,
    visitor: Visitor,
    stage: str = "",
    tier: Annotated[str, Query(pattern="^[1-4]?$")] = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """Empty filters, as a form sends them, mean all."""
    sealer = deps.context_for(visitor.workspace_id).sealer
    wanted = LeadStage(stage) if stage in {s.value for s in LeadStage} else None
    with deps.database.read(visitor.workspace_id) as session:
        found = leads.leads(
            session, sealer, visitor, stage=wanted, tier=int(tier) if tier else None, limit=50, cursor=cursor
        )
        waiting = drafts.waiting(session)
    return page(
        "leads.html",
        visitor=visitor,
        here="leads",
        waiting=waiting,
        leads=found,
        stages=[s.value for s in LeadStage],
        stage=wanted.value if wanted else "",
        tier=tier,
    )


@router.get("/leads/{lead_id}")
def lead_page(lead_id: UUID, deps: Deps, visitor: Visitor, cursor: str | None = None) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        lead = leads.lead_view(session, sealer, visitor, lead_id)
        timeline = leads.lead_timeline(session, sealer, visitor, lead_id, limit=50, cursor=cursor)
        waiting = drafts.waiting(session)
    return page("lead.html", visitor=visitor, here="leads", waiting=waiting, lead=lead, timeline=timeline)
