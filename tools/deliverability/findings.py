"""What is found out about a domain, in words, with the record that mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    WRONG = "wrong"  # mail is refused or put into junk for it, or will be
    WEAK = "weak"  # works, and should be better
    UNKNOWN = "unknown"  # could not be looked up: neither good nor bad
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Publish:
    """One record as a DNS console asks for it. `value` of a TXT record is whole: consoles split it at 255 octets."""

    host: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`source`: the section of the RFC, or whose rule it is."""

    check: str
    severity: Severity
    what: str
    source: str
    publish: Publish | None = None


@dataclass(frozen=True, slots=True)
class DomainReport:
    domain: str
    findings: Sequence[Finding]

    @property
    def wrong(self) -> bool:
        return any(finding.severity is Severity.WRONG for finding in self.findings)
