"""Companies, and dated evidence about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tools.ports.unknown import Unknown


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """A dated fact that speaks of intent."""

    kind: str  # hiring, funding, news, pricing_page_changed, technology_added …: keys of scoring.intent.HALF_LIFE_DAYS
    observed_at: datetime
    quote: str = ""
    url: str = ""
    strength: float = 1.0  # 0–1: how plainly the evidence says it


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """A company as one source tells it. None and empty mean the source does not say."""

    name: str
    source: str  # "file:yc.jsonl.gz", "world", "apollo"
    source_id: str = ""
    line: int | None = None  # 1-based line or row of a file
    website: str = ""
    industry: str = ""
    tags: tuple[str, ...] = ()
    employees: int | None = None
    revenue_minor: int | None = None  # per year
    currency: str = ""  # ISO 4217
    country: str = ""  # ISO 3166-1 alpha-2
    region: str = ""
    city: str = ""
    description: str = ""
    founded_year: int | None = None
    status: str = ""  # "active", "inactive", "acquired", "public" … in the source's words, lower case
    technologies: tuple[str, ...] = ()
    signals: tuple[SignalRecord, ...] = ()
    cost_micros: int = 0  # millionths of the workspace currency's minor unit paid for this record
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that could not be read. Shown with its line and reason; never stops a run."""

    line: int
    reason: str
    excerpt: str = ""  # at most 200 characters


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """A page of a source, in the source's stable order. `cursor` resumes after it; None: there is no more."""

    records: Sequence[CompanyRecord]
    problems: Sequence[RowProblem]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """What an ICP asks of a company source, in our terms; empty asks for nothing.

    A source filters by what its vendor can filter by and ignores the rest: the lead source looks again at what comes.
    """

    industries: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2
    employees_min: int | None = None
    employees_max: int | None = None
    revenue_min_minor: int | None = None  # per year, in `currency`
    revenue_max_minor: int | None = None
    currency: str = ""
    technologies: tuple[str, ...] = ()


class CompanySource(Protocol):
    name: str
    price_micros: int  # of one record, at most: what is reserved before a page is asked for; 0: free

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        """Up to `limit` companies after `cursor` (None: from the start)."""
        ...


@dataclass(frozen=True, slots=True)
class CompanyRef:
    """A company of the store, as far as an outside source needs it to recognise it."""

    company_id: UUID
    name: str
    domain: str
    country: str = ""  # ISO 3166-1 alpha-2
    profile_url: str = ""  # of a network or register, where one is known


class CompanyEnricher(Protocol):
    """What a vendor knows of companies that we name."""

    name: str
    fields: frozenset[str]  # the fields of CompanyRecord it can fill: what may be bought from it
    price_micros: int  # of one company, at most; 0: free
    batch: int  # companies a call, at most

    def enrich(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, CompanyRecord | Unknown]:
        """An answer for each company asked for. Any number may be asked: the provider makes batches."""
        ...


@dataclass(frozen=True, slots=True)
class SignalReport:
    """Everything a source says of a company since the day asked for; empty: it looked and there was nothing."""

    signals: tuple[SignalRecord, ...]
    cost_micros: int = 0


class SignalSource(Protocol):
    """Dated evidence of intent about companies that we name."""

    name: str
    kinds: frozenset[str]  # of SignalRecord.kind that it can report
    price_micros: int  # of one company, at most; 0: free

    def signals(self, companies: Sequence[CompanyRef], since: datetime) -> Mapping[UUID, SignalReport | Unknown]: ...
