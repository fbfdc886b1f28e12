"""Invitations to the workspace, and links with which people choose a new password."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.identity import invitations as acts
from api.identity.invitations import InvitationMade, InvitationOut
from api.paging import Cursor, Limit, Page
from api.permissions import Permission
from store.models import Role

router = APIRouter(route_class=ControlRoute, tags=["users"])


class InvitationInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "ben@sender.example", "role": "rep", "name": "Ben"}]}
    )

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    role: Role
    name: Annotated[str, StringConstraints(max_length=200)] = ""


@router.get("/invitations", summary="Invitations and links for passwords, the newest first; needs users:write")
def list_invitations(
    deps: Deps, caller: Caller, open_only: bool = False, limit: Limit = 50, cursor: Cursor = None
) -> Page[InvitationOut]:
    caller.require(Permission.USERS)
    with deps.database.read(caller.workspace_id) as session:
        return acts.invitations(session, deps.clock.now(), limit, cursor, open_only=open_only)


@router.post("/invitations", status_code=201, summary="Invite somebody; the link is in this answer only")
def create_invitation(
    body: InvitationInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None
) -> InvitationMade:
    fresh = new_id(deps.ids.new(), caller, "invitation", idempotency_key)
    return acts.invite(deps, caller, fresh, email=body.email, role=body.role, name=body.name)


@router.post("/invitations/{invitation_id}/link", summary="Another link for another seven days; the old one ends")
def renew_invitation_link(invitation_id: UUID, deps: Deps, caller: Caller) -> InvitationMade:
    return acts.new_link(deps, caller, invitation_id)


@router.post("/invitations/{invitation_id}/revoke", summary="The link ends, at once")
def revoke_invitation(invitation_id: UUID, deps: Deps, caller: Caller) -> InvitationOut:
    return acts.revoke(deps, caller, invitation_id)


@router.post(
    "/users/{user_id}/password-link", status_code=201, summary="A link with which this person chooses a new password"
)
def create_password_link(user_id: UUID, deps: Deps, caller: Caller) -> InvitationMade:
    return acts.password_link(deps, caller, user_id)
