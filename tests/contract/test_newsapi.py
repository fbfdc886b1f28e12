"""NewsAPI against the shared suite: batches, namesakes, and what headlines are made of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import httpx2
import pytest

from tests.contract.suite import PagedSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, Gap, SignalReport, Unknown
from tools.providers.signal_source.newsapi import NewsApiSignalSource
from tools.providers.signal_source.recognition import is_named, says_domain, written_name

LONG = CompanyRef(UUID(int=1), "Norra Logistik AB", "norralogistik.example", "SE")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)


class TestNewsApi(PagedSuite):
    contract = "newsapi"

    def provider(self, vendor: FakeVendor) -> NewsApiSignalSource:
        return NewsApiSignalSource(vendor.account("newsapi"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([LONG], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("newsapi", "everything"))

    def error(self, status: int, code: str = "unexpectedError") -> httpx2.Response:
        return answer({"status": "error", "code": code, "message": "As NewsAPI says it."}, status)

    def unauthorised(self) -> httpx2.Response:
        return self.error(401, "apiKeyInvalid")

    def limited(self, seconds: int) -> httpx2.Response:
        found = self.error(429, "rateLimited")
        found.headers["retry-after"] = str(seconds)
        return found

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        number, total = int(request.url.params["page"]), (of - 1) * 100 + 1
        first = (number - 1) * 100 - (1 if repeats and number > 1 else 0)
        article = fixture("newsapi", "everything")["articles"][0]
        articles = [
            article | {"title": f"Norra Logistik opens office number {n}", "url": f"https://times.example/{n}"}
            for n in range(first, min(first + 100, total))
        ]
        return answer({"status": "ok", "totalResults": total, "articles": articles})

    def nothing(self, request: httpx2.Request) -> Answer:
        return answer({"status": "ok", "totalResults": 0, "articles": []})

    def everything(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.signals([LONG], SINCE).values()
        assert isinstance(found, SignalReport)
        return found.signals

    def identity(self, record: Any) -> Any:
        return record.url

    def test_headlines_become_signals_once_and_namesakes_and_trouble_none(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.kind, s.quote, s.url) for s in report.signals] == [
            ("funding", "Norra Logistik raises €20m to electrify its fleet", "https://times.example/1"),
            ("leadership_change", "Norra names Eva Lind chief commercial officer", "https://times.example/3"),
        ]
        assert report.signals[0].observed_at == datetime(2026, 5, 28, 7, tzinfo=UTC)

    def test_what_is_older_than_asked_for_is_left_out(self) -> None:
        vendor = FakeVendor(self.good)
        (report,) = self.provider(vendor).signals([LONG], datetime(2026, 5, 25, tzinfo=UTC)).values()
        assert isinstance(report, SignalReport)
        assert [s.kind for s in report.signals] == ["funding"]
        assert vendor.requests[0].url.params["from"] == "2026-05-25T00:00:00"

    def test_many_companies_share_a_question(self) -> None:
        companies = [CompanyRef(UUID(int=n), f"Company Number{n} GmbH", f"n{n}.example") for n in range(1, 41)]
        vendor = FakeVendor(self.nothing, self.contract)
        found = self.provider(vendor).signals(companies, SINCE)
        assert len(found) == 40
        assert len(vendor.requests) == 3
        assert all(len(quote_plus(request.url.params["q"])) <= 500 for request in vendor.requests)
        assert vendor.requests[0].url.params["q"].startswith('"Company Number1" OR "Company Number2"')
        assert not vendor.violations, vendor.violations

    def test_a_question_with_too_many_answers_is_split(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            several = " OR " in request.url.params["q"]
            body = fixture("newsapi", "everything")
            return answer(body | {"totalResults": 101 if several else 5})

        other = CompanyRef(UUID(int=2), "Borealis Data", "borealis.example")
        vendor = FakeVendor(handler)
        found = self.provider(vendor).signals([LONG, other], SINCE)
        assert len(vendor.requests) == 3
        assert [len(r.signals) for r in found.values() if isinstance(r, SignalReport)] == [2, 0]

    def test_after_a_refusal_no_further_question_is_put(self) -> None:
        companies = [CompanyRef(UUID(int=n), f"Company Number{n}", "") for n in range(1, 41)]
        vendor = FakeVendor(lambda _: self.unauthorised())
        found = self.provider(vendor).signals(companies, SINCE)
        assert all(isinstance(each, Unknown) and each.gap is Gap.REFUSED for each in found.values())
        assert len(vendor.requests) == 1

    @pytest.mark.parametrize(
        ("status", "code", "gap"),
        [
            (429, "apiKeyExhausted", Gap.REFUSED),
            (426, "parameterInvalid", Gap.REFUSED),
            (200, "parameterInvalid", Gap.REFUSED),
            (200, "rateLimited", Gap.DOWN),
        ],
    )
    def test_its_codes_say_who_must_act(self, status: int, code: str, gap: Gap) -> None:
        self.all_unknown(lambda _: self.error(status, code), gap)

    def test_a_plan_that_shows_one_page_gives_that_page(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            first = request.url.params["page"] == "1"
            return self.page(request, of=3) if first else self.error(426, "maximumResultsReached")

        vendor = FakeVendor(handler)
        assert self.everything(self.provider(vendor))


@pytest.mark.parametrize(
    ("headline", "text", "name", "named"),
    [
        ("Norra Logistik grows", "", "Norra Logistik AB", True),
        ("Norra grows", "norra.example says", "Norra", True),
        ("Norra grows", "norra.example.com says", "Norra", False),
        ("Norra grows", "", "Norra", False),
        ("Norra grows", "the logistik company", "Norra Logistik", True),
        ("Norra grows", "a fishery", "Norra Logistik", False),
        ("Logistik grows", "norra.example", "Norra Logistik", False),
        ("Norralogistik grows", "", "Norra Logistik", False),
        ("Anything", "norra.example", "", False),
    ],
)
def test_a_namesake_is_not_the_company(headline: str, text: str, name: str, named: bool) -> None:
    assert is_named(headline, f"{headline}\n{text}", name, "norra.example") is named


def test_a_domain_is_said_as_a_whole() -> None:
    assert says_domain("See https://www.norra.example/x", "norra.example")
    assert says_domain("Write to hello@norra.example.", "norra.example")
    assert not says_domain("notnorra.example, norra.examples, norra.example.org", "norra.example")
    assert not says_domain("anything", "")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Müller & Söhne GmbH", "Müller & Söhne"),
        ('The "Norra" Company, Inc.', "The Norra"),
        ("Norra (formerly Borealis) S.A.", "Norra"),
        ("Limited", "Limited"),
        ("", ""),
    ],
)
def test_a_name_is_asked_for_as_it_is_written(name: str, written: str) -> None:
    assert written_name(name) == written
