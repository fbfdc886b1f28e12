"""Sequences as versions, and how an enrollment stands in one."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

PROTECTED = ["sequence_version"]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "sequence_version",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", _JSON, nullable=False),
        sa.Column("note", _TEXT(length=300), nullable=False),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_sequence_version_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sequence_version")),
        sa.UniqueConstraint(
            "workspace_id", "name", "number", name=op.f("uq_sequence_version_workspace_id_name_number")
        ),
    )
    rls.protect(op.get_bind(), PROTECTED)
    # What runs is the first version of its sequence; its name alone was kept.
    op.add_column("enrollment", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("enrollment", sa.Column("steps_before", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("enrollment", sa.Column("entered_at", _INSTANT(), nullable=True))
    op.create_index(
        "ix_enrollment_workspace_id_mailbox_id_state", "enrollment", ["workspace_id", "mailbox_id", "state"]
    )
    op.create_index(
        "ix_enrollment_workspace_id_sequence_version_state",
        "enrollment",
        ["workspace_id", "sequence", "version", "state"],
    )
    op.create_index("ix_touch_workspace_id_lead_id_done_at", "touch", ["workspace_id", "lead_id", "done_at"])
    op.create_index(
        "ix_outbox_item_workspace_id_contact_id_state", "outbox_item", ["workspace_id", "contact_id", "state"]
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_item_workspace_id_contact_id_state", table_name="outbox_item")
    op.drop_index("ix_touch_workspace_id_lead_id_done_at", table_name="touch")
    op.drop_index("ix_enrollment_workspace_id_sequence_version_state", table_name="enrollment")
    op.drop_index("ix_enrollment_workspace_id_mailbox_id_state", table_name="enrollment")
    op.drop_column("enrollment", "entered_at")
    op.drop_column("enrollment", "steps_before")
    op.drop_column("enrollment", "version")
    op.drop_table("sequence_version")
