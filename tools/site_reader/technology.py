"""A technology, and the marks it leaves on pages, in answers and in DNS."""

from dataclasses import dataclass, replace
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Technology:
    name: str
    addresses: tuple[str, ...] = ()  # "host" or "host/path part"; subdomains of the host count; "/path" for any host
    generator: str = ""  # how <meta name="generator"> begins, in lower case
    headers: tuple[tuple[str, str], ...] = ()  # name, part of the value ("": any value), in lower case
    inline: tuple[str, ...] = ()  # in an inline script, as written
    cookies: tuple[str, ...] = ()  # how the name of a cookie begins, in lower case
    category: str = ""


class Evidence(NamedTuple):
    name: str
    quote: str
    method: str  # address, link, generator, header, cookie, inline, mx, spf, txt, cname
    confidence: float  # 0–1


def technology(
    name: str,
    *addresses: str,
    generator: str = "",
    inline: tuple[str, ...] = (),
    cookies: tuple[str, ...] = (),
    **headers: str,
) -> Technology:
    pairs = tuple((key.replace("_", "-"), value) for key, value in headers.items())
    return Technology(name, addresses, generator, pairs, inline, cookies)


def in_category(category: str, *members: Technology) -> tuple[Technology, ...]:
    return tuple(replace(member, category=category) for member in members)
