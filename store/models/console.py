"""What the console and the API keep for themselves: saved views, who reads a draft, edits, repeated requests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from store.models.base import JSON_TYPE, WorkspaceRow, index, refers, text_field


class SavedView(WorkspaceRow, table=True):
    """Filters of a list under a name: its own, or everybody's."""

    __tablename__ = "saved_view"
    __table_args__ = (index("page", "user_id"),)

    page: str = Field(max_length=32)  # companies, leads, contacts, approvals
    name: str = Field(max_length=100)
    query: str = Field(max_length=2000)  # of the URL, as the list writes it
    user_id: UUID | None = None  # None: shared with everybody
    created_by: str = Field(max_length=100)
    created_at: datetime


class DraftReader(WorkspaceRow, table=True):
    """Who has a draft open, so that a second person sees it. A courtesy, not a lock. `id` is the approval's id."""

    __tablename__ = "draft_reader"
    __table_args__ = (refers("user_id", "user_account", ondelete="CASCADE"),)

    user_id: UUID = Field(primary_key=True)
    editing: bool = False
    since: datetime
    seen_at: datetime


class FieldEdit(WorkspaceRow, table=True):
    """A person's change of one field, with what stood there before, so that it can be undone."""

    __tablename__ = "field_edit"
    __table_args__ = (index("subject_id", "at"), index("company_id", "at"))

    subject_kind: str = Field(max_length=16)  # company, contact, lead
    subject_id: UUID
    company_id: UUID  # whose timeline shows it
    field: str = Field(max_length=64)
    before: Any = Field(default=None, sa_type=JSON_TYPE)  # personal values stand in the sealed columns instead
    after: Any = Field(default=None, sa_type=JSON_TYPE)
    before_sealed: str | None = text_field(None)
    after_sealed: str | None = text_field(None)
    by: str = Field(max_length=100)
    at: datetime
    undone_by: str = Field(default="", max_length=100)
    undone_at: datetime | None = None


class IdempotencyRecord(WorkspaceRow, table=True):
    """An answer that a repeated request gets again. `id` is of the caller, the operation and the key."""

    __tablename__ = "idempotency_record"
    __table_args__ = (index("created_at"),)

    request_hash: str = Field(max_length=64)
    status: int | None = None  # None: the first request is still at work
    body_sealed: str | None = text_field(None)
    created_at: datetime
