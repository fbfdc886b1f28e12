"""Gmail: mail out and in against the shared suite, and a mailbox whose history runs out."""

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
from tools.ports import Gap, InboundMail, LookupResult, LostMail, SendOutcome, Unknown
from tools.providers.inbox.gmail import GmailInbox
from tools.providers.mail_transport.gmail import GmailTransport

NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)


def fault(status: int, reason: str = "", said: str = "As it is said.") -> httpx2.Response:
    errors = [{"domain": "global", "reason": reason, "message": said}] if reason else []
    return answer({"error": {"code": status, "message": said, "errors": errors}}, status)


def shown(**headers: str) -> dict[str, Any]:
    """A mail of format=metadata."""
    return {"payload": {"headers": [{"name": name, "value": value} for name, value in headers.items()]}}


class TestGmailTransport(TransportSuite):
    contract = "google_gmail"

    def transport(self, vendor: FakeVendor) -> GmailTransport:
        return GmailTransport(access(vendor), vendor.wire())

    def good(self, request: httpx2.Request) -> Answer:
        taken = {"id": "18f", "threadId": "18f", "labelIds": ["SENT"]}
        return answer(taken) if self.sends(request) else answer(taken | shown(**{"Message-Id": ID}))

    def sends(self, request: httpx2.Request) -> bool:
        return request.url.path.endswith("/messages/send")

    def error(self, status: int) -> httpx2.Response:
        return fault(status)

    def test_the_frozen_bytes_go_as_they_are(self) -> None:
        mail = envelope()
        vendor, _ = self.sent(self.good, mail)
        (sending,) = (request for request in vendor.requests if self.sends(request))
        raw = json.loads(sending.content)["raw"]
        assert base64.urlsafe_b64decode(raw) == mail.mime
        assert sending.headers["authorization"] == f"Bearer {SECRET}-1"

    def test_a_token_that_ended_early_is_replaced_once(self) -> None:
        old = f"Bearer {SECRET}-1"
        _, result = self.sent(
            lambda request: fault(401) if request.headers["authorization"] == old else self.good(request)
        )
        assert result.outcome is SendOutcome.SENT
        requests, result = self.at_sending(fault(401))
        assert (result.outcome, len(requests)) == (SendOutcome.MISCONFIGURED, 2)

    @pytest.mark.parametrize(
        ("given", "outcome", "seconds"),
        [
            (fault(403, "userRateLimitExceeded"), SendOutcome.DEFERRED, None),
            (fault(403, "dailyLimitExceeded"), SendOutcome.DEFERRED, 3600),
            (
                fault(429, "rateLimitExceeded", "Limit exceeded. Retry after 2026-06-02T14:05:00.000Z"),
                SendOutcome.DEFERRED,
                300,
            ),
            (fault(400, "invalidArgument", "Invalid To header"), SendOutcome.REJECTED, None),
            (fault(400, "failedPrecondition", "Mail service not enabled"), SendOutcome.MISCONFIGURED, None),
            (fault(403, "insufficientPermissions"), SendOutcome.MISCONFIGURED, None),
            (httpx2.Response(200, json={}), SendOutcome.UNKNOWN, None),
            (httpx2.Response(200, content=b'{"id": "18'), SendOutcome.UNKNOWN, None),
        ],
        ids=["slower", "day", "until", "recipient", "service", "scope", "no-id", "cut"],
    )
    def test_who_must_act(self, given: Answer, outcome: SendOutcome, seconds: int | None) -> None:
        _, result = self.at_sending(given)
        assert (result.outcome, result.retry_after_seconds) == (outcome, seconds)

    def found(self, given: Answer, message_id: str = ID) -> tuple[FakeVendor, LookupResult]:
        vendor = FakeVendor(with_tokens(lambda _: given), self.contract, allow=(TOKEN_EXCHANGE,))
        return vendor, self.transport(vendor).lookup(message_id)

    def test_a_lost_answer_is_looked_up_by_our_message_id(self) -> None:
        vendor, found = self.found(answer({"messages": [{"id": "18f", "threadId": "18f"}], "resultSizeEstimate": 1}))
        assert found is LookupResult.FOUND
        assert vendor.requests[-1].url.params["q"] == f"rfc822msgid:{ID[1:-1]}"
        assert not vendor.violations, vendor.violations
        assert self.found(answer({"resultSizeEstimate": 0}))[1] is LookupResult.NOT_FOUND

    def test_a_look_up_without_an_answer_proves_nothing(self) -> None:
        for lost in (fault(500), fault(429), answer({}), httpx2.ReadTimeout("late")):
            with pytest.raises(RetryAt):
                self.found(lost)
        with pytest.raises(FixConfiguration):
            self.found(fault(403, "insufficientPermissions"))

    def test_an_id_that_would_be_read_as_a_search_is_not_asked(self) -> None:
        vendor, found = self.found(answer({"resultSizeEstimate": 0}), "<a@b OR in:anywhere>")
        assert (found, vendor.requests) == (LookupResult.UNSUPPORTED, [])

    @pytest.mark.parametrize(
        ("given", "known"),
        [
            (answer({"id": "18f"} | shown(**{"Message-Id": "<CAF=x@mail.gmail.com>"})), "<CAF=x@mail.gmail.com>"),
            (answer({"id": "18f"} | shown(**{"Message-ID": ID})), ""),
            (answer({"id": "18f"} | shown(**{"Message-ID": "<a@b>\r\nBcc: <x@y>"})), ""),
            (answer({"id": "18f"}), ""),
            (fault(403, "insufficientPermissions"), ""),
            (fault(500), ""),
            (httpx2.ReadTimeout("late"), ""),
        ],
        ids=["written-over", "ours", "hostile", "schema", "scope", "down", "silent"],
    )
    def test_what_recipients_see_is_read_back_and_never_costs_the_yes(self, given: Answer, known: str) -> None:
        vendor, result = self.sent(lambda request: self.good(request) if self.sends(request) else given)
        assert (result.outcome, result.wire_message_id) == (SendOutcome.SENT, known)
        assert [self.sends(request) for request in vendor.requests].count(True) == 1

    def looked_for(self, *mails: dict[str, str], listed: dict[str, Any] | None = None) -> LookupResult:
        """In an account that sent these, the Message-ID of ours being unknown to its search."""

        def gmail(request: httpx2.Request) -> Answer:
            name = request.url.path.rpartition("/")[2]
            if name != "messages":
                return answer({"id": name} | shown(**mails[int(name)])) if mails[int(name)] else fault(404, "notFound")
            if request.url.params["q"].startswith("rfc822msgid:"):
                return answer({"resultSizeEstimate": 0})
            assert request.url.params["q"] == f"after:{int((NOW - timedelta(minutes=15)).timestamp())}"
            found = [{"id": str(n), "threadId": str(n)} for n in range(len(mails))]
            return answer({"messages": found, "resultSizeEstimate": len(found)} | (listed or {}))

        vendor = FakeVendor(with_tokens(gmail), self.contract, allow=(TOKEN_EXCHANGE,))
        result = self.transport(vendor).find(LostMail(ID, envelope().mime, NOW + timedelta(hours=2)))
        assert not vendor.violations, vendor.violations
        return result

    def test_a_message_id_that_was_written_over_never_leads_to_a_second_mail(self) -> None:
        other = {"Message-ID": "<CAF=x@mail.gmail.com>"}
        date = "Tue, 02 Jun 2026 14:00:00 +0000"
        theirs = other | {"To": "Bob <BOB@prospect.example>", "Subject": "Röda  vävstolar", "Date": date}
        assert self.looked_for(theirs) is LookupResult.FOUND
        encoded = theirs | {"Subject": "=?utf-8?b?UsO2ZGEgdsOkdnN0b2xhcg==?="}
        assert self.looked_for(encoded) is LookupResult.FOUND
        assert self.looked_for(other | {"X-Google-Original-Message-ID": ID}) is LookupResult.FOUND
        assert self.looked_for(theirs | {"Message-ID": ID, "Subject": "Fwd"}) is LookupResult.FOUND, "search was late"

    def test_what_may_be_the_mail_is_for_a_person(self) -> None:
        theirs = {"To": "bob@prospect.example", "Subject": "Röda vävstolar"}
        assert self.looked_for(theirs) is LookupResult.DOUBTFUL, "no date"
        assert self.looked_for(theirs | {"Date": "Tue, 02 Jun 2026 14:00:09 +0000"}) is LookupResult.DOUBTFUL
        assert self.looked_for({"Subject": "Röda vävstolar"}) is LookupResult.DOUBTFUL, "no recipient"
        assert self.looked_for({}) is LookupResult.DOUBTFUL, "gone before it could be read"
        assert self.looked_for(listed={"nextPageToken": "2"}) is LookupResult.DOUBTFUL, "more than is looked at"

    def test_what_cannot_be_the_mail_is_not_it(self) -> None:
        date = "Tue, 02 Jun 2026 14:00:00 +0000"
        assert self.looked_for() is LookupResult.NOT_FOUND
        to_another = {"To": "eve@prospect.example", "Subject": "Röda vävstolar", "Date": date}
        of_another = {"To": "bob@prospect.example", "Subject": "Blå vävstolar", "Date": date}
        assert self.looked_for(to_another, of_another) is LookupResult.NOT_FOUND

    @pytest.mark.parametrize("lost", [fault(500), answer({}), httpx2.ReadTimeout("late")])
    def test_a_list_without_an_answer_proves_nothing(self, lost: Answer) -> None:
        def gmail(request: httpx2.Request) -> Answer:
            by_id = request.url.params["q"].startswith("rfc822msgid:")
            return answer({"resultSizeEstimate": 0}) if by_id else lost

        with pytest.raises(RetryAt):
            self.transport(FakeVendor(with_tokens(gmail))).find(LostMail(ID, envelope().mime, NOW))


# ---------------------------------------------------------------------------------------------------------- inbox


@dataclass
class Mailbox:
    """Gmail's side: mails with their times, a history that begins at `kept`."""

    mails: list[tuple[str, datetime, list[str]]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    kept: int = 0
    page: int = 2
    breaks: Callable[[httpx2.Request], Answer | None] = lambda _: None

    def arrive(self, name: str, at: datetime = NOW, labels: tuple[str, ...] = ("INBOX",)) -> None:
        self.mails.append((name, at, list(labels)))

    def __call__(self, request: httpx2.Request) -> Answer:
        broken = self.breaks(request)
        if broken is not None:
            return broken
        path, asked = request.url.path, request.url.params
        if path.endswith("/profile"):
            return answer({"emailAddress": "ada@sender.example", "historyId": str(len(self.mails))})
        if path.endswith("/history"):
            return self._history(int(asked["startHistoryId"]), int(asked.get("pageToken", "0")))
        if path.endswith("/messages"):
            return self._list(int(asked["q"].removeprefix("after:")), int(asked.get("pageToken", "0")))
        return self._mail(path.rpartition("/")[2], asked["format"])

    def _history(self, start: int, first: int) -> Answer:
        if start < self.kept:
            return fault(404, "notFound")
        records = [
            {"id": str(n), "messagesAdded": [{"message": {"id": name, "threadId": name}}]}
            for n, (name, _, _) in enumerate(self.mails, 1)
            if n > start
        ]
        body: dict[str, Any] = {"historyId": str(len(self.mails))}
        if records[first : first + self.page]:
            body["history"] = records[first : first + self.page]
        return answer(body | self._more(first, len(records)))

    def _list(self, since: int, first: int) -> Answer:
        found = sorted((m for m in self.mails if m[1].timestamp() > since), key=lambda m: m[1])[::-1]
        body: dict[str, Any] = {"resultSizeEstimate": len(found)}
        if found[first : first + self.page]:
            body["messages"] = [{"id": m[0], "threadId": m[0]} for m in found[first : first + self.page]]
        return answer(body | self._more(first, len(found)))

    def _more(self, first: int, total: int) -> dict[str, str]:
        return {"nextPageToken": str(first + self.page)} if first + self.page < total else {}

    def _mail(self, name: str, form: str) -> Answer:
        listed = {mail[0]: mail for mail in self.mails}
        if name in self.gone or name not in listed:
            return fault(404, "notFound")
        _, at, labels = listed[name]
        body = {"id": name, "threadId": name, "labelIds": labels, "internalDate": str(int(at.timestamp() * 1000))}
        if form == "raw":
            raw = f"Subject: {name}\r\n\r\nHello".encode()
            return answer(body | {"raw": base64.urlsafe_b64encode(raw).decode().rstrip("="), "sizeEstimate": len(raw)})
        headers = [{"name": "Subject", "value": name}]
        return answer(body | {"sizeEstimate": 30_000_000, "payload": {"headers": headers}})


def inbox(mailbox: Mailbox) -> tuple[FakeVendor, GmailInbox]:
    vendor = FakeVendor(with_tokens(mailbox), "google_gmail", allow=(TOKEN_EXCHANGE,))
    return vendor, GmailInbox(access(vendor), vendor.wire())


def read_all(reader: GmailInbox, cursor: str | None, limit: int = 2) -> tuple[list[str], str | None]:
    names: list[str] = []
    while True:
        page = reader.fetch(cursor, limit)
        assert not isinstance(page, Unknown), page
        names += [mail.raw.split(b"\r\n")[0].decode().removeprefix("Subject: ") for mail in page]
        if page:
            cursor = page[-1].uid
        if len(page) < limit:
            return names, cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_a_first_reading_goes_back_some_days_and_then_by_history(limit: int) -> None:
    mailbox = Mailbox()
    mailbox.arrive("too-old", NOW - timedelta(days=31))
    for n in range(5):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=5 - n))
    vendor, reader = inbox(mailbox)
    names, cursor = read_all(reader, None, limit)
    assert names == [f"m{n}" for n in range(5)]
    for n in range(5, 10):
        mailbox.arrive(f"m{n}")
    names, cursor = read_all(reader, cursor, limit)
    assert names == [f"m{n}" for n in range(5, 10)]
    assert cursor is not None
    assert cursor.startswith("h:")
    assert len(cursor) <= 255  # of the column that keeps it
    assert read_all(reader, cursor, limit)[0] == []
    assert not vendor.violations, vendor.violations[:3]


def test_a_history_that_ran_out_is_replaced_by_the_time_of_the_last_mail() -> None:
    mailbox = Mailbox()
    for n in range(3):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=20 - n))
    _, reader = inbox(mailbox)
    _, cursor = read_all(reader, None)
    for n in range(3, 8):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=8 - n))
    mailbox.kept = 6  # what the cursor names is forgotten
    names, cursor = read_all(reader, cursor)
    assert names == [f"m{n}" for n in range(3, 8)]
    mailbox.arrive("m8")
    assert read_all(reader, cursor)[0] == ["m8"]


def test_what_we_sent_wrote_or_threw_away_is_not_an_answer() -> None:
    mailbox = Mailbox()
    _, reader = inbox(mailbox)
    mailbox.arrive("first")
    _, cursor = read_all(reader, None)
    for labels in (("SENT",), ("DRAFT",), ("SPAM",), ("TRASH",)):
        mailbox.arrive(labels[0], labels=labels)
    mailbox.arrive("to-myself", labels=("SENT", "INBOX"))
    mailbox.arrive("filed-by-a-filter", labels=("Label_7",))
    mailbox.arrive("deleted-meanwhile")
    mailbox.gone.add("deleted-meanwhile")
    assert read_all(reader, cursor)[0] == ["to-myself", "filed-by-a-filter"]


def test_a_mail_that_is_too_large_is_known_by_its_head() -> None:
    mailbox = Mailbox()
    mailbox.arrive("huge")
    huge = httpx2.Response(200, content=b'"' + b"x" * 8_100_000, headers={"content-type": "application/json"})
    mailbox.breaks = lambda request: huge if request.url.params.get("format") == "raw" else None
    vendor = FakeVendor(with_tokens(mailbox))
    page = GmailInbox(access(vendor), vendor.wire()).fetch(None, 10)
    assert not isinstance(page, Unknown)
    assert [mail.raw for mail in page] == [b"Subject: huge\r\n\r\n"]


def test_a_small_mail_without_its_bytes_is_a_changed_schema() -> None:
    mailbox = Mailbox()
    mailbox.arrive("m0")
    head = answer(
        {
            "id": "m0",
            "threadId": "m0",
            "labelIds": ["INBOX"],
            "internalDate": "1780400000000",
            "sizeEstimate": 900,
            "payload": {"headers": [{"name": "Subject", "value": "m0"}]},
        }
    )
    mailbox.breaks = lambda request: head if request.url.path.endswith("/m0") else None
    assert isinstance(inbox(mailbox)[1].fetch(None, 10), Unknown)


@pytest.mark.parametrize(
    ("given", "gap"),
    [
        (fault(500), Gap.DOWN),
        (fault(403, "userRateLimitExceeded"), Gap.DOWN),
        (fault(401), Gap.REFUSED),
        (fault(403, "insufficientPermissions"), Gap.REFUSED),
        (httpx2.ReadTimeout("late"), Gap.DOWN),
        (httpx2.Response(200, content=b"<h1>", headers={"content-type": "text/html"}), Gap.DOWN),
        (answer({"renamed": 1}), Gap.DOWN),
    ],
    ids=["down", "limited", "token", "scope", "silent", "html", "schema"],
)
def test_an_inbox_that_cannot_be_read_is_not_an_empty_one(given: Answer, gap: Gap) -> None:
    vendor = FakeVendor(with_tokens(lambda _: given))
    page = GmailInbox(access(vendor), vendor.wire()).fetch(None, 10)
    assert isinstance(page, Unknown)
    assert page.gap is gap
    assert SECRET not in page.reason


def test_what_was_read_before_a_fault_is_given() -> None:
    mailbox = Mailbox()
    for n in range(3):
        mailbox.arrive(f"m{n}", NOW - timedelta(days=3 - n))
    mailbox.breaks = lambda request: fault(500) if request.url.path.endswith("/m2") else None
    _, reader = inbox(mailbox)
    page = reader.fetch(None, 10)
    assert not isinstance(page, Unknown)
    assert [type(mail) for mail in page] == [InboundMail, InboundMail]
    assert isinstance(reader.fetch(page[-1].uid, 10), Unknown)


@pytest.mark.parametrize("cursor", ["", "7:12", "h:x:1:m", "d:1:2:", "nothing"])
def test_a_cursor_of_another_inbox_starts_anew(cursor: str) -> None:
    mailbox = Mailbox()
    mailbox.arrive("m0")
    assert read_all(inbox(mailbox)[1], cursor)[0] == ["m0"]
