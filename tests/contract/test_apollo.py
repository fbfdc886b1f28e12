"""Apollo's three providers against the shared suite, and what is Apollo's alone."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import PagedSuite, ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, CompanyRef, Gap, PeopleWanted, Unknown
from tools.providers.company_enricher.apollo import ApolloCompanyEnricher
from tools.providers.company_source.apollo import ApolloCompanySource
from tools.providers.person_finder.apollo import ApolloPersonFinder
from tools.providers.vendor.apollo import Organization

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
CREDIT = 1_000_000


def company(number: int) -> CompanyRef:
    return CompanyRef(UUID(int=number), f"Company {number}", f"c{number}.example")


class _Apollo(ProviderSuite):
    contract = "apollo"

    def error(self, status: int) -> httpx2.Response:
        return answer({"error": "As Apollo says it.", "error_code": "AS_SAID"}, status)

    def unauthorised(self) -> httpx2.Response:  # the one answer that is no JSON
        return httpx2.Response(401, content=b"Invalid access credentials.", headers={"content-type": "text/plain"})

    def forbidden(self) -> httpx2.Response:
        return answer({"error": "Not on this plan.", "error_code": "API_INACCESSIBLE"}, 403)

    def limited(self, seconds: int) -> httpx2.Response:
        return answer({"message": "The maximum of calls is reached."}, 429, {"retry-after": str(seconds)})


class TestApolloCompanySource(_Apollo, PagedSuite):
    def provider(self, vendor: FakeVendor, query: CompanyQuery | None = None) -> ApolloCompanySource:
        return ApolloCompanySource(vendor.account("apollo"), vendor.wire(), query or CompanyQuery())

    def ask(self, provider: Any) -> Sequence[Any]:
        page = provider.page(None, 10)
        return [page] if isinstance(page, Unknown) else page.records

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("apollo", "organization_search"))

    def everything(self, provider: Any) -> Sequence[Any]:
        records: list[CompanyRecord] = []
        cursor: str | None = None
        while True:
            page = provider.page(cursor, 2)
            assert isinstance(page, CompanyPage)
            records += page.records
            cursor = page.cursor
            if cursor is None:
                return records

    def identity(self, record: Any) -> Any:
        return record.source_id

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        body = fixture("apollo", "organization_search")
        number, size = int(request.url.params["page"]), int(request.url.params["per_page"])
        first = (number - 1) * size - (1 if repeats and number > 1 else 0)
        body["pagination"] |= {"page": number, "total_pages": of}
        body["organizations"] = [{"id": f"a{n}", "name": f"Company {n}"} for n in range(first, first + size)]
        return answer(body)

    def nothing(self, request: httpx2.Request) -> Answer:
        body = fixture("apollo", "organization_search")
        body["organizations"], body["pagination"]["total_pages"] = [], 0
        return answer(body)

    def test_an_icp_becomes_apollos_filters(self) -> None:
        vendor = FakeVendor(self.good, self.contract)
        query = CompanyQuery(
            industries=("logistics",),
            keywords=("cold chain",),
            countries=("SE", "KR"),
            employees_min=50,
            revenue_min_minor=5_000_000_00,
            currency="USD",
            technologies=("Google Analytics",),
        )
        self.provider(vendor, query).page(None, 50)
        (asked,) = vendor.requests
        assert asked.url.params.get_list("organization_locations[]") == ["Sweden", "South Korea"]
        assert asked.url.params.get_list("q_organization_keyword_tags[]") == ["logistics", "cold chain"]
        assert asked.url.params["organization_num_employees_ranges[]"] == "50,10000000"
        assert asked.url.params["revenue_range[min]"] == "5000000"
        assert asked.url.params["currently_using_any_of_technology_uids[]"] == "google_analytics"
        assert not vendor.violations, vendor.violations

    def test_a_revenue_in_another_currency_is_not_asked_for(self) -> None:
        vendor = FakeVendor(self.good)
        self.provider(vendor, CompanyQuery(revenue_min_minor=100, currency="SEK")).page(None, 50)
        assert "revenue_range[min]" not in vendor.requests[0].url.params

    def test_a_page_costs_one_credit_whatever_it_holds(self) -> None:
        _, records = self.asked(self.good)
        assert [record.cost_micros for record in records] == [CREDIT, 0]

    def test_another_page_size_neither_skips_nor_repeats(self) -> None:
        vendor = FakeVendor(lambda request: self.page(request, of=50))
        source = self.provider(vendor)
        first = source.page(None, 4)
        assert isinstance(first, CompanyPage)
        second = source.page(first.cursor, 3)
        assert isinstance(second, CompanyPage)
        assert [r.source_id for r in [*first.records, *second.records]] == [f"a{n}" for n in range(6)]

    @pytest.mark.parametrize("cursor", ["x", "-1", "٣", str(500 * 100)])
    def test_a_place_that_does_not_exist_is_said(self, cursor: str) -> None:
        vendor = FakeVendor(self.good)
        page = self.provider(vendor).page(cursor, 100)
        assert isinstance(page, Unknown)
        assert page.gap is Gap.REFUSED
        assert not vendor.requests


class TestApolloCompanyEnricher(_Apollo):
    def provider(self, vendor: FakeVendor) -> ApolloCompanyEnricher:
        return ApolloCompanyEnricher(vendor.account("apollo"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("apollo", "bulk_enrich"))

    def refused(self) -> httpx2.Response:
        body = {"status": "failed", "error_code": "INVALID", "error_message": "As Apollo says it."}
        return answer(body, 422)

    def test_it_becomes_our_words(self) -> None:
        _, (found,) = self.asked(self.good)
        assert (found.name, found.country, found.region, found.city) == (
            "Norra Logistik",
            "SE",
            "Skåne County",
            "Malmö",
        )
        assert (found.industry, found.employees, found.founded_year) == ("logistics & supply chain", 240, 1998)
        assert found.revenue_minor is None
        assert found.cost_micros == CREDIT
        assert "account" not in found.raw

    def test_ten_a_call_and_a_batch_that_fails_alone(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            domains = [each["domain"] for each in json.loads(request.content)["details"]]
            if "c15.example" in domains:
                return self.refused()
            body = fixture("apollo", "bulk_enrich")
            body["organizations"] = [{"id": d, "name": d, "primary_domain": d} for d in reversed(domains)]
            return answer(body)

        vendor = FakeVendor(handler)
        found = self.provider(vendor).enrich([company(n) for n in range(1, 26)])
        assert len(vendor.requests) == 3
        assert len(found) == 25
        unknown = {key.int for key, each in found.items() if isinstance(each, Unknown)}
        assert unknown == set(range(11, 21))
        assert all(
            each.source_id == f"c{k.int}.example" for k, each in found.items() if isinstance(each, CompanyRecord)
        )

    def test_whom_it_leaves_out_is_unknown_and_another_company_is_no_answer(self) -> None:
        body = fixture("apollo", "bulk_enrich")
        body["organizations"] = [None, {"id": "x", "name": "Somebody Else", "primary_domain": "else.example"}]
        body["unique_enriched_records"] = 1
        vendor = FakeVendor(lambda _: answer(body))
        found = list(self.provider(vendor).enrich([company(1), company(2)]).values())
        assert all(isinstance(each, Unknown) and each.gap is Gap.NO_DATA for each in found)
        assert sum(each.cost_micros for each in found) == CREDIT

    def test_no_credits_left_is_said_once(self) -> None:
        body = {"status": "failed", "error_code": "X", "error_message": "You have insufficient credits."}
        vendor, found = self.asked(lambda _: answer(body, 422))
        assert "no credits" in found[0].reason
        assert len(vendor.requests) == 1


class TestApolloPersonFinder(_Apollo):
    def provider(self, vendor: FakeVendor) -> ApolloPersonFinder:
        return ApolloPersonFinder(vendor.account("apollo"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.people([NORRA]).values()
        return [found] if isinstance(found, Unknown) else found

    def good(self, request: httpx2.Request) -> Answer:
        name = "people_search" if request.url.path.endswith("api_search") else "bulk_match"
        return answer(fixture("apollo", name))

    def test_people_come_with_business_addresses_alone(self) -> None:
        _, people = self.asked(self.good)
        assert [(p.full_name, p.email) for p in people] == [
            ("Astrid Ek", "astrid.ek@norra.example"),
            ("Jonas Berg", ""),
            ("Mona Lind", ""),
        ]
        assert people[0].country == "SE"
        assert sum(p.cost_micros for p in people) == 3 * CREDIT

    def test_only_whom_was_asked_for_is_paid_for(self) -> None:
        vendor = FakeVendor(self.good)
        self.provider(vendor).people([NORRA], PeopleWanted(departments=("sales",), seniorities=("lead",)))
        search, match = vendor.requests
        assert search.url.params.get_list("person_seniorities[]") == ["head"]
        assert json.loads(match.content) == {"details": [{"id": "p1"}, {"id": "p2"}]}  # p2's title does not say

    def test_a_wish_without_a_word_of_apollos_does_not_narrow(self) -> None:
        vendor = FakeVendor(self.good)
        self.provider(vendor).people([NORRA], PeopleWanted(seniorities=("staff", "vp")))
        assert "person_seniorities[]" not in vendor.requests[0].url.params

    def test_who_left_is_not_at_the_company_and_was_paid_for(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            if request.url.path.endswith("api_search"):
                return self.good(request)
            body = fixture("apollo", "bulk_match")
            for match in body["matches"]:
                match["organization"]["primary_domain"] = "elsewhere.example"
            return answer(body)

        _, (found,) = self.asked(handler)
        assert isinstance(found, Unknown)
        assert (found.gap, found.cost_micros) == (Gap.NO_DATA, 3 * CREDIT)

    def test_batches_run_across_companies(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            if request.url.path.endswith("api_search"):
                domain = request.url.params["q_organization_domains_list[]"]
                people = [{"id": f"{domain}-{n}", "title": "Buyer"} for n in range(6)]
                return answer({"total_entries": 6, "people": people})
            ids = [each["id"] for each in json.loads(request.content)["details"]]
            return answer({"matches": [{"id": each, "name": f"Person {each}"} for each in ids]})

        vendor = FakeVendor(handler)
        found = self.provider(vendor).people([company(n) for n in range(1, 6)])
        assert len(vendor.requests) == 5 + 3  # a free search each; thirty people, ten a call
        for ref, people in zip((company(n) for n in range(1, 6)), found.values(), strict=True):
            assert not isinstance(people, Unknown)
            assert len(people) == 6
            assert all(ref.domain in p.full_name and p.company_domain == ref.domain for p in people)


_OPTIONAL = fixture("apollo", "bulk_enrich")["organizations"][0]


@given(st.sets(st.sampled_from(sorted(set(_OPTIONAL) - {"id"}))), st.booleans())
def test_any_field_but_the_id_may_be_missing_or_null(gone: set[str], null: bool) -> None:
    body = {name: None if name in gone else value for name, value in _OPTIONAL.items() if null or name not in gone}
    record = Organization.model_validate(body).record(0)
    assert record.source_id == "a1"
    assert (record.employees is None) is ("estimated_num_employees" in gone)
