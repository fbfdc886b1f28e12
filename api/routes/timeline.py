"""What happened can sometimes be taken back."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from api.actions.undo import undo
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from store.queries.timeline import KINDS

router = APIRouter(route_class=ControlRoute, tags=["timeline"])

Kinds = Annotated[
    tuple[Annotated[str, Query(max_length=16)], ...],
    Query(max_length=len(KINDS), description=f"Only these: {', '.join(KINDS)}. Repeat it for several."),
]


@router.post(
    "/timeline/{kind}/{item_id}/undo", status_code=204, summary="Take back an approval, a done task or an edit"
)
def undo_timeline_item(kind: Literal["approval", "task", "edit"], item_id: UUID, deps: Deps, caller: Caller) -> None:
    """An approval until its mail leaves; an edit unless the field was edited again since (409)."""
    undo(deps, caller, kind, item_id)
