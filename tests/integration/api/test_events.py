"""The feed over HTTP: by cursor, and as a stream that a broken connection takes up again without a gap."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import orjson
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api import streams
from api.app import create_app
from api.routes import events as routes
from store import feed
from store.feed import Event
from store.feed_kinds import Kind, VersionData
from store.models import ApiKey
from tests.support.api_office import ApiOffice, tell_a_story
from tests.support.served import served

WRITERS, EACH = 3, 20
HANGS = 120  # seconds


def happen(office: ApiOffice, *numbers: int, kind: Kind = Kind.ICP_VERSION_MADE) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        events = [Event(kind, uuid4(), VersionData(number=number)) for number in numbers]
        feed.publish(session, office.deps.clock, events)


def newest(office: ApiOffice) -> int:
    with office.deps.database.read(office.workspace_id) as session:
        return feed.newest(session)


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps), socket.create_server(("127.0.0.1", 0), backlog=64)) as url:
        yield url


def listen(site: str, key: dict[str, str], count: int, path: str = "", **headers: str) -> list[dict[str, Any]]:
    """The first `count` events of the stream."""
    found: list[dict[str, Any]] = []
    with (
        httpx2.Client(base_url=site, headers={**key, **headers}, timeout=HANGS) as http,
        http.stream("GET", f"/api/v1/events/stream{path}") as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        if not count:
            return found
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(orjson.loads(line.removeprefix("data: ")))
                if len(found) == count:
                    return found
    return found


def test_events_by_cursor_and_by_type(client: TestClient, office: ApiOffice) -> None:
    happen(office, 1, 2, 3)
    happen(office, 9, kind=Kind.POLICY_CHANGED)
    key, last = office.key("read"), newest(office)
    first = client.get("/api/v1/events", params={"limit": 2, "cursor": str(last - 4)}, headers=key).json()
    assert [item["data"]["number"] for item in first["items"]] == [1, 2]
    second = client.get("/api/v1/events", params={"limit": 2, "cursor": first["next"]}, headers=key).json()
    assert [item["type"] for item in second["items"]] == ["icp.version_made", "policy.changed"]
    assert second["next"] is None
    assert second["newest"] == last
    chosen = client.get("/api/v1/events", params={"type": "policy.changed"}, headers=key).json()
    assert [item["data"]["number"] for item in chosen["items"]] == [9]
    subject = chosen["items"][0]["subject"]["id"]
    assert len(client.get("/api/v1/events", params={"subject_id": subject}, headers=key).json()["items"]) == 1


def test_a_decision_is_told_with_who_made_it(client: TestClient, office: ApiOffice) -> None:
    (approval_id, draft_id), *_ = tell_a_story(office)
    key = office.key("read", "people:read", "approvals:decide")
    shown = client.get(f"/api/v1/approvals/{approval_id}", headers=key).json()
    body = {"action": "approve", "content_hash": shown["content_hash"]}
    assert client.post(f"/api/v1/approvals/{approval_id}/decision", json=body, headers=key).status_code == 200
    (event,) = client.get("/api/v1/events", params={"type": "approval.approved"}, headers=key).json()["items"]
    assert event["subject"] == {"kind": "approval", "id": str(approval_id)}
    assert event["data"]["draft_id"] == str(draft_id)
    assert event["actor"].startswith("key:")


@pytest.mark.parametrize(
    "params", [{"type": "no.such"}, {"cursor": "abc"}, {"cursor": "9" * 30}, {"limit": 0}, {"subject_id": "x"}]
)
def test_bad_input_is_refused(client: TestClient, office: ApiOffice, params: dict[str, Any]) -> None:
    answer = client.get("/api/v1/events", params=params, headers=office.key("read"))
    assert answer.status_code == 422


def test_nobody_without_a_key_hears_anything(client: TestClient) -> None:
    assert client.get("/api/v1/events").status_code == 401
    assert client.get("/api/v1/events/stream").status_code == 401


def test_every_type_is_described(client: TestClient, office: ApiOffice) -> None:
    found = client.get("/api/v1/event-types", headers=office.key("read")).json()
    assert {one["type"] for one in found} == {kind.value for kind in Kind}
    assert all(one["text"] and one["data_schema"]["type"] == "object" for one in found)


def test_the_stream_misses_and_doubles_nothing_while_many_write(site: str, office: ApiOffice) -> None:
    key, start = office.key("read"), newest(office)

    def write(writer: int) -> None:
        for number in range(EACH):
            happen(office, writer * 100 + number)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    total = WRITERS * EACH
    got: list[dict[str, Any]] = []
    while len(got) < total:  # three broken connections, each taken up again where it broke
        last = str(got[-1]["seq"]) if got else str(start)
        got += listen(site, key, min(20, total - len(got)), **{"Last-Event-ID": last})
    for writer in writers:
        writer.join()
    assert [event["seq"] for event in got] == list(range(start + 1, start + total + 1))
    assert sorted(event["data"]["number"] for event in got) == sorted(
        w * 100 + n for w in range(WRITERS) for n in range(EACH)
    )


def test_the_stream_filters_and_begins_after_a_seq(site: str, office: ApiOffice) -> None:
    happen(office, 1, 2)
    happen(office, 3, kind=Kind.POLICY_CHANGED)
    key, last = office.key("read"), newest(office)
    assert [e["data"]["number"] for e in listen(site, key, 1, f"?after={last - 3}&type=policy.changed")] == [3]
    assert [e["data"]["number"] for e in listen(site, key, 3, f"?after={last - 3}")] == [1, 2, 3]


def test_streams_of_a_key_are_bounded_and_given_back(
    site: str, office: ApiOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_A_KEY", 2)
    monkeypatch.setattr(routes, "HEARTBEAT", 0.1)  # a line to nobody is what shows that the listener has gone
    key = office.key("read")
    with httpx2.Client(base_url=site, headers=key, timeout=HANGS) as http:
        with (
            http.stream("GET", "/api/v1/events/stream") as first,
            http.stream("GET", "/api/v1/events/stream") as second,
        ):
            assert (first.status_code, second.status_code) == (200, 200)
            refused = http.get("/api/v1/events/stream")
            assert refused.status_code == 429
            assert refused.json()["code"] == "too_many_streams"
        deadline = time.monotonic() + HANGS
        status = 429
        while status == 429 and time.monotonic() < deadline:
            with http.stream("GET", "/api/v1/events/stream") as again:
                status = again.status_code
        assert status == 200


def test_a_revoked_key_hears_no_more(site: str, office: ApiOffice, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(routes, "HEARTBEAT", 0.1)
    key = office.key("read")
    with (
        httpx2.Client(base_url=site, headers=key, timeout=HANGS) as http,
        http.stream("GET", "/api/v1/events/stream") as answer,
    ):
        lines = answer.iter_lines()
        assert "feed" in next(lines)
        with office.deps.database.write(office.workspace_id) as session:
            row = session.exec(select(ApiKey).order_by(col(ApiKey.created_at).desc())).first()
            assert row is not None
            row.revoked_at = office.deps.clock.now()
            session.add(row)
        began = time.monotonic()
        for _ in lines:
            assert time.monotonic() - began < HANGS
