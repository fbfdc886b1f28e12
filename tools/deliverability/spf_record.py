"""An SPF record in its parts (RFC 7208 §4.6 and the grammar of §12). Any syntax error anywhere spoils all of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

# §7.1. The letters c, r and t may stand in explanations alone.
_EXPANSION = r"%\{[%s](?:\d*)r?[.\-+,/_=]*\}"
_TERM_EXPANSION = _EXPANSION.replace("%s", "slodiphvSLODIPHV")
_ANY_EXPANSION = _EXPANSION.replace("%s", "slodiphvcrtSLODIPHVCRT")
_LITERAL = r"[!-$&-~]|%%|%_|%-"
_TERM_STRING = re.compile(rf"(?:{_LITERAL}|{_TERM_EXPANSION})*")
_EXPLANATION = re.compile(rf"(?:[ ]|{_LITERAL}|{_ANY_EXPANSION})*")
_ENDS_IN_EXPANSION = re.compile(rf"{_TERM_EXPANSION}$")
_LAST_LABEL = re.compile(r"\.([^.]{1,63})\.?\Z")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_NO_PLACES = re.compile(r"%\{[A-Za-z]0+r?[^}]*\}")
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9._-]*)(.*)", re.DOTALL)
_DUAL_CIDR = re.compile(r"(?:/(\d+))?(?://(\d+))?$")
_VERSION = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)


class SpfSyntaxError(Exception):
    """What of the record cannot be read, for people."""


class Qualifier(StrEnum):
    PASS = "+"  # noqa: S105 (a sign)
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


@dataclass(frozen=True, slots=True)
class Directive:
    """One mechanism. `domain` is a macro string, empty where the record leaves it out; prefix lengths in bits."""

    text: str
    qualifier: Qualifier
    mechanism: str
    domain: str = ""
    prefix_4: int = 32
    prefix_6: int = 128
    network: IPv4Network | IPv6Network | None = None


@dataclass(frozen=True, slots=True)
class SpfRecord:
    text: str
    directives: Sequence[Directive]
    redirect: str = ""
    explanation: str = ""

    @property
    def all(self) -> Qualifier | None:
        """What is said of every address that is not named; None: nothing is."""
        return next((each.qualifier for each in self.directives if each.mechanism == "all"), None)


def published(records: DomainRecords, domain: str) -> Sequence[str] | Unknown:
    """The SPF records among the TXT records of a domain (§4.5). More than one is an error of the domain."""
    found = records.look_up(domain, RecordType.TXT)
    return found if isinstance(found, Unknown) else [text for text in found if _VERSION.match(text)]


def parse(text: str) -> SpfRecord:
    """Raises SpfSyntaxError."""
    if not text.isascii():
        raise SpfSyntaxError("it holds characters that are not ASCII (RFC 7208 §3.1)")
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in text[len("v=spf1") :].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            directives.append(_directive(term))
            continue
        name, value = modifier[1].lower(), modifier[2]
        if name not in ("redirect", "exp"):
            _macro_string(value, term)
            continue
        if name in modifiers:
            raise SpfSyntaxError(f"{name}= stands in it twice")
        modifiers[name] = _domain_spec(value, term)
    return SpfRecord(text, tuple(directives), modifiers.get("redirect", ""), modifiers.get("exp", ""))


def is_explanation(text: str) -> bool:
    return _EXPLANATION.fullmatch(text) is not None and not _NO_PLACES.search(text)


def _directive(term: str) -> Directive:
    match = _DIRECTIVE.fullmatch(term)
    if match is None:
        raise SpfSyntaxError(f"{term[:80]!r} is neither a mechanism nor a modifier")
    qualifier, mechanism, rest = Qualifier(match[1] or "+"), match[2].lower(), match[3]
    if mechanism == "all" and not rest:
        return Directive(term, qualifier, mechanism)
    if mechanism in ("ip4", "ip6") and rest.startswith(":"):
        return Directive(term, qualifier, mechanism, network=_network(mechanism, rest[1:], term))
    if mechanism in ("include", "exists") and rest.startswith(":"):
        return Directive(term, qualifier, mechanism, domain=_domain_spec(rest[1:], term))
    if mechanism == "ptr" and (not rest or rest.startswith(":")):
        return Directive(term, qualifier, mechanism, domain=_domain_spec(rest[1:], term) if rest else "")
    if mechanism in ("a", "mx") and (not rest or rest[0] in ":/"):
        cidr = _DUAL_CIDR.search(rest)
        start = cidr.start() if cidr else len(rest)
        spec = rest[:start]
        prefix_4, prefix_6 = (_prefix(cidr[1], 32, term), _prefix(cidr[2], 128, term)) if cidr else (32, 128)
        domain = _domain_spec(spec[1:], term) if spec else ""
        return Directive(term, qualifier, mechanism, domain, prefix_4, prefix_6)
    known = mechanism in ("all", "ip4", "ip6", "include", "exists", "ptr", "a", "mx")
    raise SpfSyntaxError(f"{term[:80]!r} is {'not written as it must be' if known else 'no mechanism of SPF'}")


def _network(mechanism: str, text: str, term: str) -> IPv4Network | IPv6Network:
    address, slash, length = text.partition("/")
    most = 32 if mechanism == "ip4" else 128
    try:
        network = ip_network((address, _prefix(length if slash else None, most, term)), strict=False)
    except ValueError:
        raise SpfSyntaxError(f"{term[:80]!r} holds no address") from None
    if network.max_prefixlen != most or "%" in address:
        raise SpfSyntaxError(f"{term[:80]!r} holds an address of the other kind")
    return network


def _prefix(digits: str | None, most: int, term: str) -> int:
    if digits is None:
        return most
    if not re.fullmatch(r"0|[1-9][0-9]{0,2}", digits) or int(digits) > most:
        raise SpfSyntaxError(f"{term[:80]!r} has a prefix length that is not 0 to {most}")
    return int(digits)


def _macro_string(value: str, term: str) -> str:
    if not _TERM_STRING.fullmatch(value) or _NO_PLACES.search(value):
        raise SpfSyntaxError(f"{term[:80]!r} holds a macro that does not exist or a character that has no place there")
    return value


def _domain_spec(value: str, term: str) -> str:
    """§7.1: it ends in a macro or in a top label that is not all digits."""
    _macro_string(value, term)
    last = _LAST_LABEL.search(value)
    named = last is not None and _LABEL.fullmatch(last[1]) is not None and not last[1].isdigit()
    if not (named or _ENDS_IN_EXPANSION.search(value)):
        raise SpfSyntaxError(f"{term[:80]!r} names no domain")
    return value
