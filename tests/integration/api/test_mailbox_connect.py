"""A person connects a mailbox with Google or Microsoft: there, back, and what must not be taken.

| real | made up |
|---|---|
| the application, both databases, our client for tokens | Google and Microsoft, whose answers are given |
"""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from core.clock import VirtualClock
from store.models import Alert, Mailbox, MailboxState, Role
from store.queries import connections
from tests.support.api_office import ApiOffice, sign_in
from tests.support.crash.office import SENDER, sealer_of
from tests.support.vendors import Answer, FakeVendor, answer
from tools.providers.mail_accounts import MailAccounts

API = "/api/v1/mailboxes"
BACK = "/mailboxes/connect/back"
GOOGLE_SCOPES = "https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly"
MICROSOFT_SCOPES = "https://graph.microsoft.com/Mail.Send Mail.ReadWrite User.Read"


class Clouds:
    def __init__(self) -> None:
        self.codes: list[dict[str, str]] = []
        self.scope = GOOGLE_SCOPES
        self.refresh: str | None = "refresh-1"
        self.addresses = ["ann@private.example", SENDER.upper()]
        self.dead = False

    def __call__(self, request: httpx2.Request) -> Answer:
        host, path = request.url.host, request.url.path
        if host in ("oauth2.googleapis.com", "login.microsoftonline.com"):
            form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            if form["grant_type"] == "refresh_token" and self.dead:
                return answer({"error": "invalid_grant"}, 400)
            self.codes.append(form)
            given = {"access_token": "a", "token_type": "Bearer", "expires_in": 3600, "scope": self.scope}
            return answer(given | ({"refresh_token": self.refresh} if self.refresh else {}))
        if path.endswith("/settings/sendAs"):
            return answer({"sendAs": [{"sendAsEmail": address} for address in self.addresses]})
        if path == "/v1.0/me":
            proxies = [f"smtp:{address}" for address in self.addresses]
            return answer({"mail": "x@y.example", "userPrincipalName": "x@y.example", "proxyAddresses": proxies})
        if path.endswith("/profile"):
            return answer({"historyId": "1", "emailAddress": SENDER})
        if path == "/v3/scopes":
            return answer({"scopes": ["mail.send"]})
        if path == "/v2/email/account":
            return answer({"SendingEnabled": True, "ProductionAccessEnabled": False})
        return answer({"value": []})


@pytest.fixture
def clouds() -> Clouds:
    return Clouds()


@pytest.fixture
def office(office: ApiOffice, clouds: Clouds) -> ApiOffice:
    deps, context = office.deps, office.office.context
    own = deps.settings.model_copy(update={"google_client_id": "app-g", "microsoft_client_id": "app-m"})
    wire = FakeVendor(clouds, clock=deps.clock).wire()  # type: ignore[arg-type]
    accounts = MailAccounts(own, deps.database, deps.clock, deps.ids, sealer_of, wire)
    known = replace(context, tools=replace(context.tools, mail_connections=accounts))
    office.deps = replace(deps, context_for=lambda _: known)
    return office


@pytest.fixture
def client(office: ApiOffice) -> TestClient:
    return TestClient(create_app(office.deps), follow_redirects=False)


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "mailboxes:write")


def row(office: ApiOffice) -> Mailbox:
    with office.deps.database.read(office.workspace_id) as session:
        return session.get_one(Mailbox, (office.workspace_id, office.office.mailbox_id))


def goes_through(client: TestClient, key: Any, office: ApiOffice, service: str) -> str:
    url = f"{API}/{office.office.mailbox_id}"
    answer = client.patch(url, json={"transport": service, "inbox": service}, headers=key)
    assert answer.status_code == 200, answer.text
    return f"/mailboxes/{office.office.mailbox_id}"


def leave(client: TestClient, page: str) -> dict[str, str]:
    left = client.get(f"{page}/connect")
    assert left.status_code == 303, left.text
    parts = urlsplit(left.headers["location"])
    return {"at": f"{parts.scheme}://{parts.netloc}{parts.path}"} | {
        name: values[0] for name, values in parse_qs(parts.query).items()
    }


def back(client: TestClient, **query: str) -> Any:
    return client.get(BACK, params=query)


def test_a_mailbox_waits_paused_until_a_person_connects_it_with_google(
    client: TestClient, office: ApiOffice, clouds: Clouds, key: Any
) -> None:
    page = goes_through(client, key, office, "gmail")
    assert row(office).state is MailboxState.PAUSED
    sign_in(client, office, office.user(Role.ADMIN))
    assert "Connect with Google" in client.get(page).text
    there = leave(client, page)
    assert there["at"] == "https://accounts.google.com/o/oauth2/v2/auth"
    assert there["scope"] == GOOGLE_SCOPES
    assert (there["client_id"], there["login_hint"], there["access_type"]) == ("app-g", SENDER, "offline")
    arrived = back(client, state=there["state"], code="c1")
    assert (arrived.status_code, arrived.headers["location"]) == (303, f"{page}?said=connected")
    (form,) = clouds.codes
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == there["code_challenge"]
    assert form["redirect_uri"] == there["redirect_uri"] == f"{office.deps.settings.public_url}{BACK}"
    kept = row(office)
    assert (kept.state, kept.connection_problem) == (MailboxState.ACTIVE, "")
    assert connections.credentials(sealer_of(office.workspace_id), kept)["refresh_token"] == "refresh-1"
    for text in (client.get(page).text, client.get(f"{API}/{kept.id}", headers=key).text):
        assert "refresh-1" not in text


def test_microsoft_asks_for_its_own_rights_and_knows_aliases(
    client: TestClient, office: ApiOffice, clouds: Clouds, key: Any
) -> None:
    clouds.scope = MICROSOFT_SCOPES
    page = goes_through(client, key, office, "graph")
    sign_in(client, office, office.user(Role.ADMIN))
    there = leave(client, page)
    assert there["at"] == "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    assert set(there["scope"].split()) == {
        "offline_access",
        "https://graph.microsoft.com/Mail.Send",
        "https://graph.microsoft.com/Mail.ReadWrite",
        "https://graph.microsoft.com/User.Read",
    }
    assert back(client, state=there["state"], code="c").status_code == 303
    assert row(office).state is MailboxState.ACTIVE


def test_reading_alone_asks_for_reading_alone(client: TestClient, office: ApiOffice, key: Any) -> None:
    client.patch(f"{API}/{office.office.mailbox_id}", json={"inbox": "gmail"}, headers=key)
    sign_in(client, office, office.user(Role.ADMIN))
    there = leave(client, f"/mailboxes/{office.office.mailbox_id}")
    assert there["scope"] == "https://www.googleapis.com/auth/gmail.readonly"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("denied", "not allowed there"),
        ("state", "does not belong"),
        ("no code", "has no code"),
        ("late", "longer than ten minutes"),
        ("other account", "does not send as"),
        ("unticked", "gmail.readonly is missing"),
        ("short", "no lasting permission"),
        ("changed", "changed or connected meanwhile"),
    ],
)
def test_what_must_not_be_taken(
    client: TestClient, office: ApiOffice, clouds: Clouds, key: Any, what: str, says: str
) -> None:
    page = goes_through(client, key, office, "gmail")
    sign_in(client, office, office.user(Role.ADMIN))
    there = leave(client, page)
    query = {"state": there["state"], "code": "c"}
    match what:
        case "denied":
            query = {"state": there["state"], "error": "access_denied"}
        case "state":
            query["state"] = "another"
        case "no code":
            del query["code"]
        case "late":
            assert isinstance(office.deps.clock, VirtualClock)
            office.deps.clock.advance(timedelta(minutes=11))
        case "other account":
            clouds.addresses = ["somebody@else.example"]
        case "unticked":
            clouds.scope = "https://www.googleapis.com/auth/gmail.send"
        case "short":
            clouds.refresh = None
        case _:
            change = {"connection": {"refresh_token": "by-hand"}}
            assert client.patch(f"{API}/{office.office.mailbox_id}", json=change, headers=key).status_code == 200
    before = row(office)
    answered = back(client, **query)
    assert answered.status_code >= 400
    assert says in answered.text
    after = row(office)
    assert (after.credentials_sealed, after.connection_number) == (before.credentials_sealed, before.connection_number)


def test_an_answer_counts_once_and_in_the_browser_that_began_it(
    client: TestClient, office: ApiOffice, clouds: Clouds, key: Any
) -> None:
    page = goes_through(client, key, office, "gmail")
    sign_in(client, office, office.user(Role.ADMIN))
    there = leave(client, page)
    cookie = client.cookies.get("salesos_mail") or ""
    other = TestClient(create_app(office.deps), follow_redirects=False)
    assert back(other, state=there["state"], code="c").headers["location"].startswith("/sign-in")
    sign_in(other, office, office.user(Role.ADMIN, "other@sender.example"))
    assert "began no connection" in back(other, state=there["state"], code="c").text
    other.cookies.set("salesos_mail", cookie)
    assert "Another sign-in began" in back(other, state=there["state"], code="c").text
    assert clouds.codes == []
    assert back(client, state=there["state"], code="c").status_code == 303
    client.cookies.set("salesos_mail", cookie)
    assert "connected meanwhile" in back(client, state=there["state"], code="c").text


def test_only_those_who_may_change_mailboxes_connect_them(client: TestClient, office: ApiOffice, key: Any) -> None:
    page = goes_through(client, key, office, "gmail")
    sign_in(client, office, office.user(Role.REP))
    assert "/connect" not in client.get(page).text
    assert client.get(f"{page}/connect").status_code == 403


def test_without_an_application_it_says_what_to_set(client: TestClient, office: ApiOffice, key: Any) -> None:
    accounts = office.deps.context_for(office.workspace_id).tools.mail_connections
    accounts._settings = office.deps.settings.model_copy(update={"google_client_id": ""})  # type: ignore[union-attr]
    page = goes_through(client, key, office, "gmail")
    sign_in(client, office, office.user(Role.ADMIN))
    answered = client.get(f"{page}/connect")
    assert "SALESOS_GOOGLE_CLIENT_ID" in answered.text


def test_trying_it_asks_the_service_and_lifts_what_is_taken_again(
    client: TestClient, office: ApiOffice, clouds: Clouds, key: Any
) -> None:
    url = f"{API}/{office.office.mailbox_id}"
    change = {"transport": "gmail", "inbox": "gmail", "connection": {"refresh_token": "r"}}
    assert client.patch(url, json=change, headers=key).json()["state"] == "active"
    clouds.dead = True
    first = client.post(f"{url}/check", headers=key).json()
    assert (first["ok"], "invalid_grant" in first["problem"]) == (False, True)
    shown = client.get(url, headers=key).json()
    assert (shown["state"], shown["connection"]["problem"]) == ("paused", first["problem"])
    assert client.post(f"{url}/resume", headers=key).status_code == 422
    client.post(f"{url}/check", headers=key)
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(Alert)).all()) == 1
    clouds.dead = False
    assert client.post(f"{url}/check", headers=key).json()["ok"] is True
    assert client.get(url, headers=key).json()["state"] == "active"


def test_keys_are_asked_about_too(client: TestClient, office: ApiOffice, key: Any) -> None:
    url = f"{API}/{office.office.mailbox_id}"
    change: dict[str, Any] = {"transport": "sendgrid", "connection": {"api_key": "SG.x", "data_region": "eu"}}
    assert client.patch(url, json=change, headers=key).json()["connection"]["services"] == ["sendgrid"]
    assert client.post(f"{url}/check", headers=key).json()["ok"] is True
    ses = {"region": "eu-central-1", "access_key_id": "AKID", "secret_access_key": "s"}
    change = {"transport": "ses", "connection": ses}
    assert client.patch(url, json=change, headers=key).status_code == 200
    assert "sandbox" in client.post(f"{url}/check", headers=key).json()["problem"]
    wrong = {"transport": "ses", "connection": {"region": "evil.example/x"}}
    assert client.patch(url, json=wrong, headers=key).status_code == 422
