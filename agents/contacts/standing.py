"""Where the companies of a cohort stand: who is known there, which seats they hold, what was asked and what it cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from agents.buying.standing import CEILING_PERIOD, segment_of
from scoring.authority import score_authority
from scoring.committee import Candidate, open_seats
from scoring.icp_model import IcpDefinition, TargetRole
from scoring.types import BuyingRole, Department, PersonTraits, Seniority
from store.models import Company, Contact, Fact, Merge, RunCompany
from store.queries import merges, purchases
from tools.domains import FREE_MAIL, registrable_domain
from tools.ports import CompanyRef

# After this an address is verified again before anybody writes to it: two or three people in a hundred change their
# job each month.
VERIFIED_FOR: Final = timedelta(days=90)
# Facts that name another domain of the same company.
_DOMAIN_FACTS: Final = ("website", "domain", "mail_domain")
# Who may say so: what stands on a page may be written there to draw mail elsewhere.
_DOMAIN_METHODS: Final = ("vendor", "import", "human", "person")


@dataclass(frozen=True, slots=True)
class CompanyAt:
    ref: CompanyRef
    employees: int | None
    segment: str
    domains: frozenset[str]  # registrable, that its people's addresses may stand under; empty: none is known
    excluded: bool  # nobody at it is written to: nobody is asked about it either


@dataclass(frozen=True, slots=True)
class Known:
    """A contact with its place in the committee."""

    contact: Contact
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Standing:
    companies: Mapping[UUID, CompanyAt]
    people: Mapping[UUID, Sequence[Known]]  # by company, in the order of ids
    spent: Mapping[UUID, int]  # micros a company, in the ceiling's period

    def candidates(self, company_id: UUID) -> list[Candidate]:
        return [known.candidate for known in self.people.get(company_id, ())]

    def segments(self) -> dict[UUID, str]:
        return {company_id: company.segment for company_id, company in self.companies.items()}

    def open_seats(self, company_id: UUID, roles: Sequence[TargetRole], wanted: int) -> tuple[TargetRole, ...]:
        """The empty ones among the first `wanted` seats: more people than that are not written to."""
        first = {role.role for role in sorted(roles, key=lambda r: -r.weight)[:wanted]}
        return tuple(role for role in open_seats(self.candidates(company_id), roles) if role.role in first)

    def lacks(self, company_id: UUID, roles: Sequence[TargetRole], wanted: int) -> bool:
        alive = [known for known in self.people.get(company_id, ()) if known.contact.email_status != "invalid"]
        return len(alive) < wanted or bool(self.open_seats(company_id, roles, wanted))


def load_standing(session: Session, cohort_id: UUID, icp: IcpDefinition, now: datetime) -> Standing:
    """Seven queries for up to a cohort of companies, however many people they have."""
    query = (
        select(Company)
        .join(RunCompany, col(RunCompany.id) == Company.id)
        .where(RunCompany.cohort_id == cohort_id, merges.not_absorbed(Company))
        .order_by(col(Company.id))
    )
    rows = list(session.exec(query))
    ids = [row.id for row in rows]
    domains = _domains(session, rows)
    companies = {
        row.id: CompanyAt(
            CompanyRef(row.id, row.name, row.domain or "", row.country),
            row.employees,
            segment_of(row.country, row.employees),
            frozenset(domains.get(row.id, ())),
            row.excluded_at is not None,
        )
        for row in rows
    }
    contacts = list(
        session.exec(
            select(Contact)
            .where(col(Contact.company_id).in_(ids), col(Contact.erased_at).is_(None))
            .order_by(col(Contact.id))
        )
    )
    absorbed = merges.kept_of(session, [contact.id for contact in contacts])
    people: dict[UUID, list[Known]] = {}
    for contact in contacts:
        if contact.id not in absorbed:
            candidate = candidate_of(contact, companies[contact.company_id].employees, icp, now)
            people.setdefault(contact.company_id, []).append(Known(contact, candidate))
    return Standing(companies, people, purchases.spent_on(session, ids, now - CEILING_PERIOD))


def candidate_of(contact: Contact, employees: int | None, icp: IcpDefinition, now: datetime) -> Candidate:
    authority = score_authority(traits_of(contact), employees, icp)
    return Candidate(
        str(contact.id),
        authority.scored.value,
        authority.role,
        _status(contact, now) if contact.email_sealed else None,
        bool(contact.phone_sealed or contact.profile_url_sealed),
    )


def as_if_found(candidate: Candidate) -> Candidate:
    """The same person, were an address found: whom it is worth to look one up for."""
    return replace(candidate, email_status="unknown") if candidate.email_status is None else candidate


def traits_of(contact: Contact) -> PersonTraits:
    """A contact as the authority rules read it."""
    return PersonTraits(
        title=contact.title or None,
        seniority=Seniority(contact.seniority) if contact.seniority else None,
        department=Department(contact.department) if contact.department else None,
        email_status=contact.email_status,
        has_phone=contact.phone_sealed is not None,
        has_profile=contact.profile_url_sealed is not None,
        fact_ids=(),
    )


def is_fresh(contact: Contact, now: datetime) -> bool:
    return contact.email_checked_at is not None and now - contact.email_checked_at < VERIFIED_FOR


def departments_of(seats: Sequence[TargetRole]) -> tuple[str, ...]:
    """The departments to look in for these seats; empty where one of them may sit anywhere, or there are none."""
    if not all(seat.departments for seat in seats):
        return ()
    found = {department for seat in seats for department in seat.departments}
    if any(seat.role is BuyingRole.ECONOMIC_BUYER for seat in seats):
        found.add(Department.GENERAL_MANAGEMENT)  # at a small company the chief buys (scoring.authority)
    return tuple(sorted(found))


def seniorities_of(seats: Sequence[TargetRole]) -> tuple[str, ...]:
    """The ranks that any of these seats takes, the highest first; empty for no seats."""
    if not seats:
        return ()
    lowest = min(seat.min_seniority.rank for seat in seats)
    return tuple(s.value for s in sorted(Seniority, key=lambda s: -s.rank) if s.rank >= lowest)


def _status(contact: Contact, now: datetime) -> str:
    """What was said of an address long ago is not known any more, except that it is dead."""
    return contact.email_status if contact.email_status == "invalid" or is_fresh(contact, now) else "unknown"


def _domains(session: Session, rows: Sequence[Company]) -> dict[UUID, set[str]]:
    """A company's own domain, those of companies that were merged into it, and those that facts of it name."""
    found: dict[UUID, set[str]] = {row.id: {row.domain} for row in rows if row.domain}
    ids = [row.id for row in rows]
    merged = (
        select(Merge.kept_id, Company.domain)
        .join(Company, col(Company.id) == Merge.absorbed_id)
        .where(col(Merge.kept_id).in_(ids), col(Merge.split_at).is_(None))
    )
    for company_id, domain in session.exec(merged):
        if domain:
            found.setdefault(company_id, set()).add(domain)
    said = select(Fact.subject_id, Fact.value).where(
        col(Fact.subject_id).in_(ids), col(Fact.field).in_(_DOMAIN_FACTS), col(Fact.method).in_(_DOMAIN_METHODS)
    )
    for company_id, value in session.exec(said):
        domain = registrable_domain(value) if isinstance(value, str) else None
        if domain and domain not in FREE_MAIL:
            found.setdefault(company_id, set()).add(domain)
    return found


def counted(words: Counter[str], most: int = 20) -> dict[str, int]:
    """For a decision row: the commonest first, cut, in a stable order."""
    return dict(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:most])
