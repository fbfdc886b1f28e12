"""Vendors of data: accounts, and what they brought."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.actions import vendors as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import vendors as views
from api.views.vendors import DataSpend, VendorOut
from core.errors import Rejected

router = APIRouter(route_class=ControlRoute, tags=["vendors"])

Name = Annotated[str, Path(min_length=1, max_length=32, pattern="^[a-z0-9_]+$", examples=["hunter"])]
_MOST_DAYS = 366


class VendorInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"key": "a-key-of-the-vendor", "options": {}, "credit_micros": 5_000_000}]},
    )

    key: str | None = Field(default=None, max_length=4_096, description="Left out: the one there is stays.")
    options: dict[str, str] = Field(default_factory=dict, max_length=10)
    credit_micros: int = Field(
        default=0, ge=0, le=2**53 - 1, description="What one credit costs, in millionths of the currency's minor unit."
    )


class VendorSwitch(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": False}]})

    on: bool


class VendorList(BaseModel):
    items: list[VendorOut]


@router.get("/vendors", summary="Every vendor of data, with this workspace's account at it")
def list_vendors(deps: Deps, caller: Caller) -> VendorList:
    context = deps.context_for(caller.workspace_id)
    with deps.database.read(caller.workspace_id) as session:
        found = views.vendors(session, context.tools.vendors, deps.clock.now(), online=deps.settings.web_fetch)
        return VendorList(items=found)


@router.put("/vendors/{name}", summary="Make or change an account at a vendor; its key is never shown again")
def put_vendor(name: Name, body: VendorInput, deps: Deps, caller: Caller) -> VendorOut:
    return acts.put(deps, caller, name, key=body.key, options=body.options, credit_micros=body.credit_micros)


@router.post("/vendors/{name}/switch", summary="Let agents ask a vendor, or stop them; what was bought stays")
def switch_vendor(name: Name, body: VendorSwitch, deps: Deps, caller: Caller) -> VendorOut:
    return acts.switch(deps, caller, name, on=body.on)


@router.delete("/vendors/{name}", status_code=204, summary="Forget an account and its key")
def delete_vendor(name: Name, deps: Deps, caller: Caller) -> None:
    acts.remove(deps, caller, name)


@router.get("/data-spend", summary="What each provider of data brought for its money, and which companies cost most")
def get_data_spend(
    deps: Deps,
    caller: Caller,
    run_id: Annotated[UUID | None, Query(description="Of this run alone.")] = None,
    since: Annotated[
        AwareDatetime | None, Query(description="With its zone; 90 days ago, if left out; a year ago at most.")
    ] = None,
) -> DataSpend:
    now = deps.clock.now()
    start = since or now - views.WORTH_OF
    if not now - timedelta(days=_MOST_DAYS) <= start <= now:
        raise Rejected("`since` is not within the last year.", hint="Leave it out for the last 90 days.")
    with deps.database.read(caller.workspace_id) as session:
        return views.data_spend(session, start, run_id)
