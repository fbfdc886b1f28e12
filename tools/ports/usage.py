"""How customers use the product."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tools.ports.companies import RowProblem


@dataclass(frozen=True, slots=True)
class UsageRecord:
    customer_ref: str  # the customer's domain, or its id
    day: date
    metric: str  # active_users, logins, key_events, tickets_open, nps, invoices_overdue …
    value: float
    line: int | None = None


class UsageSource(Protocol):
    name: str

    def rows(self, since: date | None) -> Iterator[UsageRecord | RowProblem]: ...
