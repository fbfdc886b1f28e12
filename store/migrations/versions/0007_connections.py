"""How a mailbox is connected: its tokens, a cursor as long as its vendor makes it, and what a service calls a mail."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_INSTANT = sqlmodel.sql.sqltypes.UTCDateTime
_ADDED = ("connection", "credentials_sealed", "connection_number", "connected_at", "connection_problem")
_NAMES = ("provider_message_id", "wire_message_id")


def upgrade() -> None:
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.alter_column("inbox_cursor", type_=sa.Text(), existing_type=_TEXT(length=255), existing_nullable=True)
        mailbox.add_column(sa.Column("connection", _JSON, nullable=False, server_default=sa.text("'{}'")))
        mailbox.add_column(sa.Column("credentials_sealed", sa.Text(), nullable=False, server_default=""))
        mailbox.add_column(sa.Column("connection_number", sa.Integer(), nullable=False, server_default="0"))
        mailbox.add_column(sa.Column("connected_at", _INSTANT(), nullable=True))
        mailbox.add_column(sa.Column("connection_problem", sa.Text(), nullable=False, server_default=""))
    for name in _NAMES:
        op.add_column("message", sa.Column(name, _TEXT(length=255), nullable=False, server_default=""))
        op.create_index(f"ix_message_workspace_id_{name}", "message", ["workspace_id", name])
    op.add_column("message", sa.Column("sender_index", _TEXT(length=64), nullable=False, server_default=""))
    op.create_index("ix_message_workspace_id_sender_index_at", "message", ["workspace_id", "sender_index", "at"])


def downgrade() -> None:
    op.drop_index("ix_message_workspace_id_sender_index_at", table_name="message")
    op.drop_column("message", "sender_index")
    for name in _NAMES:
        op.drop_index(f"ix_message_workspace_id_{name}", table_name="message")
        op.drop_column("message", name)
    # A longer cursor is forgotten: reading starts anew, and mail that is known is not stored twice.
    op.execute("UPDATE mailbox SET inbox_cursor = NULL WHERE length(inbox_cursor) > 255")
    with op.batch_alter_table("mailbox") as mailbox:
        for name in _ADDED:
            mailbox.drop_column(name)
        mailbox.alter_column("inbox_cursor", type_=_TEXT(length=255), existing_type=sa.Text(), existing_nullable=True)
