"""Lists: every filter finds what it says, every order pages without gap or repeat, and pages cost the same."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from core.clock import VirtualClock
from store.models import Company, Lead, Role
from store.queries import suppression
from store.session import Database
from tests.support.api_office import ApiOffice, api_office, sign_in
from tests.support.list_office import counted, dress, rows_of


@pytest.fixture
def office(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    made = api_office(database, clock, tmp_path, people=12)
    dress(made)
    return made


def found(client: TestClient, place: str, key: dict[str, str], query: str = "") -> list[Any]:
    answer = client.get(f"/api/v1/{place}?{query}", headers=key)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


def all_pages(client: TestClient, place: str, key: dict[str, str], query: str) -> list[Any]:
    items, cursor = [], ""
    while True:
        page = client.get(f"/api/v1/{place}?{query}&limit=5{cursor}", headers=key).json()
        items += page["items"]
        if not page["next"]:
            return items
        cursor = f"&cursor={page['next']}"


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ("q=meridian", 1),
        ("q=MERIDIAN+cold", 1),
        ("q=pany1.ex", 1),
        ("q=" + quote("100%"), 0),
        ("tier=1", 3),
        ("tier=1&tier=2", 6),
        ("stage=in_sequence", 12),
        ("stage=won", 0),
        ("country=de", 6),
        ("industry=FREIGHT", 6),
        ("min_employees=100", 2),
        ("max_employees=20", 2),
        ("technology=netsuite", 1),
        ("signal=funding", 1),
        ("title=finance", 6),
        ("unknown=priority", 2),
        ("unknown=employees", 4),
        ("unknown=industry", 6),
        ("unknown=industry&unknown=employees", 2),
        ("email_status=valid", 12),
        ("paused=true", 0),
        ("paused=false", 12),
        ("suppressed=true", 0),
    ],
)
def test_leads_are_narrowed(client: TestClient, office: ApiOffice, query: str, many: int) -> None:
    key = office.key("read", "people:read")
    assert len(found(client, "leads", key, query)) == many
    assert client.get(f"/api/v1/leads/count?{query}", headers=key).json() == {"count": many, "more": False}


@pytest.mark.parametrize(
    ("place", "sort"),
    [("leads", s) for s in ("best", "due", "updated", "added")]
    + [("companies", s) for s in ("name", "added", "updated", "size")]
    + [("contacts", s) for s in ("added", "updated")],
)
def test_every_order_pages_without_gap_or_repeat(client: TestClient, office: ApiOffice, place: str, sort: str) -> None:
    key = office.key("read")
    items = all_pages(client, place, key, f"sort={sort}")
    whole = found(client, place, key, f"sort={sort}&limit=200")
    assert [item["id"] for item in items] == [item["id"] for item in whole]
    assert len({item["id"] for item in items}) == 12
    if sort == "best":
        ranks = [(item["tier"], -1 if item["priority"] is None else item["priority"]) for item in items]
        assert ranks == sorted(ranks, key=lambda rank: (rank[0], -rank[1])), "an unknown priority comes last"
    if sort == "size":
        sizes = [item["employees"] for item in items]
        assert sizes == sorted((s for s in sizes if s is not None), reverse=True) + [None] * sizes.count(None)


def test_a_person_is_found_by_all_of_an_address_or_name_and_by_nothing_less(
    client: TestClient, office: ApiOffice
) -> None:
    key, blind = office.key("read", "people:read"), office.key("read")
    for place in ("contacts", "leads"):
        assert len(found(client, place, key, "q=PERSON3@company3.example")) == 1
        assert len(found(client, place, key, "q=person3")) == 0
        assert len(found(client, place, key, "q=pat+3")) == 1
        assert len(found(client, place, blind, "q=pat+3")) == 0, "who may not read names cannot try them"
        refused = client.get(f"/api/v1/{place}?q=person3@company3.example", headers=blind)
        assert refused.status_code == 403
    hidden = found(client, "contacts", blind)[0]["person"]
    assert hidden["hidden"]
    assert hidden["name"] is None
    assert hidden["email"] is None


def test_companies_of_which_something_is_not_known(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read")
    for name, many in (("technologies", 11), ("employees", 4), ("industry", 6), ("city", 12), ("domain", 0)):
        assert len(found(client, "companies", key, f"unknown={name}")) == many, name


def test_a_lead_row_says_what_happens_next(client: TestClient, office: ApiOffice) -> None:
    row = found(client, "leads", office.key("read"), "q=albrecht")[0]
    assert row["signal"]["kind"] == "funding"
    assert row["owner"] == "Ann Miller"
    assert row["sequence_state"] == "active"
    assert row["next_channel"] == "mail"
    assert row["next_due_at"].startswith("2026-06-02T14:00")


def test_suppressed_by_address_and_by_domain(client: TestClient, office: ApiOffice) -> None:
    context, key = office.office.context, office.key("read")
    with context.database.write(context.workspace_id) as session:
        for target in ({"address": "person1@company1.example"}, {"domain": "company2.example"}):
            suppression.suppress(session, context.clock, context.sealer, **target, reason="manual")
    assert len(found(client, "leads", key, "suppressed=true")) == 2
    assert {row["suppressed"] for row in found(client, "contacts", key, "suppressed=true")} == {"manual"}
    assert len(found(client, "contacts", key, "suppressed=false")) == 10
    assert [row["domain"] for row in found(client, "companies", key, "excluded=true")] == ["company2.example"]


@pytest.mark.parametrize(
    "query",
    ["tier=9", "stage=nonsense", "sort=shoe_size", "min_employees=9&max_employees=2", "q=" + "x" * 201, "unknown=shoes",
     "cursor=bm9wZQ", "limit=0", "country=GERMANY"],
)  # fmt: skip
def test_bad_filters_are_told(client: TestClient, office: ApiOffice, query: str) -> None:
    answer = client.get(f"/api/v1/leads?{query}", headers=office.key("read"))
    assert answer.status_code == 422
    assert answer.json()["hint"]


def test_a_cursor_is_of_its_order(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read")
    cursor = client.get("/api/v1/leads?limit=2", headers=key).json()["next"]
    assert client.get(f"/api/v1/leads?sort=updated&cursor={cursor}", headers=key).status_code == 422


@pytest.mark.parametrize("place", ["leads", "contacts", "companies"])
def test_statements_do_not_grow_with_rows(client: TestClient, office: ApiOffice, place: str) -> None:
    key = office.key("read", "people:read")
    client.get(f"/api/v1/{place}?limit=1", headers=key)
    with counted(office) as few:
        client.get(f"/api/v1/{place}?limit=3", headers=key)
    with counted(office) as many:
        client.get(f"/api/v1/{place}?limit=12", headers=key)
    assert len(few) == len(many) <= 12


def test_pages_show_hostile_text_inert_and_bad_filters_with_the_list(client: TestClient, office: ApiOffice) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        company = session.get(Company, (office.workspace_id, rows_of(office, Lead)[0].company_id))
        assert company is not None
        company.name = "<script>alert(1)</script>" + "x" * 200
        session.add(company)
    sign_in(client, office, office.user(Role.REP))
    for place in ("leads", "contacts", "companies"):
        page = client.get(f"/{place}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "Export as CSV" not in page.text, "a rep may not export"
        bad = client.get(f"/{place}?sort=nonsense")
        assert bad.status_code == 422
        assert "do not fit" in bad.text
        assert "data-open" in bad.text
        nothing = client.get(f"/{place}?q=zzzz")
        assert "matches" in nothing.text
        assert client.get(f"/{place}?q=&country=&sort=").status_code == 200, "empty fields mean nothing"


def test_a_viewer_sees_no_names_and_no_actions(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.VIEWER))
    for place in ("leads", "contacts"):
        page = client.get(f"/{place}").text
        assert "Pat 1" not in page
        assert "person1@" not in page
        assert 'name="id"' not in page
        assert client.get(f"/{place}?q=person1@company1.example").status_code == 403


def test_another_workspace_sees_none_of_it(
    client: TestClient, office: ApiOffice, database: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    other = api_office(database, clock, tmp_path / "other", people=1)
    with TestClient(create_app(other.deps)) as there:
        assert len(found(there, "contacts", other.key("read"))) == 1
