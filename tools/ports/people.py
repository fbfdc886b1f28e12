"""People, and whether their addresses take mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from tools.ports.companies import CompanyRef
from tools.ports.unknown import Unknown


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
class PeopleWanted:
    """Which people, as far as a vendor can choose before it charges."""

    limit: int = 10  # a company, at most
    seniorities: tuple[str, ...] = ()  # values of scoring.types.Seniority
    departments: tuple[str, ...] = ()  # values of scoring.types.Department
    titles: tuple[str, ...] = ()


ANYBODY = PeopleWanted()


class PersonFinder(Protocol):
    name: str
    price_micros: int  # of all people of one company, at most; 0: free

    def people(
        self, companies: Sequence[CompanyRef], wanted: PeopleWanted = ANYBODY
    ) -> Mapping[UUID, Sequence[PersonRecord] | Unknown]:
        """People of each company asked for: a batch, because a call a company is what makes finders slow."""
        ...


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person whose address is looked for."""

    contact_id: UUID
    full_name: str
    company_domain: str
    company_name: str = ""
    profile_url: str = ""


@dataclass(frozen=True, slots=True)
class EmailFound:
    address: str
    confidence: float  # 0–1, in the vendor's own judgement; never a verdict: it is verified before use
    source: str
    url: str = ""  # a page that shows it, where there is one
    cost_micros: int = 0


class EmailFinder(Protocol):
    name: str
    price_micros: int  # of one person, at most; 0: free

    def find(self, people: Sequence[PersonRef]) -> Mapping[UUID, EmailFound | Unknown]:
        """A business address of each person asked for, by contact id."""
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
    is_catch_all: bool = False  # the domain takes mail for any name: the mailbox itself is not known to exist
    mailbox_confirmed: bool = False  # its server, or a vendor that asks servers, says that this very mailbox exists
    source: str = "checks"  # who says so
    cost_micros: int = 0


class EmailVerifier(Protocol):
    name: str
    price_micros: int  # of one address, at most; 0: free

    def verify(self, addresses: Sequence[str]) -> Sequence[EmailVerdict]:
        """One verdict an address, in the order asked. DNS is asked once a domain."""
        ...


class MailDomains(Protocol):
    def mx(self, domain: str) -> Sequence[str] | Unknown:
        """MX host names, most preferred first; empty where the domain says it takes no mail."""
        ...


class DomainRecords(MailDomains, Protocol):
    """What else a domain's DNS says. Unknown where it could not be asked; empty where there is no such record."""

    def txt(self, domain: str) -> Sequence[str] | Unknown:
        """TXT records of the name itself, each in one piece, as written."""
        ...

    def cname(self, host: str) -> Sequence[str] | Unknown:
        """The names that `host` leads to, one after the other, lower case."""
        ...
