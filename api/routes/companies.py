"""One company: what is known of it with its sources, and what happened."""

from uuid import UUID

from fastapi import APIRouter

from api import paging
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.routes.timeline import Kinds
from api.views.companies import CompanyDetail, company_detail
from api.views.timeline import TimelineItem, company_timeline

router = APIRouter(route_class=ControlRoute, tags=["companies"])


@router.get("/companies/{company_id}", summary="One company with its facts and signals")
def get_company(company_id: UUID, deps: Deps, caller: Caller) -> CompanyDetail:
    with deps.database.read(caller.workspace_id) as session:
        return company_detail(session, company_id)


@router.get("/companies/{company_id}/timeline", summary="What happened with a company and its people, the newest first")
def get_company_timeline(
    company_id: UUID,
    deps: Deps,
    caller: Caller,
    kind: Kinds = (),
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[TimelineItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return company_timeline(session, sealer, caller, company_id, limit=limit, cursor=cursor, kinds=kind)
