"""Many rows in few statements: INSERT … ON CONFLICT on both databases, in the workspace of the session.

    upsert(session, Company, rows, key=["domain"], update=["name"])   # each row inserted, or those columns updated
    insert_ignore(session, Decision, rows)                            # → the ids that were new

Rows are dicts of column names. The workspace comes from the session; columns that no row names get their model's
defaults. Statements are built once a shape and go in batches that stay below the databases' limits on parameters
(SQLite 32,766, PostgreSQL 65,535 a statement). Objects that the session already holds stay as they were loaded.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic_core import PydanticUndefined
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from store.session import workspace_of

Row = Mapping[str, Any]


def upsert(
    session: Session,
    model: type[SQLModel],
    rows: Sequence[Row],
    *,
    key: Sequence[str] = ("id",),
    update: Sequence[str] | None = None,
    returning: Sequence[str] = (),
) -> list[sa.Row[Any]]:
    """Insert each row, or update the one that has the same `key` (unique together with the workspace).

    `update` names the columns that change on a conflict; None: all that the rows name, except the key, `id` and
    `created_at`. Of two rows with one key the later wins. Returns the `returning` columns of every row written, in no
    particular order: name the key among them to know which is which.
    """
    if not rows:
        return []
    full = _complete(session, model, {tuple(row[column] for column in key): row for row in rows}.values())
    if update is None:
        named = {column for row in rows for column in row}
        update = [c for c in _columns(model) if c in named and c not in {*key, "workspace_id", "id", "created_at"}]
    statement = _upsert_statement(_dialect(session), model, tuple(key), tuple(update), tuple(returning))
    return _run(session, statement, full, returning=bool(returning))


def insert_ignore(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> set[UUID]:
    """Insert the rows that no unique key refuses. Returns the ids of those that were new."""
    if not rows:
        return set()
    statement = _ignore_statement(_dialect(session), model)
    return {row.id for row in _run(session, statement, _complete(session, model, rows), returning=True)}


def insert(session: Session, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows that are known to be new. Raises IntegrityError where one is not."""
    if rows:
        _run(session, _insert_statement(model), _complete(session, model, rows), returning=False)


def update(session: Session, model: type[SQLModel], rows: Sequence[Row], *, columns: Sequence[str]) -> None:
    """Set `columns` of each row by its `id`, in one batch. Every row names all of them; unknown ids are passed over."""
    if not rows:
        return
    workspace_id = workspace_of(session)
    parameters = [
        {"_workspace": workspace_id, "_id": row["id"], **{column: row[column] for column in columns}} for row in rows
    ]
    session.flush()
    session.connection().execute(_update_statement(model, tuple(columns)), parameters)


def _run(
    session: Session, statement: sa.Executable, rows: list[dict[str, Any]], *, returning: bool
) -> list[sa.Row[Any]]:
    session.flush()  # rows added through the session come first, as they would with a query
    result = session.connection().execute(statement, rows)
    written = list(result.all()) if returning else []
    return written


def _complete(session: Session, model: type[SQLModel], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows with every column, in this workspace. Raises ValueError for a column that the model does not have."""
    workspace_id = workspace_of(session)
    defaults = {**_defaults(model), "workspace_id": workspace_id}
    complete = []
    for row in rows:
        full = {**defaults, **row}
        if len(full) != len(_columns(model)) or full["workspace_id"] != workspace_id:
            _explain(model, full, workspace_id)
        complete.append(full)
    return complete


def _explain(model: type[SQLModel], row: Row, workspace_id: UUID) -> None:
    if row["workspace_id"] != workspace_id:
        raise RuntimeError(f"A {model.__name__} of another workspace was given to this session.")
    if unknown := sorted(set(row) - set(_columns(model))):
        raise ValueError(f"{model.__name__} has no column {', '.join(unknown)}.")
    missing = sorted(set(_columns(model)) - set(row))
    raise ValueError(f"A row of {model.__name__} lacks {', '.join(missing)}, which has no default.")


@lru_cache(maxsize=256)
def _columns(model: type[SQLModel]) -> tuple[str, ...]:
    return tuple(column.name for column in _table(model).columns)


@lru_cache(maxsize=256)
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    # One empty list for all rows is safe: it is only ever serialised.
    return {
        name: value
        for name, field in model.model_fields.items()
        if (value := field.get_default(call_default_factory=True)) is not PydanticUndefined
    }


def _table(model: type[SQLModel]) -> sa.Table:
    table: sa.Table = sa.inspect(model).local_table
    return table


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _insert_for(dialect: str, model: type[SQLModel]) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(_table(model))


@lru_cache(maxsize=256)
def _upsert_statement(
    dialect: str, model: type[SQLModel], key: tuple[str, ...], update: tuple[str, ...], returning: tuple[str, ...]
) -> sa.Executable:
    statement = _insert_for(dialect, model)
    target = ["workspace_id", *key]
    if update:
        statement = statement.on_conflict_do_update(
            index_elements=target, set_={column: statement.excluded[column] for column in update}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=target)
    # With RETURNING SQLAlchemy sends many rows a statement; without it psycopg would send them one by one.
    columns = returning or (("id",) if dialect == "postgresql" else ())
    if columns:
        statement = statement.returning(*(_table(model).c[column] for column in columns))
    executable: sa.Executable = statement
    return executable


@lru_cache(maxsize=256)
def _ignore_statement(dialect: str, model: type[SQLModel]) -> sa.Executable:
    statement = _insert_for(dialect, model).on_conflict_do_nothing().returning(_table(model).c.id)
    executable: sa.Executable = statement
    return executable


@lru_cache(maxsize=256)
def _insert_statement(model: type[SQLModel]) -> sa.Executable:
    return sa.insert(_table(model))


@lru_cache(maxsize=256)
def _update_statement(model: type[SQLModel], columns: tuple[str, ...]) -> sa.Executable:
    table = _table(model)
    return (
        sa.update(table)
        .where(table.c.workspace_id == sa.bindparam("_workspace"), table.c.id == sa.bindparam("_id"))
        .values({column: sa.bindparam(column) for column in columns})
    )
