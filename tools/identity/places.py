"""Where a company says it is, as far as two sources can be compared by it."""

import re
from functools import lru_cache
from typing import NamedTuple

from tools.names import plain

# Says nothing of where the company is.
_NOWHERE = frozenset(
    """
    remote worldwide anywhere unknown other global distributed online various hybrid onsite america americas europe emea
    apac asia latam africa none
    """.split()  # noqa: SIM905
)
_SAME = {
    "united states": "us", "united states of america": "us", "usa": "us", "u s": "us", "u s a": "us", "america": "us",
    "united kingdom": "gb", "uk": "gb", "england": "gb", "great britain": "gb", "scotland": "gb", "wales": "gb",
    "new york city": "new york", "nyc": "new york", "sf": "san francisco", "san francisco bay area": "san francisco",
    "bay area": "san francisco", "bengaluru": "bangalore", "la": "los angeles", "munchen": "munich",
    "washington dc": "washington", "gurugram": "gurgaon", "zurich": "zurich", "koln": "cologne", "deutschland": "de",
    "germany": "de", "france": "fr", "india": "in", "canada": "ca", "israel": "il", "spain": "es", "china": "cn",
    "singapore": "sg", "australia": "au", "brazil": "br", "netherlands": "nl", "the netherlands": "nl",
}  # fmt: skip


class Places(NamedTuple):
    cities: frozenset[str]  # the first part of each place
    others: frozenset[str]  # regions and countries


@lru_cache(maxsize=65_536)
def places(text: str) -> Places:
    """ "San Francisco, CA, USA; Remote" → cities {san francisco}, others {ca, us}. Of the first 400 characters."""
    cities, others = set(), set()
    for place in re.split(r"[;/|•\n]|\bor\b|\band\b|&", plain(text[:400])):
        parts = [_SAME.get(part, part) for raw in place.split(",") if (part := _clean(raw))]
        if parts:
            cities.add(parts[0])
            others.update(parts[1:])
    return Places(frozenset(cities), frozenset(others))


def _clean(text: str) -> str:
    words = [word for word in re.findall(r"[^\W_]+", text) if word not in _NOWHERE]
    return " ".join(words)


def closeness(first: Places, second: Places) -> str:
    """unknown (one says nothing), city, region (a state or country is shared), apart."""
    if not first.cities or not second.cities:
        return "unknown"
    if first.cities & second.cities:
        return "city"
    if (first.cities | first.others) & (second.cities | second.others):
        return "region"
    return "apart"
