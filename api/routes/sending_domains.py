"""DKIM keys of the domains that mail leaves from."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.actions import sending_domains as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.sending_domains import SigningKeyOut, SigningKeysOut, keys_out
from tools.mail.dkim import KeyKind

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])


class SigningKeyInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"domain": "company.example", "algorithm": "rsa"}]}
    )

    domain: str = Field(min_length=3, max_length=253, description="That of the address in From.")
    algorithm: KeyKind = Field(
        default=KeyKind.RSA, description="rsa: 2048 bits, which everybody verifies. ed25519: besides it, never alone."
    )


@router.get("/signing-keys", summary="DKIM keys, the record to publish for each, and which of them sign")
def list_signing_keys(
    deps: Deps,
    caller: Caller,
    domain: Annotated[str | None, Query(max_length=253, description="Of this domain alone.")] = None,
) -> SigningKeysOut:
    with deps.database.read(caller.workspace_id) as session:
        domains = [domain.strip().lower()] if domain else []
        return SigningKeysOut(items=keys_out(session, deps.context_for(caller.workspace_id), domains))


@router.post("/signing-keys", status_code=201, summary="Make a DKIM key; it signs once its record was seen")
def create_signing_key(body: SigningKeyInput, deps: Deps, caller: Caller) -> SigningKeyOut:
    return acts.make(deps, caller, body.domain, body.algorithm)


@router.post("/signing-keys/{key_id}/check", summary="Look for the key's record in the DNS; seen, it signs")
def check_signing_key(key_id: UUID, deps: Deps, caller: Caller) -> SigningKeyOut:
    return acts.check(deps, caller, key_id)
