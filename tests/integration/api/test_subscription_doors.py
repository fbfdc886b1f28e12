"""An inbox of which Microsoft Graph posts: asked for, the handshake, posts, and what Graph wants of us later.

| real | made up |
|---|---|
| the application, its doors, the worker's steps, both databases | Microsoft Graph and its tokens |
"""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.app import create_app
from core.clock import VirtualClock
from store.models import InboundEvent, InboxSubscription, Mailbox
from store.queries import connections
from tests.contract.test_graph_push import ENDS, fault
from tests.support.api_office import ApiOffice, api_office
from tests.support.crash.office import sealer_of
from tests.support.vendors import Answer, FakeVendor, answer
from tools.providers.inbox.graph_push import LIFETIME
from tools.providers.mail_accounts import MailAccounts
from workers import inbound_events
from workers.push_sources import DAILY, PushSources


@dataclass
class Graph:
    """Validates the address of a subscription as Graph does: by asking it, before it answers."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    client: TestClient | None = None
    down: bool = False

    def __call__(self, request: httpx2.Request) -> Answer:
        if request.url.host != "graph.microsoft.com":
            return answer({"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        self.asked.append(request.method)
        name = request.url.path.rpartition("/")[2]
        if self.down:
            return fault(503)
        if request.method == "GET":
            return answer({"value": list(self.held.values())})
        if request.method == "DELETE":
            return httpx2.Response(204) if self.held.pop(name, None) else fault(404, "ResourceNotFound")
        wanted = json.loads(request.content)
        if request.method == "POST":
            path = urlsplit(wanted["notificationUrl"]).path
            assert self.client is not None
            seen = self.client.post(path, params={"validationToken": "Validation: Testing & <b>é</b>"})
            if (
                seen.text != "Validation: Testing & <b>é</b>"
                or seen.headers["content-type"].split(";")[0] != "text/plain"
            ):
                return fault(400, "InvalidRequest")
            name = f"7f10{len(self.asked):04}-0000-4000-8000-000000000000"
            self.held[name] = {"id": name} | wanted
            return answer(self.held[name], 201)
        if name not in self.held:
            return fault(404, "ResourceNotFound")
        self.held[name] |= wanted
        return answer(self.held[name])


@dataclass
class Watched:
    office: ApiOffice
    graph: Graph
    client: TestClient
    reads: list[str] = field(default_factory=list)
    sources: PushSources = field(default_factory=PushSources)

    @property
    def context(self) -> Any:
        return self.office.office.context

    def renew(self) -> int:
        return self.sources.renew(self.context)

    def row(self) -> InboxSubscription:
        with self.office.deps.database.read(self.office.workspace_id) as session:
            return session.exec(select(InboxSubscription)).one()

    def events(self) -> list[InboundEvent]:
        with self.office.deps.database.read(self.office.workspace_id) as session:
            return list(session.exec(select(InboundEvent).order_by(col(InboundEvent.received_at))))

    @property
    def held(self) -> dict[str, Any]:
        [found] = self.graph.held.values()
        return found

    def post(self, **more: Any) -> int:
        held = list(self.graph.held.values())[-1]
        body = {
            "subscriptionId": held["id"],
            "subscriptionExpirationDateTime": ENDS,
            "clientState": held["clientState"],
            "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
            "resource": "Users/u/Messages/AAMk",
        } | more
        path = urlsplit(held["notificationUrl"]).path
        return self.client.post(path, json={"value": [body]}).status_code

    def apply(self) -> int:
        """How often the inbox was read for it."""
        self.reads.clear()
        inbound_events.apply_due(self.context)
        return len(self.reads)


def change(office: ApiOffice, **values: Any) -> None:
    with office.deps.database.write(office.workspace_id) as session:
        row = session.get_one(Mailbox, (office.workspace_id, office.office.mailbox_id))
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


@pytest.fixture
def watched(office: ApiOffice, clock: VirtualClock) -> Watched:
    graph, old = Graph(), office.office.context
    settings = office.deps.settings.model_copy(
        update={"microsoft_client_id": "app", "microsoft_push": True, "public_url": "https://sales.example"}
    )
    wire = FakeVendor(graph, clock=clock).wire()
    accounts = MailAccounts(settings, old.database, clock, old.ids, sealer_of, wire)
    tokens = connections.sealed(old.sealer, office.office.mailbox_id, {"refresh_token": "r"})
    change(office, inbox="graph", connection={"service": "microsoft"}, credentials_sealed=tokens, connection_number=1)
    made = Watched(office, graph, TestClient(create_app(office.deps), follow_redirects=False))

    class Inbox:
        def fetch(self, _after: str | None, _limit: int) -> list[Any]:
            made.reads.append("read")
            return []

    tools = replace(old.tools, push_source=accounts.push_source, inbox=lambda _: Inbox())
    office.office = replace(office.office, context=replace(old, tools=tools))
    graph.client = made.client
    return made


def test_an_inbox_is_subscribed_to_once_and_a_post_makes_it_be_read_now(watched: Watched) -> None:
    assert watched.renew() == 1
    assert PushSources().renew(watched.context) == 1, "another worker that starts"
    assert watched.graph.asked == ["GET", "POST", "PATCH"]
    row = watched.row()
    assert row.remote_id in watched.graph.held
    assert row.expires_at is not None
    assert row.expires_at - watched.office.deps.clock.now() == LIFETIME
    kept = str(row.model_dump())
    assert watched.held["clientState"] not in kept
    assert watched.held["notificationUrl"].rpartition("/")[2] not in kept
    for _ in range(3):
        assert watched.post(changeType="created", resourceData={"id": "AAMk"}) == 202
    assert watched.apply() == 1
    [event] = watched.events()
    assert (event.vendor, event.state.value) == ("graph", "applied")
    assert watched.apply() == 0


def test_a_subscription_is_prolonged_each_day(watched: Watched, clock: VirtualClock) -> None:
    watched.renew()
    clock.advance(DAILY - timedelta(seconds=1))
    assert watched.renew() == 0
    clock.advance(timedelta(seconds=1))
    assert watched.renew() == 1
    assert watched.graph.asked == ["GET", "POST", "PATCH"]
    assert watched.row().expires_at == clock.now() + LIFETIME


@pytest.mark.parametrize(
    ("event", "asked"),
    [("missed", []), ("reauthorizationRequired", ["PATCH"]), ("subscriptionRemoved", ["GET", "POST"])],
)
def test_a_lifecycle_event_is_answered_at_once_and_the_inbox_is_read(
    watched: Watched, clock: VirtualClock, event: str, asked: list[str]
) -> None:
    watched.renew()
    watched.graph.asked.clear()
    clock.advance(timedelta(minutes=5))
    assert watched.post(lifecycleEvent=event) == 202
    if event == "subscriptionRemoved":
        watched.graph.held.clear()
    assert watched.apply() == 1
    watched.renew()
    assert watched.graph.asked == asked
    assert watched.row().remote_id in watched.graph.held
    watched.graph.asked.clear()
    clock.advance(timedelta(minutes=5))
    watched.renew()
    assert watched.graph.asked == [], "once it is answered, it is"


def test_a_wish_that_could_not_be_answered_stays_and_is_no_flood(watched: Watched, clock: VirtualClock) -> None:
    watched.renew()
    clock.advance(timedelta(minutes=5))
    watched.post(lifecycleEvent="reauthorizationRequired")
    watched.graph.down = True
    watched.renew()
    problem = watched.row()
    assert problem.problem
    assert problem.asks_at is not None
    watched.graph.asked.clear()
    clock.advance(timedelta(minutes=1))
    watched.renew()
    assert watched.graph.asked == []
    watched.graph.down = False
    clock.advance(timedelta(minutes=30))
    watched.renew()
    assert watched.graph.asked == ["PATCH"]
    assert (watched.row().problem, watched.row().asks_at) == ("", None)


def test_what_does_not_bear_the_word_leaves_nothing(watched: Watched) -> None:
    watched.renew()
    assert watched.post(clientState="guessed") == 403
    assert watched.post(clientState=None) == 403
    assert watched.post(lifecycleEvent="subscriptionRemoved", clientState="guessed") == 403
    path = urlsplit(watched.held["notificationUrl"]).path
    for raw in (b"", b"{", b'{"value": []}', b"[" * 50_000, b"\xff"):
        assert watched.client.post(path, content=raw).status_code == 422
    assert watched.events() == []
    assert watched.row().remote_id in watched.graph.held
    assert watched.row().told_at is None


def test_the_handshake_is_answered_for_our_addresses_alone_and_as_plain_text(
    watched: Watched, clock: VirtualClock, tmp_path: Any
) -> None:
    watched.renew()
    path = urlsplit(watched.held["notificationUrl"]).path
    script = "<script>alert(1)</script>"
    seen = watched.client.post(path, params={"validationToken": script})
    assert (seen.status_code, seen.text) == (200, script)
    assert seen.headers["content-type"] == "text/plain; charset=utf-8"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert watched.client.post(path, params={"validationToken": "a\r\nSet-Cookie: x=1"}).status_code == 422
    assert watched.client.get(path, params={"validationToken": script}).status_code in (404, 405)
    other = api_office(watched.office.deps.database, clock, tmp_path / "other")
    token = path.rpartition("/")[2]
    for wrong in (token[:-4] + "AAAA", token[:-1], "x", "%00" * 64, other.workspace_id.hex):
        refused = watched.client.post(f"/webhooks/graph/{wrong}", params={"validationToken": script})
        assert refused.status_code == 404, wrong
        assert script not in refused.text
    assert watched.events() == []


def test_what_is_told_of_an_old_connection_is_told_to_nobody(watched: Watched) -> None:
    watched.renew()
    path = urlsplit(watched.held["notificationUrl"]).path
    old = dict(watched.held)
    change(watched.office, connection_number=2)
    assert watched.client.post(path, params={"validationToken": "x"}).status_code == 404
    watched.renew()
    assert len(watched.graph.held) == 1, "the old one is deleted there"
    assert watched.held["notificationUrl"] != old["notificationUrl"]
    assert watched.held["clientState"] != old["clientState"]
    assert watched.client.post(path, json={"value": [old]}).status_code == 404


def test_while_one_worker_asks_another_does_not(watched: Watched) -> None:
    others: list[int] = []
    real = watched.client.post

    def post(*args: Any, **options: Any) -> Any:  # at Graph's handshake, in the midst of the first asking
        if not others:
            others.append(PushSources().renew(watched.context))
        return real(*args, **options)

    watched.client.post = post  # type: ignore[method-assign]
    watched.renew()
    assert others == [1]
    assert watched.graph.asked == ["GET", "POST"]


def test_without_the_setting_or_https_nothing_is_asked(watched: Watched, office: ApiOffice) -> None:
    old = watched.context
    for wrong in ({"microsoft_push": False}, {"microsoft_push": True, "public_url": "http://sales.example"}):
        settings = office.deps.settings.model_copy(update={"microsoft_client_id": "app", **wrong})
        accounts = MailAccounts(settings, old.database, old.clock, old.ids, sealer_of, FakeVendor(watched.graph).wire())
        context = replace(old, tools=replace(old.tools, push_source=accounts.push_source))
        PushSources().renew(context)
        assert watched.graph.asked == []
