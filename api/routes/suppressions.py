"""Who is never written to again."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from agents import suppressing
from agents.suppressing import Entry
from api import paging
from api.actions import suppressions as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import suppressions as views
from api.views.suppressions import SuppressionOut

router = APIRouter(route_class=ControlRoute, tags=["suppressions"])

Reason = Literal["manual", "opt_out", "objection", "complaint", "hard_bounce", "imported"]


class SuppressionInput(BaseModel):
    """An address, a domain (`*.acme.example`: only what is below it) or a company. Only its keyed hash is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "pat@company.example"}]})

    address: str = Field(default="", max_length=254)
    domain: str = Field(default="", max_length=253)
    company_id: UUID | None = None
    reason: Literal["manual", "opt_out", "objection", "complaint"] = "manual"


class SuppressionRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=16, description="address, domain, company, sha256; or one with _key, from an export.")
    value: str = Field(max_length=254)
    reason: Reason = "imported"


class SuppressionBatch(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "rows": [{"kind": "domain", "value": "*.competitor.example", "reason": "manual"}],
                    "source": "list of 2 March",
                }
            ]
        },
    )

    rows: list[SuppressionRow] = Field(min_length=1, max_length=1_000)
    source: str = Field(default="", max_length=100, description="Where the list comes from.")


class SuppressionRelease(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"domain": "company.example", "why": "mistake"}]}
    )

    address: str = Field(default="", max_length=254)
    domain: str = Field(default="", max_length=253)
    company_id: UUID | None = None
    why: Literal["mistake", "address_works_again", "new_consent", "test"]


class SuppressionCounts(BaseModel):
    """Counts only: what is kept is keyed hashes, which tell nobody anything."""

    total: int
    by_reason: dict[str, int]


class Suppressed(BaseModel):
    new: int  # 0: it was suppressed before


class Released(BaseModel):
    keys: int


@router.get("/suppressions", summary="How many addresses and domains are never written to")
def count_suppressions(deps: Deps, caller: Caller) -> SuppressionCounts:
    with deps.database.read(caller.workspace_id) as session:
        found = views.counts(session)
    return SuppressionCounts(total=sum(found.values()), by_reason=found)


@router.get("/suppressions/entries", summary="The list: keyed hashes with reason and source")
def list_suppressions(
    deps: Deps,
    caller: Caller,
    kind: Annotated[str, Query(max_length=16)] = "",
    reason: Annotated[str, Query(max_length=64)] = "",
    domain: Annotated[str, Query(max_length=253, description="Only what suppresses this domain.")] = "",
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[SuppressionOut]:
    context = deps.context_for(caller.workspace_id)
    keys = [key for _, key in suppressing.keys_of(context, Entry("domain", domain))] if domain else None
    with deps.database.read(caller.workspace_id) as session:
        return views.listed(session, kind=kind, reason=reason, keys=keys, limit=limit, cursor=cursor)


@router.post("/suppressions", summary="Never write to this address, domain or company again")
def add_suppression(body: SuppressionInput, deps: Deps, caller: Caller) -> Suppressed:
    company = str(body.company_id) if body.company_id else ""
    entry = acts.entry_of(body.address, body.domain, company, reason=body.reason)
    return Suppressed(new=acts.add(deps, caller, [entry]))


@router.post("/suppressions/batch", summary="Never write to any of these again; a second time changes nothing")
def import_suppressions(body: SuppressionBatch, deps: Deps, caller: Caller) -> Suppressed:
    entries = [Entry(row.kind, row.value, row.reason) for row in body.rows]
    return Suppressed(new=acts.add(deps, caller, entries, source=body.source))


@router.post(
    "/suppressions/release", summary="Take one off the list, with a reason; never of who said no or was erased"
)
def release_suppression(body: SuppressionRelease, deps: Deps, caller: Caller) -> Released:
    company = str(body.company_id) if body.company_id else ""
    entry = acts.entry_of(body.address, body.domain, company)
    return Released(keys=acts.release(deps, caller, entry, why=body.why))
