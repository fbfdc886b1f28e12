"""How people get in and prove who they are: invitations, recovery codes, single sign-on."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique
from store.models.workspace import Role


class Invitation(WorkspaceRow, table=True):
    """A link that makes an account, or, where `user_id` is set, lets its owner choose a new password. Used once."""

    __tablename__ = "invitation"
    __table_args__ = (unique("token_hash"), index("email"))

    email: str = Field(max_length=254)
    name: str = Field(default="", max_length=200)
    role: Role = enum_field(Role)
    user_id: UUID | None = None  # set: a new password for this user
    token_hash: str = Field(max_length=64)  # SHA-256 of the link's secret
    invited_by: str = Field(max_length=100)
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None


class RecoveryCode(WorkspaceRow, table=True):
    """Gets its owner in once, without the second factor's device."""

    __tablename__ = "recovery_code"
    __table_args__ = (refers("user_id", "user_account", ondelete="CASCADE"), unique("user_id", "code_hash"))

    user_id: UUID
    code_hash: str = Field(max_length=64)  # keyed hash: a code has 50 random bits, too few for a plain one
    created_at: datetime
    used_at: datetime | None = None


class SsoConnection(WorkspaceRow, table=True):
    """An OpenID Connect provider whose people may sign in to this workspace. One a workspace."""

    __tablename__ = "sso_connection"
    __table_args__ = (unique("issuer"),)

    issuer: str = Field(max_length=500)
    client_id: str = Field(max_length=255)
    client_secret_sealed: str = text_field()
    email_domains: list[str] = json_field(list)  # only verified addresses of these
    new_user_role: Role | None = enum_field(Role, None)  # None: only people who were invited before
    required: bool = False  # True: nobody but admins may use a password
    created_by: str = Field(max_length=100)
    created_at: datetime
