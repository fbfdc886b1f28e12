"""Merges of companies and people as evidence, what they moved, and proposals that wait for a person."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PROTECTED = ["merge", "merge_move", "merge_proposal"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "merge",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("absorbed_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("decided_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.Column("split_at", _INSTANT(), nullable=True),
        sa.Column("split_by", _TEXT(length=100), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_merge_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_merge")),
    )
    op.create_index(op.f("ix_merge_workspace_id_kept_id"), "merge", ["workspace_id", "kept_id"])
    op.create_index(
        "uq_merge_absorbed",
        "merge",
        ["workspace_id", "absorbed_id"],
        unique=True,
        sqlite_where=sa.text("split_at IS NULL"),
        postgresql_where=sa.text("split_at IS NULL"),
    )
    op.create_table(
        "merge_move",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", _TEXT(length=64), nullable=False),
        sa.Column("column_name", _TEXT(length=64), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("before", _JSON, nullable=False),
        sa.Column("after", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_merge_move_workspace_id_workspace")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "merge_id"],
            ["merge.workspace_id", "merge.id"],
            name=op.f("fk_merge_move_workspace_id_merge_id_merge"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_merge_move")),
    )
    op.create_index(op.f("ix_merge_move_workspace_id_merge_id"), "merge_move", ["workspace_id", "merge_id"])
    op.create_index(op.f("ix_merge_move_workspace_id_row_id"), "merge_move", ["workspace_id", "row_id"])
    op.create_table(
        "merge_proposal",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decided_by", _TEXT(length=100), nullable=False),
        sa.Column("decided_at", _INSTANT(), nullable=True),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_merge_proposal_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_merge_proposal")),
        sa.UniqueConstraint(
            "workspace_id", "first_id", "second_id", name=op.f("uq_merge_proposal_workspace_id_first_id_second_id")
        ),
    )
    op.create_index(
        op.f("ix_merge_proposal_workspace_id_state_probability"),
        "merge_proposal",
        ["workspace_id", "state", "probability"],
    )
    op.create_index(op.f("ix_merge_proposal_workspace_id_second_id"), "merge_proposal", ["workspace_id", "second_id"])
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("merge_proposal")
    op.drop_table("merge_move")
    op.drop_table("merge")
