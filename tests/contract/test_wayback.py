"""The Wayback Machine against the shared suite; what counts as a change of a page, and from which day it is dated."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.intent import HALF_LIFE_DAYS
from tests.contract.suite import ProviderSuite
from tests.support.vendors import Answer, FakeVendor, answer, fixture
from tools.ports import CompanyRef, Gap, SignalReport, Unknown, WebPage
from tools.providers.signal_source.page_difference import difference
from tools.providers.signal_source.wayback import WaybackSignalSource
from tools.providers.vendor.account import Account

NORRA = CompanyRef(UUID(int=1), "Norra", "norra.example")
SINCE = datetime(2026, 5, 1, tzinfo=UTC)
OLD = "<h1>Pricing</h1><p>Small fleets</p><p>€29 a month</p><footer>© 2025 Norra</footer>"
NEW = "<h1>Pricing</h1><p>Small fleets</p><p>€39 a month</p><footer>© 2026 Norra</footer>"


class Bodies:
    """Captured pages by the beginning of their time; the longest that fits counts."""

    def __init__(self, pages: Mapping[str, str | int | Unknown]) -> None:
        self.pages, self.asked = pages, list[str]()

    def get(self, url: str) -> WebPage | Unknown:
        self.asked.append(url)
        said = self.pages[max((key for key in self.pages if f"/web/{key}" in url), key=len)]
        if isinstance(said, Unknown):
            return said
        status, text = (said, "") if isinstance(said, int) else (200, said)
        return WebPage(url, url, status, {}, text, SINCE)


def pricing_only(request: httpx2.Request) -> Answer:
    asked = request.url.params["url"]
    return answer(fixture("wayback", "captures") if asked == "norra.example/pricing" else [])


def page(html: str) -> WebPage:
    return WebPage("u", "u", 200, {}, html, SINCE)


class TestWayback(ProviderSuite):
    def provider(self, vendor: FakeVendor) -> WaybackSignalSource:
        return WaybackSignalSource(Account("wayback"), vendor.wire(), Bodies({"": NEW, "2025": OLD, "202604": OLD}))

    def ask(self, provider: Any) -> Sequence[Any]:
        return list(provider.signals([NORRA], SINCE).values())

    def good(self, request: httpx2.Request) -> Answer:
        return answer(fixture("wayback", "captures"))

    def error(self, status: int) -> httpx2.Response:
        return httpx2.Response(
            status, content=b"<h1>As the archive says it</h1>", headers={"content-type": "text/html"}
        )

    def test_a_changed_schema_is_no_empty_answer(self) -> None:
        """It answers lists without names, so what can change is the row of names and the width of the others."""
        captures = fixture("wayback", "captures")
        for changed in ([[f"x_{name}" for name in captures[0]], *captures[1:]], [[*row, "more"] for row in captures]):
            self.all_unknown(lambda _, changed=changed: answer(changed), Gap.DOWN)
        self.all_unknown(lambda _: answer([captures[0], ["20260412080000"]]), Gap.DOWN)

    def of(self, bodies: Bodies | None, handler: Any = pricing_only) -> SignalReport | Unknown:
        vendor = FakeVendor(handler)
        return WaybackSignalSource(Account("wayback"), vendor.wire(), bodies).signals([NORRA], SINCE)[NORRA.company_id]

    def test_a_changed_price_is_told_and_dated_by_the_first_capture_that_shows_it(self) -> None:
        bodies = Bodies({"": NEW, "2025": "<p>€1 000</p>", "202604": OLD, "20260503": OLD})
        found = self.of(bodies)
        assert isinstance(found, SignalReport)
        (signal,) = found.signals
        assert (signal.kind, signal.quote) == ("pricing_page_changed", "Pricing: €29 a month → €39 a month")
        assert signal.observed_at == datetime(2026, 5, 11, 8, tzinfo=UTC)
        assert signal.url == "https://web.archive.org/web/20260511080000/https://norra.example/pricing"
        assert signal.strength == 1.0
        assert bodies.asked[0] == "https://web.archive.org/web/20260412080000id_/https://www.norra.example/pricing"
        assert len(bodies.asked) == 4

    @pytest.mark.parametrize(
        ("path", "kind"),
        [("plans", "pricing_page_changed"), ("demo", "demo_page_changed"), ("products", "product_page_changed")],
    )
    def test_each_sort_of_page_is_a_kind_of_its_own_with_a_half_life(self, path: str, kind: str) -> None:
        def one_page(request: httpx2.Request) -> Answer:
            asked = request.url.params["url"]
            return answer(fixture("wayback", "captures") if asked == f"norra.example/{path}" else [])

        found = self.of(Bodies({"": NEW, "2025": OLD, "202604": OLD}), one_page)
        assert isinstance(found, SignalReport)
        assert [signal.kind for signal in found.signals] == [kind]
        assert kind in HALF_LIFE_DAYS
        assert WaybackSignalSource.kinds <= HALF_LIFE_DAYS.keys() - {"news"}

    def test_a_page_that_says_the_same_is_no_signal(self) -> None:
        found = self.of(Bodies({"": OLD, "20260529": OLD.replace("2025", "2026").replace("Small", " small ")}))
        assert found == SignalReport(())

    def test_a_body_that_cannot_be_read_is_not_taken_for_unchanged(self) -> None:
        for said in (Unknown("it timed out"), 404, 503):
            found = self.of(Bodies({"": OLD, "20260529": said}))
            assert isinstance(found, Unknown)
            assert found.gap is Gap.DOWN

    def test_a_page_that_was_never_captured_is_unknown(self) -> None:
        found = self.of(Bodies({"": OLD}), lambda _: answer([]))
        assert isinstance(found, Unknown)
        assert found.gap is Gap.NO_DATA

    def test_one_capture_tells_of_no_change(self) -> None:
        assert self.of(Bodies({"": OLD}), lambda _: answer(fixture("wayback", "captures")[:2])) == SignalReport(())

    def test_captures_of_another_host_and_odd_times_are_left_out(self) -> None:
        rows = fixture("wayback", "captures")[:3]
        rows += [["20260512080000", "https://evil.example/pricing", "X"], ["20269912080000", rows[1][1], "Y"]]
        bodies = Bodies({"": OLD, "20260512": NEW})
        assert self.of(bodies, lambda _: answer([*rows, ["../../etc", rows[1][1], "Z"]])) == SignalReport(())

    def test_without_fetching_nothing_is_asked(self) -> None:
        vendor = FakeVendor(self.good)
        (found,) = WaybackSignalSource(Account("wayback"), vendor.wire()).signals([NORRA], SINCE).values()
        assert isinstance(found, Unknown)
        assert found.gap is Gap.REFUSED
        assert not vendor.requests

    def test_more_companies_than_the_archive_answers_in_time_are_told_so(self) -> None:
        companies = [CompanyRef(UUID(int=n), "Norra", f"norra{n}.example") for n in range(45)]
        vendor = FakeVendor(lambda _: answer([]))
        found = self.provider(vendor).signals(companies, SINCE)
        assert len(found) == 45
        later = {key.int for key, each in found.items() if isinstance(each, Unknown) and "at a time" in each.reason}
        assert later == {40, 41, 42, 43, 44}
        assert len({request.url.params["url"].partition("/")[0] for request in vendor.requests}) <= 40

    def test_the_question_is_about_html_that_was_there(self) -> None:
        vendor, _ = self.asked(pricing_only)
        params = vendor.requests[0].url.params
        assert params.get_list("filter") == ["statuscode:200", "mimetype:text/html"]
        assert params["from"] == "20250501"
        assert [r.url.params["url"] for r in vendor.requests] == [
            f"norra.example/{path}" for path in ("pricing", "demo", "request-demo", "product", "products")
        ]

    def test_json_that_is_called_text_is_read(self) -> None:
        body = httpx2.Response(200, json=fixture("wayback", "captures")).read()
        _, (found,) = self.asked(lambda _: httpx2.Response(200, content=body, headers={"content-type": "text/plain"}))
        assert isinstance(found, SignalReport)


@pytest.mark.parametrize(
    ("before", "after", "quote", "strength"),
    [
        ("<p>$5 a seat</p>", "<p>$7 a seat</p>", "$5 a seat → $7 a seat", 1.0),
        ("<p>Pro</p>", "<p>Pro</p><p>Ask us</p>", "", 0.0),
        ("<p>Pro</p>", "<p>We now plan whole fleets at night</p>", "We now plan whole fleets at night", 0.5),
        ("<p>Pro</p><p>Read 5 days ago</p><p>1,204</p>", "<p>Pro</p><p>Read 6 days ago</p><p>1,305</p>", "", 0.0),
        ("<p>$2000 a year</p>", "<p>$2100 a year</p>", "$2000 a year → $2100 a year", 1.0),
        ("<p>Basic</p><p>Pro</p>", "<p>Pro</p><p>Basic</p>", "", 0.0),
        ("<p>Pro €5</p>", "<script>draw()</script>", "", 0.0),
    ],
)
def test_lines_count_and_what_passes_by_itself_does_not(before: str, after: str, quote: str, strength: float) -> None:
    assert difference(page(before), page(after)) == (quote, strength)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_pages_are_compared_and_a_page_does_not_differ_from_itself(one: str, other: str) -> None:
    assert not difference(page(one), page(one))
    assert 0.0 <= difference(page(one), page(other)).strength <= 1.0
