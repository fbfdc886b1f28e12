"""The control routes: what is asked for happens once, other workspaces do not exist, errors say what to do."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from store.models import (
    Approval,
    Lead,
    Mailbox,
    Meeting,
    MeetingState,
    OutboxItem,
    OutboxState,
    Role,
    Suppression,
    Task,
    ThreadTrigger,
)
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in, tell_a_story

NOBODY = UUID(int=7)
ICP = {"name": "Freight", "industries": ["freight forwarding"], "employees": {"min": 50, "max": 500}}


def rows(office: ApiOffice, model: Any) -> list[Any]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(sa.select(model)).scalars())


def test_the_health_needs_no_key(client: TestClient) -> None:
    assert client.get("/api/v1/health").json() == {"status": "ok"}


def test_every_operation_has_a_name_of_its_own_and_a_summary(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 20
    assert all(operation["summary"] and "api_v1" not in operation["operationId"] for operation in operations)


def test_an_icp_names_everything_that_is_wrong_with_it(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write")
    bad = {"name": "x", "employes": {}, "countries": ["Narnia"]}
    answer = client.post("/api/v1/icps", json={"definition": bad}, headers=key)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "hint", "code", "problems"} <= set(problem)
    assert len(problem["problems"]) == 2


def test_icps_have_versions_and_a_run_starts_once_per_key(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "icps:write", "runs:write")
    headers = {**key, "Idempotency-Key": "one"}
    made = client.post("/api/v1/icps", json={"definition": ICP}, headers=headers)
    again = client.post("/api/v1/icps", json={"definition": ICP}, headers=headers)
    assert (made.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert made.json() == again.json()
    assert client.post("/api/v1/icps", json={"definition": ICP}, headers=key).status_code == 409
    icp_id = made.json()["id"]
    url = f"/api/v1/icps/{icp_id}/versions"
    assert client.post(url, json={"definition": {**ICP, "countries": ["DE"]}}, headers=key).json()["number"] == 2
    assert client.post(url, json={"definition": {**ICP, "countries": ["DE"]}}, headers=key).json()["number"] == 2

    before = len(rows(office, ThreadTrigger))
    body = {"icp_id": icp_id, "max_companies": 10}
    headers = {**key, "Idempotency-Key": "two"}
    run = client.post("/api/v1/runs", json=body, headers=headers)
    assert run.status_code == 201
    assert client.post("/api/v1/runs", json=body, headers=headers).json()["id"] == run.json()["id"]
    assert len(rows(office, ThreadTrigger)) == before + 1
    at = f"/api/v1/runs/{run.json()['id']}"
    assert client.post(f"{at}/resume", headers=key).status_code == 200, "it runs already"
    assert client.post(f"{at}/pause", headers=key).json()["state"] == "paused"
    assert client.post(f"{at}/resume", headers=key).json()["state"] == "running"
    assert len(rows(office, ThreadTrigger)) == before + 2
    assert client.post(f"{at}/cancel", headers=key).json()["finished_at"]
    refused = client.post(f"{at}/resume", headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_pages_of_leads_follow_one_another_without_gap_or_repeat(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    key = office.key("read")
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = client.get("/api/v1/leads", params={"limit": 1, **({"cursor": cursor} if cursor else {})}, headers=key)
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json().get("next")
        if cursor is None:
            break
    assert seen == [str(person.lead_id) for person in office.office.people], "tier 1 first"
    assert client.get("/api/v1/leads?tier=2", headers=key).json()["items"][0]["tier"] == 2
    wrong = client.get("/api/v1/leads?cursor=nonsense", headers=key)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_cursor")


def test_a_key_without_the_right_sees_no_person_and_no_words(client: TestClient, office: ApiOffice) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    lead = office.office.people[0].lead_id
    places = [
        f"/approvals/{approval_id}",
        "/approvals",
        "/leads",
        f"/leads/{lead}",
        f"/leads/{lead}/timeline",
        "/tasks",
    ]
    blind, seeing = office.key("read"), office.key("read", "people:read")
    told = "".join(client.get(f"/api/v1{place}", headers=seeing).text for place in places)
    hidden = "".join(client.get(f"/api/v1{place}", headers=blind).text for place in places)
    for secret in ("person0@company0.example", "Pat 0", "Ledgerly catches"):
        assert secret in told
        assert secret not in hidden


def test_approving_takes_exactly_what_was_shown_and_names_who_was_first(client: TestClient, office: ApiOffice) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    key = office.key("read", "people:read", "approvals:decide")
    view = client.get(f"/api/v1/approvals/{approval_id}", headers=key).json()
    assert "".join(piece["text"] for piece in view["body_segments"]) == view["body"]
    cited = [piece for piece in view["body_segments"] if piece["evidence"]]
    assert view["evidence"][cited[0]["evidence"][0] - 1]["value"] == "3 billing clerks"
    url = f"/api/v1/approvals/{approval_id}/decision"
    changed = client.post(url, json={"action": "approve", "content_hash": "0" * 64}, headers=key)
    assert (changed.status_code, changed.json()["code"]) == (409, "draft_changed")
    body = {"action": "approve", "content_hash": view["content_hash"]}
    assert client.post(url, json={**body, "action": "reject"}, headers=key).status_code == 422, "without a reason"

    sign_in(client, office, office.user(Role.REP, "bea_brown@sender.example"))
    data = {"csrf": csrf_of(client), "content_hash": view["content_hash"]}
    assert client.post(f"/approvals/{approval_id}/approve", data=data).status_code == 303
    late = client.post(url, json=body, headers=key)
    assert late.status_code == 409
    assert "Bea Brown" in late.json()["detail"]
    page = client.post(f"/approvals/{approval_id}/reject", data={**data, "reason": "no"})
    assert page.status_code == 409
    assert "Already approved by Bea Brown" in page.text
    assert client.post(f"/api/v1/approvals/{approval_id}/undo", headers=key).json()["state"] == "pending"


def test_the_gate_holds_a_draft_back_over_http_too(client: TestClient, office: ApiOffice) -> None:
    *_, (approval_id, _) = tell_a_story(office)
    key = office.key("read", "approvals:decide")
    digest = next(row.content_hash for row in rows(office, Approval) if row.id == approval_id)
    body = {"action": "approve", "content_hash": digest}
    answer = client.post(f"/api/v1/approvals/{approval_id}/decision", json=body, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "gate_failed")


def test_another_workspaces_ids_do_not_exist(
    client: TestClient, office: ApiOffice, clock: VirtualClock, tmp_path: Path
) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    lead = office.office.people[0]
    with office.deps.database.read(office.workspace_id) as session:
        row = session.get(Lead, (office.workspace_id, lead.lead_id))
        assert row is not None
        company, icp, run = row.company_id, row.icp_id, row.run_id
    stranger = api_office(office.deps.database, clock, tmp_path, people=0)
    key = stranger.key("read", "people:read", "approvals:decide", "runs:write", "icps:write", "work:write")
    decision = {"action": "approve", "content_hash": "0" * 64}
    asked: list[tuple[str, str, Any]] = [
        ("GET", f"/approvals/{approval_id}", None),
        ("POST", f"/approvals/{approval_id}/decision", decision),
        ("POST", f"/approvals/{approval_id}/undo", None),
        ("GET", f"/leads/{lead.lead_id}", None),
        ("GET", f"/leads/{lead.lead_id}/timeline", None),
        ("GET", f"/companies/{company}", None),
        ("GET", f"/icps/{icp}", None),
        ("GET", f"/runs/{run}", None),
        ("POST", f"/runs/{run}/cancel", None),
        ("POST", f"/tasks/{NOBODY}/done", {}),
    ]
    with TestClient(create_app(stranger.deps)) as other:
        for method, place, body in asked:
            answer = other.request(method, f"/api/v1{place}", json=body, headers=key)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), place
        assert other.get("/api/v1/leads", headers=key).json()["items"] == []
    mine = office.key("read")
    assert client.get(f"/api/v1/leads/{lead.lead_id}", headers=mine).status_code == 200


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [
        ("POST", "/icps", {"definition": ICP}),
        ("POST", "/runs", {"icp_id": str(NOBODY)}),
        ("POST", f"/runs/{NOBODY}/pause", None),
        ("POST", f"/approvals/{NOBODY}/decision", {"action": "approve", "content_hash": "0" * 64}),
        ("POST", f"/approvals/{NOBODY}/edit", {"subject": "a", "body": "b"}),
        ("POST", f"/approvals/{NOBODY}/undo", None),
        ("POST", f"/tasks/{NOBODY}/done", {}),
        ("POST", f"/meetings/{NOBODY}/outcome", {"held": True}),
        ("POST", f"/outbox/{NOBODY}/resolution", {"was_sent": True}),
        ("POST", "/suppressions", {"domain": "x.example"}),
    ],
)
def test_a_key_that_may_only_read_changes_nothing(
    client: TestClient, office: ApiOffice, method: str, place: str, body: Any
) -> None:
    answer = client.request(method, f"/api/v1{place}", json=body, headers=office.key("read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_person_settles_a_mail_of_unknown_outcome_once(client: TestClient, office: ApiOffice) -> None:
    item_id = office.office.approved(0)
    with office.deps.database.write(office.workspace_id) as session:
        item = session.get(OutboxItem, (office.workspace_id, item_id))
        assert item is not None
        item.state = OutboxState.UNKNOWN
        session.add(item)
    key = office.key("read", "outbox:write")
    assert [row["id"] for row in client.get("/api/v1/outbox", headers=key).json()["items"]] == [str(item_id)]
    url = f"/api/v1/outbox/{item_id}/resolution"
    assert client.post(url, json={"was_sent": True}, headers=key).status_code == 204
    assert client.post(url, json={"was_sent": False}, headers=key).status_code == 409
    assert [row.state for row in rows(office, OutboxItem)].count(OutboxState.SENT) == 1


def test_a_task_is_done_once_and_a_meeting_takes_its_outcome(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    lead = office.office.people[0]
    task_id, meeting_id = office.deps.ids.new(), office.deps.ids.new()
    now, common = clock.now(), {"workspace_id": office.workspace_id, "created_at": clock.now()}
    user_id = office.office.get(Mailbox, office.office.mailbox_id).user_id
    with office.deps.database.write(office.workspace_id) as session:
        row = session.get(Lead, (office.workspace_id, lead.lead_id))
        assert row is not None
        session.add(
            Task(
                **common,
                id=task_id,
                source_key="t",
                subject_kind="lead",
                subject_id=row.id,
                kind="linkedin",
                title="Connect",
                due_at=now,
            )
        )
        session.add(
            Meeting(
                **common,
                id=meeting_id,
                lead_id=row.id,
                contact_id=row.contact_id,
                company_id=row.company_id,
                user_id=user_id,
                purpose_key="m",
                state=MeetingState.BOOKED,
                starts_at=now - timedelta(hours=1),
                ends_at=now - timedelta(minutes=30),
            )
        )
    key = office.key("read", "work:write")
    assert client.get("/api/v1/tasks", headers=key).json()["items"][0]["title"] == "Connect"
    done = [client.post(f"/api/v1/tasks/{task_id}/done", json={"outcome": o}, headers=key).json() for o in ("a", "b")]
    assert [task["outcome"] for task in done] == ["a", "a"], "the first word stays"
    url = f"/api/v1/meetings/{meeting_id}/outcome"
    assert client.post(url, json={"held": True, "outcome": "keen"}, headers=key).status_code == 204
    assert client.post(url, json={"held": False}, headers=key).status_code == 409
    assert client.get("/api/v1/meetings", headers=key).json()["items"][0]["state"] == "held"


def test_suppressing_keeps_a_hash_and_happens_once(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "suppressions:write")
    body = {"address": "Pat@Company.example"}
    assert client.post("/api/v1/suppressions", json=body, headers=key).json() == {"new": 1}
    assert client.post("/api/v1/suppressions", json=body, headers=key).json() == {"new": 0}
    assert client.get("/api/v1/suppressions", headers=key).json() == {"total": 1, "by_reason": {"manual": 1}}
    assert "pat" not in str([row.model_dump() for row in rows(office, Suppression)])


def test_errors_are_problems_whatever_they_are(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "runs:write")
    for answer in (
        client.get("/api/v1/nowhere", headers=key),
        client.delete("/api/v1/leads", headers=key),
        client.get("/api/v1/leads/not-an-id", headers=key),
        client.post("/api/v1/runs", content=b"{", headers=key),
        client.get("/api/v1/leads?limit=9999", headers=key),
    ):
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code"} <= set(answer.json())
    assert "<html" in client.get("/nowhere").text


def test_what_nobody_expected_tells_nothing_of_the_inside(office: ApiOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("pat@company.example is in row 7")

    monkeypatch.setattr("api.views.lists.leads.leads", broken)
    with TestClient(create_app(office.deps), raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/leads", headers=office.key("read"))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "pat@" not in answer.text
    assert answer.headers["content-security-policy"]


def test_a_parameter_that_is_misspelled_or_given_twice_is_no_silent_filter(
    client: TestClient, office: ApiOffice
) -> None:
    key = office.key("read")
    misspelled = client.get("/api/v1/leads?teir=1", headers=key)
    assert (misspelled.status_code, misspelled.json()["code"]) == (422, "unknown_parameter")
    twice = client.get("/api/v1/signing-keys?domain=a.example&domain=b.example", headers=key)
    assert (twice.status_code, twice.json()["code"]) == (422, "repeated_parameter")
