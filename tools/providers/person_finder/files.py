"""People from a list in a file, found by the domain or the name of their company.

The file is read once into a private temporary SQLite database (no name, so nothing is left behind by a crash): memory
stays flat for lists of millions, and a batch of companies is a few queries.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from uuid import UUID

from tools.files.reading import open_table
from tools.files.rows import RawRow
from tools.mapping.apply import apply_person
from tools.mapping.document import MappingDocument
from tools.mapping.propose import propose_person_mapping
from tools.names import company_name_key
from tools.ports import ANYBODY, CompanyRef, PeopleWanted, PersonRecord, RowProblem, Unknown

MAX_PEOPLE_PER_COMPANY = 2_000  # more under one key is a key that many companies share
MAX_PROBLEMS = 10_000  # kept to be shown; the count goes on
_BATCH = 5_000
_KEYS_PER_QUERY = 400
_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -8192;
    CREATE TABLE person (id INTEGER PRIMARY KEY, domain TEXT NOT NULL, name_key TEXT NOT NULL, record TEXT NOT NULL);
"""
_INDEXES = """
    CREATE INDEX person_domain ON person (domain) WHERE domain <> '';
    CREATE INDEX person_name ON person (name_key) WHERE name_key <> '';
"""


class FilePersonFinder:
    """The index is built at the first question. `problems` are the rows that could not be read, after that."""

    price_micros = 0  # a file costs nothing to read

    def __init__(self, path: Path | str, mapping: MappingDocument | None = None) -> None:
        """Without a mapping the proposed one is used. Raises Rejected: no list of people, or absent columns."""
        self._table = open_table(path)
        self.name = f"file:{self._table.name}"
        self.mapping = mapping or propose_person_mapping(self._table.headers, self._table.sample).document
        if self._table.shape.delimiter:
            self.mapping.check_columns(self._table.headers, self._table.name)
        self.problems: list[RowProblem] = []
        self.problem_count = 0
        self._lock = threading.Lock()
        self._index: sqlite3.Connection | None = None

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        """All of them, in the file's order, whoever is wanted: they cost nothing.

        By domain where the row and the company have one; by name where the row has no domain.

        A row of another domain is never given for an equal name: two firms may share one.
        """
        with self._lock:
            index = self._ready()
            by_domain = self._select(index, "domain", {c.domain for c in companies if c.domain})
            keys = {c.company_id: company_name_key(c.name) for c in companies}
            by_name = self._select(index, "name_key", set(filter(None, keys.values())))
        found: dict[UUID, Sequence[PersonRecord] | Unknown] = {}
        for company in companies:
            rows = dict(by_domain.get(company.domain, ()))
            for number, person in by_name.get(keys[company.company_id], ()):
                if not person.company_domain or not company.domain:
                    rows[number] = person
            people = [rows[number] for number in sorted(rows)]
            reason = f"{self.name} holds nobody of {company.name} ({company.domain or 'no domain'})."
            found[company.company_id] = people or Unknown(reason)
        return found

    def close(self) -> None:
        with self._lock:
            self._table.close()
            if self._index is not None:
                self._index.close()
                self._index = None

    def _ready(self) -> sqlite3.Connection:
        if self._index is not None:
            return self._index
        index = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        try:
            index.executescript(_SCHEMA)
            index.execute("BEGIN")
            batch: list[tuple[str, str, str]] = []
            for person in self._persons():
                # A name finds only who has no domain, but a company without one may be found by any row's name.
                key = company_name_key(person.company_name) if person.company_name else ""
                batch.append((person.company_domain, key, json.dumps(asdict(person), ensure_ascii=False)))
                if len(batch) == _BATCH:
                    _insert(index, batch)
            _insert(index, batch)
            index.execute("COMMIT")
            index.executescript(_INDEXES)
        except BaseException:
            index.close()
            raise
        self._index = index
        return index

    def _persons(self) -> Iterator[PersonRecord]:
        self.problems, self.problem_count = [], 0
        for item, _ in self._table.read():
            fresh: list[RowProblem] = []
            found = apply_person(self.mapping, item, self.name, problems=fresh) if isinstance(item, RawRow) else item
            if isinstance(found, RowProblem):
                fresh.append(found)
            self.problem_count += len(fresh)
            self.problems += fresh[: MAX_PROBLEMS - len(self.problems)]
            if isinstance(found, PersonRecord):
                yield replace(found, company_domain=found.company_domain.lower())

    def _select(
        self, index: sqlite3.Connection, column: str, keys: Iterable[str]
    ) -> dict[str, list[tuple[int, PersonRecord]]]:
        wanted = sorted(keys)
        found: dict[str, list[tuple[int, PersonRecord]]] = {}
        for start in range(0, len(wanted), _KEYS_PER_QUERY):
            part = wanted[start : start + _KEYS_PER_QUERY]
            marks = ",".join("?" * len(part))
            query = (
                f"SELECT {column}, id, record FROM person WHERE {column} <> '' AND {column} IN ({marks}) ORDER BY id"  # noqa: S608 – a column name of ours and question marks
            )
            for key, number, record in index.execute(query, part):
                people = found.setdefault(key, [])
                if len(people) < MAX_PEOPLE_PER_COMPANY:
                    people.append((number, PersonRecord(**json.loads(record))))
        return found


def _insert(index: sqlite3.Connection, batch: list[tuple[str, str, str]]) -> None:
    index.executemany("INSERT INTO person (domain, name_key, record) VALUES (?, ?, ?)", batch)
    batch.clear()
