"""Why nothing is being sent."""

from uuid import UUID

from fastapi import APIRouter

from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.why import WhyView, why_view

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])


@router.get("/why-not-sending", summary="Everything that stands between a planned touch and a sent mail")
def why_not_sending(deps: Deps, caller: Caller, mailbox_id: UUID | None = None, lead_id: UUID | None = None) -> WhyView:
    """Of the workspace, of one mailbox, or of one lead; the worst first, each with how many mails it holds."""
    with deps.database.read(caller.workspace_id) as session:
        return why_view(session, deps.context_for(caller.workspace_id), mailbox_id=mailbox_id, lead_id=lead_id)
