"""Signed notifications to addresses that people name (Standard Webhooks). docs/webhooks.md says how to receive them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from api import etags, paging
from api.actions import webhooks as actions
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.permissions import Permission
from api.views import webhooks as views
from store.models import DeliveryState

router = APIRouter(route_class=ControlRoute, tags=["webhooks"])

Url = Annotated[str, StringConstraints(min_length=8, max_length=2_000, strip_whitespace=True)]
Description = Annotated[str, StringConstraints(max_length=200)]
Types = Annotated[
    list[Annotated[str, StringConstraints(max_length=64)]],
    Field(max_length=60, description="Empty: all. GET /event-types lists them."),
]


class EndpointInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": "https://hooks.example/salesos", "types": ["approval.approved", "meeting.booked"]}]
        },
    )

    url: Url
    description: Description = ""
    types: Types = []


class EndpointEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"types": ["meeting.booked"]}]})

    url: Url | None = None
    description: Description | None = None
    types: Types | None = None


class EndpointSecret(views.EndpointOut):
    secret: str = Field(description="`whsec_…`, shown this once. Empty: this request repeats one that was answered.")


class ResumeInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"skip": False}]})

    skip: bool = Field(default=False, description="Leave out what happened meanwhile.")


class ReplayInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-06-01T00:00:00Z", "only_failed": True}]}
    )

    since: AwareDatetime
    until: AwareDatetime | None = None
    only_failed: bool = Field(default=False, description="Only what did not arrive.")


class Replayed(BaseModel):
    deliveries: int = Field(description="How many were made; at most 10,000 a request. They are sent by and by.")


@router.get("/webhooks", summary="Webhook endpoints")
def list_webhooks(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[views.EndpointOut]:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.endpoints(session, deps.clock.now(), limit, cursor)


@router.post(
    "/webhooks",
    status_code=201,
    responses=repeated(EndpointSecret),
    summary="Make an endpoint; its secret is shown this once",
)
def create_webhook(
    body: EndpointInput, deps: Deps, caller: Caller, response: Response, idempotency_key: IdempotencyKey = None
) -> EndpointSecret:
    endpoint_id = new_id(deps.ids.new(), caller, "webhook", idempotency_key)
    made = actions.create(deps, caller, endpoint_id, url=body.url, description=body.description, types=body.types)
    if not made.secret:
        response.status_code = 200
    return _with_secret(made)


@router.get("/webhooks/{endpoint_id}", summary="One endpoint")
def get_webhook(endpoint_id: UUID, deps: Deps, caller: Caller) -> views.EndpointOut:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.endpoint(session, endpoint_id, deps.clock.now())


@router.patch("/webhooks/{endpoint_id}", summary="Change an endpoint")
def edit_webhook(
    endpoint_id: UUID, body: EndpointEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> views.EndpointOut:
    return actions.change(
        deps,
        caller,
        endpoint_id,
        url=body.url,
        description=body.description,
        types=body.types,
        if_match=if_match,
    )


@router.delete("/webhooks/{endpoint_id}", status_code=204, summary="Delete an endpoint with its log")
def delete_webhook(endpoint_id: UUID, deps: Deps, caller: Caller) -> None:
    actions.delete(deps, caller, endpoint_id)


@router.post("/webhooks/{endpoint_id}/pause", summary="Send nothing for now; what happens waits")
def pause_webhook(endpoint_id: UUID, deps: Deps, caller: Caller) -> views.EndpointOut:
    return actions.pause(deps, caller, endpoint_id)


@router.post("/webhooks/{endpoint_id}/resume", summary="Go on, with what waits or from now on")
def resume_webhook(endpoint_id: UUID, deps: Deps, caller: Caller, body: ResumeInput | None = None) -> views.EndpointOut:
    return actions.resume(deps, caller, endpoint_id, skip=bool(body and body.skip))


@router.post("/webhooks/{endpoint_id}/rotate-secret", summary="A new secret; for 24 hours both sign")
def rotate_webhook_secret(endpoint_id: UUID, deps: Deps, caller: Caller) -> EndpointSecret:
    return _with_secret(actions.rotate(deps, caller, endpoint_id))


@router.post("/webhooks/{endpoint_id}/test", status_code=202, summary="Send a test; the log shows what came of it")
def test_webhook(endpoint_id: UUID, deps: Deps, caller: Caller) -> None:
    actions.ping(deps, caller, endpoint_id)


@router.get("/webhooks/{endpoint_id}/deliveries", summary="What was sent, with every try; the newest first")
def list_webhook_deliveries(
    endpoint_id: UUID,
    deps: Deps,
    caller: Caller,
    state: Annotated[list[DeliveryState] | None, Query(max_length=5)] = None,
    since: AwareDatetime | None = None,
    event_seq: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[views.DeliveryOut]:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.deliveries(
            session, endpoint_id, states=state or (), since=since, event_seq=event_seq, limit=limit, cursor=cursor
        )


@router.get("/webhooks/{endpoint_id}/deliveries/{delivery_id}", summary="One delivery")
def get_webhook_delivery(endpoint_id: UUID, delivery_id: UUID, deps: Deps, caller: Caller) -> views.DeliveryOut:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.delivery(session, endpoint_id, delivery_id)


@router.post("/webhooks/{endpoint_id}/deliveries/{delivery_id}/replay", summary="Send one again, under the same id")
def replay_webhook_delivery(endpoint_id: UUID, delivery_id: UUID, deps: Deps, caller: Caller) -> views.DeliveryOut:
    return actions.replay_one(deps, caller, endpoint_id, delivery_id)


@router.post("/webhooks/{endpoint_id}/replay", summary="Send again what happened since a time")
def replay_webhook(endpoint_id: UUID, body: ReplayInput, deps: Deps, caller: Caller) -> Replayed:
    return Replayed(
        deliveries=actions.replay_since(
            deps, caller, endpoint_id, since=body.since, until=body.until, only_failed=body.only_failed
        )
    )


def _with_secret(made: actions.WithSecret) -> EndpointSecret:
    return EndpointSecret(**made.endpoint.model_dump(), secret=made.secret)
