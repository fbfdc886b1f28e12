"""Pools of people who share out their meetings, and accounts that make rooms for video calls."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

PROTECTED = ["pool", "pool_member", "pool_use", "pool_entry", "room_setting", "meeting_room"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "pool",
        *_key(),
        sa.Column("name", _TEXT(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("everyone", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("ownership", _TEXT(length=16), nullable=False),
        sa.Column("owner_counts", sa.Boolean(), nullable=False),
        sa.Column("no_show_counts", sa.Boolean(), nullable=False),
        sa.Column("needs", _JSON, nullable=False),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.Column("updated_at", _INSTANT(), nullable=False),
        *_constraints("pool"),
        _unique("pool", "name"),
    )
    op.create_index(
        "uq_pool_everyone",
        "pool",
        ["workspace_id"],
        unique=True,
        sqlite_where=sa.text("everyone"),
        postgresql_where=sa.text("everyone"),
    )
    op.create_table(
        "pool_member",
        *_key(),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("skills", _JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("joined_at", _INSTANT(), nullable=False),
        sa.Column("left_at", _INSTANT(), nullable=True),
        *_constraints("pool_member", pool_id="pool", user_id="user_account"),
        _unique("pool_member", "pool_id", "user_id"),
    )
    _index("pool_member", "user_id")
    op.create_table(
        "pool_use",
        *_key(),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        *_constraints("pool_use", id="icp", pool_id="pool"),
    )
    _index("pool_use", "pool_id")
    op.create_table(
        "pool_entry",
        *_key(),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "pool_id"],
            ["pool.workspace_id", "pool.id"],
            name=op.f("fk_pool_entry_workspace_id_pool_id_pool"),
        ),
        *_constraints("pool_entry"),
    )
    _index("pool_entry", "pool_id", "user_id")
    _index("pool_entry", "meeting_id")
    op.create_table(
        "room_setting",
        *_key(),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("zoom_account_id", _TEXT(length=100), nullable=False),
        sa.Column("zoom_client_id", _TEXT(length=100), nullable=False),
        sa.Column("zoom_secret_sealed", sa.Text(), nullable=False),
        sa.Column("zoom_host", _TEXT(length=254), nullable=False),
        sa.Column("connection_number", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("updated_by", _TEXT(length=100), nullable=False),
        sa.Column("updated_at", _INSTANT(), nullable=False),
        *_constraints("room_setting"),
    )
    op.create_table(
        "meeting_room",
        *_key(),
        sa.Column("service", _TEXT(length=16), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_version", sa.Integer(), nullable=False),
        sa.Column("room_id", _TEXT(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("dial_in", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        *_constraints("meeting_room", id="meeting"),
    )
    _index("meeting_room", "state")
    with op.batch_alter_table("meeting") as meeting:
        meeting.add_column(sa.Column("pool_id", sa.Uuid(), nullable=True))
        meeting.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("connected_calendar") as calendar:
        calendar.add_column(sa.Column("room_kind", _TEXT(length=16), nullable=False, server_default=""))
        calendar.add_column(sa.Column("room_address", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("calendar_event") as event:
        event.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
        event.drop_constraint(op.f("uq_calendar_event_workspace_id_meeting_id"), type_="unique")
        event.create_unique_constraint(
            op.f("uq_calendar_event_workspace_id_meeting_id_turn"), ["workspace_id", "meeting_id", "turn"]
        )
    _index("meeting", "pool_id")
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_index(op.f("ix_meeting_workspace_id_pool_id"), table_name="meeting")
    with op.batch_alter_table("calendar_event") as event:
        event.drop_constraint(op.f("uq_calendar_event_workspace_id_meeting_id_turn"), type_="unique")
        event.create_unique_constraint(
            op.f("uq_calendar_event_workspace_id_meeting_id"), ["workspace_id", "meeting_id"]
        )
        event.drop_column("turn")
    with op.batch_alter_table("connected_calendar") as calendar:
        calendar.drop_column("room_address")
        calendar.drop_column("room_kind")
    with op.batch_alter_table("meeting") as meeting:
        meeting.drop_column("turn")
        meeting.drop_column("pool_id")
    for name in ("meeting_room", "room_setting", "pool_entry", "pool_use", "pool_member", "pool"):
        op.drop_table(name)


def _key() -> list[sa.Column[object]]:
    return [sa.Column("workspace_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False)]


def _constraints(table: str, **refers: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                [f"{other}.workspace_id", f"{other}.id"],
                name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
                ondelete="CASCADE",
            )
            for column, other in refers.items()
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    named = "_".join(("workspace_id", *columns))
    return sa.UniqueConstraint("workspace_id", *columns, name=op.f(f"uq_{table}_{named}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(('workspace_id', *columns))}"), table, ["workspace_id", *columns])
