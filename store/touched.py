"""Which tables a transaction read and wrote, so that an answer kept in memory lives until one of its tables changes.

The names come from the statement's own text: every word in it that is a table counts. That may name one table too
many (a column that is called like one), never one too few; rows that a deletion takes with it are counted by the
foreign keys that do it. A statement with the option UNNOTED is no change: what it writes may be seen a little later.
"""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel

from store import models  # noqa: F401 (every table is known from here on)

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")
_READS: Final = re.compile(r"\s*(?:SELECT|VALUES|EXPLAIN|SAVEPOINT|RELEASE|ROLLBACK|PRAGMA|SET)\b", re.IGNORECASE)
# Of statements that start with WITH: a table may be called like a verb, and is then followed by something else.
_WRITES: Final = re.compile(r"\b(?:(?:INSERT|MERGE)\s+INTO|UPDATE|DELETE\s+FROM)\b", re.IGNORECASE)
_DELETES: Final = re.compile(r"\b(?:DELETE|TRUNCATE)\b", re.IGNORECASE)
# For a note of use that no answer but a list of such notes shows, and that would else end every answer that is kept.
UNNOTED: Final = "salesos_unnoted"
_PLACE: Final = "salesos.touched"  # in the info of a connection, while a transaction of ours has it


@dataclass(slots=True)
class Touched:
    """Of one transaction."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Reading:
    """What an answer rests on: the tables that its transactions touched, and until when it may be shown at all."""

    tables: set[str] = field(default_factory=set)
    since: float = float("inf")  # of time.monotonic, as `until`: when its first transaction began
    until: float = float("inf")


# Set by whoever wants to know. Threads that a request is handled in get a copy that holds the same object.
reading: ContextVar[Reading | None] = ContextVar("salesos.reading", default=None)


def also_rests_on(tables: Iterable[str]) -> None:
    """The answer that is being made rests on these too."""
    if (found := reading.get()) is not None:
        found.tables.update(tables)


def rests_on_more() -> None:
    """The answer that is being made rests on something that is in no table, as a file: it is good for this once."""
    if (found := reading.get()) is not None:
        found.until = 0.0


def watch(engine: Engine) -> None:
    """Every statement of this engine is noted for the transaction whose connection runs it."""

    @event.listens_for(engine, "before_cursor_execute")
    def _note(connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        touched: Touched | None = connection.info.get(_PLACE)
        if touched is not None and not (context and context.execution_options.get(UNNOTED)):
            compiled = getattr(context, "compiled", None)  # its text is one a shape; the statement's has each list
            tables, writes = tables_of(statement if compiled is None else compiled.string)
            (touched.written if writes else touched.read).update(tables)


def begin(connection: Any, touched: Touched | None) -> None:
    connection.info[_PLACE] = touched
    if (found := reading.get()) is not None:
        found.since = min(found.since, monotonic())


@lru_cache(maxsize=4_096)
def tables_of(sql: str) -> tuple[frozenset[str], bool]:
    """(the tables that it names or takes rows of, whether it writes)."""
    known = SQLModel.metadata.tables
    named = {word for word in _WORD.findall(sql) if word in known}
    is_with = sql.lstrip()[:4].upper() == "WITH"
    writes = _WRITES.search(sql) is not None if is_with else _READS.match(sql) is None
    if writes and _DELETES.search(sql):
        named = _with_dependants(named)
    return frozenset(named), writes


def _with_dependants(named: set[str]) -> set[str]:
    """And the tables whose rows go, or lose a reference, with rows of these."""
    found, fresh = set(named), set(named)
    while fresh:
        fresh = {
            table.name
            for table in SQLModel.metadata.tables.values()
            for constraint in table.foreign_key_constraints
            if constraint.ondelete and constraint.referred_table.name in fresh
        } - found
        found |= fresh
    return found
