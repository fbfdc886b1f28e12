"""Companies as the scoring rules read them: a typed snapshot of many at once, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from core.ids import stable_id
from scoring.types import CompanyTraits, Signal, words
from store.models import Company, Fact, IcpVersion, Run, SignalRow

# The fields of facts that a trait of scoring rests on: (fact field, trait).
_TRAITS = {"technology": "technologies", "tag": "tags"}


@dataclass(frozen=True, slots=True)
class CompanyView:
    row: Company
    traits: CompanyTraits
    signals: tuple[Signal, ...]


def load_views(session: Session, company_ids: Sequence[UUID], *, with_facts: bool = True) -> dict[UUID, CompanyView]:
    """Views by company id, in the order asked; `company_ids` at most a thousand (a cohort). Three queries."""
    rows = {row.id: row for row in session.exec(select(Company).where(col(Company.id).in_(company_ids)))}
    signals: dict[UUID, list[Signal]] = {}
    found = session.exec(
        select(SignalRow)
        .where(col(SignalRow.company_id).in_(company_ids))
        .order_by(col(SignalRow.observed_at), col(SignalRow.id))
    )
    for s in found:
        signals.setdefault(s.company_id, []).append(
            Signal(s.kind, s.observed_at, s.strength, str(s.id), s.quote, s.url)
        )
    facts: dict[UUID, dict[str, list[str]]] = {}
    if with_facts:
        wanted = select(Fact.id, Fact.subject_id, Fact.field).where(col(Fact.subject_id).in_(company_ids))
        for fact_id, subject_id, name in session.exec(wanted.order_by(col(Fact.id))):
            facts.setdefault(subject_id, {}).setdefault(_TRAITS.get(name, name), []).append(str(fact_id))
    return {
        company_id: CompanyView(
            rows[company_id],
            traits_of(rows[company_id], facts.get(company_id, {})),
            tuple(signals.get(company_id, ())),
        )
        for company_id in company_ids
        if company_id in rows
    }


def traits_of(row: Company, fact_ids: Mapping[str, Sequence[str]]) -> CompanyTraits:
    return CompanyTraits(
        name=row.name,
        domain=row.domain or "",
        industry=row.industry or None,
        tags=tuple(row.tags),
        employees=row.employees,
        revenue_minor=row.revenue_minor,
        currency=row.currency or None,
        country=row.country or None,
        region=row.region or None,
        description_words=words(row.description),
        technologies=tuple(row.technologies),
        founded_year=row.founded_year,
        status=row.status or None,
        fact_ids={name: tuple(ids) for name, ids in fact_ids.items()},
    )


def icp_of(session: Session, run: Run) -> IcpVersion:
    version = session.get(IcpVersion, (run.workspace_id, run.icp_version_id))
    if version is None:
        raise LookupError(f"Run {run.id} names an ICP version that does not exist.")
    return version


def signal_id(workspace_id: UUID, company_id: UUID, kind: str, content_key: str) -> UUID:
    """The same evidence seen twice is one signal."""
    return stable_id("signal", workspace_id, company_id, kind, content_key)
