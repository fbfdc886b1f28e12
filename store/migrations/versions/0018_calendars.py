"""Calendars of our people outside, our events in them, and one booking a person and purpose."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PROTECTED = ["calendar_connection", "connected_calendar", "busy_span", "calendar_event", "availability"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "calendar_connection",
        *_key(),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("service", _TEXT(length=16), nullable=False),
        sa.Column("account", _TEXT(length=254), nullable=False),
        sa.Column("connection", _JSON, nullable=False),
        sa.Column("credentials_sealed", sa.Text(), nullable=False),
        sa.Column("connection_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("connected_at", _INSTANT(), nullable=True),
        sa.Column("looked_at", _INSTANT(), nullable=True),
        sa.Column("created_at", _INSTANT(), nullable=False),
        *_constraints("calendar_connection", user_id="user_account"),
        _unique("calendar_connection", "user_id", "service", "account"),
    )
    _index("calendar_connection", "state")
    op.create_table(
        "connected_calendar",
        *_key(),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", _TEXT(length=1_000), nullable=False),
        sa.Column("name", _TEXT(length=300), nullable=False),
        sa.Column("time_zone", _TEXT(length=64), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("counts_busy", sa.Boolean(), nullable=False),
        sa.Column("gets_events", sa.Boolean(), nullable=False),
        sa.Column("makes_rooms", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("busy_read_at", _INSTANT(), nullable=True),
        sa.Column("busy_since", _INSTANT(), nullable=True),
        sa.Column("busy_until", _INSTANT(), nullable=True),
        sa.Column("channel_id", _TEXT(length=255), nullable=False),
        sa.Column("resource_id", _TEXT(length=255), nullable=False),
        sa.Column("channel_until", _INSTANT(), nullable=True),
        *_constraints("connected_calendar", connection_id="calendar_connection"),
        _unique("connected_calendar", "connection_id", "calendar_id"),
    )
    _index("connected_calendar", "user_id")
    op.create_index(
        "uq_connected_calendar_gets_events",
        "connected_calendar",
        ["workspace_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("gets_events"),
        postgresql_where=sa.text("gets_events"),
    )
    op.create_table(
        "busy_span",
        *_key(),
        sa.Column("connected_calendar_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", _INSTANT(), nullable=False),
        sa.Column("ends_at", _INSTANT(), nullable=False),
        sa.Column("busyness", _TEXT(length=16), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        *_constraints("busy_span", connected_calendar_id="connected_calendar"),
    )
    _index("busy_span", "connected_calendar_id")
    _index("busy_span", "user_id", "starts_at")
    op.create_table(
        "calendar_event",
        *_key(),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("connected_calendar_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("event_key", _TEXT(length=32), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("uid", _TEXT(length=255), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("there_starts_at", _INSTANT(), nullable=True),
        sa.Column("there_ends_at", _INSTANT(), nullable=True),
        sa.Column("read_at", _INSTANT(), nullable=True),
        sa.Column("video_url", sa.Text(), nullable=False),
        sa.Column("dial_in", sa.Text(), nullable=False),
        *_constraints("calendar_event", meeting_id="meeting", connected_calendar_id="connected_calendar"),
        _unique("calendar_event", "meeting_id"),
    )
    _index("calendar_event", "connected_calendar_id", "state")
    _index("calendar_event", "user_id", "state")
    op.create_table(
        "availability",
        *_key(),
        sa.Column("rules", _JSON, nullable=False),
        sa.Column("updated_at", _INSTANT(), nullable=False),
        *_constraints("availability", id="user_account"),
    )
    with op.batch_alter_table("meeting") as meeting:
        meeting.add_column(sa.Column("purpose", _TEXT(length=32), nullable=False, server_default="introduction"))
        meeting.add_column(sa.Column("booked_key", _TEXT(length=100), nullable=True))
        meeting.add_column(sa.Column("language", _TEXT(length=8), nullable=False, server_default=""))
        meeting.create_unique_constraint(op.f("uq_meeting_workspace_id_booked_key"), ["workspace_id", "booked_key"])
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    with op.batch_alter_table("meeting") as meeting:
        meeting.drop_constraint(op.f("uq_meeting_workspace_id_booked_key"), type_="unique")
        meeting.drop_column("language")
        meeting.drop_column("booked_key")
        meeting.drop_column("purpose")
    for name in reversed(PROTECTED[:-1]):
        op.drop_table(name)
    op.drop_table("availability")


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
