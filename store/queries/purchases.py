"""What was asked of vendors of data and what came of it: what the evidence buyer learns from, and what it all cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.ids import stable_id
from store import bulk
from store.models import Company, FillRate, Lead, Purchase, PurchaseOutcome
from store.session import workspace_of

Rates = Mapping[tuple[str, str], tuple[int, int]]  # (field, segment) → (asked, filled)


@dataclass(frozen=True, slots=True)
class Asked:
    """The latest answer of one provider about one company."""

    outcome: PurchaseOutcome
    at: datetime


def latest(
    session: Session, company_ids: Sequence[UUID], capabilities: Sequence[str], since: datetime
) -> dict[tuple[UUID, str, str], Asked]:
    """By (company, provider, capability), of these companies, since then. One query; at most a cohort of companies."""
    query = (
        sa.select(
            col(Purchase.company_id),
            col(Purchase.provider),
            col(Purchase.capability),
            col(Purchase.outcome),
            col(Purchase.at),
        )
        .where(
            col(Purchase.company_id).in_(company_ids),
            col(Purchase.capability).in_(capabilities),
            col(Purchase.at) >= since,
        )
        .order_by(col(Purchase.at), col(Purchase.id))
    )
    return {
        (company_id, provider, capability): Asked(outcome, at)
        for company_id, provider, capability, outcome, at in session.execute(query)
    }


@dataclass(frozen=True, slots=True)
class History:
    """One earlier question, with what it asked for."""

    company_id: UUID
    contact_id: UUID | None
    provider: str
    asked: frozenset[str]
    outcome: PurchaseOutcome
    at: datetime


def history(
    session: Session, company_ids: Sequence[UUID], capabilities: Sequence[str], since: datetime
) -> list[History]:
    """Every question about these companies and their people since then, the oldest first. One query."""
    query = (
        sa.select(
            col(Purchase.company_id),
            col(Purchase.contact_id),
            col(Purchase.provider),
            col(Purchase.asked),
            col(Purchase.outcome),
            col(Purchase.at),
        )
        .where(
            col(Purchase.company_id).in_(company_ids),
            col(Purchase.capability).in_(capabilities),
            col(Purchase.at) >= since,
        )
        .order_by(col(Purchase.at), col(Purchase.id))
    )
    return [
        History(company_id, contact_id, provider, frozenset(asked), outcome, at)
        for company_id, contact_id, provider, asked, outcome, at in session.execute(query)
    ]


def rates(session: Session) -> dict[str, dict[tuple[str, str], tuple[int, int]]]:
    """What each provider of the workspace said so far: provider → (field, segment) → (asked, filled)."""
    found: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    columns = (
        col(FillRate.provider),
        col(FillRate.field),
        col(FillRate.segment),
        col(FillRate.asked),
        col(FillRate.filled),
    )
    for provider, field, segment, asked, filled in session.execute(sa.select(*columns)):
        found.setdefault(provider, {})[(field, segment)] = (asked, filled)
    return found


def spent_on(session: Session, company_ids: Sequence[UUID], since: datetime) -> dict[UUID, int]:
    """Micros paid for each of these companies since then; companies that cost nothing are left out."""
    total = sa.func.sum(col(Purchase.cost_micros))
    query = (
        sa.select(col(Purchase.company_id), total)
        .where(col(Purchase.company_id).in_(company_ids), col(Purchase.at) >= since)
        .group_by(col(Purchase.company_id))
        .having(total > 0)
    )
    return {company_id: int(micros) for company_id, micros in session.execute(query)}


def keep(session: Session, rows: Sequence[Mapping[str, Any]], segments: Mapping[UUID, str]) -> None:
    """Keep purchases, and count what they say of their providers. `segments`: of each company that a row names.

    A provider that was down or refused says nothing about what it knows, and is not counted.
    """
    bulk.insert(session, Purchase, [dict(row) for row in rows])
    counts: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        if row["outcome"] in (PurchaseOutcome.DOWN, PurchaseOutcome.REFUSED):
            continue
        for name in row["asked"]:
            count = counts.setdefault((row["provider"], name, segments.get(row["company_id"], "")), [0, 0])
            count[0] += 1
            count[1] += name in row["filled"]
    if not counts:
        return
    workspace_id = workspace_of(session)
    values = [
        {
            "workspace_id": workspace_id,
            "id": stable_id("fill_rate", workspace_id, *key),
            "provider": key[0],
            "field": key[1],
            "segment": key[2],
            "asked": asked,
            "filled": filled,
        }
        for key, (asked, filled) in sorted(counts.items())  # in one order, so that two workers cannot deadlock
    ]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(FillRate)
    added = statement.on_conflict_do_update(
        index_elements=["workspace_id", "provider", "field", "segment"],
        set_={
            "asked": col(FillRate.asked) + statement.excluded.asked,
            "filled": col(FillRate.filled) + statement.excluded.filled,
        },
    )
    session.execute(added, values)


@dataclass(frozen=True, slots=True)
class ProviderWorth:
    """What one provider brought for its money."""

    provider: str
    capability: str
    asked: int  # subjects
    filled: int  # of them it said something new about
    down: int
    cost_micros: int
    moved: int  # companies whose likeliest tier was another after its answer

    @property
    def fill_rate(self) -> float | None:
        """0–1; None where it never answered."""
        answered = self.asked - self.down
        return self.filled / answered if answered else None

    @property
    def cost_of_an_answer(self) -> float | None:
        """Micros; None where it never said anything new."""
        return self.cost_micros / self.filled if self.filled else None


def worth(session: Session, since: datetime | None = None, run_id: UUID | None = None) -> list[ProviderWorth]:
    """Of every provider that was asked, the dearest first."""
    filled = sa.func.sum(sa.case((col(Purchase.outcome) == PurchaseOutcome.FILLED, 1), else_=0))
    failed = col(Purchase.outcome).in_([PurchaseOutcome.DOWN, PurchaseOutcome.REFUSED])
    moved = sa.func.sum(sa.case((col(Purchase.tier_before) != col(Purchase.tier_after), 1), else_=0))
    cost = sa.func.sum(col(Purchase.cost_micros))
    query = (
        sa.select(
            col(Purchase.provider),
            col(Purchase.capability),
            sa.func.count(),
            filled,
            sa.func.sum(sa.case((failed, 1), else_=0)),
            cost,
            moved,
        )
        .where(*_within(since, run_id))
        .group_by(col(Purchase.provider), col(Purchase.capability))
        .order_by(cost.desc(), col(Purchase.provider), col(Purchase.capability))
    )
    return [
        ProviderWorth(provider, capability, asked, int(known), int(down), int(micros), int(other))
        for provider, capability, asked, known, down, micros, other in session.execute(query)
    ]


@dataclass(frozen=True, slots=True)
class CompanyCost:
    company_id: UUID
    name: str
    cost_micros: int
    leads: int

    @property
    def per_lead_micros(self) -> float | None:
        """None where nobody of the company became a lead."""
        return self.cost_micros / self.leads if self.leads else None


def costs(
    session: Session, *, run_id: UUID | None = None, since: datetime | None = None, limit: int = 50
) -> list[CompanyCost]:
    """The companies that data cost most, with what that is a lead."""
    paid = sa.func.sum(col(Purchase.cost_micros))
    leads = (
        sa.select(sa.func.count())
        .where(col(Lead.workspace_id) == col(Company.workspace_id), col(Lead.company_id) == col(Company.id))
        .scalar_subquery()
    )
    query = (
        sa.select(col(Company.id), col(Company.name), paid, leads)
        .join(Purchase, sa.and_(col(Purchase.company_id) == col(Company.id)))
        .where(*_within(since, run_id))
        .group_by(col(Company.workspace_id), col(Company.id), col(Company.name))
        .having(paid > 0)
        .order_by(paid.desc(), col(Company.id))
        .limit(limit)
    )
    return [CompanyCost(i, name, int(micros), int(count)) for i, name, micros, count in session.execute(query)]


def _within(since: datetime | None, run_id: UUID | None) -> Iterable[sa.ColumnElement[bool]]:
    if since is not None:
        yield col(Purchase.at) >= since
    if run_id is not None:
        yield col(Purchase.run_id) == run_id
