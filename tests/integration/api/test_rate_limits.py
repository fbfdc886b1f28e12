"""Rate limits over the whole application: what is answered from memory counts, and a refusal can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from store.models import Role
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, sign_in


@pytest.fixture
def limited(database: Database, clock: VirtualClock, tmp_path: Path) -> Iterator[tuple[ApiOffice, TestClient]]:
    office = api_office(database, clock, tmp_path, rate_limit_factor=0.01, trusted_proxies="127.0.0.0/8")
    app = create_app(office.deps)
    with TestClient(app, follow_redirects=False, client=("127.0.0.1", 1)) as client:
        yield office, client


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_repeated_reads_from_memory_count(limited: tuple[ApiOffice, TestClient]) -> None:
    office, client = limited
    key = office.key("read")
    answers = [client.get("/api/v1/leads", headers={**key, **from_(f"192.0.2.{n}")}) for n in range(40)]
    assert [a.status_code for a in answers].count(200) == 30
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "too_many_requests"
    assert problem["hint"]
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["ratelimit-policy"] == '"key";q=30;w=60'
    assert refused.headers["ratelimit"].startswith('"key";r=0;')
    assert refused.headers["x-content-type-options"] == "nosniff"
    other = client.get("/api/v1/leads", headers={**office.key("read"), **from_("192.0.2.200")})
    assert other.status_code == 200
    assert "ratelimit" not in other.headers or "r=2" in other.headers["ratelimit"]


def test_a_page_for_people(limited: tuple[ApiOffice, TestClient]) -> None:
    _, client = limited
    answers = [client.get("/sign-in", headers=from_("192.0.2.1")) for _ in range(70)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["content-type"].startswith("text/html")
    assert "Too many requests" in answers[-1].text
    assert "Wait" in answers[-1].text
    assert client.get("/sign-in", headers=from_("192.0.2.2")).status_code == 200


def test_guessing_from_one_address_ends_soon(limited: tuple[ApiOffice, TestClient]) -> None:
    office, client = limited
    office.user(Role.REP)
    client.headers.update(from_("192.0.2.1"))
    assert sign_in(client, office, "rep@sender.example", "wrong, and long enough") == 401
    assert sign_in(client, office, "nobody@sender.example", "wrong, and long enough") == 429
    client.headers.update(from_("192.0.2.2"))
    assert sign_in(client, office, "rep@sender.example") == 303


def test_a_person_has_one_budget_for_all_browsers(database: Database, clock: Any, tmp_path: Path) -> None:
    office = api_office(database, clock, tmp_path, rate_limit_factor=0.02, trusted_proxies="127.0.0.0/8")
    office.user(Role.REP)
    app = create_app(office.deps)
    answers = []
    for number in (1, 2):
        with TestClient(app, follow_redirects=False, client=("127.0.0.1", 1), headers=from_(f"192.0.2.{number}")) as c:
            assert sign_in(c, office, "rep@sender.example") == 303
            answers += [c.get("/approvals").status_code for _ in range(14)]
    assert answers.count(200) == 24, answers
    assert answers[-1] == 429


def test_opting_out_goes_on_under_a_flood(limited: tuple[ApiOffice, TestClient]) -> None:
    office, client = limited
    client.headers.update(from_("192.0.2.1"))
    for _ in range(70):
        client.get("/sign-in")
    assert client.get("/sign-in").status_code == 429
    contact = office.office.people[0].contact_id
    token = office.deps.unsubscribe.make(office.workspace_id, contact, None)
    assert client.post(f"/u/{token}").status_code == 200
