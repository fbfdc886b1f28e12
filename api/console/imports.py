"""Imports: a file is uploaded, its columns are looked at, a worker takes it in, and the page shows how far it is."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from api.actions import imports as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.guard import visitor as signed_in
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.routes.imports import LARGEST_BODY, check_length
from api.views import imports as views
from core.errors import Rejected, SalesOSError
from tools.mapping.choose import METRIC
from tools.mapping.document import FIELDS, REQUIRED, Kind, load_mapping

router = APIRouter(include_in_schema=False)

_SAID = {
    "uploaded": "Uploaded. Look at what each column is taken for; nothing is taken in yet.",
    "known": "This file was uploaded before: here is its import.",
    "mapped": "Kept. Start it when the columns are right.",
    "started": "Started. A worker takes it in; this page shows how far it is.",
}
_KINDS = (
    ("companies", "Companies", "One row a company; known ones are merged by domain."),
    ("people", "People", "People at companies that are here already."),
    ("usage", "Usage", "What customers use: a number a metric and day."),
)
_MOVING = ("queued", "running")
_COLUMN = "column."  # what the names of the table's fields begin with; a number follows


@router.get("/imports")
def imports_page(deps: Deps, visitor: Visitor, cursor: str | None = None) -> HTMLResponse:
    return _list(deps, visitor, cursor=cursor)


class UploadRoute(APIRoute):
    """Asks who it is before it reads a body of megabytes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def known_first(request: Request) -> Response:
            principal = await run_in_threadpool(signed_in, request, request.app.state.dependencies)
            principal.require(Permission.RECORDS)
            check_length(request)
            return await inner(request)

        return known_first


_uploads = APIRouter(include_in_schema=False, route_class=UploadRoute)


@_uploads.post("/imports", max_body_size=LARGEST_BODY)
def upload(
    deps: Deps,
    visitor: ActingVisitor,
    file: Annotated[UploadFile | None, File()] = None,
    kind: Annotated[str, Form(max_length=16)] = "companies",
) -> Response:
    try:
        wanted = views.KINDS.get(kind)
        if wanted is None or file is None or not file.filename:
            raise Rejected("No file was chosen.", hint="Choose a CSV, JSON or JSON Lines file, and what its rows are.")
        shown, new = acts.upload(deps, visitor, wanted, file.filename, file.file)
    except SalesOSError as error:
        return _list(deps, visitor, error=error, kind=kind)
    return RedirectResponse(f"/imports/{shown.id}?said={'uploaded' if new else 'known'}", status_code=303)


router.include_router(_uploads)


@router.get("/imports/{import_id}")
def import_page(
    import_id: UUID, deps: Deps, visitor: Visitor, said: str = "", cursor: str | None = None
) -> HTMLResponse:
    return _one(deps, visitor, import_id, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/imports/{import_id}/columns")
async def columns(import_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    """One field a column; the button decides whether it is started at once."""
    form = await request.form(max_fields=1_000, max_part_size=100_000)
    typed = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_columns, deps, visitor, import_id, typed)


@router.post("/imports/{import_id}/mapping")
def mapping(
    import_id: UUID, deps: Deps, visitor: ActingVisitor, text: Annotated[str, Form(max_length=100_000)] = ""
) -> Response:
    try:
        document = load_mapping(text).model_dump(mode="json", exclude_none=True)
        acts.set_mapping(deps, visitor, import_id, document)
    except SalesOSError as error:
        return _one(deps, visitor, import_id, error=error, text=text)
    return RedirectResponse(f"/imports/{import_id}?said=mapped", status_code=303)


@router.post("/imports/{import_id}/start")
def start(import_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.start(deps, visitor, import_id)
    except SalesOSError as error:
        return _one(deps, visitor, import_id, error=error)
    return RedirectResponse(f"/imports/{import_id}?said=started", status_code=303)


def _columns(deps: Dependencies, visitor: Principal, import_id: UUID, typed: dict[str, str]) -> Response:
    numbers = [name.removeprefix(_COLUMN) for name in typed if name.startswith(_COLUMN)]
    chosen = {typed[f"{_COLUMN}{n}"]: typed.get(f"field.{n}", "") for n in numbers}
    try:
        acts.choose_columns(deps, visitor, import_id, chosen)
        if typed.get("then") == "start":
            acts.start(deps, visitor, import_id)
    except SalesOSError as error:
        return _one(deps, visitor, import_id, error=error, chosen=chosen)
    return RedirectResponse(
        f"/imports/{import_id}?said={'started' if typed.get('then') == 'start' else 'mapped'}", status_code=303
    )


def _list(
    deps: Dependencies,
    visitor: Principal,
    *,
    cursor: str | None = None,
    error: SalesOSError | None = None,
    kind: str = "companies",
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.list_imports(session, limit=25, cursor=cursor)
    return console(
        deps,
        visitor,
        "imports.html",
        here="imports",
        status=problem_of(error).status if error else 200,
        error=error,
        imports=found,
        kinds=_KINDS,
        kind=kind,
        cursor=cursor,
        may_import=visitor.may(Permission.RECORDS),
        megabytes=acts.LARGEST_FILE // 1_000_000,
    )


def _one(
    deps: Dependencies,
    visitor: Principal,
    import_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    cursor: str | None = None,
    chosen: dict[str, str] | None = None,
    text: str | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        batch = views.import_of(session, visitor, import_id)
        problems = views.problems_of(session, sealer, visitor, import_id, limit=50, cursor=cursor)
    shown = views.import_view(deps, visitor, batch)
    kind = views.KINDS[batch.kind]
    if text is None:
        text = load_mapping(shown.mapping).to_yaml() if shown.mapping else ""
    return console(
        deps,
        visitor,
        "import.html",
        here="imports",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        shown=shown,
        problems=problems,
        cursor=cursor,
        chosen=chosen if chosen is not None else {column.name: column.field for column in shown.columns},
        choices=_choices(kind),
        required=REQUIRED[kind],
        text=text,
        moving=shown.state in _MOVING,
        may_import=visitor.may(Permission.RECORDS),
    )


def _choices(kind: Kind) -> list[tuple[str, str]]:
    found: list[tuple[str, Any]] = [(field, field.replace("_", " ")) for field in FIELDS[kind]]
    return [*found, (METRIC, "a metric of its own")] if kind is Kind.USAGE else found
