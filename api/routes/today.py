"""The day: what to do next, ranked."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.today import today
from api.views.today_items import Today

router = APIRouter(route_class=ControlRoute, tags=["work"])


@router.get("/today", summary="What to do next, with the sum behind each rank")
def get_today(
    deps: Deps,
    caller: Caller,
    mine: Annotated[bool, Query(description="Only what belongs to the key's own person, or to nobody.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Today:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return today(session, sealer, caller, deps.clock.now(), mine=mine, limit=limit)
