"""check_host() of RFC 7208 §4: may this address send mail in the name of this domain?

Our own because the libraries do not fit: pyspf (2.0.14, of 2020) asks the DNS through globals of its module, and
checkdmarc reads records but gives no verdict on an address. The suite of the RFC's authors is the judge (tests).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from tools.deliverability import spf_record
from tools.deliverability.spf_macros import MacroValues, expand, expand_name
from tools.deliverability.spf_record import Directive, Qualifier, SpfRecord, SpfSyntaxError
from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType

MAX_TERMS = 10  # §4.6.4: include, a, mx, ptr, exists and redirect together
MAX_VOID = 2  # the same section: look-ups that found nothing
MAX_NAMES = 10  # of one mx or ptr
_LABEL = re.compile(r"[^.]{1,63}")


class SpfResult(StrEnum):
    """§2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 (a verdict)
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_RESULTS = {
    Qualifier.PASS: SpfResult.PASS,
    Qualifier.FAIL: SpfResult.FAIL,
    Qualifier.SOFTFAIL: SpfResult.SOFTFAIL,
    Qualifier.NEUTRAL: SpfResult.NEUTRAL,
}


@dataclass(frozen=True, slots=True)
class SpfVerdict:
    """`reason` says why in words; `explanation` is the domain's own for a fail, empty where it gives none."""

    result: SpfResult
    reason: str
    explanation: str = ""
    terms: int = 0  # of MAX_TERMS
    void: int = 0  # of MAX_VOID


class _Stop(Exception):
    def __init__(self, result: SpfResult, reason: str) -> None:
        super().__init__(reason)
        self.result, self.reason = result, reason


def check_host(
    records: DomainRecords,
    address: str,
    sender: str,
    *,
    helo: str,
    at: datetime,
    receiver: str = "unknown",
) -> SpfVerdict:
    """`sender`: the envelope's address, or empty for a bounce, where HELO stands for it (§2.4). `at` is for %{t} alone.

    Raises ValueError where `address` is none. Asks the DNS at most 1 + MAX_TERMS × (1 + MAX_NAMES) names, and once more
    for an explanation and for %{p}.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    local, _, domain = sender.rpartition("@")
    if not sender:
        local, domain = "postmaster", helo
    run = _Run(records, ip, f"{local or 'postmaster'}@{domain}", helo, receiver, at)
    try:
        result, reason, explanation = run.check(domain)
    except _Stop as stop:
        result, reason, explanation = stop.result, stop.reason, ""
    return SpfVerdict(result, reason, explanation, run.terms, run.void)


@dataclass(slots=True)
class _Run:
    records: DomainRecords
    address: IPv4Address | IPv6Address
    sender: str
    helo: str
    receiver: str
    at: datetime
    terms: int = 0
    void: int = 0
    _names: dict[str, str] = field(default_factory=dict)  # %{p} of each domain that asked for it

    def check(self, domain: str, *, included: bool = False) -> tuple[SpfResult, str, str]:
        """The verdict, its reason and the domain's explanation."""
        if not _is_domain(domain):
            return SpfResult.NONE, f"{domain[:80]!r} is no domain that could publish a record.", ""
        found = spf_record.published(self.records, domain)
        if isinstance(found, Unknown):
            raise _Stop(SpfResult.TEMPERROR, found.reason)
        if not found:
            return SpfResult.NONE, f"{domain} publishes no SPF record.", ""
        if len(found) > 1:
            raise _Stop(SpfResult.PERMERROR, f"{domain} publishes {len(found)} SPF records; only one may be.")
        try:
            record = spf_record.parse(found[0])
        except SpfSyntaxError as error:
            raise _Stop(SpfResult.PERMERROR, f"The SPF record of {domain} cannot be read: {error}.") from None
        for directive in record.directives:
            if self._matches(directive, domain):
                result = _RESULTS[directive.qualifier]
                said = self._explanation(record, domain) if result is SpfResult.FAIL and not included else ""
                return result, f"{directive.text!r} of {domain} holds for {self.address}.", said
        if record.redirect:
            return self._redirect(record, domain, included=included)
        return SpfResult.NEUTRAL, f"Nothing in the SPF record of {domain} holds for {self.address}.", ""

    def _redirect(self, record: SpfRecord, domain: str, *, included: bool) -> tuple[SpfResult, str, str]:
        self._count_term()
        target = self._name(record.redirect, domain)
        verdict = self.check(target, included=included)
        if verdict[0] is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, f"{domain} redirects to {target}, which publishes no SPF record.")
        return verdict

    def _matches(self, directive: Directive, domain: str) -> bool:
        if directive.mechanism == "all":
            return True
        if directive.network is not None:
            return self.address in directive.network
        self._count_term()
        name = self._name(directive.domain, domain) if directive.domain else domain
        match directive.mechanism:
            case "include":
                return self._includes(name, domain)
            case "a":
                return self._is_among(self._asked(name, self._kind), directive)
            case "mx":
                hosts = [text.partition(" ")[2] for text in self._asked(name, RecordType.MX)]
                if len(hosts) > MAX_NAMES:
                    raise _Stop(SpfResult.PERMERROR, f"{name} has more than {MAX_NAMES} MX records.")
                return any(self._is_among(self._addresses(host), directive) for host in hosts if host)
            case "ptr":
                return any(_is_within(host, name) for host in self._validated())
            case _:  # exists: always by A, also for IPv6 (§5.7)
                return bool(self._asked(name, RecordType.A))

    def _includes(self, name: str, domain: str) -> bool:
        result, _, _ = self.check(name, included=True)
        if result is SpfResult.NONE:
            raise _Stop(SpfResult.PERMERROR, f"{domain} includes {name}, which publishes no SPF record.")
        return result is SpfResult.PASS

    def _is_among(self, addresses: Sequence[str], directive: Directive) -> bool:
        prefix = directive.prefix_4 if self.address.version == 4 else directive.prefix_6
        return any(self.address in ip_network((text, prefix), strict=False) for text in addresses)

    @property
    def _kind(self) -> RecordType:
        return RecordType.A if self.address.version == 4 else RecordType.AAAA

    def _count_term(self) -> None:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise _Stop(SpfResult.PERMERROR, f"The record needs more than {MAX_TERMS} DNS look-ups.")

    def _asked(self, name: str, kind: RecordType) -> Sequence[str]:
        """Of a mechanism itself. What is not found counts as void."""
        found = self._plainly_asked(name, kind)
        if not found:
            self.void += 1
            if self.void > MAX_VOID:
                raise _Stop(SpfResult.PERMERROR, f"More than {MAX_VOID} look-ups of the record find nothing.")
        return found

    def _addresses(self, host: str) -> Sequence[str]:
        return self._plainly_asked(host, self._kind)

    def _plainly_asked(self, name: str, kind: RecordType) -> Sequence[str]:
        if not name:
            return ()
        found = self.records.look_up(name, kind)
        if isinstance(found, Unknown):
            raise _Stop(SpfResult.TEMPERROR, found.reason)
        return found

    def _validated(self) -> list[str]:
        """Names of the address that lead back to it (§5.5). What cannot be asked is left out."""
        hosts = self.records.look_up(self.address.reverse_pointer, RecordType.PTR)
        found = []
        for host in () if isinstance(hosts, Unknown) else hosts[:MAX_NAMES]:
            addresses = self.records.look_up(host, self._kind)
            if not isinstance(addresses, Unknown) and any(ip_address(text) == self.address for text in addresses):
                found.append(host.lower())
        return found

    def _validated_name(self, domain: str) -> str:
        """%{p}: best the domain itself, then one within it, then any (§7.3)."""
        if domain not in self._names:
            hosts = self._validated()
            within = [host for host in hosts if _is_within(host, domain)]
            same = [host for host in within if host == domain.lower()]
            self._names[domain] = next(iter([*same, *within, *hosts]), "unknown")
        return self._names[domain]

    def _values(self, domain: str) -> MacroValues:
        return MacroValues(
            address=self.address,
            sender=self.sender,
            domain=domain,
            helo=self.helo,
            receiver=self.receiver,
            at=self.at,
            validated_name=lambda: self._validated_name(domain),
        )

    def _name(self, text: str, domain: str) -> str:
        return expand_name(text, self._values(domain))

    def _explanation(self, record: SpfRecord, domain: str) -> str:
        """§6.2: whatever goes wrong, there is none."""
        if not record.explanation:
            return ""
        found = self.records.look_up(self._name(record.explanation, domain), RecordType.TXT)
        if isinstance(found, Unknown) or len(found) != 1:
            return ""
        text = found[0]
        return expand(text, self._values(domain)) if text.isascii() and spf_record.is_explanation(text) else ""


def _is_domain(name: str) -> bool:
    labels = name.rstrip(".").split(".")
    return len(name) <= 254 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def _is_within(host: str, domain: str) -> bool:
    return host.lower() == domain.lower() or host.lower().endswith(f".{domain.lower()}")
