"""Reads a company's home page and at most four pages it links to, and says what they say.

Pure but for the `WebFetch` it is given. Nothing a page holds makes it raise; what a page does not say is left out.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from tools.domains import registrable_domain
from tools.ports import SignalRecord, Unknown, WebFetch, WebPage
from tools.site_reader.changes import PageSnapshot, snapshot
from tools.site_reader.content import language_of
from tools.site_reader.html import Link, Page, parse
from tools.site_reader.organisation import job_titles, said_of_organisation
from tools.site_reader.roles import role_titles, says_no_roles, sells
from tools.site_reader.technologies import technologies
from tools.site_reader.types import Finding, SiteReading, cleaned

MAX_LINKED_PAGES = 4
MAX_SALES_SIGNALS = 1  # of one careers page: five sales roles are one campaign of hiring, not five


def _section(words: str) -> re.Pattern[str]:
    """Matches a path, or the words of a link joined by hyphens, of which one of `words` is a whole part."""
    return re.compile(rf"(?:^|[/_-])(?:{words})(?:$|[/._-])")


_PRICING = _section("pricing|prices|plans|plans-and-pricing|preise|tarifs|precios|prezzi")
_CAREERS = _section("careers?|jobs?|join-?us|work-with-us|karriere|stellen[a-z]*|recrutement|empleo|vacatures")
_OPENINGS = _section("open(?:ings|-positions|-roles|-jobs)|positions|vacancies|jobs|listings")
_ABOUT = _section("about(?:-?us)?|company|who-we-are|ueber-uns|unternehmen|qui-sommes-nous|imprint|impressum")
_TEAM = _section("team|our-team|leadership|management|people|ueber-uns/team|equipe|das-team")
_CONTACT = _section("contact(?:-?us)?|kontakt|contacto|contatti|nous-contacter")
_JOB_BOARDS = re.compile(
    r"(?:^|\.)(?:greenhouse\.io|lever\.co|ashbyhq\.com|workable\.com|personio\.(?:de|com)|teamtailor\.com|"
    r"recruitee\.com|bamboohr\.com|smartrecruiters\.com)$"
)


def read_site(fetch: WebFetch, website: str) -> SiteReading | Unknown:
    """What the site at `website` (a URL or a host) says. Unknown where its home page cannot be read, with the reason.

    Fetches 1 to 5 pages, one after the other. A page that fails besides the first is left out.
    """
    address = website.strip()
    if not address:
        return Unknown("The company has no known web site.")
    home = _home(fetch, address)
    if isinstance(home, Unknown):
        return home
    address = home.url
    if not 200 <= home.status < 300:
        return Unknown(f"{cleaned(address)} answered with status {home.status}.")
    kind = home.headers.get("content-type", "text/html").lower()
    if "html" not in kind:
        return Unknown(f"{cleaned(address)} is not a web page but {cleaned(kind, 60)}.")
    return _Reading(fetch, home, asked=address).run()


def _home(fetch: WebFetch, address: str) -> WebPage | Unknown:
    """A host without a scheme is asked over https, and over http where that fails: small sites still have no other."""
    if "://" in address:
        return fetch.get(address)
    host = address.lstrip("/")
    safe = fetch.get(f"https://{host}")
    if not isinstance(safe, Unknown):
        return safe
    plain = fetch.get(f"http://{host}")
    return safe if isinstance(plain, Unknown) or plain.status >= 400 else plain


class _Reading:
    def __init__(self, fetch: WebFetch, home: WebPage, asked: str) -> None:
        self._fetch = fetch
        self._home = home
        self._findings: dict[tuple[str, Any], Finding] = {}
        self._signals: list[SignalRecord] = []
        self._pages = 1
        self._pricing: PageSnapshot | None = None
        self._visited = {_key(asked), _key(home.url), _key(home.final_url)}
        site = registrable_domain(home.final_url)
        # A domain that leads to another company's site (sold, merged, parked) speaks of that company first.
        self._trust = 1.0 if site == registrable_domain(asked) else 0.5

    def run(self) -> SiteReading:
        home = parse(self._home.text)
        self._general(self._home, home)
        links = list(_absolute(self._home.final_url, home))
        if pricing := self._linked(links, _PRICING):
            self._visit_pricing(pricing)
        careers = self._linked(links, _CAREERS) or self._job_board(links)
        if careers:
            self._visit_careers(careers)
        if about := self._linked(links, _ABOUT):
            self._visit(about.href)
        # Who works there is not read here: names of people belong to contacts, which can be erased, not to a company.
        for field, wanted in (("team_page", _TEAM), ("contact_page", _CONTACT)):
            if link := self._linked(links, wanted):
                self._add(field, link.href, link.text or link.href, self._home, "link", 0.7)
        return SiteReading(tuple(self._findings.values()), tuple(self._signals), self._pages, self._pricing)

    # -- pages

    def _visit(self, url: str) -> tuple[WebPage, Page] | None:
        if self._pages > MAX_LINKED_PAGES or _key(url) in self._visited:
            return None
        self._visited.add(_key(url))
        answer = self._fetch.get(url)
        if isinstance(answer, Unknown) or not 200 <= answer.status < 300:
            return None
        if "html" not in answer.headers.get("content-type", "text/html").lower():
            return None
        if not self._same_site(answer.final_url):
            return None
        self._pages += 1
        self._visited.add(_key(answer.final_url))
        page = parse(answer.text)
        self._about_organisation(answer, page)
        self._technologies(answer, page)
        return answer, page

    def _visit_pricing(self, link: Link) -> None:
        visited = self._visit(link.href)
        if visited is None:
            return
        answer, page = visited
        self._pricing = snapshot(answer)
        self._add("pricing_page", answer.final_url, page.title or link.text, answer, "link", 0.9)

    def _visit_careers(self, link: Link) -> None:
        if not self._same_site(link.href):
            self._add("careers_page", link.href, link.text or link.href, self._home, "link", 0.85)
            return
        visited = self._visit(link.href)
        if visited is None:
            return
        answer, page = visited
        self._add("careers_page", answer.final_url, page.title or link.text, answer, "link", 0.9)
        if self._roles(answer, page):
            return
        deeper = list(_absolute(answer.final_url, page))
        if (openings := self._linked(deeper, _OPENINGS)) and (found := self._visit(openings.href)):
            self._roles(*found)

    # -- what they say

    def _general(self, answer: WebPage, page: Page) -> None:
        self._add("title", cleaned(page.title), page.title, answer, "title", 0.9)
        if not page.title:
            named = page.meta.get("og:title", "")
            self._add("title", cleaned(named), named, answer, "meta", 0.8)
        description = page.meta.get("description") or page.meta.get("og:description", "")
        self._add("description", cleaned(description, 1_000), description, answer, "meta", 0.9)
        name = page.meta.get("og:site_name") or page.meta.get("application-name", "")
        self._add("site_name", cleaned(name), name, answer, "meta", 0.9)
        if language := language_of(page, answer.headers):
            self._add("language", language.code, language.quote, answer, language.method, language.confidence)
        self._about_organisation(answer, page)
        self._technologies(answer, page)

    def _about_organisation(self, answer: WebPage, page: Page) -> None:
        held = {field for field, _ in self._findings}
        for said in said_of_organisation(page, answer.fetched_at.year):
            if said.field not in held:  # the page nearest to the home page is asked first, its first organisation wins
                held.add(said.field)
                self._add(said.field, said.value, said.quote, answer, "json_ld", said.confidence)

    def _technologies(self, answer: WebPage, page: Page) -> None:
        for seen in technologies(page, answer.headers):
            if ("technology", seen.name) not in self._findings:
                self._add("technology", seen.name, seen.quote, answer, seen.method, seen.confidence)

    def _roles(self, answer: WebPage, page: Page) -> bool:
        posted = job_titles(page)
        titles = posted or role_titles(page.lines)
        if not titles:
            if none := says_no_roles(page.lines):
                self._add("open_roles", 0, none, answer, "text", 0.7)
            return bool(none)
        method, confidence = ("json_ld", 0.9) if posted else ("text", 0.6)
        self._add("open_roles", len(titles), "; ".join(titles), answer, method, confidence)
        selling = [title for title in titles if sells(title)]
        for title in selling[:MAX_SALES_SIGNALS]:
            strength = (1.0 if posted else 0.8) * self._trust
            self._signals.append(SignalRecord("hiring", answer.fetched_at, cleaned(title), answer.final_url, strength))
        return True

    def _add(self, field: str, value: Any, quote: str, answer: WebPage, method: str, confidence: float) -> None:
        if value == "":
            return
        observed: datetime = answer.fetched_at
        finding = Finding(field, value, cleaned(quote), answer.final_url, observed, method, confidence * self._trust)
        self._findings.setdefault((field, value), finding)

    # -- links

    def _linked(self, links: list[Link], wanted: re.Pattern[str]) -> Link | None:
        """The same-site link whose path, or else whose words, say so; the shortest path is the section's own page."""
        here = [link for link in links if _key(link.href) not in self._visited and self._same_site(link.href)]
        by_path = [link for link in here if wanted.search(urlsplit(link.href).path.lower())]
        if by_path:
            return min(by_path, key=lambda link: (urlsplit(link.href).path.count("/"), len(link.href)))
        words = [(link, "-".join(cleaned(link.text, 40).lower().split())) for link in here]
        return next((link for link, text in words if text.count("-") <= 2 and wanted.search(text)), None)

    @staticmethod
    def _job_board(links: list[Link]) -> Link | None:
        return next((link for link in links if _JOB_BOARDS.search(urlsplit(link.href).hostname or "")), None)

    def _same_site(self, url: str) -> bool:
        here, there = urlsplit(self._home.final_url), urlsplit(url)
        if here.hostname == there.hostname:
            return True
        site = registrable_domain(self._home.final_url)
        return site is not None and site == registrable_domain(url)


def _absolute(url: str, page: Page) -> Iterator[Link]:
    try:
        base = urljoin(url, page.base.strip()) if page.base else url
    except ValueError:
        base = url
    for link in page.links:
        try:
            target = urldefrag(urljoin(base, link.href.strip()))[0]
            parts = urlsplit(target)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(target) <= 2_000
        except ValueError:
            continue
        if usable:
            yield Link(target, link.text)


def _key(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}"
    except ValueError:
        return url
