"""Clearbit against the shared suite, and what is its alone: companies that it first has to look up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRecord, CompanyRef, Gap, Unknown
from tools.providers.company_enricher.clearbit import ClearbitCompanyEnricher

NORRA = CompanyRef(UUID(int=1), "Norra Logistik AB", "norra.example")
OPTIONAL = sorted(set(fixture("clearbit", "company")) - {"name", "domain"})


class TestClearbit(ProviderSuite):
    contract = "clearbit"

    def provider(self, vendor: FakeVendor) -> ClearbitCompanyEnricher:
        return ClearbitCompanyEnricher(vendor.account("clearbit"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("clearbit", "company"))

    def error(self, status: int) -> httpx2.Response:
        return answer({"error": {"type": "as_said", "message": "As Clearbit says it."}}, status)

    def saying(self, **parts: Any) -> CompanyRecord | Unknown:
        body = fixture("clearbit", "company") | parts
        _, (found,) = self.asked(lambda _: answer(body))
        assert isinstance(found, CompanyRecord | Unknown)
        return found

    def test_a_company_becomes_ours(self) -> None:
        found = self.saying()
        assert isinstance(found, CompanyRecord)
        assert (found.name, found.website, found.country, found.city) == (
            "Norra Logistik", "https://norra.example", "SE", "Luleå",
        )  # fmt: skip
        assert (found.industry, found.employees, found.founded_year) == ("air freight & logistics", 240, 1998)
        assert found.technologies == ("google analytics", "salesforce")
        assert found.cost_micros == 1_000_000

    def test_a_range_is_no_number(self) -> None:
        metrics = {"employees": None, "employeesRange": "51-250", "estimatedAnnualRevenue": "$10M-$50M"}
        found = self.saying(metrics=metrics)
        assert isinstance(found, CompanyRecord)
        assert (found.employees, found.revenue_minor, found.currency) == (None, None, "")
        assert found.raw["employeesRange"] == "51-250"

    def test_published_revenue_comes_in_cents(self) -> None:
        found = self.saying(metrics={"employees": "240", "annualRevenue": 12_500_000})
        assert isinstance(found, CompanyRecord)
        assert (found.employees, found.revenue_minor, found.currency) == (240, 1_250_000_000, "USD")

    def test_what_is_kept_raw_names_nobody(self) -> None:
        found = self.saying()
        assert isinstance(found, CompanyRecord)
        assert "astrid" not in repr(found)
        assert "+46" not in repr(found)

    def test_a_company_of_another_domain_is_refused_and_was_paid_for(self) -> None:
        found = self.saying(domain="elsewhere.example", domainAliases=[])
        assert isinstance(found, Unknown)
        assert (found.gap, found.cost_micros) == (Gap.NO_DATA, 1_000_000)
        assert isinstance(self.saying(domain="elsewhere.example", domainAliases=["norra.example"]), CompanyRecord)

    def test_a_company_that_is_queued_is_waited_for_at_the_host_that_keeps_the_line_open(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            return self.good(request) if "stream" in request.url.host else httpx2.Response(202)

        vendor = FakeVendor(handler, self.contract)
        (found,) = self.provider(vendor).enrich([NORRA]).values()
        assert isinstance(found, CompanyRecord)
        assert [request.url.host for request in vendor.requests] == [
            "company.clearbit.com", "company-stream.clearbit.com",
        ]  # fmt: skip
        assert not vendor.violations, vendor.violations

    def test_a_company_that_stays_queued_may_be_asked_for_again(self) -> None:
        vendor = self.all_unknown(lambda _: httpx2.Response(202), Gap.DOWN)
        assert len(vendor.requests) == 2

    def test_credits_that_ran_out_stop_the_others(self) -> None:
        vendor = FakeVendor(lambda _: self.error(402))
        asked = [CompanyRef(UUID(int=n), f"Company {n}", f"company{n}.example") for n in range(200)]
        found = self.provider(vendor).enrich(asked)
        assert {answer.gap for answer in found.values() if isinstance(answer, Unknown)} == {Gap.REFUSED}
        assert len(vendor.requests) <= 8

    @pytest.mark.parametrize("type_", ["education", "government", "nonprofit", None])
    def test_a_type_that_is_no_status_is_none(self, type_: str | None) -> None:
        found = self.saying(type=type_)
        assert isinstance(found, CompanyRecord)
        assert found.status == ""

    @given(st.sets(st.sampled_from(OPTIONAL)), st.sets(st.sampled_from(OPTIONAL)))
    def test_whatever_it_leaves_out_or_empty_the_rest_is_read(self, missing: set[str], empty: set[str]) -> None:
        body = {name: None if name in empty else value for name, value in fixture("clearbit", "company").items()}
        for name in missing:
            del body[name]
        _, (found,) = self.asked(lambda _: answer(body))
        assert isinstance(found, CompanyRecord)
        assert found.name == "Norra Logistik"
