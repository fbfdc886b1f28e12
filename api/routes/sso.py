"""Single sign-on of the workspace: one connection to an OpenID provider, or none."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from api import etags
from api.actions import sso as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.sso import SsoOut, SsoTest
from store.models import Role

router = APIRouter(route_class=ControlRoute, tags=["users"])


class SsoInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "issuer": "https://login.sender.example",
                    "client_id": "salesos",
                    "client_secret": "what the provider made",
                    "email_domains": ["sender.example"],
                    "new_user_role": "rep",
                    "required": False,
                }
            ]
        },
    )

    issuer: str = Field(min_length=8, max_length=500, description="Exactly as the provider writes it.")
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: str | None = Field(
        default=None, max_length=2_000, description="Left out: the one that is kept. Empty: a client without a secret."
    )
    email_domains: list[Annotated[str, Field(max_length=253)]] = Field(
        min_length=1, max_length=acts.MOST_DOMAINS, description="Only verified addresses of these come in."
    )
    new_user_role: Role | None = Field(
        default=None, description="Of people who come for the first time; left out: only those who were invited."
    )
    required: bool = Field(default=False, description="True: nobody but admins may use a password.")


@router.get("/sso", summary="How people sign in with the company's provider; needs users:write")
def get_sso(deps: Deps, caller: Caller) -> SsoOut:
    return acts.get(deps, caller)


@router.put("/sso", summary="Set single sign-on up, or change it")
def put_sso(body: SsoInput, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> SsoOut:
    """Nothing is asked of the provider: `POST /sso/test` does."""
    return acts.put(deps, caller, acts.Wanted(**body.model_dump()), if_match=if_match)


@router.delete("/sso", status_code=204, summary="Take single sign-on away")
def delete_sso(deps: Deps, caller: Caller) -> Response:
    """Open sessions go on. People without a password cannot sign in until they have one."""
    acts.remove(deps, caller)
    return Response(status_code=204)


@router.post("/sso/test", summary="Ask the provider for its description and keys now")
def test_sso(deps: Deps, caller: Caller) -> SsoTest:
    """Takes up to ten seconds."""
    return acts.test(deps, caller)


@router.delete("/users/{user_id}/sso", status_code=204, summary="Loosen a person from their account at the provider")
def loosen_sso(user_id: UUID, deps: Deps, caller: Caller) -> Response:
    """The next single sign-on with their address links them anew."""
    acts.loosen(deps, caller, user_id)
    return Response(status_code=204)
