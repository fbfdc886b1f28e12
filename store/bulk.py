"""Many rows in few statements: INSERT … ON CONFLICT on both databases, in the workspace of the session.

    upsert(session, Company, rows, key=["domain"], update=["name"])   # each row inserted, or those columns updated
    insert_ignore(session, Decision, rows)                            # → the ids that were new

Rows are dicts of column names. The workspace comes from the session; columns that no row names get their model's
defaults. Statements are built once a shape. SQLite gets them as an executemany, or in batches below its limit of
32,766 parameters; PostgreSQL gets the rows as one JSON document a batch, because binding each value costs more than
the insert. Objects that the session already holds stay as they were loaded.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic_core import PydanticUndefined
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from store.session import workspace_of

Row = Mapping[str, Any]

_DOCUMENT_ROWS = 5_000  # of a JSON document: some megabytes


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
        _run(session, _insert_statement(_dialect(session), model), _complete(session, model, rows), returning=False)


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
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        result = connection.execute(statement, rows)
        return list(result.all()) if returning else []
    written: list[sa.Row[Any]] = []
    for start in range(0, len(rows), _DOCUMENT_ROWS):
        result = connection.execute(statement, {"document": _document(rows[start : start + _DOCUMENT_ROWS])})
        if returning:
            written.extend(result.all())
    return written


def _document(rows: list[dict[str, Any]]) -> str:
    try:
        return orjson.dumps(rows, default=_instant, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(f"A row cannot be written: {error.__cause__ or error}") from error


def _instant(value: Any) -> str:
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError("an instant without a zone")  # the column type says so everywhere else
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__}")


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
    table = _table(model)
    if dialect != "postgresql":
        return sqlite.insert(table)
    # The table's own row type says how each value of the document is read.
    source = sa.text(f'json_populate_recordset(NULL::"{table.name}", CAST(:document AS json))')
    names = _columns(model)
    # JSON's own null is a value here, as SQLAlchemy binds None; populating a record would make it SQL's NULL.
    values: list[Any] = [
        sa.func.coalesce(sa.column(name), sa.text("'null'::jsonb"))
        if isinstance(table.c[name].type, sa.JSON)
        else sa.column(name)
        for name in names
    ]
    rows = sa.select(*values).select_from(source)
    return postgresql.insert(table).from_select(list(names), rows)


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
    if returning:
        statement = statement.returning(*(_table(model).c[column] for column in returning))
    executable: sa.Executable = statement
    return executable


@lru_cache(maxsize=256)
def _ignore_statement(dialect: str, model: type[SQLModel]) -> sa.Executable:
    statement = _insert_for(dialect, model).on_conflict_do_nothing().returning(_table(model).c.id)
    executable: sa.Executable = statement
    return executable


@lru_cache(maxsize=256)
def _insert_statement(dialect: str, model: type[SQLModel]) -> sa.Executable:
    executable: sa.Executable = _insert_for(dialect, model)
    return executable


@lru_cache(maxsize=256)
def _update_statement(model: type[SQLModel], columns: tuple[str, ...]) -> sa.Executable:
    table = _table(model)
    return (
        sa.update(table)
        .where(table.c.workspace_id == sa.bindparam("_workspace"), table.c.id == sa.bindparam("_id"))
        .values({column: sa.bindparam(column) for column in columns})
    )
