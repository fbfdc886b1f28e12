"""What a service was asked to tell us of an inbox, where it keeps the asking under an id of its own."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, refers, text_field, unique


class InboxSubscription(WorkspaceRow, table=True):
    """One a mailbox and connection; a mailbox that is connected anew gets another address and another word."""

    __tablename__ = "inbox_subscription"
    __table_args__ = (
        refers("mailbox_id", "mailbox", ondelete="CASCADE"),
        unique("mailbox_id"),
        unique("token_hash"),
    )

    mailbox_id: UUID
    connection_number: int
    service: str = Field(max_length=32)  # as the mailbox's inbox is called: "graph"
    token_hash: str = Field(max_length=64)  # SHA-256 of the path's token: what is posted there is of this mailbox
    token_sealed: str = text_field(...)  # so that the same address is asked for again where an answer was lost
    word_sealed: str = text_field(...)  # what the service must repeat with all that it posts (Graph: clientState)
    remote_id: str = Field(default="", max_length=255)  # the service's; empty: it was not asked, or ended it
    expires_at: datetime | None = None  # by the service
    asks_at: datetime | None = None  # when the service said that it wants to be asked anew; None: it did not
    lease_until: datetime | None = None  # while a process asks: two would leave two subscriptions behind
    lease_token: int = Field(default=0, sa_type=sa.BigInteger)
    told_at: datetime | None = None  # when it posted last
    problem: str = text_field()  # why the last asking failed; empty: it did not
    created_at: datetime
