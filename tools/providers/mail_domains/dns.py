"""MX look-ups over DNS, as RFC 5321 §5.1 and RFC 7505 read the answers."""

from collections import OrderedDict
from collections.abc import Sequence
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
_MAX_CACHED = 50_000  # domains


class Resolver(Protocol):
    """What is used of dns.resolver.Resolver."""

    def resolve(self, qname: dns.name.Name, rdtype: str, *, lifetime: float, search: bool) -> dns.resolver.Answer: ...


class OfflineMailDomains:
    """Look-ups are switched off."""

    def mx(self, domain: str) -> Unknown:
        return Unknown("DNS look-ups are off (SALESOS_WEB_FETCH)")


class DnsMailDomains:
    """Safe to share between threads. `timeout`: seconds for all that one domain needs to be asked, retries included.

    A domain with a null MX, without MX and address, or that does not exist takes no mail: an empty sequence. One with
    an address alone is its own mail host (the implicit MX). What could not be asked is Unknown.
    """

    def __init__(self, resolver: Resolver | None = None, *, clock: Clock, timeout: float = 2.0) -> None:
        self._resolver = resolver
        self._clock = clock
        self._timeout = timeout
        self._cache: OrderedDict[str, tuple[datetime, Sequence[str] | Unknown]] = OrderedDict()
        self._lock = Lock()

    def mx(self, domain: str) -> Sequence[str] | Unknown:
        key = domain.strip().rstrip(".").lower()
        now = self._clock.now()
        with self._lock:
            held = self._cache.get(key)
        if held and now < held[0]:
            return held[1]
        hosts, seconds = self._ask(key)
        with self._lock:
            self._cache[key] = (now + timedelta(seconds=seconds), hosts)
            self._cache.move_to_end(key)
            while len(self._cache) > _MAX_CACHED:
                self._cache.popitem(last=False)
        return hosts

    def _ask(self, domain: str) -> tuple[Sequence[str] | Unknown, float]:
        """The hosts, and for how many seconds that may be believed."""
        try:
            name = dns.name.from_text(domain, idna_codec=dns.name.IDNA_2008_UTS_46)
        except (dns.exception.DNSException, UnicodeError):
            return (), NEGATIVE_TTL
        if len(name) < 2:
            return (), NEGATIVE_TTL
        try:
            return self._mail_hosts(name)
        except dns.resolver.NXDOMAIN:
            return (), NEGATIVE_TTL
        except dns.exception.Timeout:
            return Unknown(f"DNS did not answer for {domain} within the time-out"), FAILURE_TTL
        except dns.resolver.NoNameservers:
            return Unknown(f"the name servers of {domain} did not answer as they should"), FAILURE_TTL
        except (dns.exception.DNSException, OSError) as error:
            return Unknown(f"DNS could not be asked for {domain} ({type(error).__name__})"), FAILURE_TTL

    def _mail_hosts(self, name: dns.name.Name) -> tuple[Sequence[str] | Unknown, float]:
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
