"""Tiers before a definition is saved, after it was used, going back in one step, and what would lift one lead."""

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col, select

from agents import scorer_preview
from agents.scorer import scorer
from agents.scorer_outcomes import What
from agents.step import Step, SubjectKind, Trigger
from api.app import create_app
from core.clock import VirtualClock
from store import bulk
from store.models import (
    AuditEntry,
    Cohort,
    Company,
    Contact,
    Deal,
    DealStage,
    EngagementEvent,
    IcpVersion,
    Lead,
    Meeting,
    MeetingState,
    Message,
    Role,
    Run,
    RunState,
    SignalRow,
    ThreadTrigger,
)
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in

NOW: dict[str, Any] = {"name": "T", "industries": ["freight"], "employees": {"min": 50}, "countries": ["DE"]}
THEN: dict[str, Any] = {
    **NOW,
    "weights": {"fit": 0.8, "intent": 0.2},
    "rules": [
        {
            "when": {"field": "technologies", "op": "has", "value": "SAP"},
            "then": {"subtract": 0.3},
            "reason": "SAP shops.",
        }
    ],
}


def made(client: TestClient, office: ApiOffice, definition: dict[str, Any] = NOW) -> UUID:
    key = office.key("read", "icps:write")
    return UUID(client.post("/api/v1/icps", json={"definition": definition}, headers=key).json()["id"])


def fill(office: ApiOffice, icp_id: UUID, count: int, *, scored: bool = True) -> list[UUID]:
    """Companies with a lead each, of several sorts; the ids of the leads."""
    now = office.deps.clock.now()
    with office.deps.database.write(office.workspace_id) as session:
        version = session.exec(select(IcpVersion).where(IcpVersion.icp_id == icp_id)).first()
        assert version is not None
        run = Run(workspace_id=office.workspace_id, id=uuid4(), icp_version_id=version.id, created_at=now)
        run.state = RunState.DONE
        session.add(run)
        session.flush()
        companies, contacts, leads, signals = [], [], [], []
        for n in range(count):
            company_id, contact_id, lead_id = uuid4(), uuid4(), uuid4()
            companies.append(
                {"id": company_id, "name": f"Company {n}", "domain": f"c{company_id}.example", "created_at": now,
                 "industry": ("freight", "mining")[n % 2], "country": "DE", "updated_at": now,
                 "employees": (None, 10, 120)[n % 3], "technologies": [["SAP"], []][n // 2 % 2]}
            )  # fmt: skip
            contacts.append({"id": contact_id, "company_id": company_id, "created_at": now, "updated_at": now})
            leads.append(
                {"id": lead_id, "icp_id": icp_id, "icp_version_id": version.id, "run_id": run.id, "created_at": now,
                 "contact_id": contact_id, "company_id": company_id, "updated_at": now,
                 "tier_reason": "Scored." if scored else ""}
            )  # fmt: skip
            if n % 4 == 0:
                signals.append(
                    {"id": uuid4(), "company_id": company_id, "kind": "funding", "observed_at": now - timedelta(40),
                     "content_key": str(n), "quote": "Raised 3 million", "url": "https://news.example/1"}
                )  # fmt: skip
        for model, rows in ((Company, companies), (Contact, contacts), (Lead, leads), (SignalRow, signals)):
            bulk.insert(session, model, rows)
    return [UUID(str(lead["id"])) for lead in leads]


def preview(client: TestClient, office: ApiOffice, icp_id: UUID, definition: dict[str, Any], *scopes: str) -> Any:
    key = office.key("read", *scopes)
    answer = client.post(f"/api/v1/icps/{icp_id}/tier-preview", json={"definition": definition}, headers=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rescore(office: ApiOffice, run_id: UUID) -> None:
    """As workers do it: each cohort's trigger wakes the scorer."""
    with office.deps.database.read(office.workspace_id) as session:
        cohorts = session.exec(select(Cohort).where(Cohort.run_id == run_id)).all()
        woken = set(session.exec(select(ThreadTrigger.subject_id).where(ThreadTrigger.subject_kind == "cohort")))
    assert cohorts
    for cohort in cohorts:
        assert cohort.id in woken
        step = Step(SubjectKind.COHORT, cohort.id, cohort.stage.value, Trigger.RUN_STEP, {}, run_id)
        assert scorer(office.office.context, step).trigger is Trigger.READY


def test_the_preview_is_what_a_rescoring_then_does(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer_preview, "BLOCK", 7)  # several blocks
    icp_id = made(client, office)
    leads = fill(office, icp_id, 60)
    found = preview(client, office, icp_id, THEN)
    assert found["leads"] == 60
    assert found["changed"] == sum(one["leads"] for one in found["changes"]) > 0
    key = office.key("read", "icps:write")
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": THEN}, headers=key)
    back = client.post(f"/api/v1/icps/{icp_id}/versions/1/restore", headers=key).json()
    rescore(office, UUID(back["run_id"]))
    tiers_before = tiers(office, icp_id)
    finish(office, UUID(back["run_id"]))
    forth = client.post(f"/api/v1/icps/{icp_id}/versions/2/restore", headers=key).json()
    rescore(office, UUID(forth["run_id"]))
    tiers_after = tiers(office, icp_id)
    assert set(tiers_before) == set(leads)
    for name, held in (("tiers_before", tiers_before), ("tiers_after", tiers_after)):
        assert found[name] == {str(t): sum(1 for tier in held.values() if tier == t) for t in range(1, 5)}
    for one in found["samples"]:
        assert (one["before"], one["after"]) == (tiers_before[UUID(one["id"])], tiers_after[UUID(one["id"])])
        assert one["reasons"]
        assert one["person"]["hidden"]
    assert any(r["after"] == "SAP shops. (-0.3)" for one in found["samples"] for r in one["reasons"])


def tiers(office: ApiOffice, icp_id: UUID) -> dict[UUID, int]:
    with office.deps.database.read(office.workspace_id) as session:
        rows = session.execute(sa.select(col(Lead.id), col(Lead.tier)).where(col(Lead.icp_id) == icp_id)).all()
        return {row.id: row.tier for row in rows}


def finish(office: ApiOffice, run_id: UUID) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(Run).where(col(Run.id) == run_id).values(state=RunState.DONE))


def test_the_same_definition_moves_nobody_and_nothing_is_written(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    fill(office, icp_id, 20)
    seen: list[str] = []
    body, key = {"definition": NOW}, office.key("read")
    client.post(f"/api/v1/icps/{icp_id}/tier-preview", json=body, headers=key)

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement.lstrip().upper())

    sa.event.listen(office.deps.database.engine, "before_cursor_execute", note)
    found = client.post(f"/api/v1/icps/{icp_id}/tier-preview", json=body, headers=key).json()
    sa.event.remove(office.deps.database.engine, "before_cursor_execute", note)
    assert (found["changed"], found["changes"], found["samples"]) == (0, [], [])
    assert found["tiers_before"] == found["tiers_after"]
    assert not [s for s in seen if s.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_all_of_them_as_a_file_for_who_may_export(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    fill(office, icp_id, 60)
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(Company).where(col(Company.name) == "Company 0").values(name="=HYPERLINK(1)"))
    url, body = f"/api/v1/icps/{icp_id}/tier-preview.csv", {"definition": THEN}
    assert client.post(url, json=body, headers=office.key("read")).status_code == 403
    answer = client.post(url, json=body, headers=office.key("read", "exports:read"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == preview(client, office, icp_id, THEN)["changed"]
    assert all(row["tier_before"] != row["tier_after"] for row in rows)
    assert not [row for row in rows if row["company"].startswith("=")]


def test_going_back_is_one_step_told_in_the_audit_and_refused_while_a_run_goes_on(
    client: TestClient, office: ApiOffice
) -> None:
    icp_id = made(client, office)
    fill(office, icp_id, 3)
    key = office.key("read", "icps:write", "runs:write")
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": THEN}, headers=key)
    run = client.post("/api/v1/runs", json={"icp_id": str(icp_id), "enroll": False}, headers=key).json()
    url = f"/api/v1/icps/{icp_id}/versions/1/restore"
    refused = client.post(url, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "run_under_way")
    client.post(f"/api/v1/runs/{run['id']}/cancel", headers=key)
    back = client.post(url, headers=key)
    assert (back.status_code, back.json()["number"], back.json()["restored"]) == (201, 3, 1)
    assert len(client.get(f"/api/v1/icps/{icp_id}/versions", headers=key).json()["items"]) == 3
    shown = client.get(f"/api/v1/runs/{back.json()['run_id']}", headers=key).json()
    assert (shown["source_label"], shown["enroll"], shown["companies_kept"]) == ("its leads, scored again", False, 3)
    assert client.post(url, headers=key).status_code == 200, "it says so already"
    with office.deps.database.read(office.workspace_id) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "icp.rolled_back")).one()
    assert entry.details == {"version": 3, "restored": 1, "instead_of": 2}


def test_without_leads_there_is_nothing_to_score_again(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    key = office.key("read", "icps:write")
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": THEN}, headers=key)
    assert client.post(f"/api/v1/icps/{icp_id}/versions/1/restore", headers=key).json()["run_id"] is None


def write_history(office: ApiOffice, leads: list[UUID], days_ago: int = 30) -> None:
    """Each lead was written to; freight (even places) answers, mining hardly ever."""
    now = office.deps.clock.now()
    sent = now - timedelta(days=days_ago)
    messages, events, meetings, deals = [], [], [], []
    with office.deps.database.write(office.workspace_id) as session:
        rows = {row.id: row for row in session.exec(select(Lead).where(col(Lead.id).in_(leads)))}
        for n, lead_id in enumerate(leads):
            lead, event_id = rows[lead_id], uuid4()
            messages.append(
                {"id": uuid4(), "direction": "out", "source_key": f"o{lead_id}", "lead_id": lead_id, "at": sent}
            )
            if n % 2 and n != 1:
                continue
            kind = "reply_positive" if n % 4 == 0 else "reply_negative"
            events.append(
                {"id": event_id, "contact_id": lead.contact_id, "lead_id": lead_id, "kind": kind, "actor": "human",
                 "rule": "r", "source_key": f"e{lead_id}", "occurred_at": now}
            )  # fmt: skip
            if n % 8 == 0:
                meetings.append(
                    {"id": uuid4(), "lead_id": lead_id, "contact_id": lead.contact_id, "company_id": lead.company_id,
                     "user_id": uuid4(), "purpose_key": f"m{lead_id}", "state": MeetingState.HELD, "created_at": now}
                )  # fmt: skip
                deals.append(
                    {"id": uuid4(), "company_id": lead.company_id, "lead_id": lead_id, "stage": DealStage.WON,
                     "created_at": now}
                )  # fmt: skip
        for model, added in ((Message, messages), (EngagementEvent, events), (Meeting, meetings), (Deal, deals)):
            bulk.insert(session, model, added)


def test_outcomes_of_two_versions_are_of_the_same_leads(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    leads = fill(office, icp_id, 120)
    write_history(office, leads)
    young = fill(office, icp_id, 5)
    write_history(office, young, days_ago=3)
    key = office.key("read", "icps:write")
    other = {**NOW, "industries": ["mining"]}
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": other}, headers=key)
    found = client.get(f"/api/v1/icps/{icp_id}/outcomes?version=1&against=2", headers=office.key("read")).json()
    assert found["too_young"] == 5
    good, bad = found["versions"]
    assert (good["version"], bad["version"], good["leads"], bad["leads"]) == (1, 2, 120, 120)
    everything = good["tiers"][-1]
    assert everything["tier"] is None
    assert everything["rates"] == bad["tiers"][-1]["rates"], "what happened is the same, whoever asks"
    assert [everything["rates"][what]["outcomes"] for what in What] == [61, 30, 15, 15]
    rate = everything["rates"]["reply"]
    assert rate["value"] == pytest.approx(61 / 120)
    assert rate["low"] < rate["value"] < rate["high"]
    ordered, reversed_ = good["orders"]["reply"], bad["orders"]["reply"]
    assert ordered["average_precision"] > ordered["base_rate"] + 0.2
    assert reversed_["average_precision"] < reversed_["base_rate"]
    assert (ordered["rises"], reversed_["rises"]) == (True, False)
    assert sum(one["leads"] for one in ordered["bins"]) == 120
    few = [tier for tier in good["tiers"] if tier["leads"] < 20]
    assert few
    assert all(tier["rates"]["won"]["value"] is None and tier["rates"]["won"]["reason"] for tier in few)


def test_a_signal_of_after_the_first_mail_does_not_make_a_version_look_clever(
    client: TestClient, office: ApiOffice
) -> None:
    icp_id = made(client, office)
    leads = fill(office, icp_id, 4)
    write_history(office, leads)  # 30 days ago; the funding of lead 0 is 40 days old and counts
    before = client.get(f"/api/v1/icps/{icp_id}/outcomes", headers=office.key("read")).json()
    with office.deps.database.write(office.workspace_id) as session:
        company = session.get_one(Lead, (office.workspace_id, leads[2])).company_id
        at = office.deps.clock.now() - timedelta(days=10)
        row = {"id": uuid4(), "company_id": company, "kind": "demo_request", "observed_at": at, "content_key": "d"}
        bulk.insert(session, SignalRow, [row])
    after = client.get(f"/api/v1/icps/{icp_id}/outcomes", headers=office.key("read")).json()
    assert before == after
    assert "needed are" in before["versions"][0]["orders"]["won"]["reason"]


def test_what_would_lift_a_lead_and_its_intent_with_quote_and_url(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    leads = fill(office, icp_id, 6)
    key = office.key("read")
    silent = client.get(f"/api/v1/leads/{leads[2]}/outlook", headers=key).json()  # freight, 120 employees, DE
    assert (silent["tier"], silent["target"], silent["settled"]) == (2, 1, False)
    (change,) = silent["changes"]
    assert (change["criterion"], change["buyable"], change["now"]) == ("intent", True, None)
    assert silent["ask"][0]["kinds"]
    assert (silent["clock"]["zones"], silent["clock"]["evidence"]) == (["Europe/Berlin"], "company_country")
    assert silent["channels"] == [], "tier 4 is not written to"
    wrong = client.get(f"/api/v1/leads/{leads[5]}/outlook", headers=key).json()  # mining
    assert (wrong["tier"], wrong["target"], wrong["best_tier"]) == (3, 2, 2)
    funded = client.get(f"/api/v1/leads/{leads[4]}/outlook", headers=key).json()
    (part,) = funded["intent"]
    assert (part["kind"], part["quote"], part["url"]) == ("funding", "Raised 3 million", "https://news.example/1")
    assert funded["settled"]
    assert client.get(f"/api/v1/leads/{uuid4()}/outlook", headers=key).status_code == 404


def test_strangers_see_nothing_of_it(client: TestClient, office: ApiOffice, clock: VirtualClock, tmp_path: Any) -> None:
    icp_id = made(client, office)
    (lead,) = fill(office, icp_id, 1)
    stranger = api_office(office.deps.database, clock, tmp_path, people=0)
    key = stranger.key("read", "icps:write", "exports:read")
    with TestClient(create_app(stranger.deps)) as other:
        for url in (f"/api/v1/icps/{icp_id}/outcomes", f"/api/v1/leads/{lead}/outlook"):
            assert other.get(url, headers=key).status_code == 404
        for name in ("tier-preview", "tier-preview.csv"):
            answer = other.post(f"/api/v1/icps/{icp_id}/{name}", json={"definition": NOW}, headers=key)
            assert answer.status_code == 404


def test_the_pages_show_it(client: TestClient, office: ApiOffice) -> None:
    icp_id = made(client, office)
    leads = fill(office, icp_id, 60)
    write_history(office, leads)
    sign_in(client, office, office.user(Role.SALES_OPS))
    csrf = csrf_of(client)
    typed = {
        "csrf": csrf,
        "tab": "text",
        "text": "name: T\nindustries: [mining]\nemployees: {min: 50}\ncountries: [DE]",
    }
    page = client.post(f"/icps/{icp_id}/edit", data={**typed, "do": "preview"})
    changed = preview(client, office, icp_id, {**NOW, "industries": ["mining"]})["changed"]
    assert f"{changed} of 60 leads would change tier." in page.text
    file = client.post(f"/icps/{icp_id}/edit", data={**typed, "do": "export"})
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.text.splitlines()) == changed + 1
    assert "Compare with what happened" in client.get(f"/icps/{icp_id}").text
    assert "Outcomes of version 1" in client.get(f"/icps/{icp_id}?version=1&outcomes=yes").text
    key = office.key("read", "icps:write")
    client.post(f"/api/v1/icps/{icp_id}/versions", json={"definition": THEN}, headers=key)
    run_id = client.post(f"/api/v1/icps/{icp_id}/versions/1/restore", headers=key).json()["run_id"]
    rescore(office, UUID(run_id))
    page = client.get(f"/leads/{leads[2]}")
    assert "What would lift its tier" in page.text
    assert "can be bought" in page.text
