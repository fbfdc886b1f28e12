"""One's own account and keys: nobody gives a key more than they have."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from core.clock import VirtualClock
from store.models import ApiKey, AuditEntry, Role, User
from tests.support.api_office import ApiOffice, csrf_of, sign_in

ME, KEYS = "/api/v1/me", "/api/v1/api-keys"


def _id(office: ApiOffice, email: str) -> UUID:
    with office.deps.database.read(office.workspace_id) as session:
        return session.exec(select(User.id).where(User.email == email)).one()


def test_a_person_changes_name_zone_and_theme_by_page_and_key(client: TestClient, office: ApiOffice) -> None:
    email = office.user()
    key = office.key("read", user_id=_id(office, email))
    tag = client.get(ME, headers=key).headers["etag"]
    for _ in range(2):
        shown = client.patch(ME, json={"time_zone": "Asia/Tokyo", "theme": "dark"}, headers=key).json()["person"]
        assert (shown["time_zone"], shown["theme"], shown["name"]) == ("Asia/Tokyo", "dark", "Rep")
    assert client.patch(ME, json={"name": "X"}, headers={**key, "If-Match": tag}).status_code == 412
    for wrong in ({"time_zone": "Mars/Olympus"}, {"theme": "pink"}, {"name": " "}, {"role": "admin"}):
        assert client.patch(ME, json=wrong, headers=key).status_code == 422
    assert client.patch(ME, json={"name": "X"}, headers=office.key("read")).json()["code"] == "no_person"
    sign_in(client, office, email)
    page = client.get("/account").text
    assert 'data-theme="dark"' in page
    data = {"csrf": csrf_of(client), "name": "<b>Bo</b>", "time_zone": "Europe/Paris", "theme": ""}
    assert client.post("/account", data=data).status_code == 303
    page = client.get("/account").text
    assert "&lt;b&gt;Bo&lt;/b&gt;" in page
    assert "data-theme" not in page
    refused = client.post("/account", data={**data, "name": "Kept", "time_zone": "Mars/Olympus"})
    assert refused.status_code == 422
    assert 'value="Kept"' in refused.text
    with office.deps.database.read(office.workspace_id) as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == "user.profile_changed")).all()
    fields = sorted(entry.details["fields"] for entry in told)
    assert fields == [["name", "time_zone", "theme"], ["time_zone", "theme"]]


def test_keys_are_made_on_the_page_shown_once_and_ended(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user())
    data = {"csrf": csrf_of(client), "name": "nightly", "scopes": ["read"], "days": "30"}
    page = client.post("/account/keys", data=data).text
    secret = page.split('<code class="anywhere">')[1].split("<")[0]
    assert secret.startswith("sk_")
    assert secret not in client.get("/account").text
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get(ME, headers=bearer).json()["person"]["email"] == "rep@sender.example"
    for wrong in ({"scopes": ["read", "users:write"]}, {"days": "soon"}, {"name": " "}, {"scopes": ["nonsense"]}):
        assert client.post("/account/keys", data={**data, **wrong}).status_code in (403, 422)
    key_id = client.get(KEYS, headers=bearer).json()["items"][0]["id"]
    assert client.post(f"/account/keys/{key_id}/revoke", data={"csrf": data["csrf"]}).status_code == 303
    assert client.get(ME, headers=bearer).status_code == 401


def test_a_key_gives_no_more_than_it_has_and_for_no_longer(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    until = clock.now() + timedelta(days=1)
    strong = office.key("read", "users:write", expires_at=until)
    body = {"name": "child", "scopes": ["read"], "kind": "service"}
    made = client.post(KEYS, json=body, headers={**strong, "Idempotency-Key": "one"})
    assert made.status_code == 201
    assert made.json()["expires_at"] == until.isoformat().replace("+00:00", "Z")
    again = client.post(KEYS, json=body, headers={**strong, "Idempotency-Key": "one"})
    assert again.json()["id"] == made.json()["id"]
    later = {**body, "expires_at": (until + timedelta(days=1)).isoformat()}
    assert client.post(KEYS, json=later, headers=strong).status_code == 403
    wide = {**body, "scopes": ["read", "policies:write"]}
    assert client.post(KEYS, json=wide, headers=strong).json()["code"] == "scope_too_wide"
    assert client.post(KEYS, json=body, headers=office.key("read")).status_code == 403
    assert client.post(KEYS, json={**body, "kind": "personal"}, headers=office.key("read")).status_code == 403
    assert client.post(KEYS, json={**body, "scopes": []}, headers=strong).status_code == 422


def test_only_ones_own_keys_are_seen_and_ended(client: TestClient, office: ApiOffice) -> None:
    mine = office.key("read", user_id=_id(office, office.user()))
    theirs = office.key("read", user_id=_id(office, office.user(Role.CSM)))
    admin = office.key("read", "users:write")
    own = client.get(KEYS, headers=mine).json()["items"]
    assert len(own) == 1
    their_id = client.get(KEYS, headers=theirs).json()["items"][0]["id"]
    assert client.post(f"{KEYS}/{their_id}/revoke", headers=mine).status_code == 404
    assert client.post(f"{KEYS}/{uuid4()}/revoke", headers=admin).status_code == 404
    assert len(client.get(KEYS, headers=admin).json()["items"]) == 3
    for _ in range(2):
        assert client.post(f"{KEYS}/{their_id}/revoke", headers=admin).json()["revoked_at"]
    assert client.get(ME, headers=theirs).status_code == 401
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "api_key.revoked")).all()) == 1


@pytest.mark.parametrize("path", [KEYS, "/api/v1/invitations"])
def test_lists_come_by_pages_with_a_constant_number_of_queries(
    client: TestClient, office: ApiOffice, path: str
) -> None:
    key = office.key("read", "users:write")
    client.get(ME, headers=key)  # its last use is written now, and not again within a minute
    counts: list[int] = []
    seen: list[str] = []
    sa.event.listen(office.deps.database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    for number in range(30):
        if path == KEYS:
            office.key("read")
        else:
            client.post(path, json={"email": f"p{number}@sender.example", "role": "rep"}, headers=key)
        if number in (2, 29):
            before = len(seen)
            assert client.get(f"{path}?limit=100&fields=id", headers=key).status_code == 200
            counts.append(len(seen) - before)
    assert counts[0] == counts[1]
    found, cursor = [], ""
    while True:
        page = client.get(f"{path}?limit=7{cursor}", headers=key).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    with office.deps.database.read(office.workspace_id) as session:
        keys = session.exec(select(sa.func.count()).select_from(ApiKey)).one()
    assert len(found) == len(set(found)) == (keys if path == KEYS else 30)
