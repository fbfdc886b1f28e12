"""Pools of people who share out their meetings, and accounts that make rooms for video calls."""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
