"""What is to be sent, and when it will be."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from agents.send_plan import send_plan as planned
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.paging import Cursor, Limit, Page
from api.views.send_plan import PlannedTouchView, SendPlanView, plan_view, touches

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])


@router.get("/send-plan", summary="When everything that is planned will have left")
def send_plan(
    deps: Deps,
    caller: Caller,
    mailbox_id: UUID | None = None,
    by: Annotated[date | None, Query(description="Say how many mailboxes it takes to finish by this day.")] = None,
) -> SendPlanView:
    """Projected over caps, warm-up, working hours, holidays, suppression, the law and approvals, day by day."""
    with deps.database.read(caller.workspace_id) as session:
        return plan_view(planned(session, deps.context_for(caller.workspace_id), mailbox_id=mailbox_id, by=by))


@router.get("/send-plan/touches", summary="Each waiting mail: the day on which it leaves, or the rule that holds it")
def list_planned_touches(
    deps: Deps,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    mailbox_id: UUID | None = None,
    lead_id: UUID | None = None,
    rule: Annotated[str, Query(max_length=40, description="Only those held by this rule.")] = "",
) -> Page[PlannedTouchView]:
    """The first rule that keeps each from leaving now; in the order of the days on which they leave."""
    with deps.database.read(caller.workspace_id) as session:
        return touches(
            session,
            deps.context_for(caller.workspace_id),
            limit=limit,
            cursor=cursor,
            mailbox_id=mailbox_id,
            lead_id=lead_id,
            rule=rule,
        )
