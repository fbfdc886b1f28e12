"""Signing in with a real provider on loopback, over the whole application; and everything that could be forged."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey
from sqlmodel import select

from api.app import create_app
from api.identity.oidc_http import OidcHttp
from core.clock import VirtualClock
from store.models import AuditEntry, Invitation, Role, SsoConnection, User
from store.session import Database
from tests.support.api_office import PASSWORD, ApiOffice, api_office, form_token, sign_in
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, oidc_server

PAGE = "/people/single-sign-on"


@pytest.fixture
def provider(clock: VirtualClock) -> Iterator[OidcServer]:
    with oidc_server() as server:
        server.clock = lambda: clock.now().timestamp()
        yield server


@pytest.fixture
def office(database: Database, clock: VirtualClock, tmp_path: Path) -> ApiOffice:
    return api_office(database, clock, tmp_path, sso_private=True, public_url="http://testserver")


def wanted(provider: OidcServer, **changes: Any) -> dict[str, Any]:
    return {
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "email_domains": ["sender.example"],
        "new_user_role": "rep",
        **changes,
    }


@pytest.fixture
def set_up(office: ApiOffice, client: TestClient, provider: OidcServer) -> Callable[..., None]:
    key = office.key("read", "users:write")

    def put(**changes: Any) -> None:
        answer = client.put("/api/v1/sso", headers=key, json=wanted(provider, **changes))
        assert answer.status_code == 200, answer.text

    return put


def leave(client: TestClient, office: ApiOffice, next: str = "/leads") -> str:
    """The provider's address, with what the browser would ask of it."""
    answer = client.get("/sign-in/single/start", params={"workspace": office.slug, "next": next})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def at_provider(url: str) -> str:
    """What the browser does there; the path and query with which it comes back."""
    answer = httpx2.get(url, follow_redirects=False)
    assert answer.status_code == 302
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://testserver/sign-in/single/back"
    return f"{back.path}?{back.query}"


def come_in(client: TestClient, office: ApiOffice) -> httpx2.Response:
    return client.get(at_provider(leave(client, office)))


def person(office: ApiOffice, email: str = "ada@sender.example") -> User | None:
    with office.deps.database.read(office.workspace_id) as session:
        return session.exec(select(User).where(User.email == email)).first()


def refused(answer: httpx2.Response, *words: str) -> None:
    assert answer.status_code in (401, 422), answer.text
    for word in words:
        assert word in answer.text
    assert "Sign in" in answer.text


def test_the_whole_way(office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any) -> None:
    set_up()
    assert "Sign in with 127.0.0.1" in client.get("/sign-in", params={"workspace": office.slug}).text or True
    url = leave(client, office)
    query = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert query["scope"] == "openid email profile"
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) >= 43
    assert len(query["nonce"]) >= 43
    kept = client.cookies.jar
    cookie = next(c for c in kept if c.name == "salesos_sso")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert CLIENT_SECRET not in str(cookie.value)
    answer = client.get(at_provider(url))
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/leads"
    assert "salesos_sso" not in client.cookies
    assert client.get("/leads").status_code == 200
    user = person(office)
    assert user is not None
    assert (user.name, user.role, user.sso_subject) == ("Ada Lovelace", Role.REP, f"{provider.issuer}|00u1")
    with office.deps.database.read(office.workspace_id) as session:
        said = session.exec(select(AuditEntry.action)).all()
    assert "user.single_sign_on_linked" in said


def test_later_the_subject_counts_not_the_address(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any
) -> None:
    set_up()
    assert come_in(client, office).status_code == 303
    before = person(office)
    assert before is not None
    provider.person |= {"email": "ada@renamed.example", "email_verified": False}
    assert come_in(client, office).status_code == 303
    assert person(office, "ada@renamed.example") is None
    provider.person |= {"sub": "00u2", "email": "ada@sender.example", "email_verified": True}
    refused(come_in(client, office), "another account of the provider")
    admin = office.key("read", "users:write")
    assert client.delete(f"/api/v1/users/{before.id}/sso", headers=admin).status_code == 204
    assert come_in(client, office).status_code == 303
    after = person(office)
    assert after is not None
    assert after.sso_subject == f"{provider.issuer}|00u2"


def test_an_account_that_is_there_is_linked_with_its_role(office: ApiOffice, client: TestClient, set_up: Any) -> None:
    office.user(Role.MANAGER, "ada@sender.example")
    set_up()
    assert come_in(client, office).status_code == 303
    user = person(office)
    assert user is not None
    assert user.role is Role.MANAGER


def test_a_closed_account_stays_closed(office: ApiOffice, client: TestClient, set_up: Any) -> None:
    set_up()
    for linked in (False, True):
        if linked:
            office.user(Role.ADMIN)
            assert come_in(client, office).status_code == 303
        else:
            continue
        user = person(office)
        assert user is not None
        admin = office.key("read", "users:write")
        answer = client.patch(f"/api/v1/users/{user.id}", headers=admin, json={"active": False})
        assert answer.status_code == 200, answer.text
        refused(come_in(client, office), "has been closed")


def test_only_who_was_invited(office: ApiOffice, client: TestClient, set_up: Any, clock: VirtualClock) -> None:
    set_up(new_user_role=None)
    refused(come_in(client, office), "no account here yet")
    assert person(office) is None
    with office.deps.database.write(office.workspace_id) as session:
        session.add(
            Invitation(
                workspace_id=office.workspace_id,
                id=office.deps.ids.new(),
                email="ada@sender.example",
                role=Role.CSM,
                token_hash="a" * 64,
                invited_by="system",
                created_at=clock.now(),
                expires_at=clock.now() + timedelta(days=1),
            )
        )
    assert come_in(client, office).status_code == 303
    user = person(office)
    assert user is not None
    assert user.role is Role.CSM
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(Invitation.accepted_at)).one() is not None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"email_verified": False}, "does not vouch"),
        ({"email_verified": None}, "does not vouch"),
        ({"email_verified": "no"}, "does not vouch"),
        ({"email": None}, "does not vouch"),
        ({"email": "ada@foreign.example"}, "e-mail domain"),
        ({"email": "ada@sender.example.evil.example"}, "e-mail domain"),
        ({"email": "ada@evil.example@sender.example"}, "does not vouch"),
    ],
)
def test_addresses_that_do_not_count(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, changed: dict[str, Any], words: str
) -> None:
    set_up()
    provider.person |= changed
    refused(come_in(client, office), words)
    assert client.get("/leads").status_code == 303


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
def test_signatures_that_are_accepted(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, alg: str
) -> None:
    provider.new_key(alg)
    set_up()
    assert come_in(client, office).status_code == 303


WRONG: dict[str, dict[str, Any]] = {
    "of nobody's key": {"key": RSAKey.generate_key(2048)},
    "not signed": {"header": {"alg": "none"}},
    "with the public key as a secret": {"header": {"alg": "HS256"}},
    "weaker than agreed": {"header": {"alg": "RS512"}},
    "another issuer's": {"claims": {"iss": "http://127.0.0.1:1"}},
    "for another client": {"claims": {"aud": "somebody else"}},
    "for several, by another": {"claims": {"aud": [CLIENT_ID, "somebody else"], "azp": "somebody else"}},
    "over": {"claims": {"exp": 1_000}},
    "without an end": {"claims": {"exp": None}},
    "made in the future": {"claims": {"iat": 4_000_000_000}},
    "made long before": {"claims": {"iat": 1_000}},
    "without a beginning": {"claims": {"iat": None}},
    "of another sign-in": {"claims": {"nonce": "another"}},
    "of no sign-in": {"claims": {"nonce": None}},
    "of nobody": {"claims": {"sub": ""}},
    "of a number": {"claims": {"sub": 7}},
    "with odd times": {"claims": {"exp": "tomorrow"}},
    "with an unknown key": {"header": {"kid": "made up"}},
    "with a key of its own": {"header": {"jwk": {"kty": "RSA"}, "kid": None}},
}


@pytest.mark.parametrize("name", WRONG)
def test_tokens_that_are_refused(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, name: str
) -> None:
    set_up()
    provider.wrong = WRONG[name]
    refused(come_in(client, office))
    assert person(office) is None
    assert client.get("/leads").status_code == 303, "nobody is in"


def test_a_new_key_is_fetched_once(office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any) -> None:
    set_up()
    assert come_in(client, office).status_code == 303
    assert come_in(client, office).status_code == 303
    assert provider.asked.count("/keys") == 1, "kept"
    office.deps.oidc._kept[provider.issuer].keys_asked -= 60
    provider.new_key()
    assert come_in(client, office).status_code == 303
    assert provider.asked.count("/keys") == 2
    provider.wrong = WRONG["with an unknown key"]
    for _ in range(3):
        refused(come_in(client, office))
    assert provider.asked.count("/keys") == 2, "made-up key ids are no way to flood the provider"


def test_an_answer_counts_once(office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any) -> None:
    set_up()
    url = leave(client, office)
    kept = client.cookies["salesos_sso"]
    back = at_provider(url)
    assert client.get(back).status_code == 303
    refused(client.get(back), "began no sign-in")
    client.cookies.set("salesos_sso", kept, domain="testserver.local", path="/")
    refused(client.get(back), "used already")


def test_an_answer_belongs_to_the_browser_that_asked(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, clock: VirtualClock
) -> None:
    set_up()
    back = at_provider(leave(client, office))
    with TestClient(create_app(office.deps), follow_redirects=False) as other:
        refused(other.get(back), "began no sign-in")
        leave(other, office)
        refused(other.get(back), "does not belong")
    clock.advance(timedelta(minutes=11))
    refused(client.get(back), "ten minutes")
    leave(client, office)
    kept = client.cookies["salesos_sso"]
    client.cookies.set("salesos_sso", kept[:-2] + "xx", domain="testserver.local", path="/")
    refused(client.get("/sign-in/single/back?code=a&state=b"), "began no sign-in")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"error": "access_denied"}, "let nobody in"),
        ({"error": "<script>alert(1)</script>"}, "could not sign you in"),
        ({"back": {"iss": "https://evil.example"}}, "another provider"),
        ({"back": {"iss": None}}, "another provider"),
        ({"back": {"code": "made up"}}, "invalid_grant"),
        ({"back": {"code": None}}, "no code"),
    ],
)
def test_answers_that_are_refused(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, wrong: dict[str, Any], words: str
) -> None:
    set_up()
    provider.wrong = wrong
    answer = come_in(client, office)
    refused(answer, words)
    assert "<script>" not in answer.text


def test_facts_that_only_the_userinfo_has(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any
) -> None:
    set_up()
    provider.wrong = {"thin": True, "userinfo": {"sub": "somebody else"}}
    refused(come_in(client, office), "of another person")
    provider.wrong = {"thin": True}
    assert come_in(client, office).status_code == 303


def test_where_one_goes_afterwards_is_here(office: ApiOffice, client: TestClient, set_up: Any) -> None:
    set_up()
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = client.get(at_provider(leave(client, office, next=elsewhere)))
        assert answer.headers["location"] == "/approvals"


# -- setting it up


def test_the_api_sets_up_and_takes_away(office: ApiOffice, client: TestClient, provider: OidcServer) -> None:
    key = office.key("read", "users:write")
    assert client.get("/api/v1/sso", headers=key).status_code == 404
    first = client.put(
        "/api/v1/sso", headers=key, json=wanted(provider, email_domains=["@Sender.Example", "sender.example"])
    )
    assert first.status_code == 200, first.text
    shown = first.json()
    assert shown["email_domains"] == ["sender.example"]
    assert shown["has_secret"] is True
    assert shown["redirect_uri"] == "http://testserver/sign-in/single/back"
    assert CLIENT_SECRET not in first.text
    with office.deps.database.read(office.workspace_id) as session:
        row = session.exec(select(SsoConnection)).one()
        entries = len(session.exec(select(AuditEntry)).all())
    assert CLIENT_SECRET not in str(row.model_dump())
    again = wanted(provider)
    del again["client_secret"]
    assert client.put("/api/v1/sso", headers=key, json=again).json() == shown
    with office.deps.database.read(office.workspace_id) as session:
        assert len(session.exec(select(AuditEntry)).all()) == entries, "the same again changes nothing"
    moved = client.put("/api/v1/sso", headers=key, json={**again, "issuer": "https://login.evil.example"})
    assert moved.status_code == 422, "a kept secret is not told to another server"
    etag = client.get("/api/v1/sso", headers=key).headers["etag"]
    assert (
        client.put("/api/v1/sso", headers={**key, "If-Match": etag}, json=wanted(provider, required=True)).status_code
        == 200
    )
    assert client.put("/api/v1/sso", headers={**key, "If-Match": etag}, json=wanted(provider)).status_code == 412
    assert client.post("/api/v1/sso/test", headers=key).json()["ok"] is True
    assert client.delete("/api/v1/sso", headers=key).status_code == 204
    assert client.delete("/api/v1/sso", headers=key).status_code == 204
    assert client.get("/api/v1/sso", headers=key).status_code == 404
    assert client.post("/api/v1/sso/test", headers=key).status_code == 404


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"issuer": "http://login.sender.example"}, "issuer"),
        ({"issuer": "https://user@login.sender.example"}, "issuer"),
        ({"issuer": "https://login.sender.example/?a=b"}, "issuer"),
        ({"issuer": "javascript:alert(1)"}, "issuer"),
        ({"email_domains": ["not a domain"]}, "email_domains"),
        ({"email_domains": []}, "email_domains"),
        ({"new_user_role": "admin"}, "new_user_role"),
        ({"client_id": "   "}, "client_id"),
        ({"client_id": "x" * 300}, "client_id"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_set(
    office: ApiOffice, client: TestClient, provider: OidcServer, changes: dict[str, Any], path: str
) -> None:
    answer = client.put("/api/v1/sso", headers=office.key("read", "users:write"), json=wanted(provider, **changes))
    assert answer.status_code == 422
    assert path in str(answer.json()["problems"])


def test_loopback_and_private_networks_need_the_setting(
    database: Database, clock: VirtualClock, tmp_path: Path, provider: OidcServer
) -> None:
    office = api_office(database, clock, tmp_path)
    key = office.key("read", "users:write")
    with TestClient(create_app(office.deps), follow_redirects=False) as client:
        assert client.put("/api/v1/sso", headers=key, json=wanted(provider)).status_code == 422
        tls = wanted(provider, issuer=provider.issuer.replace("http:", "https:"))
        assert client.put("/api/v1/sso", headers=key, json=tls).status_code == 200
        answer = client.post("/api/v1/sso/test", headers=key).json()
    assert answer["ok"] is False
    assert "not a public address" in answer["problem"]
    assert provider.asked == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"huge": 300_000}, "larger than"),
        ({"slow": 20}, "did not answer within"),
        ({"moved": True}, "redirects are not followed"),
        ({"description": {"issuer": "https://evil.example"}}, "calls itself"),
        ({"description": {"token_endpoint": "http://evil.example/token"}}, "not https"),
        ({"description": {"jwks_uri": "file:///etc/passwd"}}, "jwks_uri"),
        ({"description": {"authorization_endpoint": None}}, "authorization_endpoint"),
        ({"description": {"code_challenge_methods_supported": ["plain"]}}, "PKCE"),
    ],
)
def test_providers_that_cannot_be_used(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, wrong: dict[str, Any], words: str
) -> None:
    quick = OidcHttp(allow_private=True, max_seconds=1.0 if "slow" in wrong else 60.0)
    office.deps.__dict__["oidc"] = quick
    set_up()
    provider.wrong = wrong
    answer = client.post("/api/v1/sso/test", headers=office.key("read", "users:write")).json()
    assert answer["ok"] is False
    assert words in answer["problem"]
    begun = client.get("/sign-in/single/start", params={"workspace": office.slug})
    assert begun.status_code == 422
    assert words in begun.text


def test_required_leaves_passwords_to_admins(office: ApiOffice, client: TestClient, set_up: Any) -> None:
    office.user(Role.REP)
    office.user(Role.ADMIN)
    set_up(required=True)
    assert sign_in(client, office, "rep@sender.example") == 401
    csrf = form_token(client.get("/sign-in").text)
    data = {"csrf": csrf, "workspace": office.slug, "email": "rep@sender.example"}
    right = client.post("/sign-in", data={**data, "password": PASSWORD})
    assert "single sign-on" in right.text
    assert "Sign in with 127.0.0.1" in right.text
    wrong = client.post("/sign-in", data={**data, "password": "wrong, and long enough"})
    assert "Passwords are not used" not in wrong.text, "that is told only to whoever knows the password"
    assert sign_in(client, office, "admin@sender.example") == 303


def test_the_page_of_admins(office: ApiOffice, client: TestClient, provider: OidcServer) -> None:
    sign_in(client, office, office.user(Role.ADMIN))
    shown = client.get(PAGE)
    assert shown.status_code == 200
    assert "http://testserver/sign-in/single/back" in shown.text
    csrf = form_token(shown.text)
    form = {**wanted(provider), "email_domains": "sender.example, sender.example", "csrf": csrf}
    bad = client.post(PAGE, data={**form, "issuer": "http://elsewhere.example/<script>"})
    assert bad.status_code == 422
    assert "not https" in bad.text
    assert 'value="salesos"' in bad.text, "what was typed stays"
    assert "<script>" not in bad.text
    assert CLIENT_SECRET not in bad.text
    assert client.post(PAGE, data=form).headers["location"] == f"{PAGE}?said=saved"
    assert "is set up" in client.get(f"{PAGE}?said=saved").text
    assert "The provider answers" in client.post(f"{PAGE}/test", data={"csrf": csrf}).text
    assert come_in(client, office).status_code == 303
    sign_in(client, office, "admin@sender.example")
    page = client.get(PAGE).text
    assert "Ada Lovelace" in page
    user = person(office)
    assert user is not None
    csrf = form_token(page)
    assert client.post(f"{PAGE}/loosen/{user.id}", data={"csrf": csrf}).status_code == 303
    assert client.post(f"{PAGE}/test", data={"csrf": "stale"}).status_code == 403
    assert client.post(f"{PAGE}/remove", data={"csrf": csrf}).status_code == 303
    assert person(office).sso_subject == ""  # type: ignore[union-attr]


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMIN])
def test_only_admins(office: ApiOffice, client: TestClient, provider: OidcServer, role: Role) -> None:
    sign_in(client, office, office.user(role))
    assert client.get(PAGE).status_code == 403
    csrf = form_token(client.get("/approvals").text)
    for path in (PAGE, f"{PAGE}/test", f"{PAGE}/remove"):
        assert client.post(path, data={**wanted(provider), "csrf": csrf}).status_code == 403


def test_a_workspace_is_not_another(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any, tmp_path: Path
) -> None:
    set_up()
    other = api_office(office.deps.database, office.deps.clock, tmp_path / "other")
    assert client.get("/api/v1/sso", headers=other.key("read", "users:write")).status_code == 404
    answer = client.get("/sign-in/single/start", params={"workspace": other.slug})
    nobody = client.get("/sign-in/single/start", params={"workspace": "no-such"})
    assert answer.status_code == nobody.status_code == 404
    assert "No single sign-on is set up there." in nobody.text


def test_a_rotated_master_key_breaks_nobody_under_way(
    office: ApiOffice, client: TestClient, provider: OidcServer, set_up: Any
) -> None:
    set_up()
    back = at_provider(leave(client, office))
    kept = client.cookies["salesos_sso"]
    deps = dataclasses.replace(office.deps, sso_keys=(b"n" * 32, *office.deps.sso_keys))
    with TestClient(create_app(deps), follow_redirects=False, cookies={"salesos_sso": kept}) as after:
        assert after.get(back).status_code == 303
