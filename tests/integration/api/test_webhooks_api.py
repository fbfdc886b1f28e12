"""Webhook endpoints over HTTP and in the console: who may, what is shown, what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from standardwebhooks import Webhook

from core.clock import VirtualClock
from store import feed
from store.feed import Event
from store.feed_kinds import Kind, VersionData
from store.models import Role
from tests.support.api_office import ApiOffice, form_token, sign_in
from tests.support.webhook_receiver import Answer, receiver
from workers.webhooks import Deliverer

URL = "https://hooks.example/salesos"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime.now(UTC))


@pytest.fixture
def key(office: ApiOffice) -> dict[str, str]:
    return office.key("read", "webhooks:write")


def make(client: TestClient, key: dict[str, str], url: str = URL, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/webhooks", json={"url": url, **body}, headers=key)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def happen(office: ApiOffice, count: int = 1) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        events = [Event(Kind.ICP_VERSION_MADE, uuid4(), VersionData(number=n)) for n in range(count)]
        feed.publish(session, office.deps.clock, events)


def deliver(office: ApiOffice) -> None:
    Deliverer().run(office.office.context)


def test_the_secret_is_shown_once_and_signs(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    with receiver() as hook:
        made = make(client, key, hook.url, types=["icp.version_made"])
        Webhook(made["secret"])
        hook.secrets = [made["secret"]]
        shown = client.get(f"/api/v1/webhooks/{made['id']}", headers=key).json()
        assert "secret" not in shown
        happen(office, 2)
        deliver(office)
        assert [fits for _, _, fits in hook.got] == [1, 1]
        rotated = client.post(f"/api/v1/webhooks/{made['id']}/rotate-secret", headers=key).json()
        assert rotated["two_secrets_until"]
        hook.secrets.append(rotated["secret"])
        happen(office)
        deliver(office)
        assert hook.got[-1][2] == 2
    log = client.get(f"/api/v1/webhooks/{made['id']}/deliveries", headers=key).json()["items"]
    assert [one["state"] for one in log] == ["delivered"] * 3
    assert log[0]["tries"][0]["status"] == 204
    assert log[0]["type"] == "icp.version_made"


def test_a_repeat_makes_one_endpoint(client: TestClient, key: dict[str, str]) -> None:
    headers = {**key, "Idempotency-Key": uuid4().hex}
    first = client.post("/api/v1/webhooks", json={"url": URL}, headers=headers)
    again = client.post("/api/v1/webhooks", json={"url": URL}, headers=headers)
    assert again.json()["id"] == first.json()["id"]
    assert len(client.get("/api/v1/webhooks", headers=key).json()["items"]) == 1


def test_pausing_keeps_what_happens_and_resuming_sends_or_skips_it(
    client: TestClient, office: ApiOffice, key: dict[str, str]
) -> None:
    with receiver() as hook:
        made = make(client, key, hook.url, types=["icp.version_made"])
        place = f"/api/v1/webhooks/{made['id']}"
        assert client.post(f"{place}/pause", headers=key).json()["state"] == "paused"
        happen(office, 2)
        deliver(office)
        assert hook.got == []
        assert client.post(f"{place}/test", headers=key).status_code == 409
        assert client.post(f"{place}/resume", headers=key).json()["state"] == "active"
        deliver(office)
        assert len(hook.got) == 2
        client.post(f"{place}/pause", headers=key)
        happen(office, 2)
        client.post(f"{place}/resume", json={"skip": True}, headers=key)
        deliver(office)
        assert len(hook.got) == 2


def test_a_test_and_replays(client: TestClient, office: ApiOffice, key: dict[str, str], clock: VirtualClock) -> None:
    with receiver() as hook:
        made = make(client, key, hook.url, types=["icp.version_made"])
        place = f"/api/v1/webhooks/{made['id']}"
        assert client.post(f"{place}/test", headers=key).status_code == 202
        deliver(office)
        assert hook.got[0][1]["type"] == "webhook.ping"
        since = clock.now()
        clock.advance(timedelta(seconds=1))
        happen(office, 3)
        deliver(office)
        (one, *_) = client.get(f"{place}/deliveries", headers=key).json()["items"]
        again = client.post(f"{place}/deliveries/{one['id']}/replay", headers=key).json()
        assert again["replay"] == 1
        twice = client.post(f"{place}/deliveries/{one['id']}/replay", headers=key).json()
        assert twice["id"] == again["id"]  # it waits already
        deliver(office)
        body = {"since": (since + timedelta(milliseconds=500)).isoformat()}
        assert client.post(f"{place}/replay", json=body, headers=key).json() == {"deliveries": 3}
        deliver(office)
        ids = hook.ids[1:]
        assert len(ids) == 7
        assert len(set(ids)) == 3
        failed = client.post(f"{place}/replay", json={**body, "only_failed": True}, headers=key).json()
        assert failed == {"deliveries": 0}


def test_the_log_is_filtered_and_paged(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    with receiver() as hook:
        made = make(client, key, hook.url)
        place = f"/api/v1/webhooks/{made['id']}/deliveries"
        happen(office, 5)
        hook.answers = [Answer(), Answer(), Answer(500)]
        deliver(office)
    assert len(client.get(place, params={"state": "delivered"}, headers=key).json()["items"]) == 2
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get(place, params=params, headers=key).json()
        seen += [one["event_seq"] for one in page["items"]]
        if not (cursor := page["next"]):
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5


def test_edits_name_their_version(client: TestClient, key: dict[str, str]) -> None:
    place = f"/api/v1/webhooks/{make(client, key)['id']}"
    tag = client.get(place, headers=key).headers["etag"]
    headers = {**key, "If-Match": tag}
    assert client.patch(place, json={"types": ["mail.sent"]}, headers=headers).json()["types"] == ["mail.sent"]
    assert client.patch(place, json={"types": []}, headers=headers).status_code == 412
    assert client.delete(place, headers=key).status_code == 204
    assert client.get(place, headers=key).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://hooks.example/"},
        {"url": "https://user:pass@hooks.example/"},
        {"url": "https://hooks.example:25/"},
        {"url": URL, "types": ["no.such"]},
        {"url": URL, "description": "x" * 201},
        {"url": URL, "colour": "red"},
        {"url": "https://h.example/" + "a" * 2_000},
        {},
    ],
)
def test_what_is_refused(client: TestClient, key: dict[str, str], body: dict[str, Any]) -> None:
    answer = client.post("/api/v1/webhooks", json=body, headers=key)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_who_may_not_sees_and_changes_nothing(client: TestClient, office: ApiOffice, key: dict[str, str]) -> None:
    made, reader = make(client, key), office.key("read")
    place = f"/api/v1/webhooks/{made['id']}"
    for path in ("/api/v1/webhooks", place, f"{place}/deliveries", f"/api/v1/webhooks/{uuid4()}"):
        assert client.get(path, headers=reader).status_code == 403
    for path in (f"{place}/pause", f"{place}/resume", f"{place}/test", f"{place}/rotate-secret"):
        assert client.post(path, headers=reader).status_code == 403
    assert client.delete(place, headers=reader).status_code == 403
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/rotate-secret")):
        foreign = client.request(
            method, f"/api/v1/webhooks/{uuid4()}{path}", headers=key, json={} if method == "PATCH" else None
        )
        assert foreign.status_code == 404


def test_the_log_takes_as_many_queries_for_thirty_as_for_three(
    client: TestClient, office: ApiOffice, key: dict[str, str]
) -> None:
    made = make(client, key)
    counts = []
    for count in (3, 27):
        happen(office, count)
        with office.deps.database.write(office.workspace_id) as session:
            from store.queries import webhooks

            webhooks.fan_out(session, office.deps.clock.now())
        statements: list[str] = []

        def seen(*args: Any, kept: list[str] = statements) -> None:
            kept.append(args[2])

        event.listen(office.deps.database.engine, "before_cursor_execute", seen)
        answer = client.get(f"/api/v1/webhooks/{made['id']}/deliveries", headers=key)
        event.remove(office.deps.database.engine, "before_cursor_execute", seen)
        counts.append(len(statements))
        assert answer.status_code == 200
    assert len(answer.json()["items"]) == 30
    assert counts[0] == counts[1]


def test_the_console_makes_shows_and_changes_endpoints(client: TestClient, office: ApiOffice) -> None:
    assert sign_in(client, office, office.user(Role.ADMIN)) == 303
    csrf = form_token(client.get("/leads").text)
    hostile = "<script>alert(1)</script> \u202e=cmd()"
    form = {"csrf": csrf, "url": "http://127.0.0.1:25/", "description": hostile, "types": "mail.sent"}
    refused = client.post("/webhooks", data=form)
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert "alert(1)" in refused.text  # what was typed is still there
    made = client.post("/webhooks", data={**form, "url": URL})
    assert made.status_code == 200
    assert "whsec_" in made.text
    assert "<script>alert" not in made.text
    page = client.get("/webhooks").text
    assert "<script>alert" not in page
    (endpoint_id,) = {part.split('"')[0] for part in page.split('href="/webhooks/')[1:]}
    UUID(endpoint_id)
    place = f"/webhooks/{endpoint_id}"
    assert "whsec_" not in client.get(place).text
    for what, data in (
        ("test", {}),
        ("pause", {}),
        ("resume", {"skip": "yes"}),
        ("replay", {"since": "2026-06-01T09:00"}),
    ):
        answer = client.post(f"{place}/{what}", data={"csrf": csrf, **data})
        assert answer.status_code == 303, what
        assert client.get(answer.headers["location"]).status_code == 200
    assert client.post(f"{place}/replay", data={"csrf": csrf, "since": "yesterday"}).status_code == 422
    assert "whsec_" in client.post(f"{place}/secret", data={"csrf": csrf}).text
    assert client.post(f"{place}/delete", data={"csrf": csrf}).status_code == 303
    assert client.get(place).status_code == 404


def test_the_console_is_closed_to_who_may_not(client: TestClient, office: ApiOffice) -> None:
    sign_in(client, office, office.user(Role.REP))
    assert client.get("/webhooks").status_code == 403
    assert client.post("/webhooks", data={"csrf": form_token(client.get("/leads").text), "url": URL}).status_code == 403
