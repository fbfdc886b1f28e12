"""People and their roles; personal keys follow their person."""

from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from store.models import ApiKey, AuditEntry, Role
from tests.support.api_office import ApiOffice, sign_in

PLACE = "/api/v1/users"


def _ids(client: TestClient, key: dict[str, str]) -> dict[str, str]:
    return {user["email"]: user["id"] for user in client.get(PLACE, headers=key).json()["items"]}


def test_a_role_changes_once_and_ends_sessions(client: TestClient, office: ApiOffice) -> None:
    key, rep = office.key("read", "users:write"), office.user(Role.REP)
    sign_in(client, office, rep)
    place = f"{PLACE}/{_ids(client, key)[rep]}"
    tag = client.get(place, headers=key).headers["etag"]
    for _ in range(2):
        assert client.patch(place, json={"role": "manager"}, headers=key).json()["role"] == "manager"
    assert client.patch(place, json={"role": "rep"}, headers={**key, "If-Match": tag}).status_code == 412
    assert client.get("/approvals", follow_redirects=False).status_code == 303, "the session ended"
    with office.deps.database.read(office.workspace_id) as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == "user.role_changed")).all()
    assert len(told) == 1


@pytest.mark.parametrize("change", [{"active": False}, {"role": "viewer"}])
def test_the_last_active_admin_stays(client: TestClient, office: ApiOffice, change: dict[str, object]) -> None:
    key, admin = office.key("read", "users:write"), office.user(Role.ADMIN)
    place = f"{PLACE}/{_ids(client, key)[admin]}"
    refused = client.patch(place, json=change, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    office.user(Role.ADMIN, "second@sender.example")
    assert client.patch(place, json=change, headers=key).status_code == 200


def test_a_personal_key_does_no_more_than_its_person_and_ends_with_them(client: TestClient, office: ApiOffice) -> None:
    key, admin = office.key("read", "users:write"), office.user(Role.ADMIN)
    office.user(Role.ADMIN, "second@sender.example")
    user_id = _ids(client, key)[admin]
    own = office.key("read", "users:write", user_id=UUID(user_id))
    assert client.get(PLACE, headers=own).status_code == 200
    client.patch(f"{PLACE}/{user_id}", json={"role": "rep"}, headers=key)
    assert client.get(PLACE, headers=own).status_code == 403
    client.patch(f"{PLACE}/{user_id}", json={"active": False}, headers=key)
    assert client.get("/api/v1/me", headers=own).status_code == 401
    client.patch(f"{PLACE}/{user_id}", json={"active": True}, headers=key)
    assert client.get("/api/v1/me", headers=own).status_code == 401, "coming back brings no key back"
    with office.deps.database.read(office.workspace_id) as session:
        assert [k.user_id for k in session.exec(select(ApiKey)) if k.revoked_at] == [UUID(user_id)]


def test_refusals(client: TestClient, office: ApiOffice) -> None:
    weak, key = office.key("read"), office.key("read", "users:write")
    nobody = f"{PLACE}/{uuid4()}"
    assert client.get(PLACE, headers=weak).status_code == 403
    assert client.patch(nobody, json={"role": "rep"}, headers=weak).status_code == 403
    assert client.patch(nobody, json={"role": "rep"}, headers=key).status_code == 404
    assert client.patch(nobody, json={"role": "king"}, headers=key).status_code == 422
