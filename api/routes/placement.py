"""Where mail of a mailbox lands: seeds at large providers, and test mails to them. docs/deliverability.md"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from api.actions import placement as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views import placement as views
from api.views.placement import PlacementTestOut, SeedOut

router = APIRouter(route_class=ControlRoute, tags=["mailboxes"])

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Address = Annotated[
    str,
    StringConstraints(max_length=254, strip_whitespace=True, pattern=r"^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"),
]


class SeedInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "address": "ours@gmail.example",
                    "provider": "gmail",
                    "host": "imap.gmail.example",
                    "password": "an app password",
                }
            ]
        },
    )

    address: Address
    provider: str = Field(
        min_length=1,
        max_length=32,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="As results are grouped: gmail, outlook …",
    )
    host: str = Field(min_length=1, max_length=255, pattern=_PLAIN, description="Its IMAP server, by TLS.")
    port: int = Field(default=993, ge=1, le=65_535)
    username: str = Field(default="", max_length=254, pattern=_PLAIN, description="Empty: the address.")
    password: SecretStr = Field(min_length=1, max_length=1_000)


class PlacementTestInput(BaseModel):
    """Either a template or words."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"template": "first_mail"}]})

    template: Literal["", "first_mail", "follow_up"] = Field(
        default="", description="Its words are written to an invented person. Empty: `subject` and `body` are sent."
    )
    subject: str = Field(default="", max_length=200, pattern=_PLAIN)
    body: str = Field(default="", max_length=20_000, pattern=r"^[^\x00]*$")
    seed_ids: list[UUID] = Field(default_factory=list, max_length=100, description="Empty: every seed.")


@router.get("/seed-addresses", summary="Addresses of yours whose folders are looked into")
def list_seed_addresses(deps: Deps, caller: Caller) -> list[SeedOut]:
    with deps.database.read(caller.workspace_id) as session:
        return views.seeds(session)


@router.post(
    "/seed-addresses", status_code=201, responses=repeated(SeedOut), summary="Add an address of yours at a provider"
)
def add_seed_address(body: SeedInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None) -> SeedOut:
    """Its folders are read once before it is kept; takes seconds."""
    values = body.model_dump(exclude={"password"})
    seed_id = new_id(deps.ids.new(), caller, "seed_address", idempotency_key)
    return acts.add_seed(deps, caller, seed_id, password=body.password.get_secret_value(), **values)


@router.delete("/seed-addresses/{seed_id}", status_code=204, summary="Remove a seed; what was found there stays")
def remove_seed_address(seed_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.remove_seed(deps, caller, seed_id)


@router.get("/mailboxes/{mailbox_id}/placement-tests", summary="Where test mails of a mailbox landed, the newest ten")
def list_placement_tests(mailbox_id: UUID, deps: Deps, caller: Caller) -> list[PlacementTestOut]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.tests_of_mailbox(session, sealer, mailbox_id)


@router.post(
    "/mailboxes/{mailbox_id}/placement-tests",
    status_code=201,
    responses=repeated(PlacementTestOut),
    summary="Send a test mail to each seed, and see where it lands",
)
def start_placement_test(
    mailbox_id: UUID, body: PlacementTestInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None
) -> PlacementTestOut:
    """Each mail counts as sent today. It leaves by the outbox, and is looked for each minute, for an hour at most."""
    test_id = new_id(deps.ids.new(), caller, "placement_test", idempotency_key)
    return acts.start(deps, caller, test_id, mailbox_id, **body.model_dump())


@router.get("/placement-tests/{test_id}", summary="One placement test, mail by mail")
def get_placement_test(test_id: UUID, deps: Deps, caller: Caller) -> PlacementTestOut:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.test(session, sealer, test_id)
