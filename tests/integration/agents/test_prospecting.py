"""From a source to scored leads in sequences: the four prospecting agents on a real store, in cohorts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select

from agents.contact_finder import contact_finder
from agents.context import AgentContext
from agents.enrichment import enrichment
from agents.lead_source import lead_source
from agents.scorer import scorer
from agents.step import Outcome, Step, SubjectKind, Trigger
from bench.pipeline import COHORT, Generated, office
from store.models import (
    Cohort,
    CohortStage,
    Company,
    CompanySource,
    Contact,
    Enrollment,
    Lead,
    LeadStage,
    PolicyRow,
    Run,
    RunCompany,
    ScoreRow,
    Touch,
)
from tools.ports import CompanyPage, Unknown

AGENTS = {"sourced": enrichment, "enriched": contact_finder, "contacts_found": scorer}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[AgentContext, UUID]]:
    with office(tmp_path, 40, cohort=20) as found:
        yield found


def source_all(context: AgentContext, run_id: UUID) -> list[Outcome]:
    outcomes = [lead_source(context, Step(SubjectKind.RUN, run_id, "new", Trigger.RUN_STEP))]
    while outcomes[-1].trigger is Trigger.MORE:
        outcomes.append(lead_source(context, Step(SubjectKind.RUN, run_id, outcomes[-1].stage, Trigger.RUN_STEP)))
    return outcomes


def work_off(context: AgentContext) -> None:
    """Every cohort through its stages, each agent called twice, as after a crash."""
    with context.database.read(context.workspace_id) as session:
        cohorts = session.exec(select(Cohort.id).order_by(col(Cohort.number))).all()
    for cohort_id in cohorts:
        for stage, agent in AGENTS.items():
            agent(context, Step(SubjectKind.COHORT, cohort_id, stage, Trigger.RUN_STEP))
            again = agent(context, Step(SubjectKind.COHORT, cohort_id, stage, Trigger.RUN_STEP))
            assert again.trigger is Trigger.NOTHING


def rows(context: AgentContext, model: type) -> list:  # type: ignore[type-arg]
    with context.database.read(context.workspace_id) as session:
        return list(session.exec(select(model)).all())


def test_a_run_reads_every_page_and_keeps_what_the_icp_lets_in(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    outcomes = source_all(context, run_id)
    assert [o.trigger for o in outcomes] == [Trigger.MORE, Trigger.READY]
    verdicts = rows(context, RunCompany)
    assert len(verdicts) == len(rows(context, Company)) == len(rows(context, CompanySource)) == 40
    assert all(v.reason for v in verdicts)
    assert {c.stage for c in rows(context, Cohort)} == {CohortStage.SOURCED}
    assert rows(context, Run)[0].companies_seen == 40


def test_the_same_page_twice_changes_nothing(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    source_all(context, run_id)
    again = lead_source(context, Step(SubjectKind.RUN, run_id, "sourced", Trigger.RUN_STEP))
    assert again.trigger is Trigger.READY
    assert len(rows(context, Company)) == 40
    assert len(rows(context, Cohort)) == 2


def test_leads_come_out_scored_tiered_and_in_sequence(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    source_all(context, run_id)
    work_off(context)
    leads = rows(context, Lead)
    kept = {v.id for v in rows(context, RunCompany) if v.kept}
    assert {lead.company_id for lead in leads} == kept
    assert max(Counter(lead.company_id for lead in leads).values()) <= 3
    assert all(lead.priority is not None and lead.tier_reason for lead in leads)
    scores = rows(context, ScoreRow)
    kinds = dict.fromkeys(("fit", "intent", "authority", "priority"), len(leads))
    assert Counter(s.kind for s in scores) == {**kinds, "committee": len(kept)}  # one of each company
    for score in scores:
        if score.value is not None:
            assert sum(r["points"] for r in score.reasons) == pytest.approx(score.value, abs=0.002)
    started = {e.lead_id for e in rows(context, Enrollment)}
    assert started == {lead.id for lead in leads if lead.stage is LeadStage.IN_SEQUENCE}
    assert started
    touches = Counter(t.lead_id for t in rows(context, Touch))
    for lead in leads:
        if lead.id in started:
            assert touches[lead.id] == {1: 7, 2: 5, 3: 3}[lead.tier]


def test_names_and_addresses_are_nowhere_in_clear(opened: tuple[AgentContext, UUID], tmp_path: Path) -> None:
    context, run_id = opened
    source_all(context, run_id)
    work_off(context)
    contact = rows(context, Contact)[0]
    address = context.sealer.open(contact.email_sealed, context=f"contact|email|{contact.id}")
    context.database.close()
    files = b"".join(path.read_bytes() for path in tmp_path.glob("salesos.db*"))
    assert address.encode() not in files
    assert b"Person0" not in files


def test_a_site_that_cannot_be_read_is_unknown_because(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    source_all(context, run_id)
    work_off(context)
    kept = {v.id for v in rows(context, RunCompany) if v.kept}
    assert {c.enrichment_gap for c in rows(context, Company) if c.id in kept} == {"Offline."}


def test_an_unknown_source_is_asked_again_and_loses_nothing(
    opened: tuple[AgentContext, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, run_id = opened
    real = Generated.page

    def down(self: Generated, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        return Unknown("503 from the vendor.")

    monkeypatch.setattr(Generated, "page", down)
    with pytest.raises(Exception, match="503 from the vendor"):
        source_all(context, run_id)
    monkeypatch.setattr(Generated, "page", real)
    source_all(context, run_id)
    assert len(rows(context, Company)) == 40


def test_a_weeks_capacity_demotes_visibly_and_never_promotes(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    with context.database.write(context.workspace_id) as session:
        session.add(
            PolicyRow(
                workspace_id=context.workspace_id,
                id=context.ids.new(),
                number=2,
                definition={"weekly_tier1_capacity": 0},
                created_at=context.clock.now(),
            )
        )
    source_all(context, run_id)
    work_off(context)
    assert not [lead for lead in rows(context, Lead) if lead.tier == 1]


def test_a_second_run_starts_no_sequence_twice(opened: tuple[AgentContext, UUID]) -> None:
    context, run_id = opened
    source_all(context, run_id)
    work_off(context)
    before = {e.id for e in rows(context, Enrollment)}
    first = rows(context, Run)[0]
    second = context.ids.new()
    with context.database.write(context.workspace_id) as session:
        session.add(
            Run(
                workspace_id=context.workspace_id,
                id=second,
                icp_version_id=first.icp_version_id,
                source="store",
                created_at=context.clock.now(),
            )
        )
    source_all(context, second)
    work_off_new(context, second)
    assert {e.id for e in rows(context, Enrollment)} == before


def work_off_new(context: AgentContext, run_id: UUID) -> None:
    with context.database.read(context.workspace_id) as session:
        cohorts = session.exec(select(Cohort.id).where(Cohort.run_id == run_id)).all()
    for cohort_id in cohorts:
        for stage, agent in AGENTS.items():
            agent(context, Step(SubjectKind.COHORT, cohort_id, stage, Trigger.RUN_STEP))


def test_a_cohort_twice_as_large_takes_no_more_statements(tmp_path: Path) -> None:
    """No query per row: what is asked of the database depends on the stages, not on the companies in them."""
    import sqlalchemy as sa

    counts = []
    for size in (40, 80):
        with office(tmp_path / str(size), size, cohort=size) as (context, run_id):
            asked: list[str] = []
            sa.event.listen(
                context.database.engine, "before_cursor_execute", lambda *a, asked=asked: asked.append(a[2])
            )
            source_all(context, run_id)
            work_off(context)
            counts.append(len(asked))
    # Enrichment commits every 50 companies: one more batch, of a dozen statements, is the only difference.
    assert counts[1] - counts[0] <= 15
    assert COHORT == 500
