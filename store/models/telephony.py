"""What texts and calls go out through, whose phone rings first, and whose number is whose."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, refers, text_field, unique


class TelephonyState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # pause_reason says why: a person, or the vendor that refused the key


class TelephonyAccount(WorkspaceRow, table=True):
    """An account at a telephony vendor, with the number that people see."""

    __tablename__ = "telephony_account"
    __table_args__ = (index("state"),)

    vendor: str = Field(default="twilio", max_length=32)
    name: str = Field(max_length=100)
    account_sid: str = Field(max_length=34)
    key_sid: str = Field(default="", max_length=34)  # of an API key; empty: the secret is the account's own token
    secret_sealed: str = text_field(...)
    sender: str = Field(default="", max_length=16)  # E.164; needed for calls
    service_sid: str = Field(default="", max_length=34)  # a messaging service that chooses the number of a text
    endpoint_id: UUID  # the inbound endpoint that the vendor reports to, and that hears STOP
    daily_texts: int = 50
    daily_calls: int = 50
    text_cost_micros: int = Field(default=1_000_000, sa_type=sa.BigInteger)  # of one part of a text
    call_cost_micros: int = Field(default=5_000_000, sa_type=sa.BigInteger)  # of one call, both legs
    state: TelephonyState = enum_field(TelephonyState, TelephonyState.ACTIVE)
    pause_reason: str = text_field()
    not_before: datetime | None = None  # it asked us to wait
    created_by: str = Field(max_length=100)
    created_at: datetime


class NumberUse(WorkspaceRow, table=True):
    """That a contact was written to or called at a number: who writes from there, or says stop, is found by it."""

    __tablename__ = "number_use"
    __table_args__ = (
        refers("contact_id", "contact", ondelete="CASCADE"),
        unique("number_index", "contact_id"),
        index("contact_id"),
    )

    number_index: str = Field(max_length=64)  # keyed hash of the E.164 number
    contact_id: UUID
    used_at: datetime


class RepPhone(WorkspaceRow, table=True):
    """The phone of a person of ours, which rings first in a call. `id` is the person's."""

    __tablename__ = "rep_phone"

    number_sealed: str = text_field(...)
    updated_at: datetime
