"""Reading a company's own site: what is found, with what words, and that no page can hurt."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tools.ports import Unknown, WebPage
from tools.site_reader import SiteReading, read_site
from tools.site_reader.html import parse
from tools.site_reader.technologies import TECHNOLOGIES, technologies

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Site:
    """Pages by URL; everything else is not found."""

    def __init__(self, pages, headers=None, final=None):
        self.pages, self.asked = pages, []
        self.headers, self.final = {"content-type": "text/html", **(headers or {})}, final or {}

    def get(self, url):
        self.asked.append(url)
        text = self.pages.get(url)
        if isinstance(text, Unknown):
            return text
        return WebPage(url, self.final.get(url, url), 404 if text is None else 200, self.headers, text or "", NOW)


def read(home, **pages):
    site = Site({"https://acme.com": home, **{f"https://acme.com/{name}": text for name, text in pages.items()}})
    reading = read_site(site, "acme.com")
    assert isinstance(reading, SiteReading)
    return reading


def values(reading, field):
    return [finding.value for finding in reading.findings if finding.field == field]


def test_title_description_language_and_name_come_with_quote_url_and_time():
    reading = read(
        '<html lang="de-AT"><title> Acme &amp; Co </title><meta property="og:site_name" content="Acme">'
        '<meta name="Description" content="Pumps for &quot;deep&quot; wells.">'
    )
    assert values(reading, "title") == ["Acme & Co"]
    assert values(reading, "description") == ['Pumps for "deep" wells.']
    assert values(reading, "language") == ["de"]
    assert values(reading, "site_name") == ["Acme"]
    assert {(f.url, f.observed_at) for f in reading.findings} == {("https://acme.com", NOW)}
    assert all(f.quote and 0 < f.confidence <= 1 for f in reading.findings)


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ('<script src="https://js.hs-scripts.com/1.js">', "HubSpot"),
        ('<script src="//cdn.segment.com/analytics.js/v1/a/analytics.min.js"></script>', "Segment"),
        ("<script src=https://js.stripe.com/v3/></script>", "Stripe"),
        ('<form action="https://webto.salesforce.com/servlet/servlet.WebToLead">', "Salesforce"),
        ('<script src="https://munchkin.marketo.net/munchkin.js"></script>', "Marketo"),
        ('<meta name="generator" content="WordPress 6.8">', "WordPress"),
        ('<meta content="Drupal 11" name=GENERATOR>', "Drupal"),
        ('<meta name="generator" content="Moodle 5.0">', "Moodle"),
        ('<link href="/wp-content/themes/a.css" rel=stylesheet>', "WordPress"),
        ("<script>gtag('config', 'G-1')</script>", "Google Analytics"),
        ('<script src="https://www.googletagmanager.com/gtag/js?id=G-A"></script>', "Google Analytics"),
        ('<script src="https://static.zdassets.com/ekr/snippet.js"></script>', "Zendesk"),
        ('<a href="https://jobs.lever.co/acme">Jobs</a>', "Lever"),
    ],
)
def test_technology_is_seen_in_what_the_page_loads(html, name):
    assert values(read(html), "technology") == [name]


@pytest.mark.parametrize(
    "html",
    [
        "<p>We love HubSpot, Stripe and js.stripe.com.</p>",
        '<a href="https://js.stripe.com/v3/">Stripe</a>',
        '<script src="https://js.stripe.com.evil.example/v3/"></script>',
        '<!-- <script src="https://js.stripe.com/v3/"></script> -->',
        "<textarea><script src=https://js.stripe.com/v3/></script></textarea>",
        '<meta name="generator" content="not WordPress">',
    ],
)
def test_a_mention_is_not_a_technology(html):
    assert values(read(html), "technology") == []


def test_headers_tell_technologies_once():
    site = Site({"https://acme.com": "<p>"}, {"server": "cloudflare", "cf-ray": "1", "x-powered-by": "PHP/8.3"})
    assert values(read_site(site, "https://acme.com"), "technology") == ["Cloudflare", "PHP"]


def test_the_signature_table_has_300_names_each_once_each_with_a_sign_and_a_category():
    assert len({t.name for t in TECHNOLOGIES}) == len(TECHNOLOGIES) >= 300
    assert all(t.category and (t.addresses or t.generator or t.headers or t.inline or t.cookies) for t in TECHNOLOGIES)


def test_every_sign_of_the_table_shows_its_technology():
    """Each address, header, cookie and word, put on a page, says the name of its row."""
    for one in TECHNOLOGIES:
        for address in one.addresses:
            page = parse(f'<script src="https://{"sub.x" if address.startswith("/") else "sub."}{address}"></script>')
            assert one.name in {seen.name for seen in technologies(page, {})}, address
        for name, value in one.headers:
            assert one.name in {seen.name for seen in technologies(parse(""), {name: value or "1"})}, name
        for cookie in one.cookies:
            assert one.name in {s.name for s in technologies(parse(""), {"set-cookie": f"a=1\n{cookie}x=secret"})}, (
                cookie
            )
        for word in one.inline:
            assert one.name in {s.name for s in technologies(parse(f"<script>{word}</script>"), {})}, word


def test_a_cookies_value_is_not_kept():
    seen = list(technologies(parse(""), {"set-cookie": "PHPSESSID=0123456789; path=/"}))
    assert [(one.name, one.quote) for one in seen] == [("PHP", "cookie phpsessid")]


def test_sales_roles_on_the_careers_page_are_a_dated_signal():
    reading = read(
        '<a href="/careers">Careers</a>',
        careers="<h1>Open roles</h1><p>We are looking for great people, engineers and managers alike.</p>"
        "<ul><li><a href=/1>Senior Account Executive, EMEA</a></li>"
        "<li>Backend Engineer</li><li>Backend Engineer</li></ul>",
    )
    assert values(reading, "careers_page") == ["https://acme.com/careers"]
    assert values(reading, "open_roles") == [2]
    (signal,) = reading.signals
    assert (signal.kind, signal.observed_at, signal.url) == ("hiring", NOW, "https://acme.com/careers")
    assert signal.quote == "Senior Account Executive, EMEA"


@pytest.mark.parametrize(
    "line",
    [
        "Jane Doe, Account Executive",
        "We are not hiring account executives.",
        "Talk to an account manager",
        "Meet our account executives",
        "Backend Engineer",
        "Our account executive team is great and here is why you should join it",
    ],
)
def test_people_and_prose_are_no_hiring_signal(line):
    assert read('<a href="/jobs">Jobs</a>', jobs=f"<p>{line}</p>").signals == ()


def test_a_page_that_says_nothing_is_open_has_zero_roles_and_a_silent_page_none():
    assert values(read('<a href="/jobs">Jobs</a>', jobs="<p>No open positions at the moment"), "open_roles") == [0]
    assert values(read('<a href="/jobs">Jobs</a>', jobs="<p>Life at Acme"), "open_roles") == []


def test_job_postings_count_for_more_than_lines():
    posting = '{"@type": "JobPosting", "title": "SDR, Berlin"}'
    reading = read('<a href="/jobs">J</a>', jobs=f'<script type="application/ld+json">[{posting},{posting}]</script>')
    assert values(reading, "open_roles") == [2]
    assert reading.signals[0].strength == 1.0


def test_json_ld_of_the_organisation():
    reading = read(
        '<script type="application/ld+json">{"@graph": [{"@type": ["Corporation"], "name": "Acme", "foundingDate":'
        '"1999-04-01", "numberOfEmployees": {"@type": "QuantitativeValue", "minValue": 51, "maxValue": "200"},'
        '"address": {"addressCountry": {"name": "Germany"}}}]}</script>'
    )
    assert values(reading, "employees") == [125]
    assert values(reading, "country") == ["DE"]
    assert values(reading, "founded_year") == [1999]
    assert values(reading, "site_name") == ["Acme"]


@pytest.mark.parametrize(
    "json",
    [
        '{"@type":"Organization","foundingDate":"2199","numberOfEmployees":-4,"address":"x"}',
        '{"@type":"Organization","numberOfEmployees":true,"address":[],"foundingDate":[]}',
        '{"@type":"Person","foundingDate":"1999","numberOfEmployees":4}',
        '{"@type":"Organization","numberOfEmployees":1e400}',
        "[" * 100_000,
        '{"a":' * 5_000,
        "9" * 10_000,
        "{not json",
    ],
)
def test_json_ld_that_makes_no_sense_says_nothing(json):
    assert read(f'<script type="application/ld+json">{json}</script>').findings == ()


def test_at_most_four_same_site_links_and_no_other_site():
    links = "".join(f'<a href="/{p}">{p}</a>' for p in ("pricing", "careers", "about", "jobs", "plans", "company"))
    site = Site({"https://acme.com": links + '<a href="https://evil.example/pricing">Pricing</a>'})
    read_site(site, "acme.com")
    assert 1 < len(site.asked) <= 5
    assert all(url.startswith("https://acme.com") for url in site.asked)


def test_an_absent_pricing_page_is_not_found():
    assert values(read('<a href="/pricing">Pricing</a>'), "pricing_page") == []
    assert values(read('<a href="/pricing">Pricing</a>', pricing="<p>3"), "pricing_page") == [
        "https://acme.com/pricing"
    ]


def test_a_domain_that_leads_to_another_site_is_believed_less():
    site = Site({"https://acme.com": "<title>Other</title>"}, final={"https://acme.com": "https://other.com/"})
    (moved,) = read_site(site, "acme.com").findings
    (own,) = read("<title>Other</title>").findings
    assert moved.confidence < own.confidence


def test_unknown_says_why():
    assert read_site(Site({}), "acme.com") == Unknown("https://acme.com answered with status 404.")
    assert read_site(Site({"https://acme.com": Unknown("It is down.")}), "acme.com") == Unknown("It is down.")
    assert isinstance(read_site(Site({}), "  "), Unknown)
    assert isinstance(read_site(Site({"https://a.com": "%PDF"}, {"content-type": "application/pdf"}), "a.com"), Unknown)


def test_quotes_hold_no_hidden_characters_and_at_most_200():
    (title, *_) = read("<title>Ac\u202eme\u200b\x00\x1b[31m\ud800 " + "x" * 5_000 + "</title>").findings
    assert title.quote.startswith("Acme[31m x")
    assert len(title.quote) <= 200


HOSTILE = [
    "<div>" * 100_000,
    "<a href=/careers>" * 100_000,
    "<p " + " ".join(f"a{i}=1" for i in range(150_000)) + ">",
    '<p a="' + "x" * 1_900_000,
    "<" * 1_000_000,
    "<!--" * 400_000,
    "<script>" * 200_000,
    "</script " * 200_000,
    "<title>" + "&" * 1_000_000,
    "<title>&#" + "9" * 100_000 + ";",
    "<a href='" * 200_000,
    "\x00" * 1_000_000,
    '<a href="http://[::1">x</a><script src="http://[x"></script><base href="http://[">',
    "<html lang='" + "a" * 100_000 + "'>",
    "<p =" * 400_000,
    "<p a = " * 300_000,
    "<li>Account Executive " + "and " * 400_000,
]


@pytest.mark.parametrize("html", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_pages_take_seconds_at_most_and_never_raise(html):
    started = time.process_time()
    read(html, careers=html)
    assert time.process_time() - started < 10


@given(st.text(alphabet=st.sampled_from("<>/!-=\"' &;#aliscrptAtef\x00\u202e"), max_size=200))
@example("<a href=//[>")
@example('<script type="application/ld+json">{"@type":"Organization","name":"\ud800"}</script>')
def test_no_text_makes_it_raise(html):
    for finding in read(html).findings:
        assert len(finding.quote) <= 200
        assert finding.quote.isprintable()
