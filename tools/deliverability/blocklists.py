"""Whether an address that sends stands on blocklists (RFC 5782). Only lists that a person named are asked."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from ipaddress import ip_address, ip_network

from tools.deliverability.findings import Finding, Severity
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

_LISTED = ip_network("127.0.0.0/8")
# What lists answer to those whom they do not serve: 127.0.0.1, and 127.255.255.0/24 (Spamhaus: open resolvers, limits).
_REFUSED = (ip_network("127.0.0.1/32"), ip_network("127.255.255.0/24"))
_SOURCE = "RFC 5782 §2.1"


class Standing(StrEnum):
    LISTED = "listed"
    CLEAR = "clear"


def findings_of_blocklists(records: DomainRecords, addresses: Sequence[str], zones: Sequence[str]) -> Iterator[Finding]:
    """`zones`: names of DNS lists of addresses. Raises ValueError for what is no address."""
    for zone in dict.fromkeys(each.strip(".").lower() for each in zones):
        refusal = _refusal(records, zone)
        for text in addresses:
            found = refusal or standing(records, text, zone)
            if isinstance(found, Unknown):
                yield Finding("blocklist", Severity.UNKNOWN, f"{text} at {zone}: {found.reason}.", _SOURCE)
            elif found is Standing.LISTED:
                what = f"{text} is listed at {zone}. Ask there why, end the cause, and then ask to be taken off."
                yield Finding("blocklist", Severity.WRONG, what, _SOURCE)
            else:
                yield Finding("blocklist", Severity.GOOD, f"{text} is not listed at {zone}.", _SOURCE)


def standing(records: DomainRecords, address: str, zone: str) -> Standing | Unknown:
    """An answer outside 127.0.0.0/8 is of no list (a parked name, a search page); a refusal says nothing either."""
    ip = ip_address(address)
    reverse = ip.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    found = records.look_up(f"{reverse}.{zone}", RecordType.A)
    if isinstance(found, Unknown):
        return found
    answers = [ip_address(text) for text in found]
    if any(answer in network for answer in answers for network in _REFUSED):
        return Unknown("the list refuses to answer this resolver")
    if any(answer not in _LISTED for answer in answers):
        return Unknown("the answer is not that of a blocklist")
    return Standing.LISTED if answers else Standing.CLEAR


def _refusal(records: DomainRecords, zone: str) -> Unknown | None:
    """Every list lists 127.0.0.2 for this (§5): one that does not is gone, or does not answer us."""
    found = standing(records, "127.0.0.2", zone)
    if isinstance(found, Unknown):
        return found
    return None if found is Standing.LISTED else Unknown("the list does not list its own test address: it is gone")
