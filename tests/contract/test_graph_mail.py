"""Microsoft Graph: mail out against the shared suite, and an inbox by its delta."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from core.errors import FixConfiguration, RetryAt
from tests.contract.transport_suite import ID, TOKEN_EXCHANGE, TransportSuite, access, envelope, with_tokens
from tests.support.vendors import SECRET, Answer, FakeVendor, answer
from tools.ports import Gap, LookupResult, SendOutcome, SendResult, Unknown
from tools.providers.inbox.graph import GraphInbox
from tools.providers.mail_transport.graph import GraphTransport

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)
BASE = "https://graph.microsoft.com/v1.0"
# Documented by Microsoft and missing in the description: MIME as text/plain, `$value`, `changeType`.
MIME = r"body: content type 'text/plain' not among"
VALUE = r"no operation GET .*/\$value"
CREATED = r"query changeType: not a parameter"


def fault(status: int, code: str = "AsItIsSaid") -> httpx2.Response:
    return answer({"error": {"code": code, "message": "As it is said."}}, status)


class TestGraphTransport(TransportSuite):
    contract = "msgraph"
    allow = (MIME,)

    def transport(self, vendor: FakeVendor) -> GraphTransport:
        return GraphTransport(access(vendor), vendor.wire())

    def good(self, request: httpx2.Request) -> Answer:
        return self.keeping(ID)(request)

    def keeping(self, bears: str, then: str = ID) -> Callable[[httpx2.Request], Answer]:
        def handler(request: httpx2.Request) -> Answer:
            if self.sends(request):
                return httpx2.Response(202)
            if request.method == "DELETE":
                return httpx2.Response(204)
            bearing = then if request.method == "PATCH" else bears
            status = 200 if request.method == "PATCH" else 201
            return answer({"id": "AAMk-draft=", "isDraft": True, "internetMessageId": bearing}, status)

        return handler

    def sends(self, request: httpx2.Request) -> bool:
        return request.url.path.endswith("/send")

    def error(self, status: int) -> httpx2.Response:
        return fault(status)

    def drafting(self, given: Answer) -> tuple[FakeVendor, SendResult]:
        vendor, result = self.sent(lambda request: given if request.url.path == "/v1.0/me/messages" else fault(500))
        assert not any(self.sends(request) for request in vendor.requests)
        return vendor, result

    def test_the_frozen_bytes_go_as_they_are(self) -> None:
        mail = envelope()
        vendor, _ = self.sent(self.good, mail)
        draft = next(request for request in vendor.requests if request.url.path == "/v1.0/me/messages")
        assert draft.headers["content-type"] == "text/plain"
        assert base64.b64decode(draft.content) == mail.mime
        assert vendor.requests[-1].url.raw_path.decode().endswith("/me/messages/AAMk-draft%3D/send")

    @pytest.mark.parametrize(
        "given", [fault(500), fault(504), httpx2.ReadTimeout("late"), answer({}, 201)], ids=["500", "504", "lost", "no"]
    )
    def test_a_draft_sends_nothing_whatever_happens_to_it(self, given: Answer) -> None:
        assert self.drafting(given)[1].outcome is SendOutcome.DEFERRED

    @pytest.mark.parametrize(
        ("code", "status", "outcome"),
        [
            ("ErrorInvalidRecipients", 400, SendOutcome.REJECTED),
            ("ErrorMessageSizeExceeded", 400, SendOutcome.REJECTED),
            ("ErrorSendAsDenied", 403, SendOutcome.MISCONFIGURED),
            ("MailboxNotEnabledForRESTAPI", 404, SendOutcome.MISCONFIGURED),
            ("ErrorServerBusy", 400, SendOutcome.DEFERRED),
            ("ApplicationThrottled", 429, SendOutcome.DEFERRED),
        ],
    )
    def test_who_must_act(self, code: str, status: int, outcome: SendOutcome) -> None:
        assert self.drafting(fault(status, code))[1].outcome is outcome
        assert self.at_sending(fault(status, code))[1].outcome is outcome

    def test_throttling_is_also_said_with_503_and_a_time(self) -> None:
        busy = fault(503)
        assert self.at_sending(busy)[1].outcome is SendOutcome.UNKNOWN
        busy.headers["retry-after"] = "30"
        _, result = self.at_sending(busy)
        assert (result.outcome, result.retry_after_seconds) == (SendOutcome.DEFERRED, 30)

    def test_a_draft_of_a_mail_that_certainly_stayed_is_taken_away(self) -> None:
        def deleted(given: Answer) -> bool:
            vendor, _ = self.sent(lambda request: given if self.sends(request) else self.good(request))
            return any(request.method == "DELETE" for request in vendor.requests)

        assert deleted(fault(400, "ErrorInvalidRecipients"))
        assert not deleted(fault(504))  # it may have gone: the draft is what a person would look at
        assert not deleted(httpx2.Response(202))

    def test_a_draft_gets_our_message_id_before_it_is_sent(self) -> None:
        vendor, result = self.sent(self.keeping("<theirs@outlook.example>"))
        assert result.outcome is SendOutcome.SENT
        [patch] = [request for request in vendor.requests if request.method == "PATCH"]
        assert json.loads(patch.content) == {"internetMessageId": ID}
        assert not vendor.violations, vendor.violations

    def test_a_mail_that_could_not_be_looked_up_is_not_sent(self) -> None:
        theirs = "<theirs@outlook.example>"
        vendor, result = self.sent(self.keeping(theirs, then=theirs))
        assert (result.outcome, result.code) == (SendOutcome.MISCONFIGURED, "message_id")
        assert vendor.requests[-1].method == "DELETE"
        assert not any(self.sends(request) for request in vendor.requests)

    def found(self, given: Answer, message_id: str = ID) -> tuple[FakeVendor, LookupResult]:
        vendor = FakeVendor(with_tokens(lambda _: given), self.contract, allow=(TOKEN_EXCHANGE,))
        return vendor, self.transport(vendor).lookup(message_id)

    def test_a_lost_answer_is_looked_up_and_a_draft_is_not_sent(self) -> None:
        vendor, found = self.found(answer({"value": [{"id": "a", "isDraft": True}, {"id": "b", "isDraft": False}]}))
        assert found is LookupResult.FOUND
        assert vendor.requests[-1].url.params["$filter"] == f"internetMessageId eq '{ID}'"
        assert not vendor.violations, vendor.violations
        assert self.found(answer({"value": [{"id": "a", "isDraft": True}]}))[1] is LookupResult.NOT_FOUND
        assert self.found(answer({"value": []}))[1] is LookupResult.NOT_FOUND
        quoted, _ = self.found(answer({"value": []}), "<o'hara@sender.example>")
        assert quoted.requests[-1].url.params["$filter"] == "internetMessageId eq '<o''hara@sender.example>'"

    def test_a_look_up_without_an_answer_proves_nothing(self) -> None:
        for lost in (fault(500), fault(429), answer({}), httpx2.ReadTimeout("late")):
            with pytest.raises(RetryAt):
                self.found(lost)
        with pytest.raises(FixConfiguration):
            self.found(fault(403))


# ---------------------------------------------------------------------------------------------------------- inbox


@dataclass
class Mailbox:
    """Graph's side: a delta in pages, newest first; a link names what was there when it was given."""

    mails: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)
    known_from: int = 0  # links that name an older state are refused
    page: int = 3
    moved: set[str] = field(default_factory=set)
    breaks: Callable[[httpx2.Request], Answer | None] = lambda _: None

    def arrive(self, name: str, at: datetime = NOW, **more: Any) -> None:
        self.mails.append((name, at, more))

    def __call__(self, request: httpx2.Request) -> Answer:
        broken = self.breaks(request)
        if broken is not None:
            return broken
        if request.url.path.endswith("/$value"):
            name = request.url.path.split("/")[-2]
            found = httpx2.Response(200, content=f"Subject: {name}\r\n\r\nHello".encode())
            return fault(404, "ErrorItemNotFound") if name in self.moved else found
        asked = request.url.params
        if "$skiptoken" in asked:
            first, low, high = (int(part) for part in asked["$skiptoken"].split("-"))
        elif "$deltatoken" in asked:
            first, low, high = 0, int(asked["$deltatoken"]), len(self.mails)
            if low < self.known_from:
                return fault(410, "SyncStateNotFound")
        else:
            since = datetime.fromisoformat(asked["$filter"].removeprefix("receivedDateTime ge "))
            high = len(self.mails)
            low = next((n for n, mail in enumerate(self.mails) if mail[1] >= since), high)
            first = 0
        listed = self.mails[low:high][::-1]
        value = [
            {"id": name, "receivedDateTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "isDraft": False} | more
            for name, at, more in listed[first : first + self.page]
        ]
        link = f"{BASE}/me/mailFolders/inbox/messages/delta"
        if first + self.page < len(listed):
            return answer({"value": value, "@odata.nextLink": f"{link}?$skiptoken={first + self.page}-{low}-{high}"})
        return answer({"value": value, "@odata.deltaLink": f"{link}?$deltatoken={high}"})


def inbox(mailbox: Mailbox) -> tuple[FakeVendor, GraphInbox]:
    vendor = FakeVendor(with_tokens(mailbox), "msgraph", allow=(TOKEN_EXCHANGE, VALUE, CREATED))
    return vendor, GraphInbox(access(vendor), vendor.wire())


def read_all(reader: GraphInbox, cursor: str | None, limit: int = 2) -> tuple[list[str], str | None]:
    names: list[str] = []
    while True:
        page = reader.fetch(cursor, limit)
        assert not isinstance(page, Unknown), page
        assert len(page) <= limit
        names += [mail.raw.split(b"\r\n")[0].decode().removeprefix("Subject: ") for mail in page]
        if page:
            cursor = page[-1].uid
        if len(page) < limit:
            return names, cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("pages", [1, 3, 50])
def test_each_mail_comes_once_however_the_pages_are_cut(limit: int, pages: int) -> None:
    mailbox = Mailbox(page=pages)
    mailbox.arrive("too-old", NOW - timedelta(days=31))
    for n in range(7):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=7 - n))
    vendor, reader = inbox(mailbox)
    names, cursor = read_all(reader, None, limit)
    assert sorted(names) == [f"m{n}" for n in range(7)]
    assert read_all(reader, cursor, limit)[0] == []
    for n in range(7, 12):
        mailbox.arrive(f"n{n}")
    names, cursor = read_all(reader, cursor, limit)
    assert sorted(names) == sorted(f"n{n}" for n in range(7, 12))
    assert not vendor.violations, vendor.violations[:3]


def test_a_mail_that_comes_while_a_page_is_read_is_not_lost() -> None:
    mailbox = Mailbox(page=50)
    for n in range(4):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=4 - n))
    _, reader = inbox(mailbox)
    page = reader.fetch(None, 2)
    assert not isinstance(page, Unknown)
    mailbox.arrive("new")  # newest first: it now stands before what was given
    names, cursor = read_all(reader, page[-1].uid, 50)
    assert set(names) | {"m3", "m2"} == {"m0", "m1", "m2", "m3", "new"}
    assert len(names) == 3
    assert read_all(reader, cursor)[0] == []


def test_a_link_that_is_forgotten_is_replaced_by_the_time_of_the_last_mail() -> None:
    mailbox = Mailbox()
    for n in range(3):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=20 - n))
    _, reader = inbox(mailbox)
    _, cursor = read_all(reader, None)
    mailbox.known_from = 4
    for n in range(3, 6):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=8 - n))
    names, cursor = read_all(reader, cursor)
    assert sorted(names) == ["m2", "m3", "m4", "m5"]  # the last mail comes again, the older ones do not
    assert read_all(reader, cursor)[0] == []


def test_what_was_removed_or_is_a_draft_is_no_answer() -> None:
    mailbox = Mailbox()
    mailbox.arrive("answer")
    mailbox.arrive("draft", isDraft=True)
    mailbox.arrive("removed", **{"@removed": {"reason": "deleted"}})
    mailbox.arrive("moved-meanwhile")
    mailbox.moved.add("moved-meanwhile")
    assert read_all(inbox(mailbox)[1], None)[0] == ["answer"]


def test_our_token_goes_to_no_other_host() -> None:
    foreign = {"value": [], "@odata.nextLink": "https://evil.example/v1.0/me/x"}
    mailbox = Mailbox(breaks=lambda request: answer(foreign))
    vendor, reader = inbox(mailbox)
    assert isinstance(reader.fetch(None, 10), Unknown)
    assert isinstance(reader.fetch("7-7||https://evil.example/v1.0/me/mailFolders/x", 10), Unknown)
    assert {request.url.host for request in vendor.requests} <= {"graph.microsoft.com", "login.vendor.example"}


@pytest.mark.parametrize(
    ("given", "gap"),
    [
        (fault(500), Gap.DOWN),
        (fault(429), Gap.DOWN),
        (fault(401), Gap.REFUSED),
        (fault(403), Gap.REFUSED),
        (fault(410), Gap.REFUSED),
        (httpx2.ReadTimeout("late"), Gap.DOWN),
        (answer({"renamed": 1}), Gap.DOWN),
        (answer({"value": []}), Gap.DOWN),
    ],
    ids=["down", "limited", "token", "permission", "gone-for-ever", "silent", "schema", "no-link"],
)
def test_an_inbox_that_cannot_be_read_is_not_an_empty_one(given: Answer, gap: Gap) -> None:
    vendor = FakeVendor(with_tokens(lambda _: given))
    page = GraphInbox(access(vendor), vendor.wire()).fetch(None, 10)
    assert isinstance(page, Unknown)
    assert page.gap is gap
    assert SECRET not in page.reason


@pytest.mark.parametrize("given", [fault(500), fault(429), fault(401), httpx2.ReadError("lost")])
def test_a_mail_that_cannot_be_had_now_comes_next_time(given: Answer) -> None:
    mailbox = Mailbox()
    for n in range(3):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=3 - n))
    mailbox.breaks = lambda request: given if request.url.path.endswith("/m0/$value") else None
    _, reader = inbox(mailbox)
    page = reader.fetch(None, 10)
    assert not isinstance(page, Unknown)
    assert len(page) == 2
    assert isinstance(reader.fetch(page[-1].uid, 10), Unknown)
    mailbox.breaks = lambda _: None
    assert read_all(reader, page[-1].uid)[0] == ["m0"]


def test_a_round_that_ends_in_drafts_hides_nothing_that_came_since() -> None:
    mailbox = Mailbox(page=1)
    mailbox.arrive("draft", isDraft=True)
    mailbox.arrive("first")
    _, reader = inbox(mailbox)
    page = reader.fetch(None, 1)
    assert not isinstance(page, Unknown)
    mailbox.arrive("later")
    assert read_all(reader, page[-1].uid)[0] == ["later"]
