"""Who is asking, and whether the server is well."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import etags
from api.actions import account as acts
from api.actions.account import Person, Theme
from api.control_route import ControlRoute
from api.dependencies import Caller, Dependencies, Deps, Principal
from core.errors import RetryAt
from store.models import User, Workspace
from store.queries import workspaces

router = APIRouter(route_class=ControlRoute, tags=["account"])


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
    person: Person | None  # whose personal key this is


@router.get("/health", summary="Does the server answer, and its database?")
def health(deps: Deps) -> Health:
    try:
        with deps.database.unscoped() as session:
            session.execute(sa.select(Workspace.id).limit(1))  # type: ignore[call-overload]
    except sa.exc.SQLAlchemyError as error:
        raise RetryAt("The database does not answer.", hint="Look at SALESOS_DATABASE_URL and the server.") from error
    return Health()


class ProfileEdit(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"time_zone": "Europe/Berlin", "theme": "dark"}]}
    )

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] | None = None
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    theme: Theme | None = None
    preparation_mail: bool | None = Field(default=None, description="A mail with what to know before a meeting.")


@router.get("/me", summary="The workspace, the rights of this key, and whose it is")
def me(deps: Deps, caller: Caller) -> Me:
    with deps.database.read(caller.workspace_id) as session:
        person = acts.person_of(session, caller)
    return _me(deps, caller, person)


@router.patch("/me", summary="Change the name, time zone or theme of the person whose key this is")
def change_me(body: ProfileEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> Me:
    def check(user: User) -> None:
        if if_match is not None:
            etags.check(if_match, _me(deps, caller, Person.of(user)))

    person = acts.change_profile(deps, caller, **body.model_dump(), check=check)
    return _me(deps, caller, person)


def _me(deps: Dependencies, caller: Principal, person: Person | None) -> Me:
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
        person=person,
    )
