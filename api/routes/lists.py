"""Companies, contacts and leads as lists: filters, orders, pages, counts and CSV files."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.actions import bulk, exports
from api.actions.selections import Ids
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.lists import companies, contacts, leads
from api.views.lists.companies import CompanyRow
from api.views.lists.contacts import ContactRow
from api.views.lists.filters import CompanyFilters, ContactFilters, LeadFilters
from api.views.lists.leads import LeadRow

router = APIRouter(route_class=ControlRoute)

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "A CSV file in UTF-8, with a header."}
}


class CompanyQuery(CompanyFilters):
    model_config = ConfigDict(extra="ignore")  # limit, cursor and fields stand in the same query


class ContactQuery(ContactFilters):
    model_config = ConfigDict(extra="ignore")


class LeadQuery(LeadFilters):
    model_config = ConfigDict(extra="ignore")


class ListCount(BaseModel):
    count: int = Field(description="How many match; 10,000 at most.")
    more: bool = Field(description="There are more than 10,000.")


class ExportInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"ids": ["01979a3e-7a1f-7000-8000-000000000001"]}]}
    )

    ids: Ids


@router.get("/companies", tags=["companies"], summary="Companies that match, in one of the fixed orders")
def list_companies(
    deps: Deps,
    caller: Caller,
    filters: Annotated[CompanyQuery, Query()],
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[CompanyRow]:
    with deps.database.read(caller.workspace_id) as session:
        return companies.companies(session, filters, limit=limit, cursor=cursor)


@router.get("/contacts", tags=["contacts"], summary="Contacts that match, in one of the fixed orders")
def list_contacts(
    deps: Deps,
    caller: Caller,
    filters: Annotated[ContactQuery, Query()],
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[ContactRow]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return contacts.contacts(session, sealer, caller, filters, limit=limit, cursor=cursor)


@router.get("/leads", tags=["leads"], summary="Leads that match, the best first unless another order is asked for")
def list_leads(
    deps: Deps,
    caller: Caller,
    filters: Annotated[LeadQuery, Query()],
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[LeadRow]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return leads.leads(session, sealer, caller, filters, limit=limit, cursor=cursor)


@router.get("/companies/count", tags=["companies"], summary="How many companies match")
def count_companies(deps: Deps, caller: Caller, filters: Annotated[CompanyQuery, Query()]) -> ListCount:
    return _counted(bulk.count_matching(deps, caller, filters))


@router.get("/contacts/count", tags=["contacts"], summary="How many contacts match")
def count_contacts(deps: Deps, caller: Caller, filters: Annotated[ContactQuery, Query()]) -> ListCount:
    return _counted(bulk.count_matching(deps, caller, filters))


@router.get("/leads/count", tags=["leads"], summary="How many leads match")
def count_leads(deps: Deps, caller: Caller, filters: Annotated[LeadQuery, Query()]) -> ListCount:
    return _counted(bulk.count_matching(deps, caller, filters))


@router.get("/companies/export.csv", tags=["companies"], summary="The companies that match, as a file", responses=_CSV)
def export_companies(deps: Deps, caller: Caller, filters: Annotated[CompanyQuery, Query()]) -> StreamingResponse:
    return csv_file("companies", exports.export(deps, caller, filters))


@router.get("/contacts/export.csv", tags=["contacts"], summary="The contacts that match, as a file", responses=_CSV)
def export_contacts(deps: Deps, caller: Caller, filters: Annotated[ContactQuery, Query()]) -> StreamingResponse:
    return csv_file("contacts", exports.export(deps, caller, filters))


@router.get("/leads/export.csv", tags=["leads"], summary="The leads that match, as a file", responses=_CSV)
def export_leads(deps: Deps, caller: Caller, filters: Annotated[LeadQuery, Query()]) -> StreamingResponse:
    return csv_file("leads", exports.export(deps, caller, filters))


@router.post("/companies/export.csv", tags=["companies"], summary="These companies, as a file", responses=_CSV)
def export_chosen_companies(body: ExportInput, deps: Deps, caller: Caller) -> StreamingResponse:
    return csv_file("companies", exports.export(deps, caller, CompanyFilters(), body.ids))


@router.post("/contacts/export.csv", tags=["contacts"], summary="These contacts, as a file", responses=_CSV)
def export_chosen_contacts(body: ExportInput, deps: Deps, caller: Caller) -> StreamingResponse:
    return csv_file("contacts", exports.export(deps, caller, ContactFilters(), body.ids))


@router.post("/leads/export.csv", tags=["leads"], summary="These leads, as a file", responses=_CSV)
def export_chosen_leads(body: ExportInput, deps: Deps, caller: Caller) -> StreamingResponse:
    return csv_file("leads", exports.export(deps, caller, LeadFilters(), body.ids))


def csv_file(name: str, pieces: object) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)  # type: ignore[arg-type]


def _counted(found: int) -> ListCount:
    return ListCount(count=min(found, bulk.MOST), more=found > bulk.MOST)
