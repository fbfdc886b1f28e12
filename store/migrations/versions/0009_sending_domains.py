"""The domains that mail is signed for; and when a mail on its way was started, and taken."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PROTECTED = ["sending_domain"]


def upgrade() -> None:
    op.create_table(
        "sending_domain",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("domain", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("selector", sqlmodel.sql.sqltypes.AutoString(length=63), nullable=False),
        sa.Column("algorithm", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("private_key_sealed", sa.Text(), nullable=False),
        sa.Column("published_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("checked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("check_problem", sa.Text(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_sending_domain_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sending_domain")),
        sa.UniqueConstraint(
            "workspace_id", "domain", "selector", name=op.f("uq_sending_domain_workspace_id_domain_selector")
        ),
    )
    rls.protect(op.get_bind(), PROTECTED)
    op.add_column("outbox_item", sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("outbox_item", sa.Column("taken_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    # What an older version leased may have left: it is asked for, and never taken for unsent.
    op.execute("UPDATE outbox_item SET started_at = lease_until WHERE state = 'sending' AND mime_sha256 <> ''")


def downgrade() -> None:
    op.drop_column("outbox_item", "taken_at")
    op.drop_column("outbox_item", "started_at")
    op.drop_table("sending_domain")
