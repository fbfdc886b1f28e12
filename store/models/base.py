"""What every table shares: the workspace in its key, UTC instants, enums stored by value, JSON on both databases.

Names of personal columns end in `_sealed` (AES-256-GCM, opened by store.vault) or `_index` (a keyed hash to
look them up by). Nothing else in a row may hold personal data in clear.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

JSON_TYPE = sa.JSON().with_variant(JSONB(), "postgresql")


class WorkspaceRow(SQLModel):
    """A row of one workspace, its key (workspace_id, id). Ids come from core.ids, never from a default."""

    workspace_id: UUID = Field(primary_key=True, foreign_key="workspace.id")
    id: UUID = Field(primary_key=True)


def enum_type(enum: type[StrEnum]) -> sa.Enum:
    """Stored by value in 32 characters, without a CHECK: a new member needs no migration and is not refused."""
    return sa.Enum(
        enum,
        values_callable=lambda e: [m.value for m in e],
        native_enum=False,
        length=32,
        create_constraint=False,
    )


def enum_field(enum: type[StrEnum], default: Any = ..., *, index: bool = False) -> Any:
    if default is ...:
        return Field(sa_type=enum_type(enum), index=index)
    return Field(default=default, sa_type=enum_type(enum), index=index)


def json_field(factory: Any = dict) -> Any:
    """A JSON document. Assign it whole: a change inside it is not seen."""
    return Field(default_factory=factory, sa_type=JSON_TYPE)


def text_field(default: Any = "") -> Any:
    return Field(default=default, sa_type=sa.Text)


def refers(column: str, table: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """A reference within the workspace: (workspace_id, column) → table(workspace_id, id)."""
    return sa.ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete=ondelete
    )


def unique(*columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("workspace_id", *columns)


def index(*columns: str, where: str | None = None) -> sa.Index:
    """An index that starts with the workspace, partial where `where` says (both databases have partial indexes)."""
    options: dict[str, Any] = {}
    if where is not None:
        options = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    return sa.Index(None, "workspace_id", *columns, **options)


def columns_of(model: type[SQLModel]) -> Sequence[str]:
    return [column.name for column in sa.inspect(model).columns]
