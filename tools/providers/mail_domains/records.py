"""Records of any name and type over DNS, for what a sending domain publishes."""

from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdata
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from tools.ports import Unknown
from tools.ports.domain_records import DomainRecords, RecordType
from tools.providers.mail_domains.dns import Resolver


class OfflineDomainRecords:
    """Look-ups are switched off."""

    def look_up(self, name: str, kind: RecordType) -> Unknown:
        return Unknown("DNS look-ups are off (SALESOS_WEB_FETCH)")


class DnsDomainRecords:
    """`timeout`: seconds for one question, retries included. Answers are kept as long as they say."""

    def __init__(self, resolver: Resolver | None = None, *, timeout: float = 3.0) -> None:
        self._resolver = resolver
        self._timeout = timeout

    def look_up(self, name: str, kind: RecordType) -> Sequence[str] | Unknown:
        try:
            asked = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_UTS_46)
        except (dns.exception.DNSException, UnicodeError):
            return ()  # no name that the DNS could hold
        try:
            answer = self._asked().resolve(asked, kind.value, lifetime=self._timeout, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.Timeout:
            return Unknown(f"DNS did not answer for {name} within the time-out")
        except dns.resolver.NoNameservers:
            return Unknown(f"the name servers of {name} did not answer as they should")
        except (dns.exception.DNSException, OSError) as error:
            return Unknown(f"DNS could not be asked for {name} ({type(error).__name__})")
        return tuple(_text(record) for record in answer)

    def _asked(self) -> Resolver:
        if self._resolver is None:
            resolver = dns.resolver.Resolver()  # reads the system's settings; only once somebody asks
            resolver.cache = dns.resolver.LRUCache(10_000)
            self._resolver = resolver
        return self._resolver


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, TXT):
        return b"".join(record.strings).decode("latin-1")
    if isinstance(record, MX):
        return f"{record.preference} {record.exchange.to_text(omit_final_dot=True).lstrip('.').lower()}"
    return record.to_text().rstrip(".").lower()


def domain_records(*, online: bool) -> DomainRecords:
    return DnsDomainRecords() if online else OfflineDomainRecords()
