"""The client over a real port: pages, errors in the server's words, retries that do nothing twice."""

from uuid import UUID

import httpx2
import pytest

from client import ApiError, Client, Unreachable
from store.models import Icp
from tests.support.api_office import ApiOffice, tell_a_story


def secret(office: ApiOffice, *scopes: str) -> str:
    return office.key(*scopes)["Authorization"].removeprefix("Bearer ")


def test_a_list_is_read_over_all_its_pages(server: str, office: ApiOffice) -> None:
    tell_a_story(office)
    with Client(server, key=secret(office, "read", "people:read")) as client:
        found = list(client.pages(client.list_leads, limit=1))
        assert len(found) == 3 == len({lead["id"] for lead in found})
        assert [lead["id"] for lead in client.list_leads()["items"]] == [lead["id"] for lead in found]
        assert set(client.list_leads(fields="id,tier")["items"][0]) == {"id", "tier"}


def test_what_goes_wrong_is_said_in_the_servers_words(server: str, office: ApiOffice) -> None:
    with Client(server, key=secret(office, "read")) as client:
        with pytest.raises(ApiError) as refused:
            client.create_icp(definition={"name": "x"})
        assert (refused.value.status, refused.value.code) == (403, "forbidden")
        assert "icps:write" in refused.value.message
        assert refused.value.hint
        with pytest.raises(ApiError) as missing:
            client.get_lead(UUID(int=7))
        assert missing.value.status == 404
    with Client(server, key="sk_wrong") as client, pytest.raises(ApiError) as unknown:
        client.me()
    assert unknown.value.status == 401


def test_a_server_that_is_away_is_named() -> None:
    waits: list[float] = []
    with Client("http://127.0.0.1:9", key="sk_x", sleep=waits.append) as client, pytest.raises(Unreachable) as away:
        client.me()
    assert "127.0.0.1:9" in away.value.message
    assert len(waits) == 3, "it was tried again, with longer and longer waits"
    assert waits == sorted(waits)


class Flaky(httpx2.BaseTransport):
    """Does what is asked, and loses the first answers on the way back."""

    def __init__(self, lose: int) -> None:
        self.inner, self.lose, self.asked = httpx2.HTTPTransport(), lose, 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self.inner.handle_request(request)
        self.asked += 1
        if self.asked <= self.lose:
            response.read()
            raise httpx2.ReadError("the answer was lost", request=request)
        return response


def test_a_write_whose_answer_was_lost_is_done_once(server: str, office: ApiOffice) -> None:
    transport = Flaky(lose=2)
    key = secret(office, "read", "icps:write")
    with Client(server, key=key, transport=transport, sleep=lambda _: None) as client:
        made = client.create_icp(definition={"name": "Freight", "industries": ["freight forwarding"]})
    assert transport.asked == 3
    with office.deps.database.read(office.workspace_id) as session:
        assert session.get(Icp, (office.workspace_id, UUID(made["id"]))) is not None
    with Client(server, key=key) as client:
        assert [icp["name"] for icp in client.list_icps()["items"]].count("Freight") == 1


def test_a_proxys_error_page_is_no_json_and_still_said() -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(404, text="<h1>nginx</h1>"))
    with (
        Client("http://elsewhere.example", key="sk_x", transport=transport) as client,
        pytest.raises(ApiError, match="not in the words of this API"),
    ):
        client.me()
