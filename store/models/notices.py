"""Where a team hears of replies, approvals that wait and trouble; and what each place was told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class NoticeKind(StrEnum):
    REPLY = "reply"  # a person wrote
    APPROVAL = "approval"  # a draft waits for a person's word
    TROUBLE = "trouble"  # a critical alert
    TEST = "test"


class NoticeChannelState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    DISABLED = "disabled"  # by us: its key or its address is not accepted any more


class NoticeChannel(WorkspaceRow, table=True):
    """A channel of Slack or Teams, the key to it, and which kinds of notices go there."""

    __tablename__ = "notice_channel"
    __table_args__ = (index("state"),)

    name: str = Field(max_length=100)
    service: str = Field(max_length=32)  # tools.ports.NoticeService
    destination: str = Field(default="", max_length=100)  # Slack's id of the channel; empty where the address says it
    secret_sealed: str = text_field()  # the webhook's address, or the bot's token
    kinds: list[str] = json_field(list)  # reply, approval, trouble
    detail: str = Field(default="company", max_length=16)  # company: its name is said; kind: not even that
    state: NoticeChannelState = enum_field(NoticeChannelState, NoticeChannelState.ACTIVE)
    state_reason: str = text_field()
    from_seq: int = Field(default=0, sa_type=sa.BigInteger)  # notices are made of the feed's events after it
    alerts_from: datetime  # and of critical alerts since then
    failures: int = 0
    not_before: datetime | None = None  # it asked us to wait, or failed just now
    created_by: str = Field(max_length=100)
    created_at: datetime


class NoticeState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"  # the answer was lost: it is not said twice
    FAILED = "failed"
    CANCELLED = "cancelled"


class Notice(WorkspaceRow, table=True):
    """One notice for one channel. Ids and enums: its words are made when it is sent."""

    __tablename__ = "notice"
    __table_args__ = (
        refers("channel_id", "notice_channel", ondelete="CASCADE"),
        unique("channel_id", "key"),
        index("due_at", where="state IN ('waiting', 'sending')"),
        index("channel_id", "created_at"),
    )

    channel_id: UUID
    key: str = Field(max_length=200)  # what it tells of: a second time is the same notice
    kind: NoticeKind = enum_field(NoticeKind)
    subject_id: UUID | None = None  # of the message, the approval, the alert; None: several, together
    count: int = 1
    content_hash: str = Field(default="", max_length=64)  # of the draft that its link may decide on
    link_until: datetime
    used_at: datetime | None = None  # its link decides once
    state: NoticeState = enum_field(NoticeState, NoticeState.WAITING)
    said: str = text_field()  # what the service answered last
    attempts: int = 0
    due_at: datetime
    lease_until: datetime | None = None
    lease_token: int = 0
    delivered_at: datetime | None = None
    created_at: datetime
