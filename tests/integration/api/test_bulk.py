"""Many at once: what follows from each action follows for all of them, what does not fit is passed over and counted."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from core.clock import VirtualClock
from store.models import (
    Approval,
    AuditEntry,
    Company,
    Draft,
    Enrollment,
    Lead,
    Mailbox,
    MailboxState,
    Role,
    Suppression,
    ThreadTrigger,
    Touch,
)
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tests.support.list_office import dress, rows_of

WRITE = ("read", "people:read", "records:write", "suppressions:write")


@pytest.fixture
def office(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    made = api_office(database, clock, tmp_path, people=6)
    dress(made)
    return made


def ids(office: ApiOffice, *numbers: int) -> list[str]:
    return [str(office.office.people[number].lead_id) for number in numbers]


def bulk(client: TestClient, key: dict[str, str], place: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{place}/bulk", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def states(office: ApiOffice, model: Any, lead: int) -> set[str]:
    found = rows_of(office, model, model.lead_id == office.office.people[lead].lead_id)
    return {row.state.value for row in found}


def test_stopping_takes_everything_back(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*WRITE)
    office.office.draft(0)
    told = bulk(client, key, "leads", action="stop", reason="not_a_fit", ids=[*ids(office, 0, 1), str(uuid4())])
    assert told == {"matched": 3, "changed": 2, "passed_over": [{"reason": "not_here", "count": 1}]}
    assert states(office, Enrollment, 0) == {"stopped"}
    assert states(office, Touch, 0) == {"cancelled"}
    assert states(office, Draft, 0) == {"void"}
    assert states(office, Approval, 0) == {"void"}
    assert states(office, Touch, 2) == {"planned"}, "nobody else is touched"
    assert office.office.get(Lead, UUID(ids(office, 0)[0])).stop_reason == "Stopped by hand: not a fit."
    again = bulk(client, key, "leads", action="stop", reason="other", ids=ids(office, 0, 1))
    assert again == {"matched": 2, "changed": 0, "passed_over": [{"reason": "ended", "count": 2}]}
    entries = [entry for entry in rows_of(office, AuditEntry) if entry.action == "lead.bulk_stop"]
    assert len(entries) == 1
    assert entries[0].details["changed"] == 2


def test_a_pause_holds_drafts_and_resuming_moves_late_steps(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    key = office.key(*WRITE)
    office.office.draft(0)
    assert bulk(client, key, "leads", action="pause", ids=ids(office, 0, 1))["changed"] == 2
    assert states(office, Draft, 0) == {"void"}
    assert states(office, Touch, 0) == {"planned"}
    assert states(office, Enrollment, 0) == {"paused"}
    assert (
        bulk(client, key, "leads", action="pause", ids=ids(office, 0))["passed_over"][0]["reason"] == "paused_already"
    )
    before = [touch.due_at for touch in _touches(office, 1)]
    clock.advance(timedelta(days=2))
    assert bulk(client, key, "leads", action="resume", ids=ids(office, 0, 1, 2)) == {
        "matched": 3,
        "changed": 2,
        "passed_over": [{"reason": "not_paused", "count": 1}],
    }
    after = [touch.due_at for touch in _touches(office, 1)]
    assert after[0] == clock.now()
    assert after[1] - after[0] == before[1] - before[0]


def test_an_owner_changes_only_where_nobody_wrote(client: TestClient, office: ApiOffice) -> None:
    key, other = office.key(*WRITE), uuid4()
    with office.deps.database.write(office.workspace_id) as session:
        first = session.get(Mailbox, (office.workspace_id, office.office.mailbox_id))
        assert first is not None
        values = first.model_dump() | {"id": other, "address": "bo@sender.example", "display_name": "Bo"}
        session.add(Mailbox(**values))
    item = office.office.approved(0)
    _mark_sent(office, item)
    office.office.draft(1)
    body = {"action": "change_mailbox", "mailbox_id": str(other), "ids": ids(office, 0, 1)}
    assert bulk(client, key, "leads", **body) == {
        "matched": 2,
        "changed": 1,
        "passed_over": [{"reason": "written_to", "count": 1}],
    }
    assert states(office, Draft, 1) == {"void"}, "a draft binds its sender"
    row = client.get("/api/v1/leads", params={"mailbox_id": str(other)}, headers=key).json()["items"]
    assert [r["id"] for r in row] == ids(office, 1)
    assert row[0]["owner"] == "Bo"
    with office.deps.database.write(office.workspace_id) as session:
        found = session.get(Mailbox, (office.workspace_id, other))
        assert found is not None
        found.state = MailboxState.PAUSED
        session.add(found)
    assert client.post("/api/v1/leads/bulk", json=body, headers=key).status_code == 409
    missing = {**body, "mailbox_id": str(uuid4())}
    assert client.post("/api/v1/leads/bulk", json=missing, headers=key).status_code == 404


def test_all_that_match_only_as_many_as_were_confirmed(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*WRITE)
    body = {"action": "pause", "filter": {"tier": [1]}}
    assert client.post("/api/v1/leads/bulk", json=body, headers=key).status_code == 422, "a count is needed"
    fewer = client.post("/api/v1/leads/bulk", json={**body, "confirmed": 1}, headers=key)
    assert fewer.status_code == 409
    assert fewer.json()["code"] == "more_than_confirmed"
    assert bulk(client, key, "leads", **body, confirmed=2)["changed"] == 2
    typo = {"action": "stop", "reason": "other", "filter": {"teir": [1]}, "confirmed": 9}
    assert client.post("/api/v1/leads/bulk", json=typo, headers=key).status_code == 422


def test_people_are_suppressed_with_all_that_follows(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*WRITE)
    office.office.draft(0)
    contacts = [str(office.office.people[n].contact_id) for n in (0, 1)]
    assert bulk(client, key, "contacts", action="suppress", reason="opt_out", ids=contacts)["changed"] == 2
    assert states(office, Draft, 0) == {"void"}
    assert states(office, Enrollment, 1) == {"stopped"}
    assert {row.reason for row in rows_of(office, Suppression)} == {"opt_out"}
    assert {row.kind for row in rows_of(office, ThreadTrigger)} == {"opted_out"}
    again = bulk(client, key, "contacts", action="suppress", ids=contacts)
    assert again["passed_over"] == [{"reason": "suppressed_already", "count": 2}]


def test_companies_are_excluded_and_tagged(client: TestClient, office: ApiOffice) -> None:
    key = office.key(*WRITE)
    companies = [str(row.id) for row in rows_of(office, Company)]
    assert bulk(client, key, "companies", action="add_tag", tag="Summer fair", ids=companies)["changed"] == 6
    same = bulk(client, key, "companies", action="add_tag", tag="summer FAIR", ids=companies)
    assert same["passed_over"] == [{"reason": "has_it_already", "count": 6}]
    assert len(client.get("/api/v1/companies?tag=summer+fair", headers=key).json()["items"]) == 6
    assert bulk(client, key, "companies", action="remove_tag", tag="summer fair", ids=companies[:2])["changed"] == 2
    lead = rows_of(office, Lead, Lead.company_id == UUID(companies[0]))[0]
    assert bulk(client, key, "companies", action="exclude", ids=companies[:1])["changed"] == 1
    assert office.office.get(Lead, lead.id).stage.value == "stopped"
    assert client.get("/api/v1/leads?suppressed=true", headers=key).json()["items"][0]["id"] == str(lead.id)


def test_rights(client: TestClient, office: ApiOffice) -> None:
    reader = office.key("read")
    for place, body in (
        ("leads", {"action": "pause", "ids": ids(office, 0)}),
        ("contacts", {"action": "suppress", "ids": [str(uuid4())]}),
        ("companies", {"action": "exclude", "ids": [str(uuid4())]}),
    ):
        assert client.post(f"/api/v1/{place}/bulk", json=body, headers=reader).status_code == 403


def test_the_page_asks_before_it_ends_anything(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.REP))
    form = {"csrf": csrf_of(client), "action": "stop", "reason": "not_a_fit", "query": "tier=1", "all": "true"}
    asked = client.post("/leads/bulk", data=form)
    assert asked.status_code == 200
    assert "Stop: 2 leads?" in asked.text
    assert states(office, Enrollment, 0) == {"active"}
    done = client.post("/leads/bulk", data={**form, "sure": "true", "confirmed": "2"})
    assert done.headers["location"] == "/leads?tier=1&did=stop.2"
    assert "2 leads are stopped." in client.get(done.headers["location"]).text
    none = client.post("/leads/bulk", data={**form, "all": ""})
    assert none.status_code == 422
    assert "Nothing is ticked" in none.text
    assert "<script>" not in client.get("/leads?did=stop.<script>&passed=<b>.2").text.replace("<script src", "")
    at_once = client.post("/leads/bulk", data={**form, "all": "", "action": "pause", "id": ids(office, 1)})
    assert at_once.headers["location"] == "/leads?tier=1&did=pause.1"
    assert client.post("/leads/bulk", data={**form, "csrf": "no"}).status_code == 403


def _touches(office: ApiOffice, lead: int) -> list[Touch]:
    found = rows_of(office, Touch, Touch.lead_id == office.office.people[lead].lead_id)
    return sorted(found, key=lambda touch: touch.number)


def _mark_sent(office: ApiOffice, item_id: UUID) -> None:
    from store.models import OutboxItem, OutboxState

    with office.deps.database.write(office.workspace_id) as session:
        item = session.get(OutboxItem, (office.workspace_id, item_id))
        assert item is not None
        item.state = OutboxState.SENT
        session.add(item)
