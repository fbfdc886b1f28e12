"""Lists as files: only with the right, people only for who may see them, nothing that a spreadsheet would run."""

import csv
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.actions import exports
from store.models import AuditEntry, Company, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.list_office import dress, rows_of


def read(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("place", ["leads", "contacts", "companies"])
def test_a_file_has_what_the_filter_finds(client: TestClient, office: ApiOffice, place: str) -> None:
    dress(office)
    key = office.key("read", "people:read", "exports:read")
    everything = read(client.get(f"/api/v1/{place}/export.csv", headers=key))
    assert len(everything) == 3
    one = read(client.get(f"/api/v1/{place}/export.csv?q=meridian", headers=key))
    assert len(one) == 1
    assert one[0] in everything
    chosen = read(client.post(f"/api/v1/{place}/export.csv", json={"ids": [one[0]["id"]]}, headers=key))
    assert chosen == one
    assert client.get(f"/api/v1/{place}/export.csv", headers=office.key("read", "people:read")).status_code == 403
    actions = [entry.action for entry in rows_of(office, AuditEntry)]
    assert actions.count(f"{place}.exported") == 3


def test_people_only_for_who_may_see_them(client: TestClient, office: ApiOffice) -> None:
    dress(office)
    for place in ("leads", "contacts"):
        row = read(client.get(f"/api/v1/{place}/export.csv", headers=office.key("read", "exports:read")))[0]
        assert "email" not in row
        assert "name" not in row
        seen = read(
            client.get(f"/api/v1/{place}/export.csv", headers=office.key("read", "people:read", "exports:read"))
        )
        assert {"person0@company0.example", "person1@company1.example"} <= {line["email"] for line in seen}


def test_formulas_are_defused(client: TestClient, office: ApiOffice) -> None:
    dress(office)
    with office.deps.database.write(office.workspace_id) as session:
        company = session.get(Company, (office.workspace_id, rows_of(office, Company)[0].id))
        assert company is not None
        company.name = "=cmd|' /C calc'!A0"
        session.add(company)
    key = office.key("read", "exports:read")
    for place, column in (("companies", "name"), ("leads", "company"), ("contacts", "company")):
        names = {line[column] for line in read(client.get(f"/api/v1/{place}/export.csv", headers=key))}
        assert "'=cmd|' /C calc'!A0" in names
        assert not any(name.startswith("=") for name in names)


def test_it_is_read_in_pieces(client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    dress(office)
    monkeypatch.setattr(exports, "_CHUNK", 1)
    lines = read(client.get("/api/v1/leads/export.csv", headers=office.key("read", "exports:read")))
    assert len({line["id"] for line in lines}) == 3


def test_from_the_page(client: TestClient, office: ApiOffice) -> None:
    dress(office)
    sign_in(client, office, office.user(Role.MANAGER))
    assert len(read(client.get("/leads/export.csv?tier=1"))) == 1
    lead = str(office.office.people[1].lead_id)
    form = {"csrf": csrf_of(client), "action": "export", "id": lead, "query": ""}
    assert [line["id"] for line in read(client.post("/leads/bulk", data=form))] == [lead]
    sign_in(client, office, office.user(Role.REP))
    assert client.get("/leads/export.csv").status_code == 403
