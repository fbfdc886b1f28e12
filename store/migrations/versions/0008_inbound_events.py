"""What vendors told us by webhook, each once, with how it ended."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PROTECTED = ["inbound_endpoint", "inbound_event"]

_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "inbound_endpoint",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", _TEXT(length=32), nullable=False),
        sa.Column("token_hash", _TEXT(length=64), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        sa.Column("refused_at", _INSTANT(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_inbound_endpoint_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_inbound_endpoint")),
        sa.UniqueConstraint("workspace_id", "token_hash", name=op.f("uq_inbound_endpoint_workspace_id_token_hash")),
    )
    op.create_table(
        "inbound_event",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", _TEXT(length=32), nullable=False),
        sa.Column("dedupe_key", _TEXT(length=128), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("mailbox_id", sa.Uuid(), nullable=True),
        sa.Column("kind", _TEXT(length=32), nullable=False),
        sa.Column("raw_sealed", sa.Text(), nullable=True),
        sa.Column("person_index", _TEXT(length=64), nullable=False),
        sa.Column("subject_kind", _TEXT(length=16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", _INSTANT(), nullable=False),
        sa.Column("occurred_at", _INSTANT(), nullable=False),
        sa.Column("received_at", _INSTANT(), nullable=False),
        sa.Column("settled_at", _INSTANT(), nullable=True),
        sa.Column("replayed_by", _TEXT(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_inbound_event_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_inbound_event")),
        sa.UniqueConstraint(
            "workspace_id", "vendor", "dedupe_key", name=op.f("uq_inbound_event_workspace_id_vendor_dedupe_key")
        ),
    )
    for name, where in (("due_at", "state = 'received'"), ("person_index", "person_index <> ''")):
        op.create_index(
            op.f(f"ix_inbound_event_workspace_id_{name}"),
            "inbound_event",
            ["workspace_id", name],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_index(
        op.f("ix_inbound_event_workspace_id_state_received_at"),
        "inbound_event",
        ["workspace_id", "state", "received_at"],
    )
    op.create_index(op.f("ix_inbound_event_workspace_id_subject_id"), "inbound_event", ["workspace_id", "subject_id"])
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("inbound_event")
    op.drop_table("inbound_endpoint")
