"""Wappalyzer against the shared suite: ten sites a call, credits by its header, and what its one date proves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRecord, CompanyRef, Gap, SignalReport, Unknown
from tools.providers.company_enricher.wappalyzer import WappalyzerCompanyEnricher
from tools.providers.signal_source.wappalyzer import WappalyzerSignalSource

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
SPENT = "wappalyzer-credits-spent"


class _Wappalyzer(ProviderSuite):
    contract = "wappalyzer"

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("wappalyzer", "lookup"), headers={SPENT: "1", "wappalyzer-credits-remaining": "99"})

    def error(self, status: int) -> httpx2.Response:
        return answer({"message": "As Wappalyzer says it."}, status)


class TestWappalyzerEnricher(_Wappalyzer):
    def provider(self, vendor: FakeVendor) -> WappalyzerCompanyEnricher:
        return WappalyzerCompanyEnricher(vendor.account("wappalyzer"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def test_technologies_come_by_name(self) -> None:
        vendor, (found,) = self.asked(self.good)
        assert found.technologies == ("HubSpot", "Apache", "Pardot")
        assert found.cost_micros == 1_000_000
        assert vendor.requests[0].url.params["urls"] == "https://norra.example"

    def test_sites_go_by_ten_and_cost_what_the_vendor_says_they_cost(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            (site,) = fixture("wappalyzer", "lookup")
            urls = request.url.params["urls"].split(",")
            return answer([site | {"url": url + "/"} for url in reversed(urls)], headers={SPENT: str(len(urls) // 2)})

        vendor = FakeVendor(handler, self.contract)
        asked = [CompanyRef(UUID(int=n + 10), f"Company {n}", f"company{n}.example") for n in range(25)]
        found = self.provider(vendor).enrich([*asked, CompanyRef(UUID(int=5), "Nameless", "")])
        assert [found[c.company_id].source_id for c in asked] == [c.domain for c in asked]  # type: ignore[union-attr]
        assert isinstance(found[UUID(int=5)], Unknown)
        assert len(vendor.requests) == 3
        assert sum(answer.cost_micros for answer in found.values()) == (5 + 5 + 2) * 1_000_000
        assert not vendor.violations, vendor.violations

    def test_a_site_that_it_first_has_to_crawl_may_be_asked_for_again(self) -> None:
        pending = answer([{"url": "https://norra.example", "crawl": True}], headers={SPENT: "0"})
        vendor = self.all_unknown(lambda _: pending, Gap.DOWN)
        assert len(vendor.requests) == 1

    def test_a_site_that_fails_does_not_stop_the_others(self) -> None:
        body = [*fixture("wappalyzer", "lookup"), {"url": "https://odd.example", "errors": ["As said."]}]
        vendor = FakeVendor(lambda _: answer(body, headers={SPENT: "1"}), self.contract)
        odd, lost = CompanyRef(UUID(int=2), "Odd", "odd.example"), CompanyRef(UUID(int=3), "Lost", "lost.example")
        found = self.provider(vendor).enrich([NORRA, odd, lost])
        assert isinstance(found[NORRA.company_id], CompanyRecord)
        assert [found[c.company_id].cost_micros for c in (NORRA, odd, lost)] == [1_000_000, 0, 0]
        assert not vendor.violations, vendor.violations

    def test_what_a_call_took_is_the_sum_of_its_sites_whatever_it_divides_into(self) -> None:
        (site,) = fixture("wappalyzer", "lookup")
        asked = [CompanyRef(UUID(int=n), f"Company {n}", f"company{n}.example") for n in range(7)]
        body = [site | {"url": f"https://{company.domain}"} for company in asked]
        vendor = FakeVendor(lambda _: answer(body, headers={SPENT: "3"}))
        assert sum(found.cost_micros for found in self.provider(vendor).enrich(asked).values()) == 3_000_000

    @pytest.mark.parametrize("spent", [None, "", "many"], ids=["absent", "empty", "word"])
    def test_where_it_does_not_say_what_it_took_a_site_is_a_credit(self, spent: str | None) -> None:
        headers = {} if spent is None else {SPENT: spent}
        _, (found,) = self.asked(lambda _: answer(fixture("wappalyzer", "lookup"), headers=headers))
        assert found.cost_micros == 1_000_000

    @given(st.sets(st.sampled_from(["slug", "versions", "categories", "confirmedAt"])))
    def test_whatever_it_leaves_out_the_names_are_read(self, missing: set[str]) -> None:
        body = fixture("wappalyzer", "lookup")
        for technology in body[0]["technologies"]:
            for name in missing:
                del technology[name]
        _, (found,) = self.asked(lambda _: answer(body))
        assert found.technologies == ("HubSpot", "Apache", "Pardot")


class TestWappalyzerSignals(_Wappalyzer):
    def provider(self, vendor: FakeVendor) -> WappalyzerSignalSource:
        return WappalyzerSignalSource(vendor.account("wappalyzer"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def test_what_was_not_confirmed_again_was_dropped_and_nothing_is_said_to_be_new(self) -> None:
        vendor, (report,) = self.asked(self.good)
        assert [(s.kind, s.observed_at.date().isoformat(), s.quote) for s in report.signals] == [
            (
                "technology_removed", "2026-03-27",
                "Pardot (Marketing automation) last confirmed on norra.example on 2026-03-27",
            )
        ]  # fmt: skip
        assert vendor.requests[0].url.params["max_age"] == "12"

    def test_only_since_the_day_asked_for(self) -> None:
        vendor = FakeVendor(self.good)
        (report,) = self.provider(vendor).signals([NORRA], datetime(2026, 4, 1, tzinfo=UTC)).values()
        assert report == SignalReport((), 1_000_000)

    def test_a_version_that_is_still_confirmed_keeps_its_technology(self) -> None:
        body = fixture("wappalyzer", "lookup")
        body[0]["technologies"].append(body[0]["technologies"][2] | {"confirmedAt": 1780272000})
        _, (report,) = self.asked(lambda _: answer(body))
        assert report.signals == ()

    def test_no_date_is_no_signal(self) -> None:
        body = fixture("wappalyzer", "lookup")
        for technology in body[0]["technologies"]:
            del technology["confirmedAt"]
        _, (report,) = self.asked(lambda _: answer(body))
        assert report.signals == ()
