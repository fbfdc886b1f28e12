"""The audit chain over HTTP: filtered, paged, verified, exported; and nobody reads it without the right."""

from itertools import pairwise
from typing import Any
from uuid import uuid4

import orjson
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col

from api.views import audit as views
from store import audit
from store.models import AuditEntry, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in

URL = "/api/v1/audit"


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "audit:read", "exports:read")


def write(office: ApiOffice, count: int, *, action: str = "lead.touched", subject: str = "", **details: Any) -> None:
    deps = office.deps
    records = [audit.Record("system", action, "lead", subject or str(uuid4()), details) for _ in range(count)]
    with deps.database.write(office.workspace_id) as session:
        audit.append_many(session, deps.clock, deps.ids, records)


def test_entries_come_the_newest_first_in_pages_without_gaps(client: TestClient, office: ApiOffice, key: Any) -> None:
    write(office, 7)
    seen, cursor = [], ""
    while True:
        page = client.get(f"{URL}?limit=3{cursor}", headers=key).json()
        seen += [entry["seq"] for entry in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == list(range(len(seen), 0, -1))
    assert len(seen) >= 7
    assert client.get(f"{URL}?cursor=WyJ4Il0", headers=key).status_code == 200, "a cursor of text means the end"


def test_filters_narrow_it(client: TestClient, office: ApiOffice, key: Any) -> None:
    subject = str(uuid4())
    write(office, 2, action="policy.set")
    write(office, 1, action="policyholder.set")
    write(office, 1, action="lead.touched", subject=subject)

    def count(query: str) -> int:
        return len(client.get(f"{URL}?{query}", headers=key).json()["items"])

    assert count("action=policy") == 2, "the kind, and not what only begins so"
    assert count("action=policy.set") == 2
    assert count(f"subject={subject}") == 1
    assert count("actor=system&action=lead") == 1
    assert count("since=2026-06-02T14:00:00Z") > 0
    assert count("since=2026-06-02T14:00:01Z") == 0
    assert count("until=2026-06-02T14:00:00Z") == 0
    assert client.get(f"{URL}?since=2026-06-02", headers=key).status_code == 422


def test_ids_have_names(client: TestClient, office: ApiOffice, key: Any) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    client.post("/policies/kill-switch", data={"csrf": csrf_of(client), "on": "yes"})
    entry = client.get(f"{URL}?action=policy", headers=key).json()["items"][0]
    assert (entry["who"], entry["said"], entry["href"]) == ("Sales Ops", "turned the kill switch on", "/policies")


def test_a_whole_chain_is_whole_and_a_changed_one_says_where(client: TestClient, office: ApiOffice, key: Any) -> None:
    write(office, 5)
    found = client.post(f"{URL}/verify", json={}, headers=key).json()
    assert (found["ok"], found["done"], found["to_seq"]) == (True, True, found["last_seq"])
    changed = sa.update(AuditEntry).where(col(AuditEntry.seq) == 3).values(action="nothing.happened")

    def forge() -> None:
        with office.deps.database.write(office.workspace_id) as session:
            session.execute(changed.execution_options(synchronize_session=False))

    if office.deps.database.is_postgres:
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):  # the application may only append
            forge()
        return
    forge()
    broken = client.post(f"{URL}/verify", json={}, headers=key).json()
    assert (broken["ok"], broken["broken_at"]) == (False, 3)


def test_a_long_chain_is_verified_in_parts(
    client: TestClient, office: ApiOffice, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office, 10)
    monkeypatch.setattr(views, "AT_ONCE", 4)
    body: dict[str, Any] = {}
    parts = 0
    while True:
        found = client.post(f"{URL}/verify", json=body, headers=key).json()
        assert found["ok"], found
        parts += 1
        if found["done"]:
            break
        body = {"after_seq": found["to_seq"], "after_hash": found["hash"]}
    assert parts >= 3
    wrong = client.post(f"{URL}/verify", json={"after_seq": 4, "after_hash": "0" * 64}, headers=key).json()
    assert (wrong["ok"], wrong["broken_at"]) == (False, 5)
    beyond = client.post(f"{URL}/verify", json={"after_seq": 9_999, "after_hash": "0" * 64}, headers=key).json()
    assert beyond["ok"] is False


def test_the_export_holds_what_it_takes_to_verify_it_elsewhere(
    client: TestClient, office: ApiOffice, key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office, 5, note_count=1)
    monkeypatch.setattr(views, "_EXPORTED", 2)
    answer = client.get(f"{URL}/export", headers=key)
    rows = [orjson.loads(line) for line in answer.content.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["previous_hash"] == before["hash"] for before, row in pairwise(rows))


def test_without_the_rights_nothing_is_told(client: TestClient, office: ApiOffice) -> None:
    reader, auditor = office.key("read"), office.key("read", "audit:read")
    assert client.get(URL, headers=reader).status_code == 403
    assert client.post(f"{URL}/verify", json={}, headers=reader).status_code == 403
    assert client.get(URL, headers=auditor).status_code == 200
    assert client.get(f"{URL}/export", headers=auditor).status_code == 403
    sign_in(client, office, office.user(Role.REP))
    assert client.get("/audit").status_code == 403
    assert client.get("/audit.jsonl").status_code == 403
    assert client.post("/audit/verify", data={"csrf": csrf_of(client)}).status_code == 403


def test_another_workspace_is_not_in_it(client: TestClient, office: ApiOffice, key: Any) -> None:
    ids = {
        row["workspace_id"] for row in map(orjson.loads, client.get(f"{URL}/export", headers=key).content.splitlines())
    }
    assert ids == {str(office.workspace_id)}


def test_hostile_words_are_shown_inert_and_bad_filters_change_nothing(client: TestClient, office: ApiOffice) -> None:
    write(office, 1, reason="<script>alert(1)</script>\u202egpj")
    sign_in(client, office, office.user(Role.EXECUTIVE))
    page = client.get("/audit")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert(1)" not in page.text
    assert client.get("/audit?since=tomorrow&until=9999-12-31&actor=%3Cb%3E").status_code == 200


def test_the_page_verifies(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.EXECUTIVE))
    page = client.post("/audit/verify", data={"csrf": csrf_of(client)})
    assert "The chain is whole" in page.text
