"""What services were asked to tell of inboxes; seeds and tests of where mail lands."""

from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PROTECTED = ["inbox_subscription", "seed_address", "placement_test", "placement_result"]


def _at() -> sa.types.TypeEngine[Any]:
    return sqlmodel.sql.sqltypes.UTCDateTime()


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _base(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]


def _of_mailbox(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", "mailbox_id"],
        ["mailbox.workspace_id", "mailbox.id"],
        name=op.f(f"fk_{table}_workspace_id_mailbox_id_mailbox"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "inbox_subscription",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("connection_number", sa.Integer(), nullable=False),
        sa.Column("service", _text(32), nullable=False),
        sa.Column("token_hash", _text(64), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=False),
        sa.Column("word_sealed", sa.Text(), nullable=False),
        sa.Column("remote_id", _text(255), nullable=False),
        sa.Column("expires_at", _at(), nullable=True),
        sa.Column("asks_at", _at(), nullable=True),
        sa.Column("lease_until", _at(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("told_at", _at(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", _at(), nullable=False),
        _of_mailbox("inbox_subscription"),
        *_base("inbox_subscription"),
        sa.UniqueConstraint("workspace_id", "mailbox_id", name=op.f("uq_inbox_subscription_workspace_id_mailbox_id")),
        sa.UniqueConstraint("workspace_id", "token_hash", name=op.f("uq_inbox_subscription_workspace_id_token_hash")),
    )
    op.create_table(
        "seed_address",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", _text(254), nullable=False),
        sa.Column("provider", _text(32), nullable=False),
        sa.Column("host", _text(255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("username", _text(254), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column("created_by", _text(100), nullable=False),
        sa.Column("created_at", _at(), nullable=False),
        *_base("seed_address"),
        sa.UniqueConstraint("workspace_id", "address", name=op.f("uq_seed_address_workspace_id_address")),
    )
    op.create_table(
        "placement_test",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("subject_sealed", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.Column("source", _text(100), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("looked_at", _at(), nullable=True),
        sa.Column("finished_at", _at(), nullable=True),
        sa.Column("created_by", _text(100), nullable=False),
        sa.Column("created_at", _at(), nullable=False),
        _of_mailbox("placement_test"),
        *_base("placement_test"),
    )
    op.create_index(
        "ix_placement_test_workspace_id_mailbox_id_created_at",
        "placement_test",
        ["workspace_id", "mailbox_id", "created_at"],
    )
    op.create_index(
        "ix_placement_test_workspace_id_state_looked_at", "placement_test", ["workspace_id", "state", "looked_at"]
    )
    op.create_table(
        "placement_result",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("seed_id", sa.Uuid(), nullable=False),
        sa.Column("address", _text(254), nullable=False),
        sa.Column("provider", _text(32), nullable=False),
        sa.Column("outbox_item_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", _text(255), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("folder", _text(255), nullable=False),
        sa.Column("sent_at", _at(), nullable=True),
        sa.Column("found_at", _at(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "test_id"],
            ["placement_test.workspace_id", "placement_test.id"],
            name=op.f("fk_placement_result_workspace_id_test_id_placement_test"),
            ondelete="CASCADE",
        ),
        *_base("placement_result"),
        sa.UniqueConstraint(
            "workspace_id", "test_id", "address", name=op.f("uq_placement_result_workspace_id_test_id_address")
        ),
    )
    op.create_index(
        "ix_placement_result_workspace_id_outbox_item_id", "placement_result", ["workspace_id", "outbox_item_id"]
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("placement_result")
    op.drop_table("placement_test")
    op.drop_table("seed_address")
    op.drop_table("inbox_subscription")
