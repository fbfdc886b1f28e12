"""Adzuna against the shared suite, and whose advertisements are believed to be whose."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from tests.contract.suite import PagedSuite
from tests.support.vendors import SECRET, Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, Gap, SignalReport, Unknown
from tools.providers.signal_source.adzuna import AdzunaSignalSource

LONG = CompanyRef(UUID(int=1), "Norra Logistik AB", "norralogistik.example", "GB")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)


class TestAdzuna(PagedSuite):
    contract = "adzuna"

    def provider(self, vendor: FakeVendor) -> AdzunaSignalSource:
        return AdzunaSignalSource(vendor.account("adzuna", app_id="an-id"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([LONG], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("adzuna", "search"))

    def error(self, status: int) -> httpx2.Response:
        return answer({"exception": "AS_SAID", "doc": "https://api.adzuna.example/doc", "display": "As said."}, status)

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        number, advert = int(request.url.path.rpartition("/")[2]), fixture("adzuna", "search")["results"][0]
        first = (number - 1) * 50 - (1 if repeats and number > 1 else 0)
        total = (of - 1) * 50 + 1
        adverts = [
            advert | {"id": str(n), "title": f"Driver {n}", "redirect_url": f"https://www.adzuna.example/{n}"}
            for n in range(first, min(first + 50, total))
        ]
        return answer({"count": total, "results": adverts})

    def nothing(self, request: httpx2.Request) -> Answer:
        return answer({"count": 0, "results": []})

    def everything(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.signals([LONG], SINCE).values()
        assert isinstance(found, SignalReport)
        return found.signals

    def identity(self, record: Any) -> Any:
        return record.url

    def test_advertisements_of_the_company_itself_are_quoted_with_day_and_place(self) -> None:
        vendor, (report,) = self.asked(self.good)
        assert [(s.quote, s.strength, s.observed_at.date().isoformat()) for s in report.signals] == [
            ("Regional Sales Manager · Manchester", 1.0, "2026-05-11"),
            ("Transport Planner · Leeds", 0.7, "2026-05-21"),
        ]
        (asked,) = vendor.requests
        assert asked.url.path == "/v1/api/jobs/gb/search/1"
        assert asked.url.params["app_key"] == SECRET
        assert asked.url.params["max_days_old"] == "33"

    def test_a_name_of_one_word_counts_for_less_unless_the_domain_is_said(self) -> None:
        norra = CompanyRef(UUID(int=2), "Norra", "norra.example", "GB")
        body = fixture("adzuna", "search")
        body["results"] = [body["results"][1]]
        body["results"][0]["company"]["display_name"] = "Norra Ltd"
        for text, strength in (("Join us", 0.6), ("Join us at www.norra.example", 1.0)):
            body["results"][0]["description"] = text
            vendor = FakeVendor(lambda _: answer(body))
            report = self.provider(vendor).signals([norra], SINCE)[norra.company_id]
            assert isinstance(report, SignalReport)
            assert [s.strength for s in report.signals] == [strength]

    def test_countries_that_adzuna_does_not_list_are_not_asked_for(self) -> None:
        vendor = FakeVendor(self.good)
        others = [CompanyRef(UUID(int=n), "Norra Logistik", "norra.example", c) for n, c in ((3, "SE"), (4, ""))]
        found = self.provider(vendor).signals(others, SINCE).values()
        assert all(isinstance(each, Unknown) and each.gap is Gap.NO_DATA for each in found)
        assert not vendor.requests

    def test_without_the_id_nothing_is_asked(self) -> None:
        vendor = FakeVendor(self.good)
        (found,) = AdzunaSignalSource(vendor.account("adzuna"), vendor.wire()).signals([LONG], SINCE).values()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
        assert not vendor.requests
