"""The tenant: workspace, its people, keys, policy and mailboxes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
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
    # What a won deal is usually worth in a year, in minor units; 0: nobody said, and ranks are by chance alone.
    deal_value_minor: int = Field(default=0, sa_type=sa.BigInteger)
    # When a rep is told what to know before a meeting: at this hour of their day, or so many hours before it.
    preparation_hour: int = 7
    preparation_hours_before: int = 2
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
    totp_secret_sealed: str = text_field()  # RFC 6238; empty: no second factor
    totp_confirmed_at: datetime | None = None  # None with a secret: set up, not yet proven
    totp_last_step: int = Field(default=0, sa_type=sa.BigInteger)  # a code counts once
    sso_subject: str = Field(default="", max_length=500)  # "<issuer>|<sub>" of the first single sign-on
    signed_in_at: datetime | None = None
    preparation_mail: bool = True  # what to know before a meeting, by mail
    theme: str = Field(default="", max_length=8)  # light, dark; empty: as the system says
    created_at: datetime


class WebSession(WorkspaceRow, table=True):
    __tablename__ = "web_session"
    __table_args__ = (
        refers("user_id", "user_account", ondelete="CASCADE"),
        unique("token_hash"),
        index("previous_hash"),
    )

    user_id: UUID
    token_hash: str = Field(max_length=64)  # SHA-256 of the cookie's secret
    previous_hash: str = Field(default="", max_length=64)  # of the secret before: good until its grace is over
    rotated_at: datetime | None = None
    csrf_token: str = Field(max_length=64)
    factor_due: bool = False  # True: the password was right, the second factor has not been shown yet
    browser: str = Field(default="", max_length=100)  # "Firefox on Linux": so that its owner knows it again
    created_at: datetime
    last_seen_at: datetime


class ApiKey(WorkspaceRow, table=True):
    __tablename__ = "api_key"
    __table_args__ = (unique("secret_hash"),)

    name: str = Field(max_length=200)
    secret_hash: str = Field(max_length=64)  # SHA-256: the secret has 256 random bits, so it needs no slow hash
    scopes: list[str] = json_field(list)
    created_by: UUID | None = None
    user_id: UUID | None = None  # set: acts for this person, and may never do more than they may
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
    inbox_cursor: str | None = text_field(None)  # as long as its vendor makes it
    inbox_read_at: datetime | None = None  # when it was last read to its end
    inbox_problem: str = text_field()  # why the last try did not; empty: it did
    daily_cap: int = 50  # cold mail per mailbox and day: what large mailbox providers tolerate
    ramp_started_at: datetime | None = None  # None: no warm-up, the cap holds at once
    checked_at: datetime | None = None  # when its servers were last asked to let us in
    check_problem: str = text_field()  # what they answered; empty: they did
    # Of a mailbox at a service that is reached by API: what it is named there, and what lets us in.
    connection: dict[str, str] = json_field(dict)  # client id, tenant, region …: nothing secret
    credentials_sealed: str = text_field()  # one JSON document: refresh token, client secret, keys
    connection_number: int = 0  # one higher each time that it is connected anew: what speaks of an old one is void
    connected_at: datetime | None = None
    connection_problem: str = text_field()  # why the service lets us in no longer; nothing is asked until a person acts
    created_at: datetime
