"""The best leads of a stage, and the approvals of a lead, by an index: lists and today read past all others."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_lead_best_of_stage", "lead", ["workspace_id", "stage", "tier", sa.text("coalesce(priority, -1) DESC"), "id"]
    )
    op.create_index("ix_approval_workspace_id_lead_id", "approval", ["workspace_id", "lead_id"])


def downgrade() -> None:
    op.drop_index("ix_approval_workspace_id_lead_id", table_name="approval")
    op.drop_index("ix_lead_best_of_stage", table_name="lead")
