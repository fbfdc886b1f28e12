"""Who is asking, and whether the server is well."""

from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Caller, Deps
from core.errors import RetryAt
from store.models import Workspace
from store.queries import workspaces

router = APIRouter(tags=["account"])


class Health(BaseModel):
    status: str = "ok"


class Me(BaseModel):
    workspace_id: UUID
    workspace: str
    slug: str
    time_zone: str
    currency: str
    actor: str
    permissions: list[str]


@router.get("/health", summary="Does the server answer, and its database?")
def health(deps: Deps) -> Health:
    try:
        with deps.database.unscoped() as session:
            session.execute(sa.select(Workspace.id).limit(1))  # type: ignore[call-overload]
    except sa.exc.SQLAlchemyError as error:
        raise RetryAt("The database does not answer.", hint="Look at SALESOS_DATABASE_URL and the server.") from error
    return Health()


@router.get("/me", summary="The workspace and the rights of this key")
def me(deps: Deps, caller: Caller) -> Me:
    with deps.database.unscoped() as session:
        workspace = workspaces.get(session, caller.workspace_id)
    return Me(
        workspace_id=workspace.id,
        workspace=workspace.name,
        slug=workspace.slug,
        time_zone=workspace.time_zone,
        currency=workspace.currency,
        actor=caller.actor,
        permissions=sorted(caller.permissions),
    )
