"""Budgets, and what was spent."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import etags
from api.actions import budgets as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import budgets as views
from api.views.budgets import BudgetOut, SpendBy, SpendReport
from core.errors import NotFound, Rejected

router = APIRouter(route_class=ControlRoute, tags=["budgets"])

Scope = Annotated[str, Path(min_length=1, max_length=100, examples=["workspace:2026-06"])]


class BudgetInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"limit_micros": 10_000_000_000}]})

    limit_micros: int = Field(ge=0, le=2**53 - 1, description="Millionths of the currency's minor unit.")


class BudgetList(BaseModel):
    items: list[BudgetOut]


@router.get("/budgets", summary="Ceilings: of months, the newest first, then of runs")
def list_budgets(deps: Deps, caller: Caller) -> BudgetList:
    with deps.database.read(caller.workspace_id) as session:
        return BudgetList(items=views.budgets(session))


@router.get("/budgets/{scope}", summary="One ceiling, with what is spent and set aside under it")
def get_budget(scope: Scope, deps: Deps, caller: Caller) -> BudgetOut:
    with deps.database.read(caller.workspace_id) as session:
        found = views.budget_out(session, scope)
    if found is None:
        raise NotFound("There is no such budget.")
    return found


@router.put("/budgets/{scope}", summary="Set a ceiling: of a month, of a provider in it, or of a run")
def put_budget(
    scope: Scope, body: BudgetInput, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> BudgetOut:
    return acts.set_limit(deps, caller, scope, body.limit_micros, if_match=if_match)


@router.get("/spend", summary="What was spent, by provider, purpose, run or day")
def get_spend(
    deps: Deps,
    caller: Caller,
    by: SpendBy = SpendBy.PROVIDER,
    since: Annotated[
        AwareDatetime | None, Query(description="With its zone; 30 days ago, if left out; a year ago at most.")
    ] = None,
) -> SpendReport:
    now = deps.clock.now()
    start: datetime = since or now - timedelta(days=30)
    if not now - timedelta(days=views.MOST_DAYS) <= start <= now:
        raise Rejected("`since` is not within the last year.", hint="Leave it out for the last 30 days.")
    with deps.database.read(caller.workspace_id) as session:
        return views.spend(session, by, start, now)
