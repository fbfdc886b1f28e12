"""Job boards of applicant-tracking vendors: which one may be a company's, and what its postings say.

The vendor knows boards by a word in their address. It stands in links of the company's own pages; where those cannot be
read it is guessed from the name, and then the board itself has to prove whose it is.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from scoring.titles import read_title
from scoring.types import Department
from tools.domains import registrable_domain
from tools.ports import SignalRecord, Unknown, WebFetch
from tools.providers.signal_source.recognition import is_of, is_web, label_of, name_words
from tools.site_reader.html import parse
from tools.site_reader.types import cleaned

MAX_POSTINGS = 25  # reported of one company: what comes after adds nothing that is new
SALES_STRENGTH, OTHER_STRENGTH = 1.0, 0.7
_SELLING = frozenset({Department.SALES, Department.BUSINESS_DEVELOPMENT, Department.MARKETING})
_CAREERS = re.compile(r"(?:^|[/_-])(?:careers?|jobs?|join-?us|work-with-us|karriere|stellen[a-z]*)(?:$|[/._-])")
_MAX_CAREERS_PAGES = 2


class Posting(NamedTuple):
    title: str
    location: str
    url: str
    observed_at: datetime | None  # first published; None: the vendor does not say, and no signal is made


def posting_signals(postings: Iterable[Posting], since: datetime) -> tuple[SignalRecord, ...]:
    """Hiring signals of dated postings since then, those that sell first, then the newest; at most MAX_POSTINGS.

    A title that sells says plainly that selling grows; another says it less plainly, and one that no department can be
    read from the same.
    """
    found = []
    for posting in postings:
        title = cleaned(posting.title, 120)
        if posting.observed_at is None or posting.observed_at < since or not title or not is_web(posting.url):
            continue
        strength = SALES_STRENGTH if read_title(title).department in _SELLING else OTHER_STRENGTH
        place = cleaned(posting.location, 70)
        quote = f"{title} · {place}" if place else title
        found.append(SignalRecord("hiring", posting.observed_at, quote, posting.url, strength))
    found.sort(key=lambda s: (-s.strength, -s.observed_at.timestamp(), s.url))
    return tuple(found[:MAX_POSTINGS])


def linked_boards(fetch: WebFetch | None, domain: str, board: re.Pattern[str]) -> tuple[str, ...]:
    """Words of boards that the company's own pages link to, in their order; reads three pages at most.

    `board` finds the word in an address, as its group "token". A redirect to another company's site proves nothing
    about this one, so such a page is left out.
    """
    if fetch is None or not domain:
        return ()
    found: dict[str, None] = {}
    todo, seen = [f"https://{domain}/"], set[str]()
    while todo and len(seen) <= _MAX_CAREERS_PAGES and not found:
        url = todo.pop(0)
        seen.add(url)
        page = fetch.get(url)
        if isinstance(page, Unknown) or not 200 <= page.status < 300 or not is_of(page.final_url, domain):
            continue
        read = parse(page.text)
        links = [_absolute(page.final_url, link.href) for link in read.links]
        for address in (*links, *read.addresses, read.inline):
            for match in board.finditer(address):
                found.setdefault(match["token"].lower())
        todo += [
            link for link in dict.fromkeys(links)
            if link not in seen and is_of(link, domain) and _CAREERS.search(urlsplit(link).path.lower())
        ]  # fmt: skip
        todo.sort(key=len)
    return tuple(found)


def _absolute(base: str, href: str) -> str:
    try:
        url = urljoin(base, href.strip())
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def guessed_boards(name: str, domain: str) -> tuple[str, ...]:
    """Words that the company's board may go by: the label of its domain, its name in one word."""
    return tuple(dict.fromkeys(word for word in (label_of(domain), "".join(name_words(name))) if len(word) > 1))


def leads_elsewhere(urls: Sequence[str], domain: str) -> bool:
    """Whether the postings stand on another company's site. The vendor's own hosts belong to nobody."""
    homes = {home for url in urls if (home := registrable_domain(url))}
    return bool(homes) and domain not in homes
