"""Agents leave alone what was merged into another: it is read, bought for, scored and put into leads no more."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from agents import enrichment, icp_preview, scorer
from agents.contacts.standing import load_standing
from agents.context import AgentContext
from agents.importing import _at_companies
from agents.merging import Grounds, merge_companies, merge_contacts
from scoring.criteria import CompiledIcp
from scoring.icp import parse_icp
from store import bulk
from store.models import Cohort, Company, Lead, RunCompany
from store.queries import exports
from tests.integration.agents.test_identity_merges import Two, do, plant
from tests.support.crash.office import Office
from tools.ports import PersonRecord
from workers.thread_match import _contact

ICP = parse_icp({"name": "x", "industries": ["robots"]})
SURE = Grounds(0.99, ("a test says so",), "user:ann")


@pytest.fixture
def two(office: Office, office_context: AgentContext) -> Two:
    return plant(office_context, office)


def cohort_of(context: AgentContext, companies: Sequence[UUID]) -> UUID:
    """A cohort that these companies came into before anybody knew that they are one."""
    cohort_id = uuid4()
    with context.database.write(context.workspace_id) as session:
        run_id = session.exec(select(Lead.run_id)).first()
        now = context.clock.now()
        row = {"id": cohort_id, "run_id": run_id, "number": 900, "companies": 2, "created_at": now}
        bulk.insert(session, Cohort, [row])
        rows = [{"id": one, "run_id": run_id, "cohort_id": cohort_id, "kept": True} for one in companies]
        bulk.insert(session, RunCompany, rows)
    return cohort_id


def test_an_absorbed_company_is_not_worked_on(office_context: AgentContext, two: Two) -> None:
    context, both = office_context, [two.kept, two.absorbed]
    cohort_id = cohort_of(context, both)

    def worked_on() -> list[list[UUID]]:
        with context.database.read(context.workspace_id) as session:
            standing = load_standing(session, cohort_id, ICP, context.clock.now())
            asked = [one.company_id for one in enrichment._stale(session, context, cohort_id)]
            _, total = icp_preview._blocks(session)
            everything = len(list(session.exec(select(Company.id))))
            assert total == everything - (0 if two.absorbed in standing.companies else 1)
            return [sorted(standing.companies), sorted(asked)]

    assert worked_on() == [sorted(both), sorted(both)]
    do(context, merge_companies, two.kept, two.absorbed, SURE)
    with context.database.write(context.workspace_id) as session:  # the merge's own cohort took the company that stays
        for row in session.exec(select(RunCompany).where(col(RunCompany.id).in_(both))):
            row.cohort_id = cohort_id
            session.add(row)
    assert worked_on() == [[two.kept], [two.kept]]


def test_a_second_lead_of_a_merged_contact_is_not_scored_nor_exported(office_context: AgentContext, two: Two) -> None:
    context = office_context
    do(context, merge_contacts, two.namesake, two.kept_contact, SURE)
    with context.database.read(context.workspace_id) as session:
        leads = session.exec(select(Lead).where(Lead.contact_id == two.kept_contact)).all()
        assert leads, "it stays behind: the one that stays is a lead of the same ICP"
        at = sorted({two.kept, two.absorbed})
        compiled = CompiledIcp(ICP)
        companies = scorer._companies(session, at, compiled, context.clock.now())
        scored = {one.contact.id for one in scorer._leads(session, leads[0].icp_id, companies, compiled)}
        assert two.namesake in scored
        assert two.kept_contact not in scored
        exported = {row[0] for row in exports.lead_rows(session, context.sealer)}
        assert str(leads[0].id) not in exported


def test_mail_and_lists_under_the_old_name_go_to_the_one_that_stays(office_context: AgentContext, two: Two) -> None:
    context = office_context
    do(context, merge_contacts, two.namesake, two.absorbed_contact, SURE)  # both have an address of their own
    do(context, merge_companies, two.kept, two.absorbed, SURE)
    with context.database.read(context.workspace_id) as session:
        writer = _contact(session, context, ["bob@acmelabs.example"])
        assert writer is not None
        assert writer.id == two.namesake
        names = ("Acmelabs", "Acme")
        records = [PersonRecord("Ann Roe", "", "file", company_name=name) for name in names]
        assert [at for _, at in _at_companies(session, records)] == [two.kept, two.kept]
