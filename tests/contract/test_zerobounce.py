"""ZeroBounce against the shared suite, and what is its alone: batches, and failure with status 200."""

import json
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import ProviderSuite
from tests.support.vendors import SECRET, Answer, FakeVendor, answer, fixture
from tools.ports import EmailStatus
from tools.providers.email_verifier.zerobounce import ZeroBounceEmailVerifier

ASTRID = "astrid.ek@norra.example"
KEY_OR_CREDITS = "Invalid API Key or your account ran out of credits"


def refusal(error: str) -> httpx2.Response:
    return answer({"email_batch": [], "errors": [{"error": error, "email_address": "all"}]})


def checked(**said: Any) -> httpx2.Response:
    body = fixture("zerobounce", "validatebatch")
    body["email_batch"][0] |= said
    return answer(body)


def asked_addresses(request: httpx2.Request) -> list[str]:
    return [each["email_address"] for each in json.loads(request.content)["email_batch"]]


class TestZeroBounce(ProviderSuite):
    contract = "zerobounce"
    # The description asks for the key in the query of every call; of a batch the vendor reads it in the body.
    allow = ("^auth: none of",)

    def provider(self, vendor: FakeVendor) -> ZeroBounceEmailVerifier:
        return ZeroBounceEmailVerifier(vendor.account("zerobounce"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.verify([ASTRID]))

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("zerobounce", "validatebatch"))

    def unauthorised(self) -> httpx2.Response:
        return refusal(f"{KEY_OR_CREDITS}: {SECRET}")

    def forbidden(self) -> httpx2.Response:
        html = b"<title>Access denied</title> error code 1020"
        return httpx2.Response(403, content=html, headers={"content-type": "text/html"})

    def refused(self) -> httpx2.Response:
        return answer({"error": "As ZeroBounce says it."})

    @pytest.mark.parametrize(
        ("status", "detail", "ours"),
        [
            ("valid", "", "valid"),
            ("valid", "alias_address", "valid"),
            ("valid", "accept_all", "risky"),
            ("catch-all", "", "risky"),
            ("invalid", "mailbox_not_found", "invalid"),
            ("spamtrap", "", "invalid"),
            ("abuse", "", "invalid"),
            ("do_not_mail", "role_based", "risky"),
            ("do_not_mail", "disposable", "invalid"),
            ("do_not_mail", "global_suppression", "invalid"),
            ("unknown", "greylisted", "unknown"),
            ("", "", "unknown"),
        ],
    )
    def test_its_words_become_ours_and_an_unknown_costs_nothing(self, status: str, detail: str, ours: str) -> None:
        _, (verdict,) = self.asked(lambda _: checked(status=status, sub_status=detail))
        assert verdict.status is EmailStatus(ours)
        assert verdict.cost_micros == (0 if ours == "unknown" else 1_000_000)
        assert verdict.is_role is ("role" in detail)
        assert verdict.is_disposable is (detail == "disposable")

    @pytest.mark.parametrize("said", [True, "true", "True"], ids=["boolean", "text", "Text"])
    def test_a_free_mail_address_is_risky_in_whatever_type_it_is_said(self, said: Any) -> None:
        _, (verdict,) = self.asked(lambda _: checked(free_email=said))
        assert (verdict.status, verdict.is_free_mail) == (EmailStatus.RISKY, True)
        _, (verdict,) = self.asked(lambda _: checked(free_email="false"))
        assert (verdict.status, verdict.is_free_mail) == (EmailStatus.VALID, False)

    def test_many_addresses_go_by_the_hundred_and_come_back_in_their_order(self) -> None:
        addresses = [f"person{number}@norra.example" for number in range(250)]

        def handler(request: httpx2.Request) -> Answer:
            one = fixture("zerobounce", "validatebatch")["email_batch"][0]
            batch = [one | {"address": address.upper()} for address in reversed(asked_addresses(request))]
            return answer({"email_batch": batch, "errors": []})

        vendor = FakeVendor(handler, self.contract, allow=self.allow)
        verdicts = self.provider(vendor).verify([*addresses, addresses[0]])
        assert [verdict.address.lower() for verdict in verdicts] == [*addresses, addresses[0]]
        assert {verdict.status for verdict in verdicts} == {EmailStatus.VALID}
        assert sorted(len(asked_addresses(request)) for request in vendor.requests) == [50, 100, 100]
        assert not vendor.violations, vendor.violations

    def test_an_address_that_fails_or_is_left_out_does_not_stop_the_others(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            body = fixture("zerobounce", "validatebatch")
            return answer(body | {"errors": [{"error": "As said.", "email_address": "odd@norra.example"}]})

        vendor = FakeVendor(handler, self.contract, allow=self.allow)
        verdicts = self.provider(vendor).verify([ASTRID, "odd@norra.example", "lost@norra.example"])
        assert [v.status for v in verdicts] == [EmailStatus.VALID, EmailStatus.UNKNOWN, EmailStatus.UNKNOWN]
        assert [v.cost_micros for v in verdicts] == [1_000_000, 0, 0]

    def test_the_key_is_in_no_address_and_the_region_is_kept(self) -> None:
        vendor = FakeVendor(self.good)
        ZeroBounceEmailVerifier(vendor.account("zerobounce", region="eu"), vendor.wire()).verify([ASTRID])
        (request,) = vendor.requests
        assert request.url.host == "api-eu.zerobounce.net"
        assert SECRET not in str(request.url)

    def test_credits_that_ran_out_stop_the_other_batches(self) -> None:
        vendor = FakeVendor(lambda _: refusal(KEY_OR_CREDITS))
        provider = self.provider(vendor)
        verdicts = provider.verify([f"person{number}@norra.example" for number in range(3_000)])
        assert len(vendor.requests) <= 8  # those that were under way
        assert all(SECRET not in verdict.reasons[0] for verdict in verdicts)

    @given(st.sets(st.sampled_from(["sub_status", "free_email", "mx_found", "mx_record", "account", "domain"])))
    def test_whatever_it_leaves_out_the_verdict_is_read(self, missing: set[str]) -> None:
        body = fixture("zerobounce", "validatebatch")
        for name in missing:
            del body["email_batch"][0][name]
        _, (verdict,) = self.asked(lambda _: answer(body))
        assert verdict.status is EmailStatus.VALID
