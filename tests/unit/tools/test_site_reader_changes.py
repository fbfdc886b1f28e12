"""What counts as a change of a page, and what does not."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.intent import HALF_LIFE_DAYS
from tools.ports import WebPage
from tools.site_reader.changes import compare, signal_of, snapshot
from tools.site_reader.html import parse
from tools.site_reader.prices import prices

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
URL = "https://acme.com/pricing"
PAGE = """<nav><a href=/>Home</a></nav><h1>Pricing that grows with you</h1>
<div><h2>Starter</h2><p>$29 per month</p><p>For small teams that have just begun to sell</p></div>
<div><h2>Team</h2><p>$99 / user / month</p><p>For teams that want all reports and automation</p></div>
<p>Trusted by 1,204 companies since 2019, updated January 5, 2026</p><footer>© 2026 Acme</footer>"""


def seen(html, days=0, **headers):
    return snapshot(WebPage(URL, URL, 200, headers, html, NOW + timedelta(days=days)))


def change(before, after):
    return compare(seen(before), seen(after, 7))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026", "2027"),
        ("January 5, 2026", "März 12, 2027"),
        ("1,204 companies", "1,377 companies"),
        ("<nav><a href=/>Home</a></nav>", "<nav><a href=/>Home</a> <a href=/new>A new section of ours</a></nav>"),
        ("<footer>", "<footer>A wholly new sentence in the footer here "),
        ("For small teams that have just begun to sell", "For small teams that have only just begun to sell"),
        ("<h1>", "<div hidden>Orders to machines that nobody sees here</div><h1>"),
        ("<h1>", "<p>Session 8f3a9c1b2d4e5f60718293a4b5c6d7e8</p><h1>"),
        ("<h1>", "<p>Sign up</p><h1>"),
        ("$29", "€27"),
    ],
)
def test_what_varies_is_no_change(old, new):
    assert old in PAGE
    after = PAGE.replace(old, new).replace("$99", "€92" if new.startswith("€") else "$99")
    found = change(PAGE, after)
    assert not found.is_change, found
    assert signal_of(found, "pricing_page_changed") is None


def test_the_order_of_sections_is_no_change():
    parts = PAGE.split("<div>")
    assert not change(PAGE, "<div>".join([parts[0], parts[2].replace("</div>", "</div>"), parts[1]])).is_change


def test_a_price_that_changes_is_told_with_both_figures():
    found = change(PAGE, PAGE.replace("$99", "$119"))
    (one,) = found.prices
    assert (one.plan, one.before.minor, one.after.minor, one.after.currency) == ("Team", 9_900, 11_900, "USD")
    assert (found.added, found.removed, found.plans_added) == ((), (), ())
    signal = signal_of(found, "pricing_page_changed")
    assert (signal.kind, signal.observed_at, signal.url) == ("pricing_page_changed", NOW + timedelta(days=7), URL)
    assert signal.quote == "Team: $99 / user / month → $119 / user / month"
    assert signal.strength == 1.0


def test_a_plan_that_comes_or_goes():
    more = PAGE + "<h2>Enterprise</h2><p>$499 a month</p>"
    assert change(PAGE, more).plans_added == ("Enterprise",)
    assert change(more, PAGE).plans_removed == ("Enterprise",)
    assert "Enterprise" in signal_of(change(PAGE, more), "pricing_page_changed").quote


def test_new_words_are_a_weaker_change():
    found = change(
        PAGE, PAGE.replace("<footer>", "<p>Now with an assistant that writes every offer for you</p><footer>")
    )
    assert found.added == ("Now with an assistant that writes every offer for you",)
    assert signal_of(found, "demo_page_changed").strength == 0.5


def test_prices_that_do_not_load_are_no_change_of_price():
    assert change(PAGE, PAGE.replace("$29 per month", "").replace("$99 / user / month", "")).prices == ()


def test_both_kinds_are_known_to_scoring():
    assert {"pricing_page_changed", "demo_page_changed"} <= HALF_LIFE_DAYS.keys()


def test_a_snapshot_keeps_the_servers_version():
    assert seen(PAGE, etag='"a"').etag == '"a"'


def test_time_runs_forward():
    with pytest.raises(ValueError, match="older"):
        compare(seen(PAGE, 7), seen(PAGE))


@pytest.mark.parametrize(
    ("text", "minor", "currency", "period"),
    [
        ("$1,299", 129_900, "USD", ""),
        ("1.299,00 €", 129_900, "EUR", ""),
        ("€ 49,90 pro Monat", 4_990, "EUR", "month"),
        ("US$49/mo", 4_900, "USD", "month"),
        ("£5 per user per month", 500, "GBP", "month"),
        ("49 USD per year", 4_900, "USD", "year"),
        ("CHF 1'200.50 annually", 120_050, "CHF", "year"),
        ("R$ 99", 9_900, "BRL", ""),
        ("¥1200", 120_000, "JPY", ""),
        ("$0", 0, "USD", ""),
    ],
)
def test_prices(text, minor, currency, period):
    (found,) = prices(parse(f"<p>{text}</p>").blocks)
    assert (found.minor, found.currency, found.period) == (minor, currency, period)
    assert found.quote == text


@pytest.mark.parametrize("text", ["100 users", "AB$C", "version 1.2.3", "$", "call 555 1234", "EURO 2024"])
def test_no_prices(text):
    assert prices(parse(f"<p>{text}</p>").blocks) == []


def test_a_table_of_prices_names_its_rows():
    html = "<table><tr><th>Plan<th>Month<tr><td>Small<td>$10<tr><td>Large<td>$20</table>"
    assert [(p.plan, p.minor) for p in prices(parse(html).blocks)] == [("Small", 1_000), ("Large", 2_000)]


@pytest.mark.parametrize("piece", ["-1", "$1,", "1 ", "a1-", "<p>$1", "<p>a b c d e", "<h2>x</h2><p>$1</p>", "© "])
def test_a_hostile_page_is_compared_in_seconds(piece):
    html = piece * (1_000_000 // len(piece))
    started = time.process_time()
    compare(seen(html), seen(html + "<p>and more words than before", 1))
    assert time.process_time() - started < 10


WORDS = st.lists(st.sampled_from(["pump", "well", "deep", "$10", "2026", "team", "report", "fast"]), max_size=12)


@given(st.lists(WORDS.map(lambda words: f"<p>{' '.join(words)}</p>"), max_size=8).map("".join), st.data())
def test_a_page_is_itself_and_what_is_added_one_way_is_removed_the_other(html, data):
    assert not change(html, html).is_change
    other = data.draw(st.lists(WORDS.map(lambda words: f"<h2>{' '.join(words)}</h2>"), max_size=8).map("".join))
    there, back = change(html, other), change(other, html)
    assert there.is_change == back.is_change
    assert there.plans_added == back.plans_removed
