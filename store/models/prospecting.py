"""ICPs, runs, imports, companies and what is known of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from store.models.base import (
    JSON_TYPE,
    WorkspaceRow,
    enum_field,
    index,
    json_field,
    refers,
    text_field,
    unique,
)


class Icp(WorkspaceRow, table=True):
    __tablename__ = "icp"
    __table_args__ = (unique("name"),)

    name: str = Field(max_length=200)
    created_at: datetime
    archived_at: datetime | None = None


class IcpVersion(WorkspaceRow, table=True):
    """Immutable: a change makes the next number."""

    __tablename__ = "icp_version"
    __table_args__ = (refers("icp_id", "icp"), unique("icp_id", "number"))

    icp_id: UUID
    number: int
    definition: dict[str, Any] = json_field()  # read by scoring.icp.parse_icp
    created_by: str = Field(default="", max_length=100)
    created_at: datetime


class RunState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Run(WorkspaceRow, table=True):
    """One execution of agents for an ICP version. Resumable: `cursor` and the cohorts say what was done."""

    __tablename__ = "run"
    __table_args__ = (refers("icp_version_id", "icp_version"), index("state"))

    icp_version_id: UUID
    state: RunState = enum_field(RunState, RunState.PENDING)
    stage: str = Field(default="new", max_length=32)  # new, sourcing, sourced
    source: str = Field(default="store", max_length=200)  # a name in tools.registry, or "import:<id>", or "store"
    cursor: str | None = text_field(None)
    enroll: bool = True  # False: score only, start no sequences
    max_companies: int | None = None
    companies_seen: int = 0
    companies_kept: int = 0
    error: str = text_field()
    created_by: str = Field(default="", max_length=100)
    created_at: datetime
    finished_at: datetime | None = None


class CohortStage(StrEnum):
    SOURCED = "sourced"
    ENRICHED = "enriched"
    CONTACTS_FOUND = "contacts_found"
    SCORED = "scored"
    DONE = "done"


class Cohort(WorkspaceRow, table=True):
    """Up to a thousand companies of a run that are found, enriched and scored together."""

    __tablename__ = "cohort"
    __table_args__ = (refers("run_id", "run"), unique("run_id", "number"))

    run_id: UUID
    number: int
    stage: CohortStage = enum_field(CohortStage, CohortStage.SOURCED)
    companies: int = 0
    created_at: datetime


class RunCompany(WorkspaceRow, table=True):
    """A company that a run looked at, and whether the ICP's filters let it in. `id` is the company's id."""

    __tablename__ = "run_company"
    __table_args__ = (index("run_id", "cohort_id"), index("run_id", "kept"))

    run_id: UUID = Field(primary_key=True)
    cohort_id: UUID | None = None
    kept: bool
    reason: str = text_field()


class ImportState(StrEnum):
    UPLOADED = "uploaded"  # by browser or API: waits for somebody to confirm its mapping
    READY = "ready"
    QUEUED = "queued"  # a worker takes it up
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportBatch(WorkspaceRow, table=True):
    __tablename__ = "import_batch"

    kind: str = Field(max_length=16)  # companies, people, usage
    file_name: str = Field(max_length=255)
    path: str = text_field()
    sha256: str = Field(max_length=64)
    mapping: dict[str, Any] = json_field()  # tools.mapping's document
    state: ImportState = enum_field(ImportState, ImportState.READY)
    cursor: str | None = text_field(None)
    rows_read: int = 0
    rows_kept: int = 0
    rows_bad: int = 0
    error: str = text_field()
    created_at: datetime
    finished_at: datetime | None = None


class RowProblemRow(WorkspaceRow, table=True):
    """A row of a file that could not be read, with its line and the reason."""

    __tablename__ = "row_problem"
    __table_args__ = (index("batch_id", "line"),)

    batch_id: UUID  # an import batch, or a run that read a source directly
    line: int
    reason: str = text_field()
    excerpt_sealed: str = text_field()


class Company(WorkspaceRow, table=True):
    """Unique in its workspace by registrable domain; where it has none, by name key and country.

    The columns hold the winner of its facts by rule (store.queries.facts); None and empty: not known.
    """

    __tablename__ = "company"
    __table_args__ = (
        sa.Index("uq_company_domain", "workspace_id", "domain", unique=True),
        index("name_key"),
        index("industry"),
        index("created_at"),
        index("updated_at"),
        # An unknown size comes last; spelt so, because the databases sort NULL differently.
        sa.Index("ix_company_size", "workspace_id", sa.text("coalesce(employees, -1) DESC"), "id"),
    )

    domain: str | None = Field(default=None, max_length=255)
    name: str = Field(max_length=300)
    name_key: str = Field(default="", max_length=300)
    website: str = Field(default="", max_length=2000)
    industry: str = Field(default="", max_length=200)
    tags: list[str] = json_field(list)
    employees: int | None = None
    revenue_minor: int | None = Field(default=None, sa_type=sa.BigInteger)
    currency: str = Field(default="", max_length=3)
    country: str = Field(default="", max_length=2)
    region: str = Field(default="", max_length=200)
    city: str = Field(default="", max_length=200)
    description: str = text_field()
    founded_year: int | None = None
    status: str = Field(default="", max_length=64)
    technologies: list[str] = json_field(list)
    enriched_at: datetime | None = None
    enrichment_gap: str = text_field()  # why enrichment knows nothing, where it does not
    excluded_at: datetime | None = None  # since when nobody at its domain is written to; what binds is the suppression
    created_at: datetime
    updated_at: datetime


class CompanySource(WorkspaceRow, table=True):
    """Where a company was found, when and at what price: one row a source record."""

    __tablename__ = "company_source"
    __table_args__ = (
        refers("company_id", "company", ondelete="CASCADE"),
        unique("company_id", "source", "source_id"),
    )

    company_id: UUID
    source: str = Field(max_length=200)
    source_id: str = Field(default="", max_length=200)
    line: int | None = None
    batch_id: UUID | None = None
    cost_micros: int = Field(default=0, sa_type=sa.BigInteger)
    observed_at: datetime


class Fact(WorkspaceRow, table=True):
    """What somebody says is true. Conflicting facts both stay; the winner is by rule (store.queries.facts)."""

    __tablename__ = "fact"
    __table_args__ = (
        index("subject_id", "field"),
        sa.Index("uq_fact_content", "workspace_id", "subject_id", "field", "source", "value_key", unique=True),
    )

    subject_kind: str = Field(max_length=16)  # company, contact
    subject_id: UUID
    field: str = Field(max_length=64)
    value: Any = Field(default=None, sa_type=JSON_TYPE)
    value_key: str = Field(max_length=64)  # hash of (value, quote): the same finding is one row
    source: str = Field(max_length=200)
    quote: str = text_field()
    url: str = Field(default="", max_length=2000)
    observed_at: datetime
    method: str = Field(default="", max_length=64)  # import, json_ld, meta, header, dns, …
    confidence: float = 1.0  # 0–1
    tainted: bool = True


class SiteMemory(WorkspaceRow, table=True):
    """What the last reading of a company's site showed, for the next one to be compared with. `id` is the company's."""

    __tablename__ = "site_memory"

    pricing: dict[str, Any] | None = Field(default=None, sa_type=JSON_TYPE)  # tools.site_reader.changes.PageSnapshot
    technologies: list[str] = json_field(list)
    read_at: datetime


class SignalRow(WorkspaceRow, table=True):
    """A dated fact that speaks of intent. Its half-life is by kind: scoring.intent.HALF_LIFE_DAYS."""

    __tablename__ = "signal"
    __table_args__ = (
        refers("company_id", "company", ondelete="CASCADE"),
        index("company_id", "observed_at"),
        sa.Index("uq_signal_content", "workspace_id", "company_id", "kind", "content_key", unique=True),
    )

    company_id: UUID
    kind: str = Field(max_length=64)
    observed_at: datetime
    strength: float = 1.0
    quote: str = text_field()
    url: str = Field(default="", max_length=2000)
    source: str = Field(default="", max_length=200)
    content_key: str = Field(max_length=64)
