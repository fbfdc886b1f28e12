"""The tenant: workspace, its people, keys, policy and mailboxes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class Workspace(SQLModel, table=True):
    __tablename__ = "workspace"

    id: UUID = Field(primary_key=True)
    slug: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=200)
    postal_address: str = text_field()  # printed in every mail (CAN-SPAM, UK PECR)
    country: str = Field(default="", max_length=2)
    time_zone: str = Field(default="UTC", max_length=64)
    currency: str = Field(default="USD", max_length=3)
    offer: dict[str, Any] = json_field()  # what is sold: read by agents.drafting.types.Offer
    created_at: datetime


class Role(StrEnum):
    ADMIN = "admin"
    EXECUTIVE = "executive"
    MANAGER = "manager"
    REP = "rep"
    SALES_OPS = "sales_ops"
    CSM = "csm"
    MARKETING = "marketing"
    VIEWER = "viewer"


class User(WorkspaceRow, table=True):
    """A person who signs in. Their own address is stored in clear: it is how they sign in."""

    __tablename__ = "user_account"
    __table_args__ = (unique("email"),)

    email: str = Field(max_length=254)
    name: str = Field(max_length=200)
    role: Role = enum_field(Role)
    password_hash: str = Field(default="", max_length=255)  # argon2id; empty: cannot sign in
    time_zone: str = Field(default="UTC", max_length=64)
    working_hours: dict[str, Any] = json_field()  # {"mon": ["09:00", "17:00"], …}; empty: 09–17 Monday to Friday
    active: bool = True
    failed_sign_ins: int = 0
    locked_until: datetime | None = None
    created_at: datetime


class WebSession(WorkspaceRow, table=True):
    __tablename__ = "web_session"
    __table_args__ = (refers("user_id", "user_account", ondelete="CASCADE"), unique("token_hash"))

    user_id: UUID
    token_hash: str = Field(max_length=64)  # SHA-256 of the cookie's secret
    csrf_token: str = Field(max_length=64)
    created_at: datetime
    last_seen_at: datetime


class ApiKey(WorkspaceRow, table=True):
    __tablename__ = "api_key"
    __table_args__ = (unique("secret_hash"),)

    name: str = Field(max_length=200)
    secret_hash: str = Field(max_length=64)  # SHA-256: the secret has 256 random bits, so it needs no slow hash
    scopes: list[str] = json_field(list)
    created_by: UUID | None = None
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class DataKeyRow(WorkspaceRow, table=True):
    """A wrapped data key (core.crypto): `purpose` is "seal" or "index". The newest seals, all of them open."""

    __tablename__ = "data_key"
    __table_args__ = (unique("key_id"),)

    key_id: str = Field(max_length=32)
    purpose: str = Field(max_length=16)
    kek_id: str = Field(max_length=64)
    wrapped: str = text_field(...)
    created_at: datetime


class PolicyRow(WorkspaceRow, table=True):
    """A version of the workspace's policy (agents.policy.Policy). The highest number is in force."""

    __tablename__ = "policy"
    __table_args__ = (unique("number"),)

    number: int
    definition: dict[str, Any] = json_field()
    created_by: str = Field(default="", max_length=100)
    created_at: datetime


class MailboxState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Mailbox(WorkspaceRow, table=True):
    """An address of ours that sends, with the rep it belongs to and the limits it keeps."""

    __tablename__ = "mailbox"
    __table_args__ = (refers("user_id", "user_account"), unique("address"), index("state"))

    user_id: UUID
    address: str = Field(max_length=254)
    display_name: str = Field(max_length=200)
    state: MailboxState = enum_field(MailboxState, MailboxState.ACTIVE)
    pause_reason: str = text_field()
    transport: str = Field(default="folder", max_length=32)  # a name in tools.registry
    host: str = Field(default="", max_length=255)
    port: int = 0
    security: str = Field(default="starttls", max_length=16)  # starttls, tls, none (loopback only)
    username: str = Field(default="", max_length=254)
    password_sealed: str = text_field()
    inbox: str = Field(default="folder", max_length=32)
    inbox_host: str = Field(default="", max_length=255)
    inbox_port: int = 993
    inbox_cursor: str | None = Field(default=None, max_length=255)
    daily_cap: int = 50  # cold mail per mailbox and day: what large mailbox providers tolerate
    ramp_started_at: datetime | None = None  # None: no warm-up, the cap holds at once
    created_at: datetime
