"""The approvals page: the queue left, the draft right, decided on by key. What the server did not accept never shows
as done: every page is made from the store after the fact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import approvals as acts
from api.console import approvals_batch, resume
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console, page
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import departure, drafts, outgoing, queue, readers, words
from api.views.evidence import problems_of
from api.views.queue import QueueFilters
from core.errors import NotFound, SalesOSError
from store.queries.approvals import Action

router = APIRouter(include_in_schema=False)
router.include_router(approvals_batch.router)  # before the others: “batch” is no draft's id

_QUEUE = 50
SAID = {
    "undone": "Taken back: it waits for a decision again, and nothing leaves.",
    "edited": "Saved as a new draft in place of the old one. It leaves when you approve it.",
}
_KEPT = "You are signed in again. This is what you had typed; it is not saved yet."


@router.get("/approvals")
def queue_page(request: Request, deps: Deps, visitor: Visitor, done: UUID | None = None) -> HTMLResponse:
    return _show(deps, visitor, None, query=request.url.query, done=done)


@router.get("/approvals/{approval_id}")
def draft_page(
    request: Request,
    approval_id: UUID,
    deps: Deps,
    visitor: Visitor,
    edit: bool = False,
    done: UUID | None = None,
    said: str = "",
) -> HTMLResponse:
    return _show(deps, visitor, approval_id, query=request.url.query, done=done, edit=edit, said=SAID.get(said, ""))


@router.post("/approvals/{approval_id}/preview")
def preview(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    subject: Annotated[str, Form(max_length=300)] = "",
    body: Annotated[str, Form(max_length=20_000)] = "",
) -> HTMLResponse:
    """A part of the editor: what the gate would say, and what changed."""
    body, error, found = body.replace("\r\n", "\n"), None, []
    try:
        rows = acts.preview(deps, visitor, approval_id, subject=subject.strip(), body=body)
        found = problems_of(rows, subject.strip(), body)
    except SalesOSError as refused:
        error = refused
    context = deps.context_for(visitor.workspace_id)
    with deps.database.read(visitor.workspace_id) as session:
        draft = drafts.draft_view(session, context.sealer, visitor, approval_id)
        notes = outgoing.notes_on_words(session, context, approval_id, subject.strip(), body)
    changes = words.diff(draft.subject or "", subject.strip()), words.diff(draft.body or "", body)
    return page(
        "approvals_preview.html",
        problems=found,
        error=error,
        held=[note for note in notes if note.blocks],
        subject_diff=changes[0],
        body_diff=changes[1],
    )


@router.post("/approvals/{approval_id}/reading")
def reading(
    approval_id: UUID, deps: Deps, visitor: ActingVisitor, editing: Annotated[bool, Form()] = False
) -> dict[str, str]:
    """The open page's heartbeat; who else has the draft, in words."""
    found = acts.read_by(deps, visitor, approval_id, editing=editing)
    return {"said": readers.sentence(found, deps.clock.now())}


@router.post("/approvals/{approval_id}/left", status_code=204)
def left(approval_id: UUID, deps: Deps, visitor: ActingVisitor) -> None:
    acts.left_by(deps, visitor, approval_id)


@router.post("/approvals/{approval_id}/again")
def edit_again(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    subject: Annotated[str, Form(max_length=300)] = "",
    body: Annotated[str, Form(max_length=20_000)] = "",
) -> HTMLResponse:
    """The editor with what was typed before the session ended. Nothing is written."""
    return _show(deps, visitor, approval_id, edit=True, subject=subject, body=body.replace("\r\n", "\n"), said=_KEPT)


@router.post("/approvals/{approval_id}/approve")
def approve(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    content_hash: Annotated[str, Form(max_length=64)] = "",
    following: Annotated[str, Form(max_length=64)] = "",
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    try:
        acts.decide(deps, visitor, approval_id, action=Action.APPROVE, content_hash=content_hash)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error, query=query)
    return _onward(following, approval_id, query)


@router.post("/approvals/{approval_id}/reject")
def reject(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    content_hash: Annotated[str, Form(max_length=64)] = "",
    reason: Annotated[str, Form(max_length=1_000)] = "",
    following: Annotated[str, Form(max_length=64)] = "",
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    try:
        acts.decide(deps, visitor, approval_id, action=Action.REJECT, content_hash=content_hash, reason=reason)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error, query=query)
    return _onward(following, approval_id, query)


@router.post("/approvals/{approval_id}/undo")
def undo(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    try:
        acts.undo(deps, visitor, approval_id)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error, query=query)
    return _to(f"/approvals/{approval_id}", query, said="undone")


@router.post("/approvals/{approval_id}/edit")
def edit(
    approval_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    subject: Annotated[str, Form(max_length=300)] = "",
    body: Annotated[str, Form(max_length=20_000)] = "",
    content_hash: Annotated[str, Form(max_length=64)] = "",
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    body = body.replace("\r\n", "\n")  # what browsers make of line ends in a form
    try:
        revised = acts.revise(deps, visitor, approval_id, subject=subject.strip(), body=body, made_from=content_hash)
    except SalesOSError as error:
        return _refused(deps, visitor, approval_id, error, edit=True, subject=subject, body=body, query=query)
    return _to(f"/approvals/{revised.approval_id}", query, said="edited")


def _onward(following: str, done: UUID, query: str) -> Response:
    """To the next draft; the decided one is told of there, from the store."""
    try:
        place = f"/approvals/{UUID(following)}"
    except ValueError:
        place = "/approvals"
    return _to(place, query, done=done)


def _to(place: str, query: str, **more: object) -> Response:
    """With the filters of the queue kept."""
    parts = [QueueFilters.of(query).query(), urlencode(more)]
    return RedirectResponse(f"{place}?{'&'.join(part for part in parts if part)}", status_code=303)


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
    query: str = "",
    done: UUID | None = None,
    edit: bool = False,
    error: SalesOSError | None = None,
    status: int = 200,
    subject: str | None = None,
    body: str | None = None,
    said: str = "",
) -> HTMLResponse:
    context, now = deps.context_for(visitor.workspace_id), deps.clock.now()
    sealer = context.sealer
    try:
        filters = QueueFilters.of(query)
    except SalesOSError as wrong:
        filters, error, status = QueueFilters(), error or wrong, problem_of(wrong).status
    cursor = dict(parse_qsl(query)).get("cursor")
    zone = visitor.time_zone
    with deps.database.read(visitor.workspace_id) as session:
        listed = queue.queue(session, sealer, visitor, filters, now=now, limit=_QUEUE, cursor=cursor)
        choices = queue.choices(session)
        chosen = approval_id or (listed.items[0].approval_id if listed.items else None)
        draft = drafts.draft_view(session, sealer, visitor, chosen) if chosen else None
        leaving = outgoing.outgoing(session, context, visitor, chosen) if chosen else None
        others = readers.readers(session, visitor, chosen, now) if chosen else []
        done = None if done == chosen else done
        decided = queue.items_of(session, sealer, visitor, [done]).get(done) if done else None
        left = departure.departures(session, context, [i for i in (chosen, done) if i is not None])
        # Somebody else's edit came between: what they wrote stands beside what this person typed.
        newer_id = drafts.newest_of(session, draft) if draft and draft.draft_state == "replaced" else None
        newer = drafts.draft_view(session, sealer, visitor, newer_id) if newer_id else None
    ids = [item.approval_id for item in listed.items]
    at = ids.index(chosen) if chosen in ids else -1
    before = draft.edited_from if draft else None
    editing = edit and draft is not None and (draft.state in ("pending", "approved") or body is not None)
    # What is saved from here on replaces the draft that stands now, not the one that was opened.
    basis = newer if editing and newer and newer.state in ("pending", "approved") else draft
    return console(
        deps,
        visitor,
        "approvals.html",
        here="approvals",
        status=status,
        error=error,
        said=said,
        queue=listed.items,
        next_cursor=listed.next,
        cursor=cursor,
        filters=filters,
        query=filters.query(),
        choices=choices,
        draft=draft,
        leaving=leaving,
        readers=readers.sentence(others, now),
        newer=newer,
        basis=basis,
        newer_diff=_differences(newer, subject, body) if editing and newer else None,
        edit_diff=words.diff(before.body or "", draft.body or "") if draft and before else None,
        chosen_by_hand=approval_id is not None,
        decided=decided,
        decided_until=_until(left.get(done), now, zone) if done else None,
        until=_until(left.get(chosen), now, zone) if chosen else None,
        leaves=departure.spoken(leaving.leaves_at, now, zone) if leaving and leaving.leaves_at else "",
        previous=ids[at - 1] if at > 0 else None,
        following=ids[at + 1] if 0 <= at < len(ids) - 1 else (ids[0] if at != 0 and ids else None),
        may_decide=visitor.may(Permission.DECIDE),
        editing=editing,
        edited_subject=subject,
        edited_body=body,
    )


@dataclass(frozen=True, slots=True)
class _Until:
    """How long a decision can be taken back: a sentence, and the instant for a countdown."""

    said: str
    at: datetime | None


def _until(left: departure.Departure | None, now: datetime, zone: str) -> _Until | None:
    """None: it left, or there is nothing to take back."""
    if left is None or not left.undoable:
        return None
    return _Until(departure.until(left, now, zone), left.at)


def _differences(newer: drafts.DraftView, subject: str | None, body: str | None) -> list[list[words.Piece]]:
    """From what stands there now to what this person typed: of the subject and of the body."""
    pairs = ((newer.subject, subject), (newer.body, body))
    return [words.diff(there or "", (mine or "").replace("\r\n", "\n")) for there, mine in pairs]


resume.keeps("/approvals/{approval_id}/edit", "/approvals/{approval_id}/again", ("subject", "body"))
