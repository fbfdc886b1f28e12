"""A person connects their calendars with Google or Microsoft: there, back, and what must not be taken.

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

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.app import create_app
from core.clock import VirtualClock
from store.models import (
    AuditEntry,
    CalendarConnection,
    ConnectedCalendar,
    ConnectionState,
    Role,
)
from store.queries import calendar_connections
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tests.support.calendar_cloud import GOOGLE_SCOPES, MICROSOFT_SCOPES, CalendarCloud, connected_to
from tests.support.crash.office import sealer_of

BACK = "/calendars/connect/back"
COOKIE = "salesos_calendar"


@pytest.fixture
def cloud() -> CalendarCloud:
    return CalendarCloud()


@pytest.fixture
def office(office: ApiOffice, cloud: CalendarCloud) -> ApiOffice:
    return connected_to(office, cloud)


@pytest.fixture
def client(office: ApiOffice) -> TestClient:
    return TestClient(create_app(office.deps), follow_redirects=False)


def rows(office: ApiOffice) -> list[CalendarConnection]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(select(CalendarConnection).order_by(col(CalendarConnection.account))))


def calendars(office: ApiOffice) -> list[ConnectedCalendar]:
    with office.deps.database.read(office.workspace_id) as session:
        return list(session.exec(select(ConnectedCalendar).order_by(col(ConnectedCalendar.name))))


def leave(client: TestClient, place: str) -> dict[str, str]:
    left = client.get(place)
    assert left.status_code == 303, left.text
    parts = urlsplit(left.headers["location"])
    return {"at": f"{parts.scheme}://{parts.netloc}{parts.path}"} | {
        name: values[0] for name, values in parse_qs(parts.query).items()
    }


def back(client: TestClient, **query: str) -> Any:
    return client.get(BACK, params=query)


@pytest.mark.parametrize(
    ("service", "kind", "account", "scopes", "there_at"),
    [
        ("google", "google", "ada@example.com", GOOGLE_SCOPES, "https://accounts.google.com/o/oauth2/v2/auth"),
        (
            "microsoft",
            "graph",
            "ada@corp.example",
            MICROSOFT_SCOPES,
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        ),
    ],
)
def test_a_person_goes_there_and_comes_back_with_their_calendars(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud, service: str, kind: str, account: str,
    scopes: str, there_at: str,
) -> None:  # fmt: skip
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, f"/calendars/connect/{service}")
    assert there["at"] == there_at
    assert set(there["scope"].split()) - {"offline_access"} == set(scopes.split())
    assert "login_hint" not in there, "whichever account they choose"
    arrived = back(client, state=there["state"], code="c1")
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/calendars?said=connected"), arrived.text
    (form,) = cloud.codes
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == there["code_challenge"]
    assert form["redirect_uri"] == there["redirect_uri"] == f"{office.deps.settings.public_url}{BACK}"
    (row,) = rows(office)
    assert (row.service, row.account, row.state) == (kind, account, ConnectionState.ACTIVE)
    kept = calendar_connections.credentials(sealer_of(office.workspace_id), row)
    assert kept == {"refresh_token": "kept-and-never-shown"}
    found = calendars(office)
    assert len(found) == 2
    assert [each.gets_events for each in found].count(True) == 1
    assert all(each.busy_read_at for each in found if each.counts_busy), "what is taken was read at once"
    shown = client.get("/calendars").text
    assert account in shown
    assert "kept-and-never-shown" not in shown
    with office.deps.database.read(office.workspace_id) as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "calendar.connected")).one()
        assert entry.details == {"service": kind}


def test_what_this_session_did_not_begin_is_not_taken(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud
) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    cookie = client.cookies.get(COOKIE) or ""
    forged = back(client, state="x" * 43, code="c")
    assert "does not belong to what this browser began" in forged.text
    assert client.cookies.get(COOKIE) is None, "one answer, then it is over"
    other = TestClient(create_app(office.deps), follow_redirects=False)
    other.cookies.set(COOKIE, cookie)
    assert back(other, state=there["state"], code="c").headers["location"].startswith("/sign-in")
    sign_in(other, office, office.user(Role.REP, "other@sender.example"))
    assert "Another sign-in began" in back(other, state=there["state"], code="c").text
    again = TestClient(create_app(office.deps), follow_redirects=False)
    sign_in(again, office, "rep@sender.example")
    again.cookies.set(COOKIE, cookie)
    assert "Another sign-in began" in back(again, state=there["state"], code="c").text, "another session of theirs"
    again.cookies.set(COOKIE, cookie[:-2])
    assert "began no connection" in back(again, state=there["state"], code="c").text
    assert cloud.codes == [], "no code was handed on"
    assert rows(office) == []
    client.cookies.set(COOKIE, cookie)
    assert back(client, state=there["state"], code="c").status_code == 303


def test_an_answer_counts_once_and_for_ten_minutes(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    cookie = client.cookies.get(COOKIE) or ""
    assert back(client, state=there["state"], code="c1").status_code == 303
    client.cookies.set(COOKIE, cookie)
    replayed = back(client, state=there["state"], code="c2")
    assert replayed.status_code == 422
    assert "connected or disconnected meanwhile" in replayed.text
    assert [form["code"] for form in cloud.codes] == ["c1"]
    late = leave(client, "/calendars/connect/google")
    clock.advance(timedelta(seconds=601))
    assert "longer than ten minutes" in back(client, state=late["state"], code="c3").text


def test_another_workspace_takes_nothing_of_it(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud, clock: VirtualClock, tmp_path: Any
) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    cookie = client.cookies.get(COOKIE) or ""
    theirs = connected_to(api_office(office.deps.database, clock, tmp_path / "other"), cloud)
    theirs.deps = replace(theirs.deps, sso_keys=office.deps.sso_keys)  # one server has both
    elsewhere = TestClient(create_app(theirs.deps), follow_redirects=False)
    sign_in(elsewhere, theirs, theirs.user(Role.REP))
    elsewhere.cookies.set(COOKIE, cookie)
    refused = back(elsewhere, state=there["state"], code="c")
    assert refused.status_code == 422
    assert "Another sign-in began" in refused.text
    assert cloud.codes == []


def test_every_refusal_is_explained(client: TestClient, office: ApiOffice, cloud: CalendarCloud) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    assert "not allowed there" in back(client, state=there["state"], error="access_denied").text
    there = leave(client, "/calendars/connect/google")
    assert "no code" in back(client, state=there["state"]).text
    cloud.scope = GOOGLE_SCOPES.split()[0]
    there = leave(client, "/calendars/connect/google")
    assert "without all that is needed" in back(client, state=there["state"], code="c1").text
    assert rows(office) == []
    assert client.get("/calendars/connect/fax").status_code == 404
    cloud.scope, cloud.google.roles = "", {}
    there = leave(client, "/calendars/connect/google")
    assert back(client, state=there["state"], code="c2").status_code == 422
    assert rows(office) == []


def test_a_dead_grant_is_said_and_connected_again_by_the_same_account(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/microsoft")
    back(client, state=there["state"], code="c1")
    (row,) = rows(office)
    cloud.dead = True
    clock.advance(timedelta(hours=2))
    sign_in(client, office, "rep@sender.example")
    checked = client.post(f"/calendars/{row.id}/check", data={"csrf": csrf_of(client)})
    assert checked.status_code == 422
    assert rows(office)[0].state is ConnectionState.BROKEN
    shown = client.get("/calendars").text
    assert "Connect again" in shown
    assert "no longer lets us in" in shown
    there = leave(client, f"/calendars/{row.id}/connect")
    assert there["login_hint"] == "ada@corp.example"
    cloud.dead, cloud.microsoft_account = False, "eve@corp.example"
    assert "not the account of ada@corp.example" in back(client, state=there["state"], code="c2").text
    there = leave(client, f"/calendars/{row.id}/connect")
    cloud.microsoft_account = "ada@corp.example"
    assert back(client, state=there["state"], code="c3").status_code == 303
    (again,) = rows(office)
    assert (again.id, again.state, again.problem) == (row.id, ConnectionState.ACTIVE, "")
    assert len(calendars(office)) == 2


def test_a_closed_account_that_is_taken_again_goes_on_when_it_is_checked(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud, clock: VirtualClock
) -> None:
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    back(client, state=there["state"], code="c1")
    cloud.dead = True
    clock.advance(timedelta(hours=2))
    sign_in(client, office, "rep@sender.example")
    place = f"/calendars/{rows(office)[0].id}/check"
    client.post(place, data={"csrf": csrf_of(client)})
    assert rows(office)[0].state is ConnectionState.BROKEN
    cloud.dead = False
    good = client.post(place, data={"csrf": csrf_of(client)})
    assert good.headers["location"] == "/calendars?said=good", good.text
    assert rows(office)[0].state is ConnectionState.ACTIVE


def test_without_an_application_it_says_what_to_set_to_whoever_can_set_it(
    office: ApiOffice, cloud: CalendarCloud
) -> None:
    office = connected_to(office, cloud, google_client_id="", microsoft_client_id="")
    client = TestClient(create_app(office.deps), follow_redirects=False)
    sign_in(client, office, office.user(Role.ADMIN))
    shown = client.get("/calendars/new").text
    assert "SALESOS_GOOGLE_CLIENT_ID" in shown
    assert "SALESOS_MICROSOFT_CLIENT_ID" in shown
    assert BACK in shown
    assert "SALESOS_GOOGLE_CLIENT_ID" in client.get("/calendars/connect/google").text
    sign_in(client, office, office.user(Role.REP))
    shown = client.get("/calendars/new").text
    assert "SALESOS_GOOGLE" not in shown
    assert "Ask whoever runs it" in shown


def test_only_those_who_sell_have_the_page_and_nobody_connects_for_another(
    client: TestClient, office: ApiOffice, cloud: CalendarCloud
) -> None:
    sign_in(client, office, office.user(Role.VIEWER))
    assert 'href="/calendars"' not in client.get("/today").text
    for place in ("/calendars", "/calendars/new", "/availability", "/calendars/connect/google", BACK):
        assert client.get(place).status_code == 403, place
    sign_in(client, office, office.user(Role.REP))
    there = leave(client, "/calendars/connect/google")
    back(client, state=there["state"], code="c1")
    (row,) = rows(office)
    sign_in(client, office, office.user(Role.REP, "other@sender.example"))
    assert row.account not in client.get("/calendars").text
    csrf = {"csrf": csrf_of(client)}
    assert client.get(f"/calendars/{row.id}/connect").status_code == 404
    assert client.get(f"/calendars/new?again={row.id}").status_code == 404
    assert client.post(f"/calendars/{row.id}/check", data=csrf).status_code == 404
    assert client.post(f"/calendars/{row.id}/disconnect", data=csrf).status_code == 404
    sign_in(client, office, office.user(Role.ADMIN))
    assert row.account in client.get("/calendars").text
    assert "Its owner alone" in client.get(f"/calendars/{row.id}/connect").text
    assert client.post(f"/calendars/{row.id}/disconnect", data={"csrf": "x"}).status_code == 403
    gone = client.post(f"/calendars/{row.id}/disconnect", data={"csrf": csrf_of(client)})
    assert gone.headers["location"] == "/calendars?said=off"
    (off,) = rows(office)
    assert (off.state, off.credentials_sealed) == (ConnectionState.OFF, "")


def test_the_wrong_password_of_a_server_is_explained_and_never_shown(
    client: TestClient, office: ApiOffice, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(client, office, office.user(Role.REP))
    typed = {"url": "http://127.0.0.1:9/", "username": "ada", "password": "do-not-echo-me", "csrf": csrf_of(client)}
    refused = client.post("/calendars/new", data=typed)
    assert refused.status_code == 422
    assert "do-not-echo-me" not in refused.text
    assert "do-not-echo-me" not in caplog.text
    assert 'value="ada"' in refused.text
    empty = client.post("/calendars/new", data={**typed, "password": ""})
    assert "Give all three" in empty.text
    assert rows(office) == []
