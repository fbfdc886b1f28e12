"""What every provider of a vendor must do: subclass `ProviderSuite`, or `PagedSuite` where it pages.

    class TestHunterPersonFinder(PagedSuite):
        contract = "hunter"

        def provider(self, vendor): return HunterPersonFinder(vendor.account("hunter"), vendor.wire())
        def ask(self, provider): return list(provider.people([ACME]).values())
        def good(self, request): return answer(fixture("hunter", "domain_search"))

A vendor that says a fault in its own way overrides the method that makes it (`unauthorised`, `limited` …), so that the
same expectation is tested with the vendor's own words.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx2
import pytest

from tests.support.vendors import SECRET, Answer, FakeVendor, Handler, answer, has_contracts
from tools.ports import EmailStatus, EmailVerdict, Gap, Unknown
from tools.providers.vendor.api import ATTEMPTS


class ProviderSuite:
    contract: ClassVar[str] = ""  # a file of ../shared/contracts, without ".json"; "" where there is none for this call
    allow: ClassVar[tuple[str, ...]] = ()  # violations in which the description is at fault

    # ------------------------------------------------------------------------------- what a vendor's test brings

    def provider(self, vendor: FakeVendor) -> Any:
        raise NotImplementedError

    def ask(self, provider: Any) -> Sequence[Any]:
        """Asks for one subject; its answers in a list: values of ours, or Unknown."""
        raise NotImplementedError

    def good(self, request: httpx2.Request) -> Answer:
        """The vendor, well, answering the subject of `ask`."""
        raise NotImplementedError

    def error(self, status: int) -> httpx2.Response:
        """An error body in the vendor's shape."""
        return answer({"error": {"message": "As it is said."}}, status)

    def unauthorised(self) -> httpx2.Response:
        return self.error(401)

    def forbidden(self) -> httpx2.Response:
        return self.error(403)

    def not_found(self) -> httpx2.Response:
        return self.error(404)

    def refused(self) -> httpx2.Response:
        return self.error(422)

    def limited(self, seconds: int) -> httpx2.Response:
        found = self.error(429)
        found.headers["retry-after"] = str(seconds)
        return found

    forbidden_gap: ClassVar[Gap] = Gap.REFUSED  # DOWN where the vendor says 403 for a limit
    not_found_gap: ClassVar[Gap] = Gap.NO_DATA
    refused_gap: ClassVar[Gap] = Gap.REFUSED

    # ------------------------------------------------------------------------------------------ what is expected

    def asked(self, handler: Handler) -> tuple[FakeVendor, Sequence[Any]]:
        vendor = FakeVendor(handler)
        return vendor, self.ask(self.provider(vendor))

    def all_unknown(self, handler: Handler, gap: Gap) -> FakeVendor:
        vendor, answers = self.asked(handler)
        assert answers
        assert all(is_unknown(each) for each in answers), answers
        assert all(each.gap is gap for each in answers if isinstance(each, Unknown)), answers
        assert SECRET not in repr(answers)
        return vendor

    def test_a_good_answer_becomes_ours_and_both_sides_keep_the_contract(self) -> None:
        vendor = FakeVendor(self.good, self.contract, allow=self.allow)
        answers = self.ask(self.provider(vendor))
        assert answers
        assert not any(is_unknown(each) for each in answers), answers
        assert vendor.requests
        assert not vendor.violations, vendor.violations
        if self.contract and not has_contracts():
            pytest.skip("The shared data is not here: the vendors' descriptions are in ../shared/contracts.")

    def test_a_refused_key_is_said_and_not_tried_again(self) -> None:
        vendor = self.all_unknown(lambda _: self.unauthorised(), Gap.REFUSED)
        assert len(vendor.requests) == 1

    def test_what_is_forbidden_is_said(self) -> None:
        vendor = self.all_unknown(lambda _: self.forbidden(), self.forbidden_gap)
        assert len(vendor.requests) == (1 if self.forbidden_gap is Gap.REFUSED else ATTEMPTS)

    def test_what_is_not_found_is_unknown(self) -> None:
        vendor = self.all_unknown(lambda _: self.not_found(), self.not_found_gap)
        assert len(vendor.requests) == 1

    def test_a_refused_question_is_said(self) -> None:
        vendor = self.all_unknown(lambda _: self.refused(), self.refused_gap)
        assert len(vendor.requests) == 1

    def test_a_limit_is_waited_for_as_long_as_the_vendor_asks(self) -> None:
        first = [True]

        def handler(request: httpx2.Request) -> Answer:
            if first.pop() if first else False:
                return self.limited(3)
            return self.good(request)

        vendor, answers = self.asked(handler)
        assert not any(is_unknown(each) for each in answers), answers
        assert sum(vendor.slept) >= 3

    def test_a_long_limit_is_not_waited_for(self) -> None:
        vendor = self.all_unknown(lambda _: self.limited(3_600), Gap.DOWN)
        assert len(vendor.requests) == 1
        assert sum(vendor.slept) < 120

    def test_two_faults_are_outlived(self) -> None:
        left = [True, True]

        def handler(request: httpx2.Request) -> Answer:
            if left:
                left.pop()
                return self.error(500)
            return self.good(request)

        _, answers = self.asked(handler)
        assert not any(is_unknown(each) for each in answers), answers

    def test_three_faults_are_a_vendor_that_is_down(self) -> None:
        vendor = self.all_unknown(lambda _: self.error(500), Gap.DOWN)
        assert len(vendor.requests) == ATTEMPTS

    def test_silence_is_a_vendor_that_is_down(self) -> None:
        self.all_unknown(lambda _: httpx2.ReadTimeout("late"), Gap.DOWN)
        self.all_unknown(lambda _: httpx2.ConnectError("gone"), Gap.DOWN)

    def test_json_that_breaks_off(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            whole = self.good(request)
            assert isinstance(whole, httpx2.Response)
            raw = whole.read()
            return httpx2.Response(200, content=raw[: len(raw) // 2], headers={"content-type": "application/json"})

        self.all_unknown(handler, Gap.DOWN)

    def test_a_page_of_html_where_json_was_due(self) -> None:
        html = {"content-type": "text/html; charset=utf-8"}
        self.all_unknown(lambda _: httpx2.Response(200, content=b"<h1>Just a moment</h1>", headers=html), Gap.DOWN)

    def test_a_changed_schema_is_no_empty_answer(self) -> None:
        def renamed(value: Any) -> Any:
            if isinstance(value, dict):
                return {f"x_{name}": renamed(inner) for name, inner in value.items()}
            return [renamed(inner) for inner in value] if isinstance(value, list) else value

        def handler(request: httpx2.Request) -> Answer:
            whole = self.good(request)
            assert isinstance(whole, httpx2.Response)
            return answer(renamed(json.loads(whole.read())))

        self.all_unknown(handler, Gap.DOWN)

    def test_neither_the_key_nor_an_answer_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            for handler in (self.good, lambda _: self.unauthorised(), lambda _: self.error(500)):
                self.asked(handler)
        ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
        assert not any(SECRET in line for line in ours)


class PagedSuite(ProviderSuite):
    """For providers that page through an answer."""

    pages: ClassVar[int] = 3

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        """The page that `request` asks for, of so many; `repeats`: each begins with the last id of the one before."""
        raise NotImplementedError

    def nothing(self, request: httpx2.Request) -> Answer:
        """A page without a record, which is the last."""
        raise NotImplementedError

    def everything(self, provider: Any) -> Sequence[Any]:
        """All records of ours, read to the end."""
        raise NotImplementedError

    def identity(self, record: Any) -> Any:
        """What tells two records apart."""
        raise NotImplementedError

    def test_it_reads_to_the_end(self) -> None:
        vendor = FakeVendor(lambda request: self.page(request, of=self.pages), self.contract, allow=self.allow)
        records = self.everything(self.provider(vendor))
        assert len(vendor.requests) >= self.pages
        assert len({self.identity(record) for record in records}) == len(records) > self.pages - 1
        assert not vendor.violations, vendor.violations

    def test_ids_that_come_again_on_the_next_page_count_once(self) -> None:
        vendor = FakeVendor(lambda request: self.page(request, of=self.pages, repeats=True))
        records = self.everything(self.provider(vendor))
        assert len({self.identity(record) for record in records}) == len(records)

    def test_an_empty_page_ends_it(self) -> None:
        vendor = FakeVendor(self.nothing)
        records = self.everything(self.provider(vendor))
        assert not [record for record in records if not is_unknown(record)]
        assert len(vendor.requests) == 1


def is_unknown(answered: Any) -> bool:
    if isinstance(answered, EmailVerdict):
        return answered.status is EmailStatus.UNKNOWN
    return isinstance(answered, Unknown)
