"""Pools by the API and in the console: made, manned, read with the meetings behind each number, handed over."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.permissions import Permission
from core.clock import VirtualClock
from store.models import AuditEntry, PoolEntry, PoolMember, Role
from store.session import Database
from tests.support.agent_office import rows_of
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tests.support.pool_office import PoolOffice, with_pool

EVERYONE = {"name": "All of us", "ownership": "ignore"}


@pytest.fixture
def api(database: Database, clock: VirtualClock, tmp_path: Any) -> ApiOffice:
    return api_office(database, clock, tmp_path, people=3)


@pytest.fixture
def pool(api: ApiOffice) -> PoolOffice:
    found = with_pool(api.office)
    api.deps = api.deps.__class__(**{**vars(api.deps), "context_for": lambda _workspace_id: found.context})
    return found


@pytest.fixture
def client(api: ApiOffice, pool: PoolOffice) -> Any:
    with TestClient(create_app(api.deps), follow_redirects=False) as client:
        yield client


@pytest.fixture
def key(api: ApiOffice) -> dict[str, str]:
    return api.key(Permission.READ, Permission.POLICIES)


def test_a_pool_is_made_changed_and_deleted_and_the_audit_says_so(
    api: ApiOffice, client: TestClient, pool: PoolOffice, key: dict[str, str]
) -> None:
    body = EVERYONE | {
        "members": [{"user_id": str(pool.reps[0]), "weight": 2}, {"email": "bea@sender.example", "skills": ["German"]}],
        "needs": [{"skill": "german", "countries": ["de"]}],
        "minutes": 45,
    }
    made = client.post("/api/v1/pools", json=body, headers=key | {"Idempotency-Key": "a"})
    again = client.post("/api/v1/pools", json=body, headers=key | {"Idempotency-Key": "a"})
    assert made.status_code == 201, made.text
    assert again.json()["id"] == made.json()["id"]
    shown = client.get(f"/api/v1/pools/{made.json()['id']}", headers=key).json()
    assert [(m["name"], m["weight"], m["skills"]) for m in shown["members"]] == [("Ada", 2, []), ("Bea", 1, ["german"])]
    assert shown["needs"] == [
        {
            "skill": "german",
            "countries": ["DE"],
            "icps": [],
            "tiers": [],
            "industries": [],
            "employees_from": None,
            "employees_to": None,
        }
    ]
    path = f"/api/v1/pools/{made.json()['id']}"
    changed = client.put(path, json=EVERYONE | {"members": [{"user_id": str(pool.reps[2])}]}, headers=key)
    assert [m["name"] for m in changed.json()["members"]] == ["Cem"]
    assert client.delete(f"{path}/members/{pool.reps[2]}", headers=key).status_code == 204
    assert client.delete(path, headers=key).status_code == 204
    assert client.get(path, headers=key).status_code == 404
    said = [row.action for row in rows_of(pool.context, AuditEntry) if str(row.subject_id) == made.json()["id"]]
    assert sorted(set(said)) == [
        "pool.changed",
        "pool.made",
        "pool.member_added",
        "pool.member_left",
        "pool.removed",
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "Introductions"}, "pool_name"),
        ({"name": "Other", "everyone": True}, "pool_use"),
    ],
)
def test_what_another_pool_has_is_refused(
    client: TestClient, pool: PoolOffice, key: dict[str, str], body: dict[str, Any], code: str
) -> None:
    answer = client.post("/api/v1/pools", json=body, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "needs": [{"skill": "german"}]},
        {"name": "x", "members": [{"weight": 1}]},
        {"name": "x", "ownership": "maybe"},
    ],
)
def test_what_cannot_be_is_refused(
    client: TestClient, pool: PoolOffice, key: dict[str, str], body: dict[str, Any]
) -> None:
    assert client.post("/api/v1/pools", json=body, headers=key).status_code == 422


def test_every_figure_opens_to_the_meetings_behind_it(
    client: TestClient, pool: PoolOffice, key: dict[str, str]
) -> None:
    for person in range(2):
        pool.propose(person)
    shown = client.get(f"/api/v1/pools/{pool.pool_id}", headers=key).json()
    for member in shown["members"]:
        entries = client.get(
            f"/api/v1/pools/{pool.pool_id}/ledger", params={"user_id": member["user_id"]}, headers=key
        ).json()["items"]
        assert sum(one["change"] for one in entries) == pytest.approx(member["balance"], abs=0.002)
        assert sum(one["change"] < 0 for one in entries) == member["paid"]
        assert member["share"] - member["paid"] == pytest.approx(member["balance"], abs=0.002)
        assert all(one["company"] and one["meeting_state"] == "proposed" for one in entries)
    assert sum(member["share"] for member in shown["members"]) == pytest.approx(2, abs=0.01)
    assert sum(member["coming"] for member in shown["members"]) == 2
    page = client.get(f"/api/v1/pools/{pool.pool_id}/ledger", params={"limit": 4}, headers=key).json()
    rest = client.get(
        f"/api/v1/pools/{pool.pool_id}/ledger", params={"limit": 4, "cursor": page["next"]}, headers=key
    ).json()
    assert len({one["id"] for one in [*page["items"], *rest["items"]]}) == len(rows_of(pool.context, PoolEntry)) == 6


def test_one_with_meetings_in_its_ledger_is_not_deleted(
    client: TestClient, pool: PoolOffice, key: dict[str, str]
) -> None:
    pool.propose(0)
    answer = client.delete(f"/api/v1/pools/{pool.pool_id}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "pool_used")


def test_coming_meetings_are_handed_over_by_a_persons_word(
    client: TestClient, pool: PoolOffice, key: dict[str, str]
) -> None:
    picked = pool.book(0)
    rep = pool.rep_of(picked.meeting_id)
    path = f"/api/v1/pools/{pool.pool_id}/hand-over"
    found = client.post(path, json={"from_user_id": str(rep)}, headers=key).json()["items"]
    assert [one["meeting_id"] for one in found] == [str(picked.meeting_id)]
    assert UUID(found[0]["to_user_id"]) == pool.rep_of(picked.meeting_id) != rep
    assert client.post(path, json={"from_user_id": str(rep)}, headers=key).json()["items"] == []
    stranger = client.post(path, json={"from_user_id": str(rep), "to_user_id": str(picked.hold_id)}, headers=key)
    assert stranger.status_code == 422


def test_a_rep_reads_pools_and_changes_nothing(api: ApiOffice, client: TestClient, pool: PoolOffice) -> None:
    key = api.key(Permission.READ, Permission.WORK)
    assert client.get("/api/v1/pools", headers=key).status_code == 200
    assert client.post("/api/v1/pools", json=EVERYONE, headers=key).status_code == 403


def signed_in(api: ApiOffice, client: TestClient, role: Role) -> str:
    assert sign_in(client, api, api.user(role)) == 303
    return csrf_of(client)


def test_the_console_makes_a_pool_and_mans_it(api: ApiOffice, client: TestClient, pool: PoolOffice) -> None:
    token = signed_in(api, client, Role.SALES_OPS)
    made = client.post("/pools", data={"name": "Enterprise", "csrf": token})
    assert made.status_code == 303
    page = made.headers["location"].partition("?")[0]
    member = {"user_id": str(pool.reps[1]), "weight": "3", "skills": "German, enterprise", "active": "on"}
    assert client.post(f"{page}/members", data=member | {"csrf": token}).status_code == 303
    shown = client.get(page).text
    assert "enterprise, german" in shown
    wrong = client.post(page, data={"name": "Enterprise", "needs": "- skill: german", "csrf": token})
    assert wrong.status_code == 422
    assert "without a condition" in wrong.text
    right = {"name": "Enterprise", "active": "on", "needs": "- skill: german\n  countries: [DE]\n", "csrf": token}
    assert client.post(page, data=right).status_code == 303
    assert "skill: german" in client.get(page).text
    assert client.post(f"{page}/members/{pool.reps[1]}/out", data={"csrf": token}).status_code == 303
    assert [row.left_at is None for row in rows_of(pool.context, PoolMember, PoolMember.weight == 3)] == [False]


def test_the_page_shows_the_ledger_of_one_member(api: ApiOffice, client: TestClient, pool: PoolOffice) -> None:
    signed_in(api, client, Role.MANAGER)
    pool.propose(0)
    page = client.get(f"/pools/{pool.pool_id}", params={"member": str(pool.reps[0])})
    assert page.status_code == 200
    assert "Ledger of" in page.text
    assert client.get(f"/pools/{pool.context.workspace_id}").status_code == 404
