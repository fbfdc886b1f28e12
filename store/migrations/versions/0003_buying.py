"""Accounts at vendors of data, what was bought of them, and how often each says what."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROTECTED = ["fill_rate", "purchase", "vendor_account"]


def upgrade() -> None:
    op.create_table(
        "fill_rate",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("field", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("segment", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_fill_rate_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_fill_rate")),
        sa.UniqueConstraint(
            "workspace_id",
            "provider",
            "field",
            "segment",
            name=op.f("uq_fill_rate_workspace_id_provider_field_segment"),
        ),
    )
    op.create_table(
        "purchase",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("capability", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("asked", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("filled", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("tier_before", sa.Integer(), nullable=True),
        sa.Column("tier_after", sa.Integer(), nullable=True),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_purchase_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_purchase")),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_workspace_id_company_id_capability_provider_at"),
            ["workspace_id", "company_id", "capability", "provider", "at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_purchase_workspace_id_contact_id"),
            ["workspace_id", "contact_id"],
            unique=False,
            sqlite_where=sa.text("contact_id IS NOT NULL"),
            postgresql_where=sa.text("contact_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_purchase_workspace_id_provider_at"), ["workspace_id", "provider", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_purchase_workspace_id_run_id"), ["workspace_id", "run_id"], unique=False)

    op.create_table(
        "vendor_account",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vendor", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("credit_micros", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("refused_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_vendor_account_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_vendor_account")),
        sa.UniqueConstraint("workspace_id", "vendor", name=op.f("uq_vendor_account_workspace_id_vendor")),
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("vendor_account")
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_purchase_workspace_id_run_id"))
        batch_op.drop_index(batch_op.f("ix_purchase_workspace_id_provider_at"))
        batch_op.drop_index(batch_op.f("ix_purchase_workspace_id_contact_id"))
        batch_op.drop_index(batch_op.f("ix_purchase_workspace_id_company_id_capability_provider_at"))

    op.drop_table("purchase")
    op.drop_table("fill_rate")
