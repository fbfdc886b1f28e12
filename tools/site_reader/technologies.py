"""What a site is built with and connected to, by what its pages load, say and answer with.

Addresses are matched by host (and, where one host serves several products, by path), never by a bare word: an article
about a product is no sign of using it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from tools.site_reader.html import Page
from tools.site_reader.technologies_of_sales import SALES_AND_MARKETING
from tools.site_reader.technologies_of_sites import SITES_AND_SERVICES
from tools.site_reader.technology import Evidence, Technology

TECHNOLOGIES: tuple[Technology, ...] = (*SALES_AND_MARKETING, *SITES_AND_SERVICES)
CATEGORIES: Mapping[str, str] = MappingProxyType({one.name: one.category for one in TECHNOLOGIES})


def _by_host() -> tuple[dict[str, list[tuple[str, str]]], list[tuple[str, str]]]:
    hosts: dict[str, list[tuple[str, str]]] = {}
    paths: list[tuple[str, str]] = []
    for technology in TECHNOLOGIES:
        for address in technology.addresses:
            host, slash, path = address.partition("/")
            if host:
                hosts.setdefault(host, []).append((slash + path, technology.name))
            else:
                paths.append((slash + path, technology.name))
    return hosts, paths


_HOSTS, _PATHS = _by_host()


def technologies(page: Page, headers: Mapping[str, str]) -> Iterator[Evidence]:
    """Each technology that the page or its answer's headers (lower-case names) shows; may name one more than once."""
    for address in page.addresses:
        for name in _of_address(address):
            yield Evidence(name, address, "address", 0.95)
    for link in page.links:
        for name in _of_address(link.href):
            if name in _LINKED:
                yield Evidence(name, link.href, "link", 0.85)
    generator = page.meta.get("generator", "")
    lowered = generator.strip().lower()
    cookies = _cookie_names(headers.get("set-cookie", ""))
    for technology in TECHNOLOGIES:
        if technology.generator and lowered.startswith(technology.generator):
            yield Evidence(technology.name, f"generator: {generator}", "generator", 0.95)
        for name, part in technology.headers:
            if name in headers and part in headers[name].lower():
                yield Evidence(technology.name, f"{name}: {headers[name]}", "header", 0.9)
        for start in technology.cookies:
            for cookie in cookies:
                if cookie.startswith(start):
                    yield Evidence(technology.name, f"cookie {cookie}", "cookie", 0.85)
        for mark in technology.inline:
            if (at := page.inline.find(mark)) >= 0:
                yield Evidence(technology.name, page.inline[at : at + 200], "inline", 0.85)


# A link to these is use: a job board or a shop of one's own. A link to others is only a link.
_LINKED = frozenset(one.name for one in SITES_AND_SERVICES if one.category == "ats") | {"Statuspage"}


def _cookie_names(said: str) -> list[str]:
    """Names alone: a cookie's value may tell one visitor from another."""
    return [line.partition("=")[0].strip().lower()[:100] for line in said.splitlines()[:40] if "=" in line]


def _of_address(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address.strip())
        host, path = (parts.hostname or "").rstrip("."), parts.path.lower() or "/"
    except ValueError:
        return
    for start, name in _PATHS:
        if start in path:
            yield name
    while host:
        for start, name in _HOSTS.get(host, ()):
            if path.startswith(start):
                yield name
        host = host.partition(".")[2]
