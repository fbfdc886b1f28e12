"""Where meetings take place, by the API and in the console; Zoom's secret is kept and never shown."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.permissions import Permission
from core.clock import VirtualClock
from store.models import AuditEntry, Role, RoomSetting
from store.session import Database
from tests.support.agent_office import rows_of
from tests.support.api_office import ApiOffice, api_office, csrf_of, sign_in
from tests.support.calendar_office import CalendarOffice, with_calendars
from tests.support.crash.office import sealer_of
from tests.support.fake_calendar import FakeCalendar
from tests.support.fake_zoom import Zoom
from tests.support.vendors import SECRET, FakeVendor
from tools.providers.video.accounts import video_services

APPLICATION = {"account_id": "account", "client_id": "client", "secret": SECRET}


@pytest.fixture
def zoom() -> Zoom:
    return Zoom()


@pytest.fixture
def api(database: Database, clock: VirtualClock, tmp_path: Any) -> ApiOffice:
    return api_office(database, clock, tmp_path)


@pytest.fixture
def office(api: ApiOffice, zoom: Zoom, clock: VirtualClock) -> CalendarOffice:
    found = with_calendars(api.office, FakeCalendar(clock=clock))
    wire = FakeVendor(zoom, clock=clock).wire()
    tools = replace(found.context.tools, video_service=video_services(clock, sealer_of, wire))
    context = replace(found.context, tools=tools)
    api.deps = api.deps.__class__(**{**vars(api.deps), "context_for": lambda _workspace_id: context})
    return replace(found, office=replace(found.office, context=context))


@pytest.fixture
def client(api: ApiOffice, office: CalendarOffice) -> Any:
    with TestClient(create_app(api.deps), follow_redirects=False) as client:
        yield client


@pytest.fixture
def key(api: ApiOffice) -> dict[str, str]:
    return api.key(Permission.READ, Permission.POLICIES)


def test_zoom_is_connected_checked_chosen_and_forgotten(
    client: TestClient, office: CalendarOffice, key: dict[str, str], zoom: Zoom
) -> None:
    early = client.put("/api/v1/rooms", json={"kind": "zoom"}, headers=key)
    assert (early.status_code, early.json()["code"]) == (422, "zoom_missing")
    shown = client.put("/api/v1/rooms/zoom", json=APPLICATION, headers=key)
    assert shown.json()["zoom"] == {"account_id": "account", "client_id": "client", "host": "me", "problem": ""}
    assert SECRET not in shown.text
    (row,) = rows_of(office.context, RoomSetting)
    assert SECRET not in row.zoom_secret_sealed
    assert client.post("/api/v1/rooms/zoom/check", headers=key).json() == {"problem": ""}
    assert not zoom.meetings
    assert client.put("/api/v1/rooms", json={"kind": "zoom"}, headers=key).json()["kind"] == "zoom"
    zoom.refuses = True
    changed = client.put(
        "/api/v1/rooms/zoom", json=APPLICATION | {"secret": None, "host": "ann@x.example"}, headers=key
    )
    assert changed.json()["zoom"]["host"] == "ann@x.example"
    assert "refuses" in client.post("/api/v1/rooms/zoom/check", headers=key).json()["problem"]
    assert "refuses" in client.get("/api/v1/rooms", headers=key).json()["zoom"]["problem"]
    assert client.delete("/api/v1/rooms/zoom", headers=key).status_code == 204
    assert client.get("/api/v1/rooms", headers=key).json() | {"calendars": []} == {
        "kind": "none",
        "address": "",
        "zoom": None,
        "calendars": [],
    }
    assert client.post("/api/v1/rooms/zoom/check", headers=key).status_code == 404
    said = sorted({row.action for row in rows_of(office.context, AuditEntry) if row.action.startswith("rooms.")})
    assert said == ["rooms.chosen", "rooms.zoom_connected", "rooms.zoom_forgotten"]
    assert all(SECRET not in str(row.details) for row in rows_of(office.context, AuditEntry))


def test_a_calendar_may_say_something_else(client: TestClient, office: CalendarOffice, key: dict[str, str]) -> None:
    client.put("/api/v1/rooms", json={"kind": "address", "address": "https://meet.example/all"}, headers=key)
    (calendar,) = client.get("/api/v1/rooms", headers=key).json()["calendars"]
    assert (calendar["own"], calendar["kind"], calendar["address"]) == (None, "address", "https://meet.example/all")
    path = f"/api/v1/rooms/calendars/{calendar['calendar_id']}"
    (calendar,) = client.put(path, json={"kind": "calendar"}, headers=key).json()["calendars"]
    assert (calendar["own"], calendar["kind"]) == ("calendar", "calendar")
    (calendar,) = client.put(path, json={"kind": None}, headers=key).json()["calendars"]
    assert (calendar["own"], calendar["kind"]) == (None, "address")
    missing = client.put(f"/api/v1/rooms/calendars/{uuid4()}", json={"kind": "none"}, headers=key)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    "address", ["", "http://meet.example", "javascript:alert(1)", "https://", "https://a b", "x" * 999]
)
def test_a_link_that_is_none_is_refused(client: TestClient, key: dict[str, str], address: str) -> None:
    answer = client.put("/api/v1/rooms", json={"kind": "address", "address": address}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_address")


def test_the_console_connects_zoom_and_never_shows_its_secret(
    api: ApiOffice, client: TestClient, office: CalendarOffice, zoom: Zoom
) -> None:
    assert sign_in(client, api, api.user(Role.SALES_OPS)) == 303
    token = csrf_of(client)
    assert client.post("/rooms/zoom", data=APPLICATION | {"host": "me", "csrf": token}).status_code == 303
    assert client.post("/rooms", data={"kind": "zoom", "csrf": token}).status_code == 303
    page = client.get("/rooms")
    assert page.status_code == 200
    assert SECRET not in page.text
    assert client.post("/rooms/zoom/check", data={"csrf": token}).headers["location"] == "/rooms?said=works"
    zoom.refuses = True
    assert client.post("/rooms/zoom", data=APPLICATION | {"csrf": token}).status_code == 303
    assert "refuses the application" in client.post("/rooms/zoom/check", data={"csrf": token}).text
    assert client.post("/rooms/zoom/forget", data={"csrf": token}).status_code == 303


def test_a_rep_sees_it_and_changes_nothing(api: ApiOffice, client: TestClient) -> None:
    key = api.key(Permission.READ, Permission.WORK)
    assert client.get("/api/v1/rooms", headers=key).status_code == 200
    assert client.put("/api/v1/rooms", json={"kind": "none"}, headers=key).status_code == 403
