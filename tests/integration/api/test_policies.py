"""Policies over HTTP and in the console: rights, versions, the kill switch, what is typed wrongly."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from agents.policy import ActionClass, Autonomy, Policy, load_policy
from store import audit
from store.models import AuditEntry, Role
from tests.support.api_office import ApiOffice, csrf_of, sign_in

URL = "/api/v1/policy"


@pytest.fixture
def admin(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "policies:write", "autonomy:write")


def in_force(office: ApiOffice) -> Policy:
    with office.deps.database.read(office.workspace_id) as session:
        return load_policy(session)


def body(**values: Any) -> dict[str, Any]:
    return {**Policy().model_dump(mode="json", exclude={"number"}), **values}


def test_a_change_is_a_new_version_and_the_same_again_is_none(
    client: TestClient, office: ApiOffice, admin: Any
) -> None:
    for _ in range(2):
        assert client.put(URL, json=body(window_end_hour=17), headers=admin).json()["number"] == 1
    assert client.put(URL, json=body(window_end_hour=16), headers=admin).json()["number"] == 2
    versions = client.get(f"{URL}/versions", headers=admin).json()["items"]
    assert [(v["number"], v["in_force"]) for v in versions] == [(2, True), (1, False)]
    assert versions[0]["changes"] == [{"field": "window_end_hour", "before": "17", "after": "16"}]
    assert client.get(f"{URL}/versions/1", headers=admin).json()["window_end_hour"] == 17
    assert client.get(f"{URL}/versions/9", headers=admin).status_code == 404


def test_versions_come_in_pages_and_a_made_up_cursor_is_refused(client: TestClient, admin: Any) -> None:
    for hour in (12, 13, 14):
        client.put(URL, json=body(window_end_hour=hour), headers=admin)
    first = client.get(f"{URL}/versions?limit=2", headers=admin).json()
    rest = client.get(f"{URL}/versions?limit=2&cursor={first['next']}", headers=admin).json()
    assert [v["number"] for v in first["items"] + rest["items"]] == [3, 2, 1]
    assert first["items"][1]["changes"][0]["before"] == "12", "the version before stands on the next page"
    assert client.get(f"{URL}/versions?cursor=xx", headers=admin).status_code == 422


def test_a_stale_edit_is_refused(client: TestClient, office: ApiOffice, admin: Any) -> None:
    tag = client.get(URL, headers=admin).headers["ETag"]
    fresh = client.put(URL, json=body(hold_hours=24), headers={**admin, "If-Match": tag})
    assert fresh.status_code == 200
    stale = client.put(URL, json=body(hold_hours=48), headers={**admin, "If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    assert in_force(office).hold_hours == 24


def test_autonomy_needs_its_own_right_also_by_going_back(client: TestClient, office: ApiOffice, admin: Any) -> None:
    ops = office.key("read", "policies:write")
    auto = body(autonomy={**body()["autonomy"], "reply": "auto"})
    refused = client.put(URL, json=auto, headers=ops)
    assert (refused.status_code, "autonomy:write" in refused.json()["detail"]) == (403, True)
    assert client.put(URL, json=auto, headers=admin).status_code == 200
    assert client.put(URL, json=body(), headers=admin).status_code == 200
    assert client.post(f"{URL}/versions/1/restore", headers=ops).status_code == 403
    assert in_force(office).autonomy_of(ActionClass.REPLY) is Autonomy.APPROVE
    assert client.post(f"{URL}/versions/1/restore", headers=admin).json()["number"] == 3


def test_going_back_leaves_the_kill_switch_as_it_is(client: TestClient, office: ApiOffice, admin: Any) -> None:
    client.put(URL, json=body(hold_hours=24), headers=admin)
    client.put(f"{URL}/kill-switch", json={"on": True}, headers=admin)
    back = client.post(f"{URL}/versions/1/restore", headers=admin).json()
    assert (back["kill_switch"], back["hold_hours"]) == (True, 24)


def test_the_kill_switch_twice_is_one_version_and_stands_in_the_audit(
    client: TestClient, office: ApiOffice, admin: Any
) -> None:
    for _ in range(2):
        assert client.put(f"{URL}/kill-switch", json={"on": True}, headers=admin).json()["number"] == 1
    with office.deps.database.read(office.workspace_id) as session:
        actions = [row.action for row in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))]
        assert isinstance(audit.verify(session), audit.Verified)
    assert actions.count("policy.kill_switch_on") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"contacts_per_company": 0},
        {"window_start_hour": 24},
        {"window_start_hour": 17, "window_end_hour": 9},
        {"autonomy": {"first_mail": "always"}},
        {"autonomy": {"every_mail": "auto"}},
        {"number": 7},
        {"legitimate_interest_assessment": "x" * 10_001},
    ],
)
def test_nonsense_is_refused_with_its_place(
    client: TestClient, office: ApiOffice, admin: Any, wrong: dict[str, Any]
) -> None:
    answer = client.put(URL, json=body(**wrong), headers=admin)
    assert answer.status_code == 422
    assert answer.json()["hint"]
    assert in_force(office).number == 0


@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER, Role.MARKETING, Role.CSM, Role.VIEWER, Role.EXECUTIVE])
def test_other_roles_see_it_and_change_nothing(client: TestClient, office: ApiOffice, role: Role) -> None:
    sign_in(client, office, office.user(role))
    page = client.get("/policies")
    assert page.status_code == 200
    assert "Put it in force" not in page.text
    assert "Stop everything" not in page.text
    token = csrf_of(client)
    for place in ("/policies", "/policies/kill-switch", "/policies/1/restore"):
        assert client.post(place, data={"csrf": token, "on": "yes"}).status_code == 403
    assert in_force(office).number == 0


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    data = {"csrf": csrf_of(client), "window_start_hour": "99", "legitimate_interest_assessment": "<script>x</script>"}
    page = client.post("/policies", data=data)
    assert page.status_code == 422
    assert 'value="99"' in page.text
    assert "&lt;script&gt;x&lt;/script&gt;" in page.text
    assert "<script>x" not in page.text
    assert in_force(office).number == 0


def test_guesses_that_nobody_can_confirm_are_allowed_by_form_and_by_api(
    client: TestClient, office: ApiOffice, admin: Any
) -> None:
    assert in_force(office).guess_at_catch_all is False
    sign_in(client, office, office.user(Role.SALES_OPS))
    typed = {"csrf": csrf_of(client), "buy_data.asked": "yes", "buy_data": "yes"}
    typed |= {"guess_at_catch_all.asked": "yes", "guess_at_catch_all": "yes"}
    assert client.post("/policies", data=typed).status_code == 303
    assert in_force(office).guess_at_catch_all is True
    assert 'name="guess_at_catch_all" value="yes" checked' in client.get("/policies").text
    assert client.put(URL, json=body(guess_at_catch_all=False), headers=admin).status_code == 200
    assert in_force(office).guess_at_catch_all is False


def test_sales_ops_save_limits_but_a_forged_autonomy_is_refused(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    token = csrf_of(client)
    assert client.post("/policies", data={"csrf": token, "hold_hours": "24"}).status_code == 303
    forged = client.post("/policies", data={"csrf": token, "autonomy.first_mail": "auto"})
    assert forged.status_code == 403
    assert in_force(office).hold_hours == 24
    assert in_force(office).autonomy_of(ActionClass.FIRST_MAIL) is Autonomy.APPROVE
    assert client.post("/policies", data={"csrf": "no", "hold_hours": "1"}).status_code == 403
