"""What was merged is neither edited nor counted for itself: who tries is told which one stands."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from agents.merging import Grounds, merge_companies, merge_contacts, split
from store import bulk
from store.models import Cohort, CohortStage, Company, Contact, Lead, Run, RunCompany
from tests.support.api_office import ApiOffice

SURE = Grounds(0.99, ("a test says so",), "user:ann")


def ids_of(office: ApiOffice) -> list[tuple[UUID, UUID, UUID]]:
    """(company, contact, lead) of each of the office's people."""
    with office.deps.database.read(office.workspace_id) as session:
        leads = [session.get_one(Lead, (office.workspace_id, p.lead_id)) for p in office.office.people]
        return [(lead.company_id, lead.contact_id, lead.id) for lead in leads]


def merge(office: ApiOffice, what: Any, kept: UUID, absorbed: UUID) -> UUID:
    with office.deps.database.write(office.workspace_id) as session:
        merge_id: UUID = what(session, office.office.context, kept, absorbed, SURE)
    return merge_id


def test_a_patch_of_what_was_merged_names_the_one_that_stands(client: TestClient, office: ApiOffice) -> None:
    (kept, jane, lead), (absorbed, joan, other), _ = ids_of(office)
    key = office.key("read", "people:read", "records:write")
    merge(office, merge_companies, kept, absorbed)
    merge(office, merge_contacts, jane, joan)
    for place, body, stands in (
        (f"companies/{absorbed}", {"industry": "mining"}, kept),
        (f"contacts/{joan}", {"title": "CTO"}, jane),
        (f"leads/{other}", {"stage": "nurture"}, lead),
    ):
        answer = client.patch(f"/api/v1/{place}", json=body, headers=key)
        assert answer.status_code == 409, place
        assert answer.json()["code"] == "merged"
        assert str(stands) in answer.json()["detail"]
    office_rows = {"company": office.office.get(Company, absorbed), "contact": office.office.get(Contact, joan)}
    assert office_rows["company"].industry != "mining"
    assert office_rows["contact"].title != "CTO"
    assert client.patch(f"/api/v1/companies/{kept}", json={"industry": "mining"}, headers=key).status_code == 200


def test_a_tag_for_many_passes_over_what_was_merged(client: TestClient, office: ApiOffice) -> None:
    (kept, *_), (absorbed, *_), _ = ids_of(office)
    merge(office, merge_companies, kept, absorbed)
    body = {"action": "add_tag", "tag": "Fair", "ids": [str(kept), str(absorbed)]}
    answer = client.post("/api/v1/companies/bulk", json=body, headers=office.key("read", "records:write")).json()
    assert answer["changed"] == 1
    assert answer["passed_over"] == [{"reason": "merged", "count": 1}]


@pytest.fixture
def run_id(office: ApiOffice) -> UUID:
    """A run that saw the office's three companies and two more: four kept in one cohort, one left out."""
    now = office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        run = session.exec(select(Run)).one()
        companies = [company for company, *_ in ids_of(office)]
        more = [uuid4(), uuid4()]
        rows = [{"id": i, "name": "More", "domain": f"{i}.example", "created_at": now, "updated_at": now} for i in more]
        bulk.insert(session, Company, rows)
        cohort_id = uuid4()
        cohort = {"id": cohort_id, "run_id": run.id, "number": 700, "companies": 4, "created_at": now}
        bulk.insert(session, Cohort, [{**cohort, "stage": CohortStage.SCORED}])
        kept = [{"id": i, "run_id": run.id, "cohort_id": cohort_id, "kept": True} for i in [*companies, more[0]]]
        bulk.insert(session, RunCompany, [*kept, {"id": more[1], "run_id": run.id, "kept": False, "reason": "Odd."}])
        run.companies_seen, run.companies_kept = 5, 4
        session.add(run)
        return run.id


def counts(client: TestClient, office: ApiOffice, run_id: UUID) -> tuple[dict[str, int], int]:
    key = office.key("read")
    shown = client.get(f"/api/v1/runs/{run_id}/progress", headers=key).json()
    listed = next(r for r in client.get("/api/v1/runs", headers=key).json()["items"] if r["id"] == str(run_id))
    assert (listed["companies_seen"], listed["companies_kept"]) == (
        shown["run"]["companies_seen"], shown["run"]["companies_kept"],
    )  # fmt: skip
    left_out = client.get(f"/api/v1/runs/{run_id}/left-out", headers=key).json()["items"]
    funnel = {step["name"]: step["count"] for step in shown["funnel"]}
    assert sum(one["companies"] for one in shown["stages"]) == funnel["companies_kept"]
    return funnel, sum(one["companies"] for one in left_out)


def test_a_run_counts_a_company_once_that_it_saw_under_two_names(
    client: TestClient, office: ApiOffice, run_id: UUID
) -> None:
    (kept, jane, _), (absorbed, joan, _), _ = ids_of(office)

    def seen() -> list[int]:
        funnel, left_out = counts(client, office, run_id)
        return [funnel["companies_seen"], funnel["companies_kept"], left_out]

    assert seen() == [5, 4, 1]
    leads = counts(client, office, run_id)[0]["contacts"]
    merge_id = merge(office, merge_companies, kept, absorbed)
    assert seen() == [4, 3, 1]
    people = merge(office, merge_contacts, jane, joan)
    assert counts(client, office, run_id)[0]["contacts"] == leads - 1
    with office.deps.database.write(office.workspace_id) as session:
        split(session, office.office.context, people, by="user:ann")
        split(session, office.office.context, merge_id, by="user:ann")
    assert seen() == [5, 4, 1]


def test_of_one_company_kept_and_left_out_the_kept_one_counts(
    client: TestClient, office: ApiOffice, run_id: UUID
) -> None:
    with office.deps.database.read(office.workspace_id) as session:
        left_out = session.exec(select(RunCompany.id).where(RunCompany.reason == "Odd.")).one()
    absorbed = ids_of(office)[2][0]
    merge(office, merge_companies, left_out, absorbed)
    funnel, others = counts(client, office, run_id)
    assert (funnel["companies_seen"], funnel["companies_kept"], others) == (4, 4, 0)
