"""Why a person may be written to, as records with evidence; and when they were told what is held of them."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from store.models.base import WorkspaceRow, index, refers, text_field


class LegalBasis(WorkspaceRow, table=True):
    """One basis for one channel, from a day to a day. Never changed but by its withdrawal: what holds is read from all
    of them (store.queries.legal_bases), and the contact's own columns are a copy of it for mail."""

    __tablename__ = "legal_basis"
    __table_args__ = (
        refers("contact_id", "contact", ondelete="CASCADE"),
        index("contact_id", "channel", "given_at"),
    )

    contact_id: UUID
    channel: str = Field(max_length=16)  # mail, phone, sms, linkedin
    basis: str = Field(max_length=32)  # agents.jurisdiction.Basis
    ground: str = Field(default="", max_length=32)  # inquiry, purchase, published: what an end follows from
    evidence_sealed: str | None = text_field(None)  # as "legal_basis|evidence|<id>"
    source: str = Field(default="", max_length=100)  # "import", "policy", "edit", "console" …
    given_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = Field(default="", max_length=100)
    recorded_by: str = Field(max_length=100)  # "user:<id>", "key:<id>", "agent:…"
    created_at: datetime


class NoticeGiven(WorkspaceRow, table=True):
    """That a mail carried the notice of GDPR Art. 14, once a contact: the first one that left with it."""

    __tablename__ = "notice_given"
    __table_args__ = (refers("contact_id", "contact", ondelete="CASCADE"), index("contact_id"))

    contact_id: UUID
    outbox_item_id: UUID  # its frozen bytes are the proof
    rule: str = Field(max_length=64)  # agents.jurisdiction: under which law
    given_at: datetime
