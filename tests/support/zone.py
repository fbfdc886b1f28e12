"""A zone in memory that answers as a DNS port does, and counts what it is asked."""

from collections.abc import Mapping, Sequence

from tools.ports import Unknown
from tools.ports.domain_records import RecordType


class FakeZone:
    """`records`: (name, type) → values. A name in `silent` cannot be asked. "CNAME" leads to another name."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[str]], silent: Sequence[str] = ()) -> None:
        self._records = {(name.lower(), kind): list(values) for (name, kind), values in records.items()}
        self._silent = {name.lower() for name in silent}
        self.asked: list[tuple[str, str]] = []

    def look_up(self, name: str, kind: RecordType) -> Sequence[str] | Unknown:
        self.asked.append((name, kind.value))
        key = name.rstrip(".").lower()
        for _ in range(8):
            if found := self._records.get((key, kind.value)):
                return found
            if key in self._silent:
                return Unknown(f"DNS did not answer for {key} within the time-out")
            alias = self._records.get((key, "CNAME"))
            if not alias:
                return ()
            key = alias[0].lower()
        return ()
