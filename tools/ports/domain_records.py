"""What a domain publishes in the DNS: asked one name and type at a time."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from tools.ports.unknown import Unknown


class RecordType(StrEnum):
    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    PTR = "PTR"
    TXT = "TXT"


class DomainRecords(Protocol):
    """The records of a name. One may be asked from several threads."""

    def look_up(self, name: str, kind: RecordType) -> Sequence[str] | Unknown:
        """In presentation form without the last dot: "192.0.2.1", "10 mail.example.com". Of a TXT record its strings
        joined as they follow, one character for each octet (Latin-1). Aliases are followed.

        Empty: there is none (also where the name does not exist, or cannot be one). Unknown: it could not be asked.
        """
        ...
