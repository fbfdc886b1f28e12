"""A hundred clients at once on five connections: all of them are answered, on both databases."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from api.app import create_app
from tests.support.api_office import ApiOffice, tell_a_story
from tests.support.served import served

CLIENTS, ROUNDS = 100, 3


@pytest.fixture
def site(office: ApiOffice) -> Iterator[str]:
    with served(create_app(office.deps), socket.create_server(("127.0.0.1", 0), backlog=256)) as url:
        yield url


def test_a_hundred_clients_on_a_pool_of_five_all_finish(site: str, office: ApiOffice) -> None:
    (approval_id, _), *_ = tell_a_story(office)
    assert office.deps.database.engine.pool.size() == 5  # type: ignore[attr-defined]
    key = office.key("read", "people:read")
    ready = threading.Barrier(CLIENTS)

    def client(_: int) -> list[int]:
        with httpx2.Client(base_url=site, headers=key, timeout=300) as http:
            ready.wait(timeout=300)
            places = ["/api/v1/leads", f"/api/v1/approvals/{approval_id}", "/api/v1/me"]
            return [http.get(place).status_code for _ in range(ROUNDS) for place in places]

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = Counter(status for statuses in pool.map(client, range(CLIENTS)) for status in statuses)
    assert answers == {200: CLIENTS * ROUNDS * 3}
