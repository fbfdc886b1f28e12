"""Accounts for texts and calls, whose number is whose, and the phones that ring first."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PROTECTED = ["telephony_account", "number_use", "rep_phone"]

_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime
_OF_AN_ACCOUNT = sa.text("telephony_account_id IS NOT NULL")
_SENT = "ix_outbox_item_workspace_id_telephony_account_id_started_at"


def upgrade() -> None:
    op.create_table(
        "telephony_account",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", _TEXT(length=32), nullable=False),
        sa.Column("name", _TEXT(length=100), nullable=False),
        sa.Column("account_sid", _TEXT(length=34), nullable=False),
        sa.Column("key_sid", _TEXT(length=34), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("sender", _TEXT(length=16), nullable=False),
        sa.Column("service_sid", _TEXT(length=34), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("daily_texts", sa.Integer(), nullable=False),
        sa.Column("daily_calls", sa.Integer(), nullable=False),
        sa.Column("text_cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("call_cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("not_before", _INSTANT(), nullable=True),
        sa.Column("created_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        *_keys("telephony_account"),
    )
    op.create_index(op.f("ix_telephony_account_workspace_id_state"), "telephony_account", ["workspace_id", "state"])
    op.create_table(
        "number_use",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_index", _TEXT(length=64), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", _INSTANT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f("fk_number_use_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "number_index",
            "contact_id",
            name=op.f("uq_number_use_workspace_id_number_index_contact_id"),
        ),
        *_keys("number_use"),
    )
    op.create_index(op.f("ix_number_use_workspace_id_contact_id"), "number_use", ["workspace_id", "contact_id"])
    op.create_table(
        "rep_phone",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number_sealed", sa.Text(), nullable=False),
        sa.Column("updated_at", _INSTANT(), nullable=False),
        *_keys("rep_phone"),
    )
    op.add_column("outbox_item", sa.Column("telephony_account_id", sa.Uuid(), nullable=True))
    op.create_index(
        _SENT,
        "outbox_item",
        ["workspace_id", "telephony_account_id", "started_at"],
        sqlite_where=_OF_AN_ACCOUNT,
        postgresql_where=_OF_AN_ACCOUNT,
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_index(_SENT, table_name="outbox_item")
    op.drop_column("outbox_item", "telephony_account_id")
    for name in reversed(PROTECTED):
        op.drop_table(name)


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]
