"""Companies of many sources, each one row: found by registrable domain, else by name and country.

What is there is never overwritten here; a record fills what is empty and adds to lists. Which of two sources is right
is decided from their facts (store.queries.facts), and every source keeps a row of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from core.clock import Clock
from core.ids import stable_id
from store import bulk
from store.models import Company, CompanySource
from store.session import workspace_of

CHUNK = 5_000  # values of one IN list
_LISTS = ("tags", "technologies")
_FILLED = (
    "domain",
    "website",
    "industry",
    "employees",
    "revenue_minor",
    "currency",
    "country",
    "region",
    "city",
    "description",
    "founded_year",
    "status",
)
_MERGED = (*_FILLED, *_LISTS)


@dataclass(frozen=True, slots=True)
class CompanyInput:
    """A company as one source tells it, normalised. None and empty mean the source does not say."""

    name: str
    name_key: str  # the normalised name; without it and without a domain a record is its own company
    source: str
    domain: str | None = None  # registrable, lower case
    source_id: str = ""
    line: int | None = None
    batch_id: UUID | None = None
    cost_micros: int = 0
    observed_at: datetime | None = None  # None: now
    website: str = ""
    industry: str = ""
    tags: Sequence[str] = ()
    employees: int | None = None
    revenue_minor: int | None = None
    currency: str = ""
    country: str = ""
    region: str = ""
    city: str = ""
    description: str = ""
    founded_year: int | None = None
    status: str = ""
    technologies: Sequence[str] = ()


@dataclass(slots=True)
class Upserted:
    ids: list[UUID] = field(default_factory=list)  # one an input, in its order
    created: set[UUID] = field(default_factory=set)


def upsert_companies(session: Session, clock: Clock, inputs: Sequence[CompanyInput]) -> Upserted:
    """Insert or merge, in a number of statements that does not grow with each row.

    A record with a domain is the company of that domain, or one of the same name and country that has none yet.
    A record without is the one company of its name and country; where several have that name, the one without a domain.
    """
    if not inputs:
        return Upserted()
    workspace_id = workspace_of(session)
    known = _Known(workspace_id)
    known.load(session, inputs)
    created: dict[UUID, dict[str, Any]] = {}
    changed: set[UUID] = set()
    now = clock.now()
    ids = []
    for record in inputs:
        row = known.match(record)
        if row is None:
            row = _new_row(workspace_id, record, now)
            created[row["id"]] = row
            known.add(row)
        elif _merge(row, record) and row["id"] not in created:
            changed.add(row["id"])
        known.add(row)
        ids.append(row["id"])
    # By id here too: two imports of the same companies in another order would each hold what the other waits for.
    new = bulk.insert_ignore(session, Company, [created[row_id] for row_id in sorted(created)])
    if len(new) < len(created):
        # Another writer was first with some of them: theirs are merged into instead. At most once: they are there now.
        return _again(session, clock, inputs, new)
    updates = [{**{c: known.rows[i][c] for c in _MERGED}, "id": i, "updated_at": now} for i in sorted(changed)]
    bulk.update(session, Company, updates, columns=[*_MERGED, "updated_at"])
    _add_sources(session, workspace_id, inputs, ids, now)
    return Upserted(ids, new)


def _again(session: Session, clock: Clock, inputs: Sequence[CompanyInput], new: set[UUID]) -> Upserted:
    done = upsert_companies(session, clock, inputs)
    return Upserted(done.ids, done.created | new)


class _Known:
    """The companies that a batch may mean, by id, domain, and name with country."""

    def __init__(self, workspace_id: UUID) -> None:
        self._workspace_id = workspace_id
        self.rows: dict[UUID, dict[str, Any]] = {}
        self._by_domain: dict[str, dict[str, Any]] = {}
        self._by_name: dict[tuple[str, str], dict[UUID, dict[str, Any]]] = {}

    def load(self, session: Session, inputs: Sequence[CompanyInput]) -> None:
        columns = [getattr(Company, name) for name in ("id", "name", "name_key", *_MERGED)]
        searches: tuple[tuple[Any, set[Any]], ...] = (
            (col(Company.id), {_identity(self._workspace_id, record) for record in inputs}),
            (col(Company.domain), {record.domain for record in inputs if record.domain}),
            (col(Company.name_key), {record.name_key for record in inputs if record.name_key}),
        )
        for column, values in searches:
            wanted = sorted(values)
            for start in range(0, len(wanted), CHUNK):
                query = sa.select(*columns).where(column.in_(wanted[start : start + CHUNK]))
                # In one order, so that two imports wait for each other instead of deadlocking.
                for found in session.execute(query.order_by(col(Company.id)).with_for_update()):
                    self.add(dict(found._mapping))

    def add(self, row: dict[str, Any]) -> None:
        row = self.rows.setdefault(row["id"], row)
        if row["domain"]:
            self._by_domain[row["domain"]] = row
        if row["name_key"]:
            self._by_name.setdefault((row["name_key"], row["country"]), {})[row["id"]] = row

    def match(self, record: CompanyInput) -> dict[str, Any] | None:
        if record.domain and record.domain in self._by_domain:
            return self._by_domain[record.domain]
        namesakes = []
        if record.name_key:
            namesakes = list(self._by_name.get((record.name_key, record.country), {}).values())
        without = [row for row in namesakes if not row["domain"]]
        if without:
            return min(without, key=lambda row: str(row["id"]))
        if len(namesakes) == 1 and not record.domain:
            return namesakes[0]
        return self.rows.get(_identity(self._workspace_id, record))  # it was made from this very record


def _identity(workspace_id: UUID, record: CompanyInput) -> UUID:
    """The id a company gets when this record is the first to tell of it: two writers give it the same."""
    if record.domain:
        return stable_id("company", workspace_id, "domain", record.domain)
    if record.name_key:
        return stable_id("company", workspace_id, "name", record.name_key, record.country)
    return stable_id("company", workspace_id, "source", record.source, record.source_id, record.line)


def fitted(model: type[SQLModel], column: str, value: Any) -> Any:
    """Text cut to what its column holds: a source's overlong value is no reason to lose the row."""
    length = getattr(sa.inspect(model).columns[column].type, "length", None)
    return value[:length] if length and isinstance(value, str) else value


def _new_row(workspace_id: UUID, record: CompanyInput, now: datetime) -> dict[str, Any]:
    return {
        "id": _identity(workspace_id, record),
        "name": fitted(Company, "name", record.name),
        "name_key": fitted(Company, "name_key", record.name_key),
        "created_at": now,
        "updated_at": now,
        **{name: fitted(Company, name, getattr(record, name)) for name in _FILLED},
        **{name: _union([], getattr(record, name)) for name in _LISTS},
    }


def _merge(row: dict[str, Any], record: CompanyInput) -> bool:
    changed = False
    for name in _FILLED:
        if name == "currency":
            continue  # it goes with the amount
        value = fitted(Company, name, getattr(record, name))
        if row[name] in (None, "") and value not in (None, ""):
            row[name] = value
            changed = True
            if name == "revenue_minor":
                row["currency"] = record.currency
    for name in _LISTS:
        merged = _union(row[name], getattr(record, name))
        if len(merged) > len(row[name]):
            row[name] = merged
            changed = True
    return changed


def _union(first: Sequence[str], second: Sequence[str]) -> list[str]:
    merged = {text.casefold(): text for text in reversed([*first, *second])}
    return list(reversed(merged.values()))


def _add_sources(
    session: Session, workspace_id: UUID, inputs: Sequence[CompanyInput], ids: Sequence[UUID], now: datetime
) -> None:
    rows = {}
    for record, company_id in zip(inputs, ids, strict=True):
        row_id = stable_id("company_source", workspace_id, company_id, record.source, record.source_id)
        rows[row_id] = {
            "id": row_id,
            "company_id": company_id,
            "source": record.source,
            "source_id": record.source_id,
            "line": record.line,
            "batch_id": record.batch_id,
            "cost_micros": record.cost_micros,
            "observed_at": record.observed_at or now,
        }
    bulk.insert_ignore(session, CompanySource, [rows[row_id] for row_id in sorted(rows)])
