"""The second factor: set up, asked at sign-in, each code once, recovery codes, reset by an admin."""

import re
from datetime import timedelta
from uuid import uuid4

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from core.clock import VirtualClock
from store.models import AuditEntry, RecoveryCode, User, WebSession
from tests.support.api_office import PASSWORD, ApiOffice, csrf_of, form_token, sign_in

WRONG = "000000"


def code(clock: VirtualClock, secret: str, steps: int = 0) -> str:
    found = pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))
    return found if found != WRONG else pytest.skip("a code that this test uses for a wrong one")


def set_up(client: TestClient, clock: VirtualClock) -> tuple[str, list[str]]:
    """(secret, recovery codes) of whoever is signed in."""
    page = client.post("/account/second-factor", data={"csrf": csrf_of(client), "password": PASSWORD})
    assert page.status_code == 200
    found = re.search(r'id="secret">([A-Z2-7]+)<', page.text)
    assert found
    assert re.search(r"<svg [^>]*viewBox", page.text), "it scales with its frame and is not cut"
    assert "style=" not in page.text
    data = {"csrf": csrf_of(client), "code": code(clock, found[1])}
    done = client.post("/account/second-factor/confirm", data=data)
    assert done.status_code == 200
    codes = re.findall(r"<li><code>([0-9a-z]{5}-[0-9a-z]{5})</code>", done.text)
    assert len(set(codes)) == 10
    return found[1], codes


def answer(client: TestClient, text: str, **more: str) -> int:
    csrf = form_token(client.get("/sign-in/code").text)
    return client.post("/sign-in/code", data={"csrf": csrf, "code": text, **more}).status_code


def test_signing_in_takes_two_steps_and_a_code_counts_once(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    email = office.user()
    sign_in(client, office, email)
    secret, _ = set_up(client, clock)
    used = code(clock, secret)
    assert sign_in(client, office, email) == 200, "the page that asks for the code"
    half = client.cookies["salesos"]
    for path in ("/approvals", "/account", "/today", "/companies"):
        assert client.get(path).headers["location"] == "/sign-in/code", path
    assert client.post("/account/sessions/end-others", data={"csrf": "x"}).headers["location"] == "/sign-in/code"
    assert answer(client, used) == 401, "it was used to set it up"
    clock.advance(timedelta(seconds=30))
    assert answer(client, WRONG) == 401
    assert answer(client, code(clock, secret)) == 303
    assert client.cookies["salesos"] != half, "a new secret"
    assert client.get("/approvals").status_code == 200
    sign_in(client, office, email)
    assert answer(client, code(clock, secret)) == 401, "each code once"


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_clocks_may_differ_by_one_step(
    client: TestClient, office: ApiOffice, clock: VirtualClock, steps: int, status: int
) -> None:
    email = office.user()
    sign_in(client, office, email)
    secret, _ = set_up(client, clock)
    clock.advance(timedelta(minutes=5))
    sign_in(client, office, email)
    assert answer(client, code(clock, secret, steps)) == status


def test_the_half_session_can_sign_out_and_does_not_last(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    email = office.user()
    sign_in(client, office, email)
    set_up(client, clock)
    sign_in(client, office, email)
    csrf = form_token(client.get("/sign-in/code").text)
    assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303
    assert client.get("/sign-in/code").headers["location"].startswith("/sign-in?")
    sign_in(client, office, email)
    clock.advance(timedelta(minutes=10, seconds=1))
    assert client.get("/sign-in/code").headers["location"].startswith("/sign-in?")


def test_wrong_codes_back_off_also_across_sign_ins(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    email = office.user()
    sign_in(client, office, email)
    secret, _ = set_up(client, clock)
    clock.advance(timedelta(minutes=5))
    sign_in(client, office, email)
    for _ in range(3):
        assert answer(client, WRONG) == 401
    assert sign_in(client, office, email) == 200
    for _ in range(2):
        assert answer(client, WRONG) == 401
    assert answer(client, code(clock, secret)) == 401, "the right one waits too"
    assert sign_in(client, office, email) == 401, "and so does the password"
    clock.advance(timedelta(seconds=31))
    sign_in(client, office, email)
    assert answer(client, code(clock, secret)) == 303


def test_a_recovery_code_gets_in_once(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    email = office.user()
    sign_in(client, office, email)
    _, codes = set_up(client, clock)
    with office.deps.database.read(office.workspace_id) as session:
        kept = " ".join(str(row.model_dump()) for row in session.exec(select(RecoveryCode)))
    assert codes[0].replace("-", "") not in kept
    sign_in(client, office, email)
    assert answer(client, f" {codes[0].upper()} ") == 303
    assert "9 of 10 recovery codes" in client.get("/account").text
    sign_in(client, office, email)
    assert answer(client, codes[0]) == 401
    assert answer(client, codes[1]) == 303
    data = {"csrf": csrf_of(client), "password": PASSWORD}
    assert client.post("/account/recovery-codes", data={**data, "password": "wrong but long"}).status_code == 422
    assert client.post("/account/recovery-codes", data=data).status_code == 200
    sign_in(client, office, email)
    assert answer(client, codes[2]) == 401, "the old ones ended"


def test_turning_off_asks_for_both(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    email = office.user()
    sign_in(client, office, email)
    secret, _ = set_up(client, clock)
    clock.advance(timedelta(seconds=30))
    data = {"csrf": csrf_of(client), "password": PASSWORD, "code": code(clock, secret)}
    assert client.post("/account/second-factor/off", data={**data, "code": WRONG}).status_code == 422
    assert client.post("/account/second-factor/off", data={**data, "password": "wrong but long"}).status_code == 422
    assert client.post("/account/second-factor/off", data=data).status_code == 303
    assert sign_in(client, office, email) == 303
    with office.deps.database.read(office.workspace_id) as session:
        actions = [entry.action for entry in session.exec(select(AuditEntry))]
    assert {"user.second_factor_on", "user.second_factor_off", "user.signed_in"} <= set(actions)


def test_setting_up_asks_the_password_and_a_code_and_ends_other_sessions(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    email = office.user()
    sign_in(client, office, email)
    client.cookies.clear()
    sign_in(client, office, email)
    begin = {"csrf": csrf_of(client), "password": "wrong but long"}
    assert client.post("/account/second-factor", data=begin).status_code == 422
    assert client.post("/account/second-factor/confirm", data={**begin, "code": WRONG}).status_code == 404
    client.post("/account/second-factor", data={**begin, "password": PASSWORD})
    assert client.post("/account/second-factor/confirm", data={**begin, "code": WRONG}).status_code == 422
    set_up(client, clock)
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(WebSession)).all()) == 1
        user = session.exec(select(User).where(User.email == email)).one()
    assert user.totp_secret_sealed
    assert user.totp_confirmed_at == clock.now()


def test_an_admin_turns_off_what_somebody_lost(client: TestClient, office: ApiOffice, clock: VirtualClock) -> None:
    email = office.user()
    sign_in(client, office, email)
    set_up(client, clock)
    key, weak = office.key("read", "users:write"), office.key("read")
    user = next(u for u in client.get("/api/v1/users", headers=key).json()["items"] if u["email"] == email)
    assert user["second_factor"] is True
    place = f"/api/v1/users/{user['id']}/second-factor/reset"
    assert client.post(place, headers=weak).status_code == 403
    assert client.post(f"/api/v1/users/{uuid4()}/second-factor/reset", headers=key).status_code == 404
    for _ in range(2):
        assert client.post(place, headers=key).json()["second_factor"] is False
    assert client.get("/approvals").status_code == 303, "signed out"
    assert sign_in(client, office, email) == 303
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "user.second_factor_reset")).all()) == 1
        assert session.exec(select(RecoveryCode)).all() == []
