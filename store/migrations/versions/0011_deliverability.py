"""What was found about a domain, what servers said no to, and the brakes of a mailbox."""

from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PROTECTED = ["mail_domain", "delivery_verdict", "brake"]


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _at() -> sa.types.TypeEngine[Any]:
    return sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "mail_domain",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=False),
        sa.Column("selectors", _json(), nullable=False),
        sa.Column("sends_from", _json(), nullable=False),
        sa.Column("blocklists", _json(), nullable=False),
        sa.Column("findings", _json(), nullable=False),
        sa.Column("standing", _json(), nullable=False),
        sa.Column("made_at", _at(), nullable=True),
        sa.Column("ramp", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("created_at", _at(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_mail_domain_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_mail_domain")),
        sa.UniqueConstraint("workspace_id", "domain", name=op.f("uq_mail_domain_workspace_id_domain")),
    )
    op.create_index("ix_mail_domain_workspace_id_made_at", "mail_domain", ["workspace_id", "made_at"])
    op.create_table(
        "delivery_verdict",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=False),
        sa.Column("verdict", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("source_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("at", _at(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_delivery_verdict_workspace_id_workspace")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mailbox_id"],
            ["mailbox.workspace_id", "mailbox.id"],
            name=op.f("fk_delivery_verdict_workspace_id_mailbox_id_mailbox"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_delivery_verdict")),
        sa.UniqueConstraint("workspace_id", "source_key", name=op.f("uq_delivery_verdict_workspace_id_source_key")),
    )
    op.create_index("ix_delivery_verdict_workspace_id_domain_at", "delivery_verdict", ["workspace_id", "domain", "at"])
    op.create_index(
        "ix_delivery_verdict_workspace_id_mailbox_id_at", "delivery_verdict", ["workspace_id", "mailbox_id", "at"]
    )
    op.create_table(
        "brake",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sqlmodel.sql.sqltypes.AutoString(length=264), nullable=False),
        sa.Column("domain", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=False),
        sa.Column("mailbox_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("since", _at(), nullable=True),
        sa.Column("made_at", _at(), nullable=False),
        sa.Column("until", _at(), nullable=True),
        sa.Column("lifted_at", _at(), nullable=True),
        sa.Column("lifted_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_brake_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_brake")),
    )
    op.create_index("ix_brake_workspace_id_domain_made_at", "brake", ["workspace_id", "domain", "made_at"])
    still_open = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_brake_open",
        "brake",
        ["workspace_id", "scope", "cause"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("brake")
    op.drop_table("delivery_verdict")
    op.drop_table("mail_domain")
