"""Identity (invitations, second factor, single sign-on), what the console keeps, the feed and its webhooks."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

from store import rls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PROTECTED = [
    "draft_reader",
    "feed_event",
    "feed_head",
    "field_edit",
    "idempotency_record",
    "invitation",
    "recovery_code",
    "saved_view",
    "sso_connection",
    "webhook_delivery",
    "webhook_endpoint",
    "worker_pulse",
]


def upgrade() -> None:
    op.create_table(
        "feed_event",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_feed_event_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_feed_event")),
        sa.UniqueConstraint("workspace_id", "seq", name=op.f("uq_feed_event_workspace_id_seq")),
    )
    with op.batch_alter_table("feed_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feed_event_workspace_id_kind_seq"), ["workspace_id", "kind", "seq"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_feed_event_workspace_id_subject_id"), ["workspace_id", "subject_id"], unique=False
        )

    op.create_table(
        "feed_head",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_feed_head_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "field_edit",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("field", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("before_sealed", sa.Text(), nullable=True),
        sa.Column("after_sealed", sa.Text(), nullable=True),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("undone_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("undone_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_field_edit_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_field_edit")),
    )
    with op.batch_alter_table("field_edit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_field_edit_workspace_id_company_id_at"), ["workspace_id", "company_id", "at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_field_edit_workspace_id_subject_id_at"), ["workspace_id", "subject_id", "at"], unique=False
        )

    op.create_table(
        "idempotency_record",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_idempotency_record_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_idempotency_record")),
    )
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_record_workspace_id_created_at"), ["workspace_id", "created_at"], unique=False
        )

    op.create_table(
        "invitation",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("invited_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("accepted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_invitation_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("workspace_id", "token_hash", name=op.f("uq_invitation_workspace_id_token_hash")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_workspace_id_email"), ["workspace_id", "email"], unique=False)

    op.create_table(
        "saved_view",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("page", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("query", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_saved_view_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_saved_view")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_saved_view_workspace_id_page_user_id"), ["workspace_id", "page", "user_id"], unique=False
        )

    op.create_table(
        "sso_connection",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("client_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("client_secret_sealed", sa.Text(), nullable=False),
        sa.Column("email_domains", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("new_user_role", sa.String(length=32), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_sso_connection_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sso_connection")),
        sa.UniqueConstraint("workspace_id", "issuer", name=op.f("uq_sso_connection_workspace_id_issuer")),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(length=2000), nullable=False),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("kinds", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("previous_secret_sealed", sa.Text(), nullable=False),
        sa.Column("previous_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("from_seq", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_webhook_endpoint_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_endpoint")),
    )
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_endpoint_workspace_id_state"), ["workspace_id", "state"], unique=False
        )

    op.create_table(
        "draft_reader",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("editing", sa.Boolean(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user_account.workspace_id", "user_account.id"],
            name=op.f("fk_draft_reader_workspace_id_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_draft_reader_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", "user_id", name=op.f("pk_draft_reader")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["user_account.workspace_id", "user_account.id"],
            name=op.f("fk_recovery_code_workspace_id_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_recovery_code_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint(
            "workspace_id", "user_id", "code_hash", name=op.f("uq_recovery_code_workspace_id_user_id_code_hash")
        ),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        sa.Column("replay", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("lease_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "endpoint_id"],
            ["webhook_endpoint.workspace_id", "webhook_endpoint.id"],
            name=op.f("fk_webhook_delivery_workspace_id_endpoint_id_webhook_endpoint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_webhook_delivery_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint(
            "workspace_id",
            "endpoint_id",
            "event_seq",
            "replay",
            name=op.f("uq_webhook_delivery_workspace_id_endpoint_id_event_seq_replay"),
        ),
    )
    with op.batch_alter_table("webhook_delivery", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_delivery_workspace_id_due_at"),
            ["workspace_id", "due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
        )
        batch_op.create_index(
            batch_op.f("ix_webhook_delivery_workspace_id_endpoint_id_created_at"),
            ["workspace_id", "endpoint_id", "created_at"],
            unique=False,
        )

    op.create_table(
        "worker_pulse",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("worker", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_worker_pulse_workspace_id_workspace")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_worker_pulse")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_entry_workspace_id_subject_id_seq"),
            ["workspace_id", "subject_id", "seq"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_audit_entry_workspace_id_actor_seq"), ["workspace_id", "actor", "seq"], unique=False
        )

    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_draft_workspace_id_contact_id_created_at"),
            ["workspace_id", "contact_id", "created_at"],
            unique=False,
        )

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_message_workspace_id_contact_id_at"), ["workspace_id", "contact_id", "at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_message_workspace_id_mailbox_id_at"), ["workspace_id", "mailbox_id", "at"], unique=False
        )

    with op.batch_alter_table("mailbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inbox_read_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("inbox_problem", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("checked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("check_problem", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expected_minor", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_approval_workspace_id_state_expected_minor_due_at"),
            ["workspace_id", "state", "expected_minor", "due_at"],
            unique=False,
        )

    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excluded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_company_workspace_id_created_at"), ["workspace_id", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_company_workspace_id_updated_at"), ["workspace_id", "updated_at"], unique=False
        )
        batch_op.create_index(
            "ix_company_size", ["workspace_id", sa.text("coalesce(employees, -1) DESC"), "id"], unique=False
        )

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contact_workspace_id_person_index"), ["workspace_id", "person_index"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_contact_workspace_id_updated_at"), ["workspace_id", "updated_at"], unique=False
        )

    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_lead_workspace_id_run_id_tier"), ["workspace_id", "run_id", "tier"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_lead_workspace_id_updated_at"), ["workspace_id", "updated_at"], unique=False
        )
        batch_op.create_index(
            "ix_lead_best", ["workspace_id", "tier", sa.text("coalesce(priority, -1) DESC"), "id"], unique=False
        )

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("totp_secret_sealed", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("totp_confirmed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("totp_last_step", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("sso_subject", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("signed_in_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("theme", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False, server_default="")
        )

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("previous_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("rotated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("factor_due", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("browser", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False, server_default="")
        )
        batch_op.create_index(
            batch_op.f("ix_web_session_workspace_id_previous_hash"), ["workspace_id", "previous_hash"], unique=False
        )

    with op.batch_alter_table("workspace", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deal_value_minor", sa.BigInteger(), nullable=False, server_default="0"))

    rls.protect(op.get_bind(), PROTECTED)


def downgrade() -> None:
    with op.batch_alter_table("mailbox", schema=None) as batch_op:
        batch_op.drop_column("check_problem")
        batch_op.drop_column("checked_at")
        batch_op.drop_column("inbox_problem")
        batch_op.drop_column("inbox_read_at")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_workspace_id_mailbox_id_at"))
        batch_op.drop_index(batch_op.f("ix_message_workspace_id_contact_id_at"))

    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_workspace_id_contact_id_created_at"))

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_workspace_id_actor_seq"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_workspace_id_subject_id_seq"))

    op.drop_table("worker_pulse")
    with op.batch_alter_table("workspace", schema=None) as batch_op:
        batch_op.drop_column("deal_value_minor")

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_web_session_workspace_id_previous_hash"))
        batch_op.drop_column("browser")
        batch_op.drop_column("factor_due")
        batch_op.drop_column("rotated_at")
        batch_op.drop_column("previous_hash")

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_column("theme")
        batch_op.drop_column("signed_in_at")
        batch_op.drop_column("sso_subject")
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_confirmed_at")
        batch_op.drop_column("totp_secret_sealed")

    op.drop_index("ix_lead_best", table_name="lead")  # outside of the batch, which does not see expressions
    op.drop_index("ix_company_size", table_name="company")
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_workspace_id_updated_at"))
        batch_op.drop_index(batch_op.f("ix_lead_workspace_id_run_id_tier"))

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_workspace_id_updated_at"))
        batch_op.drop_index(batch_op.f("ix_contact_workspace_id_person_index"))

    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_workspace_id_updated_at"))
        batch_op.drop_index(batch_op.f("ix_company_workspace_id_created_at"))
        batch_op.drop_column("excluded_at")

    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_workspace_id_state_expected_minor_due_at"))
        batch_op.drop_column("due_at")
        batch_op.drop_column("expected_minor")

    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_column("user_id")

    with op.batch_alter_table("webhook_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_delivery_workspace_id_endpoint_id_created_at"))
        batch_op.drop_index(
            batch_op.f("ix_webhook_delivery_workspace_id_due_at"),
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
        )

    op.drop_table("webhook_delivery")
    op.drop_table("recovery_code")
    op.drop_table("draft_reader")
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_endpoint_workspace_id_state"))

    op.drop_table("webhook_endpoint")
    op.drop_table("sso_connection")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_view_workspace_id_page_user_id"))

    op.drop_table("saved_view")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_workspace_id_email"))

    op.drop_table("invitation")
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_record_workspace_id_created_at"))

    op.drop_table("idempotency_record")
    with op.batch_alter_table("field_edit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_field_edit_workspace_id_subject_id_at"))
        batch_op.drop_index(batch_op.f("ix_field_edit_workspace_id_company_id_at"))

    op.drop_table("field_edit")
    op.drop_table("feed_head")
    with op.batch_alter_table("feed_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feed_event_workspace_id_subject_id"))
        batch_op.drop_index(batch_op.f("ix_feed_event_workspace_id_kind_seq"))

    op.drop_table("feed_event")
