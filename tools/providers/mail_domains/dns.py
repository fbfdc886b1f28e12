"""Look-ups over DNS: MX as RFC 5321 §5.1 and RFC 7505 read the answers, TXT, and the chain of CNAMEs."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver

from core.clock import Clock
from tools.ports import Unknown

MIN_TTL = 60  # seconds an answer is kept at least: a batch asks the same domain again
MAX_TTL = 86_400
NEGATIVE_TTL = 300  # of "there is none"
FAILURE_TTL = 60  # of "could not be asked"
MAX_TEXT = 4_000  # characters kept of one TXT record
_MAX_CACHED = 50_000  # answers
_MAX_RECORDS = 200  # kept of one answer

_Found = tuple[Sequence[str] | Unknown, float]  # and for how many seconds that may be believed


class Resolver(Protocol):
    """What is used of dns.resolver.Resolver."""

    def resolve(self, qname: dns.name.Name, rdtype: str, *, lifetime: float, search: bool) -> dns.resolver.Answer: ...


class OfflineMailDomains:
    """Look-ups are switched off."""

    def mx(self, domain: str) -> Unknown:
        return Unknown("DNS look-ups are off (SALESOS_WEB_FETCH)")

    def txt(self, domain: str) -> Unknown:
        return self.mx(domain)

    def cname(self, host: str) -> Unknown:
        return self.mx(host)


class DnsMailDomains:
    """Safe to share between threads. `timeout`: seconds for all that one domain needs to be asked, retries included.

    A domain with a null MX, without MX and address, or that does not exist takes no mail: an empty sequence. One with
    an address alone is its own mail host (the implicit MX). What could not be asked is Unknown.
    """

    def __init__(self, resolver: Resolver | None = None, *, clock: Clock, timeout: float = 2.0) -> None:
        self._resolver = resolver
        self._clock = clock
        self._timeout = timeout
        self._cache: OrderedDict[tuple[str, str], tuple[datetime, Sequence[str] | Unknown]] = OrderedDict()
        self._lock = Lock()

    def mx(self, domain: str) -> Sequence[str] | Unknown:
        return self._held("MX", domain, self._mail_hosts)

    def txt(self, domain: str) -> Sequence[str] | Unknown:
        return self._held("TXT", domain, self._texts)

    def cname(self, host: str) -> Sequence[str] | Unknown:
        return self._held("CNAME", host, self._chain)

    def _held(self, kind: str, domain: str, ask: Callable[[dns.name.Name], _Found]) -> Sequence[str] | Unknown:
        key = (kind, domain.strip().rstrip(".").lower())
        now = self._clock.now()
        with self._lock:
            held = self._cache.get(key)
        if held and now < held[0]:
            return held[1]
        found, seconds = self._ask(key[1], ask)
        with self._lock:
            self._cache[key] = (now + timedelta(seconds=seconds), found)
            self._cache.move_to_end(key)
            while len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        return found

    def _ask(self, domain: str, ask: Callable[[dns.name.Name], _Found]) -> _Found:
        """What `ask` finds, for how long it may be believed; what fails is Unknown."""
        try:
            name = dns.name.from_text(domain, idna_codec=dns.name.IDNA_2008_UTS_46)
        except (dns.exception.DNSException, UnicodeError):
            return (), NEGATIVE_TTL
        if len(name) < 2:
            return (), NEGATIVE_TTL
        try:
            return ask(name)
        except dns.resolver.NXDOMAIN:
            return (), NEGATIVE_TTL
        except dns.exception.Timeout:
            return Unknown(f"DNS did not answer for {domain} within the time-out"), FAILURE_TTL
        except dns.resolver.NoNameservers:
            return Unknown(f"the name servers of {domain} did not answer as they should"), FAILURE_TTL
        except (dns.exception.DNSException, OSError) as error:
            return Unknown(f"DNS could not be asked for {domain} ({type(error).__name__})"), FAILURE_TTL

    def _texts(self, name: dns.name.Name) -> _Found:
        try:
            answer = self._resolve(name, "TXT")
        except dns.resolver.NoAnswer:
            return (), NEGATIVE_TTL
        texts = (b"".join(record.strings).decode("utf-8", "replace")[:MAX_TEXT] for record in answer)
        return tuple(sorted(texts)[:_MAX_RECORDS]), _believed(answer)

    def _chain(self, name: dns.name.Name) -> _Found:
        """Asks for the address: its answer holds every name on the way there."""
        try:
            answer = self._resolve(name, "A")
        except dns.resolver.NoAnswer:
            return (), NEGATIVE_TTL
        leads = {
            rrset.name: record.target
            for rrset in answer.response.answer
            if rrset.rdtype == dns.rdatatype.CNAME
            for record in rrset
        }
        chain: dict[str, None] = {}
        at = name
        while (to := leads.get(at)) is not None and _text(to) not in chain:
            chain[_text(to)] = None
            at = to
        return tuple(chain), _believed(answer)

    def _mail_hosts(self, name: dns.name.Name) -> _Found:
        try:
            answer = self._resolve(name, "MX")
        except dns.resolver.NoAnswer:
            return self._implicit(name)
        records = sorted((record.preference, record.exchange) for record in answer)
        hosts = dict.fromkeys(_text(exchange) for _, exchange in records)
        hosts.pop("", None)  # the root: a null MX says that no mail is taken; beside others it names no host
        return tuple(hosts), _believed(answer)

    def _implicit(self, name: dns.name.Name) -> tuple[Sequence[str], float]:
        for kind in ("A", "AAAA"):
            try:
                return (_text(name),), _believed(self._resolve(name, kind))
            except dns.resolver.NoAnswer:
                continue
        return (), NEGATIVE_TTL

    def _resolve(self, name: dns.name.Name, kind: str) -> dns.resolver.Answer:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver()  # reads the system's settings; only once somebody asks
        # A domain without MX is asked three times: each gets its share, so that the whole keeps to the time-out.
        return self._resolver.resolve(name, kind, lifetime=self._timeout / 3, search=False)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _believed(answer: dns.resolver.Answer) -> float:
    ttl = answer.rrset.ttl if answer.rrset is not None else MIN_TTL
    return float(min(max(ttl, MIN_TTL), MAX_TTL))
