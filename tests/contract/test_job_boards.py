"""Greenhouse and Lever against the shared suite, and whose board is believed to be whose."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.contract.suite import PagedSuite, ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, Gap, SignalReport, Unknown, WebPage
from tools.providers.signal_source.boards import MAX_POSTINGS
from tools.providers.signal_source.greenhouse import GreenhouseSignalSource
from tools.providers.signal_source.lever import LeverSignalSource

NORRA = CompanyRef(UUID(int=1), "Norra AB", "norra.example")
LONG = CompanyRef(UUID(int=2), "Norra Logistik AB", "norralogistik.example")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 2, 14, tzinfo=UTC)


class Site:
    """A web site of a few pages, by address."""

    def __init__(self, **pages: str) -> None:
        self.pages = {name.replace("__", "/"): html for name, html in pages.items()}
        self.asked: list[str] = []
        self.home = ""  # where every address leads to, where it leads elsewhere

    def get(self, url: str) -> WebPage | Unknown:
        self.asked.append(url)
        path = url.partition(".example")[2].strip("/")
        if path not in self.pages:
            return Unknown("not there")
        return WebPage(url, self.home or url, 200, {"content-type": "text/html"}, self.pages[path], NOW)


class TestGreenhouse(ProviderSuite):
    contract = "greenhouse_board"

    def provider(self, vendor: FakeVendor) -> GreenhouseSignalSource:
        return GreenhouseSignalSource(vendor.account("greenhouse"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        path = request.url.path.removeprefix("/v1/boards/norra")
        return answer(fixture("greenhouse", {"": "board", "/jobs": "jobs"}.get(path, "job")))

    def at(self, company: CompanyRef, site: Site | None = None, **changed: Any) -> SignalReport | Unknown:
        def handler(request: httpx2.Request) -> Answer:
            body = fixture("greenhouse", "board") | changed
            if request.url.path.endswith("/jobs"):
                body = fixture("greenhouse", "jobs")
                for job in body["jobs"]:
                    job["absolute_url"] = changed.get("url", "https://boards.greenhouse.io/norra/jobs/") + str(
                        job["id"]
                    )
            elif "/jobs/" in request.url.path:
                body = fixture("greenhouse", "job") | {"content": changed.get("text", "")}
            return answer(body)

        vendor = FakeVendor(handler, self.contract)
        source = GreenhouseSignalSource(vendor.account("greenhouse"), vendor.wire(), site)
        found = source.signals([company], SINCE)[company.company_id]
        assert not vendor.violations, vendor.violations
        return found

    def test_vacancies_are_dated_quoted_and_those_that_sell_come_first(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.quote, s.strength, s.observed_at.date().isoformat()) for s in report.signals] == [
            ("Sales Development Representative", 1.0, "2026-05-30"),  # no first day: the last change
            ("Account Executive, Nordics · Stockholm, Sweden", 1.0, "2026-05-12"),
            ("Warehouse Planner · Umeå, Sweden", 0.7, "2026-05-20"),
        ]
        assert {s.kind for s in report.signals} == {"hiring"}
        assert report.signals[1].url == "https://www.norra.example/careers/502?gh_jid=502"

    def test_a_guessed_board_of_another_name_is_not_used(self) -> None:
        assert isinstance(self.at(NORRA, name="Norra Fisk"), Unknown)
        assert isinstance(self.at(NORRA, name="Norra Fisk", content="A customer of norra.example"), Unknown)

    def test_a_guessed_board_of_one_word_needs_the_domain(self) -> None:
        assert isinstance(self.at(NORRA, text="Write to us."), Unknown)
        assert isinstance(self.at(NORRA, text="Read notnorra.example and norra.example.com."), Unknown)
        assert isinstance(self.at(NORRA, text="&lt;a href=https://www.norra.example/x&gt;"), SignalReport)
        assert isinstance(self.at(NORRA, content="Norra, norra.example"), SignalReport)

    def test_a_name_of_two_words_is_enough_unless_its_postings_stand_on_another_site(self) -> None:
        assert isinstance(self.at(LONG, name="Norra Logistik"), SignalReport)
        assert isinstance(self.at(LONG, name="Norra Logistik", url="https://jobs.other.example/"), Unknown)

    def test_a_board_that_the_company_links_to_is_found_under_any_word(self) -> None:
        careers = '<script src="https://boards.greenhouse.io/embed/job_board/js?for=nrr7"></script>'
        site = Site(**{"": '<a href="/careers">Careers</a>', "careers": careers})
        assert isinstance(self.at(NORRA, site), SignalReport)
        assert site.asked == ["https://norra.example/", "https://norra.example/careers"]

    def test_a_page_that_a_domain_leads_to_elsewhere_proves_nothing(self) -> None:
        site = Site(**{"": '<a href="https://boards.greenhouse.io/nrr7">Jobs</a>'})
        site.home = "https://bought-by.other.example/"
        assert isinstance(self.at(NORRA, site), Unknown)

    def test_a_link_to_somebody_elses_board_is_not_used(self) -> None:
        site = Site(**{"": '<a href="https://job-boards.greenhouse.io/portfolio">We back them</a>'})
        assert isinstance(self.at(NORRA, site, name="A Portfolio Company"), Unknown)

    def test_a_company_without_a_domain_is_not_asked_for(self) -> None:
        vendor = FakeVendor(self.good)
        nameless = CompanyRef(UUID(int=3), "Norra", "")
        assert isinstance(self.provider(vendor).signals([nameless], SINCE)[nameless.company_id], Unknown)
        assert not vendor.requests

    @pytest.mark.parametrize("missing", ["first_published", "language", "metadata", "internal_job_id"])
    def test_what_is_optional_may_be_missing(self, missing: str) -> None:
        body = fixture("greenhouse", "jobs")
        for job in body["jobs"]:
            del job[missing]

        def handler(request: httpx2.Request) -> Answer:
            return answer(body) if request.url.path.endswith("/jobs") else self.good(request)

        _, (report,) = self.asked(handler)
        assert isinstance(report, SignalReport)
        assert report.signals


class TestLever(PagedSuite):
    contract = "lever_postings"

    def provider(self, vendor: FakeVendor) -> LeverSignalSource:
        return LeverSignalSource(vendor.account("lever"), vendor.wire())

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("lever", "postings"))

    def error(self, status: int) -> httpx2.Response:
        return answer({"ok": False, "error": "As Lever says it"}, status)

    def page(self, request: httpx2.Request, *, of: int, repeats: bool = False) -> Answer:
        skip, limit = int(request.url.params["skip"]), int(request.url.params["limit"])
        total, first = (of - 1) * 100 + 1, skip - 1 if repeats and skip else skip
        posting = fixture("lever", "postings")[0]
        return answer(
            [posting | {"id": f"p{n}", "hostedUrl": f"https://jobs.lever.co/norra/p{n}"}
             for n in range(first, min(first + limit, total))]
        )  # fmt: skip

    def nothing(self, request: httpx2.Request) -> Answer:
        return answer([])

    def everything(self, provider: Any) -> Sequence[Any]:
        (found,) = provider.signals([NORRA], SINCE).values()
        return [] if isinstance(found, Unknown) else found.signals

    def identity(self, record: Any) -> Any:
        return record.url

    def of(self, company: CompanyRef, body: Any, site: Site | None = None) -> tuple[FakeVendor, SignalReport | Unknown]:
        vendor = FakeVendor(lambda _: answer(body) if not isinstance(body, httpx2.Response) else body, self.contract)
        source = LeverSignalSource(vendor.account("lever"), vendor.wire(), site)
        return vendor, source.signals([company], SINCE)[company.company_id]

    def test_vacancies_are_dated_quoted_and_no_more_than_are_of_use(self) -> None:
        _, (report,) = self.asked(self.good)
        assert [(s.quote, s.strength, s.observed_at.date().isoformat()) for s in report.signals] == [
            ("Sales Manager DACH · Berlin", 1.0, "2026-05-18"),
            ("Backend Engineer · Stockholm", 0.7, "2026-05-20"),
        ]
        vendor = FakeVendor(lambda request: self.page(request, of=3))
        assert len(self.everything(self.provider(vendor))) == MAX_POSTINGS

    def test_an_address_that_is_no_page_is_no_evidence(self) -> None:
        body = fixture("lever", "postings")
        body[0]["hostedUrl"] = "javascript:alert(1)"
        _, found = self.of(NORRA, body)
        assert isinstance(found, SignalReport)
        assert [s.quote for s in found.signals] == ["Backend Engineer · Stockholm"]

    def test_a_posting_without_a_day_is_no_signal(self) -> None:
        body = fixture("lever", "postings")
        del body[0]["createdAt"]
        _, found = self.of(NORRA, body)
        assert isinstance(found, SignalReport)
        assert [s.quote for s in found.signals] == ["Backend Engineer · Stockholm"]

    def test_a_guessed_site_that_speaks_of_nobody_is_not_used(self) -> None:
        body = fixture("lever", "postings")[1:]
        assert isinstance(self.of(NORRA, body)[1], Unknown)
        named = [body[0] | {"descriptionPlain": "Norra Logistik is growing."}]
        assert isinstance(self.of(NORRA, named)[1], Unknown)  # one word of a name proves nothing
        assert isinstance(self.of(LONG, named)[1], SignalReport)

    def test_a_linked_site_is_used_where_the_name_fits(self) -> None:
        site = Site(**{"": '<a href="https://jobs.eu.lever.co/nrr7">Jobs</a>'})
        named = [fixture("lever", "postings")[1] | {"descriptionPlain": "Norra is growing."}]
        assert isinstance(self.of(NORRA, named, site)[1], SignalReport)
        assert isinstance(self.of(NORRA, fixture("lever", "postings")[1:], site)[1], Unknown)

    def test_european_companies_are_looked_for_on_the_european_host_too(self) -> None:
        swedish = CompanyRef(NORRA.company_id, NORRA.name, NORRA.domain, "SE")
        vendor, found = self.of(swedish, self.not_found())
        assert isinstance(found, Unknown)
        assert [request.url.host for request in vendor.requests] == ["api.lever.co", "api.eu.lever.co"]

    def test_a_fault_inside_200_is_a_fault(self) -> None:
        _, found = self.of(NORRA, answer({"ok": False, "error": "Document not found"}))
        assert isinstance(found, Unknown)
        assert found.gap is Gap.NO_DATA
        _, found = self.of(NORRA, answer({"ok": False, "error": "Too many parameters"}))
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
