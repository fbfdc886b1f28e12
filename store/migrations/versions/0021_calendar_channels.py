"""Channels through which a calendar's service tells of changes, and when each calendar was looked at."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "calendar_channel",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connected_calendar_id", sa.Uuid(), nullable=False),
        sa.Column("connection_number", sa.Integer(), nullable=False),
        sa.Column("service", _TEXT(length=16), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("remote_id", _TEXT(length=255), nullable=False),
        sa.Column("resource_id", _TEXT(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", _INSTANT(), nullable=False),
        sa.Column("lease_until", _INSTANT(), nullable=True),
        sa.Column("confirmed_at", _INSTANT(), nullable=True),
        sa.Column("expires_at", _INSTANT(), nullable=False),
        sa.Column("wishes_at", _INSTANT(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_calendar_channel_workspace_id_workspace")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "connected_calendar_id"],
            ["connected_calendar.workspace_id", "connected_calendar.id"],
            name=op.f("fk_calendar_channel_workspace_id_connected_calendar_id_connected_calendar"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_calendar_channel")),
    )
    op.create_index(
        op.f("ix_calendar_channel_workspace_id_connected_calendar_id"),
        "calendar_channel",
        ["workspace_id", "connected_calendar_id"],
    )
    op.create_index(
        "uq_calendar_channel_asking",
        "calendar_channel",
        ["workspace_id", "connected_calendar_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asking'"),
        postgresql_where=sa.text("state = 'asking'"),
    )
    rls.protect(op.get_bind(), ["calendar_channel"])
    for name in ("channel_id", "resource_id", "channel_until"):
        op.drop_column("connected_calendar", name)
    op.drop_column("calendar_connection", "looked_at")
    for column in (
        sa.Column("looked_at", _INSTANT(), nullable=True),
        sa.Column("look_until", _INSTANT(), nullable=True),
        sa.Column("look_complete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("notices", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("notices_taken", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("notices_seen", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("channel_due_at", _INSTANT(), nullable=True),
        sa.Column("channel_problem", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("connected_calendar", column)


def downgrade() -> None:
    for name in (
        "looked_at", "look_until", "look_complete", "notices", "notices_taken", "notices_seen", "channel_due_at",
        "channel_problem",
    ):  # fmt: skip
        op.drop_column("connected_calendar", name)
    op.add_column("calendar_connection", sa.Column("looked_at", _INSTANT(), nullable=True))
    for name in ("channel_id", "resource_id"):
        op.add_column("connected_calendar", sa.Column(name, _TEXT(length=255), nullable=False, server_default=""))
    op.add_column("connected_calendar", sa.Column("channel_until", _INSTANT(), nullable=True))
    op.drop_table("calendar_channel")
