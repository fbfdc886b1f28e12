"""One company: its fields with where each is from, its people, and everything that happened with any of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions.undo import undo
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views.companies import company_page
from api.views.duplicates import merged_into
from api.views.timeline import company_timeline
from core.errors import NotFound, SalesOSError
from store.queries.timeline import KINDS

router = APIRouter(include_in_schema=False)

_SAID = {
    "edited": "Kept. Agents will not change it.",
    "same": "Nothing was different, so nothing changed.",
    "undone": "Taken back.",
    "merged": "The company you asked for was merged into this one. Under Duplicates it can be split again.",
}


@router.get("/companies/{company_id}")
def show_company(
    company_id: UUID,
    deps: Deps,
    visitor: Visitor,
    said: str = "",
    kind: Annotated[str, Query(max_length=16)] = "",
    cursor: str | None = None,
) -> Response:
    with deps.database.read(visitor.workspace_id) as session:
        kept = merged_into(session, company_id)
    if kept is not None:
        return RedirectResponse(f"/companies/{kept}?said=merged", status_code=303)
    return _show(deps, visitor, company_id, said=_SAID.get(said, ""), kind=kind, cursor=cursor)


@router.post("/companies/{company_id}/undo")
def undo_item(
    company_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    kind: Annotated[str, Form(max_length=16)] = "",
    item: Annotated[UUID | None, Form()] = None,
) -> Response:
    try:
        if item is None:
            raise NotFound("There is nothing to take back.")
        undo(deps, visitor, kind, item)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, company_id, error=error)
    return RedirectResponse(f"/companies/{company_id}?said=undone", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    company_id: UUID,
    *,
    said: str = "",
    kind: str = "",
    cursor: str | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    kinds = [kind] if kind in KINDS else []
    with deps.database.read(visitor.workspace_id) as session:
        company = company_page(session, sealer, visitor, company_id)
        happened = company_timeline(session, sealer, visitor, company_id, limit=50, cursor=cursor, kinds=kinds)
    return console(
        deps,
        visitor,
        "company.html",
        here="companies",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        company=company,
        timeline=happened,
        kind=kind,
        kinds=KINDS,
        cursor=cursor,
        may_edit=visitor.may(Permission.RECORDS),
    )
