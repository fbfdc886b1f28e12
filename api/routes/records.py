"""Edits of one company or lead by a person."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import etags
from api.actions import records
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views.companies import CompanyDetail, company_detail
from api.views.leads import LeadView, lead_view
from store.models import LeadStage

router = APIRouter(route_class=ControlRoute)

_Tag = Annotated[str, Field(min_length=1, max_length=60)]
CompanyField = Literal[
    "website", "industry", "employees", "revenue_minor", "currency", "country", "region", "city", "description",
    "founded_year", "status", "tags", "technologies",
]  # fmt: skip


class CompanyEdit(BaseModel):
    """Only what is named changes. What a person says wins over every source until it is released."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"industry": "freight forwarding", "employees": 140, "tags": ["summer fair"]}]},
    )

    name: str | None = Field(default=None, min_length=1, max_length=300)
    website: str | None = Field(default=None, max_length=2_000)
    industry: str | None = Field(default=None, max_length=200)
    employees: int | None = Field(default=None, ge=0, le=100_000_000)
    revenue_minor: int | None = Field(default=None, ge=0, le=2**53)
    currency: str | None = Field(default=None, pattern=r"^([A-Za-z]{3})?$")
    country: str | None = Field(default=None, pattern=r"^([A-Za-z]{2})?$")
    region: str | None = Field(default=None, max_length=200)
    city: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=5_000)
    founded_year: int | None = Field(default=None, ge=1000, le=2100)
    tags: list[_Tag] | None = Field(default=None, max_length=50)
    technologies: list[_Tag] | None = Field(default=None, max_length=200)
    release: list[CompanyField] = Field(
        default=[], max_length=13, description="People's words on these no longer count; what sources say decides."
    )


class LeadEdit(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"stage": "lost", "reason": "Chose a rival."}]}
    )

    stage: LeadStage | None = Field(default=None, description=f"By hand: {', '.join(records.BY_HAND_STAGES)}.")
    reason: Literal["", "wrong_person", "not_a_fit", "bad_timing", "customer_already", "handled_elsewhere", "other"] = (
        ""
    )
    mailbox_id: UUID | None = Field(default=None, description="Who writes to them, where nobody has yet.")


@router.patch("/companies/{company_id}", tags=["companies"], summary="Edit a company; a person's word wins")
def edit_company(
    company_id: UUID, body: CompanyEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None
) -> CompanyDetail:
    records.edit_company(
        deps,
        caller,
        company_id,
        body.model_dump(exclude_unset=True, exclude={"release"}),
        release=tuple(body.release),
        if_match=if_match,
        shown=lambda session: company_detail(session, company_id),
    )
    with deps.database.read(caller.workspace_id) as session:
        return company_detail(session, company_id)


@router.patch("/leads/{lead_id}", tags=["leads"], summary="Give a lead another stage or owner")
def edit_lead(lead_id: UUID, body: LeadEdit, deps: Deps, caller: Caller, if_match: etags.IfMatch = None) -> LeadView:
    sealer = deps.context_for(caller.workspace_id).sealer
    records.edit_lead(
        deps,
        caller,
        lead_id,
        stage=body.stage,
        reason=body.reason,
        mailbox_id=body.mailbox_id,
        if_match=if_match,
        shown=lambda session: lead_view(session, sealer, caller, lead_id, deps.clock.now()),
    )
    with deps.database.read(caller.workspace_id) as session:
        return lead_view(session, sealer, caller, lead_id, deps.clock.now())
