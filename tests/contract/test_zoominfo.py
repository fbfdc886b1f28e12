"""ZoomInfo's three providers against the shared suite, its tokens, and what is ZoomInfo's alone.

The description has no token call: the suite's vendor is asked for data alone, and tokens come from beside it.
"""

import base64
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.suite import PagedSuite, ProviderSuite
from tests.support.vendors import SECRET, Answer, FakeVendor, answer, fixture
from tools.ports import CompanyPage, CompanyQuery, CompanyRecord, CompanyRef, Gap, PeopleWanted, Unknown
from tools.providers.company_enricher.zoominfo import ZoomInfoCompanyEnricher
from tools.providers.company_source.zoominfo import ZoomInfoCompanySource
from tools.providers.person_finder.zoominfo import ZoomInfoPersonFinder
from tools.providers.vendor.account import Account, Wire
from tools.providers.vendor.zoominfo import Company, session_of

NORRA = CompanyRef(UUID(int=1), "Norra Logistik", "norra.example")
CREDIT = 1_000_000
MEDIA = {"content-type": "application/vnd.api+json"}


def said(body: Any, status: int = 200) -> httpx2.Response:
    return answer(body, status, MEDIA)


def company(number: int) -> CompanyRef:
    return CompanyRef(UUID(int=number), f"Company {number}", f"c{number}.example")


def attributes(request: httpx2.Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.content)["data"]["attributes"]
    return found


def is_token_call(request: httpx2.Request) -> bool:
    return request.url.path.endswith("/oauth/v1/token")


def account(vendor: FakeVendor) -> Account:
    return vendor.account("zoominfo", client_id="an-app")


def wire_with_tokens(vendor: FakeVendor) -> Wire:
    """Tokens are given beside the vendor, so that `vendor` sees and checks calls for data alone."""
    inner = vendor.wire()

    def either(request: httpx2.Request) -> httpx2.Response:
        if is_token_call(request):
            return answer({"access_token": "a-token", "expires_in": 3_600, "token_type": "Bearer"})
        return vendor._answer(request)

    return replace(inner, http=httpx2.Client(transport=httpx2.MockTransport(either), trust_env=False))


class _ZoomInfo(ProviderSuite):
    contract = "zoominfo"

    def error(self, status: int) -> httpx2.Response:
        error = {"code": "ZI0001", "title": "As said", "detail": "As ZoomInfo says it.", "status": str(status)}
        return said({"errors": [error]}, status)


class TestZoomInfoCompanySource(_ZoomInfo, PagedSuite):
    def provider(self, vendor: FakeVendor, query: CompanyQuery | None = None) -> ZoomInfoCompanySource:
        return ZoomInfoCompanySource(account(vendor), wire_with_tokens(vendor), query or CompanyQuery())

    def ask(self, provider: Any) -> Sequence[Any]:
        page = provider.page(None, 10)
        return [page] if isinstance(page, Unknown) else page.records

    def good(self, request: httpx2.Request) -> Answer:
        return said(fixture("zoominfo", "company_search"))

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
        number, size = int(request.url.params["page[number]"]), int(request.url.params["page[size]"])
        first = (number - 1) * size - (1 if repeats and number > 1 else 0)
        data = [
            {"id": str(n), "type": "Company", "attributes": {"name": f"Company {n}"}}
            for n in range(first, first + size)
        ]
        return said({"data": data, "meta": {"totalResults": of * size, "page": {"number": number, "total": of}}})

    def nothing(self, request: httpx2.Request) -> Answer:
        return said({"data": [], "meta": {"totalResults": 0, "page": {"number": 1, "total": 0}}})

    def test_an_icp_becomes_its_filters(self) -> None:
        vendor = FakeVendor(self.good, self.contract)
        query = CompanyQuery(
            industries=("logistics",),
            keywords=("cold chain",),
            countries=("SE",),
            employees_min=50,
            employees_max=500,
            revenue_min_minor=5_000_000_00,
            revenue_max_minor=9_999_999_99,
            currency="USD",
        )
        self.provider(vendor, query).page(None, 500)
        (asked,) = vendor.requests
        assert attributes(asked) == {
            "excludeDefunctCompanies": True,
            "industryKeywords": "logistics OR cold chain",
            "country": "Sweden",
            "employeeRangeMin": "50",
            "employeeRangeMax": "500",
            "revenueMin": 5_000,
            "revenueMax": 10_000,
        }
        assert asked.url.params["page[size]"] == "100"
        assert not vendor.violations, vendor.violations

    def test_previews_are_free_and_revenue_comes_in_thousands_of_dollars(self) -> None:
        _, (norra, tarn) = self.asked(self.good)
        assert (norra.employees, norra.revenue_minor, norra.currency) == (240, 31_500_000_00, "USD")
        assert (tarn.employees, tarn.revenue_minor, tarn.currency) == (None, None, "")
        assert norra.cost_micros == 0

    def test_a_place_that_does_not_exist_is_said(self) -> None:
        vendor = FakeVendor(self.good)
        page = self.provider(vendor).page("elsewhere", 100)
        assert isinstance(page, Unknown)
        assert page.gap is Gap.REFUSED
        assert not vendor.requests


class TestZoomInfoCompanyEnricher(_ZoomInfo):
    def provider(self, vendor: FakeVendor) -> ZoomInfoCompanyEnricher:
        return ZoomInfoCompanyEnricher(account(vendor), wire_with_tokens(vendor))

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def good(self, request: httpx2.Request) -> Answer:
        return said(fixture("zoominfo", "company_enrich"))

    def test_it_becomes_our_words(self) -> None:
        _, (found,) = self.asked(self.good)
        assert (found.name, found.country, found.region, found.city) == ("Norra Logistik", "SE", "Skåne", "Malmö")
        assert (found.industry, found.employees, found.founded_year) == ("transportation", 240, 1998)
        assert (found.revenue_minor, found.currency, found.status) == (31_500_000_00, "USD", "active")
        assert found.cost_micros == CREDIT

    def test_25_a_call_in_any_order_with_some_left_out(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            inputs = attributes(request)["matchCompanyInput"]
            data: list[dict[str, Any]] = []
            for asked in reversed(inputs):
                if asked["companyWebsite"] == "http://c3.example":
                    data.append({"id": "0", "type": "NoMatch", "meta": {"input": asked, "matchStatus": "NO_MATCH"}})
                elif asked["companyWebsite"] == "http://c4.example":
                    meta = {"input": asked, "matchStatus": "LIMIT_EXCEEDED"}
                    data.append({"id": "0", "type": "NoMatch", "meta": meta})
                elif asked["companyWebsite"] != "http://c5.example":
                    meta = {"input": asked, "matchStatus": "FULL_MATCH"}
                    one = {"name": asked["companyWebsite"]}
                    data.append({"id": "1", "type": "Company", "attributes": one, "meta": meta})
            return said({"data": data})

        vendor = FakeVendor(handler, self.contract)
        found = self.provider(vendor).enrich([company(n) for n in range(1, 61)])
        assert len(vendor.requests) == 3
        assert not vendor.violations, vendor.violations
        gaps = {key.int: each.gap for key, each in found.items() if isinstance(each, Unknown)}
        assert gaps == {3: Gap.NO_DATA, 4: Gap.REFUSED, 5: Gap.NO_DATA}
        for key, each in found.items():
            if isinstance(each, CompanyRecord):
                assert each.name == f"http://c{key.int}.example"


class TestZoomInfoPersonFinder(_ZoomInfo):
    def provider(self, vendor: FakeVendor) -> ZoomInfoPersonFinder:
        return ZoomInfoPersonFinder(account(vendor), wire_with_tokens(vendor))

    def ask(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.people([NORRA]).values()
        return [found] if isinstance(found, Unknown) else found

    def good(self, request: httpx2.Request) -> Answer:
        return said(fixture("zoominfo", f"contact_{request.url.path.rpartition('/')[2]}"))

    def test_people_come_with_business_addresses_alone(self) -> None:
        _, people = self.asked(self.good)
        assert [(p.full_name, p.email, p.country) for p in people] == [
            ("Astrid Ek", "astrid.ek@norra.example", "SE"),
            ("Mona Lind", "", ""),
        ]
        assert people[0].profile_url == "https://www.linkedin.com/in/astrid-ek-example"
        assert sum(p.cost_micros for p in people) == 2 * CREDIT

    def test_only_whom_was_asked_for_is_paid_for(self) -> None:
        vendor = FakeVendor(self.good)
        found = self.provider(vendor).people([NORRA], PeopleWanted(departments=("sales",)))[NORRA.company_id]
        assert attributes(vendor.requests[1])["matchPersonInput"] == [{"personId": 201}]
        assert not isinstance(found, Unknown)
        assert [p.full_name for p in found] == ["Astrid Ek"]

    @pytest.mark.parametrize("change", [{"personHasMoved": "Yes"}, {"company": {"website": "elsewhere.example"}}])
    def test_who_left_is_not_at_the_company_and_was_paid_for(self, change: dict[str, Any]) -> None:
        def handler(request: httpx2.Request) -> Answer:
            if request.url.path.endswith("search"):
                return self.good(request)
            body = fixture("zoominfo", "contact_enrich")
            for resource in body["data"]:
                resource["attributes"] |= change
            return said(body)

        _, (found,) = self.asked(handler)
        assert isinstance(found, Unknown)
        assert (found.gap, found.cost_micros) == (Gap.NO_DATA, 2 * CREDIT)

    @pytest.mark.parametrize("status", ["OPT_OUT", "COMPANY_ONLY_MATCH", "NON_MATCH_BY_VALID_DATE"])
    def test_who_is_not_matched_is_nobody_and_free(self, status: str) -> None:
        def handler(request: httpx2.Request) -> Answer:
            if request.url.path.endswith("search"):
                return self.good(request)
            body = fixture("zoominfo", "contact_enrich")
            for resource in body["data"]:
                resource["meta"]["matchStatus"] = status
            return said(body)

        _, (found,) = self.asked(handler)
        assert isinstance(found, Unknown)
        assert (found.gap, found.cost_micros) == (Gap.NO_DATA, 0)

    def test_no_private_address_or_number_is_asked_for(self) -> None:
        vendor, _ = self.asked(self.good)
        fields = set(attributes(vendor.requests[1])["outputFields"])
        assert not fields & {"supplementalEmail", "mobilePhone", "phone", "hashedEmails", "emailAlt"}


class TestTokens:
    def vendor(self, seconds: float = 3_600, late: float = 0.0) -> FakeVendor:
        given = [0]

        def handler(request: httpx2.Request) -> Answer:
            if is_token_call(request):
                if late:
                    threading.Event().wait(late)
                given[0] += 1
                return answer({"access_token": f"token-{given[0]}", "expires_in": seconds})
            return said(fixture("zoominfo", "company_enrich"))

        return FakeVendor(handler)

    def bearers(self, vendor: FakeVendor) -> list[str]:
        return [r.headers["authorization"].removeprefix("Bearer ") for r in vendor.requests if not is_token_call(r)]

    def test_the_secret_travels_to_the_tokens_address_alone(self) -> None:
        vendor = self.vendor()
        ZoomInfoCompanyEnricher(account(vendor), vendor.wire()).enrich([NORRA])
        token, data = vendor.requests
        pair = base64.b64decode(token.headers["authorization"].removeprefix("Basic ")).decode()
        assert pair == f"an-app:{SECRET}"
        assert token.content == b"grant_type=client_credentials"
        assert data.headers["authorization"] == "Bearer token-1"
        assert SECRET not in str(data.headers) + str(data.url)

    def test_a_token_is_kept_until_a_minute_before_its_end(self) -> None:
        vendor = self.vendor(seconds=600)
        enricher = ZoomInfoCompanyEnricher(account(vendor), vendor.wire())
        for wait in (0, 539, 1):
            vendor.clock.advance(timedelta(seconds=wait))
            enricher.enrich([NORRA])
        assert self.bearers(vendor) == ["token-1", "token-1", "token-2"]

    def test_many_at_once_ask_for_one_token(self) -> None:
        vendor = self.vendor(late=0.05)
        session = session_of(account(vendor), vendor.wire())
        with ThreadPoolExecutor(8) as pool:
            tokens = set(pool.map(lambda _: session.token(), range(32)))
        assert tokens == {"token-1"}
        assert len(vendor.requests) == 1

    def test_the_providers_of_an_account_share_a_token_and_accounts_do_not(self) -> None:
        vendor = self.vendor()
        wire = vendor.wire()
        mine, other = account(vendor), Account("zoominfo", "another-secret", {"client_id": "an-app"})
        assert session_of(mine, wire) is session_of(mine, wire)
        assert session_of(mine, wire) is not session_of(other, wire)

    def test_a_refused_token_is_not_used_again(self) -> None:
        refused = [True]
        inner = self.vendor()

        def handler(request: httpx2.Request) -> Answer:
            if not is_token_call(request) and refused:
                refused.pop()
                return said({"errors": [{"code": "ZI0001"}]}, 401)
            return inner.handler(request)

        vendor = FakeVendor(handler)
        enricher = ZoomInfoCompanyEnricher(account(vendor), vendor.wire())
        assert isinstance(enricher.enrich([NORRA])[NORRA.company_id], Unknown)
        assert isinstance(enricher.enrich([NORRA])[NORRA.company_id], CompanyRecord)
        assert self.bearers(vendor) == ["token-1", "token-2"]

    @pytest.mark.parametrize("status", [400, 401])
    def test_a_wrong_client_is_said_without_its_secret(self, status: int) -> None:
        vendor = FakeVendor(lambda _: answer({"error": "invalid_client"}, status))
        (found,) = ZoomInfoCompanyEnricher(account(vendor), vendor.wire()).enrich([NORRA]).values()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
        assert "invalid_client" in found.reason
        assert SECRET not in repr(found)
        assert len(vendor.requests) == 1

    def test_without_a_client_id_nothing_is_asked(self) -> None:
        vendor = self.vendor()
        (found,) = ZoomInfoCompanyEnricher(vendor.account("zoominfo"), vendor.wire()).enrich([NORRA]).values()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
        assert not vendor.requests

    def test_a_token_in_another_shape_is_a_vendor_that_is_down(self) -> None:
        vendor = FakeVendor(lambda _: answer({"token": "x"}))
        (found,) = ZoomInfoCompanyEnricher(account(vendor), vendor.wire()).enrich([NORRA]).values()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.DOWN


_OPTIONAL = fixture("zoominfo", "company_enrich")["data"][0]["attributes"]


@given(st.sets(st.sampled_from(sorted(_OPTIONAL))), st.booleans())
def test_any_field_may_be_missing_or_null(gone: set[str], null: bool) -> None:
    body = {name: None if name in gone else value for name, value in _OPTIONAL.items() if null or name not in gone}
    record = Company.model_validate(body).record("101", 0)
    assert (record.revenue_minor is None) is ("revenue" in gone)
    assert (record.currency == "") is ("revenue" in gone)
    assert (record.employees is None) is ("employeeCount" in gone)
