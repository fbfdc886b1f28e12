"""ICPs and their versions. A definition that cannot be used is refused with everything that is wrong with it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api import etags, paging
from api.actions import icps as acts
from api.control_route import ControlRoute, IdempotencyKey
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views import icp_preview
from api.views import icps as views
from api.views.icp_diff import Difference, differences
from api.views.icp_preview import IcpPreview
from api.views.icps import IcpList, IcpOut, IcpVersionOut, RestoredVersionOut, VersionItem

router = APIRouter(route_class=ControlRoute, tags=["icps"])

_DEFINITION: dict[str, Any] = {
    "name": "Freight forwarders, DACH",
    "industries": ["freight forwarding"],
    "employees": {"min": 50, "max": 500},
    "countries": ["DE", "AT", "CH"],
}
Number = Annotated[int, Path(ge=1, le=1_000_000)]


class IcpInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"definition": _DEFINITION}]})

    definition: dict[str, Any] = Field(
        max_length=50, description="The same words as in the YAML files; `name` is in it. Up to 64 kB."
    )


class PreviewInput(IcpInput):
    icp_id: UUID | None = Field(default=None, description="Compare with its version in force; null: with nothing.")


class DifferenceList(BaseModel):
    items: list[Difference]


@router.get("/icps", summary="Every ICP with its newest version, its leads and its last run")
def list_icps(deps: Deps, caller: Caller, archived: bool | None = None) -> IcpList:
    with deps.database.read(caller.workspace_id) as session:
        return views.list_icps(session, archived=archived)


@router.get("/icps/{icp_id}", summary="One ICP with its newest version")
def get_icp(icp_id: UUID, deps: Deps, caller: Caller) -> IcpOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.icp_view(session, icp_id)


@router.post("/icps", status_code=201, responses=repeated(IcpOut), summary="Make an ICP with its first version")
def create_icp(
    body: IcpInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> IcpOut:
    shown, new = acts.create(deps, caller, body.definition, idempotency_key=idempotency_key)
    if not new:
        response.status_code = 200
    return shown


@router.post("/icps/preview", summary="What a definition would change: who enters, who leaves, whose tier moves")
def preview_icp(body: PreviewInput, deps: Deps, caller: Caller) -> IcpPreview:
    """Writes nothing, so the right to read is enough. Within about ten seconds, of very many companies a sample."""
    return icp_preview.preview(deps, caller, acts.parsed(body.definition), body.icp_id)


@router.get("/icps/{icp_id}/versions", summary="An ICP's versions, the newest first")
def list_icp_versions(
    icp_id: UUID, deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[VersionItem]:
    with deps.database.read(caller.workspace_id) as session:
        return views.versions(session, icp_id, limit=limit, cursor=cursor)


@router.get("/icps/{icp_id}/versions/{number}", summary="One version of an ICP")
def get_icp_version(icp_id: UUID, number: Number, deps: Deps, caller: Caller) -> IcpVersionOut:
    with deps.database.read(caller.workspace_id) as session:
        views.icp_of(session, icp_id)
        return views.version_out(views.version_of(session, icp_id, number))


@router.get("/icps/{icp_id}/versions/{number}/changes", summary="What a version changed, against the one before it")
def list_icp_version_changes(
    icp_id: UUID,
    number: Number,
    deps: Deps,
    caller: Caller,
    against: Annotated[int | None, Field(ge=1, le=1_000_000)] = None,
) -> DifferenceList:
    with deps.database.read(caller.workspace_id) as session:
        views.icp_of(session, icp_id)
        after = views.version_of(session, icp_id, number).definition
        other = against if against is not None else number - 1
        before = views.version_of(session, icp_id, other).definition if other else {}
    return DifferenceList(items=differences(before, after))


@router.post(
    "/icps/{icp_id}/versions",
    status_code=201,
    responses=repeated(IcpVersionOut),
    summary="Change an ICP: the next version",
)
def create_icp_version(
    icp_id: UUID, body: IcpInput, deps: Deps, caller: Caller, response: Response, if_match: etags.IfMatch = None
) -> IcpVersionOut:
    """What means the same as the newest version makes no new one (200). `If-Match` takes the ETag of GET /icps/{id}."""
    shown, new = acts.add_version(deps, caller, icp_id, body.definition, if_match=if_match)
    if not new:
        response.status_code = 200
    return shown


@router.post(
    "/icps/{icp_id}/versions/{number}/restore",
    status_code=201,
    responses=repeated(IcpVersionOut),
    summary="Go back: an old version as the next",
)
def restore_icp_version(
    icp_id: UUID, number: Number, deps: Deps, caller: Caller, response: Response, if_match: etags.IfMatch = None
) -> RestoredVersionOut:
    """Its words become the newest version and all leads are scored by it again. 409 while a run of it is under way."""
    shown, new = acts.restore(deps, caller, icp_id, number, if_match=if_match)
    if not new:
        response.status_code = 200
    return shown


@router.post("/icps/{icp_id}/archive", summary="Start no further runs of an ICP; its leads go on")
def archive_icp(icp_id: UUID, deps: Deps, caller: Caller) -> IcpOut:
    return acts.set_archived(deps, caller, icp_id, archived=True)


@router.post("/icps/{icp_id}/unarchive", summary="Bring an archived ICP back")
def unarchive_icp(icp_id: UUID, deps: Deps, caller: Caller) -> IcpOut:
    return acts.set_archived(deps, caller, icp_id, archived=False)
