"""One thing done to many leads, contacts or companies."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field

from api.actions import bulk
from api.actions.bulk import Outcome
from api.actions.selections import CompanyAction, ContactAction, LeadAction
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps

router = APIRouter(route_class=ControlRoute)


class Passed(BaseModel):
    reason: str = Field(description="A code: written_to, ended, no_sequence, not_here, …")
    count: int


class BulkResult(BaseModel):
    """What happened. The same again changes nothing more."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"matched": 120, "changed": 117, "passed_over": [{"reason": "ended", "count": 3}]}]
        }
    )

    matched: int
    changed: int
    passed_over: list[Passed]


@router.post("/leads/bulk", tags=["leads"], summary="Stop, pause, resume or hand over many leads")
def change_leads(body: Annotated[LeadAction, Body()], deps: Deps, caller: Caller) -> BulkResult:
    return _told(bulk.change_leads(deps, caller, body))


@router.post("/contacts/bulk", tags=["contacts"], summary="Never write to many people again")
def change_contacts(body: ContactAction, deps: Deps, caller: Caller) -> BulkResult:
    return _told(bulk.change_contacts(deps, caller, body))


@router.post("/companies/bulk", tags=["companies"], summary="Exclude or tag many companies")
def change_companies(body: Annotated[CompanyAction, Body()], deps: Deps, caller: Caller) -> BulkResult:
    return _told(bulk.change_companies(deps, caller, body))


def _told(outcome: Outcome) -> BulkResult:
    passed = [Passed(reason=reason, count=count) for reason, count in outcome.reasons.most_common()]
    return BulkResult(matched=outcome.matched, changed=outcome.changed, passed_over=passed)
