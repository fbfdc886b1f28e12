"""G2's buyer intent against the shared suite: days instead of visitors, and cursors instead of links."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import PagedSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, Gap, SignalReport, Unknown
from tools.providers.signal_source.g2 import G2SignalSource

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
PRODUCT = "f0000000-0000-4000-8000-000000000001"
NEXT = "https://elsewhere.example/api?page%5Bsize%5D=250&page%5Bafter%5D="


class TestG2(PagedSuite):
    contract = "g2"
    not_found_gap = Gap.REFUSED  # what is not found is the product of ours that the account names

    def provider(self, vendor: FakeVendor) -> G2SignalSource:
        return G2SignalSource(vendor.account("g2", product_id=PRODUCT, sandbox="yes"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("g2", "buyer_intent"), headers={"content-type": "application/vnd.api+json"})

    def error(self, status: int) -> httpx2.Response:
        return answer({"errors": [{"status": str(status), "title": "As G2 says it."}]}, status)

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        body = fixture("g2", "buyer_intent")
        number, row = int(request.url.params.get("page[after]", "0")), body["data"][0]
        first = number * 6 - (1 if repeats and number else 0)
        body["data"] = [
            row | {"id": str(n), "attributes": row["attributes"] | {"total_activity": n + 1}}
            for n in range(first, number * 6 + 6)
        ]
        body["links"]["next"] = NEXT + str(number + 1) if number + 1 < of else None
        return answer(body)

    def nothing(self, request: httpx2.Request) -> Answer:
        return answer({"data": [], "links": {"self": None, "next": None, "prev": None}})

    def everything(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.signals([NORRA], SINCE).values()
        assert isinstance(found, SignalReport)
        return found.signals

    def identity(self, record: Any) -> Any:
        return record.quote

    def test_what_was_looked_at_is_dated_and_says_how_often(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.kind, s.observed_at.date().isoformat(), s.quote) for s in report.signals] == [
            (
                "review_site_visit", "2026-05-20",
                "Looked at alternatives to our-product-example at G2 on 2026-05-20, 2 times (alternatives)",
            ),
            (
                "pricing_page_visit", "2026-05-14",
                "Looked at the prices of our-product-example at G2 on 2026-05-14, 4 times (pricing)",
            ),
        ]  # fmt: skip

    def test_no_visitor_is_asked_for(self) -> None:
        vendor, _ = self.asked(self.good)
        assert "visitor" not in str(vendor.requests[0].url)

    def test_the_next_page_is_asked_of_g2_wherever_its_link_leads(self) -> None:
        vendor = FakeVendor(lambda request: self.page(request, of=3))
        self.ask(self.provider(vendor))
        assert {request.url.host for request in vendor.requests} == {"data.g2.com"}

    def test_a_page_that_leads_to_itself_ends(self) -> None:
        body = fixture("g2", "buyer_intent")
        body["links"]["next"] = NEXT + "again"
        vendor, _ = self.asked(lambda _: answer(body))
        assert len(vendor.requests) == 2

    @pytest.mark.parametrize("sandbox", ["", "yes"], ids=["live", "sandbox"])
    def test_the_sandbox_is_asked_only_where_it_is_wanted(self, sandbox: str) -> None:
        vendor = FakeVendor(self.good)
        account = vendor.account("g2", product_id="a/b", sandbox=sandbox)
        G2SignalSource(account, vendor.wire()).signals([NORRA], SINCE)
        raw = vendor.requests[0].url.raw_path.decode().partition("?")[0]
        assert raw == f"/api/{'sandbox' if sandbox else 'v2'}/products/a%2Fb/buyer_intent"

    def test_without_a_product_or_a_domain_nothing_is_asked(self) -> None:
        vendor = FakeVendor(self.good)
        bare = G2SignalSource(vendor.account("g2"), vendor.wire()).signals([NORRA], SINCE)[NORRA.company_id]
        nameless = CompanyRef(UUID(int=2), "Nameless", "")
        found = self.provider(vendor).signals([nameless], SINCE)[nameless.company_id]
        assert isinstance(bare, Unknown)
        assert bare.gap is Gap.REFUSED
        assert isinstance(found, Unknown)
        assert not vendor.requests

    @pytest.mark.parametrize(
        "odd", [{"company_domain": "other.example"}, {"day": None}, {"day": "2026-04-30"}], ids=str
    )
    def test_another_company_no_day_and_days_before_are_no_signals(self, odd: dict[str, Any]) -> None:
        body = fixture("g2", "buyer_intent")
        body["data"][0]["attributes"] |= odd
        _, (report,) = self.asked(lambda _: answer(body))
        assert len(report.signals) == 1

    def test_a_day_on_which_somebody_asks_is_not_before_the_hour_of_asking(self) -> None:
        vendor = FakeVendor(self.good)
        (report,) = self.provider(vendor).signals([NORRA], datetime(2026, 5, 20, 9, tzinfo=UTC)).values()
        assert isinstance(report, SignalReport)
        assert [s.observed_at - datetime(2026, 5, 20, 9, tzinfo=UTC) for s in report.signals] == [timedelta()]

    @given(st.sets(st.sampled_from(["total_activity", "signal_type", "subject_product_slug", "subject_product_id"])))
    def test_whatever_it_leaves_out_the_day_is_read(self, missing: set[str]) -> None:
        body = fixture("g2", "buyer_intent")
        for row in body["data"]:
            for name in missing:
                del row["attributes"][name]
        _, (report,) = self.asked(lambda _: answer(body))
        assert len(report.signals) == 2
