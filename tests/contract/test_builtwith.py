"""BuiltWith against the shared suite: sixteen domains a call, failure with status 200, and what its dates prove."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import ProviderSuite
from tests.support.vendors import SECRET, Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRecord, CompanyRef, Gap, SignalReport, Unknown
from tools.providers.company_enricher.builtwith import BuiltWithCompanyEnricher
from tools.providers.signal_source.builtwith import BuiltWithSignalSource

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
SINCE = datetime(2026, 3, 1, tzinfo=UTC)


def companies(count: int) -> list[CompanyRef]:
    return [CompanyRef(UUID(int=n + 10), f"Company {n}", f"company{n}.example") for n in range(count)]


def sites(request: httpx2.Request) -> httpx2.Response:
    (site,) = fixture("builtwith", "domain")["Results"]
    asked = request.url.params["LOOKUP"].split(",")
    return answer({"Results": [site | {"Lookup": domain} for domain in reversed(asked)], "Errors": []})


class _BuiltWith(ProviderSuite):
    contract = "builtwith"
    # The key's place is named by the security scheme and, rightly, not among the parameters of each call.
    allow = ("^query KEY: not a parameter",)

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("builtwith", "domain"))

    def error(self, status: int) -> httpx2.Response:
        return answer({"Errors": [{"Lookup": None, "Code": -1, "Message": f"As said of {SECRET}."}]}, status)

    def unauthorised(self) -> httpx2.Response:
        said = [{"Lookup": None, "Code": -1, "Message": f"The API Key {SECRET} is incorrect."}]
        return answer({"Results": [], "Errors": said})

    def refused(self) -> httpx2.Response:
        return answer({"Results": [], "Errors": [{"Lookup": None, "Code": -1, "Message": "As BuiltWith says it."}]})

    def forbidden(self) -> httpx2.Response:
        return answer({}, 403)

    def limited(self, seconds: int) -> httpx2.Response:
        return answer({"error": "As said.", "retryAfterSeconds": seconds}, 429)

    def test_credits_that_ran_out_stop_the_other_batches(self) -> None:
        said = {"Results": [], "Errors": [{"Lookup": None, "Code": -1, "Message": "Not enough API credits."}]}
        vendor = FakeVendor(lambda _: answer(said))
        provider = self.provider(vendor)
        ask = provider.enrich if hasattr(provider, "enrich") else lambda c: provider.signals(c, SINCE)
        found = ask(companies(400))
        assert {answer.gap for answer in found.values()} == {Gap.REFUSED}
        assert len(vendor.requests) <= 8


class TestBuiltWithEnricher(_BuiltWith):
    def provider(self, vendor: FakeVendor) -> BuiltWithCompanyEnricher:
        return BuiltWithCompanyEnricher(vendor.account("builtwith"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def test_technologies_come_by_name_once_and_nothing_of_people_is_asked_for(self) -> None:
        vendor, (found,) = self.asked(self.good)
        assert found.technologies == ("HTML5 DocType", "Apache", "Pardot", "HubSpot")
        assert found.cost_micros == 1_000_000
        assert {name: vendor.requests[0].url.params[name] for name in ("NOPII", "NOMETA", "LIVEONLY")} == {
            "NOPII": "true", "NOMETA": "true", "LIVEONLY": "true",
        }  # fmt: skip

    def test_domains_go_by_sixteen_in_whatever_order_they_come_back(self) -> None:
        vendor = FakeVendor(sites, self.contract, allow=self.allow)
        asked = companies(40)
        found = self.provider(vendor).enrich([*asked, CompanyRef(UUID(int=5), "Nameless", "")])
        assert [found[c.company_id].source_id for c in asked] == [c.domain for c in asked]  # type: ignore[union-attr]
        assert isinstance(found[UUID(int=5)], Unknown)
        assert len(vendor.requests) == 3
        assert not vendor.violations, vendor.violations

    def test_two_companies_of_one_domain_are_paid_for_once(self) -> None:
        vendor = FakeVendor(sites)
        found = self.provider(vendor).enrich([NORRA, CompanyRef(UUID(int=2), "Norra", "norra.example")])
        assert vendor.requests[0].url.params["LOOKUP"] == "norra.example"
        assert sorted(record.cost_micros for record in found.values()) == [0, 1_000_000]

    def test_a_domain_that_fails_or_is_left_out_does_not_stop_the_others(self) -> None:
        body = fixture("builtwith", "domain")
        body["Errors"] = [{"Lookup": "odd.example", "Code": -2, "Message": "As said."}]
        vendor = FakeVendor(lambda _: answer(body), self.contract, allow=self.allow)
        odd, lost = CompanyRef(UUID(int=2), "Odd", "odd.example"), CompanyRef(UUID(int=3), "Lost", "lost.example")
        found = self.provider(vendor).enrich([NORRA, odd, lost])
        assert isinstance(found[NORRA.company_id], CompanyRecord)
        assert [found[c.company_id].cost_micros for c in (odd, lost)] == [0, 0]

    def test_one_domain_that_it_cannot_look_up_is_no_fault_of_the_key(self) -> None:
        body = {"Results": [], "Errors": [{"Lookup": "norra.example", "Code": -2, "Message": "As said."}]}
        self.all_unknown(lambda _: answer(body), Gap.NO_DATA)

    @given(st.sets(st.sampled_from(["Lookup", "FirstIndexed", "LastIndexed"])), st.sets(st.sampled_from(
        ["Tag", "Categories", "FirstDetected", "LastDetected", "IsPremium"]
    )))  # fmt: skip
    def test_whatever_it_leaves_out_the_names_are_read(self, outer: set[str], inner: set[str]) -> None:
        body = fixture("builtwith", "domain")
        for name in outer:
            del body["Results"][0][name]
        for path in body["Results"][0]["Result"]["Paths"]:
            for technology in path["Technologies"]:
                for name in inner & set(technology):
                    del technology[name]
        _, (found,) = self.asked(lambda _: answer(body))
        assert found.technologies == ("HTML5 DocType", "Apache", "Pardot", "HubSpot")


class TestBuiltWithSignals(_BuiltWith):
    def provider(self, vendor: FakeVendor) -> BuiltWithSignalSource:
        return BuiltWithSignalSource(vendor.account("builtwith"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def test_what_came_and_what_went_is_dated_by_when_it_was_seen(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.kind, s.observed_at.date().isoformat(), s.quote) for s in report.signals] == [
            (
                "technology_added", "2026-05-15",
                "HubSpot (Marketing Automation) first seen on norra.example on 2026-05-15",
            ),
            (
                "technology_removed", "2026-04-15",
                "Pardot (Marketing Automation) last seen on norra.example on 2026-04-15",
            ),
        ]  # fmt: skip
        assert report.cost_micros == 1_000_000
        assert {s.url for s in report.signals} == {"https://builtwith.com/norra.example"}

    def test_what_is_gone_from_one_page_and_still_on_another_was_not_dropped(self) -> None:
        _, (report,) = self.asked(self.good)
        assert not any("Apache" in s.quote for s in report.signals)

    def test_what_was_there_at_the_first_look_was_not_added_then(self) -> None:
        body = fixture("builtwith", "domain")
        body["Results"][0]["FirstIndexed"] = 1778000000000
        for path in body["Results"][0]["Result"]["Paths"]:
            path["FirstIndexed"] = 1778000000000
        _, (report,) = self.asked(lambda _: answer(body))
        assert {s.kind for s in report.signals} == {"technology_removed"}

    def test_no_date_is_no_signal(self) -> None:
        body = fixture("builtwith", "domain")
        for path in body["Results"][0]["Result"]["Paths"]:
            for technology in path["Technologies"]:
                technology.pop("FirstDetected")
                technology.pop("LastDetected")
        _, (report,) = self.asked(lambda _: answer(body))
        assert report == SignalReport((), 1_000_000)

    @pytest.mark.parametrize(("day", "kinds"), [(20, set()), (1, {"technology_added"})], ids=["after", "between"])
    def test_only_since_the_day_asked_for(self, day: int, kinds: set[str]) -> None:
        vendor = FakeVendor(self.good)
        (report,) = self.provider(vendor).signals([NORRA], datetime(2026, 5, day, tzinfo=UTC)).values()
        assert isinstance(report, SignalReport)
        assert {s.kind for s in report.signals} == kinds
