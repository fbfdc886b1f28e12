"""ICPs and their versions as API and console show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api import paging
from api.views.people import names_of_actors
from core.errors import NotFound
from scoring.icp import IcpDefinition, IcpError, parse_icp
from store.models import Icp, IcpVersion, Lead, Run, RunState
from store.session import workspace_of


class IcpVersionOut(BaseModel):
    id: UUID
    icp_id: UUID
    number: int
    definition: dict[str, Any]
    created_by: str
    created_at: datetime


class IcpOut(BaseModel):
    id: UUID
    name: str
    archived: bool
    created_at: datetime
    version: IcpVersionOut | None = Field(description="The newest: what the next run goes by.")


class RestoredVersionOut(IcpVersionOut):
    restored: int = Field(description="The number of the version whose words are in force again.")
    run_id: UUID | None = Field(description="The run that scores its leads again; null: there was nothing to do.")


class LastRun(BaseModel):
    id: UUID
    state: RunState
    created_at: datetime


class IcpItem(IcpOut):
    tiers: dict[str, int] = Field(description="Scored leads by tier.")
    last_run: LastRun | None


class IcpList(BaseModel):
    items: list[IcpItem]


class VersionItem(IcpVersionOut):
    author: str = Field(description="The name of who made it.")


def list_icps(session: Session, *, archived: bool | None = None) -> IcpList:
    """By name; a workspace has tens of them. Four queries."""
    query = select(Icp).order_by(col(Icp.name), col(Icp.id))
    if archived is not None:
        query = query.where(col(Icp.archived_at).is_not(None) if archived else col(Icp.archived_at).is_(None))
    rows = session.exec(query).all()
    versions, tiers, runs = _newest_of_all(session), _tiers(session), _last_runs(session)
    return IcpList(
        items=[
            IcpItem(
                **icp_out(row, versions.get(row.id)).model_dump(),
                tiers=tiers.get(row.id, {}),
                last_run=runs.get(row.id),
            )
            for row in rows
        ]
    )


def icp_view(session: Session, icp_id: UUID) -> IcpOut:
    """Raises NotFound."""
    return icp_out(icp_of(session, icp_id), newest(session, icp_id))


def icp_of(session: Session, icp_id: UUID) -> Icp:
    """Raises NotFound."""
    found = session.get(Icp, (workspace_of(session), icp_id), with_for_update=session.info["writes"])
    if found is None:
        raise NotFound("There is no such ICP.", hint="GET /api/v1/icps lists them.")
    return found


def newest(session: Session, icp_id: UUID) -> IcpVersion | None:
    query = select(IcpVersion).where(IcpVersion.icp_id == icp_id).order_by(col(IcpVersion.number).desc()).limit(1)
    return session.exec(query).first()


def version_of(session: Session, icp_id: UUID, number: int) -> IcpVersion:
    """Raises NotFound."""
    found = session.exec(select(IcpVersion).where(IcpVersion.icp_id == icp_id, IcpVersion.number == number)).first()
    if found is None:
        raise NotFound("The ICP has no such version.", hint="GET /api/v1/icps/{id}/versions lists them.")
    return found


def versions(session: Session, icp_id: UUID, *, limit: int = 50, cursor: str | None = None) -> paging.Page[VersionItem]:
    """The newest first. Raises NotFound."""
    icp_of(session, icp_id)
    query = (
        select(IcpVersion).where(IcpVersion.icp_id == icp_id).order_by(col(IcpVersion.number).desc()).limit(limit + 1)
    )
    if key := paging.decode(cursor, 1):
        query = query.where(col(IcpVersion.number) < int(key[0]))
    rows: Sequence[IcpVersion] = session.exec(query).all()
    names = names_of_actors(session)
    items = [
        VersionItem(**version_out(row).model_dump(), author=names.get(row.created_by) or _sort(row.created_by))
        for row in rows[:limit]
    ]
    return paging.Page(items=items, next=paging.encode(items[-1].number) if len(rows) > limit else None)


def version_out(row: IcpVersion) -> IcpVersionOut:
    return IcpVersionOut.model_validate(row, from_attributes=True)


def icp_out(row: Icp, version: IcpVersion | None) -> IcpOut:
    return IcpOut(
        id=row.id,
        name=row.name,
        archived=row.archived_at is not None,
        created_at=row.created_at,
        version=version_out(version) if version else None,
    )


def read_definition(definition: dict[str, Any]) -> IcpDefinition | None:
    """None for one that today's rules cannot read: it was stored by others."""
    try:
        return parse_icp(definition)
    except IcpError:
        return None


def _sort(actor: str) -> str:
    """Of an actor without a name: what sort it is, for people."""
    return {"key": "an API key", "cli": "the command line"}.get(actor.partition(":")[0], actor or "unknown")


def _newest_of_all(session: Session) -> dict[UUID, IcpVersion]:
    last = (
        sa.select(col(IcpVersion.icp_id).label("icp_id"), sa.func.max(col(IcpVersion.number)).label("number"))
        .where(col(IcpVersion.workspace_id) == workspace_of(session))
        .group_by(col(IcpVersion.icp_id))
        .subquery()
    )
    query = select(IcpVersion).join(
        last, (col(IcpVersion.icp_id) == last.c.icp_id) & (col(IcpVersion.number) == last.c.number)
    )
    return {row.icp_id: row for row in session.exec(query)}


def _tiers(session: Session) -> dict[UUID, dict[str, int]]:
    query = (
        sa.select(col(Lead.icp_id), col(Lead.tier), sa.func.count())
        .where(col(Lead.tier_reason) != "")
        .group_by(col(Lead.icp_id), col(Lead.tier))
        .order_by(col(Lead.icp_id), col(Lead.tier))
    )
    found: dict[UUID, dict[str, int]] = {}
    for icp_id, tier, count in session.execute(query):
        found.setdefault(icp_id, {})[str(tier)] = count
    return found


def _last_runs(session: Session) -> dict[UUID, LastRun]:
    place = sa.func.row_number().over(
        partition_by=col(IcpVersion.icp_id), order_by=(col(Run.created_at).desc(), col(Run.id).desc())
    )
    ranked = (
        sa.select(col(IcpVersion.icp_id), col(Run.id), col(Run.state), col(Run.created_at), place.label("place"))
        .join(
            Run,
            (col(Run.workspace_id) == col(IcpVersion.workspace_id)) & (col(Run.icp_version_id) == col(IcpVersion.id)),
        )
        .where(col(Run.workspace_id) == workspace_of(session))
        .subquery()
    )
    query = sa.select(ranked.c.icp_id, ranked.c.id, ranked.c.state, ranked.c.created_at).where(ranked.c.place == 1)
    return {
        icp_id: LastRun(id=run_id, state=state, created_at=at) for icp_id, run_id, state, at in session.execute(query)
    }
