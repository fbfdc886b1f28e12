"""Legal bases as records, and what a hit on a link was."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from store import rls

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PROTECTED = ["legal_basis", "notice_given", "hit"]

_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "legal_basis",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("channel", _TEXT(length=16), nullable=False),
        sa.Column("basis", _TEXT(length=32), nullable=False),
        sa.Column("ground", _TEXT(length=32), nullable=False),
        sa.Column("evidence_sealed", sa.Text(), nullable=True),
        sa.Column("source", _TEXT(length=100), nullable=False),
        sa.Column("given_at", _INSTANT(), nullable=False),
        sa.Column("expires_at", _INSTANT(), nullable=True),
        sa.Column("withdrawn_at", _INSTANT(), nullable=True),
        sa.Column("withdrawn_by", _TEXT(length=100), nullable=False),
        sa.Column("recorded_by", _TEXT(length=100), nullable=False),
        sa.Column("created_at", _INSTANT(), nullable=False),
        *_of_a_contact("legal_basis"),
    )
    op.create_index(
        op.f("ix_legal_basis_workspace_id_contact_id_channel_given_at"),
        "legal_basis",
        ["workspace_id", "contact_id", "channel", "given_at"],
    )
    op.create_table(
        "notice_given",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("outbox_item_id", sa.Uuid(), nullable=False),
        sa.Column("rule", _TEXT(length=64), nullable=False),
        sa.Column("given_at", _INSTANT(), nullable=False),
        *_of_a_contact("notice_given"),
    )
    op.create_index(op.f("ix_notice_given_workspace_id_contact_id"), "notice_given", ["workspace_id", "contact_id"])
    op.create_table(
        "hit",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _TEXT(length=8), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("trap", sa.Boolean(), nullable=False),
        sa.Column("method", _TEXT(length=8), nullable=False),
        sa.Column("raw_sealed", sa.Text(), nullable=True),
        sa.Column("network_index", _TEXT(length=64), nullable=False),
        sa.Column("actor", _TEXT(length=8), nullable=False),
        sa.Column("rule", _TEXT(length=64), nullable=False),
        sa.Column("rules_version", _TEXT(length=32), nullable=False),
        sa.Column("at", _INSTANT(), nullable=False),
        *_of_a_contact("hit"),
    )
    op.create_index(op.f("ix_hit_workspace_id_draft_id_at"), "hit", ["workspace_id", "draft_id", "at"])
    op.create_index(op.f("ix_hit_workspace_id_contact_id"), "hit", ["workspace_id", "contact_id"])
    op.create_index(
        op.f("ix_hit_workspace_id_rules_version_draft_id"), "hit", ["workspace_id", "rules_version", "draft_id"]
    )
    op.create_index(
        op.f("ix_hit_workspace_id_network_index_at"),
        "hit",
        ["workspace_id", "network_index", "at"],
        sqlite_where=sa.text("trap"),
        postgresql_where=sa.text("trap"),
    )
    # The end of the basis that stands on the contact, and whether the law sees a person or a company there.
    op.add_column("contact", sa.Column("legal_basis_until", _INSTANT(), nullable=True))
    op.add_column("contact", sa.Column("subscriber", _TEXT(length=16), nullable=False, server_default=""))
    ends = sa.text("legal_basis_until IS NOT NULL")
    op.create_index(
        op.f("ix_contact_workspace_id_legal_basis_until"),
        "contact",
        ["workspace_id", "legal_basis_until"],
        sqlite_where=ends,
        postgresql_where=ends,
    )
    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    op.drop_index(op.f("ix_contact_workspace_id_legal_basis_until"), table_name="contact")
    op.drop_column("contact", "subscriber")
    op.drop_column("contact", "legal_basis_until")
    for name in reversed(PROTECTED):
        op.drop_table(name)


def _of_a_contact(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f(f"fk_{table}_workspace_id_workspace")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contact.workspace_id", "contact.id"],
            name=op.f(f"fk_{table}_workspace_id_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f(f"pk_{table}")),
    ]
