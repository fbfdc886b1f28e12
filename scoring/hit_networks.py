"""Whose networks and programs fetch links without a person, as published. Facts with their sources, and a version.

Ranges: Apple's own block (17/8, ARIN), Google's image proxy and crawlers (AS15169, support.google.com), Microsoft's
Exchange Online Protection (Office 365 URLs and IP ranges), Proofpoint, Mimecast, Barracuda, Cisco Secure Email (their
SPF records and connection guides). Hosting: the largest blocks of the large clouds. Both lists age: a range that is
missing costs certainty, never a person.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

NETWORKS_VERSION: Final = "networks-1"

_SCANNERS: Final[Sequence[str]] = (
    "17.0.0.0/8",  # Apple
    "66.102.0.0/20", "66.249.64.0/19", "72.14.192.0/18", "74.125.0.0/16", "64.233.160.0/19",  # Google
    "40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17", "40.94.0.0/16",  # Microsoft
    "67.231.144.0/20", "148.163.128.0/19", "185.132.180.0/22", "185.183.28.0/22", "205.220.160.0/19",  # Proofpoint
    "207.211.30.0/23", "205.139.110.0/23", "91.220.42.0/24", "195.130.217.0/24", "146.101.78.0/24",  # Mimecast
    "185.58.84.0/22", "207.82.80.0/24", "216.205.24.0/24",  # Mimecast
    "64.235.144.0/20", "209.222.80.0/21",  # Barracuda
    "216.71.128.0/19", "68.232.128.0/19", "139.138.32.0/19",  # Cisco
)  # fmt: skip
_HOSTING: Final[Sequence[str]] = (
    "3.0.0.0/8", "18.128.0.0/9", "34.192.0.0/10", "44.192.0.0/10", "52.0.0.0/11", "54.64.0.0/10",  # Amazon
    "54.144.0.0/12", "54.192.0.0/10",  # Amazon
    "34.64.0.0/10", "35.184.0.0/13", "35.192.0.0/11", "104.196.0.0/14",  # Google Cloud
    "13.64.0.0/11", "20.0.0.0/8", "40.64.0.0/10", "52.224.0.0/11",  # Azure
    "104.131.0.0/16", "138.68.0.0/16", "159.65.0.0/16", "165.227.0.0/16", "167.99.0.0/16",  # DigitalOcean
    "51.68.0.0/16", "51.75.0.0/16", "54.36.0.0/14",  # OVH
    "78.46.0.0/15", "88.198.0.0/16", "95.216.0.0/15", "116.202.0.0/15",  # Hetzner
    "2600:1f00::/24", "2a05:d000::/25", "2603:1000::/24", "2600:1900::/28", "2a01:4f8::/29",
)  # fmt: skip

# Words that programs call themselves by. No browser has them, nor an address of its maker's page.
_PROGRAM: Final = re.compile(
    r"bot\b|bot[/\-_;) ]|crawl|spider|scan|preview|fetch|prox[yi]|probe|monitor|checker|validator|archiv|indexer"
    r"|headless|phantom|selenium|puppeteer|playwright|lighthouse|inspect|analy[sz]er|security|safelinks?|barracuda"
    r"|proofpoint|mimecast|python|perl|ruby|java/|java\b|curl|wget|libwww|go-http|okhttp|axios|node|php|httpclient"
    r"|apache|winhttp|powershell|dart|aiohttp|scrapy|urllib|postman|insomnia|embed|link ?expand|unfurl|feed|rss"
    r"|https?:|www\.|\w@\w|\+http",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
_PLATFORM: Final = re.compile(r"\((?!.*compatible)(?:Windows|Macintosh|X11|Wayland|Linux|Android|iPhone|iPad|iPod)")
# What the browsers that people use consist of, besides the comment in brackets.
_PARTS: Final = re.compile(
    r"(?:Mozilla/5\.0|AppleWebKit/[\d.]+|Gecko/[\d.]+|Chrome/[\d.]+|Version/[\d.]+|Mobile(?:/\w+)?|Safari/[\w.]+"
    r"|Firefox/[\d.]+|Edg(?:A|iOS)?/[\d.]+|OPR/[\d.]+|OPT/[\d.]+|CriOS/[\d.]+|FxiOS/[\d.]+|SamsungBrowser/[\d.]+"
    r"|Vivaldi/[\d.]+|YaBrowser/[\d.]+|Yowser/[\d.]+|Ddg/[\d.]+|DuckDuckGo/[\d.]+|GSA/[\d.]+|Brave/[\d.]+|UCBrowser/[\d.]+"
    r"|MiuiBrowser/[\w.\-]+|HuaweiBrowser/[\d.]+|Whale/[\d.]+|Silk/[\d.]+|Ubuntu|Chromium/[\d.]+)"
)  # fmt: skip
_CHROMIUM: Final = re.compile(r"(?:Chrome|Chromium)/(\d+)")
_FIREFOX: Final = re.compile(r"Firefox/(\d+)")
_SAFARI: Final = re.compile(r"Version/(\d+)(?:\.(\d+))?")


def is_scanner(address: str) -> bool:
    """Whether the address is of a network that scans or proxies mail."""
    return _within(address, _parsed(_SCANNERS))


def is_hosting(address: str) -> bool:
    """Whether the address is of a data centre: mostly machines, and some people behind a VPN."""
    return _within(address, _parsed(_HOSTING))


def network_of(address: str) -> str:
    """The network that an address speaks for: /24, or /48 of IPv6. "" where it is no address."""
    found = _address(address)
    if found is None:
        return ""
    return str(ip_network(f"{found}/{24 if isinstance(found, IPv4Address) else 48}", strict=False))


def is_program(agent: str) -> bool:
    """Whether an agent says of itself that it is a program, or says nothing."""
    return not agent.strip() or _PROGRAM.search(agent) is not None


def is_browser(agent: str) -> bool:
    """Whether an agent has the very shape of a browser that people use."""
    comments = _COMMENT.findall(agent)
    if not agent.startswith("Mozilla/5.0 (") or not comments or not _PLATFORM.match(comments[0]):
        return False
    if any(text != "(KHTML, like Gecko)" for text in comments[1:]):
        return False
    words = _COMMENT.sub(" ", agent).split()
    known = all(_PARTS.fullmatch(word) for word in words)
    engine = "AppleWebKit/" in agent or ("Gecko/" in agent and "Firefox/" in agent)
    return known and engine and len(words) > 2


def sends_fetch_metadata(agent: str) -> bool:
    """Whether the browser that the agent names says with each request what it is for (Sec-Fetch-*, over https):
    Chromium since 80, Firefox since 90, Safari since 16.4."""
    if found := _CHROMIUM.search(agent):
        return int(found[1]) >= 80
    if found := _FIREFOX.search(agent):
        return int(found[1]) >= 90
    found = _SAFARI.search(agent)
    return found is not None and (int(found[1]), int(found[2] or 0)) >= (16, 4)


@lru_cache(maxsize=8)
def _parsed(ranges: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in ranges)


def _within(address: str, ranges: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    found = _address(address)
    return found is not None and any(found.version == one.version and found in one for one in ranges)


@lru_cache(maxsize=4_096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
