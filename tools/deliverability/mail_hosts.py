"""Where replies and bounces come back to (MX), and whether an address that sends is named both ways (reverse DNS)."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from tools.deliverability.findings import Finding, Publish, Severity
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

_MOST_HOSTS = 10


def findings_of_mx(records: DomainRecords, domain: str) -> Iterator[Finding]:
    """RFC 5321 §5.1 and the null MX of RFC 7505."""
    found = records.look_up(domain, RecordType.MX)
    if isinstance(found, Unknown):
        yield Finding("mx", Severity.UNKNOWN, f"The MX records of {domain}: {found.reason}.", "RFC 5321 §5.1")
        return
    hosts = [text.partition(" ")[2].rstrip(".") for text in found]
    if found and not any(hosts):
        what = f"{domain} says that it takes no mail (null MX): replies and bounces are lost, and some refuse its mail."
        yield Finding("mx", Severity.WRONG, what, "RFC 7505 §4.2")
        return
    if not found:
        answer = _has_address(records, domain)
        if isinstance(answer, Unknown):
            yield Finding("mx", Severity.UNKNOWN, f"{domain}: {answer.reason}.", "RFC 5321 §5.1")
        elif answer:
            what = f"{domain} has no MX record; its own address counts as its mail server. Name the server."
            yield Finding("mx", Severity.WEAK, what, "RFC 5321 §5.1")
        else:
            what = f"{domain} has neither MX record nor address: replies and bounces are lost."
            yield Finding("mx", Severity.WRONG, what, "RFC 5321 §5.1")
        return
    lost = []
    for host in [host for host in dict.fromkeys(hosts) if host][:_MOST_HOSTS]:
        answer = _has_address(records, host)
        if isinstance(answer, Unknown):
            yield Finding("mx", Severity.UNKNOWN, f"The mail server {host}: {answer.reason}.", "RFC 5321 §5.1")
        elif not answer:
            lost.append(host)
    for host in lost:
        yield Finding("mx", Severity.WRONG, f"The mail server {host} has no address.", "RFC 5321 §5.1")
    if not lost:
        yield Finding("mx", Severity.GOOD, f"Mail for {domain} goes to {', '.join(hosts[:3])}.", "RFC 5321 §5.1")


def findings_of_reverse(records: DomainRecords, addresses: Sequence[str]) -> Iterator[Finding]:
    """Each address must have a name that leads back to it. Raises ValueError for what is no address."""
    source = "Gmail and Yahoo sender rules; RFC 1912 §2.1"
    for text in addresses:
        address = ip_address(text)
        back = address.reverse_pointer
        names = records.look_up(back, RecordType.PTR)
        if isinstance(names, Unknown):
            yield Finding("ptr", Severity.UNKNOWN, f"The name of {address}: {names.reason}.", source)
            continue
        if not names:
            what = f"{address} has no name (PTR). Whoever owns the address must publish it: your host or provider."
            yield Finding("ptr", Severity.WRONG, what, source, Publish(back, "PTR", "the name that it says in EHLO"))
            continue
        kind = RecordType.A if address.version == 4 else RecordType.AAAA
        answers = [(name, records.look_up(name, kind)) for name in names[:_MOST_HOSTS]]
        confirmed = [
            name
            for name, answer in answers
            if not isinstance(answer, Unknown) and any(ip_address(each) == address for each in answer)
        ]
        unknown = [answer for _, answer in answers if isinstance(answer, Unknown)]
        if confirmed:
            yield Finding("ptr", Severity.GOOD, f"{address} is {confirmed[0]}, and that is {address}.", source)
        elif unknown:
            yield Finding("ptr", Severity.UNKNOWN, f"The names of {address}: {unknown[0].reason}.", source)
        else:
            what = f"{address} says that it is {names[0]}, but that name does not lead back to it."
            yield Finding("ptr", Severity.WRONG, what, source, Publish(names[0], kind.value, str(address)))


def _has_address(records: DomainRecords, host: str) -> bool | Unknown:
    unknown: Unknown | None = None
    for kind in (RecordType.A, RecordType.AAAA):
        found = records.look_up(host, kind)
        if isinstance(found, Unknown):
            unknown = found
        elif found:
            return True
    return unknown or False
