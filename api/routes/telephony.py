"""Accounts that texts and calls go out through, and letting one text or call of a task out."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.actions import telephony as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.permissions import Permission
from api.views import telephony as views
from store.models import TelephonyState

router = APIRouter(route_class=ControlRoute, tags=["telephony"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Sid = Annotated[str, StringConstraints(max_length=34)]
Secret = Annotated[str, StringConstraints(min_length=8, max_length=200)]
PhoneNumber = Annotated[str, StringConstraints(max_length=40)]
Cap = Annotated[int, Field(ge=0, le=100_000)]
Micros = Annotated[int, Field(ge=0, le=1_000_000_000)]
_BODY = "Other words than the task's script; who writes and the way out are added where they are missing."


class TelephonyAccountInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Main number",
                    "account_sid": "AC00000000000000000000000000000001",
                    "secret": "0123456789abcdef0123456789abcdef",
                    "sender": "+12025550100",
                }
            ]
        },
    )

    vendor: Literal["twilio"] = "twilio"
    name: Name
    account_sid: Sid
    secret: Secret = Field(description="The API key's secret; without a key the auth token. Sealed, never shown again.")
    key_sid: Sid = Field(default="", description="Of an API key (SK…), which can be revoked by itself.")
    auth_token: str = Field(default="", max_length=64, description="With an API key: what webhooks are signed with.")
    sender: PhoneNumber = Field(default="", description="The number that people see. Calls need one.")
    service_sid: Sid = Field(default="", description="A messaging service (MG…) that chooses the number of a text.")
    daily_texts: Cap = 50
    daily_calls: Cap = 50
    text_cost_micros: Micros = 1_000_000
    call_cost_micros: Micros = 5_000_000


class TelephonyAccountEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"daily_texts": 20}]})

    name: Name | None = None
    secret: Secret | None = None
    auth_token: str | None = Field(default=None, max_length=64)
    sender: PhoneNumber | None = None
    service_sid: Sid | None = None
    daily_texts: Cap | None = None
    daily_calls: Cap | None = None
    text_cost_micros: Micros | None = None
    call_cost_micros: Micros | None = None


class TelephonyAccounts(BaseModel):
    items: list[views.TelephonyAccountOut]


class TelephonyCheck(BaseModel):
    problem: str = Field(description="Empty: the vendor lets us in. Nothing was sent.")


class OutgoingInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    body: str | None = Field(default=None, max_length=2_000, description=_BODY)


class SendInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"digest": "0" * 64}]})

    digest: str = Field(min_length=64, max_length=64, description="Of what was shown: exactly that leaves, or nothing.")
    body: str | None = Field(default=None, max_length=2_000, description=_BODY)


class OwnPhoneInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"number": "+12025550177"}]})

    number: PhoneNumber = Field(description="With its country's prefix; empty: none any more.")


@router.get("/telephony-accounts", summary="Accounts for texts and calls")
def list_telephony_accounts(deps: Deps, caller: Caller) -> TelephonyAccounts:
    caller.require(Permission.MAILBOXES)
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        found = views.accounts(session, sealer, deps.settings.public_url, deps.clock.now())
    return TelephonyAccounts(items=found)


@router.post(
    "/telephony-accounts",
    status_code=201,
    summary="Connect an account; nothing is sent by that",
)
def create_telephony_account(
    body: TelephonyAccountInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None
) -> views.TelephonyAccountOut:
    account_id = new_id(deps.ids.new(), caller, "telephony_account", idempotency_key)
    return acts.connect(deps, caller, account_id, **body.model_dump(exclude={"vendor"}))


@router.get("/telephony-accounts/{account_id}", summary="One account")
def get_telephony_account(account_id: UUID, deps: Deps, caller: Caller) -> views.TelephonyAccountOut:
    caller.require(Permission.MAILBOXES)
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        row = views.account_row(session, account_id)
        return views.account(session, sealer, deps.settings.public_url, row, deps.clock.now())


@router.patch("/telephony-accounts/{account_id}", summary="Another key, number, cap or price")
def update_telephony_account(
    account_id: UUID, body: TelephonyAccountEdit, deps: Deps, caller: Caller
) -> views.TelephonyAccountOut:
    return acts.change(deps, caller, account_id, **body.model_dump())


@router.delete("/telephony-accounts/{account_id}", status_code=204, summary="Delete an account and its key")
def delete_telephony_account(account_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.delete(deps, caller, account_id)


@router.post("/telephony-accounts/{account_id}/pause", summary="Nothing leaves through it for now")
def pause_telephony_account(account_id: UUID, deps: Deps, caller: Caller) -> views.TelephonyAccountOut:
    return acts.set_state(deps, caller, account_id, TelephonyState.PAUSED)


@router.post("/telephony-accounts/{account_id}/resume", summary="It is used again")
def resume_telephony_account(account_id: UUID, deps: Deps, caller: Caller) -> views.TelephonyAccountOut:
    return acts.set_state(deps, caller, account_id, TelephonyState.ACTIVE)


@router.post("/telephony-accounts/{account_id}/check", summary="Ask the vendor whether it lets us in")
def check_telephony_account(account_id: UUID, deps: Deps, caller: Caller) -> TelephonyCheck:
    return TelephonyCheck(problem=acts.check(deps, caller, account_id))


@router.post("/tasks/{task_id}/outgoing", summary="What text or call would leave from a task, word by word")
def preview_task_outgoing(task_id: UUID, body: OutgoingInput, deps: Deps, caller: Caller) -> views.OutgoingOut:
    return views.outgoing(acts.outgoing(deps, caller, task_id, body=body.body))


@router.post("/tasks/{task_id}/send", summary="Let exactly this text or call of a task out")
def send_task(task_id: UUID, body: SendInput, deps: Deps, caller: Caller) -> views.PhoneItemOut:
    return acts.send(deps, caller, task_id, digest=body.digest, body=body.body)


@router.get("/me/phone", summary="Which phone rings first in your calls")
def get_my_phone(deps: Deps, caller: Caller) -> views.OwnPhoneOut:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.own_phone(session, sealer, caller.user_id)


@router.put("/me/phone", summary="Say which phone rings first in your calls")
def set_my_phone(body: OwnPhoneInput, deps: Deps, caller: Caller) -> views.OwnPhoneOut:
    return acts.set_own_phone(deps, caller, body.number)
