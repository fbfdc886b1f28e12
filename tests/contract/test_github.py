"""GitHub's two providers against the shared suite, and whose organisation is believed to be whose."""

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
from tools.providers.company_enricher.github import GitHubCompanyEnricher
from tools.providers.signal_source.github import GitHubSignalSource
from tools.providers.vendor.account import Account
from tools.providers.vendor.github_organisation import MAX_PAGES

NORRA = CompanyRef(UUID(int=1), "Norra AB", "norra.example")
LONG = CompanyRef(UUID(int=2), "Norra Logistik", "norralogistik.example")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)


def reads(request: httpx2.Request) -> Answer:
    path = request.url.path
    if path.startswith("/search"):
        return answer(fixture("github", "search"))
    return answer(fixture("github", "repositories" if path.endswith("/repos") else "organisation"))


class _GitHub(ProviderSuite):
    contract = "github"

    def good(self, request: httpx2.Request) -> Answer:
        return reads(request)

    def error(self, status: int) -> httpx2.Response:
        return answer({"message": "As GitHub says it", "documentation_url": "https://docs.github.example"}, status)


class TestGitHubSignalSource(_GitHub):
    def provider(self, vendor: FakeVendor) -> GitHubSignalSource:
        return GitHubSignalSource(vendor.account("github"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def of(self, company: CompanyRef, **organisation: Any) -> tuple[FakeVendor, SignalReport | Unknown]:
        def handler(request: httpx2.Request) -> Answer:
            if request.url.path.startswith("/orgs/") and not request.url.path.endswith("/repos"):
                login = request.url.path.rpartition("/")[2]
                if login not in organisation.get("logins", [login]):
                    return self.error(404)
                return answer(
                    fixture("github", "organisation") | {k: v for k, v in organisation.items() if k != "logins"}
                )
            return reads(request)

        vendor = FakeVendor(handler, self.contract)
        found = self.provider(vendor).signals([company], SINCE)[company.company_id]
        assert not vendor.violations, vendor.violations
        return vendor, found

    def test_what_is_new_in_the_open_is_told_with_its_day(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.kind, s.quote, s.url, s.observed_at.date().isoformat()) for s in report.signals] == [
            (
                "technology_added",
                "First public repository in Rust: wheelhouse",
                "https://github.com/norra/wheelhouse",
                "2026-05-20",
            ),
            ("news", "wheelhouse: Route planner for small fleets", "https://github.com/norra/wheelhouse", "2026-05-20"),
            ("news", "site", "https://github.com/norra/site", "2026-05-10"),
        ]

    @pytest.mark.parametrize(
        ("said", "ours"),
        [
            ({"blog": "http://norra.example/about"}, True),
            ({"blog": "", "email": "hello@norra.example"}, True),
            ({"blog": "https://norra.example.org", "email": "norra@gmail.com"}, False),
            ({"blog": "https://linkedin.com/company/norra"}, False),
            ({"blog": ""}, False),
        ],
    )
    def test_a_profile_has_to_lead_to_the_domain(self, said: dict[str, Any], ours: bool) -> None:
        _, found = self.of(NORRA, **said)
        assert isinstance(found, SignalReport) is ours

    def test_a_name_of_two_words_is_searched_for_and_its_finds_have_to_prove_it(self) -> None:
        vendor, found = self.of(LONG, logins=["norralog"], blog="norralogistik.example")
        assert isinstance(found, SignalReport)
        assert [r.url.path for r in vendor.requests] == [
            "/orgs/norralogistik", "/orgs/norra-logistik", "/search/users", "/orgs/norralog", "/orgs/norra/repos",
        ]  # fmt: skip
        assert vendor.requests[2].url.params["q"] == "norra logistik in:name type:org"

    def test_a_used_up_hour_is_waited_for_by_nobody(self) -> None:
        def handler(request: httpx2.Request) -> Answer:
            found = self.error(403)
            reset = int(datetime(2026, 6, 2, 14, 40, tzinfo=UTC).timestamp())
            found.headers.update({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)})
            return found

        vendor = FakeVendor(handler)
        provider = self.provider(vendor)
        for _ in range(2):
            (found,) = provider.signals([NORRA], SINCE).values()
            assert isinstance(found, Unknown)
            assert found.gap is Gap.DOWN
        assert len(vendor.requests) == 1

    def test_without_a_token_it_works_too_and_sixty_calls_an_hour_are_made(self) -> None:
        vendor = FakeVendor(reads)
        provider = GitHubSignalSource(Account("github"), vendor.wire())
        companies = [CompanyRef(UUID(int=n), "Norra", "norra.example") for n in range(40)]
        found = provider.signals(companies, SINCE).values()
        assert 20 < sum(isinstance(each, SignalReport) for each in found) <= 30  # two calls each, side by side
        assert len(vendor.requests) == 60
        assert all(each.gap is Gap.DOWN for each in found if isinstance(each, Unknown))
        assert "authorization" not in vendor.requests[0].headers

    def test_the_token_travels_in_the_header(self) -> None:
        vendor, _ = self.asked(self.good)
        assert {r.headers["authorization"] for r in vendor.requests} == {f"Bearer {SECRET}"}
        assert all(SECRET not in str(r.url) for r in vendor.requests)

    @pytest.mark.parametrize("pages", [1, 3, MAX_PAGES + 1])
    def test_all_repositories_are_read_up_to_a_bound_beyond_which_no_language_is_new(self, pages: int) -> None:
        one = fixture("github", "repositories")[0]

        def handler(request: httpx2.Request) -> Answer:
            if not request.url.path.endswith("/repos"):
                return reads(request)
            page = int(request.url.params["page"])
            ids = range((page - 1) * 100 - (page > 1), page * 100 if page < pages else (page - 1) * 100 + 1)
            old = one | {"created_at": "2020-01-01T00:00:00Z", "language": "Go"}
            return answer([(one if n == 0 else old) | {"id": n} for n in ids])

        vendor = FakeVendor(handler)
        (found,) = self.provider(vendor).signals([NORRA], SINCE).values()
        assert isinstance(found, SignalReport)
        assert len(vendor.requests) == 1 + min(pages, MAX_PAGES)
        assert [s.kind for s in found.signals] == (["technology_added"] if 1 < pages <= MAX_PAGES else []) + ["news"]


class TestGitHubCompanyEnricher(_GitHub):
    def provider(self, vendor: FakeVendor) -> GitHubCompanyEnricher:
        return GitHubCompanyEnricher(vendor.account("github"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.enrich([NORRA]).values())

    def test_languages_of_what_is_worked_on_are_technologies(self) -> None:
        _, (record,) = self.asked(self.good)
        assert (record.technologies, record.country, record.city) == (("Python",), "SE", "Umeå")
        assert (record.name, record.description) == ("Norra", "Parcels through the north")
        assert record.employees is None

    @given(st.sets(st.sampled_from(["name", "description", "blog", "location", "is_verified", "email"])))
    def test_what_is_optional_may_be_missing(self, missing: set[str]) -> None:
        body = fixture("github", "organisation") | {"email": "hello@norra.example"}
        if {"blog", "email"} <= missing:
            missing = missing - {"email"}
        kept = {name: value for name, value in body.items() if name not in missing}
        _, (record,) = self.asked(lambda r: reads(r) if r.url.path.endswith("/repos") else answer(kept))
        assert isinstance(record, CompanyRecord)
        assert record.name == ("norra" if "name" in missing else "Norra")
