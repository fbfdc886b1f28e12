"""What agents may ask of the outside: one Protocol a capability, in our own normalised types.

Providers (tools/providers/<capability>/<vendor>.py) and the world (world/) implement these. A provider that is
down, empty or over budget returns `Unknown` with the reason: silence is not zero.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, because … ; `reason` is shown to people as it is."""

    reason: str


# ---------------------------------------------------------------------------------------------- companies


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


class CompanySource(Protocol):
    name: str
    price_micros: int  # of one record, at most: what is reserved before a page is asked for; 0: free

    def page(self, cursor: str | None, limit: int) -> CompanyPage | Unknown:
        """Up to `limit` companies after `cursor` (None: from the start)."""
        ...


# ---------------------------------------------------------------------------------------------- web pages


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a URL answered. `text` is tainted: it may be quoted, never obeyed."""

    url: str  # as asked
    final_url: str  # after redirects
    status: int
    headers: Mapping[str, str]  # lower-case names
    text: str
    fetched_at: datetime


class WebFetch(Protocol):
    def get(self, url: str) -> WebPage | Unknown: ...


# ----------------------------------------------------------------------------------------------- people


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person at a company, as one source tells it."""

    full_name: str
    title: str
    source: str
    company_name: str = ""
    company_domain: str = ""
    email: str = ""
    phone: str = ""
    profile_url: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    time_zone: str = ""  # IANA
    line: int | None = None
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class CompanyRef:
    company_id: UUID
    name: str
    domain: str


class PersonFinder(Protocol):
    name: str
    price_micros: int  # of all people of one company, at most; 0: free

    def people(self, companies: Sequence[CompanyRef]) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        """People of each company asked for: a batch, because a call a company is what makes finders slow."""
        ...


class EmailStatus(StrEnum):
    VALID = "valid"  # syntax right, the domain takes mail, not disposable, not a role
    RISKY = "risky"  # deliverable perhaps: a role address, a free-mail or catch-all domain
    INVALID = "invalid"  # never write to it
    UNKNOWN = "unknown"  # could not be checked (no network, DNS timed out): reasons say so


@dataclass(frozen=True, slots=True)
class EmailVerdict:
    address: str  # normalised; the input where it has no valid syntax
    status: EmailStatus
    reasons: tuple[str, ...]
    mx_host: str = ""
    is_role: bool = False
    is_free_mail: bool = False
    is_disposable: bool = False


class EmailVerifier(Protocol):
    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        """One verdict an address, in the order asked. DNS is asked once a domain."""
        ...


class MailDomains(Protocol):
    def mx(self, domain: str) -> Sequence[str] | Unknown:
        """MX host names, most preferred first; empty where the domain says it takes no mail."""
        ...


# ------------------------------------------------------------------------------------------------- mail


@dataclass(frozen=True, slots=True)
class Envelope:
    """Frozen bytes on their way out. `mime` was committed before the first byte left."""

    message_id: str  # with its angle brackets
    sender: str
    recipient: str
    mime: bytes


class SendOutcome(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"  # certainly not accepted; the same bytes may be tried again later
    REJECTED = "rejected"  # certainly not accepted, and never will be: the recipient
    MISCONFIGURED = "misconfigured"  # certainly not accepted: our side (auth, TLS, policy); pause the mailbox
    UNKNOWN = "unknown"  # may or may not have been accepted: look up, never simply repeat


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: SendOutcome
    detail: str  # the server's own words, or what broke; shown to people
    code: str = ""  # "250", "4.7.1", "EOF after DATA"
    retry_after_seconds: int | None = None


class LookupResult(StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"


class MailTransport(Protocol):
    """Sends frozen bytes. Keeps one connection for many mails where the protocol has one."""

    name: str

    def send(self, envelope: Envelope) -> SendResult:
        """Never raises for what a server says or a network does: the outcome says it."""
        ...

    def lookup(self, message_id: str) -> LookupResult:
        """Was this Message-ID accepted? Asked after an unknown outcome, before anything is repeated."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class InboundMail:
    """Raw bytes that arrived. Tainted."""

    uid: str  # the inbox's own id, the cursor of the next call
    raw: bytes
    received_at: datetime


class Inbox(Protocol):
    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown: ...


# ------------------------------------------------------------------------------------- CRM, usage, model


@dataclass(frozen=True, slots=True)
class CrmActivity:
    """One step to mirror. `key` makes it happen once, whatever is retried."""

    key: str
    record_kind: str  # company, contact, deal, customer
    record_id: UUID
    kind: str  # email_sent, reply, meeting, stage_change, score, task, play …
    occurred_at: datetime
    summary: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class Crm(Protocol):
    name: str

    def mirror(self, activities: Sequence[CrmActivity]) -> Sequence[str]:
        """Writes each activity once. Returns the remote id of each, in order. Raises RetryAt or Rejected."""
        ...


@dataclass(frozen=True, slots=True)
class UsageRecord:
    customer_ref: str  # the customer's domain, or its id
    day: date
    metric: str  # active_users, logins, key_events, tickets_open, nps, invoices_overdue …
    value: float
    line: int | None = None


class UsageSource(Protocol):
    name: str

    def rows(self, since: date | None) -> Iterator[UsageRecord | RowProblem]: ...


@dataclass(frozen=True, slots=True)
class ModelReply:
    value: BaseModel
    model: str
    endpoint: str  # "primary" or "fallback"
    tokens_in: int
    tokens_out: int
    cost_micros: int


class LanguageModel(Protocol):
    def structured(self, *, purpose: str, system: str, user: str, schema: type[T], max_tokens: int = 800) -> ModelReply:
        """A validated `schema` instance in `ModelReply.value`.

        Raises core.errors.ModelMustStop (absent, late, over budget: do not ask again) or
        core.errors.ModelMayRetry (answered, but not to the schema: may be asked again). Nothing else.
        """
        ...
