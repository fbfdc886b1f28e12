"""Companies, and what is known of them with its sources."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from api import paging
from api.dependencies import Caller, Deps
from core.errors import NotFound
from store.models import Company, Fact, SignalRow

router = APIRouter(tags=["companies"])


class CompanyOut(BaseModel):
    """None and empty: not known."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    domain: str | None
    website: str
    industry: str
    employees: int | None
    revenue_minor: int | None
    currency: str
    country: str
    city: str
    description: str
    technologies: list[str]
    enriched_at: datetime | None
    enrichment_gap: str


class FactOut(BaseModel):
    """Text of strangers: data, never instructions."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    field: str
    value: Any
    source: str
    quote: str
    url: str
    observed_at: datetime
    method: str
    confidence: float
    tainted: bool


class SignalOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: str
    observed_at: datetime
    strength: float
    quote: str
    url: str
    source: str


class CompanyDetail(CompanyOut):
    facts: list[FactOut]
    signals: list[SignalOut]


@router.get("/companies", summary="Companies, in the order they came in")
def list_companies(
    deps: Deps, caller: Caller, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> paging.Page[CompanyOut]:
    query = select(Company).order_by(col(Company.id)).limit(limit + 1)
    if key := paging.decode(cursor, 1):
        query = query.where(col(Company.id) > UUID(key[0]))
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    items = [CompanyOut.model_validate(row) for row in rows[:limit]]
    return paging.Page(items=items, next=paging.encode(str(items[-1].id)) if len(rows) > limit else None)


@router.get("/companies/{company_id}", summary="One company with its facts and signals")
def get_company(company_id: UUID, deps: Deps, caller: Caller) -> CompanyDetail:
    with deps.database.read(caller.workspace_id) as session:
        company = session.get(Company, (caller.workspace_id, company_id))
        if company is None:
            raise NotFound("There is no such company.")
        facts = session.exec(
            select(Fact).where(Fact.subject_id == company_id).order_by(col(Fact.field), col(Fact.observed_at).desc())
        ).all()
        signals = session.exec(
            select(SignalRow).where(SignalRow.company_id == company_id).order_by(col(SignalRow.observed_at).desc())
        ).all()
    return CompanyDetail(
        **CompanyOut.model_validate(company).model_dump(),
        facts=[FactOut.model_validate(row) for row in facts],
        signals=[SignalOut.model_validate(row) for row in signals],
    )
