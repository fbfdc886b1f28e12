"""Sessions: their secret changes, an old one that comes back later ends them, and their owner sees and ends them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.identity.sessions import browser_of
from core.clock import VirtualClock
from store.models import AuditEntry, Role, User, WebSession
from tests.support.api_office import PASSWORD, ApiOffice, csrf_of, form_token, sign_in


def _rows(office: ApiOffice) -> list[WebSession]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(select(WebSession)))


def _with(client: TestClient, cookie: str) -> int:
    client.cookies.clear()
    return client.get("/approvals", headers={"Cookie": f"salesos={cookie}"}).status_code


def test_the_secret_changes_and_parallel_requests_go_on(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user())
    first = client.cookies["salesos"]
    clock.advance(timedelta(minutes=9))
    assert client.get("/approvals").status_code == 200
    assert client.cookies["salesos"] == first
    clock.advance(timedelta(minutes=1))
    answer = client.get("/approvals")
    second = client.cookies["salesos"]
    assert second != first
    assert "HttpOnly" in answer.headers["set-cookie"]
    clock.advance(timedelta(seconds=59))
    client.cookies.clear()
    late = client.get("/approvals", headers={"Cookie": f"salesos={first}"})
    assert late.status_code == 200, "a request that was on its way"
    assert second in late.headers["set-cookie"], "an answer that got lost loses nobody the session"
    assert _with(client, second) == 200


def test_an_old_secret_after_its_grace_ends_the_session(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user())
    first = client.cookies["salesos"]
    clock.advance(timedelta(minutes=10))
    client.get("/approvals")
    second = client.cookies["salesos"]
    clock.advance(timedelta(seconds=61))
    assert _with(client, first) == 303
    assert _with(client, second) == 303, "somebody else had it: nobody goes on"
    with office.deps.database.read(office.workspace_id) as session:
        told = session.exec(select(AuditEntry).where(AuditEntry.action == "session.ended")).one()
    assert told.details == {"why": "old_cookie"}


def test_an_error_page_and_a_refused_form_carry_the_new_cookie_too(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user())
    first = client.cookies["salesos"]
    clock.advance(timedelta(minutes=10))
    assert client.post("/account", data={"csrf": "stale"}).status_code == 403
    assert client.cookies["salesos"] != first


def test_signing_out_after_a_change_leaves_no_cookie(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user())
    csrf = csrf_of(client)
    clock.advance(timedelta(minutes=10))
    assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303
    assert "salesos" not in client.cookies
    assert _rows(office) == []


def test_twelve_hours_at_most(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    sign_in(client, office, office.user())
    for _ in range(36):
        clock.advance(timedelta(minutes=20))
        assert client.get("/approvals").status_code == 200
    clock.advance(timedelta(minutes=1))
    assert client.get("/approvals").status_code == 303


def test_own_sessions_are_listed_and_ended(client: TestClient, office: ApiOffice) -> None:
    email, other = office.user(), office.user(Role.CSM)
    app = create_app(office.deps)
    firefox = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    with TestClient(app, follow_redirects=False, headers=firefox) as elsewhere, TestClient(app) as stranger:
        sign_in(elsewhere, office, email)
        sign_in(stranger, office, other)
        sign_in(client, office, email)
        page = client.get("/account").text
        assert "Firefox on Linux" in page
        csrf = form_token(page)
        mine = next(row for row in _rows(office) if row.browser == "Firefox on Linux")
        theirs = next(row for row in _rows(office) if row.user_id != mine.user_id)
        refused = client.post(f"/account/sessions/{theirs.id}/end", data={"csrf": csrf})
        assert refused.status_code == 404
        assert client.post(f"/account/sessions/{mine.id}/end", data={"csrf": csrf}).status_code == 303
        assert elsewhere.get("/approvals").status_code == 303
        sign_in(elsewhere, office, email)
        assert client.post("/account/sessions/end-others", data={"csrf": csrf}).status_code == 303
        assert elsewhere.get("/approvals").status_code == 303
        assert client.get("/approvals").status_code == 200
        assert stranger.get("/approvals").status_code == 200


def test_another_password_ends_every_other_session(client: TestClient, office: ApiOffice) -> None:
    email = office.user()
    with TestClient(create_app(office.deps), follow_redirects=False) as elsewhere:
        sign_in(elsewhere, office, email)
        sign_in(client, office, email)
        before = client.cookies["salesos"]
        data = {
            "csrf": csrf_of(client),
            "old": PASSWORD,
            "new": "four other odd words",
            "again": "four other odd words",
        }
        assert client.post("/account/password", data={**data, "old": "wrong but long"}).status_code == 422
        assert client.post("/account/password", data={**data, "again": "x"}).status_code == 422
        assert client.post("/account/password", data=data).status_code == 303
        assert client.cookies["salesos"] != before
        assert client.get("/approvals").status_code == 200
        assert elsewhere.get("/approvals").status_code == 303
        assert sign_in(elsewhere, office, email) == 401
        assert sign_in(elsewhere, office, email, "four other odd words") == 303


@pytest.mark.usefixtures("shipped_passwords")
def test_a_password_hashed_with_older_parameters_is_hashed_anew(client: TestClient, office: ApiOffice) -> None:
    email = office.user()
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with office.deps.database.write(office.workspace_id) as session:
        session.execute(sa.update(User).values(password_hash=weak))
    assert sign_in(client, office, email, "wrong but long") == 401
    assert sign_in(client, office, email) == 303
    with office.deps.database.read(office.workspace_id) as session:
        kept = session.exec(select(User.password_hash).where(User.email == email)).one()
    assert kept != weak
    assert not PasswordHasher().check_needs_rehash(kept)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "RFC 9106, the second recommended option"
    assert sign_in(client, office, email) == 303


def test_browsers_are_named_in_our_words_only() -> None:
    assert browser_of("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1") == (
        "Safari on iPhone"
    )
    assert browser_of("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0") == "Edge on Windows"
    assert browser_of("<script>alert(1)</script>") == "Unknown browser"
