"""What happened, for programs outside: events in their order, webhook endpoints, deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class FeedEvent(WorkspaceRow, table=True):
    """One thing that happened, written in the transaction that made it true. Ids and enums: nothing personal."""

    __tablename__ = "feed_event"
    __table_args__ = (unique("seq"), index("kind", "seq"), index("subject_id"))

    seq: int = Field(sa_type=sa.BigInteger)  # 1-based, in the order of commits
    kind: str = Field(max_length=64)  # of store.feed_kinds
    subject_kind: str = Field(max_length=16)
    subject_id: UUID
    actor: str = Field(default="", max_length=100)
    data: dict[str, Any] = json_field()
    at: datetime


class FeedHead(WorkspaceRow, table=True):
    """The newest seq of the workspace's feed. `id` is the workspace's id; its row lock orders the writers."""

    __tablename__ = "feed_head"

    seq: int = Field(default=0, sa_type=sa.BigInteger)


class WebhookState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    DISABLED = "disabled"  # by us: it failed for too long, or answered 410


class WebhookEndpoint(WorkspaceRow, table=True):
    """Where events are sent, and which."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (index("state"),)

    url: str = Field(max_length=2000)
    description: str = Field(default="", max_length=200)
    kinds: list[str] = json_field(list)  # empty: all of them
    state: WebhookState = enum_field(WebhookState, WebhookState.ACTIVE)
    state_reason: str = text_field()
    secret_sealed: str = text_field()
    previous_secret_sealed: str = text_field()  # signs too, until `previous_until`
    previous_until: datetime | None = None
    from_seq: int = Field(default=0, sa_type=sa.BigInteger)  # deliveries are made of the events after it
    failing_since: datetime | None = None
    failures: int = 0  # one after the other; a delivery that arrives ends them
    not_before: datetime | None = None  # it asked us to wait, or failed just now
    created_by: str = Field(max_length=100)
    created_at: datetime


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"  # every try was used
    CANCELLED = "cancelled"


class WebhookDelivery(WorkspaceRow, table=True):
    """One event for one endpoint, with what every try answered."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        refers("endpoint_id", "webhook_endpoint", ondelete="CASCADE"),
        unique("endpoint_id", "event_seq", "replay"),
        index("due_at", where="state IN ('waiting', 'sending')"),
        index("endpoint_id", "created_at"),
    )

    endpoint_id: UUID
    event_seq: int = Field(sa_type=sa.BigInteger)
    replay: int = 0  # 0: the first delivery; a replay by hand counts up
    state: DeliveryState = enum_field(DeliveryState, DeliveryState.WAITING)
    attempts: int = 0
    tries: list[dict[str, Any]] = json_field(list)  # [{at, status, error, ms}], the newest last
    due_at: datetime
    lease_until: datetime | None = None
    lease_token: int = 0
    delivered_at: datetime | None = None
    created_at: datetime
