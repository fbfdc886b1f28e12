"""Vendors of data: a workspace's accounts, every call for a company or a person, and what calls of a kind bring."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, text_field, unique


class VendorAccount(WorkspaceRow, table=True):
    """A workspace's key at a vendor of data. Vendors without keys need no row; one that is switched off has one."""

    __tablename__ = "vendor_account"
    __table_args__ = (unique("vendor"),)

    vendor: str = Field(max_length=32)  # a name of tools.providers.vendor.catalog
    key_sealed: str = text_field()
    options: dict[str, str] = json_field()  # an app id, a region: nothing secret
    credit_micros: int = Field(default=0, sa_type=sa.BigInteger)  # what one of its credits costs
    enabled: bool = True
    refused_at: datetime | None = None  # since when it refuses: a person must act
    refusal: str = text_field()  # in the vendor's words
    created_by: str = Field(default="", max_length=100)
    created_at: datetime


class PurchaseOutcome(StrEnum):
    FILLED = "filled"  # it said something that was not known
    NOTHING = "nothing"  # it knows nothing (of that): not asked again for weeks
    DOWN = "down"
    REFUSED = "refused"


class Purchase(WorkspaceRow, table=True):
    """One subject asked of one provider, and what it said. Money is booked a call at a time, in spend_entry."""

    __tablename__ = "purchase"
    __table_args__ = (
        index("company_id", "capability", "provider", "at"),
        index("provider", "at"),
        index("run_id"),
        index("contact_id", where="contact_id IS NOT NULL"),
    )

    run_id: UUID | None = None
    company_id: UUID
    contact_id: UUID | None = None
    provider: str = Field(max_length=64)
    capability: str = Field(max_length=16)  # enrich, signals, people, email, verify
    asked: list[str] = json_field(list)  # fields that were unknown and that it can say
    filled: list[str] = json_field(list)  # those of them that it said
    outcome: PurchaseOutcome = enum_field(PurchaseOutcome)
    reason: str = text_field()  # why it was asked, or why it said nothing
    cost_micros: int = Field(default=0, sa_type=sa.BigInteger)
    tier_before: int | None = None  # the likeliest tier, before and after
    tier_after: int | None = None
    at: datetime


class FillRate(WorkspaceRow, table=True):
    """How often a provider says a field of a kind of company, counted as purchases are made."""

    __tablename__ = "fill_rate"
    __table_args__ = (unique("provider", "field", "segment"),)

    provider: str = Field(max_length=64)
    field: str = Field(max_length=32)
    segment: str = Field(max_length=32)  # "US:51-200": country and size, "" where unknown
    asked: int = 0
    filled: int = 0
