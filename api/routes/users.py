"""The people of a workspace, for its admins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from api import etags
from api.actions import users as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.identity import second_factor
from api.paging import Cursor, Limit, Page, decode, encode
from api.permissions import Permission
from store.models import Role, User

router = APIRouter(route_class=ControlRoute, tags=["users"])

_EXAMPLE: dict[str, Any] = {
    "id": "01979a3e-7a1f-7000-8000-000000000001",
    "email": "ada@sender.example",
    "name": "Ada",
    "role": "rep",
    "active": True,
    "second_factor": True,
    "signed_in_at": "2026-06-02T14:00:00Z",
    "created_at": "2026-06-02T14:00:00Z",
}


class UserOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    email: str
    name: str
    role: Role
    active: bool
    second_factor: bool
    signed_in_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserOut":
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            active=user.active,
            second_factor=user.totp_confirmed_at is not None,
            signed_in_at=user.signed_in_at,
            created_at=user.created_at,
        )


class UserEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "manager"}, {"active": False}]})

    role: Role | None = None
    active: bool | None = None


@router.get("/users", summary="Who may sign in, by address; needs users:write")
def list_users(deps: Deps, caller: Caller, limit: Limit = 50, cursor: Cursor = None) -> Page[UserOut]:
    caller.require(Permission.USERS)
    query = select(User).order_by(col(User.email)).limit(limit + 1)
    if (after := decode(cursor, 1)) is not None:
        query = query.where(col(User.email) > str(after[0]))
    with deps.database.read(caller.workspace_id) as session:
        found = session.exec(query).all()
    shown = found[:limit]
    return Page(
        items=[UserOut.of(user) for user in shown], next=encode(shown[-1].email) if len(found) > limit else None
    )


@router.get("/users/{user_id}", summary="One person")
def get_user(user_id: UUID, deps: Deps, caller: Caller) -> UserOut:
    caller.require(Permission.USERS)
    with deps.database.read(caller.workspace_id) as session:
        return UserOut.of(acts.user_of(session, user_id))


@router.patch("/users/{user_id}", summary="Change the role, deactivate or reactivate; ends their sessions")
def change_user(user_id: UUID, body: UserEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> UserOut:
    def check(user: User) -> None:
        etags.check(if_match, UserOut.of(user))

    return UserOut.of(acts.change_user(deps, caller, user_id, role=body.role, active=body.active, check=check))


@router.post("/users/{user_id}/second-factor/reset", summary="Turn off the second factor of somebody who lost it")
def reset_second_factor(user_id: UUID, deps: Deps, caller: Caller) -> UserOut:
    return UserOut.of(second_factor.reset(deps, caller, user_id))
