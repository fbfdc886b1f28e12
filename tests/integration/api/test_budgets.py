"""Budgets: ceilings made and moved, spend added up by what it was for, and never counted twice."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from store import ledger
from store.models import Role, Run
from tests.support.api_office import ApiOffice, csrf_of, sign_in

MONTH = "workspace:2026-06"
URL = f"/api/v1/budgets/{MONTH}"


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "policies:write")


def spend(office: ApiOffice, micros: int, *, provider: str = "openai", scopes: tuple[str, ...] = (MONTH,)) -> None:
    deps = office.deps
    with deps.database.write(office.workspace_id) as session:
        for scope in scopes:
            ledger.set_budget(session, deps.clock, scope, 10_000_000_000)
        entries = ledger.reserve(
            session, deps.clock, deps.ids, scopes=scopes, provider=provider, purpose="draft", max_micros=micros
        )
        ledger.settle(session, deps.clock, entries, cost_micros=micros)


def test_a_ceiling_is_made_raised_and_lowered(client: TestClient, office: ApiOffice, key: Any) -> None:
    assert client.get(URL, headers=key).status_code == 404
    for limit in (5_000, 9_000, 0):
        answer = client.put(URL, json={"limit_micros": limit}, headers=key)
        assert (answer.status_code, answer.json()["limit_micros"]) == (200, limit)
    tag = client.get(URL, headers=key).headers["ETag"]
    client.put(URL, json={"limit_micros": 7}, headers=key)
    assert client.put(URL, json={"limit_micros": 8}, headers={**key, "If-Match": tag}).status_code == 412
    assert [b["scope"] for b in client.get("/api/v1/budgets", headers=key).json()["items"]] == [MONTH]


def test_lowered_below_what_is_spent_it_stops_the_next_call(client: TestClient, office: ApiOffice, key: Any) -> None:
    spend(office, 500)
    shown = client.put(URL, json={"limit_micros": 100}, headers=key).json()
    assert (shown["spent_micros"], shown["left_micros"]) == (500, -400)
    deps = office.deps
    with deps.database.write(office.workspace_id) as session, pytest.raises(ledger.OverBudget):
        ledger.reserve(session, deps.clock, deps.ids, scopes=[MONTH], provider="x", purpose="y", max_micros=1)


@pytest.mark.parametrize("scope", ["workspace:2026-13", "everything", "run:not-an-id", "workspace:2026-06x"])
def test_a_scope_that_there_is_not_is_refused(client: TestClient, key: Any, scope: str) -> None:
    answer = client.put(f"/api/v1/budgets/{scope}", json={"limit_micros": 5}, headers=key)
    assert (answer.status_code, bool(answer.json()["hint"])) == (422, True)


def test_a_run_has_its_ceiling_and_a_strange_run_does_not_exist(
    client: TestClient, office: ApiOffice, key: Any
) -> None:
    with office.deps.database.read(office.workspace_id) as session:
        run_id = session.exec(select(Run)).one().id
    assert client.put(f"/api/v1/budgets/run:{run_id}", json={"limit_micros": 5}, headers=key).status_code == 200
    assert client.put(f"/api/v1/budgets/run:{uuid4()}", json={"limit_micros": 5}, headers=key).status_code == 404


@pytest.mark.parametrize("limit", [-1, 2**60, 1.5, "much", None])
def test_an_amount_that_is_none_is_refused(client: TestClient, key: Any, limit: Any) -> None:
    assert client.put(URL, json={"limit_micros": limit}, headers=key).status_code == 422


def test_only_who_sets_policies_sets_budgets(client: TestClient, office: ApiOffice) -> None:
    assert client.put(URL, json={"limit_micros": 5}, headers=office.key("read")).status_code == 403
    sign_in(client, office, office.user(Role.REP))
    assert "Ceiling in" not in client.get("/budgets").text
    data = {"csrf": csrf_of(client), "scope": MONTH, "limit": "5"}
    assert client.post("/budgets", data=data).status_code == 403


def test_spend_adds_up_by_each_way_and_a_call_counts_once(client: TestClient, office: ApiOffice, key: Any) -> None:
    with office.deps.database.read(office.workspace_id) as session:
        run_id = session.exec(select(Run)).one().id
    spend(office, 300, provider="openai", scopes=(MONTH, f"run:{run_id}"))
    spend(office, 200, provider="hunter")
    for way in ("provider", "purpose", "run", "day"):
        found = client.get(f"/api/v1/spend?by={way}", headers=key).json()
        assert found["spent_micros"] == 500, way
        assert (found["leads"], found["per_lead_micros"]) == (3, 166)
    days = client.get("/api/v1/spend?by=day", headers=key).json()["items"]
    assert len(days) == 31
    assert days[-1] == {"key": "2026-06-02", "calls": 2, "spent_micros": 500, "reserved_micros": 0}
    providers = client.get("/api/v1/spend", headers=key).json()["items"]
    assert [(p["key"], p["spent_micros"]) for p in providers] == [("openai", 300), ("hunter", 200)]


def test_since_has_its_bounds(client: TestClient, office: ApiOffice, key: Any) -> None:
    spend(office, 300)
    assert client.get("/api/v1/spend?since=2020-01-01T00:00:00Z", headers=key).status_code == 422
    assert client.get("/api/v1/spend?since=2026-06-01T00:00:00", headers=key).status_code == 422, "no zone"
    office.deps.clock.advance(timedelta(days=2))  # type: ignore[attr-defined]
    found = client.get("/api/v1/spend?since=2026-06-03T00:00:00Z", headers=key).json()
    assert found["spent_micros"] == 0


def test_the_page_shows_money_and_keeps_what_was_typed(client: TestClient, office: ApiOffice) -> None:
    spend(office, 812_500_000)
    sign_in(client, office, office.user(Role.SALES_OPS))
    assert "8.1250 USD" in client.get("/budgets").text
    token = csrf_of(client)
    wrong = client.post("/budgets", data={"csrf": token, "scope": MONTH, "limit": "<b>much"})
    assert (wrong.status_code, "&lt;b&gt;much" in wrong.text) == (422, True)
    assert client.post("/budgets", data={"csrf": token, "scope": MONTH, "limit": "99.50"}).status_code == 303
    assert "99.50" in client.get("/budgets").text
