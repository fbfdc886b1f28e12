"""Sequences, their templates, and what they would say to a real lead."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import sequence_preview as previews
from api.views import sequences as views
from core.errors import SalesOSError

router = APIRouter(include_in_schema=False)

Company = Annotated[str, Query(max_length=200)]


@router.get("/sequences")
def sequences_page(deps: Deps, visitor: Visitor) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found, templates = views.sequence_list(session), views.template_list(session).items
    return console(deps, visitor, "sequences.html", here="sequences", found=found, templates=templates)


@router.get("/sequences/templates/{name:path}")
def template_page(name: str, deps: Deps, visitor: Visitor) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        shown = views.template_view(session, name)
    return console(deps, visitor, "template.html", here="sequences", shown=shown)


@router.get("/sequences/{name}/preview")
def preview_page(name: str, deps: Deps, visitor: Visitor, lead: UUID | None = None, company: Company = "") -> Response:
    return _show(deps, visitor, name, lead, company.strip())


@router.post("/sequences/{name}/preview")
def preview_with_model(
    name: str,
    deps: Deps,
    visitor: ActingVisitor,
    lead: Annotated[UUID, Form()],
    company: Annotated[str, Form(max_length=200)] = "",
    with_model: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """A form, not a link: asking the model costs. Without the box it is the page that a link can open."""
    if not with_model:
        with deps.database.read(visitor.workspace_id) as session:
            known = views.sequence_of(session, name)[1].name
        return RedirectResponse(f"/sequences/{known}/preview?lead={lead}", status_code=303)
    return _show(deps, visitor, name, lead, company.strip(), with_model=True)


def _show(
    deps: Dependencies, visitor: Principal, name: str, lead: UUID | None, company: str, *, with_model: bool = False
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        tier, spec = views.sequence_of(session, name)
        if company:
            leads = previews.search_leads(session, sealer, visitor, company)
        else:
            leads = previews.typical_leads(session, sealer, visitor, tier)
    chosen = lead or (leads[0].id if leads else None)
    shown, error = None, None
    if chosen is not None:
        try:
            shown = previews.preview(deps, visitor, name, chosen, with_model=with_model)
        except SalesOSError as found:
            error = found
    return console(
        deps,
        visitor,
        "sequence_preview.html",
        here="sequences",
        status=problem_of(error).status if error else 200,
        error=error,
        spec=spec,
        tier=tier,
        leads=leads,
        company=company,
        preview=shown,
        with_model=with_model,
        may_ask_model=visitor.may(Permission.RUNS),
    )
