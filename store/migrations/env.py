"""Alembic's entry point. Runs on the connection that store.migrations gives it, or, from the command line, on the
one that the settings name."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel

import store.models  # noqa: F401 — importing it is what fills the metadata
from core.settings import Settings
from store import migrations

# Tables of libraries that live in the same PostgreSQL database: never ours to drop.
_FOREIGN_PREFIXES = ("checkpoint", "writes", "store", "pgqueuer")


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    if kind != "table" or name is None:
        return True
    return name in SQLModel.metadata.tables or not name.startswith(_FOREIGN_PREFIXES)


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Types as they are written in a migration: by what they are, not by how SQLAlchemy prints them."""
    if kind != "type":
        return False
    name = type(item).__name__
    if isinstance(item, sa.JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if name == "UTCDateTime":
        return "sqlmodel.sql.sqltypes.UTCDateTime()"
    if name == "AutoString":
        return f"sqlmodel.sql.sqltypes.AutoString(length={item.length})" if item.length else "sa.Text()"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        include_name=include_name,
        compare_type=True,
        # Both databases roll DDL back; Alembic believes it of PostgreSQL only.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations run on a live database: RLS and roles are read from it. Leave out --sql.")

given: sa.Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    settings = Settings()
    with migrations.connect(settings.admin_database_url or settings.store_url) as own:
        run(own)
