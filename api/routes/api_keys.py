"""Keys of programs. A personal key acts for its maker, within their rights; a service key is the workspace's."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api.actions import api_keys as acts
from api.actions.api_keys import KeyOut, Kind
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.paging import Cursor, Limit, Page
from api.permissions import Permission

router = APIRouter(route_class=ControlRoute, tags=["account"])


class KeyInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "nightly export", "scopes": ["read"], "kind": "service"}]},
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]
    kind: Kind = "personal"
    expires_at: AwareDatetime | None = None


class KeyMade(KeyOut):
    key: str = Field(description="`sk_…`, shown this once. Empty: this request repeats one that was answered.")


@router.get("/api-keys", summary="One's own keys; with users:write everybody's")
def list_api_keys(
    deps: Deps,
    caller: Caller,
    kind: Kind | None = None,
    mine: bool = False,
    live: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[KeyOut]:
    with deps.database.read(caller.workspace_id) as session:
        return acts.api_keys(session, caller, limit, cursor, kind=kind, mine=mine, live=live)


@router.post("/api-keys", status_code=201, summary="Make a key; it is in this answer only")
def create_api_key(body: KeyInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None) -> KeyMade:
    made = acts.create(
        deps,
        caller,
        new_id(deps.ids.new(), caller, "api_key", idempotency_key),
        name=body.name,
        scopes=[scope.value for scope in body.scopes],
        kind=body.kind,
        expires_at=body.expires_at,
    )
    return KeyMade(**made.key.model_dump(), key=made.secret)


@router.post("/api-keys/{key_id}/revoke", summary="The key ends, at once")
def revoke_api_key(key_id: UUID, deps: Deps, caller: Caller) -> KeyOut:
    return acts.revoke(deps, caller, key_id)
