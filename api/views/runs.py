"""Runs: a list with what each brought, one with its progress. Sums are made by the database, whatever a run's size."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api import paging
from api.views.people import names_of_actors
from api.views.run_companies import Counted, counted_once
from core.errors import NotFound, Rejected
from store.ledger import run_scope
from store.models import (
    Budget,
    Draft,
    Icp,
    IcpVersion,
    ImportBatch,
    Lead,
    Run,
    RunState,
    SpendEntry,
    SpendState,
    Workspace,
)
from store.queries import merges
from store.session import workspace_of

IMPORT = "import:"
OVER = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)


class RunOut(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0192c1a0-0000-7000-8000-000000000009",
                    "icp_version_id": "0192c1a0-0000-7000-8000-000000000002",
                    "icp_id": "0192c1a0-0000-7000-8000-000000000001",
                    "icp_name": "Freight forwarders, DACH",
                    "icp_version": 3,
                    "state": "running",
                    "stage": "sourcing",
                    "source": "store",
                    "source_label": "companies that are here",
                    "enroll": True,
                    "max_companies": 200,
                    "companies_seen": 120,
                    "companies_kept": 44,
                    "tiers": {"1": 4, "2": 12, "3": 9, "4": 3},
                    "drafts": 11,
                    "cost_micros": 125000,
                    "ceiling_micros": 5000000,
                    "currency": "EUR",
                    "error": "",
                    "created_by": "user:0192c1a0-0000-7000-8000-00000000000a",
                    "started_by": "Ann Miller",
                    "created_at": "2026-06-02T14:00:00Z",
                    "finished_at": None,
                }
            ]
        }
    )

    id: UUID
    icp_version_id: UUID
    icp_id: UUID
    icp_name: str
    icp_version: int
    state: RunState
    stage: str = Field(description="`new`, `sourcing` or `sourced`: how far its source is read.")
    source: str
    source_label: str = Field(description="The source in words: the file's name for an import.")
    enroll: bool
    max_companies: int | None
    companies_seen: int = Field(description="Each once, also where a merge made two of them one.")
    companies_kept: int
    tiers: dict[str, int] = Field(description="Leads by tier that this run was the last to score.")
    drafts: int = Field(description="Drafts written so far for those leads.")
    cost_micros: int = Field(description="Spent on providers and models, in millionths of `currency`'s minor unit.")
    ceiling_micros: int | None = Field(description="What the run may spend; null: only the workspace's budget binds.")
    currency: str
    error: str
    created_by: str
    started_by: str = Field(description="The name of who started it.")
    created_at: datetime
    finished_at: datetime | None


def list_runs(
    session: Session,
    *,
    state: RunState | None = None,
    icp_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> paging.Page[RunOut]:
    """The newest first."""
    query = select(Run).order_by(col(Run.created_at).desc(), col(Run.id).desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Run.state == state)
    if icp_id is not None:
        query = query.where(col(Run.icp_version_id).in_(select(IcpVersion.id).where(IcpVersion.icp_id == icp_id)))
    if key := paging.decode(cursor, 2):
        at, last = _place(key)
        query = query.where(sa.or_(col(Run.created_at) < at, sa.and_(col(Run.created_at) == at, col(Run.id) < last)))
    rows = session.exec(query).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=runs_out(session, rows[:limit]),
        next=paging.encode(last_row.created_at.isoformat(), str(last_row.id)) if last_row else None,
    )


def _place(key: Sequence[Any]) -> tuple[datetime, UUID]:
    """Raises Rejected, as any cursor does that is not ours."""
    try:
        return datetime.fromisoformat(key[0]), UUID(key[1])
    except (AttributeError, TypeError, ValueError) as error:
        raise Rejected(
            "This cursor is not one of ours.", hint="Start again without a cursor.", code="bad_cursor"
        ) from error


def run_out(session: Session, run_id: UUID) -> RunOut:
    """Raises NotFound."""
    return runs_out(session, [run_of(session, run_id)])[0]


def run_of(session: Session, run_id: UUID) -> Run:
    found = session.get(Run, (workspace_of(session), run_id), with_for_update=session.info["writes"])
    if found is None:
        raise NotFound("There is no such run.", hint="GET /api/v1/runs lists them.")
    return found


def runs_out(session: Session, rows: Sequence[Run]) -> list[RunOut]:
    """As many queries for fifty runs as for one."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    icps = _icps(session, [row.icp_version_id for row in rows])
    tiers, drafts, costs = tiers_of(session, ids), _drafts(session, ids), _costs(session, ids)
    ceilings, names, labels = _ceilings(session, ids), names_of_actors(session), _source_labels(session, rows)
    currency, counted = currency_of(session), counted_once(session, ids)
    found = []
    for row in rows:
        icp_id, icp_name, number = icps[row.icp_version_id]
        seen, kept = counted.get(row.id, Counted(row.companies_seen, row.companies_kept))
        found.append(
            RunOut(
                id=row.id,
                icp_version_id=row.icp_version_id,
                icp_id=icp_id,
                icp_name=icp_name,
                icp_version=number,
                state=row.state,
                stage=row.stage,
                source=row.source,
                source_label=labels[row.source],
                enroll=row.enroll,
                max_companies=row.max_companies,
                companies_seen=seen,
                companies_kept=kept,
                tiers=tiers.get(row.id, {}),
                drafts=drafts.get(row.id, 0),
                cost_micros=costs.get(row.id, 0),
                ceiling_micros=ceilings.get(run_scope(row.id)),
                currency=currency,
                error=row.error,
                created_by=row.created_by,
                started_by=names.get(row.created_by) or row.created_by.partition(":")[0] or "unknown",
                created_at=row.created_at,
                finished_at=row.finished_at,
            )
        )
    return found


def tiers_of(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Scored leads by run and tier: those that the run was the last to score."""
    query = (
        sa.select(col(Lead.run_id), col(Lead.tier), sa.func.count())
        .where(col(Lead.run_id).in_(run_ids), col(Lead.tier_reason) != "", merges.not_absorbed(Lead, "contact_id"))
        .group_by(col(Lead.run_id), col(Lead.tier))
        .order_by(col(Lead.run_id), col(Lead.tier))
    )
    found: dict[UUID, dict[str, int]] = {}
    for run_id, tier, count in session.execute(query):
        found.setdefault(run_id, {})[str(tier)] = count
    return found


def currency_of(session: Session) -> str:
    workspace = session.get(Workspace, workspace_of(session))
    return workspace.currency if workspace else ""


def of_workspace_scope() -> sa.Select[Any]:
    """A call under a run's own ceiling has an entry there too: only those under the workspace's add up."""
    return sa.select(col(Budget.id)).where(col(Budget.scope).startswith("workspace:", autoescape=True))


def _icps(session: Session, version_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str, int]]:
    query = (
        sa.select(col(IcpVersion.id), col(Icp.id), col(Icp.name), col(IcpVersion.number))
        .join(Icp, (col(Icp.workspace_id) == col(IcpVersion.workspace_id)) & (col(Icp.id) == col(IcpVersion.icp_id)))
        .where(col(IcpVersion.id).in_(version_ids))
    )
    return {version_id: (icp_id, name, number) for version_id, icp_id, name, number in session.execute(query)}


def _drafts(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = (
        sa.select(col(Lead.run_id), sa.func.count())
        .join(Draft, (col(Draft.workspace_id) == col(Lead.workspace_id)) & (col(Draft.lead_id) == col(Lead.id)))
        .where(col(Lead.run_id).in_(run_ids))
        .group_by(col(Lead.run_id))
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _costs(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = (
        sa.select(col(SpendEntry.run_id), sa.func.sum(col(SpendEntry.cost_micros)))
        .where(
            col(SpendEntry.run_id).in_(run_ids),
            col(SpendEntry.state) == SpendState.SETTLED,
            col(SpendEntry.budget_id).in_(of_workspace_scope()),
        )
        .group_by(col(SpendEntry.run_id))
    )
    return {run_id: int(cost) for run_id, cost in session.execute(query) if run_id}


def _ceilings(session: Session, run_ids: Sequence[UUID]) -> dict[str, int]:
    query = sa.select(col(Budget.scope), col(Budget.limit_micros)).where(
        col(Budget.scope).in_([run_scope(run_id) for run_id in run_ids])
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _source_labels(session: Session, rows: Sequence[Run]) -> dict[str, str]:
    sources = {row.source for row in rows}
    labels = {source: source for source in sources} | {
        "store": "companies that are here",
        "rescore": "its leads, scored again",
    }
    batches = {_batch_id(source): source for source in sources if source.startswith(IMPORT)}
    query = sa.select(col(ImportBatch.id), col(ImportBatch.file_name)).where(col(ImportBatch.id).in_(batches))
    for batch_id, name in session.execute(query):
        labels[batches[batch_id]] = name
    return labels


def _batch_id(source: str) -> UUID | None:
    try:
        return UUID(source.removeprefix(IMPORT))
    except ValueError:
        return None
