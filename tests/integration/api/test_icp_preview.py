"""The preview of an ICP: the same definition changes nothing, its counts are what a run then does; it only reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from agents import icp_preview
from agents.lead_source import lead_source
from agents.scorer import scorer
from agents.step import Step, SubjectKind, Trigger
from api.app import create_app
from core.clock import VirtualClock
from scoring.icp import parse_icp
from store import bulk
from store.models import Cohort, Company, Contact, Lead, Role, Run, RunCompany, SignalRow
from store.models.prospecting import CohortStage
from tests.support.api_office import ApiOffice, api_office, form_token, sign_in

INDUSTRIES = ("freight forwarding", "mining", "software", "")
COUNTRIES = ("DE", "AT", "FR", "")
NOW = {"name": "P", "industries": ["freight", "software"], "employees": {"min": 50}, "countries": ["DE", "AT"]}
THEN = {
    "name": "P",
    "industries": ["freight", "mining"],
    "employees": {"min": 20, "max": 2_000},
    "countries": ["DE", "FR"],
    "exclusions": {"technologies": ["SAP"]},
    "growth_signals": ["hiring"],
    "weights": {"fit": 0.8, "intent": 0.2},
}


def fill(office: ApiOffice, icp_id: UUID, run_id: UUID, version_id: UUID, count: int) -> None:
    """Companies of every sort, each third with a lead, each second with a signal."""
    now, ids = office.deps.clock.now(), [uuid4() for _ in range(count)]
    companies, contacts, leads, signals = [], [], [], []
    for n, company_id in enumerate(ids):
        companies.append(
            {"id": company_id, "name": f"Company {n}", "domain": f"c{company_id}.example", "created_at": now,
             "industry": INDUSTRIES[n % 4], "country": COUNTRIES[n // 4 % 4], "updated_at": now,
             "employees": (None, 10, 30, 120, 3_000)[n % 5], "technologies": [["SAP"], [], ["NetSuite"]][n // 3 % 3]}
        )  # fmt: skip
        if n % 3 == 0:
            contact_id = uuid4()
            contacts.append({"id": contact_id, "company_id": company_id, "created_at": now, "updated_at": now})
            leads.append(
                {"id": uuid4(), "icp_id": icp_id, "icp_version_id": version_id, "run_id": run_id, "created_at": now,
                 "contact_id": contact_id, "company_id": company_id, "updated_at": now}
            )  # fmt: skip
        if n % 2 == 0:
            signals.append(
                {"id": uuid4(), "company_id": company_id, "kind": ("hiring", "funding", "demo_request")[n % 3],
                 "observed_at": now - timedelta(days=n % 40), "content_key": str(n)}
            )  # fmt: skip
    with office.deps.database.write(office.workspace_id) as session:
        for model, rows in ((Company, companies), (Contact, contacts), (Lead, leads), (SignalRow, signals)):
            bulk.insert(session, model, rows)


def made(client: TestClient, office: ApiOffice, definition: dict[str, Any]) -> tuple[UUID, UUID, UUID]:
    """(ICP, its version, a run of it)."""
    key = office.key("read", "icps:write", "runs:write")
    icp = client.post("/api/v1/icps", json={"definition": definition}, headers=key).json()
    run = client.post("/api/v1/runs", json={"icp_id": icp["id"], "enroll": False}, headers=key).json()
    return UUID(icp["id"]), UUID(icp["version"]["id"]), UUID(run["id"])


def ask(client: TestClient, office: ApiOffice, definition: dict[str, Any], icp_id: UUID | None = None) -> Any:
    body = {"definition": definition, "icp_id": str(icp_id) if icp_id else None}
    answer = client.post("/api/v1/icps/preview", json=body, headers=office.key("read"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def run_all(office: ApiOffice, run_id: UUID) -> None:
    """The run's companies and scores, by the agents themselves; enrichment and contacts are passed over."""
    context = office.office.context
    while True:
        outcome = lead_source(context, Step(SubjectKind.RUN, run_id, "new", Trigger.RUN_STEP, {}, run_id))
        if outcome.trigger is not Trigger.MORE:
            break
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(Cohort).where(col(Cohort.run_id) == run_id).values(stage=CohortStage.CONTACTS_FOUND))
        cohorts = list(session.exec(select(Cohort.id).where(Cohort.run_id == run_id)))
    for cohort_id in cohorts:
        scorer(context, Step(SubjectKind.COHORT, cohort_id, "contacts_found", Trigger.READY, {}, run_id))


def test_counts_are_what_a_run_then_really_does(client: TestClient, office: ApiOffice) -> None:
    icp_id, version_id, first_run = made(client, office, NOW)
    fill(office, icp_id, first_run, version_id, 240)
    before = ask(client, office, THEN, icp_id)
    assert before["complete"]
    assert before["looked_at"] == before["companies"]
    assert before["entering"] > 0
    assert before["leaving"] > 0
    assert before["tier_changes"]
    key = office.key("read", "icps:write", "runs:write")
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": THEN}, headers=key)
    run = client.post("/api/v1/runs", json={"icp_id": str(icp_id), "enroll": False}, headers=key).json()
    run_all(office, first_run)
    with office.deps.database.read(office.workspace_id) as session:
        tiers_now = dict(
            session.execute(sa.select(col(Lead.id), col(Lead.tier)).where(col(Lead.icp_id) == icp_id)).all()
        )
    run_all(office, UUID(run["id"]))
    with office.deps.database.read(office.workspace_id) as session:
        kept = {
            run_id: set(session.exec(select(RunCompany.id).where(RunCompany.run_id == run_id, RunCompany.kept)))
            for run_id in (first_run, UUID(run["id"]))
        }
        scored = session.exec(select(Lead).where(Lead.icp_id == icp_id, Lead.run_id == UUID(run["id"]))).all()
        state = session.get(Run, (office.workspace_id, UUID(run["id"])))
    now, then = kept[first_run], kept[UUID(run["id"])]
    assert state is not None
    assert (before["inside_now"], before["inside_then"]) == (len(now), len(then))
    assert state.companies_kept == len(then)
    assert (before["entering"], before["leaving"]) == (len(then - now), len(now - then))
    counts = {str(tier): sum(1 for lead in scored if lead.tier == tier) for tier in range(1, 5)}
    assert before["tiers_then"] == counts
    assert before["leads"] == len(scored)
    at_both = [lead for lead in scored if lead.company_id in now]
    for lead in at_both:
        told = next((m for m in before["first_tier_changes"] if m["id"] == str(lead.id)), None)
        if told:
            assert (told["before"], told["after"]) == (tiers_now[lead.id], lead.tier)
        elif len(before["first_tier_changes"]) < icp_preview.SHOWN:
            assert tiers_now[lead.id] == lead.tier
    again = ask(client, office, THEN, icp_id)
    assert (again["entering"], again["leaving"], again["tier_changes"]) == (0, 0, [])


_parts: dict[str, Any] = {
    "industries": st.lists(st.sampled_from(["freight", "mining", "software"]), max_size=2),
    "countries": st.lists(st.sampled_from(["DE", "AT", "FR"]), max_size=2),
    "employees": st.fixed_dictionaries({"min": st.integers(0, 500)}),
    "technologies": st.just(["NetSuite"]),
    "exclusions": st.fixed_dictionaries({"countries": st.lists(st.sampled_from(["DE", "FR"]), max_size=1)}),
    "weights": st.fixed_dictionaries({"fit": st.floats(0, 1), "intent": st.floats(0.1, 1)}),
}
_definitions = st.fixed_dictionaries({"name": st.just("P")}, optional=_parts)


def test_the_same_definition_changes_nothing_and_two_mirror_each_other(client: TestClient, office: ApiOffice) -> None:
    icp_id, version_id, run_id = made(client, office, NOW)
    fill(office, icp_id, run_id, version_id, 60)

    def look(then: dict[str, Any], now: dict[str, Any]) -> icp_preview.Preview:
        return icp_preview.preview_icp(
            office.deps.database, office.workspace_id, then=parse_icp(then), now=parse_icp(now), icp_id=icp_id,
            as_of=office.deps.clock.now(), seconds=60, elapsed=lambda: 0.0,
        )  # fmt: skip

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_definitions, _definitions)
    def check(one: dict[str, Any], other: dict[str, Any]) -> None:
        same = look(one, one)
        assert (same.entering, same.leaving, same.moves) == (0, 0, {})
        assert same.tiers_now == same.tiers_then
        there, back = look(other, one), look(one, other)
        assert (there.entering, there.leaving) == (back.leaving, back.entering)
        assert there.inside_then - there.inside_now == there.entering - there.leaving

    check()


def test_it_writes_nothing_and_asks_no_more_for_more_leads(client: TestClient, office: ApiOffice) -> None:
    icp_id, version_id, run_id = made(client, office, NOW)
    seen: list[str] = []
    key = office.key("read")
    body = {"definition": THEN, "icp_id": str(icp_id)}
    client.post("/api/v1/icps/preview", json=body, headers=key)

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = office.deps.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    counts = []
    for more in (3, 30):
        fill(office, icp_id, run_id, version_id, more)
        client.get("/api/v1/me", headers=key)  # the key is looked up once a second: not within what is counted
        seen.clear()
        client.post("/api/v1/icps/preview", json=body, headers=key)
        counts.append(len(seen))
        assert not [s for s in seen if s.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]
    sa.event.remove(engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]


def test_where_time_runs_out_a_sample_is_told(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    icp_id, version_id, run_id = made(client, office, NOW)
    monkeypatch.setattr(icp_preview, "BLOCK", 10)
    fill(office, icp_id, run_id, version_id, 95)
    with office.deps.database.read(office.workspace_id) as session:
        total = len(session.exec(select(Company.id)).all())
    looks = iter([0.0, 0.0, 99.0])
    found = icp_preview.preview_icp(
        office.deps.database, office.workspace_id, then=parse_icp(THEN), now=None, icp_id=None,
        as_of=office.deps.clock.now(), seconds=10, elapsed=lambda: next(looks),
    )  # fmt: skip
    assert (found.companies, found.looked_at, found.complete) == (total, 30, False)
    whole = ask(client, office, THEN)
    assert whole["complete"]
    assert whole["looked_at"] == total, "every block once"
    assert whole["compared_with"] is None
    assert whole["entering"] == whole["inside_then"]


def test_names_are_hidden_from_who_may_not_see_people(client: TestClient, office: ApiOffice) -> None:
    icp_id, version_id, run_id = made(client, office, NOW)
    fill(office, icp_id, run_id, version_id, 60)
    shown = ask(client, office, THEN, icp_id)
    assert shown["first_tier_changes"]
    assert all(one["person"]["hidden"] for one in shown["first_tier_changes"])


def test_strangers_and_bad_definitions(
    client: TestClient, office: ApiOffice, clock: VirtualClock, tmp_path: Path
) -> None:
    icp_id, *_ = made(client, office, NOW)
    stranger = api_office(office.deps.database, clock, tmp_path, people=0)
    with TestClient(create_app(stranger.deps)) as other:
        body = {"definition": NOW, "icp_id": str(icp_id)}
        answer = other.post("/api/v1/icps/preview", json=body, headers=stranger.key("read"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert ask(other, stranger, NOW)["companies"] == 0
    bad = {"definition": {"name": "x", "countries": ["Narnia"]}}
    refused = client.post("/api/v1/icps/preview", json=bad, headers=office.key("read"))
    assert refused.json()["problems"][0]["path"] == "countries[0]"


def test_the_page_shows_hostile_names_inert(client: TestClient, office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        company = session.exec(select(Company)).first()
        assert company is not None
        company.name, company.country = "<script>alert(1)</script>\u202egpj", "DE"
        session.add(company)
    sign_in(client, office, office.user(Role.SALES_OPS))
    csrf = form_token(client.get("/icps/new").text)
    page = client.post(
        "/icps/new", data={"csrf": csrf, "tab": "text", "text": "name: n\ncountries: [DE]", "do": "preview"}
    )
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<bdi>&lt;script&gt;" in page.text
