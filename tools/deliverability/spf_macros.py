"""Macros of SPF (RFC 7208 §7): %{i}, %{d2}, %{lr-} … in names and explanations."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

_MACRO = re.compile(r"%(?:\{([A-Za-z])(\d*)(r?)([.\-+,/_=]*)\}|([%_-]))", re.IGNORECASE)
_PLAIN = {"%": "%", "_": " ", "-": "%20"}
_MAX_NAME = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroValues:
    """What is known of the mail. `validated_name` is asked for only where a record says %{p}: it costs look-ups."""

    address: IPv4Address | IPv6Address
    sender: str
    domain: str
    helo: str
    receiver: str
    at: datetime
    validated_name: Callable[[], str]

    def of(self, letter: str) -> str:
        local, _, sender_domain = self.sender.rpartition("@")
        match letter:
            case "s":
                return self.sender
            case "l":
                return local
            case "o":
                return sender_domain
            case "d":
                return self.domain
            case "i":
                return _dotted(self.address)
            case "p":
                return self.validated_name()
            case "v":
                return "in-addr" if self.address.version == 4 else "ip6"
            case "h":
                return self.helo
            case "c":
                return str(self.address)
            case "r":
                return self.receiver
            case _:
                return str(int(self.at.timestamp()))


def expand(text: str, values: MacroValues) -> str:
    """Takes what spf_record has found to be well formed."""

    def one(match: re.Match[str]) -> str:
        letter, places, reverse, delimiters, plain = match.groups()
        if plain:
            return _PLAIN[plain]
        value = values.of(letter.lower())
        if places or reverse or delimiters:
            parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
            if reverse:
                parts.reverse()
            value = ".".join(parts[-int(places[-3:]) :] if places and len(places.lstrip("0")) < 4 else parts)
        return quote(value, safe="-._~") if letter.isupper() else value

    return _MACRO.sub(one, text)


def expand_name(text: str, values: MacroValues) -> str:
    """A name that can be asked: of one that is too long the left-most labels go (§7.3)."""
    name = expand(text, values).rstrip(".")
    while len(name) > _MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def _dotted(address: IPv4Address | IPv6Address) -> str:
    return str(address) if address.version == 4 else ".".join(address.exploded.replace(":", "").upper())
