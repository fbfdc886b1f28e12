"""ICPs: the list, one with its versions, and going back, archiving."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import icps as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.icp_form import to_text
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import icp_tiers
from api.views import icps as views
from api.views import runs as run_views
from api.views.icp_diff import differences, line
from core.errors import Conflict, NotFound, SalesOSError

router = APIRouter(include_in_schema=False)

_SAID = {
    "made": "The ICP is made. A run finds the companies that fit it.",
    "saved": "Saved as a new version. The next run goes by it.",
    "same": "It says what the newest version says already, so no new version was made.",
    "restored": "The old version's words are the newest version now, and its leads are being scored by it again.",
    "archived": "Archived: no run starts from it. Its leads go on as they are.",
    "back": "It is back: runs may start from it again.",
}


@router.get("/icps")
def icps_page(deps: Deps, visitor: Visitor, archived: bool = False) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.list_icps(session, archived=archived).items
    return console(
        deps,
        visitor,
        "icps.html",
        here="icps",
        icps=found,
        archived=archived,
        may_edit=visitor.may(Permission.ICPS),
        may_run=visitor.may(Permission.RUNS),
    )


@router.get("/icps/{icp_id}")
def icp_page(
    icp_id: UUID,
    deps: Deps,
    visitor: Visitor,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    against: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
    said: str = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    outcomes: bool = False,
) -> HTMLResponse:
    return _show(
        deps,
        visitor,
        icp_id,
        version=version,
        against=against,
        said=_SAID.get(said, ""),
        cursor=cursor,
        outcomes=outcomes,
    )


@router.post("/icps/{icp_id}/restore")
def restore_version(
    icp_id: UUID, deps: Deps, visitor: ActingVisitor, number: Annotated[int, Form(ge=1, le=1_000_000)]
) -> Response:
    try:
        _, new = acts.restore(deps, visitor, icp_id, number)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, icp_id, version=number, error=error, status=problem_of(error).status)
    return RedirectResponse(f"/icps/{icp_id}?said={'restored' if new else 'same'}", status_code=303)


@router.post("/icps/{icp_id}/archive")
def archive(icp_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.set_archived(deps, visitor, icp_id, archived=True)
    return RedirectResponse(f"/icps/{icp_id}?said=archived", status_code=303)


@router.post("/icps/{icp_id}/unarchive")
def unarchive(icp_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.set_archived(deps, visitor, icp_id, archived=False)
    return RedirectResponse(f"/icps/{icp_id}?said=back", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    icp_id: UUID,
    *,
    version: int | None = None,
    against: int | None = None,
    said: str = "",
    cursor: str | None = None,
    outcomes: bool = False,
    error: SalesOSError | None = None,
    status: int = 200,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        icp = views.icp_view(session, icp_id)
        page = views.versions(session, icp_id, limit=20, cursor=cursor)
        runs = run_views.list_runs(session, icp_id=icp_id, limit=5).items
        shown = views.version_of(session, icp_id, version) if version else views.newest(session, icp_id)
        other = against or (shown.number - 1 if shown else 0)
        before = views.version_of(session, icp_id, other) if shown and other else None
    happened = None
    if outcomes and shown is not None:
        try:
            happened = icp_tiers.icp_outcomes(deps, visitor, icp_id, shown.number, other or None)
        except Conflict as unreadable:
            error = error or unreadable
    return console(
        deps,
        visitor,
        "icp.html",
        here="icps",
        status=status,
        said=said,
        error=error,
        icp=icp,
        versions=page,
        cursor=cursor,
        runs=runs,
        shown=shown,
        text=to_text(shown.definition) if shown else "",
        before=before,
        changes=differences(before.definition, shown.definition) if shown and before else [],
        line=line,
        outcomes=happened,
        ripe_days=icp_tiers.RIPE_DAYS,
        may_edit=visitor.may(Permission.ICPS),
        may_run=visitor.may(Permission.RUNS),
    )
