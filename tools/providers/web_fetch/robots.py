"""robots.txt as RFC 9309 reads it: the group of our name, else of "*"; the longest matching rule, Allow on a tie."""

from collections.abc import Sequence
from urllib.parse import unquote

MAX_ROBOTS = 500 * 1024  # characters read (RFC 9309 §2.5 asks for at least that many bytes)
_MAX_RULES = 5_000

Rules = Sequence[tuple[str, bool]]  # path pattern, allowed


def rules_for(text: str, token: str) -> Rules:
    """The rules that bind the crawler named `token`."""
    ours: list[tuple[str, bool]] = []
    everybody: list[tuple[str, bool]] = []
    named = False
    group: list[list[tuple[str, bool]]] = []
    in_agents = False
    for line in text[:MAX_ROBOTS].lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            if not in_agents:
                group, in_agents = [], True
            if value == "*":
                group.append(everybody)
            elif value.partition("/")[0].strip().lower() == token.lower():
                named = True
                group.append(ours)
        elif key in ("allow", "disallow"):
            in_agents = False
            for rules in group:
                if value and len(rules) < _MAX_RULES:
                    rules.append((unquote(value), key == "allow"))
    return ours if named else everybody


def allows(rules: Rules, path: str) -> bool:
    """`path`: with its query. /robots.txt itself is always allowed by the caller."""
    wanted = unquote(path)
    best, allowed = -1, True
    for pattern, allow in rules:
        length = len(pattern)
        if (length > best or (length == best and allow)) and _matches(pattern, wanted):
            best, allowed = length, allow
    return allowed


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
