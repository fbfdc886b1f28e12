"""The set-up guide: where a workspace stands on its way to the first approved mail."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.actions import setup as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import setup as views
from api.views.setup import Setup

router = APIRouter(route_class=ControlRoute, tags=["setup"])


class SampleData(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"companies": 24, "people": 72}]})

    companies: int
    people: int


class FirstDrafts(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"drafting": 5}]})

    drafting: int


@router.get("/setup", summary="The steps to the first approved mail, and where they stand")
def get_setup(deps: Deps, caller: Caller) -> Setup:
    with deps.database.read(caller.workspace_id) as session:
        return views.setup(session, deps.context_for(caller.workspace_id), user_id=caller.user_id)


@router.post("/setup/sample-data", summary="Take in invented companies and people, to try it with")
def import_sample_data(deps: Deps, caller: Caller) -> SampleData:
    """They live on `.example` domains, where nobody does. The same again changes nothing. Refused where mail leaves."""
    companies, people = acts.take_in_sample(deps, caller)
    return SampleData(companies=companies, people=people)


@router.post("/setup/first-drafts", summary="Have the first mails of the best leads drafted now")
def draft_ahead(deps: Deps, caller: Caller) -> FirstDrafts:
    """To be read and approved before their time; they still leave in their recipients' working hours only."""
    return FirstDrafts(drafting=acts.first_drafts(deps, caller))
