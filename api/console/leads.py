"""One lead with its scores, reasons, touches and everything that happened."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import col, select

from api.actions import bulk
from api.actions.selections import LeadAction, PauseLeads, ResumeLeads
from api.actions.undo import undo
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import lead_outlook, leads
from api.views.timeline import lead_timeline
from core.errors import NotFound, SalesOSError
from store.models import Lead, Mailbox, MailboxState
from store.queries.timeline import KINDS

router = APIRouter(include_in_schema=False)

_SAID = {
    "edited": "Done, and everything that follows from it.",
    "same": "Nothing was different, so nothing changed.",
    "undone": "Taken back.",
    "paused": "Its sequence is paused: drafts that waited are written anew when somebody resumes it.",
    "resumed": "Its sequence goes on.",
}


@router.get("/leads/{lead_id}")
def lead_page(
    lead_id: UUID,
    deps: Deps,
    visitor: Visitor,
    said: str = "",
    kind: Annotated[str, Query(max_length=16)] = "",
    cursor: str | None = None,
) -> HTMLResponse:
    return _show(deps, visitor, lead_id, said=_SAID.get(said, ""), kind=kind, cursor=cursor)


@router.post("/leads/{lead_id}/undo")
def undo_item(
    lead_id: UUID,
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
        return _show(deps, visitor, lead_id, error=error)
    return RedirectResponse(f"/leads/{lead_id}?said=undone", status_code=303)


@router.post("/leads/{lead_id}/pause")
def pause(lead_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _change(deps, visitor, PauseLeads(action="pause", ids=[lead_id]), lead_id, "paused")


@router.post("/leads/{lead_id}/resume")
def resume(lead_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    return _change(deps, visitor, ResumeLeads(action="resume", ids=[lead_id]), lead_id, "resumed")


def _change(deps: Dependencies, visitor: Principal, action: LeadAction, lead_id: UUID, said: str) -> Response:
    try:
        outcome = bulk.change_leads(deps, visitor, action)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, lead_id, error=error)
    return RedirectResponse(f"/leads/{lead_id}?said={said if outcome.changed else 'same'}", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    lead_id: UUID,
    *,
    said: str = "",
    kind: str = "",
    cursor: str | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    kinds = [kind] if kind in KINDS else []
    with deps.database.read(visitor.workspace_id) as session:
        lead = leads.lead_view(session, sealer, visitor, lead_id, deps.clock.now())
        row = session.get(Lead, (visitor.workspace_id, lead_id))
        outlook = lead_outlook.outlook(session, row, deps.clock.now()) if row and lead.scores else None
        happened = lead_timeline(session, sealer, visitor, lead_id, limit=50, cursor=cursor, kinds=kinds)
        active = select(Mailbox).where(Mailbox.state == MailboxState.ACTIVE)
        mailboxes = session.exec(active.order_by(col(Mailbox.display_name), col(Mailbox.id))).all()
    return console(
        deps,
        visitor,
        "lead.html",
        here="leads",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        lead=lead,
        outlook=outlook,
        timeline=happened,
        kind=kind,
        kinds=KINDS,
        cursor=cursor,
        mailboxes=mailboxes,
        may_edit=visitor.may(Permission.RECORDS),
    )
