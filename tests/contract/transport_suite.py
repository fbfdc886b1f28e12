"""What every mail transport over HTTP must do: subclass `TransportSuite` and bring the vendor's own words.

The one law: a mail is never sent twice. A request that may send is made once, whatever happens to it.
"""

import logging
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import httpx2
import pytest

from tests.support.vendors import SECRET, Answer, FakeVendor, Handler, answer, has_contracts
from tools.mail.compose import OutboundMail, compose, message_id
from tools.ports import Envelope, MailTransport, SendOutcome, SendResult
from tools.providers.oauth import AccessTokens, OAuthClient

TOKEN_URL = "https://login.vendor.example/token"
TOKEN_EXCHANGE = r"no operation POST /token in"  # which is no part of an API
ID = message_id(UUID(int=1), UUID(int=2), 1, "sender.example")


def envelope(**changes: Any) -> Envelope:
    mail = OutboundMail(
        **{
            "message_id": ID,
            "date": datetime(2026, 6, 2, 14, tzinfo=UTC),
            "sender_address": "ada@sender.example",
            "sender_name": "Ada Ærø",
            "recipient_address": "bob@prospect.example",
            "recipient_name": "Bob",
            "subject": "Röda vävstolar",
            "text": "Hello Bob,\n\nyour looms – are they red?",
            "unsubscribe_url": "https://u.sender.example/u/" + "t" * 120,
            "postal_address": "1 Mill Lane, Leeds",
            "in_reply_to": "<first@prospect.example>",
            "references": ["<first@prospect.example>"],
        }
        | changes
    )
    return Envelope(mail.message_id, mail.sender_address, mail.recipient_address, compose(mail))


def access(vendor: FakeVendor, **hooks: Any) -> AccessTokens:
    return AccessTokens(OAuthClient("Vendor", TOKEN_URL, "client", SECRET), "refresh", vendor.wire(), **hooks)


def with_tokens(handler: Handler) -> Handler:
    """The vendor's door for tokens before its API: each is good for an hour and named by its number."""
    given = [0]

    def both(request: httpx2.Request) -> Answer:
        if str(request.url) == TOKEN_URL:
            given[0] += 1
            return answer({"access_token": f"{SECRET}-{given[0]}", "token_type": "Bearer", "expires_in": 3600})
        return handler(request)

    return both


class TransportSuite:
    contract: ClassVar[str] = ""
    allow: ClassVar[tuple[str, ...]] = ()

    def transport(self, vendor: FakeVendor) -> MailTransport:
        raise NotImplementedError

    def good(self, request: httpx2.Request) -> Answer:
        """The vendor takes the mail."""
        raise NotImplementedError

    def sends(self, request: httpx2.Request) -> bool:
        """Whether this request lets a mail leave."""
        raise NotImplementedError

    def error(self, status: int) -> httpx2.Response:
        return answer({"error": {"message": "As it is said.", "code": "As"}}, status)

    def sent(self, handler: Handler, of: Envelope | None = None) -> tuple[FakeVendor, SendResult]:
        vendor = FakeVendor(with_tokens(handler), self.contract, allow=(*self.allow, TOKEN_EXCHANGE))
        result = self.transport(vendor).send(of or envelope())
        assert SECRET not in repr(result)
        return vendor, result

    def at_sending(self, given: Answer) -> tuple[list[httpx2.Request], SendResult]:
        """Well up to the request that sends, which is answered so; the requests that send, and the outcome."""
        vendor, result = self.sent(lambda request: given if self.sends(request) else self.good(request))
        return [request for request in vendor.requests if self.sends(request)], result

    def test_a_mail_is_taken_and_both_sides_keep_the_contract(self) -> None:
        vendor, result = self.sent(self.good)
        assert result.outcome is SendOutcome.SENT
        assert [self.sends(request) for request in vendor.requests].count(True) == 1
        assert not vendor.violations, vendor.violations
        if self.contract and not has_contracts():
            pytest.skip("The shared data is not here: the vendors' descriptions are in ../shared/contracts.")

    @pytest.mark.parametrize("fault", ["ReadTimeout", "ReadError", "RemoteProtocolError", "WriteError", "WriteTimeout"])
    def test_an_answer_that_is_lost_is_unknown_and_nothing_is_repeated(self, fault: str) -> None:
        requests, result = self.at_sending(getattr(httpx2, fault)("lost"))
        assert (result.outcome, len(requests)) == (SendOutcome.UNKNOWN, 1)

    @pytest.mark.parametrize("fault", ["ConnectError", "ConnectTimeout", "PoolTimeout"])
    def test_a_door_that_is_not_reached_took_nothing(self, fault: str) -> None:
        requests, result = self.at_sending(getattr(httpx2, fault)("gone"))
        assert (result.outcome, len(requests)) == (SendOutcome.DEFERRED, 1)

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_fault_behind_the_door_is_unknown_and_nothing_is_repeated(self, status: int) -> None:
        requests, result = self.at_sending(self.error(status))
        assert (result.outcome, len(requests)) == (SendOutcome.UNKNOWN, 1)

    def test_a_limit_is_deferred_for_as_long_as_the_vendor_asks(self) -> None:
        limited = self.error(429)
        limited.headers["retry-after"] = "120"
        requests, result = self.at_sending(limited)
        assert (result.outcome, result.retry_after_seconds, len(requests)) == (SendOutcome.DEFERRED, 120, 1)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_account_is_ours_to_mend(self, status: int) -> None:
        _, result = self.at_sending(self.error(status))
        assert result.outcome is SendOutcome.MISCONFIGURED

    def test_a_mail_that_is_too_large_is_only_this_mail_s(self) -> None:
        _, result = self.at_sending(self.error(413))
        assert result.outcome is SendOutcome.REJECTED

    def test_a_page_of_html_is_no_yes(self) -> None:
        html = httpx2.Response(203, content=b"<h1>Welcome</h1>", headers={"content-type": "text/html"})
        _, result = self.at_sending(html)
        assert result.outcome is SendOutcome.UNKNOWN

    def test_neither_secret_nor_address_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            for status in (200, 401, 429, 500):
                self.at_sending(self.error(status))
            self.sent(self.good)
        ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
        assert not any(SECRET in line or "prospect.example" in line for line in ours)
