"""Calendars and availability by the API: whose they are, what is refused, and what a prospect would be offered.

| real | made up |
|---|---|
| the application, both databases, the rules of free times | the calendar service, in memory; time is virtual |
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from core.clock import VirtualClock
from store.models import (
    AuditEntry,
    CalendarConnection,
    ConnectedCalendar,
    ConnectionState,
    Role,
    User,
)
from tests.support.api_office import ApiOffice
from tests.support.calendar_cloud import CalendarCloud, connected_to
from tests.support.fake_calendar import PRIMARY, FakeCalendar
from tools.ports.calendar import CalendarInfo
from tools.ports.unknown import Unknown

API = "/api/v1"
LOGIN = {"url": "https://caldav.example.com/", "username": "ada", "password": "do-not-echo-me"}
TEAM = CalendarInfo("team", "Team", "Europe/Berlin", may_write=False, primary=False)


class Services:
    """As `CalendarAccounts` for a server that people name."""

    def __init__(self, account: FakeCalendar) -> None:
        self.account = account

    def calendars(self, _connection: CalendarConnection) -> Any:
        return self.account.calendars()

    def begin(self, *_: Any, **__: Any) -> str:
        return "https://service.example/"


@pytest.fixture
def account(clock: VirtualClock) -> FakeCalendar:
    return FakeCalendar(clock=clock, calendars_there=(PRIMARY, TEAM))


@pytest.fixture
def office(office: ApiOffice, account: FakeCalendar) -> ApiOffice:
    office = connected_to(office, CalendarCloud())
    context = office.office.context
    tools = replace(
        context.tools, calendar_account=lambda _: account, calendar_connections=Services(account)  # type: ignore[arg-type]
    )  # fmt: skip
    known, before = replace(context, tools=tools), office.deps.context_for
    office.deps = replace(
        office.deps, context_for=lambda wanted: known if wanted == office.workspace_id else before(wanted)
    )  # fmt: skip
    return office


@pytest.fixture
def client(office: ApiOffice) -> TestClient:
    return TestClient(create_app(office.deps), follow_redirects=False)


def person(office: ApiOffice, role: Role = Role.REP, email: str = "") -> tuple[UUID, dict[str, str]]:
    """(the user, a key of their own)."""
    address = office.user(role, email)
    with office.deps.database.read(office.workspace_id) as session:
        user_id = session.exec(select(User.id).where(User.email == address)).one()
    scopes = ("read", "work:write", *(("users:write",) if role is Role.ADMIN else ()))
    return user_id, office.key(*scopes, user_id=user_id)


def test_an_account_is_connected_chosen_checked_and_taken_away(
    client: TestClient, office: ApiOffice, account: FakeCalendar
) -> None:
    user_id, key = person(office)
    made = client.post(f"{API}/calendar-connections", json=LOGIN, headers=key)
    assert made.status_code == 201, made.text
    assert "do-not-echo-me" not in made.text
    body = made.json()
    assert (body["user_id"], body["account"], body["state"]) == (str(user_id), "ada", "active")
    assert [(each["name"], each["counts_busy"], each["gets_events"]) for each in body["calendars"]] == [
        ("Ada", True, True),
        ("Team", False, False),
    ]
    assert body["answered_at"], "what is taken was read at once"
    assert client.post(f"{API}/calendar-connections", json=LOGIN, headers=key).status_code == 200, "the same anew"
    ada, team = body["calendars"]
    changed = client.patch(f"{API}/calendars/{team['id']}", json={"counts_busy": True}, headers=key)
    assert (changed.json()["counts_busy"], changed.json()["gets_events"]) == (True, False)
    refused = client.patch(f"{API}/calendars/{team['id']}", json={"gets_events": True}, headers=key)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert "Nobody may write" in refused.json()["detail"]
    place = f"{API}/calendar-connections/{body['id']}"
    assert client.post(f"{place}/check", headers=key).json()["ok"] is True
    account.fail_busy = "The server is asleep."
    said = client.post(f"{place}/check", headers=key).json()
    assert (said["ok"], said["problem"]) == (False, "The server is asleep.")
    account.fail_busy = ""
    once = {**key, "Idempotency-Key": "away"}
    assert client.delete(place, headers=once).status_code == 204
    assert client.delete(place, headers=once).headers["idempotent-replayed"] == "true"
    for gone in (client.get(place, headers=key), client.delete(place, headers=key)):
        assert gone.status_code == 404
    assert client.patch(f"{API}/calendars/{ada['id']}", json={"counts_busy": True}, headers=key).status_code == 404
    assert client.get(f"{API}/calendar-connections", headers=key).json()["items"] == []
    with office.deps.database.read(office.workspace_id) as session:
        told = [entry for entry in session.exec(select(AuditEntry)) if entry.action.startswith("calendar.")]
    assert {entry.action for entry in told} >= {"calendar.connected", "calendar.chosen", "calendar.disconnected"}
    assert not any(word in str(entry.details) for entry in told for word in ("ada", "do-not-echo-me", "caldav.example"))


def test_another_reps_calendars_are_nobodys_and_an_admin_sees_all(client: TestClient, office: ApiOffice) -> None:
    ada_id, ada = person(office, email="ada@sender.example")
    bob_id, bob = person(office, email="bob@sender.example")
    _, admin = person(office, Role.ADMIN)
    made = client.post(f"{API}/calendar-connections", json=LOGIN, headers=ada).json()
    calendar_id, place = made["calendars"][0]["id"], f"{API}/calendar-connections/{made['id']}"
    assert client.get(f"{API}/calendar-connections", headers=bob).json()["items"] == []
    nobody = uuid4()
    for method, path, body in (
        ("GET", "/calendar-connections/{}", None),
        ("POST", "/calendar-connections/{}/check", None),
        ("DELETE", "/calendar-connections/{}", None),
    ):
        answers = [
            client.request(method, API + path.format(which), json=body, headers=bob)
            for which in (made["id"], nobody)
        ]  # fmt: skip
        assert [each.status_code for each in answers] == [404, 404], path
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert client.patch(f"{API}/calendars/{calendar_id}", json={}, headers=bob).status_code == 404
    for user_id in (ada_id, nobody):
        assert client.get(f"{API}/users/{user_id}/availability", headers=bob).status_code == 404
        assert client.put(f"{API}/users/{user_id}/availability", json={}, headers=bob).status_code == 404
        assert client.get(f"{API}/users/{user_id}/free-times", headers=bob).status_code == 404
        assert client.get(f"{API}/calendar-connections?user_id={user_id}", headers=bob).status_code == 404
        meant = {**LOGIN, "user_id": str(user_id)}
        assert client.post(f"{API}/calendar-connections", json=meant, headers=bob).status_code == 404
    assert [each["id"] for each in client.get(f"{API}/calendar-connections", headers=admin).json()["items"]] == [
        made["id"]
    ]
    assert client.get(f"{API}/users/{bob_id}/availability", headers=admin).status_code == 200
    assert client.delete(place, headers=admin).status_code == 204
    service = office.key("read", "work:write", "users:write")
    assert "Give `user_id`" in client.post(f"{API}/calendar-connections", json=LOGIN, headers=service).text
    without = office.key("read")
    assert client.get(f"{API}/calendar-connections", headers=without).status_code == 403


def test_lists_are_paged_without_a_hole(client: TestClient, office: ApiOffice) -> None:
    _, key = person(office)
    for number in range(5):
        client.post(f"{API}/calendar-connections", json={**LOGIN, "username": f"ada{number}"}, headers=key)
    seen, cursor = [], ""
    while True:
        page = client.get(f"{API}/calendar-connections?limit=2{cursor}", headers=key).json()
        seen += [each["account"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [f"ada{number}" for number in range(5)]
    assert client.get(f"{API}/calendar-connections?cursor=made-up", headers=key).status_code == 422


def test_a_server_that_refuses_leaves_nothing_behind(
    client: TestClient, office: ApiOffice, account: FakeCalendar
) -> None:
    _, key = person(office)
    account.fail_reads = "The calendar server does not take this user name and password (401)."
    refused = client.post(f"{API}/calendar-connections", json=LOGIN, headers=key)
    assert refused.status_code == 422
    assert "(401)" in refused.json()["detail"]
    account.fail_reads, account.calendars_there = "", ()
    assert "no calendar" in client.post(f"{API}/calendar-connections", json=LOGIN, headers=key).json()["detail"]
    with office.deps.database.read(office.workspace_id) as session:
        assert session.exec(select(CalendarConnection)).all() == []
        assert session.exec(select(ConnectedCalendar)).all() == []


def test_services_say_where_a_person_connects_them(client: TestClient, office: ApiOffice) -> None:
    found = client.get(f"{API}/calendar-services", headers=office.key("read", "work:write")).json()["items"]
    base = office.deps.settings.public_url
    assert [(each["name"], each["connect_url"]) for each in found] == [
        ("google", f"{base}/calendars/connect/google"),
        ("microsoft", f"{base}/calendars/connect/microsoft"),
    ]
    assert [each["problem"] for each in found] == ["", ""]


def test_what_is_set_is_what_is_offered(
    client: TestClient, office: ApiOffice, account: FakeCalendar, clock: VirtualClock
) -> None:
    user_id, key = person(office)
    client.post(f"{API}/calendar-connections", json=LOGIN, headers=key)
    place = f"{API}/users/{user_id}/availability"
    before = client.get(place, headers=key)
    assert before.json()["working_hours"]["mon"] == [["09:00", "17:00"]]
    assert before.json()["working_hours"]["sat"] == []
    wanted: dict[str, Any] = {
        "time_zone": "Europe/Berlin",
        "working_hours": {"wed": [["09:00", "10:00"], ["13:00", "14:00"]], "thu": [["09:00", "10:00"]]},
        "notice_hours": 0,
        "horizon_days": 7,
        "days_off": ["2026-06-04"],
    }
    tagged = {**key, "If-Match": before.headers["etag"]}
    kept = client.put(place, json=wanted, headers=tagged)
    assert kept.status_code == 200, kept.text
    assert kept.json()["working_hours"]["mon"] == [], "left out is free of work"
    assert client.get(place, headers=key).json() == kept.json()
    stale = client.put(place, json=wanted, headers=tagged)
    assert stale.status_code == 412, "it changed since it was read"

    def offered(limit: int) -> list[str]:
        """`limit`: another one each time, for the same question is answered from memory for two seconds."""
        found = client.get(f"{API}/users/{user_id}/free-times?limit={limit}", headers=key).json()
        assert found["unknown"] == []
        return [each["starts_at"][5:16] for each in found["items"]]

    assert offered(50) == ["06-03T07:00", "06-03T07:30", "06-03T11:00", "06-03T11:30"]  # 3 June, on Berlin's clock
    at = clock.now().replace(day=3, hour=11, minute=0, second=0, microsecond=0)
    account.others(at, at + timedelta(minutes=30))
    clock.advance(timedelta(minutes=2))  # the answer of a minute ago counts no more: it is asked again
    assert offered(51) == ["06-03T07:00", "06-03T07:30", "06-03T11:30"]
    account.fail_busy = "The server is asleep."
    clock.advance(timedelta(minutes=2))
    silent = client.get(f"{API}/users/{user_id}/free-times", headers=key).json()
    assert silent["items"] == [], "what is not known to be free is not offered"
    assert silent["unknown"]
    with office.deps.database.read(office.workspace_id) as session:
        actions = {entry.action: entry.details for entry in session.exec(select(AuditEntry))}
    assert actions["availability.changed"] == {}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"working_hours": {"mon": [["09:00", "25:00"]]}}, "working_hours.mon"),
        ({"working_hours": {"mon": [["12:00", "09:00"]]}}, "working_hours.mon"),
        ({"working_hours": {"someday": [["09:00", "12:00"]]}}, "working_hours"),
        ({"overrides": {"2026-12-23": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "overrides.2026-12-23"),
        ({"overrides": {"soon": []}}, "overrides.soon"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"country": "XX"}, "country"),
        ({"country": "DE", "region": "Atlantis"}, "region"),
        ({"region": "BY"}, "region"),
        (
            {"out_of_office": [{"starts_at": "2026-12-24T10:00:00Z", "ends_at": "2026-12-24T09:00:00Z"}]},
            "out_of_office.0",
        ),
    ],
)
def test_a_refusal_says_which_line_and_why(
    client: TestClient, office: ApiOffice, wrong: dict[str, Any], path: str
) -> None:
    user_id, key = person(office)
    place = f"{API}/users/{user_id}/availability"
    before = client.get(place, headers=key).json()
    refused = client.put(place, json=wrong, headers=key)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert path in [each["path"] for each in refused.json()["problems"]], refused.text
    assert client.get(place, headers=key).json() == before


def test_bounds_are_in_the_description_and_hold(client: TestClient, office: ApiOffice) -> None:
    user_id, key = person(office)
    for wrong in ({"grid": 1}, {"horizon_days": 91}, {"per_day": 0}, {"buffer_before": -1}, {"surprise": 1}):
        refused = client.put(f"{API}/users/{user_id}/availability", json=wrong, headers=key)
        assert refused.status_code == 422, wrong
    naive = {"out_of_office": [{"starts_at": "2026-12-24T10:00:00", "ends_at": "2026-12-25T10:00:00"}]}
    assert client.put(f"{API}/users/{user_id}/availability", json=naive, headers=key).status_code == 422


def test_a_broken_account_keeps_its_owners_time_from_being_offered(client: TestClient, office: ApiOffice) -> None:
    user_id, key = person(office)
    client.post(f"{API}/calendar-connections", json=LOGIN, headers=key)
    with office.deps.database.write(office.workspace_id) as session:
        row = session.exec(select(CalendarConnection)).one()
        row.state, row.problem = ConnectionState.BROKEN, "It no longer lets us in."
        session.add(row)
    shown = client.get(f"{API}/calendar-connections", headers=key).json()["items"][0]
    assert (shown["state"], shown["problem"]) == ("broken", "It no longer lets us in.")
    found = client.get(f"{API}/users/{user_id}/free-times", headers=key).json()
    assert found["items"] == []
    assert not isinstance(found["unknown"], Unknown)
    assert found["unknown"]
