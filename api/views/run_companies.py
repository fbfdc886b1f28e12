"""Companies of a run, each counted once: those that were found to be one after the run had seen them are one."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from store.models import Cohort, CohortStage, Merge, MergeKind, RunCompany
from store.queries import merges


class Counted(NamedTuple):
    seen: int
    kept: int


def repeated(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, bool]]:
    """By run, the rows that tell of a company which another row of the run stands for, each with whether it was kept.
    Runs without such rows have no entry."""
    absorbed = sa.select(col(Merge.absorbed_id)).where(
        col(Merge.kind) == MergeKind.COMPANY, col(Merge.split_at).is_(None)
    )
    of_runs = sa.select(col(RunCompany.run_id), col(RunCompany.id), col(RunCompany.kept)).where(
        col(RunCompany.run_id).in_(run_ids)
    )
    found = session.execute(of_runs.where(col(RunCompany.id).in_(absorbed))).all()
    if not found:
        return {}
    ends = merges.kept_of(session, [row.id for row in found])
    standing = session.execute(of_runs.where(col(RunCompany.id).in_(set(ends.values())))).all()
    groups: dict[tuple[UUID, UUID], list[tuple[bool, bool, UUID]]] = {}
    for row in (*found, *standing):
        end = ends.get(row.id, row.id)
        groups.setdefault((row.run_id, end), []).append((not row.kept, row.id != end, row.id))
    hidden: dict[UUID, dict[UUID, bool]] = {}
    for (run_id, _), rows in groups.items():
        # One that was kept speaks for them all; among those, the one that stands today.
        if others := {row_id: not left_out for left_out, _, row_id in sorted(rows)[1:]}:
            hidden.setdefault(run_id, {}).update(others)
    return hidden


def counted_once(session: Session, run_ids: Sequence[UUID]) -> dict[UUID, Counted]:
    """Of the runs that saw a company under two names: how many companies they saw and kept. The run's own count was
    made while it read its source, and a merge may have put the company that stands into it later."""
    hidden = repeated(session, run_ids)
    if not hidden:
        return {}
    query = (
        sa.select(col(RunCompany.run_id), sa.func.count(), sa.func.sum(sa.case((col(RunCompany.kept), 1), else_=0)))
        .where(col(RunCompany.run_id).in_(hidden))
        .group_by(col(RunCompany.run_id))
    )
    return {
        run_id: Counted(seen - len(hidden[run_id]), int(kept) - sum(hidden[run_id].values()))
        for run_id, seen, kept in session.execute(query)
    }


def by_stage(session: Session, run_id: UUID) -> dict[CohortStage, int]:
    """Kept companies by the stage of the cohort that each is in now."""
    hidden = repeated(session, [run_id]).get(run_id, {})
    member = (col(Cohort.workspace_id) == col(RunCompany.workspace_id)) & (col(Cohort.id) == col(RunCompany.cohort_id))
    query = (
        sa.select(col(Cohort.stage), sa.func.count())
        .join(RunCompany, member)
        .where(col(RunCompany.run_id) == run_id, col(RunCompany.kept), col(RunCompany.id).not_in(hidden))
        .group_by(col(Cohort.stage))
    )
    return {stage: int(count) for stage, count in session.execute(query)}
