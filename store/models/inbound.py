"""What vendors tell us by webhook: the endpoints that we gave them, and each event that they sent, once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, text_field, unique


class InboundEndpoint(WorkspaceRow, table=True):
    """An address of ours that a vendor posts to. Its path holds a token that nobody guesses."""

    __tablename__ = "inbound_endpoint"
    __table_args__ = (unique("token_hash"),)

    vendor: str = Field(max_length=32)
    token_hash: str = Field(max_length=64)  # SHA-256 of the path's token
    token_sealed: str = text_field(...)  # so that a person can copy the address again
    secret_sealed: str = text_field(...)  # what the vendor's messages are verified by: a key, topics, an audience
    created_by: str = Field(max_length=100)
    created_at: datetime
    refused_at: datetime | None = None  # when a message was refused last; written once a minute at most
    refusal: str = text_field()  # and why: a wrong key shows here


class InboundState(StrEnum):
    RECEIVED = "received"  # kept, not yet applied
    APPLIED = "applied"
    SUPERSEDED = "superseded"  # a later word on the same thing stands
    DEAD = "dead"  # could not be applied: a person looks


class InboundEvent(WorkspaceRow, table=True):
    """One event as a vendor sent it, whatever the vendor.

    States: received → applied | superseded | dead; applied → superseded; dead → received (a person replays it).
    """

    __tablename__ = "inbound_event"
    __table_args__ = (
        unique("vendor", "dedupe_key"),
        index("due_at", where="state = 'received'"),
        index("state", "received_at"),
        index("subject_id"),
        index("person_index", where="person_index <> ''"),
    )

    vendor: str = Field(max_length=32)
    dedupe_key: str = Field(max_length=128)  # the vendor's own id of the event, or a hash of its bytes
    endpoint_id: UUID | None = None
    mailbox_id: UUID | None = None  # whose it is, where that is known
    kind: str = Field(default="", max_length=32)  # the vendor's word; once it is read, ours
    raw_sealed: str | None = text_field(None)  # None: no longer kept
    person_index: str = Field(default="", max_length=64)  # keyed hash of the address it speaks of: erasure finds it
    subject_kind: str = Field(default="", max_length=16)  # what it was found to be about: message …
    subject_id: UUID | None = None
    state: InboundState = enum_field(InboundState, InboundState.RECEIVED)
    reason: str = text_field()  # of the state, in our words: no word of the event
    attempts: int = 0
    due_at: datetime  # of RECEIVED: when it is tried next
    occurred_at: datetime  # by the vendor's clock
    received_at: datetime
    settled_at: datetime | None = None
    replayed_by: str = Field(default="", max_length=100)
