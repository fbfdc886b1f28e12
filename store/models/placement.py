"""Where mail of a mailbox lands: addresses of our own at large providers, and test mails that are looked for there."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, refers, text_field, unique


class SeedAddress(WorkspaceRow, table=True):
    """An address of ours at a provider, whose folders may be read by IMAP. Never a prospect's."""

    __tablename__ = "seed_address"
    __table_args__ = (unique("address"),)

    address: str = Field(max_length=254)
    provider: str = Field(max_length=32)  # gmail, outlook, yahoo …, as a person calls it
    host: str = Field(max_length=255)
    port: int = 993
    username: str = Field(max_length=254)
    password_sealed: str = text_field()
    created_by: str = Field(max_length=100)
    created_at: datetime


class PlacementState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"  # each mail was found, did not leave, or was looked for long enough


class PlacementTest(WorkspaceRow, table=True):
    """One asking of a person: the same words to each seed, through one mailbox. Never outreach."""

    __tablename__ = "placement_test"
    __table_args__ = (
        refers("mailbox_id", "mailbox", ondelete="CASCADE"),
        index("mailbox_id", "created_at"),
        index("state", "looked_at"),
    )

    mailbox_id: UUID
    subject_sealed: str = text_field(...)
    body_sealed: str = text_field(...)
    source: str = Field(default="", max_length=100)  # whose words: "template:first_mail/plain", "given"
    state: PlacementState = enum_field(PlacementState, PlacementState.RUNNING)
    looked_at: datetime | None = None  # when the seeds' folders were read last
    finished_at: datetime | None = None
    created_by: str = Field(max_length=100)
    created_at: datetime


class Place(StrEnum):
    WAITING = "waiting"  # it has not left, or is not there yet
    INBOX = "inbox"
    PROMOTIONS = "promotions"
    SPAM = "spam"
    ELSEWHERE = "elsewhere"  # in another folder: a rule of the seed's owner
    MISSING = "missing"  # it left, and is nowhere
    NOT_SENT = "not_sent"
    UNREAD = "unread"  # the seed's folders could not be read: that says nothing about where it is


class PlacementResult(WorkspaceRow, table=True):
    """One mail of a test: to one seed."""

    __tablename__ = "placement_result"
    __table_args__ = (
        refers("test_id", "placement_test", ondelete="CASCADE"),
        unique("test_id", "address"),
        index("outbox_item_id"),
    )

    test_id: UUID
    seed_id: UUID  # which may be gone by now
    address: str = Field(max_length=254)
    provider: str = Field(max_length=32)
    outbox_item_id: UUID
    message_id: str = Field(max_length=255)  # what it is looked for by
    place: Place = enum_field(Place, Place.WAITING)
    folder: str = Field(default="", max_length=255)  # as the provider calls it
    sent_at: datetime | None = None
    found_at: datetime | None = None  # when a reading found it: at the latest then it was there
    problem: str = text_field()
