"""Accounts at vendors of data: kept sealed, never shown, switched, and asked only where everything allows it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from core.errors import FixConfiguration
from store.models import Company, Purchase, PurchaseOutcome, Role, VendorAccount
from tests.support.api_office import ApiOffice, csrf_of, sign_in
from tests.support.crash.office import sealer_of
from tests.support.vendors import SECRET, FakeVendor, answer, fixture
from tools.ports import CompanyQuery, CompanyRef, Unknown
from tools.providers.vendor.desk import VendorDesk

URL = "/api/v1/vendors/hunter"


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "policies:write")


def listed(client: TestClient, key: Any) -> dict[str, Any]:
    return {vendor["name"]: vendor for vendor in client.get("/api/v1/vendors", headers=key).json()["items"]}


def test_an_account_is_made_and_its_key_is_never_shown(client: TestClient, office: ApiOffice, key: Any) -> None:
    before = listed(client, key)["hunter"]
    assert (before["has_key"], before["asked"]) == (False, False)
    made = client.put(URL, json={"key": SECRET, "credit_micros": 5_000_000}, headers=key)
    assert (made.status_code, made.json()["has_key"]) == (200, True)
    assert SECRET not in made.text + client.get("/api/v1/vendors", headers=key).text
    with office.deps.database.read(office.workspace_id) as session:
        row = session.exec(select(VendorAccount)).one()
    assert SECRET not in str(row.model_dump())
    changed = client.put(URL, json={"credit_micros": 7}, headers=key).json()
    assert (changed["has_key"], changed["credit_micros"]) == (True, 7), "without a key the old one stays"
    assert client.delete(URL, headers=key).status_code == 204
    assert client.delete(URL, headers=key).status_code == 404
    assert listed(client, key)["hunter"]["has_key"] is False


@pytest.mark.parametrize(
    "body",
    [{}, {"key": "two\nlines"}, {"key": "k", "options": {"nonsense": "1"}}, {"key": "k", "credit_micros": -1}],
)
def test_what_cannot_be_an_account_is_refused(client: TestClient, key: Any, body: Any) -> None:
    assert client.put(URL, json=body, headers=key).status_code == 422
    assert listed(client, key)["hunter"]["has_key"] is False


def test_a_vendor_that_there_is_not(client: TestClient, key: Any) -> None:
    answered = client.put("/api/v1/vendors/nobody", json={"key": "k"}, headers=key)
    assert (answered.status_code, "hunter" in answered.json()["hint"]) == (404, True)


def test_switched_off_and_on(client: TestClient, key: Any) -> None:
    assert client.post(f"{URL}/switch", json={"on": True}, headers=key).status_code == 422, "it has no key yet"
    client.put(URL, json={"key": SECRET}, headers=key)
    off = client.post(f"{URL}/switch", json={"on": False}, headers=key).json()
    assert (off["enabled"], off["asked"], off["has_key"]) == (False, False, True)
    assert client.post(f"{URL}/switch", json={"on": True}, headers=key).json()["enabled"] is True
    keyless = client.post("/api/v1/vendors/greenhouse/switch", json={"on": False}, headers=key).json()
    assert keyless["enabled"] is False


def test_what_was_bought_says_for_whom(client: TestClient, office: ApiOffice, key: Any) -> None:
    deps = office.deps
    with deps.database.write(office.workspace_id) as session:
        company = session.exec(select(Company)).first()
        assert company is not None
        for days, outcome, cost in (
            (1, PurchaseOutcome.FILLED, 40),
            (2, PurchaseOutcome.NOTHING, 10),
            (200, "down", 0),
        ):
            session.add(
                Purchase(
                    workspace_id=office.workspace_id,
                    id=uuid4(),
                    company_id=company.id,
                    provider="apollo",
                    capability="enrich",
                    outcome=outcome,
                    cost_micros=cost,
                    tier_before=3,
                    tier_after=2 if cost == 40 else 3,
                    at=deps.clock.now() - timedelta(days=days),
                )
            )
    found = client.get("/api/v1/data-spend", headers=key).json()
    (worth,) = found["providers"]
    assert (worth["asked"], worth["filled"], worth["fill_rate"], worth["moved"]) == (2, 1, 0.5, 1)
    assert (worth["cost_micros"], worth["cost_of_an_answer_micros"]) == (50, 50.0)
    (cost,) = found["companies"]
    assert (cost["name"], cost["cost_micros"]) == (company.name, 50)
    assert listed(client, key)["apollo"]["worth"] == [worth]


def test_the_page_makes_switches_and_removes(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    csrf = csrf_of(client)

    def post(path: str, **fields: str) -> Any:
        return client.post(path, data={"csrf": csrf, **fields}, follow_redirects=True)

    page = post("/vendors/hunter", key=SECRET, price="0.05")
    assert (page.status_code, "The account is set." in page.text, SECRET in page.text) == (200, True, False)
    refused = post("/vendors/hunter", price="cheap")
    assert (refused.status_code, "no price" in refused.text) == (422, True)
    assert "It is switched." in post("/vendors/hunter/switch", on="off").text
    assert "are gone" in post("/vendors/hunter/remove").text


def test_a_rep_sees_and_may_not_change(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.REP))
    assert 'action="/vendors/' not in client.get("/vendors").text
    assert client.post("/vendors/hunter", data={"csrf": csrf_of(client), "key": "k"}).status_code == 403


def desk(office: ApiOffice, vendor: FakeVendor, *, online: bool = True) -> VendorDesk:
    deps = office.deps
    return VendorDesk(deps.database, deps.clock, sealer_of, online=online, wire=vendor.wire())


def test_agents_ask_by_the_account(client: TestClient, office: ApiOffice, key: Any) -> None:
    vendor = FakeVendor(lambda _: answer(fixture("hunter", "domain_search")))
    at = desk(office, vendor)

    def finders(workspace_id: Any = office.workspace_id) -> list[str]:
        return [finder.name for finder in at.person_finders(workspace_id)]

    assert "hunter" not in finders()
    client.put(URL, json={"key": SECRET, "credit_micros": 1_000_000}, headers=key)
    assert "hunter" in finders()
    assert "hunter" not in finders(uuid4()), "another workspace's account is not ours"
    (hunter,) = [finder for finder in at.person_finders(office.workspace_id) if finder.name == "hunter"]
    ref = CompanyRef(uuid4(), "Norra Logistik", "norra.example")
    found = hunter.people([ref])[ref.company_id]
    assert not isinstance(found, Unknown)
    assert vendor.requests[0].headers["x-api-key"] == SECRET
    assert at.person_finders(office.workspace_id) == at.person_finders(office.workspace_id), (
        "made once, so paced as one"
    )
    client.post(f"{URL}/switch", json={"on": False}, headers=key)
    assert "hunter" not in finders()


def test_offline_nobody_is_asked(client: TestClient, office: ApiOffice, key: Any) -> None:
    client.put(URL, json={"key": SECRET}, headers=key)
    assert (
        desk(office, FakeVendor(lambda _: httpx2.Response(500)), online=False).person_finders(office.workspace_id) == ()
    )


def test_keyless_vendors_need_no_account(office: ApiOffice) -> None:
    names = {
        s.name for s in desk(office, FakeVendor(lambda _: httpx2.Response(500))).signal_sources(office.workspace_id)
    }
    assert {"greenhouse", "lever"} <= names
    assert "newsapi" not in names


def test_a_source_without_an_account_says_what_to_do(office: ApiOffice) -> None:
    at = desk(office, FakeVendor(lambda _: httpx2.Response(500)))
    with pytest.raises(FixConfiguration, match="salesos vendor set apollo"):
        at.company_source(office.workspace_id, "apollo", CompanyQuery())
    with pytest.raises(FixConfiguration, match="store"):
        at.company_source(office.workspace_id, "nobody", CompanyQuery())
