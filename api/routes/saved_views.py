"""Saved views of the lists."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import etags
from api.actions import saved_views as acts
from api.control_route import ControlRoute, IdempotencyKey, new_id
from api.dependencies import Caller, Deps
from store.models import SavedView

router = APIRouter(route_class=ControlRoute, tags=["saved views"])

Page = Literal["companies", "contacts", "leads"]
_EXAMPLE: dict[str, Any] = {"page": "leads", "name": "Hot in Germany", "query": "tier=1&country=DE", "shared": True}


class SavedViewInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    page: Page
    name: str = Field(min_length=1, max_length=100)
    query: str = Field(max_length=2_000, description="Of the list's address: its filters and order.")
    shared: bool = Field(default=False, description="Everybody sees it; needs records:write.")


class SavedViewEdit(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Hot in Austria"}]})

    name: str | None = Field(default=None, min_length=1, max_length=100)
    query: str | None = Field(default=None, max_length=2_000)


class SavedViewOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**_EXAMPLE, "id": "01979a3e-7a1f-7000-8000-000000000001", "created_at": "2026-06-02T14:00:00Z"}
            ]
        }
    )

    id: UUID
    page: str
    name: str
    query: str
    shared: bool
    created_at: datetime

    @classmethod
    def of(cls, view: SavedView) -> "SavedViewOut":
        return cls(
            id=view.id,
            page=view.page,
            name=view.name,
            query=view.query,
            shared=view.user_id is None,
            created_at=view.created_at,
        )


class SavedViews(BaseModel):
    items: list[SavedViewOut]


@router.get("/saved-views", summary="Shared views, and the caller's own")
def list_saved_views(deps: Deps, caller: Caller, page: Page | None = None) -> SavedViews:
    with deps.database.read(caller.workspace_id) as session:
        found = acts.views_of(session, caller, page or "")
    return SavedViews(items=[SavedViewOut.of(view) for view in found])


@router.post("/saved-views", status_code=201, summary="Keep filters under a name; the same name again replaces them")
def save_view(body: SavedViewInput, deps: Deps, caller: Caller, idempotency_key: IdempotencyKey = None) -> SavedViewOut:
    view_id = new_id(deps.ids.new(), caller, "saved_view", idempotency_key)
    view = acts.save(deps, caller, view_id, page=body.page, name=body.name, query=body.query, shared=body.shared)
    return SavedViewOut.of(view)


@router.get("/saved-views/{view_id}", summary="One view")
def get_saved_view(view_id: UUID, deps: Deps, caller: Caller) -> SavedViewOut:
    with deps.database.read(caller.workspace_id) as session:
        return SavedViewOut.of(acts.view_of(session, caller, view_id))


@router.patch("/saved-views/{view_id}", summary="Rename a view, or change its filters")
def change_saved_view(
    view_id: UUID, body: SavedViewEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> SavedViewOut:
    def check(view: SavedView) -> None:
        etags.check(if_match, SavedViewOut.of(view))

    return SavedViewOut.of(acts.change(deps, caller, view_id, name=body.name, query=body.query, check=check))


@router.delete("/saved-views/{view_id}", status_code=204, summary="Delete a view; the records stay")
def delete_saved_view(view_id: UUID, deps: Deps, caller: Caller) -> None:
    acts.delete(deps, caller, view_id)
