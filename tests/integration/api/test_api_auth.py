"""Signing in, sessions, forms, keys, rights: what is refused is refused, and nothing tells more than it should."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api import auth
from api.app import create_app
from api.permissions import PERMISSIONS, Permission
from core.clock import VirtualClock
from core.errors import Rejected
from store.models import ApiKey, Approval, ApprovalState, Role, User, WebSession
from tests.support.api_office import PASSWORD, ApiOffice, api_office, csrf_of, form_token, sign_in, tell_a_story


def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(
    client: TestClient, office: ApiOffice
) -> None:
    email = office.user()
    csrf = form_token(client.get("/sign-in").text)
    data = {
        "csrf": csrf,
        "workspace": office.slug,
        "email": email.upper(),
        "password": PASSWORD,
        "next": "//evil.example",
    }
    answer = client.post("/sign-in", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("salesos="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    secret = cookie.split("=", 1)[1].split(";")[0].split(".")[1]
    with office.deps.database.read(office.workspace_id) as session:
        stored = session.exec(sa.select(WebSession)).scalars().one()
    assert secret not in str(stored.model_dump()), "only its hash is kept"
    assert client.get("/approvals").status_code == 200


def test_the_cookie_is_bound_to_the_host_over_https(office: ApiOffice, clock: VirtualClock, tmp_path: object) -> None:
    secure = api_office(office.deps.database, clock, tmp_path, public_url="https://sales.example")  # type: ignore[arg-type]
    email = secure.user()
    with TestClient(create_app(secure.deps), base_url="https://testserver", follow_redirects=False) as client:
        csrf = form_token(client.get("/sign-in").text)
        data = {"csrf": csrf, "workspace": secure.slug, "email": email, "password": PASSWORD}
        cookies = client.post("/sign-in", data=data).headers.get_list("set-cookie")
    assert any(c.startswith("__Host-salesos=") and "Secure" in c and "Path=/" in c for c in cookies)


@pytest.mark.usefixtures("shipped_passwords")
def test_every_wrong_sign_in_looks_the_same_and_takes_its_time(
    client: TestClient, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = office.user()
    costs: list[str] = []  # of each comparison its algorithm and parameters: what its time follows from
    compare = PasswordHasher.verify

    def verify(self: PasswordHasher, known: str, password: str) -> bool:
        costs.append(known.rsplit("$", 2)[0])
        return bool(compare(self, known, password))

    monkeypatch.setattr(PasswordHasher, "verify", verify)

    def attempt(workspace: str, address: str) -> tuple[int, str, list[str]]:
        costs.clear()
        csrf = form_token(client.get("/sign-in").text)
        data = {"csrf": csrf, "workspace": workspace, "email": address, "password": "wrong but long"}
        answer = client.post("/sign-in", data=data)
        notice = re.search(r'role="alert">(.*?)</div>', answer.text, re.S)
        assert notice
        return answer.status_code, notice[1], list(costs)

    known = attempt(office.slug, email)
    nobody = attempt(office.slug, "nobody@sender.example")
    nowhere = attempt("no-such-workspace", email)
    assert known == nobody == nowhere
    assert known[0] == 401
    assert known[2] == ["$argon2id$v=19$m=65536,t=3,p=4"], "an unknown address costs a hash too"


def test_guessing_is_slowed_and_the_right_password_waits_too(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    email = office.user()
    for _ in range(5):
        assert sign_in(client, office, email, "wrong but long") == 401
    assert sign_in(client, office, email) == 401, "locked, whatever the password"
    clock.advance(timedelta(seconds=31))
    assert sign_in(client, office, email) == 303
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(sa.select(User).where(User.email == email)).scalars().one().failed_sign_ins == 0  # type: ignore[arg-type]


def test_a_session_ends_when_idle_and_changes_at_sign_in(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    email = office.user()
    sign_in(client, office, email)
    first = client.cookies["salesos"]
    clock.advance(timedelta(minutes=20))
    assert client.get("/approvals").status_code == 200
    clock.advance(timedelta(minutes=20))
    assert client.get("/approvals").status_code == 200, "used in between"
    sign_in(client, office, email)
    assert client.cookies["salesos"] != first
    assert auth.session_principal(office.deps.database, clock, first) is None, "the old one is dead"
    clock.advance(timedelta(minutes=31))
    assert client.get("/approvals").headers["location"].startswith("/sign-in")


def test_signing_out_ends_the_session_on_the_server(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    sign_in(client, office, office.user())
    cookie = client.cookies["salesos"]
    assert client.post("/sign-out", data={"csrf": csrf_of(client)}).status_code == 303
    assert auth.session_principal(office.deps.database, clock, cookie) is None


@pytest.mark.parametrize("csrf", ["", "made up"])
def test_a_form_without_its_token_changes_nothing(client: TestClient, office: ApiOffice, csrf: str) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user())
    for act in ("approve", "reject", "undo", "edit"):
        answer = client.post(f"/approvals/{approval_id}/{act}", data={"csrf": csrf, "reason": "x", "content_hash": "0"})
        assert answer.status_code == 403
    with office.deps.database.read(office.workspace_id) as session:
        approval = session.get(Approval, (office.workspace_id, approval_id))
        assert approval is not None
        assert approval.state is ApprovalState.PENDING


def test_a_sign_in_form_of_another_site_is_refused(client: TestClient, office: ApiOffice) -> None:
    data = {"csrf": "x", "workspace": office.slug, "email": office.user(), "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 403


def test_a_short_password_is_refused(office: ApiOffice) -> None:
    with pytest.raises(Rejected, match="12"):
        auth.hash_password("short")


def test_keys_expire_are_revoked_and_say_when_they_were_used(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    key = office.key("read", expires_at=clock.now() + timedelta(hours=1))

    def row() -> ApiKey:
        with office.deps.database.read(office.workspace_id) as session:
            return session.exec(sa.select(ApiKey)).scalars().one()

    assert client.get("/api/v1/me", headers=key).status_code == 200
    first = row().last_used_at
    clock.advance(timedelta(seconds=59))
    # Other places each time: the same read again is answered from memory.
    client.get("/api/v1/icps", headers=key)
    assert row().last_used_at == first, "at most once a minute"
    clock.advance(timedelta(seconds=1))
    client.get("/api/v1/runs", headers=key)
    assert row().last_used_at == clock.now()
    # A secret may hold underscores itself: what follows the last one can be a single letter.
    assert key["Authorization"].split("_", 2)[2] not in str(row().model_dump())
    clock.advance(timedelta(hours=1))
    assert client.get("/api/v1/tasks", headers=key).status_code == 401

    other = office.key("read")
    with office.deps.database.write(office.workspace_id) as session:
        for each in session.exec(sa.select(ApiKey)).scalars():
            auth.revoke_api_key(session, clock, each.id)
    assert client.get("/api/v1/me", headers=other).status_code == 401


@pytest.mark.parametrize(
    "text", ["", "sk_", "sk_zz_secret", "sk_" + "0" * 32 + "_x", "sk_" + "é" * 32 + "_x", "nonsense"]
)
def test_a_key_that_is_none_is_401_with_a_problem(client: TestClient, text: str) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}".encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_unknown_scope_is_refused(office: ApiOffice) -> None:
    with pytest.raises(Rejected, match="everything"):
        office.key("everything")


def test_every_role_is_in_the_table_and_only_admins_may_do_all() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert {role for role, may in PERMISSIONS.items() if may == frozenset(Permission)} == {Role.ADMIN}
    assert PERMISSIONS[Role.VIEWER] == {Permission.READ}


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_decide_is_shown_the_buttons_and_obeyed(client: TestClient, office: ApiOffice, role: Role) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    sign_in(client, office, office.user(role))
    html = client.get(f"/approvals/{approval_id}").text
    digest = re.search(r'name="content_hash" value="([^"]+)"', html)
    may = Permission.DECIDE in PERMISSIONS[role]
    assert (digest is not None) is may
    data = {"csrf": form_token(html), "content_hash": digest[1] if digest else "0" * 64}
    assert client.post(f"/approvals/{approval_id}/approve", data=data).status_code == (303 if may else 403)
    assert ("person0@company0.example" in html) is (Permission.PEOPLE in PERMISSIONS[role])
