"""Ceilings and what was spent under them: by provider, purpose, run and day. Amounts are micros: millionths of the
workspace currency's minor unit."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from store import ledger
from store.models import Budget, Lead, SpendEntry, SpendState
from store.queries import workspaces
from store.session import workspace_of

MOST_DAYS = 366


class SpendBy(StrEnum):
    PROVIDER = "provider"
    PURPOSE = "purpose"
    RUN = "run"
    DAY = "day"


class BudgetOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scope": "workspace:2026-06",
                    "limit_micros": 10_000_000_000,
                    "spent_micros": 4_200_000_000,
                    "reserved_micros": 0,
                    "left_micros": 5_800_000_000,
                    "currency": "USD",
                }
            ]
        }
    )

    scope: str  # "workspace:2026-06": a month; "run:<id>"
    limit_micros: int
    spent_micros: int
    reserved_micros: int  # set aside for calls that are under way
    left_micros: int  # below 0: the ceiling was lowered, or a call cost more than was reserved
    currency: str


class Spend(BaseModel):
    key: str  # a provider, a purpose, a run's id ("" for none), a day
    calls: int
    spent_micros: int
    reserved_micros: int


class SpendReport(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "by": "provider",
                    "since": "2026-06-01T00:00:00Z",
                    "currency": "USD",
                    "spent_micros": 4_200_000_000,
                    "leads": 120,
                    "per_lead_micros": 35_000_000,
                    "items": [{"key": "openai", "calls": 310, "spent_micros": 4_200_000_000, "reserved_micros": 0}],
                }
            ]
        }
    )

    by: SpendBy
    since: datetime
    currency: str
    spent_micros: int
    leads: int  # made in the same time
    per_lead_micros: int | None  # None: no lead was made
    items: list[Spend]


def month_scope(at: datetime) -> str:
    """Of the calendar month, in UTC: what the language model's calls are metered under."""
    return f"workspace:{at:%Y-%m}"


def budget_out(session: Session, scope: str) -> BudgetOut | None:
    row = session.exec(select(Budget).where(Budget.scope == scope)).first()
    return _out(row, _currency(session)) if row is not None else None


def budgets(session: Session) -> list[BudgetOut]:
    """Of the months, the newest first; then of runs."""
    currency = _currency(session)
    query = select(Budget).order_by(
        sa.case((col(Budget.scope).startswith("workspace:"), 0), else_=1), col(Budget.scope).desc()
    )
    return [_out(row, currency) for row in session.exec(query.limit(200))]


def spend(session: Session, by: SpendBy, since: datetime, until: datetime) -> SpendReport:
    """Under the ceilings of months: every call has its one entry there."""
    items = _by_day(session, since, until) if by is SpendBy.DAY else _by_key(session, by, since)
    made = select(sa.func.count()).select_from(Lead).where(col(Lead.created_at) >= since)
    leads, spent = int(session.exec(made).one()), sum(item.spent_micros for item in items)
    return SpendReport(
        by=by,
        since=since,
        currency=_currency(session),
        spent_micros=spent,
        leads=leads,
        per_lead_micros=spent // leads if leads else None,
        items=items,
    )


def _by_key(session: Session, by: SpendBy, since: datetime) -> list[Spend]:
    kind = {SpendBy.PROVIDER: ledger.By.PROVIDER, SpendBy.PURPOSE: ledger.By.PURPOSE, SpendBy.RUN: ledger.By.RUN}[by]
    return [
        Spend(key=total.key, calls=total.calls, spent_micros=total.spent_micros, reserved_micros=total.reserved_micros)
        for total in ledger.totals(session, kind, since=since)
    ]


def _by_day(session: Session, since: datetime, until: datetime) -> list[Spend]:
    """Of the workspace's calendar; days without a call too. Grouped by hour in the database, by day here: zones are
    no matter of SQL that both databases share."""
    zone = ZoneInfo(workspaces.get(session, workspace_of(session)).time_zone or "UTC")
    hour = _hour(session)
    months = select(Budget.id).where(col(Budget.scope).startswith("workspace:"))
    held = sa.case((col(SpendEntry.state) == SpendState.RESERVED, col(SpendEntry.reserved_micros)), else_=0)
    query = (
        sa.select(hour, sa.func.count(), sa.func.sum(col(SpendEntry.cost_micros)), sa.func.sum(held))
        .where(
            col(SpendEntry.budget_id).in_(months),
            col(SpendEntry.state) != SpendState.RELEASED,
            col(SpendEntry.created_at) >= since,
        )
        .group_by(hour)
    )
    found: dict[date, list[int]] = {}
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last and len(found) < MOST_DAYS:
        found[day] = [0, 0, 0]
        day += timedelta(days=1)
    for text, calls, cost, reserved in session.execute(query):
        at = datetime.fromisoformat(f"{str(text).replace(' ', 'T')}:00:00+00:00").astimezone(zone).date()
        if at in found:
            found[at] = [a + int(b) for a, b in zip(found[at], (calls, cost, reserved), strict=True)]
    return [
        Spend(key=at.isoformat(), calls=calls, spent_micros=cost, reserved_micros=reserved)
        for at, (calls, cost, reserved) in found.items()
    ]


def _hour(session: Session) -> Any:
    """ "2026-06-02 14", in UTC."""
    if session.get_bind().dialect.name == "postgresql":
        at = sa.func.timezone(sa.literal_column("'UTC'"), col(SpendEntry.created_at))
        return sa.func.to_char(at, sa.literal_column("'YYYY-MM-DD HH24'"))
    return sa.func.substr(sa.cast(col(SpendEntry.created_at), sa.Text), sa.literal_column("1"), sa.literal_column("13"))


def _currency(session: Session) -> str:
    return workspaces.get(session, workspace_of(session)).currency


def _out(row: Budget, currency: str) -> BudgetOut:
    return BudgetOut(
        scope=row.scope,
        limit_micros=row.limit_micros,
        spent_micros=row.spent_micros,
        reserved_micros=row.reserved_micros,
        left_micros=row.limit_micros - row.spent_micros - row.reserved_micros,
        currency=currency,
    )


def run_of(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None
