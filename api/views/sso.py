"""The connection to an OpenID provider, as its admins see it: never the secret."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.dependencies import Dependencies
from api.identity.sso import redirect_uri
from store.models import Role, SsoConnection

_EXAMPLE: dict[str, Any] = {
    "issuer": "https://login.sender.example",
    "client_id": "salesos",
    "has_secret": True,
    "email_domains": ["sender.example"],
    "new_user_role": "rep",
    "required": False,
    "redirect_uri": "https://sales.sender.example/sign-in/single/back",
    "created_at": "2026-06-02T14:00:00Z",
}


class SsoOut(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    issuer: str
    client_id: str
    has_secret: bool
    email_domains: list[str]
    new_user_role: Role | None  # None: only people who were invited, or have an account
    required: bool  # True: nobody but admins may use a password
    redirect_uri: str  # to be registered at the provider
    created_at: datetime


class SsoTest(BaseModel):
    """What the provider says of itself at this moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ok": True,
                    "problem": "",
                    "authorization_endpoint": "https://login.sender.example/authorize",
                    "keys": 2,
                    "at": "2026-06-02T14:00:00Z",
                }
            ]
        }
    )

    ok: bool
    problem: str  # empty: none
    authorization_endpoint: str  # where people are sent to
    keys: int  # that signatures can be checked with
    at: datetime


def sso_out(deps: Dependencies, found: SsoConnection) -> SsoOut:
    return SsoOut(
        issuer=found.issuer,
        client_id=found.client_id,
        has_secret=bool(found.client_secret_sealed),
        email_domains=found.email_domains,
        new_user_role=found.new_user_role,
        required=found.required,
        redirect_uri=redirect_uri(deps),
        created_at=found.created_at,
    )
