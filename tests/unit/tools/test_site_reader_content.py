"""What of a page is read: what a visitor sees, with its structure, in its language; in linear time."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ports import Unknown, WebPage
from tools.providers.web_fetch.text import decode
from tools.site_reader import read_site
from tools.site_reader.content import as_text, language_of, main_blocks
from tools.site_reader.html import parse

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "html",
    [
        "<p hidden>SECRET</p>",
        "<p hidden>SECRET<p>after",
        '<div aria-hidden="TRUE"><p>SECRET</p></div>',
        "<div style='display: none'>SECRET</div>",
        "<div style='DISPLAY:NONE!important'><p>SECRET<ul><li>SECRET</ul></div>",
        r"<div style='display:\6e one'>SECRET</div>",
        "<div style='display/**/:/* x */none'>SECRET</div>",
        "<div style='visibility:hidden'>SECRET</div>",
        "<span style='font-size:0'>SECRET</span>",
        "<span style='font-size:0.1px'>SECRET</span>",
        "<span style='font-size:1px'>SECRET</span>",
        "<span style='opacity:0'>SECRET</span>",
        "<span style='opacity:.01'>SECRET</span>",
        "<span style='position:absolute;left:-9999px'>SECRET</span>",
        "<span style='position:fixed;top:-100em'>SECRET</span>",
        "<span style='text-indent:-9999px'>SECRET</span>",
        "<span style='margin-left:-5000px'>SECRET</span>",
        "<span style='transform:translateX(-9999px)'>SECRET</span>",
        "<span style='transform:scale(0)'>SECRET</span>",
        "<span style='clip:rect(0 0 0 0);position:absolute'>SECRET</span>",
        "<span style='clip-path:inset(50%)'>SECRET</span>",
        "<div style='height:0;overflow:hidden'>SECRET</div>",
        "<div style='width:1px;height:1px;overflow:hidden'>SECRET</div>",
        "<span style='color:white'>SECRET</span>",
        "<span style='color:#FFF'>SECRET</span>",
        "<span style='color:#fefefe'>SECRET</span>",
        "<span style='color:rgb(255, 255, 255)'>SECRET</span>",
        "<span style='color:rgba(0,0,0,0)'>SECRET</span>",
        "<span style='color:transparent'>SECRET</span>",
        "<font color=white>SECRET</font>",
        "<body bgcolor=black><font color='#000000'>SECRET</font>",
        "<div style='background:#123456'><b style='color:#123456'>SECRET</b></div>",
        "<style>.x{display:none}</style><p class='y x'>SECRET</p>",
        "<style>p.x, #z { font-size: 0 }</style><p id=z>SECRET</p>",
        "<style>/* .x{} */ .x{position:absolute;left:-999em}</style><p class=x>SECRET</p>",
        "<p class='sr-only'>SECRET</p>",
        "<template><p>SECRET</p></template>",
        "<noscript>SECRET</noscript>",
        "<dialog>SECRET</dialog>",
        "<svg><text>SECRET</text></svg>",
        "<!-- SECRET -->",
        "<textarea>SECRET</textarea>",
        "<img alt='SECRET'>",
        "<a title='SECRET' href=/>x</a>",
        "<input type=hidden value=SECRET>",
        "<div hidden></span></b>SECRET</div>",
        "<div hidden><table><tr><td></div>SECRET</table></div>",
        "<div hidden>" + "<i>" * 300 + "</i>" * 200 + "SECRET" + "</i>" * 100 + "</div>",
        "<div hidden>" + "<div>" * 300 + "</div>" * 300 + "SECRET</div>",
    ],
)
def test_what_a_visitor_does_not_see_is_not_read(html):
    page = parse(f"<p>Before</p>{html}<p>After</p>")
    assert "SECRET" not in " ".join(page.lines), page.lines
    assert "SECRET" not in as_text(main_blocks(page))
    assert page.lines[0] == "Before"


@pytest.mark.parametrize(
    "html",
    [
        "<p hidden>x</p><p>SEEN</p>",
        "<ul><li hidden>x<li>SEEN</ul>",
        "<table><tr><td hidden>x<td>SEEN</table>",
        "<div style='display:none'>x</div>SEEN",
        "<div style='color:#333'>SEEN</div>",
        "<div style='background:#000'><p style='color:#fff'>SEEN</p></div>",
        "<div class=hero><p style='color:white'>SEEN</p></div>",
        "<div style='opacity:0;transform:translateY(20px)'>SEEN</div>",  # fades in
        "<div style='font-size:0.9em'>SEEN</div>",
        "<div style='position:absolute;left:-20px'>SEEN</div>",
        "<style>@media print{.x{display:none}} .y{color:red}</style><p class=x>SEEN</p>",
        "<style>.x{display:none} .x{display:block}</style><p class=x>SEEN</p>",
        "<style>.nav .x{display:none}</style><p class=x>SEEN</p>",
        "<svg/><p>SEEN</p>",
        "<svg><path d='M0'/><g/></svg><p>SEEN</p>",
        "<br hidden><p>SEEN</p>",
        "<div aria-hidden=false>SEEN</div>",
        "<details><summary>more</summary>SEEN</details>",
        "<div hidden>" + "<div>" * 300 + "</div>" * 301 + "SEEN",
    ],
)
def test_what_a_visitor_sees_is_read(html):
    assert "SEEN" in " ".join(parse(html).lines)


def test_links_that_nobody_sees_are_not_followed():
    page = parse("<div hidden><a href=/x>x</a></div><a style='display:none' href=/y>y</a><a href=/z>z</a>")
    assert [link.href for link in page.links] == ["/z"]


PAGE = """<html lang=en><body>
<header><a href=/>Home</a> <nav><ul><li><a href=/p>Pricing</a></ul></nav></header>
<div id="cookie-banner"><p>We use cookies.</p></div>
<main><article><header><h1>Pumps for deep wells</h1></header>
<p>Our pumps reach <b>400 metres</b>. Made in Graz &amp; they last for twenty years, in any water that you have.</p>
<ul><li>Quiet<li>Cheap</ul>
<table><tr><th>Plan<th>Price<tr><td>Small<td>$10<tr><td>Large<td>$20</table>
<blockquote>It never broke, in all the years that we have had it here on the farm by the river.</blockquote>
</article></main>
<footer>© 2026 Acme, all rights reserved</footer>"""


def test_the_text_of_a_page_keeps_its_structure_and_leaves_menus_out():
    assert as_text(main_blocks(parse(PAGE))).splitlines() == [
        "# Pumps for deep wells",
        "Our pumps reach 400 metres. Made in Graz & they last for twenty years, in any water that you have.",
        "- Quiet",
        "- Cheap",
        "Plan | Price",
        "Small | $10",
        "Large | $20",
        "> It never broke, in all the years that we have had it here on the farm by the river.",
    ]


def test_a_page_without_main_loses_its_menus_and_notices_only():
    text = as_text(main_blocks(parse(PAGE.replace("main>", "div>").replace("article>", "section>"))))
    assert "400 metres" in text
    assert "cookies" not in text
    assert "Pricing" not in text
    assert "rights" not in text


GERMAN = "Wir entwickeln seit vielen Jahren Pumpen für tiefe Brunnen und liefern sie an Kunden in ganz Europa. " * 6
ENGLISH = "We have been making pumps for deep wells for many years and deliver them to customers everywhere. " * 6


@pytest.mark.parametrize(
    ("html", "headers", "code", "method"),
    [
        ('<html lang="de-AT"><p>x', {}, "de", "meta"),
        ('<meta http-equiv="Content-Language" content="fr, en">', {}, "fr", "meta"),
        ("<p>x", {"content-language": "sv"}, "sv", "meta"),
        ('<meta property="og:locale" content="pt_BR">', {}, "pt", "meta"),
        (f"<p>{GERMAN}", {}, "de", "text"),
        (f"<html lang=en><p>{GERMAN}", {}, "de", "text"),  # a template's
        (f"<html lang=en><p>{ENGLISH}", {}, "en", "meta"),
        (f"<html lang=en><p>{ENGLISH}<p hidden>{GERMAN * 5}", {}, "en", "meta"),
        ("<html lang=de><p>Software as a Service", {}, "de", "meta"),
        ("<p>弊社は営業チームのためのソフトウェアを開発しています。" * 4, {}, "ja", "text"),
    ],
)
def test_language(html, headers, code, method):
    found = language_of(parse(html), headers)
    assert (found.code, found.method) == (code, method)
    assert found.quote


def test_a_page_that_says_nothing_has_no_language():
    assert language_of(parse("<p>Acme 3000"), {}) is None


class Site:
    def __init__(self, pages):
        self.pages, self.asked = pages, []

    def get(self, url):
        self.asked.append(url)
        text = self.pages.get(url, Unknown("down"))
        return text if isinstance(text, Unknown) else WebPage(url, url, 200, {"content-type": "text/html"}, text, NOW)


def found(html, field):
    reading = read_site(Site({"https://acme.com": html}), "acme.com")
    return [finding.value for finding in reading.findings if finding.field == field]


def test_microdata_says_what_json_ld_says():
    html = """<div itemscope itemtype="https://schema.org/Corporation"><span itemprop="name">Acme <b>Pumps</b></span>
    <meta itemprop="foundingDate" content="1999-04-01"><div itemprop="numberOfEmployees" itemscope
    itemtype="https://schema.org/QuantitativeValue"><span itemprop="value">120</span></div>
    <p itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">
    <span itemprop="addressCountry">Austria</span></p></div><p itemprop="name">Other</p>"""
    assert found(html, "site_name") == ["Acme Pumps"]
    assert found(html, "founded_year") == [1999]
    assert found(html, "employees") == [120]
    assert found(html, "country") == ["AT"]


def test_hidden_microdata_says_nothing():
    assert found('<div hidden itemscope itemtype="http://schema.org/Corporation"><b itemprop=name>X</b></div>', "site_name") == []  # fmt: skip  # noqa: E501


def test_team_and_contact_pages_are_links_and_no_names_are_kept():
    html = '<a href="/team">Team</a><a href="/contact-us">Contact</a><a href="https://evil.example/team">Team</a>'
    assert found(html, "team_page") == ["https://acme.com/team"]
    assert found(html, "contact_page") == ["https://acme.com/contact-us"]


def test_a_host_is_asked_over_http_where_https_fails():
    site = Site({"http://acme.com": "<title>Acme</title>"})
    assert [f.value for f in read_site(site, "acme.com").findings] == ["Acme"]
    assert site.asked[:2] == ["https://acme.com", "http://acme.com"]
    assert read_site(Site({}), "acme.com") == Unknown("down")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("text/html; charset=gb2312", "镕".encode("gb18030"), "镕"),
        ("text/html; charset=shift_jis", "①".encode("cp932"), "①"),
        ("text/html; charset=ks_c_5601-1987", "똠".encode("cp949"), "똠"),
        ("text/html; charset=iso-8859-9", b"\x80", "€"),
        ("text/html; charset=x-sjis", "日".encode("cp932"), "日"),
        ("text/html; charset=unicode-1-1-utf-8", "ü".encode(), "ü"),
        ("text/html", b"<meta charset=utf-16>\xc3\xbc", "<meta charset=utf-16>ü"),
        ("text/html", "<?xml version='1.0' encoding='koi8-r'?>Привет".encode("koi8-r"), "<?xml version='1.0' encoding='koi8-r'?>Привет"),  # noqa: E501
        ("text/html; charset=windows-1257", "ž".encode("cp1257"), "ž"),
        ("text/html", b"<!-- <meta charset=utf-8> --><meta charset=koi8-r>\xf0", "<!-- <meta charset=utf-8> --><meta charset=koi8-r>П"),  # noqa: E501
    ],
)  # fmt: skip
def test_charsets_as_browsers_read_them(kind, body, text):
    assert decode(body, kind) == text


LINEAR = {
    "attributes": lambda n: "<p " + " ".join(f"a{i}=1" for i in range(n)) + ">",
    "depth": lambda n: "<div>" * n,
    "formatting": lambda n: "<b><i><a>x" * n,
    "tables": lambda n: "<table><tr><td>" * n,
    "ignored ends": lambda n: "<div><td>" + "<b>" * 100 + "</div>" * n,
    "rules": lambda n: "<style>" + ".a{display:none}" * n + "</style>" + "<p class=a>x" * n,
    "comments in rules": lambda n: "<style>" + "/*" * n + "{" * n + "}" * n,
    "microdata": lambda n: "<div itemscope><b itemprop=a>" * n,
    "items": lambda n: "<li>x" * n,
    "paragraphs": lambda n: "<p>x" * n,
}


@pytest.mark.parametrize("name", LINEAR)
def test_time_doubles_with_the_page(name):
    def seconds(n):
        html = LINEAR[name](n)
        times = []
        for _ in range(3):
            started = time.process_time()
            main_blocks(parse(html))
            times.append(time.process_time() - started)
        return min(times)

    small, large = seconds(8_000), seconds(32_000)
    assert large < 8 * small + 0.05, f"{small:.3f} s, then {large:.3f} s for four times as much"


TAGS = ("<p>", "</p>", "<div hidden>", "</div>", "<li>", "<table>", "<td>", "</table>", "<style>", "</style>", "{", "}")


@given(st.lists(st.sampled_from(TAGS) | st.text(max_size=5), max_size=40).map("".join))
def test_no_text_makes_the_reader_raise(html):
    page = parse(html)
    as_text(main_blocks(page))
    assert all(block.text for block in page.blocks)


@given(st.binary(max_size=300), st.sampled_from(["", "text/html", "text/html; charset=utf-16", "a/b;charset=big5"]))
def test_no_bytes_make_it_raise(body, kind):
    page = parse(decode(body, kind))
    as_text(main_blocks(page))
    language_of(page, {})
