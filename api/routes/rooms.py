"""Rooms for video calls: where meetings take place, and the Zoom application that makes them."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.actions import rooms as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import rooms as views
from api.views.rooms import RoomsOut
from store.models import RoomKind

router = APIRouter(route_class=ControlRoute, tags=["rooms"])


class RoomsInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "none"}]})

    kind: RoomKind
    address: str = Field(default="", max_length=1_000, description="Of the kind address: https.")


class CalendarRoomsInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": None}]})

    kind: RoomKind | None = Field(description="Null: as the workspace says.")
    address: str = Field(default="", max_length=1_000)


class ZoomInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"account_id": "Zb2n8kLqQ", "client_id": "aW1wb3J0YW50", "secret": "a-secret-of-zooms"}]
        },
    )

    account_id: str = Field(max_length=100)
    client_id: str = Field(max_length=100)
    secret: str | None = Field(default=None, max_length=200, description="Left out: the one there is stays.")
    host: str = Field(default="me", max_length=254, description="Whose rooms they are at Zoom, by address.")


class ZoomCheck(BaseModel):
    problem: str = Field(description="Empty: Zoom lets us in. Nothing was made.")


@router.get("/rooms", summary="Where meetings take place")
def get_rooms(deps: Deps, caller: Caller) -> RoomsOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.rooms_out(session)


@router.put("/rooms", summary="Say where meetings take place, where a calendar says nothing else")
def set_rooms(body: RoomsInput, deps: Deps, caller: Caller) -> RoomsOut:
    return acts.choose(deps, caller, body.kind, body.address)


@router.put("/rooms/zoom", summary="Keep a Zoom application; its secret is never shown again")
def connect_zoom(body: ZoomInput, deps: Deps, caller: Caller) -> RoomsOut:
    return acts.connect_zoom(
        deps, caller, account_id=body.account_id, client_id=body.client_id, secret=body.secret, host=body.host
    )


@router.delete("/rooms/zoom", status_code=204, summary="Forget the Zoom application; rooms that were made stay")
def forget_zoom(deps: Deps, caller: Caller) -> None:
    acts.forget_zoom(deps, caller)


@router.post("/rooms/zoom/check", summary="Ask Zoom whether it lets us in")
def check_zoom(deps: Deps, caller: Caller) -> ZoomCheck:
    return ZoomCheck(problem=acts.check_zoom(deps, caller))


@router.put("/rooms/calendars/{calendar_id}", summary="Say where the meetings in one calendar take place")
def set_calendar_rooms(calendar_id: UUID, body: CalendarRoomsInput, deps: Deps, caller: Caller) -> RoomsOut:
    return acts.choose_of_calendar(deps, caller, calendar_id, body.kind, body.address)
