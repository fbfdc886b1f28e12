"""Microsoft Graph's subscriptions: the asking for them, and whose a post is."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from store.queries.inbox_subscriptions import Asking, Elsewhere
from tests.contract.transport_suite import TOKEN_EXCHANGE, access, with_tokens
from tests.support.vendors import Answer, FakeVendor, answer, described
from tools.ports.inbox_watch import MailArrived
from tools.providers.inbox.graph_push import LIFETIME, GraphPush
from tools.webhooks import graph
from tools.webhooks.doors import read_event

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
PUBLIC, WORD = "https://sales.example", "a-word-of-ours"
URL = f"{PUBLIC}/webhooks/graph/path"
ENDS = "2026-06-05T12:00:00Z"  # 4,200 minutes after
BASE = "https://graph.microsoft.com/v1.0"


@dataclass
class Book:
    """Of one mailbox, in memory."""

    remote_id: str = ""
    busy: Elsewhere | None = None
    expires_at: datetime | None = None
    problems: list[str] = field(default_factory=list)
    left_behind: set[str] = field(default_factory=set)

    def is_left_behind(self, token: str) -> bool:
        return token in self.left_behind

    def begin(self) -> Asking | Elsewhere:
        return self.busy or Asking(UUID(int=1), 1, "path", WORD, self.remote_id)

    def made(self, asking: Asking, began: datetime, remote_id: str, expires_at: datetime) -> bool:
        assert began == NOW
        self.remote_id, self.expires_at = remote_id, expires_at
        return True

    def ended(self, asking: Asking) -> None:
        self.remote_id = ""

    def failed(self, asking: Asking, problem: str) -> None:
        self.problems.append(problem)


@dataclass
class Graph:
    """Graph's side: subscriptions by id, each with its address and end."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    loses: str = ""  # the method whose answer is lost, once
    page: int = 2

    def __call__(self, request: httpx2.Request) -> Answer:
        given = self._answer(request)
        if request.method == self.loses:
            self.loses = ""
            return httpx2.ReadTimeout("late")
        return given

    def _answer(self, request: httpx2.Request) -> Answer:
        name = request.url.path.rpartition("/")[2]
        match request.method:
            case "GET":
                first = int(request.url.params.get("$skiptoken", "0"))
                value = list(self.held.values())
                body: dict[str, Any] = {"value": value[first : first + self.page]}
                if first + self.page < len(value):
                    body["@odata.nextLink"] = f"{BASE}/subscriptions?$skiptoken={first + self.page}"
                return answer(body)
            case "POST":
                name = f"7f10{len(self.held):04}-0000-4000-8000-000000000000"
                self.held[name] = {"id": name} | json.loads(request.content)
                return answer(self.held[name] | {"clientState": None}, 201)
            case _ if name not in self.held:
                return fault(404, "ResourceNotFound")
            case "DELETE":
                del self.held[name]
                return httpx2.Response(204)
            case _:
                self.held[name] |= json.loads(request.content)
                return answer(self.held[name])


def fault(status: int, code: str = "AsItIsSaid") -> httpx2.Response:
    return answer({"error": {"code": code, "message": "As it is said."}}, status)


def pushing(handler: Any, book: Book) -> tuple[FakeVendor, GraphPush]:
    vendor = FakeVendor(with_tokens(handler), "msgraph", allow=(TOKEN_EXCHANGE,))
    return vendor, GraphPush(access(vendor), vendor.wire(), book, PUBLIC + "/")


def calls(vendor: FakeVendor) -> list[str]:
    return [request.method for request in vendor.requests if request.url.host == "graph.microsoft.com"]


def test_the_inbox_alone_is_asked_for_with_a_word_and_an_end_that_graph_takes() -> None:
    book, service = Book(), Graph()
    vendor, source = pushing(service, book)
    assert source.renew() == NOW + LIFETIME
    assert json.loads(vendor.requests[-1].content) == {
        "changeType": "created",
        "notificationUrl": URL,
        "lifecycleNotificationUrl": URL,
        "resource": "me/mailFolders('inbox')/messages",
        "expirationDateTime": ENDS,
        "clientState": WORD,
        "latestSupportedTlsVersion": "v1_2",
    }
    assert timedelta(minutes=4_230) > LIFETIME, "a longer one is refused, not shortened"
    assert len(WORD) <= 128
    assert (book.remote_id, book.expires_at) == (next(iter(service.held)), NOW + LIFETIME)
    assert not vendor.violations, vendor.violations


def test_it_is_prolonged_and_never_made_twice() -> None:
    book, service = Book(), Graph()
    vendor, source = pushing(service, book)
    source.renew()
    vendor.requests.clear()
    service.held[book.remote_id]["expirationDateTime"] = "2026-06-02T15:00:00Z"
    assert source.renew() == NOW + LIFETIME
    assert (calls(vendor), len(service.held)) == (["PATCH"], 1)
    assert not vendor.violations, vendor.violations


def test_one_that_graph_forgot_is_made_anew_under_the_same_address() -> None:
    book, service = Book(remote_id="gone"), Graph()
    vendor, source = pushing(service, book)
    source.renew()
    assert calls(vendor) == ["PATCH", "GET", "POST"]
    assert [each["notificationUrl"] for each in service.held.values()] == [URL]
    assert book.remote_id in service.held


def test_one_whose_answer_was_lost_is_found_and_no_other_is_touched() -> None:
    other = {
        f"other-{n}": {"id": f"other-{n}", "notificationUrl": "https://x.example/", "expirationDateTime": ENDS}
        for n in range(3)
    }
    book, service = Book(), Graph(held=dict(other), loses="POST")
    vendor, source = pushing(service, book)
    with pytest.raises(RetryAt):
        source.renew()
    assert calls(vendor).count("POST") == 1, "asked once: Graph would post everything twice"
    assert book.problems
    vendor.requests.clear()
    source.renew()
    assert calls(vendor) == ["GET", "GET", "PATCH"]
    assert len(service.held) == 4
    assert book.remote_id not in other
    assert {name: service.held[name] for name in other} == other


def test_what_an_older_grant_left_behind_is_deleted_and_nothing_else() -> None:
    addresses = {
        "old": PUBLIC + "/webhooks/graph/old",
        "living": PUBLIC + "/webhooks/graph/living",
        "calendar": PUBLIC + "/webhooks/graph-calendar/old",
        "foreign": "https://x.example/webhooks/graph/old",
    }
    held = {
        name: {"id": name, "notificationUrl": address, "expirationDateTime": ENDS}
        for name, address in addresses.items()
    }
    book, service = Book(left_behind={"old"}), Graph(held=dict(held), page=10)
    vendor, source = pushing(service, book)
    source.renew()
    assert sorted(service.held) == sorted(["living", "calendar", "foreign", book.remote_id])
    assert calls(vendor).count("DELETE") == 1
    assert not vendor.violations, vendor.violations
    stubborn = pushing(lambda request: fault(403) if request.method == "DELETE" else service(request), Book())[1]
    assert stubborn.renew() == NOW + LIFETIME


def test_while_another_process_asks_nothing_is_asked() -> None:
    for known in (None, NOW + timedelta(hours=9)):
        vendor, source = pushing(Graph(), Book(busy=Elsewhere(known)))
        assert source.renew() == (known or NOW)
        assert calls(vendor) == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (fault(500), RetryAt),
        (fault(429), RetryAt),
        (fault(401), FixConfiguration),
        (fault(403, "ErrorAccessDenied"), FixConfiguration),
        (fault(400, "InvalidRequest"), FixConfiguration),
        (answer({"id": "x"}, 201), RetryAt),
        (httpx2.ReadTimeout("late"), RetryAt),
    ],
    ids=["down", "limited", "token", "permission", "unreachable-url", "schema", "silent"],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_who_must_act_when_graph_does_not_agree(method: str, given: Answer, error: type[Exception]) -> None:
    service, book = Graph(), Book(remote_id="held" if method == "PATCH" else "")
    _, source = pushing(lambda request: given if request.method == method else service(request), book)
    with pytest.raises(error):
        source.renew()
    assert len(book.problems) == 1
    assert book.expires_at is None


def test_our_token_goes_to_no_other_host() -> None:
    foreign = answer({"value": [], "@odata.nextLink": "https://evil.example/v1.0/subscriptions"})
    service = Graph()
    vendor, source = pushing(lambda request: foreign if request.method == "GET" else service(request), Book())
    source.renew()
    assert {request.url.host for request in vendor.requests} == {"graph.microsoft.com", "login.vendor.example"}


# ---------------------------------------------------------------------------------------------------------- posts


def notification(**more: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "7f100000-0000-4000-8000-000000000000",
        "subscriptionExpirationDateTime": ENDS,
        "changeType": "created",
        "resource": "Users/u/Messages/AAMk",
        "clientState": WORD,
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": "AAMk"},
    } | more


def lifecycle(kind: str, **more: Any) -> dict[str, Any]:
    found = notification(lifecycleEvent=kind, **more)
    for name in ("changeType", "resourceData"):
        found.pop(name)
    return found


def posted(*notifications: Any, at: datetime = NOW, remote_id: str = "7f100000-0000-4000-8000-000000000000") -> Any:
    raw = json.dumps({"value": list(notifications)}).encode()
    return graph.receive(raw, word=WORD, remote_id=remote_id, address="Ada@sender.example", now=at)


def test_what_this_file_posts_is_what_graph_describes() -> None:
    contract = described("msgraph")
    if contract is None:
        pytest.skip("The shared data is not here: the vendors' descriptions are in ../shared/contracts.")
    schemas = contract["components"]["schemas"]
    known = schemas["microsoft.graph.changeNotification"]["properties"]
    assert set(notification(lifecycleEvent="missed")) <= set(known)
    assert set(schemas["microsoft.graph.lifecycleEventType"]["enum"]) == {
        graph.MISSED,
        graph.REMOVED,
        graph.REAUTHORISE,
    }


def test_a_post_is_one_event_that_bears_neither_the_word_nor_the_mail() -> None:
    told = posted(notification(), notification(resource="Users/u/Messages/AAMl"))
    assert (told.wants, told.ended) == (False, False)
    assert told.event.kind == "arrived"
    assert told.event.key == posted(notification(), notification(resource="Users/u/Messages/AAMl")).event.key
    assert told.event.key != posted(notification()).event.key
    assert WORD.encode() not in told.event.raw
    assert b"AAMk" not in told.event.raw
    assert read_event("graph", told.event.raw) == [MailArrived("ada@sender.example", "graph")]


@pytest.mark.parametrize(
    ("kind", "wants", "ended"),
    [(graph.MISSED, False, False), (graph.REAUTHORISE, True, False), (graph.REMOVED, True, True)],
)
def test_what_a_lifecycle_event_asks_for(kind: str, wants: bool, ended: bool) -> None:
    told = posted(notification(), lifecycle(kind))
    assert (told.wants, told.ended) == (wants, ended)
    assert read_event("graph", told.event.raw) == [MailArrived("ada@sender.example", "graph")], "it is read by delta"
    later = posted(notification(), lifecycle(kind), at=NOW + timedelta(hours=1))
    assert later.event.key != told.event.key, "said again later, it counts again"
    of_another = posted(lifecycle(kind), remote_id="another")
    assert (of_another.wants, of_another.ended) == (False, False)
    assert not posted(lifecycle(kind), remote_id="").wants


@pytest.mark.parametrize("word", [None, "", WORD + "x", WORD[:-1], WORD.upper(), "é"])
def test_what_does_not_bear_our_word_is_refused(word: str | None) -> None:
    for notifications in ([notification(clientState=word)], [notification(), notification(clientState=word)]):
        with pytest.raises(Forbidden):
            posted(*notifications)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"value": []}', b'{"value": [1]}', b'{"value": [{"clientState": "x"}]}', b"\xff\xfe"],
)
def test_what_graph_never_posts_is_refused(raw: bytes) -> None:
    with pytest.raises(Rejected):
        graph.receive(raw, word=WORD, remote_id="", address="ada@sender.example", now=NOW)
    with pytest.raises(Rejected):
        graph.read(raw)


@pytest.mark.parametrize("token", ["", "a\nb", "a\x00", "x" * 4_001])
def test_what_is_no_validation_token_is_not_sent_back(token: str) -> None:
    with pytest.raises(Rejected):
        graph.handshake(token)
