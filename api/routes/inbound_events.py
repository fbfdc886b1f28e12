"""What vendors told us: the endpoints that they post to, every event with how it ended, dead letters tried again.

docs/delivery-events.md says how to connect a vendor.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import paging
from api.actions import inbound as actions
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.permissions import Permission
from api.views import inbound as views
from store.models import InboundState

router = APIRouter(route_class=ControlRoute, tags=["inbound events"])

Secret = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
VendorName = Annotated[str, StringConstraints(max_length=32)]
_TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail-events"


class InboundEndpointInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"vendor": "ses", "secret": _TOPIC}]})

    vendor: VendorName = Field(description="ses or sendgrid.")
    secret: Secret = Field(description="What its messages are verified by: the topic's ARN, the verification key.")


class InboundEndpointEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"secret": _TOPIC}]})

    secret: Secret


class InboundReplayInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    message: str = Field(
        default="", max_length=998, description="Id or Message-ID of the mail of ours that it is about, if you know it."
    )


class InboundReplayAllInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"vendor": "sendgrid"}]})

    vendor: VendorName = Field(default="", description="Empty: of all.")


class InboundReplayed(BaseModel):
    events: int = Field(description="How many are tried again; at most 10,000 a request.")


@router.get("/inbound-endpoints", summary="Where vendors post what they tell")
def list_inbound_endpoints(deps: Deps, caller: Caller) -> paging.Page[views.InboundEndpointOut]:
    caller.require(Permission.WEBHOOKS)
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return paging.Page(items=views.endpoints(session, sealer, deps.settings.public_url))


@router.post(
    "/inbound-endpoints",
    status_code=201,
    responses=repeated(views.InboundEndpointOut),
    summary="Make an address that a vendor may post to",
)
def create_inbound_endpoint(
    body: InboundEndpointInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> views.InboundEndpointOut:
    endpoint_id = new_id(deps.ids.new(), caller, "inbound_endpoint", idempotency_key)
    return actions.create_endpoint(deps, caller, endpoint_id, vendor=body.vendor, secret=body.secret)


@router.patch("/inbound-endpoints/{endpoint_id}", summary="Another key; the address stays")
def change_inbound_endpoint(
    endpoint_id: UUID, body: InboundEndpointEdit, deps: Deps, caller: Caller
) -> views.InboundEndpointOut:
    return actions.change_endpoint(deps, caller, endpoint_id, secret=body.secret)


@router.delete("/inbound-endpoints/{endpoint_id}", status_code=204, summary="Close an address; what came stays")
def delete_inbound_endpoint(endpoint_id: UUID, deps: Deps, caller: Caller) -> None:
    actions.delete_endpoint(deps, caller, endpoint_id)


@router.get("/inbound-events", summary="What vendors told, with how it ended; the newest first")
def list_inbound_events(
    deps: Deps,
    caller: Caller,
    state: Annotated[list[InboundState] | None, Query(max_length=4)] = None,
    vendor: Annotated[str, Query(max_length=32)] = "",
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[views.InboundEventOut]:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.events(session, states=state or (), vendor=vendor, limit=limit, cursor=cursor)


@router.get("/inbound-events/{event_id}", summary="One event, as it came")
def get_inbound_event(event_id: UUID, deps: Deps, caller: Caller) -> views.InboundEventFull:
    caller.require(Permission.WEBHOOKS)
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.event(session, sealer, event_id, with_people=caller.may(Permission.PEOPLE))


@router.post("/inbound-events/{event_id}/replay", summary="Try a dead letter again")
def replay_inbound_event(event_id: UUID, body: InboundReplayInput, deps: Deps, caller: Caller) -> views.InboundEventOut:
    return actions.replay(deps, caller, event_id, message=body.message)


@router.post("/inbound-events/replay", summary="Try every dead letter again")
def replay_inbound_events(body: InboundReplayAllInput, deps: Deps, caller: Caller) -> InboundReplayed:
    return InboundReplayed(events=actions.replay_all(deps, caller, vendor=body.vendor))
