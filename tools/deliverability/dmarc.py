"""The DMARC policy of a domain, and whether what authenticated is the domain in From (RFC 9989, before it RFC 7489)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tldextract import TLDExtract

from tools.deliverability.findings import Finding, Publish, Severity
from tools.deliverability.tag_list import tags
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

_SUFFIXES = TLDExtract(
    cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True, extra_suffixes=("example", "test")
)
_CHECK = "dmarc"
_VERSION = re.compile(r"v\s*=\s*DMARC1\s*(?:;|\Z)")
_POLICIES = ("none", "quarantine", "reject")
_MOST_QUERIES = 8  # RFC 9989 §4.10: of a longer name the labels in the middle are passed over
_REPORT = re.compile(r"mailto:[^@\s,!]+@([A-Za-z0-9.-]+)(?:![0-9]+[kmgtKMGT]?)?")


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """`at`: the name that publishes it, without _dmarc. `policy` is what holds for the domain that was asked about."""

    at: str
    tags: Mapping[str, str]
    policy: str
    strict_spf: bool
    strict_dkim: bool


def organizational_domain(domain: str) -> str:
    """The name one label under its public suffix (RFC 7489 §3.2), or the name itself where there is none."""
    found = _SUFFIXES.extract_str(domain.rstrip(".").lower())
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else domain.rstrip(".").lower()


def aligned(author: str, authenticated: str, *, strict: bool) -> bool:
    """Whether the domain that SPF or DKIM vouches for is that of From: the same name, or relaxed, the same owner's."""
    mine, theirs = author.rstrip(".").lower(), authenticated.rstrip(".").lower()
    return mine == theirs or (not strict and organizational_domain(mine) == organizational_domain(theirs))


def names_to_walk(domain: str) -> list[str]:
    """The names that are asked from the domain upwards, eight at most (RFC 9989 §4.10)."""
    labels = domain.rstrip(".").lower().split(".")
    start = 1 if len(labels) < _MOST_QUERIES else len(labels) - (_MOST_QUERIES - 1)
    return [".".join(labels), *(".".join(labels[index:]) for index in range(start, len(labels)))]


def discover(records: DomainRecords, domain: str) -> DmarcRecord | Unknown | None:
    """The policy that holds for mail From this domain; None: there is none. Raises ValueError for an unusable one."""
    for name in names_to_walk(domain):
        answer = records.look_up(f"_dmarc.{name}", RecordType.TXT)
        if isinstance(answer, Unknown):
            return answer
        found = [text for text in answer if _VERSION.match(text)]
        if len(found) > 1:
            raise ValueError(f"_dmarc.{name} holds {len(found)} DMARC records; receivers then use none of them")
        if found:
            return _read(found[0], name, domain)
    return None


def findings_of_policy(records: DomainRecords, domain: str, *, report_to: str) -> Iterator[Finding]:
    """`report_to`: an address for the reports, for the record that is proposed."""
    wanted = Publish(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:{report_to}")
    try:
        found = discover(records, domain)
    except ValueError as error:
        yield Finding(_CHECK, Severity.WRONG, f"{error}.", "RFC 9989 §4.7", wanted)
        return
    if isinstance(found, Unknown):
        yield Finding(_CHECK, Severity.UNKNOWN, f"The DMARC policy of {domain}: {found.reason}.", "RFC 9989 §4.10")
        return
    if found is None:
        what = f"{domain} has no DMARC policy. Start with p=none and read the reports."
        yield Finding(_CHECK, Severity.WRONG, what, "Gmail, Yahoo and Microsoft sender rules", wanted)
        return
    where = f"_dmarc.{found.at}"
    if found.policy == "none":
        what = f"{where}: p=none only watches: forgers are not stopped. Tighten it when the reports are clean."
        tighter = Publish(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; rua=mailto:{report_to}")
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 9989 §4.7", tighter)
    else:
        yield Finding(_CHECK, Severity.GOOD, f"{where}: {found.policy} what fails.", "RFC 9989 §4.7")
    removed = [tag for tag in ("pct", "rf", "ri") if tag in found.tags]
    if removed:
        what = f"{where}: {', '.join(removed)} is no longer read. Take it away."
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 9989, appendix on changes from RFC 7489")
    yield from _reports(records, found)


def _reports(records: DomainRecords, found: DmarcRecord) -> Iterator[Finding]:
    where = f"_dmarc.{found.at}"
    if not found.tags.get("rua"):
        what = f"{where} names nobody for reports (rua=): forged and broken mail goes unseen."
        yield Finding(_CHECK, Severity.WEAK, what, "RFC 9989 §4.7")
        return
    hosts = []
    for part in found.tags["rua"].split(","):
        match = _REPORT.fullmatch(part.strip())
        if match is None:
            what = f"{where}: a report address cannot be read: {part.strip()[:80]!r}. It reads mailto:name@domain."
            yield Finding(_CHECK, Severity.WEAK, what, "RFC 9989 §4.7")
        elif not aligned(found.at, match[1], strict=False):
            hosts.append(match[1].lower())
    for host in dict.fromkeys(hosts[:10]):
        name = f"{found.at}._report._dmarc.{host}"
        answer = records.look_up(name, RecordType.TXT)
        if isinstance(answer, Unknown):
            yield Finding(_CHECK, Severity.UNKNOWN, f"{name}: {answer.reason}.", "RFC 9990 §4")
        elif not any(_VERSION.match(text) for text in answer):
            what = f"{host} does not say that it takes reports about {found.at}: none will be sent there."
            yield Finding(_CHECK, Severity.WEAK, what, "RFC 9990 §4", Publish(name, "TXT", "v=DMARC1"))


def _read(text: str, name: str, domain: str) -> DmarcRecord:
    found = tags(text)
    if found is None:
        raise ValueError(f"the record at _dmarc.{name} cannot be read: it must be a list of tag=value; …")
    found = {tag.lower(): value for tag, value in found.items()}
    policy = found.get("p", "").lower()
    if policy not in _POLICIES:
        # Without a policy that can be read, and with somebody to report to, it counts as none (§4.7).
        if policy and not found.get("rua"):
            raise ValueError(f"the record at _dmarc.{name} says p={policy[:40]}; it must be none, quarantine or reject")
        policy = "none"
    below = found.get("sp", "").lower()
    return DmarcRecord(
        at=name,
        tags=found,
        policy=below if name != domain.rstrip(".").lower() and below in _POLICIES else policy,
        strict_spf=found.get("aspf", "r").lower() == "s",
        strict_dkim=found.get("adkim", "r").lower() == "s",
    )
