"""Variants of what is written, and rules learned from edits."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PROTECTED = ["template_variant", "edit_rule"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime
_STATE = sa.String(length=32)


def upgrade() -> None:
    op.create_table(
        "template_variant",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template", _TEXT(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", _TEXT(length=80), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("against", _TEXT(length=100), nullable=False),
        sa.Column("max_companies", sa.Integer(), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("result", _JSON, nullable=False),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.Column("decided_by", _TEXT(length=100), nullable=False),
        sa.Column("decided_at", _INSTANT(), nullable=True),
        *_of_a_workspace("template_variant"),
        sa.UniqueConstraint(
            "workspace_id", "template", "number", name=op.f("uq_template_variant_workspace_id_template_number")
        ),
    )
    op.create_index(
        op.f("ix_template_variant_workspace_id_template_state"),
        "template_variant",
        ["workspace_id", "template", "state"],
    )
    op.create_table(
        "edit_rule",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _TEXT(length=32), nullable=False),
        sa.Column("find_sealed", sa.Text(), nullable=False),
        sa.Column("put_sealed", sa.Text(), nullable=False),
        sa.Column("template", _TEXT(length=80), nullable=False),
        sa.Column("field", _TEXT(length=16), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("figures", _JSON, nullable=False),
        sa.Column("decided_by", _TEXT(length=100), nullable=False),
        sa.Column("decided_at", _INSTANT(), nullable=False),
        *_of_a_workspace("edit_rule"),
    )
    op.create_index(op.f("ix_edit_rule_workspace_id_state"), "edit_rule", ["workspace_id", "state"])
    # What a draft was made with. Drafts from before belong to no test.
    op.add_column("draft", sa.Column("template", _TEXT(length=100), nullable=False, server_default=""))
    op.add_column("draft", sa.Column("variant_test_id", sa.Uuid(), nullable=True))
    op.add_column("draft", sa.Column("variant_arm", _TEXT(length=8), nullable=False, server_default=""))
    op.add_column("draft", sa.Column("rule_ids", _JSON, nullable=False, server_default="[]"))
    tested = sa.text("variant_test_id IS NOT NULL")
    op.create_index(
        op.f("ix_draft_workspace_id_variant_test_id_state"),
        "draft",
        ["workspace_id", "variant_test_id", "state"],
        sqlite_where=tested,
        postgresql_where=tested,
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_index(op.f("ix_draft_workspace_id_variant_test_id_state"), table_name="draft")
    for name in ("rule_ids", "variant_arm", "variant_test_id", "template"):
        op.drop_column("draft", name)
    for name in reversed(PROTECTED):
        op.drop_table(name)


def _of_a_workspace(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]
