"""What was said in a meeting, and what is proposed from it; and when reps are told what to know before one."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

PROTECTED = ["transcript", "finding"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime
_STATE = sa.String(length=32)


def upgrade() -> None:
    op.create_table(
        "transcript",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("content_index", _TEXT(length=64), nullable=False),
        sa.Column("format", _TEXT(length=8), nullable=False),
        sa.Column("turns_sealed", sa.Text(), nullable=True),
        sa.Column("sides_sealed", sa.Text(), nullable=True),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("reading", _JSON, nullable=False),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        *_of_a_workspace("transcript", "meeting_id", "meeting"),
        sa.UniqueConstraint(
            "workspace_id",
            "meeting_id",
            "content_index",
            name=op.f("uq_transcript_workspace_id_meeting_id_content_index"),
        ),
    )
    op.create_index(op.f("ix_transcript_workspace_id_company_id"), "transcript", ["workspace_id", "company_id"])
    op.create_table(
        "finding",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transcript_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _TEXT(length=16), nullable=False),
        sa.Column("detail", _TEXT(length=16), nullable=False),
        sa.Column("side", _TEXT(length=16), nullable=False),
        sa.Column("who", _TEXT(length=16), nullable=False),
        sa.Column("words_sealed", sa.Text(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("at_seconds", sa.Float(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("by", _TEXT(length=100), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("decided_by", _TEXT(length=100), nullable=False),
        sa.Column("decided_at", _INSTANT(), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT(), nullable=False),
        *_of_a_workspace("finding", "transcript_id", "transcript"),
    )
    op.create_index(
        op.f("ix_finding_workspace_id_meeting_id_state"), "finding", ["workspace_id", "meeting_id", "state"]
    )
    op.create_index(op.f("ix_finding_workspace_id_transcript_id"), "finding", ["workspace_id", "transcript_id"])
    rls.protect(op.get_bind(), PROTECTED)
    op.add_column("workspace", sa.Column("preparation_hour", sa.Integer(), nullable=False, server_default="7"))
    op.add_column("workspace", sa.Column("preparation_hours_before", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("user_account", sa.Column("preparation_mail", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("user_account", "preparation_mail")
    for name in ("preparation_hours_before", "preparation_hour"):
        op.drop_column("workspace", name)
    for name in reversed(PROTECTED):
        op.drop_table(name)


def _of_a_workspace(table: str, column: str, other: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        sa.ForeignKeyConstraint(
            ["workspace_id", column],
            [f"{other}.workspace_id", f"{other}.id"],
            name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]
