"""Which URLs and which addresses may be asked. A refusal is a sentence; "" means allowed."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

import idna

from tools.ports import Unknown

MAX_URL = 2_000  # characters

_BRACKETED = re.compile(r"\[[^\[\]]*\](:\d*)?")  # nothing around an IPv6 address but its port

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_V4_COMPATIBLE = IPv6Network("::/96")  # RFC 4291, deprecated
_MORE_REFUSED = (IPv4Network("192.88.99.0/24"), IPv6Network("64:ff9b:1::/48"), IPv6Network("5f00::/16"))


@dataclass(frozen=True, slots=True)
class Target:
    scheme: str
    host: str  # lower case, A-labels; an IPv6 address without brackets
    port: int
    path: str  # path and query, ASCII

    @property
    def authority(self) -> str:
        """For the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


_DEFAULT_PORT = {"http": 80, "https": 443}


def parse_target(url: str, allowed_ports: Collection[int]) -> Target | Unknown:
    """A URL that every parser reads alike, or why not. What parsers disagree on is refused, not repaired."""
    if len(url) > MAX_URL:
        return Unknown(f"not fetched because the URL is longer than {MAX_URL} characters")
    if "\\" in url or any(char.isspace() or not char.isprintable() for char in url):
        return Unknown("not fetched because the URL holds a backslash, white space or a control character")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Unknown("not fetched because the URL cannot be read")
    if parts.scheme not in _DEFAULT_PORT:
        return Unknown("not fetched because only http and https are")
    if "@" in parts.netloc:
        return Unknown("not fetched because the URL carries a user name")
    port = _DEFAULT_PORT[parts.scheme] if port is None else port
    if port not in allowed_ports:
        return Unknown(f"not fetched because port {port} is not one of a web server's")
    bracketed = "[" in parts.netloc
    if bracketed and not _BRACKETED.fullmatch(parts.netloc):
        return Unknown("not fetched because the URL cannot be read")
    name = _host(host, bracketed=bracketed)
    if isinstance(name, Unknown):
        return name
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    return Target(parts.scheme, name, port, path + query)


def _host(host: str, *, bracketed: bool) -> str | Unknown:
    if bracketed:
        try:
            return str(IPv6Address(host if "%" not in host else "a zone"))
        except ValueError:
            return Unknown("not fetched because its host is no IPv6 address")
    try:
        name = idna.encode(host.rstrip("."), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        name = host.rstrip(".").lower()
    if not name or len(name) > 253 or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in name):
        return Unknown("not fetched because its host is no name")
    last = name.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):  # 2130706433, 0x7f.1, 127.1, 0177.0.0.1: libc takes them all
        try:
            return str(IPv4Address(name))
        except ValueError:
            return Unknown("not fetched because its host is a number in disguise")
    return name


def refusal_of_address(text: str) -> str:
    """Why not to connect to this address, or "". Addresses within it (mapped, NAT64, 6to4, Teredo) count as well."""
    try:
        address = ip_address(text)
    except ValueError:
        return "is not an address"
    if getattr(address, "scope_id", None):
        return "has a zone"
    for inner in (address, *_embedded(address)):
        if not inner.is_global or inner.is_multicast or inner.is_reserved or inner.is_unspecified:
            if isinstance(inner, IPv6Address) and (inner in _NAT64 or inner.ipv4_mapped):
                continue  # a shell: what it holds decides
            return "is not a public address"
        if any(inner in network for network in _MORE_REFUSED if network.version == inner.version):
            return "is not a public address"
        if isinstance(inner, IPv6Address) and (inner.is_site_local or inner in _V4_COMPATIBLE):
            return "is not a public address"
    return ""


def _embedded(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address]:
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
