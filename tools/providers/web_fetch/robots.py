"""robots.txt as RFC 9309 reads it: the groups of our name, else of "*"; the longest matching rule, Allow on a tie."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

MAX_ROBOTS = 500 * 1024  # bytes read of a file (RFC 9309 §2.5 asks for at least that many); the rest is not looked at
_MAX_RULES = 5_000

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_OCTET = re.compile(r"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Rules:
    paths: Sequence[tuple[str, bool]] = ()  # pattern, compared as normalised here; allowed
    delay: float = 0.0  # seconds between two requests: Crawl-delay, no part of the RFC but widely meant


def rules_for(text: str, token: str) -> Rules:
    """The rules that bind the crawler named `token`. Groups of one name count as one (RFC 9309 §2.2.1)."""
    ours, everybody = _Group(), _Group()
    named = False
    groups: list[_Group] = []
    in_agents = False
    for line in text.lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not in_agents:
                groups, in_agents = [], True
            if value == "*":
                groups.append(everybody)
            elif value.partition("/")[0].strip().lower() == token.lower():
                named = True
                groups.append(ours)
        elif key in ("allow", "disallow", "crawl-delay"):
            in_agents = False
            for group in {id(group): group for group in groups}.values():  # named twice in a row, it is one group
                group.add(key, value)
    found = ours if named else everybody
    return Rules(tuple(found.paths), found.delay)


class _Group:
    def __init__(self) -> None:
        self.paths: list[tuple[str, bool]] = []
        self.delay = 0.0

    def add(self, key: str, value: str) -> None:
        if key == "crawl-delay":
            try:
                delay = float(value)
            except ValueError:
                return
            if math.isfinite(delay) and delay > 0:
                self.delay = max(self.delay, delay)
        elif value and len(self.paths) < _MAX_RULES:
            self.paths.append((_normal_pattern(value), key == "allow"))


def allows(rules: Rules, path: str) -> bool:
    """`path`: with its query. /robots.txt itself is always allowed by the caller."""
    wanted = _normal(path).replace("*", "%2A").replace("$", "%24")
    best, allowed = -1, True
    for pattern, allow in rules.paths:
        length = len(pattern)
        if (length > best or (length == best and allow)) and _matches(pattern, wanted):
            best, allowed = length, allow
    return allowed


def _normal(path: str) -> str:
    """One spelling of a path (RFC 9309 §2.2.2): %-octets of unreserved characters decoded, all beyond ASCII encoded."""
    encoded = quote(path, safe="/%:@!$&'()*+,;=~-._?[]#\"<>\\^`{|} ")
    return _OCTET.sub(lambda octet: _octet(octet[1]), encoded) if "%" in encoded else encoded


def _octet(digits: str) -> str:
    byte = unquote_to_bytes(f"%{digits}")
    return byte.decode("ascii") if byte[0] in _UNRESERVED else f"%{digits.upper()}"


def _normal_pattern(pattern: str) -> str:
    """A dollar means the end only at the end; elsewhere it is itself."""
    anchored = pattern.endswith("$")
    return _normal(pattern.removesuffix("$")).replace("$", "%24") + ("$" if anchored else "")


def _matches(pattern: str, path: str) -> bool:
    """Without a regular expression: a stranger's pattern must not decide how long this takes."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for number, piece in enumerate(rest, start=1):
        if anchored and number == len(rest):
            return len(path) - len(piece) >= position and path.endswith(piece)
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return not anchored or position == len(path) or bool(rest and rest[-1] == "")
