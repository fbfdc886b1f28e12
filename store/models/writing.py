"""Wordings of a template that a workspace tries, and small rules learned from what its people change in drafts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, text_field, unique


class VariantState(StrEnum):
    TESTING = "testing"  # half of the companies get it
    ADOPTED = "adopted"  # in force: all of them do
    STOPPED = "stopped"  # nobody does, any more


class TemplateVariant(WorkspaceRow, table=True):
    """Other words for one template. They never change: a change is the next number. Its id names its test."""

    __tablename__ = "template_variant"
    __table_args__ = (
        unique("template", "number"),
        index("template", "state"),
    )

    template: str = Field(max_length=80)  # prompts.registry: "first_mail/hiring"
    number: int  # from 1; drafts record "first_mail/hiring~1"
    name: str = Field(max_length=80)  # what it tries, in a person's words
    source: str = text_field()
    against: str = Field(max_length=100)  # what the other half gets: "first_mail/hiring@1" or "first_mail/hiring~1"
    max_companies: int
    state: VariantState = enum_field(VariantState, VariantState.TESTING)
    result: dict[str, Any] = json_field()  # the figures that it was adopted or stopped on
    created_by: str = Field(max_length=100)
    created_at: datetime
    decided_by: str = Field(default="", max_length=100)
    decided_at: datetime | None = None


class RuleState(StrEnum):
    ADOPTED = "adopted"
    UNDONE = "undone"  # or dismissed before it was adopted: it is not proposed again


class EditRule(WorkspaceRow, table=True):
    """One small change that a person wants made in every draft. Its id is a hash of what it says."""

    __tablename__ = "edit_rule"
    __table_args__ = (index("state"),)

    kind: str = Field(max_length=32)  # agents.writing.edits.EditKind
    find_sealed: str = text_field()  # as "edit_rule|find|<id>": words of mails, though never a name or number
    put_sealed: str = text_field()
    template: str = Field(default="", max_length=80)  # empty: in all of them
    field: str = Field(max_length=16)  # subject, body
    state: RuleState = enum_field(RuleState, RuleState.ADOPTED)
    figures: dict[str, int] = json_field()  # what was known when it was adopted
    decided_by: str = Field(max_length=100)
    decided_at: datetime
