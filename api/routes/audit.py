"""The audit chain: read, verify, export."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import paging
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.permissions import Permission
from api.views import audit as views
from api.views.audit import AuditOut, ChainCheck

router = APIRouter(route_class=ControlRoute, tags=["audit"])

Actor = Annotated[str, Query(max_length=100, description="`user:<id>`, `key:<id>`, `system`.")]
Action = Annotated[str, Query(max_length=64, description="`policy.set`; or `policy` for all of them.")]
Subject = Annotated[str, Query(max_length=64, description="The id of what it was done to.")]


class VerifyInput(BaseModel):
    """Empty: from the start. To go on: what the answer before gave as `to_seq` and `hash`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"after_seq": 0, "after_hash": ""}]})

    after_seq: int = Field(default=0, ge=0, le=2**53 - 1)
    after_hash: str = Field(default="", max_length=64, pattern="^([0-9a-f]{64})?$")


@router.get("/audit", summary="What was done, by whom, the newest first")
def list_audit(
    deps: Deps,
    caller: Caller,
    actor: Actor = "",
    action: Action = "",
    subject: Subject = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[AuditOut]:
    caller.require(Permission.AUDIT)
    where = views.filtered(actor=actor, action=action, subject=subject, since=since, until=until)
    with deps.database.read(caller.workspace_id) as session:
        return views.entries(session, where, limit=limit, cursor=cursor)


@router.post("/audit/verify", summary="Compute the chain's hashes again: is it whole?")
def verify_audit(body: VerifyInput, deps: Deps, caller: Caller) -> ChainCheck:
    """Up to 20,000 entries a request; `done` says whether more follow. A chain that was cut off at its end looks whole
    here: `salesos doctor` compares it with the signed anchors that are kept outside of the database."""
    caller.require(Permission.AUDIT)
    with deps.database.read(caller.workspace_id) as session:
        return views.verify(session, after_seq=body.after_seq, after_hash=body.after_hash)


@router.get("/audit/export", summary="The chain as JSON Lines, the oldest first", response_class=StreamingResponse)
def export_audit(
    deps: Deps,
    caller: Caller,
    actor: Actor = "",
    action: Action = "",
    subject: Subject = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> StreamingResponse:
    caller.require(Permission.AUDIT)
    caller.require(Permission.EXPORT)
    where = views.filtered(actor=actor, action=action, subject=subject, since=since, until=until)
    return StreamingResponse(
        views.lines(deps.database, caller.workspace_id, where),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="audit.jsonl"'},
    )
