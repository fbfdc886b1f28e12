"""Sessions: one engine for SQLite or PostgreSQL, one transaction a step, one workspace a transaction.

    with database.write(workspace_id) as session: …   # commits at the end, rolls back on an exception
    with database.read(workspace_id) as session: …    # never takes SQLite's write lock

Every ORM statement of such a session sees rows of its workspace only; on PostgreSQL row-level security says it a
second time, from the transaction's own setting. Never keep a session across network calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlmodel import Session

from core.settings import Settings
from store.models.base import WorkspaceRow

_BUSY_TIMEOUT_MS = 15_000  # writers queue here while another holds SQLite's one write lock
# SQLAlchemy first calls the criterion with WorkspaceRow itself, which is no table and so has no such attribute.
_COLUMN = sa.column("workspace_id", sa.Uuid())
WORKSPACE_SETTING = "app.workspace_id"  # what the row-level security policies compare with


class Database:
    """The business store. Thread-safe; make one a process."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        self.engine = _postgres(url, pool_size) if url.startswith("postgresql") else _sqlite(url)
        self.is_postgres = self.engine.dialect.name == "postgresql"
        self._writer = self.engine.execution_options(writes=True)
        self._reader = self.engine.execution_options(writes=False)
        if self.is_postgres:
            # One snapshot for the whole transaction, as SQLite's readers have it; and a write is refused.
            self._reader = self._reader.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Database":
        if not settings.is_postgres:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(settings.store_url, pool_size=settings.pool_size)

    @contextmanager
    def write(self, workspace_id: UUID) -> Iterator[Session]:
        """A transaction that may write. On SQLite it waits for the write lock first, so it never fails half way."""
        with self._session(workspace_id, writes=True) as session, session.begin():
            yield session

    @contextmanager
    def read(self, workspace_id: UUID) -> Iterator[Session]:
        """A consistent view. Flushing from it raises: a reader that writes is a bug."""
        with self._session(workspace_id, writes=False) as session, session.begin():
            yield session

    @contextmanager
    def unscoped(self, *, writes: bool = False) -> Iterator[Session]:
        """A transaction of no workspace: for the `workspace` table itself, and for nothing else.

        On PostgreSQL row-level security hides every other table from it.
        """
        with self._session(None, writes=writes) as session, session.begin():
            yield session

    def _session(self, workspace_id: UUID | None, *, writes: bool) -> Session:
        session = Session(self._writer if writes else self._reader, expire_on_commit=False, autoflush=True)
        session.info["workspace_id"] = workspace_id
        session.info["writes"] = writes
        return session

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
    else:
        state.statement = state.statement.options(
            with_loader_criteria(
                WorkspaceRow, lambda row: getattr(row, "workspace_id", _COLUMN) == workspace_id, include_aliases=True
            )
        )


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
def _tell_postgres(session: Any, _transaction: Any, connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    workspace_id = session.info.get("workspace_id")
    # Local to the transaction: a pooled connection never carries it to the next request.
    connection.execute(
        sa.text("SELECT set_config(:name, :value, true)"),
        {"name": WORKSPACE_SETTING, "value": str(workspace_id) if workspace_id else ""},
    )


def _sqlite(url: str) -> Engine:
    path = sa.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, connect_args={"check_same_thread": False}, json_serializer=_json, hide_parameters=True
    )

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
    return sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        pool_pre_ping=True,
        json_serializer=_json,
        hide_parameters=True,  # an error's text must not carry a row into a log
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
