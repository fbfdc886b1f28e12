"""What the last reading of a company's site showed, to compare the next one with."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PROTECTED = ["site_memory"]


def upgrade() -> None:
    op.create_table(
        "site_memory",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pricing", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("technologies", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("read_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_site_memory_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_site_memory")),
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_table("site_memory")
