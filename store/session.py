"""Sessions: one engine for SQLite or PostgreSQL, one transaction a step, one workspace a transaction.

    with database.write(workspace_id) as session: …   # commits at the end, rolls back on an exception
    with database.read(workspace_id) as session: …    # never takes SQLite's write lock

Every ORM statement of such a session sees rows of its workspace only; on PostgreSQL row-level security says it a
second time, from the transaction's own setting. Never keep a session across network calls.

A statement that is built once, with bound parameters, and marked by `kept` costs neither its building nor the search
for its compiled form again; of any other both cost more than running it.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlmodel import Session

from core.settings import Settings
from store import touched
from store.lean_types import use_lean_loaders, use_lean_types
from store.models.base import WorkspaceRow
from store.touched import Touched

_BUSY_TIMEOUT_MS = 15_000  # writers queue here while another holds SQLite's one write lock
# SQLAlchemy first calls the criterion with WorkspaceRow itself, which is no table and so has no such attribute.
_COLUMN = sa.column("workspace_id", sa.Uuid())
WORKSPACE_SETTING = "app.workspace_id"  # what the row-level security policies compare with
_KEPT: Final = "kept"
_OURS: Final = "begun_by_session"
_IDLE: Final = 1.0  # seconds after which a pooled connection is asked whether it still lives
Statement = TypeVar("Statement", bound=Any)


def kept(statement: Statement) -> Statement:
    """For statements that live as long as the process: made at import or by an `lru_cache`, values as bindparams."""
    marked: Statement = statement.execution_options(**{_KEPT: True})
    return marked


class Database:
    """The business store. Thread-safe; make one a process."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine = _postgres(url, pool_size) if url.startswith("postgresql") else _sqlite(url)
        self.is_postgres = self.engine.dialect.name == "postgresql"
        self._writer = self.engine.execution_options(writes=True, **{_OURS: True})
        self._reader = self.engine.execution_options(writes=False, **{_OURS: True})
        touched.watch(self.engine)
        self._version = 0
        self._written: dict[tuple[UUID | None, str], int] = {}  # (workspace, table) → the version of its last write
        self._counting = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> "Database":
        if not settings.is_postgres:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(settings.store_url, pool_size=settings.pool_size)

    @contextmanager
    def write(self, workspace_id: UUID) -> Iterator[Session]:
        """A transaction that may write. On SQLite it waits for the write lock first, so it never fails half way."""
        with self._transaction(workspace_id, writes=True) as session:
            yield session

    def version(self) -> int:
        """Counts this process's writing transactions. Taken before something is read, it says how old that may be."""
        return self._version

    def unchanged_since(self, version: int, workspace_id: UUID, tables: Iterable[str]) -> bool:
        """Whether this process has written to none of these tables of the workspace since."""
        written = self._written
        return all(
            written.get((workspace_id, table), 0) <= version and written.get((None, table), 0) <= version
            for table in tables
        )

    @contextmanager
    def read(self, workspace_id: UUID) -> Iterator[Session]:
        """A consistent view. Flushing from it raises: a reader that writes is a bug."""
        with self._transaction(workspace_id, writes=False) as session:
            yield session

    @contextmanager
    def brief(self, workspace_id: UUID) -> Iterator[Connection]:
        """A writing transaction without a session around it: for the few statements that are made for every single
        mail, where the session would cost more than they do. Nothing filters them: their text names the workspace."""
        seen = Touched()
        try:
            with self._writer.begin() as connection:
                _bind(connection, seen, workspace_id, writes=True)
                yield connection
        finally:
            self._note(workspace_id, seen.written)

    @contextmanager
    def unscoped(self, *, writes: bool = False) -> Iterator[Session]:
        """A transaction of no workspace: for the `workspace` table itself, and for nothing else.

        On PostgreSQL row-level security hides every other table from it.
        """
        with self._transaction(None, writes=writes) as session:
            yield session

    @contextmanager
    def _transaction(self, workspace_id: UUID | None, *, writes: bool) -> Iterator[Session]:
        seen = Touched()
        session = Session(self._writer if writes else self._reader, expire_on_commit=False, autoflush=True)
        session.info.update(workspace_id=workspace_id, writes=writes, touched=seen)
        try:
            with session, session.begin():
                yield session
        finally:
            if seen.written:  # even where the commit failed: it may have arrived
                self._note(workspace_id, seen.written)
            touched.also_rests_on(seen.read | seen.written)

    def _note(self, workspace_id: UUID | None, tables: Iterable[str]) -> None:
        with self._counting:
            version = self._version + 1
            self._written.update(dict.fromkeys(((workspace_id, table) for table in tables), version))
            self._version = version

    def close(self) -> None:
        self.engine.dispose()


def workspace_of(session: Session) -> UUID:
    """The workspace that this session is bound to. Raises LookupError for an unscoped one."""
    workspace_id: UUID | None = session.info.get("workspace_id")
    if workspace_id is None:
        raise LookupError("This session belongs to no workspace; open it with Database.read or Database.write.")
    return workspace_id


@event.listens_for(Session, "do_orm_execute")
def _only_this_workspace(state: ORMExecuteState) -> None:
    if "workspace_id" not in state.session.info or state.is_column_load or state.is_relationship_load:
        return
    if not state.is_orm_statement:
        _refuse_core(state.statement)
        return
    workspace_id = state.session.info["workspace_id"]
    if workspace_id is None:
        if any(issubclass(mapper.class_, WorkspaceRow) for mapper in state.all_mappers):
            raise RuntimeError("This session belongs to no workspace; open it with Database.read or Database.write.")
        return
    if state.is_insert:
        _check_inserted(state.parameters, workspace_id)
    elif state.execution_options.get(_KEPT):
        state.statement = _filtered_once(state.statement, workspace_id)
    else:
        state.statement = _filtered(state.statement, workspace_id)


def _filtered(statement: Any, workspace_id: UUID) -> Any:
    return statement.options(
        with_loader_criteria(
            WorkspaceRow, lambda row: getattr(row, "workspace_id", _COLUMN) == workspace_id, include_aliases=True
        )
    )


_filtered_once = lru_cache(maxsize=4_096)(_filtered)


def _refuse_core(statement: Any) -> None:
    """The filter knows mapped classes only: `select(Lead.__table__.c.id)` would see every workspace on SQLite."""
    if isinstance(statement, sa.TextClause):
        return
    for element in visitors.iterate(statement):
        if isinstance(element, sa.Table) and "workspace_id" in element.c:
            raise RuntimeError(
                f"A Core statement on {element.name} would step around the workspace filter; select from its class, "
                "or write through store.bulk."
            )


def _check_inserted(parameters: Any, workspace_id: UUID) -> None:
    for row in parameters if isinstance(parameters, list) else [parameters or {}]:
        if row.get("workspace_id", workspace_id) != workspace_id:
            raise RuntimeError("A row of another workspace was inserted through this session.")


@event.listens_for(Session, "before_flush")
def _check_flush(session: Any, _context: Any, _instances: Any) -> None:
    if not (session.new or session.dirty or session.deleted) or "workspace_id" not in session.info:
        return
    if not session.info["writes"]:
        raise RuntimeError("A read transaction has changes to flush; open it with Database.write.")
    workspace_id = session.info["workspace_id"]
    for row in (*session.new, *session.dirty):
        if isinstance(row, WorkspaceRow) and row.workspace_id != workspace_id:
            raise RuntimeError(f"A {type(row).__name__} of another workspace was added to this session.")


@event.listens_for(Session, "after_begin")
def _begun(session: Any, transaction: Any, connection: Connection) -> None:
    if not transaction.nested:
        info = session.info
        _bind(connection, info.get("touched"), info.get("workspace_id"), writes=bool(info.get("writes", True)))


def _bind(connection: Connection, seen: Touched | None, workspace_id: UUID | None, *, writes: bool) -> None:
    touched.begin(connection, seen)
    if connection.dialect.name != "postgresql":
        return
    # Local to the transaction: a pooled connection never carries the workspace to the next request.
    setting = f"SET LOCAL {WORKSPACE_SETTING} = '{workspace_id or ''}'"
    if not connection.get_execution_options().get(_OURS):
        connection.exec_driver_sql(setting)
    elif writes:
        _at_once(connection, f"BEGIN; {setting}")
    else:  # one snapshot for the whole transaction, as SQLite's readers have it; and a write is refused
        _at_once(connection, f"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {setting}")


def _at_once(connection: Connection, text: str) -> None:
    """Two commands in one round trip to the server, which a prepared statement cannot be."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(text, prepare=False)
    except psycopg.Error as error:
        if driver.broken:
            connection.invalidate(error)
        raise sa.exc.OperationalError(text, None, error, hide_parameters=True) from error


def _sqlite(url: str) -> Engine:
    path = sa.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"check_same_thread": False},
        json_serializer=_json,
        json_deserializer=_from_json,
        hide_parameters=True,
    )
    use_lean_types(engine)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
        cursor = connection.cursor()
        # FULL: an approval or a sent mark survives a power cut, which NORMAL does not promise in WAL mode.
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-65536",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # IMMEDIATE: two writers that both read first would otherwise deadlock into "database is locked".
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: str, pool_size: int) -> Engine:
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        isolation_level="AUTOCOMMIT",  # of the driver: every BEGIN is sent below, together with what belongs to it
        json_serializer=_json,
        json_deserializer=_from_json,
        hide_parameters=True,  # an error's text must not carry a row into a log
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        use_lean_loaders(connection)

    @event.listens_for(engine, "checkin")
    def _rests(_connection: Any, record: Any) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _lives(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("since", monotonic()) > _IDLE:
            try:
                connection.execute("SELECT 1")
            except psycopg.Error as error:
                raise sa.exc.DisconnectionError from error  # the pool opens another one

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(_OURS):
            connection.exec_driver_sql("BEGIN")

    return engine


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _from_json(text: Any) -> Any:
    if isinstance(text, int | float):  # SQLite keeps a bare number as one, and SQLAlchemy asks for this error then
        raise TypeError("a number")
    return orjson.loads(text)
