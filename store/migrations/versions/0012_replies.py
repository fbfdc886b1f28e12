"""Nothing to change: what a reply leads to is part of the policy, and what it says part of its message's reading."""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
