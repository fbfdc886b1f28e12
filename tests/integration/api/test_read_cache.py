"""Answers from memory: never another key's, never older than one's own last write, gone after two seconds."""

import time

from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlmodel import select

from api import read_cache
from api.keys import revoke_api_key
from core.clock import VirtualClock
from store.models import ApiKey
from tests.support.api_office import ApiOffice, tell_a_story


class Statements:
    def __init__(self, office: ApiOffice) -> None:
        self.count = 0
        event.listen(office.deps.database.engine, "before_cursor_execute", self._add)

    def _add(self, *_: object) -> None:
        self.count += 1


def test_the_same_read_again_asks_the_database_nothing(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    key = office.key("read", "people:read")
    client.get("/api/v1/me", headers=key)  # notes when the key was used last, once a minute: a write of its own
    first = client.get("/api/v1/leads", headers=key)
    seen = Statements(office)
    again = client.get("/api/v1/leads", headers=key)
    assert seen.count == 0
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert client.get("/api/v1/leads?limit=1", headers=key).json() != first.json()


def test_that_a_key_was_used_ends_no_answer_of_another(
    client: TestClient, office: ApiOffice, clock: VirtualClock
) -> None:
    """Noted once a minute for each key: with many keys there would always be one."""
    tell_a_story(office)
    keys = [office.key("read") for _ in range(4)]
    first = client.get("/api/v1/leads", headers=keys[0])
    for other in keys[1:]:
        assert client.get("/api/v1/me", headers=other).status_code == 200
    seen = Statements(office)
    assert client.get("/api/v1/leads", headers=keys[0]).content == first.content
    assert seen.count == 0
    with office.deps.database.read(office.workspace_id) as session:
        assert [held.last_used_at for held in session.exec(select(ApiKey))] == [clock.now()] * 4


def test_another_key_gets_what_it_may_see(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    full, plain = office.key("read", "people:read"), office.key("read")
    assert client.get("/api/v1/leads", headers=full).json()["items"][0]["person"]["name"]
    assert client.get("/api/v1/leads", headers=plain).json()["items"][0]["person"]["name"] is None
    assert client.get("/api/v1/leads", headers={"Authorization": "Bearer sk_nobody"}).status_code == 401


def test_a_write_is_seen_at_once(client: TestClient, office: ApiOffice) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    key = office.key("read", "people:read", "approvals:decide")
    place = f"/api/v1/approvals/{approval_id}"
    found = client.get(place, headers=key).json()
    assert found["state"] == "pending"
    body = {"action": "approve", "content_hash": found["content_hash"]}
    assert client.post(f"{place}/decision", json=body, headers=key).status_code == 200
    assert client.get(place, headers=key).json()["state"] == "approved"


def test_a_revoked_key_ends_at_once(client: TestClient, office: ApiOffice) -> None:
    key = office.key("read")
    assert client.get("/api/v1/leads", headers=key).status_code == 200
    with office.deps.database.write(office.workspace_id) as session:
        for held in session.exec(select(ApiKey)).all():
            revoke_api_key(session, office.deps.clock, held.id)
    assert client.get("/api/v1/leads", headers=key).status_code == 401


def test_what_another_process_wrote_is_seen_two_seconds_later(client: TestClient, office: ApiOffice) -> None:
    tell_a_story(office)
    key = office.key("read")
    assert client.get("/api/v1/leads", headers=key).status_code == 200
    seen = Statements(office)
    assert 0 < read_cache.SECONDS <= 2
    time.sleep(read_cache.SECONDS + 0.05)
    client.get("/api/v1/leads", headers=key)
    assert seen.count > 0
