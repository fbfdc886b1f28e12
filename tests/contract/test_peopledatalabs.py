"""People Data Labs' three providers against the shared suite, and what is its alone.

Its published description has no envelope around what a search finds; the fixtures have the one of its documentation.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import PagedSuite, ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, CompanyRef, Gap, PeopleWanted, Unknown
from tools.providers.company_enricher.peopledatalabs import PeopleDataLabsCompanyEnricher
from tools.providers.company_source.peopledatalabs import PeopleDataLabsCompanySource
from tools.providers.person_finder.peopledatalabs import PeopleDataLabsPersonFinder
from tools.providers.vendor.peopledatalabs import Company

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
CREDIT = 1_000_000
STARTED = datetime(2026, 6, 2, 14, tzinfo=UTC)  # the fake vendor's clock


def must(request: httpx2.Request) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(request.url.params["query"])["query"]["bool"]["must"]
    return found


class _PeopleDataLabs(ProviderSuite):
    contract = "peopledatalabs"

    def error(self, status: int) -> httpx2.Response:
        return answer({"status": status, "error": {"type": ["as_said"], "message": "As it says it."}}, status)

    def limited(self, seconds: int) -> httpx2.Response:  # it has no Retry-After, but an end of the limit in UTC
        found = self.error(429)
        found.headers["x-ratelimit-reset"] = (STARTED + timedelta(seconds=seconds)).isoformat()
        found.headers["x-ratelimit-remaining"] = '{"minute": 0}'
        return found


class TestPeopleDataLabsCompanySource(_PeopleDataLabs, PagedSuite):
    def provider(self, vendor: FakeVendor, query: CompanyQuery | None = None) -> PeopleDataLabsCompanySource:
        return PeopleDataLabsCompanySource(vendor.account("peopledatalabs"), vendor.wire(), query or CompanyQuery())

    def ask(self, provider: Any) -> Sequence[Any]:
        page = provider.page(None, 10)
        return [page] if isinstance(page, Unknown) else page.records

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("peopledatalabs", "company_search"))

    def everything(self, provider: Any) -> Sequence[Any]:
        records: list[CompanyRecord] = []
        cursor: str | None = None
        while True:
            page = provider.page(cursor, 2)
            if isinstance(page, Unknown):
                return records
            records += page.records
            cursor = page.cursor
            if cursor is None:
                return records

    def identity(self, record: Any) -> Any:
        return record.source_id

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        number = int(request.url.params.get("scroll_token", "0"))
        if number == of:
            return self.error(404)
        first = number * 2 - (1 if repeats and number else 0)
        data = [{"id": f"c{n}", "name": f"Company {n}"} for n in range(first, first + 2)]
        return answer({"status": 200, "total": of * 2, "scroll_token": str(number + 1), "data": data})

    def nothing(self, request: httpx2.Request) -> Answer:
        return self.error(404)

    def test_an_icp_becomes_its_question(self) -> None:
        vendor = FakeVendor(self.good, self.contract)
        query = CompanyQuery(industries=("Logistics",), keywords=('"}]',), countries=("SE",), employees_min=50)
        self.provider(vendor, query).page(None, 500)
        (asked,) = vendor.requests
        assert asked.url.params["size"] == "100"
        assert {"range": {"employee_count": {"gte": 50}}} in must(asked)
        assert {"bool": {"should": [{"terms": {"location.country": ["sweden"]}}]}} in must(asked)
        words = {"bool": {"should": [{"terms": {name: ["logistics", '"}]']}} for name in ("industry", "tags")]}}
        assert words in must(asked)
        assert not vendor.violations, vendor.violations

    def test_each_record_is_charged_and_a_range_is_no_number(self) -> None:
        _, records = self.asked(self.good)
        assert [(r.employees, r.cost_micros) for r in records] == [(240, CREDIT), (None, CREDIT)]
        assert records[1].raw["size"] == "11-50"

    def test_a_token_that_it_no_longer_knows_is_said(self) -> None:
        vendor = FakeVendor(lambda _: self.error(400))
        page = self.provider(vendor).page("long-ago", 10)
        assert isinstance(page, Unknown)
        assert page.gap is Gap.REFUSED
        assert "no longer knows where we stopped" in page.reason

    def test_no_credits_left_is_said(self) -> None:
        vendor = self.all_unknown(lambda _: self.error(402), Gap.REFUSED)
        assert len(vendor.requests) == 1


class TestPeopleDataLabsCompanyEnricher(_PeopleDataLabs):
    def provider(self, vendor: FakeVendor) -> PeopleDataLabsCompanyEnricher:
        return PeopleDataLabsCompanyEnricher(vendor.account("peopledatalabs"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("peopledatalabs", "company"))

    def test_it_becomes_our_words(self) -> None:
        _, (found,) = self.asked(self.good)
        assert (found.name, found.country, found.region, found.city) == ("Norra Logistik", "SE", "Skåne", "Malmö")
        assert (found.industry, found.employees, found.founded_year) == ("logistics and supply chain", 240, 1998)
        assert (found.status, found.cost_micros) == ("", CREDIT)

    def test_a_name_alone_must_match_better(self) -> None:
        vendor = FakeVendor(self.good, self.contract)
        found = self.provider(vendor).enrich(
            [CompanyRef(UUID(int=2), "Tarn Freight", "", "GB"), CompanyRef(UUID(int=3), "Nowhere", "")]
        )
        (asked,) = vendor.requests
        assert dict(asked.url.params) == {
            "name": "Tarn Freight",
            "country": "United Kingdom",
            "min_likelihood": "6",
            "titlecase": "true",
        }
        assert isinstance(found[UUID(int=3)], Unknown)
        assert not vendor.violations, vendor.violations


class TestPeopleDataLabsPersonFinder(_PeopleDataLabs):
    def provider(self, vendor: FakeVendor) -> PeopleDataLabsPersonFinder:
        return PeopleDataLabsPersonFinder(vendor.account("peopledatalabs"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.people([NORRA]).values()
        return [found] if isinstance(found, Unknown) else found

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("peopledatalabs", "person_search"))

    def test_people_come_with_business_addresses_alone(self) -> None:
        vendor, people = self.asked(self.good)
        assert [(p.full_name, p.email, p.country) for p in people] == [
            ("Astrid Ek", "astrid.ek@norra.example", "SE"),
            ("Jonas Berg", "", ""),
        ]
        assert people[0].profile_url == "https://linkedin.com/in/astrid-ek-example"
        assert sum(p.cost_micros for p in people) == 2 * CREDIT
        fields = vendor.requests[0].url.params["data_include"].split(",")
        assert not {"personal_emails", "mobile_phone", "birth_date", "location_street_address"} & set(fields)

    def test_a_field_that_the_plan_hides_is_not_known(self) -> None:
        body = fixture("peopledatalabs", "person_search")
        body["data"] = [{"id": "q1", "full_name": "Astrid Ek", "work_email": True, "linkedin_url": False}]
        _, (person,) = self.asked(lambda _: answer(body))
        assert (person.email, person.profile_url) == ("", "")

    def test_wishes_become_its_words_or_are_not_asked(self) -> None:
        vendor = FakeVendor(self.good, self.contract)
        wanted = PeopleWanted(3, seniorities=("c_level", "vp"), departments=("sales", "purchasing"), titles=("Buyer",))
        self.provider(vendor).people([NORRA], wanted)
        (asked,) = vendor.requests
        assert asked.url.params["size"] == "3"
        assert must(asked) == [
            {"term": {"job_company_website": "norra.example"}},
            {"bool": {"should": [{"terms": {"job_title_levels": ["cxo", "vp"]}}]}},
            {"bool": {"should": [{"match_phrase": {"job_title": "buyer"}}]}},
        ]
        assert not vendor.violations, vendor.violations

    def test_a_limit_never_exceeds_the_price(self) -> None:
        vendor = FakeVendor(self.good)
        finder = self.provider(vendor)
        finder.people([NORRA], PeopleWanted(limit=90))
        assert int(vendor.requests[0].url.params["size"]) * CREDIT == finder.price_micros


_OPTIONAL = fixture("peopledatalabs", "company")


@given(st.sets(st.sampled_from(sorted(set(_OPTIONAL) - {"id"}))), st.booleans())
def test_any_field_but_the_id_may_be_missing_or_null(gone: set[str], null: bool) -> None:
    body = {name: None if name in gone else value for name, value in _OPTIONAL.items() if null or name not in gone}
    record = Company.model_validate(body).record(0)
    assert (record.employees is None) is ("employee_count" in gone)
    assert (record.country == "") is ("location" in gone)


@pytest.mark.parametrize("reset", ["", "soon", "2026-06-02 14:00:03", "2026-06-02T16:00:03+02:00"])
def test_the_end_of_a_limit_is_read_where_it_is_a_time(reset: str) -> None:
    refused = [True]

    def handler(request: httpx2.Request) -> Answer:
        if refused:
            refused.pop()
            return answer({"status": 429}, 429, {"x-ratelimit-reset": reset})
        return answer(fixture("peopledatalabs", "company"))

    vendor = FakeVendor(handler)
    found = PeopleDataLabsCompanyEnricher(vendor.account("peopledatalabs"), vendor.wire()).enrich([NORRA])
    assert isinstance(found[NORRA.company_id], CompanyRecord)
    assert (sum(vendor.slept) == 3) is reset.startswith("2026")


def test_an_empty_page_with_a_token_is_the_last() -> None:
    vendor = FakeVendor(lambda _: answer({"data": [], "scroll_token": "x"}))
    page = PeopleDataLabsCompanySource(vendor.account("peopledatalabs"), vendor.wire(), CompanyQuery()).page(None, 5)
    assert page == CompanyPage([], [], None)


def test_a_long_limit_holds_the_calls_that_come_after_it() -> None:
    reset = (STARTED + timedelta(seconds=300)).isoformat()
    vendor = FakeVendor(lambda _: answer({"status": 429}, 429, {"x-ratelimit-reset": reset}))
    enricher = PeopleDataLabsCompanyEnricher(vendor.account("peopledatalabs"), vendor.wire())
    for _ in range(2):
        found = enricher.enrich([NORRA])[NORRA.company_id]
        assert isinstance(found, Unknown)
        assert found.gap is Gap.DOWN
    assert len(vendor.requests) == 1
