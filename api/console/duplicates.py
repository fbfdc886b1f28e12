"""Duplicates: pairs that may be one, side by side, decided on by key; and what was merged, to be split again."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import duplicates as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import duplicates as views
from core.errors import NotFound, SalesOSError

router = APIRouter(include_in_schema=False)

_PAGE = 12  # pairs: each is a table of its own, and a page stays below 100 kB
_SAID = {
    "merged": "Merged. Everything of the second is the first's now.",
    "kept-apart": "They are two, and are not proposed again.",
    "split": "They are two again. What was changed since the merge stays where it is.",
    "reconsidered": "The pair waits for a decision again.",
}
Shown = Literal["", "merged"]


@router.get("/duplicates")
def duplicates_page(
    deps: Deps,
    visitor: Visitor,
    of: Annotated[str, Query(max_length=16)] = "",
    said: str = "",
    merge: UUID | None = None,
    pair: UUID | None = None,
    cursor: str | None = None,
) -> HTMLResponse:
    return _show(
        deps, visitor, of="merged" if of == "merged" else "", said=_SAID.get(said, ""), merge=merge, pair=pair,
        cursor=cursor,
    )  # fmt: skip


@router.post("/duplicates/{proposal_id}")
def decide(
    proposal_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    same: Annotated[str, Form(max_length=3)] = "",
    keep: Annotated[UUID | None, Form()] = None,
) -> Response:
    try:
        merge_id = acts.decide(deps, visitor, proposal_id, merge=same == "yes", keep=keep)
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    if merge_id is None:
        return _to(said="kept-apart", pair=proposal_id)
    return _to(said="merged", merge=merge_id)


@router.post("/duplicates/{proposal_id}/reconsider")
def reconsider(proposal_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.reconsider(deps, visitor, proposal_id)
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    return _to(said="reconsidered")


@router.post("/merges/{merge_id}/split")
def split(
    merge_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    of: Annotated[str, Form(max_length=16)] = "",
    ask_again: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Undoing a decision of a moment ago asks again; splitting what was found wrong later does not."""
    try:
        acts.split(deps, visitor, merge_id, ask_again=ask_again == "yes")
    except SalesOSError as error:
        return _refused(deps, visitor, error, of="merged" if of == "merged" else "")
    return _to(said="split", **({"of": "merged"} if of == "merged" else {}))


def _to(**more: object) -> Response:
    return RedirectResponse(f"/duplicates?{urlencode(more)}", status_code=303)


def _refused(deps: Dependencies, visitor: Principal, error: SalesOSError, *, of: Shown = "") -> HTMLResponse:
    if isinstance(error, NotFound):
        raise error
    return _show(deps, visitor, of=of, error=error)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    of: Shown = "",
    said: str = "",
    merge: UUID | None = None,
    pair: UUID | None = None,
    cursor: str | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        waiting = views.waiting(session, sealer, visitor, limit=_PAGE, cursor=None if of else cursor)
        merged = views.merged(session, sealer, visitor, limit=_PAGE, cursor=cursor if of else None) if of else None
    may_decide = visitor.may(Permission.RECORDS)
    return console(
        deps,
        visitor,
        "duplicates.html",
        here="duplicates",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        of=of,
        pairs=waiting.items,
        more=waiting.next,
        merged=merged,
        undo_merge=merge if may_decide else None,
        undo_pair=pair if may_decide else None,
        cursor=cursor,
        may_decide=may_decide,
        may_see_people=visitor.may(Permission.PEOPLE),
    )
