"""Scores every lead of an ICP again by one of its versions: a run that sources nothing and starts no sequence.

The cohorts begin where contacts are known, so their triggers wake the scorer at once; nothing is bought. Sequences
that are under way go on as they were planned.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.step import SubjectKind, Trigger
from core.clock import Clock
from core.ids import stable_id
from store import bulk, feed
from store.feed_kinds import Kind
from store.models import Cohort, CohortStage, IcpVersion, Lead, Run, RunCompany, RunState
from store.queries import triggers

RESCORE = "rescore"  # the source of such a run
_WHY = "It has a lead that is scored again."


def start_rescoring(
    session: Session, clock: Clock, run_id: UUID, version: IcpVersion, actor: str, *, cohort_size: int
) -> Run | None:
    """The run, whose cohorts are triggered; None where the ICP has no lead. `cohort_size`: companies, at most 1,000."""
    query = sa.select(col(Lead.company_id)).where(col(Lead.icp_id) == version.icp_id).distinct()
    companies = list(session.execute(query.order_by(col(Lead.company_id))).scalars())
    if not companies:
        return None
    now = clock.now()
    run = Run(
        workspace_id=version.workspace_id,
        id=run_id,
        icp_version_id=version.id,
        state=RunState.RUNNING,
        stage="sourced",
        source=RESCORE,
        enroll=False,
        companies_seen=len(companies),
        companies_kept=len(companies),
        created_by=actor,
        created_at=now,
    )
    session.add(run)
    session.flush()
    cohorts, members, woken = [], [], []
    for number, start in enumerate(range(0, len(companies), cohort_size), start=1):
        held = companies[start : start + cohort_size]
        cohort_id = stable_id("cohort", version.workspace_id, run_id, number)
        cohorts.append(
            {
                "id": cohort_id,
                "run_id": run_id,
                "number": number,
                "stage": CohortStage.CONTACTS_FOUND,
                "companies": len(held),
                "created_at": now,
            }
        )
        members += [{"id": i, "run_id": run_id, "cohort_id": cohort_id, "kept": True, "reason": _WHY} for i in held]
        key = f"cohort:{cohort_id}"
        woken.append(triggers.NewTrigger(SubjectKind.COHORT.value, cohort_id, Trigger.RUN_STEP.value, key, now))
    bulk.insert(session, Cohort, cohorts)
    bulk.insert(session, RunCompany, members)
    triggers.add_triggers(session, clock, woken)
    feed.publish(session, clock, [feed.run(Kind.RUN_STARTED, run, actor)])
    return run
