"""The approvals page: the queue left, the draft right, decided on by key. What the server did not accept never shows
as done: every page is made from the store after the fact."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import actions, decisions
from api.console.guard import ActingVisitor, Visitor
from api.console.render import page
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import drafts
from core.errors import NotFound, SalesOSError
from store.queries.approvals import Action

router = APIRouter(include_in_schema=False)

_QUEUE = 100  # more than anybody decides at one sitting; the rest follows as these go


@router.get("/")
def home() -> Response:
    return RedirectResponse("/approvals", status_code=303)


@router.get("/approvals")
def queue_page(deps: Deps, visitor: Visitor, done: UUID | None = None) -> HTMLResponse:
    return _show(deps, visitor, None, done=done)


@router.get("/approvals/{approval_id}")
def draft_page(
    approval_id: UUID, deps: Deps, visitor: Visitor, edit: bool = False, done: UUID | None = None
) -> HTMLResponse:
    return _show(deps, visitor, approval_id, done=done, edit=edit)


@router.post("/approvals/{approval_id}/approve")
def approve(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    content_hash: Annotated[str, Form(max_length=64)] = "",
    following: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    try:
        decisions.decide(deps, visitor, approval_id, action=Action.APPROVE, content_hash=content_hash)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error)
    return _onward(following, approval_id)


@router.post("/approvals/{approval_id}/reject")
def reject(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    content_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Annotated[str, Form(max_length=1_000)] = "",
    following: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    try:
        decisions.decide(deps, visitor, approval_id, action=Action.REJECT, content_hash=content_hash, reason=reason)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error)
    return _onward(following, approval_id)


@router.post("/approvals/{approval_id}/undo")
def undo(approval_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        decisions.undo(deps, visitor, approval_id)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error)
    return RedirectResponse(f"/approvals/{approval_id}", status_code=303)


@router.post("/approvals/{approval_id}/edit")
def edit(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    subject: Annotated[str, Form(max_length=300)] = "",
    body: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    body = body.replace("\r\n", "\n")  # what browsers make of line ends in a form
    try:
        revised = actions.revise(deps, visitor, approval_id, subject=subject.strip(), body=body)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error, edit=True, subject=subject, body=body)
    return RedirectResponse(f"/approvals/{revised.approval_id}", status_code=303)


def _onward(following: str, done: UUID) -> Response:
    """To the next draft; the decided one is told of there, from the store."""
    try:
        place = f"/approvals/{UUID(following)}"
    except ValueError:
        place = "/approvals"
    return RedirectResponse(f"{place}?done={done}", status_code=303)


def _refused(
    deps: Dependencies, visitor: Principal, approval_id: UUID, error: SalesOSError, **values: Any
) -> HTMLResponse:
    """The same page with what went wrong, and the draft as it stands now."""
    if isinstance(error, NotFound):
        raise error
    return _show(deps, visitor, approval_id, error=error, status=problem_of(error).status, **values)


def _show(
    deps: Dependencies,
    visitor: Principal,
    approval_id: UUID | None,
    *,
    done: UUID | None = None,
    edit: bool = False,
    error: SalesOSError | None = None,
    status: int = 200,
    subject: str | None = None,
    body: str | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        queue = drafts.queue(session, sealer, visitor, limit=_QUEUE)
        waiting = drafts.waiting(session)
        chosen = approval_id or (queue.items[0].approval_id if queue.items else None)
        draft = drafts.draft_view(session, sealer, visitor, chosen) if chosen else None
        decided = drafts.draft_view(session, sealer, visitor, done) if done and done != chosen else None
    ids = [item.approval_id for item in queue.items]
    at = ids.index(chosen) if chosen in ids else -1
    return page(
        "approvals.html",
        status=status,
        visitor=visitor,
        here="approvals",
        now=deps.clock.now(),
        queue=queue.items,
        waiting=waiting,
        draft=draft,
        chosen_by_hand=approval_id is not None,
        decided=decided,
        previous=ids[at - 1] if at > 0 else None,
        following=ids[at + 1] if 0 <= at < len(ids) - 1 else (ids[0] if at != 0 and ids else None),
        may_decide=visitor.may(Permission.DECIDE),
        editing=edit and draft is not None and draft.state in ("pending", "approved"),
        edited_subject=subject,
        edited_body=body,
        error=error,
    )
