"""Invitations and links for passwords: once, for seven days, shown to the admin once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from core.clock import VirtualClock
from store.models import AuditEntry, Invitation, Role, User
from tests.support.api_office import PASSWORD, ApiOffice, form_token, sign_in

PLACE = "/api/v1/invitations"
NEW = {"email": "ben@sender.example", "role": "rep", "name": "Ben"}


def _path(link: str) -> str:
    return "/invitation/" + link.rsplit("/", 1)[1]


def accept(client: TestClient, link: str, **more: str) -> int:
    path = _path(link)
    opened = client.get(path)
    if opened.status_code != 200:
        return opened.status_code
    typed = {"name": "Ben Lee", "password": PASSWORD, "again": PASSWORD, "time_zone": "Europe/Berlin", **more}
    return client.post(path, data={"csrf": form_token(opened.text), **typed}).status_code


def _users(office: ApiOffice) -> dict[str, User]:
    with office.deps.database.read(office.workspace_id) as session:
        return {user.email: user for user in session.exec(select(User))}


def test_an_invited_person_makes_an_account_once(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read", "users:write")
    made = client.post(PLACE, json=NEW, headers=key)
    assert made.status_code == 201
    link = made.json()["link"]
    with office.deps.database.read(office.workspace_id) as session:
        assert link.rsplit(".", 1)[1] not in str(session.exec(select(Invitation)).one().model_dump())
    assert "link" not in client.get(PLACE, headers=key).json()["items"][0]
    page = client.get(_path(link)).text
    assert "ben@sender.example" in page
    assert accept(client, link, password="short", again="short") == 422
    assert accept(client, link, again="another one entirely") == 422
    assert accept(client, link, name="  ") == 422
    assert accept(client, link, time_zone="Mars/Olympus") == 422
    assert accept(client, link) == 303
    assert client.get("/approvals").status_code == 200, "and is signed in"
    ben = _users(office)["ben@sender.example"]
    assert (ben.name, ben.role, ben.time_zone) == ("Ben Lee", Role.REP, "Europe/Berlin")
    assert accept(client, link) == 404, "once"
    assert client.get(PLACE, headers=key).json()["items"][0]["state"] == "accepted"
    with office.deps.database.read(office.workspace_id) as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry))]
        assert "ben@" not in str([entry.details for entry in session.exec(select(AuditEntry))])
    assert {"invitation.created", "user.created", "invitation.accepted"} <= set(actions)


def test_a_link_ends_after_seven_days_when_revoked_or_replaced(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    key = office.key("read", "users:write")
    made = client.post(PLACE, json=NEW, headers=key).json()
    assert client.post(PLACE, json=NEW, headers=key).json()["code"] == "invited"
    clock.advance(timedelta(days=7))
    assert accept(client, made["link"]) == 404
    second = client.post(f"{PLACE}/{made['id']}/link", headers=key).json()
    third = client.post(f"{PLACE}/{made['id']}/link", headers=key).json()
    assert accept(client, second["link"]) == 404
    assert client.get(_path(third["link"])).status_code == 200
    for _ in range(2):
        assert client.post(f"{PLACE}/{made['id']}/revoke", headers=key).json()["state"] == "revoked"
    assert accept(client, third["link"]) == 404
    assert client.post(f"{PLACE}/{made['id']}/link", headers=key).status_code == 409
    assert client.post(PLACE, json=NEW, headers=key).status_code == 201, "invited anew"
    assert client.post(PLACE, json={**NEW, "email": office.user()}, headers=key).status_code == 409


def test_a_link_for_a_password_signs_out_everywhere_and_older_links_end(client: TestClient, office: ApiOffice) -> None:
    key, email = office.key("read", "users:write"), office.user()
    place = f"/api/v1/users/{_users(office)[email].id}/password-link"
    old = client.post(place, headers=key).json()["link"]
    link = client.post(place, headers=key).json()["link"]
    assert sign_in(client, office, email) == 303, "the old password serves until then"
    assert accept(client, old) == 404
    before = client.cookies["salesos"]
    assert accept(client, link, password="four other odd words", again="four other odd words") == 303
    assert client.cookies["salesos"] != before
    assert sign_in(client, office, email) == 401
    assert sign_in(client, office, email, "four other odd words") == 303
    assert _users(office)[email].name == "Rep", "nothing else changes"
    third = client.post(place, headers=key).json()["link"]
    client.patch(f"/api/v1/users/{_users(office)[email].id}", json={"active": False}, headers=key)
    assert accept(client, third) == 404
    assert client.post(place, headers=key).status_code == 409


@pytest.mark.parametrize("token", ["x", "0" * 32 + ".x", f"{UUID(int=7).hex}.{'y' * 43}", "%00", "a" * 3_000])
def test_made_up_links_all_read_the_same(client: TestClient, office: ApiOffice, token: str) -> None:
    answer = client.get(f"/invitation/{token}")
    assert answer.status_code == 404
    assert "not good any more" in answer.text


def test_refusals(client: TestClient, office: ApiOffice) -> None:
    weak, key = office.key("read"), office.key("read", "users:write")
    for path in (f"{PLACE}/{uuid4()}/link", f"{PLACE}/{uuid4()}/revoke", f"/api/v1/users/{uuid4()}/password-link"):
        assert client.post(path, headers=weak).status_code == 403
        assert client.post(path, headers=key).status_code == 404
    assert client.get(PLACE, headers=weak).status_code == 403
    assert client.post(PLACE, json=NEW, headers=weak).status_code == 403
    for wrong in ({"email": "no address"}, {"role": "king"}, {"extra": 1}, {"name": "n" * 201}):
        assert client.post(PLACE, json={**NEW, **wrong}, headers=key).status_code == 422
    link = client.post(PLACE, json=NEW, headers=key).json()["link"]
    assert client.post(_path(link), data={"csrf": "x", "password": PASSWORD}).status_code == 403


def test_admins_invite_on_the_page_and_nobody_else_sees_it(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.SALES_OPS))
    assert client.get("/people").status_code == 403
    sign_in(client, office, office.user(Role.ADMIN))
    csrf = form_token(client.get("/people").text)
    hostile = {"csrf": csrf, "email": "x@sender.example", "role": "rep", "name": "<script>alert(1)</script>"}
    page = client.post("/people/invitations", data=hostile)
    assert page.status_code == 200
    assert "/invitation/" in page.text
    assert "/invitation/" not in client.get("/people").text, "shown once"
    assert "<script>alert" not in page.text
    wrong = client.post("/people/invitations", data={**hostile, "email": "typed wrong"})
    assert wrong.status_code == 422
    assert "typed wrong" in wrong.text, "what was typed stays"
    me = next(iter(u for u in _users(office).values() if u.role is Role.ADMIN))
    last = client.post(f"/people/{me.id}", data={"csrf": csrf, "active": "no"})
    assert last.status_code == 409
    assert "last active admin" in last.text
