"""Imports over the network: upload a list, look at its columns, start, see how far it is and which rows are bad."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from api import etags, paging
from api.actions import imports as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Dependencies, Deps, caller_of
from api.openapi import repeated
from api.permissions import Permission
from api.views import imports as views
from api.views.imports import ImportDetail, ImportItem, ImportProblem

router = APIRouter(route_class=ControlRoute, tags=["imports"])


def check_length(request: Request) -> None:
    """Raises Rejected where the body says that it is too large, before any of it is read."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > acts.LARGEST_FILE + _FORM:
        raise acts.too_large()


class UploadRoute(APIRoute):
    """Asks who it is before it reads a body of megabytes.

    Not a ControlRoute: an Idempotency-Key would read all of it into memory, and the same file is one import anyway.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def known_first(request: Request) -> Response:
            deps: Dependencies = request.app.state.dependencies
            principal = await run_in_threadpool(caller_of, deps, request)
            principal.require(Permission.RECORDS)
            check_length(request)
            return await inner(request)

        return known_first


_uploads = APIRouter(route_class=UploadRoute, tags=["imports"])

_FORM = 100_000  # bytes: what stands around the file
# The hard stop, which answers without words; `check_length` comes first and says what to do.
LARGEST_BODY = 2 * acts.LARGEST_FILE
ImportKind = Literal["companies", "people", "usage"]


class MappingInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "mapping": {
                        "kind": "company",
                        "fields": {"name": {"column": "Company"}, "country": {"constant": "DE"}},
                    }
                }
            ]
        },
    )

    mapping: dict[str, Any] = Field(
        max_length=20, description="The document of the YAML files; GET /imports/{id} has the proposed one."
    )


@_uploads.post(
    "/imports",
    status_code=201,
    responses=repeated(ImportDetail),
    summary="Upload a list: CSV, JSON or JSON Lines, plain or gzip",
    max_body_size=LARGEST_BODY,
)
def upload_import(
    deps: Deps,
    caller: Caller,
    response: Response,
    file: Annotated[UploadFile, File(description="Up to 50 MB; larger ones with `salesos import`.")],
    kind: Annotated[ImportKind, Form(description="What its rows are.")],
) -> ImportDetail:
    """Nothing is taken in yet: a mapping is proposed, to be looked at and started. The same file again answers 200."""
    shown, new = acts.upload(deps, caller, views.KINDS[kind], file.filename or "", file.file)
    if not new:
        response.status_code = 200
    return shown


router.include_router(_uploads)


@router.get("/imports", summary="Imports, the newest first")
def list_imports(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[ImportItem]:
    with deps.database.read(caller.workspace_id) as session:
        return views.list_imports(session, limit=limit, cursor=cursor)


@router.get("/imports/{import_id}", summary="One import: its columns with samples, its mapping, how far it is")
def get_import(import_id: UUID, deps: Deps, caller: Caller) -> ImportDetail:
    with deps.database.read(caller.workspace_id) as session:
        batch = views.import_of(session, caller, import_id)
    return views.import_view(deps, caller, batch)


@router.put("/imports/{import_id}/mapping", summary="Say how the columns are read")
def set_import_mapping(
    import_id: UUID, body: MappingInput, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> ImportDetail:
    """An import that is done and gets another mapping can be started again: rows are merged, not doubled."""
    return acts.set_mapping(deps, caller, import_id, body.mapping, if_match=if_match)


@router.post("/imports/{import_id}/start", summary="Have a worker take it in")
def start_import(import_id: UUID, deps: Deps, caller: Caller) -> ImportDetail:
    """Saying it twice changes nothing. A failed import goes on where it stood."""
    return acts.start(deps, caller, import_id)


@router.get("/imports/{import_id}/problems", summary="Rows that could not be kept, with line and reason")
def list_import_problems(
    import_id: UUID, deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[ImportProblem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        views.import_of(session, caller, import_id)
        return views.problems_of(session, sealer, caller, import_id, limit=limit, cursor=cursor)
