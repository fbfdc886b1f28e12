"""Which leads would change tier under a changed definition: every lead of the ICP, by both. Reads, and writes nothing.

Blocks of companies are scored as columns, one block in memory at a time, each read in a session of its own. Only the
few that are shown are scored again by the row rules, for their reasons. A week's capacity is left out, as it demotes
by what else a week holds; `agents.icp_preview` says who would enter and leave the filter.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from scoring.columns import encode_companies, priority_columns
from scoring.company_score import CompanyScore, score_company
from scoring.criteria import CompiledIcp
from scoring.icp import IcpDefinition
from scoring.priority import LOWEST_TIER
from scoring.types import CompanyTraits, Reason, Signal, words
from store.models import Company, Contact, Lead, SignalRow
from store.queries import merges
from store.session import Database

BLOCK = 2_000  # companies
SAMPLES = 10  # leads shown of each change, by company


@dataclass(frozen=True, slots=True)
class LeadMove:
    lead_id: UUID
    contact_id: UUID
    company_id: UUID
    company: str
    domain: str
    before: int  # tier
    after: int
    priority_before: float | None
    priority_after: float | None


@dataclass(frozen=True, slots=True)
class ReasonChange:
    """A reason whose points or words differ. None: the definition does not give it."""

    code: str
    before: Reason | None
    after: Reason | None


@dataclass(frozen=True, slots=True)
class Sample:
    move: LeadMove
    changed: tuple[ReasonChange, ...]  # the weightiest first


@dataclass
class TierPreview:
    leads: int = 0  # all of the ICP whose person is not erased
    tiers_before: Counter[int] = field(default_factory=Counter)
    tiers_after: Counter[int] = field(default_factory=Counter)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return self.moves.total()


@dataclass(frozen=True, slots=True)
class _Block:
    traits: list[CompanyTraits]
    signals: list[tuple[Signal, ...] | None]
    leads: list[tuple[int, LeadMove]]  # (place of the company, lead); those that change and those that do not


def preview_tiers(
    database: Database,
    workspace_id: UUID,
    icp_id: UUID,
    *,
    before: IcpDefinition,
    after: IcpDefinition,
    as_of: datetime,
) -> TierPreview:
    """`before`: usually the version in force. Both are asked as of the same instant, so only the definition differs."""
    found = TierPreview()
    old, new = CompiledIcp(before), CompiledIcp(after)
    shown: Counter[tuple[int, int]] = Counter()
    for block in _blocks(database, workspace_id, icp_id, old, new, as_of):
        at_company: dict[int, tuple[ReasonChange, ...]] = {}
        for place, lead in block.leads:
            found.leads += 1
            found.tiers_before[lead.before] += 1
            found.tiers_after[lead.after] += 1
            change = (lead.before, lead.after)
            if lead.before == lead.after:
                continue
            found.moves[change] += 1
            if shown[change] < SAMPLES:
                shown[change] += 1
                if place not in at_company:
                    traits, signals = block.traits[place], block.signals[place]
                    at_company[place] = changed_reasons(
                        score_company(traits, signals, old, as_of), score_company(traits, signals, new, as_of)
                    )
                found.samples.append(Sample(lead, at_company[place]))
    found.samples.sort(key=lambda one: (one.move.after - one.move.before, one.move.before, one.move.company))
    return found


def tier_moves(
    database: Database,
    workspace_id: UUID,
    icp_id: UUID,
    *,
    before: IcpDefinition,
    after: IcpDefinition,
    as_of: datetime,
) -> Iterator[LeadMove]:
    """Every lead that would change tier, for a file: one block in memory at a time."""
    for block in _blocks(database, workspace_id, icp_id, CompiledIcp(before), CompiledIcp(after), as_of):
        for _, lead in block.leads:
            if lead.before != lead.after:
                yield lead


def changed_reasons(before: CompanyScore, after: CompanyScore) -> tuple[ReasonChange, ...]:
    old, new = _reasons(before), _reasons(after)
    found = []
    for key in dict.fromkeys((*new, *old)):
        was, then = old.get(key), new.get(key)
        same = was is not None and then is not None and was.text == then.text and abs(was.points - then.points) < 0.005
        if not same:
            found.append(ReasonChange(key[0], was, then))
    found.sort(key=lambda one: -abs((one.after.points if one.after else 0) - (one.before.points if one.before else 0)))
    return tuple(found)


def _reasons(score: CompanyScore) -> dict[tuple[str, int], Reason]:
    """Of what a tier is made from; several of one code are told apart by their place."""
    every = (*score.fit.disqualifiers, *score.fit.scored.reasons, *score.priority.scored.reasons)
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Reason] = {}
    for reason in dict.fromkeys(every):
        found[reason.code, seen[reason.code]] = reason
        seen[reason.code] += 1
    return found


def _blocks(
    database: Database, workspace_id: UUID, icp_id: UUID, old: CompiledIcp, new: CompiledIcp, as_of: datetime
) -> Iterator[_Block]:
    after: UUID | None = None
    while True:
        with database.read(workspace_id) as session:
            ids = _company_ids(session, icp_id, after)
            block = _block(session, icp_id, ids, old, new, as_of) if ids else None
        if block is None:
            return
        yield block
        if len(ids) < BLOCK:
            return
        after = ids[-1]


def _company_ids(session: Session, icp_id: UUID, after: UUID | None) -> list[UUID]:
    query = sa.select(col(Lead.company_id)).where(col(Lead.icp_id) == icp_id).distinct()
    if after is not None:
        query = query.where(col(Lead.company_id) > after)
    return list(session.execute(query.order_by(col(Lead.company_id)).limit(BLOCK)).scalars())


_TRAITS = (
    Company.id, Company.name, Company.domain, Company.industry, Company.tags, Company.employees, Company.revenue_minor,
    Company.currency, Company.country, Company.region, Company.description, Company.technologies, Company.founded_year,
    Company.status,
)  # fmt: skip


def _block(
    session: Session, icp_id: UUID, ids: Sequence[UUID], old: CompiledIcp, new: CompiledIcp, as_of: datetime
) -> _Block:
    rows = session.execute(sa.select(*_TRAITS).where(col(Company.id).in_(ids)).order_by(col(Company.id))).all()  # type: ignore[call-overload]
    place = {row.id: at for at, row in enumerate(rows)}
    held: list[list[Signal]] = [[] for _ in rows]
    said = (SignalRow.company_id, SignalRow.kind, SignalRow.observed_at, SignalRow.strength, SignalRow.quote)
    query = sa.select(*said).where(col(SignalRow.company_id).in_(ids)).order_by(col(SignalRow.id))  # type: ignore[call-overload]
    for company_id, kind, at, strength, quote in session.execute(query):
        held[place[company_id]].append(Signal(kind, at, strength, quote=quote))
    traits = [_traits(row) for row in rows]
    signals = [tuple(of) or None for of in held]
    columns = encode_companies(traits, signals)
    (value_old, tier_old), (value_new, tier_new) = (priority_columns(columns, icp, as_of) for icp in (old, new))
    leads = (
        sa.select(col(Lead.id), col(Lead.contact_id), col(Lead.company_id))
        .join(
            Contact, (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id))
        )
        .where(
            col(Lead.icp_id) == icp_id,
            col(Lead.company_id).in_(ids),
            col(Contact.erased_at).is_(None),
            merges.not_absorbed(Contact),
        )
        .order_by(col(Lead.company_id), col(Lead.id))
    )
    found = []
    for lead_id, contact_id, company_id in session.execute(leads):
        at = place[company_id]
        move = LeadMove(
            lead_id,
            contact_id,
            company_id,
            traits[at].name,
            traits[at].domain,
            int(tier_old[at]) or LOWEST_TIER,
            int(tier_new[at]) or LOWEST_TIER,
            _known(value_old[at]),
            _known(value_new[at]),
        )
        found.append((at, move))
    return _Block(traits, signals, found)


def _traits(row: Any) -> CompanyTraits:
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
    )


def _known(value: float) -> float | None:
    return None if value != value else float(value)
