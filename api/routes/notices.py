"""Channels of Slack and Teams in which a team hears of replies, approvals that wait and trouble."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api import paging
from api.actions import notices as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from api.permissions import Permission
from api.views import notices as views
from store.models import NoticeKind
from tools.ports import NoticeService

router = APIRouter(route_class=ControlRoute, tags=["notices"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Secret = Annotated[str, StringConstraints(min_length=8, max_length=2_000)]
Kinds = Annotated[list[NoticeKind], Field(min_length=1, max_length=3, description="Of: reply, approval, trouble.")]


class ChannelInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "#sales",
                    "service": "slack_webhook",
                    "secret": "https://hooks.slack.com/services/T000/B000/XXXX",
                    "kinds": ["reply", "trouble"],
                }
            ]
        },
    )

    name: Name
    service: NoticeService
    secret: Secret = Field(description="The webhook's address, or a bot's token. Sealed, and never shown again.")
    destination: str = Field(default="", max_length=100, description="For a bot: Slack's id of the channel.")
    kinds: Kinds = list(acts.CHOSEN)
    detail: acts.Detail = Field(default="company", description="`kind`: not even the company's name is said.")


class ChannelEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kinds": ["trouble"]}]})

    name: Name | None = None
    secret: Secret | None = None
    kinds: Kinds | None = None
    detail: acts.Detail | None = None


class Channels(BaseModel):
    items: list[views.ChannelOut]


@router.get("/notice-channels", summary="Channels that the team is told in")
def list_notice_channels(deps: Deps, caller: Caller) -> Channels:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return Channels(items=views.channels(session))


@router.post("/notice-channels", status_code=201, summary="Tell the team in a channel, from now on")
def create_notice_channel(
    body: ChannelInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None
) -> views.ChannelOut:
    channel_id = new_id(deps.ids.new(), caller, "notice_channel", idempotency_key)
    return acts.create(
        deps,
        caller,
        channel_id,
        name=body.name,
        service=body.service,
        secret=body.secret,
        destination=body.destination,
        kinds=body.kinds,
        detail=body.detail,
    )


@router.get("/notice-channels/{channel_id}", summary="One channel")
def get_notice_channel(channel_id: UUID, deps: Deps, caller: Caller) -> views.ChannelOut:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.ChannelOut.model_validate(views.channel_row(session, channel_id))


@router.patch("/notice-channels/{channel_id}", summary="Change what a channel is told, or its key")
def update_notice_channel(channel_id: UUID, body: ChannelEdit, deps: Deps, caller: Caller) -> views.ChannelOut:
    return acts.change(
        deps, caller, channel_id, name=body.name, secret=body.secret, kinds=body.kinds, detail=body.detail
    )


@router.delete("/notice-channels/{channel_id}", status_code=204, summary="Delete a channel, its key and its log")
def delete_notice_channel(channel_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.delete(deps, caller, channel_id)


@router.post("/notice-channels/{channel_id}/pause", summary="Tell nothing there for now")
def pause_notice_channel(channel_id: UUID, deps: Deps, caller: Caller) -> views.ChannelOut:
    return acts.pause(deps, caller, channel_id)


@router.post("/notice-channels/{channel_id}/resume", summary="Tell again what happens from now on")
def resume_notice_channel(channel_id: UUID, deps: Deps, caller: Caller) -> views.ChannelOut:
    return acts.resume(deps, caller, channel_id)


@router.post("/notice-channels/{channel_id}/test", status_code=204, summary="Say a test there")
def test_notice_channel(channel_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.test(deps, caller, channel_id)


@router.get("/notice-channels/{channel_id}/notices", summary="What a channel was told, the newest first")
def list_notices(
    channel_id: UUID, deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[views.NoticeOut]:
    caller.require(Permission.WEBHOOKS)
    with deps.database.read(caller.workspace_id) as session:
        return views.notices(session, channel_id, limit, cursor)
