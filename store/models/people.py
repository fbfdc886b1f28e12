"""Contacts, leads, scores."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import WorkspaceRow, enum_field, index, json_field, refers, text_field, unique


class Contact(WorkspaceRow, table=True):
    """A person at a company. Unique by e-mail index where there is an address, else by profile or name index."""

    __tablename__ = "contact"
    __table_args__ = (
        refers("company_id", "company", ondelete="CASCADE"),
        sa.Index("uq_contact_email", "workspace_id", "email_index", unique=True),
        index("company_id"),
        index("person_index"),
        index("updated_at"),
        index("legal_basis_until", where="legal_basis_until IS NOT NULL"),
        unique("company_id", "person_index"),
    )

    company_id: UUID
    name_sealed: str | None = text_field(None)
    email_sealed: str | None = text_field(None)
    phone_sealed: str | None = text_field(None)
    profile_url_sealed: str | None = text_field(None)
    email_index: str | None = Field(default=None, max_length=64)
    person_index: str | None = Field(default=None, max_length=64)  # keyed hash of the normalised name
    title: str = Field(default="", max_length=300)
    seniority: str = Field(default="", max_length=32)
    department: str = Field(default="", max_length=32)
    buying_role: str = Field(default="", max_length=32)
    country: str = Field(default="", max_length=2)
    time_zone: str = Field(default="", max_length=64)
    email_status: str = Field(default="unknown", max_length=16)  # tools.ports.EmailStatus
    email_reasons: list[str] = json_field(list)
    email_checked_at: datetime | None = None
    legal_basis: str = Field(default="", max_length=32)  # consent, legitimate_interest, existing_customer; "": none
    legal_basis_evidence: str = text_field()
    legal_basis_at: datetime | None = None
    legal_basis_until: datetime | None = None  # from then on it holds no more
    subscriber: str = Field(default="", max_length=16)  # company, individual (sole trader, consumer); "": not known
    source: str = Field(default="", max_length=200)
    cost_micros: int = Field(default=0, sa_type=sa.BigInteger)
    erased_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class LeadStage(StrEnum):
    SCORED = "scored"  # considered; no sequence started
    NURTURE = "nurture"  # tier 4: nobody is written to
    IN_SEQUENCE = "in_sequence"
    REPLIED = "replied"  # a person answers next
    MEETING_PROPOSED = "meeting_proposed"
    MEETING_BOOKED = "meeting_booked"
    MEETING_HELD = "meeting_held"
    WON = "won"
    LOST = "lost"
    STOPPED = "stopped"  # opted out, bounced, wrong person, colleague said no: stop_reason says which


class Lead(WorkspaceRow, table=True):
    """A contact considered under one ICP. The values are copies of its newest scores, for ordering."""

    __tablename__ = "lead"
    __table_args__ = (
        refers("contact_id", "contact", ondelete="CASCADE"),
        refers("company_id", "company", ondelete="CASCADE"),
        unique("icp_id", "contact_id"),
        index("stage", "tier"),
        index("company_id"),
        index("contact_id"),
        index("icp_id", "priority"),
        index("run_id", "tier"),
        index("updated_at"),
        # The best first, an unknown priority last; spelt so, because the databases sort NULL differently.
        sa.Index("ix_lead_best", "workspace_id", "tier", sa.text("coalesce(priority, -1) DESC"), "id"),
        sa.Index(
            "ix_lead_best_of_stage", "workspace_id", "stage", "tier", sa.text("coalesce(priority, -1) DESC"), "id"
        ),
    )

    icp_id: UUID
    icp_version_id: UUID
    run_id: UUID
    contact_id: UUID
    company_id: UUID
    stage: LeadStage = enum_field(LeadStage, LeadStage.SCORED)
    stop_reason: str = text_field()
    fit: float | None = None
    intent: float | None = None
    authority: float | None = None
    priority: float | None = None
    tier: int = 4
    tier_reason: str = text_field()
    channel: str = Field(default="", max_length=16)
    hooks: list[dict[str, Any]] = json_field(list)  # fact ids with the reason each was chosen
    created_at: datetime
    updated_at: datetime


class ScoreRow(WorkspaceRow, table=True):
    """A value 0–1 (None: unknown, the reasons say why) with a reason for every point.

    One row a subject, kind and ICP: the newest. The decision rows keep what was decided from older ones.
    """

    __tablename__ = "score"
    __table_args__ = (unique("subject_id", "kind"),)

    subject_kind: str = Field(max_length=16)  # lead, contact, customer
    subject_id: UUID
    kind: str = Field(max_length=32)  # fit, intent, authority, priority, engagement, churn_risk, health
    value: float | None = None
    reasons: list[dict[str, Any]] = json_field(list)
    model_version: str = Field(max_length=64)
    as_of: datetime
