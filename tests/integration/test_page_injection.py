"""Pages that give orders to machines, and pages full of attack strings: the reader quotes, and does nothing they say.

The corpora stand beside the checkout. Each payload is put on a whole page: in the places that no visitor sees, in the
words, in what the page says of itself, and as raw markup.
"""

import csv
import gzip
import json
import re
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tools.domains import registrable_domain
from tools.ports import Unknown, WebPage
from tools.providers.web_fetch.addresses import Target, parse_target
from tools.site_reader import SiteReading, dns_technologies, read_site
from tools.site_reader.changes import compare, snapshot
from tools.site_reader.content import as_text, main_blocks
from tools.site_reader.html import parse
from tools.site_reader.roles import role_titles

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOME = "https://acme.com"
# What a page may say as its own words, quoted; everything else is structure that words must not move.
WORDS = {"title", "description", "site_name", "language"}
FIELDS = WORDS | {
    "technology", "employees", "country", "founded_year", "open_roles", "pricing_page", "careers_page", "team_page",
    "contact_page",
}  # fmt: skip


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def read_file(path: Path):
    name = path.name
    if name.endswith(".gz"):
        yield from strings(json.loads(gzip.decompress(path.read_bytes())))
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if name.endswith(".json"):
        yield from strings(json.loads(text))
    elif name.endswith(".jsonl"):
        for line in text.splitlines():
            yield from strings(json.loads(line))
    elif name.endswith(".yaml"):
        try:
            yield from strings(yaml.safe_load(text))
        except yaml.YAMLError:
            yield text
    elif name.endswith(".csv"):
        yield from (cell for row in csv.reader(text.splitlines(keepends=True)) for cell in row)
    else:
        yield from text.splitlines()


def payloads(shared_dir: Path, folder: str) -> list[str]:
    root = shared_dir / "data" / folder
    if not root.is_dir():
        pytest.skip(f"The corpus is not at {root}.")
    found = {
        one.strip()[:20_000]: None
        for path in sorted(root.rglob("*"))
        if path.is_file()
        for one in read_file(path)
        if len(one.strip()) > 8
    }
    return list(found)


class Site:
    def __init__(self, pages):
        self.pages, self.asked = pages, []

    def get(self, url):
        self.asked.append(url)
        text = self.pages.get(urlsplit(url).path)
        if text is None:
            return Unknown("It is not there.")
        return WebPage(url, url, 200, {"content-type": "text/html", "server": "cloudflare"}, text, NOW)


HEAD = """<title>Acme Pumps{title}</title><meta name="description" content="Pumps for wells.{meta}">
<script src="https://js.hs-scripts.com/1.js"></script><script type="application/ld+json">
{{"@context": "https://schema.org", "@graph": [{{"@type": "Corporation", "name": {name}, "numberOfEmployees": 120,
"address": {{"addressCountry": "AT"}}, "foundingDate": "1999"}}]}}</script>"""
LINKS = '<a href="/pricing">Pricing</a> <a href="/careers">Careers</a> <a href="/about">About</a>'
HIDDEN = """<!-- {raw} --><p hidden>{text}</p><div style="display:none">{text}</div>
<div aria-hidden="true"><p>{text}</p></div><span style="font-size:0">{text}</span>
<span style="position:absolute;left:-9999px">{text}</span><p style="color:#fff">{text}</p>
<img alt="{text}" src="/x.png">
<template><p>{text}</p></template><noscript>{text}</noscript><input type="hidden" value="{text}">
<meta name="x-note" content="{text}"><div data-note="{text}" title="{text}"></div><dialog>{text}</dialog>"""
SEEN = "<h2>{text}</h2><p>{text}</p><blockquote>{text}</blockquote><table><tr><td>{text}</td></tr></table>"


def site(*, hidden="", words="", raw="", attribute=""):
    head = HEAD.format(
        title=f" {escape(attribute)}" if attribute else "",
        meta=f" {escape(attribute)}" if attribute else "",
        name=json.dumps(f"Acme {attribute}".strip()).replace("</", "<\\/").replace("<!--", "<\\u0021--"),
    )
    plain = escape(hidden)
    more = HIDDEN.format(text=plain, raw=hidden.replace("-->", "").replace("--!>", "")) if hidden else ""
    more += SEEN.format(text=escape(words)) if words else ""
    more += raw
    body = "<h1>Pumps for wells</h1><p>We make pumps that last for twenty years in any water.</p>"
    return Site(
        {
            "": f'<html lang="en"><head>{head}</head><body>{LINKS}{body}{more}</body></html>',
            "/pricing": f"<title>Pricing</title><h2>Small</h2><p>$10 per month</p>{more}",
            "/careers": f"<title>Careers</title><h1>Open roles</h1><ul><li>Account Executive</li></ul>{more}",
            "/about": f"<title>About</title><p>We are Acme.</p>{more}",
        }
    )


def read(pages):
    reading = read_site(pages, "acme.com")
    assert isinstance(reading, SiteReading)
    return reading


def structure(reading):
    return sorted((f.field, str(f.value), f.url) for f in reading.findings if f.field not in WORDS)


def is_bounded(reading, pages):
    """Whatever the page holds: our own site is asked, no more than five pages, and quotes are short and clean."""
    assert len(pages.asked) <= 5
    assert {registrable_domain(url) for url in pages.asked} == {"acme.com"}
    for finding in reading.findings:
        assert finding.field in FIELDS
        assert len(finding.quote) <= 200
        assert finding.quote.isprintable()
        assert registrable_domain(finding.url) == "acme.com"
    for signal in reading.signals:
        assert signal.kind == "hiring"
        assert signal.quote.isprintable()
        assert registrable_domain(signal.url) == "acme.com"


CORPORA = [("prompt_injection", 2_500), ("security", 4_000)]


@pytest.fixture(scope="module")
def plain():
    pages = site()
    reading = read(pages)
    assert {f.field for f in reading.findings} >= {"employees", "country", "technology", "pricing_page", "careers_page"}
    assert [s.quote for s in reading.signals] == ["Account Executive"]
    return reading, pages


@pytest.mark.parametrize(("folder", "floor"), CORPORA)
def test_what_is_hidden_changes_nothing_at_all(shared_dir, plain, folder, floor):
    found = payloads(shared_dir, folder)
    assert len(found) >= floor
    reading, pages = plain
    before = snapshot(pages.get(f"{HOME}/pricing"))
    for payload in found:
        hiding = site(hidden=payload)
        other = read(hiding)
        assert other == reading, payload[:200]
        assert hiding.asked == pages.asked[:4]
        text = as_text(main_blocks(parse(hiding.pages[""])))
        assert text == as_text(main_blocks(parse(pages.pages[""]))), payload[:200]
        later = WebPage(
            f"{HOME}/pricing", f"{HOME}/pricing", 200, {}, hiding.pages["/pricing"], NOW + timedelta(days=1)
        )
        assert not compare(before, snapshot(later)).is_change, payload[:200]


@pytest.mark.parametrize(("folder", "floor"), CORPORA)
def test_words_are_words_wherever_they_stand(shared_dir, plain, folder, floor):
    """In the text, and as the page's title, description and JSON-LD name: no structure, signal or request moves.

    But a line of a careers page that is a job's title counts as one, whoever wrote it: that is what such a page says.
    """
    found = payloads(shared_dir, folder)
    assert len(found) >= floor
    titles = [payload for payload in found if role_titles([*payload.splitlines(), payload])]
    assert len(titles) <= 0.01 * len(found), titles[:20]
    found = sorted(set(found) - set(titles))
    reading, pages = plain
    for payload in found:
        for told in (site(words=payload), site(attribute=payload)):
            other = read(told)
            is_bounded(other, told)
            assert structure(other) == structure(reading), payload[:200]
            assert other.signals == reading.signals, payload[:200]
            assert told.asked == pages.asked[:4], payload[:200]


@pytest.mark.parametrize(("folder", "floor"), CORPORA)
def test_raw_markup_is_bounded(shared_dir, plain, folder, floor):
    """Markup of a page may change what it says, as it is the page; it reaches no other site and keeps to its bounds."""
    found = payloads(shared_dir, folder)
    assert len(found) >= floor
    for payload in found:
        told = site(raw=payload + f'<a href="{payload}">Jobs</a>')
        is_bounded(read(told), told)


def test_no_payload_is_a_way_out_as_a_url(shared_dir):
    """What redirect lists hold, resolved against our page, is our own site or is not asked for."""
    found = payloads(shared_dir, "security")
    reached = 0
    for payload in found:
        told = Site({"": f'<a href="{escape(payload)}">Careers</a><a href="{escape(payload)}">Pricing</a>'})
        read_site(told, "acme.com")
        assert {registrable_domain(url) for url in told.asked} == {"acme.com"}, payload
        target = parse_target(payload, (80, 443))
        if isinstance(target, Target):
            reached += 1
            assert "@" not in target.authority
            assert parse_target(target.url, (80, 443)) == target
    assert reached < len(found) / 2


def test_records_of_dns_are_words_too(shared_dir):
    class Records:
        def __init__(self, text):
            self.text = text

        def mx(self, domain):
            return [self.text]

        def txt(self, domain):
            return [self.text, f"v=spf1 include:{self.text}"]

        def cname(self, host):
            return [self.text]

    for folder, _ in CORPORA:
        for payload in payloads(shared_dir, folder):
            if re.fullmatch(r"[\w.-]+", payload):
                continue  # a plain host name is one, wherever it was found
            assert list(dns_technologies(Records(payload), "acme.com")) == [], payload[:200]
