"""The CRM that every step is mirrored to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CrmActivity:
    """One step to mirror. `key` makes it happen once, whatever is retried."""

    key: str
    record_kind: str  # company, contact, deal, customer
    record_id: UUID
    kind: str  # email_sent, reply, meeting, stage_change, score, task, play …
    occurred_at: datetime
    summary: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Crm(Protocol):
    name: str

    def mirror(self, activities: Sequence[CrmActivity]) -> Sequence[str]:
        """Writes each activity once. Returns the remote id of each, in order. Raises RetryAt or Rejected."""
        ...
