"""Companies as a list: what is known of each, how many leads it has, the newest signal."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col

from api import paging
from api.views.lists import keyset
from api.views.lists.filters import CompanyFilters, company_matches, is_unknown, of_company
from store.models import Company, Lead, SignalRow
from store.queries import merges
from store.session import kept

_ORDERS = {
    "name": keyset.Order("name", (keyset.Term(col(Company.name_key), str), keyset.by_id(col(Company.id)))),
    "added": keyset.Order("added", (keyset.by_id(col(Company.id), descending=True),)),  # ids grow with time
    "updated": keyset.Order(
        "updated", (keyset.Term(col(Company.updated_at), keyset.instant, True), keyset.by_id(col(Company.id)))
    ),
    "size": keyset.Order(
        "size", (keyset.Term(keyset.unknown_last(col(Company.employees)), int, True), keyset.by_id(col(Company.id)))
    ),
}


class NewestSignal(BaseModel):
    kind: str
    observed_at: datetime


class CompanyRow(BaseModel):
    """None and empty: not known."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000001",
                    "name": "Meridian Cold Chain",
                    "domain": "meridian.example",
                    "website": "https://meridian.example",
                    "industry": "freight forwarding",
                    "employees": 120,
                    "revenue_minor": None,
                    "currency": "",
                    "country": "DE",
                    "region": "",
                    "city": "Hamburg",
                    "description": "",
                    "technologies": ["NetSuite"],
                    "tags": [],
                    "enriched_at": "2026-06-02T14:00:00Z",
                    "enrichment_gap": "",
                    "excluded_at": None,
                    "leads": 2,
                    "best_tier": 1,
                    "signal": {"kind": "hiring", "observed_at": "2026-05-24T14:00:00Z"},
                    "created_at": "2026-06-01T14:00:00Z",
                    "updated_at": "2026-06-02T14:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    domain: str | None
    website: str
    industry: str
    employees: int | None
    revenue_minor: int | None
    currency: str
    country: str
    region: str
    city: str
    description: str
    technologies: list[str]
    tags: list[str]
    enriched_at: datetime | None
    enrichment_gap: str
    excluded_at: datetime | None
    leads: int
    best_tier: int | None  # of its leads
    signal: NewestSignal | None
    created_at: datetime
    updated_at: datetime


def selected(session: Session, filters: CompanyFilters) -> Any:
    """The ids of the companies that match."""
    query = sa.select(col(Company.id)).where(*of_company(filters, _dialect(session)), merges.not_absorbed(Company))
    if filters.q:
        query = query.where(company_matches(filters.q))
    if filters.icp_id:
        query = query.where(
            sa.exists().where(col(Lead.company_id) == col(Company.id), col(Lead.icp_id) == filters.icp_id)
        )
    if filters.excluded is not None:
        query = query.where(col(Company.excluded_at).is_not(None) == filters.excluded)
    for name in filters.unknown:
        query = query.where(is_unknown(getattr(Company, name)))
    return query


def companies(
    session: Session, filters: CompanyFilters, *, limit: int = 50, cursor: str | None = None
) -> paging.Page[CompanyRow]:
    """A constant number of statements a page."""
    query = selected(session, filters).with_only_columns(*_COLUMNS)
    rows, following = keyset.page(session, query, _ORDERS[filters.sort], limit=limit, cursor=cursor)
    return paging.Page(items=shown(session, rows), next=following)


def shown(session: Session, found: Sequence[Any]) -> list[CompanyRow]:
    """`found`: companies, or rows with their columns."""
    ids = [company.id for company in found]
    signals = newest_signals(session, ids)
    leads = {row.company_id: (row.count, row.best) for row in session.execute(_LEADS, {"ids": ids})}
    items = []
    for company in found:
        count, best = leads.get(company.id, (0, None))
        values = dict(zip(_SHOWN, _values(company), strict=True))
        items.append(CompanyRow(**values, leads=count, best_tier=best, signal=signals.get(company.id)))
    return items


def newest_signals(session: Session, company_ids: Sequence[UUID]) -> dict[UUID, NewestSignal]:
    rows = session.execute(_NEWEST_SIGNALS, {"ids": sorted(set(company_ids))})
    return {row.company_id: NewestSignal(kind=row.kind, observed_at=row.observed_at) for row in rows}


_SHOWN = tuple(name for name in CompanyRow.model_fields if name not in ("leads", "best_tier", "signal"))
_values = attrgetter(*_SHOWN)
_COLUMNS = tuple(getattr(Company, name) for name in _SHOWN)
_LEADS = kept(
    sa.select(col(Lead.company_id), sa.func.count().label("count"), sa.func.min(col(Lead.tier)).label("best"))
    .where(col(Lead.company_id).in_(sa.bindparam("ids", expanding=True)), merges.not_absorbed(Lead, "contact_id"))
    .group_by(col(Lead.company_id))
)
_RANKED = (
    sa.select(
        col(SignalRow.company_id),
        col(SignalRow.kind),
        col(SignalRow.observed_at),
        sa.func.row_number()
        .over(partition_by=col(SignalRow.company_id), order_by=(col(SignalRow.observed_at).desc(), col(SignalRow.id)))
        .label("place"),
    )
    .where(col(SignalRow.company_id).in_(sa.bindparam("ids", expanding=True)))
    .subquery()
)
_NEWEST_SIGNALS = kept(
    sa.select(_RANKED.c.company_id, _RANKED.c.kind, _RANKED.c.observed_at).where(_RANKED.c.place == 1)
)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name
