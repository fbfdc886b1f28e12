"""What a changed ICP would do: who enters its filter, who leaves, whose tier changes. Reads, and writes nothing.

The filter and the scores are those of a run (agents.lead_source.admit, agents.scorer), on what the store knows now.
Blocks of companies are read one at a time, each in a session of its own, in an order that spreads over the whole
store: where time runs out, what was looked at is a fair sample, and its size is told.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.company_view import CompanyView, load_views
from agents.lead_source import admit
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.icp import IcpDefinition
from scoring.priority import LOWEST_TIER, Priority
from store.models import Company, Contact, Lead
from store.queries import merges
from store.session import Database

BLOCK = 1_000  # companies; what `load_views` takes at once
SHOWN = 50  # names of each list


@dataclass(frozen=True, slots=True)
class Moved:
    """A company that enters or leaves. `reason`: what stands against it, now for one that enters, else then."""

    company_id: UUID
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TierMove:
    lead_id: UUID
    contact_id: UUID
    company_id: UUID
    company: str
    before: int
    after: int
    reason: str


@dataclass
class Preview:
    """Counts are of the companies looked at, which are all of them where `complete`."""

    companies: int  # in the store
    looked_at: int = 0
    inside_now: int = 0
    inside_then: int = 0
    entering: int = 0
    leaving: int = 0
    first_entering: list[Moved] = field(default_factory=list)
    first_leaving: list[Moved] = field(default_factory=list)
    leads: int = 0  # of the ICP, at companies that are inside then: those a run would score
    leads_left: int = 0  # at companies that are outside then: they stay as they are
    tiers_now: Counter[int] = field(default_factory=Counter)
    tiers_then: Counter[int] = field(default_factory=Counter)
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    first_moves: list[TierMove] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.looked_at >= self.companies


def preview_icp(
    database: Database,
    workspace_id: UUID,
    *,
    then: IcpDefinition,
    now: IcpDefinition | None,
    icp_id: UUID | None,
    as_of: datetime,
    seconds: float,
    elapsed: Callable[[], float],
) -> Preview:
    """`now`: the version in force; None: nobody is inside yet. `elapsed`: seconds since the start, of any clock.

    A week's capacity is left out: it demotes by what else a week holds, which nobody knows before.
    """
    with database.read(workspace_id) as session:
        starts, total = _blocks(session)
    found = Preview(companies=total)
    new, old = CompiledIcp(then), CompiledIcp(now) if now is not None else None
    for index in _spread(len(starts)):
        with database.read(workspace_id) as session:
            _look(session, found, starts[index], new, old, icp_id, as_of)
        if elapsed() >= seconds:
            break
    return found


def _blocks(session: Session) -> tuple[list[UUID], int]:
    """The first id of every block, and how many companies there are."""
    place = sa.func.row_number().over(order_by=col(Company.id)).label("place")
    query = sa.select(col(Company.id).label("id"), place, sa.func.count().over().label("total"))
    numbered = query.where(merges.not_absorbed(Company)).subquery()
    rows = session.execute(
        sa.select(numbered.c.id, numbered.c.total).where(numbered.c.place % BLOCK == 1).order_by(numbered.c.id)
    ).all()
    return [row.id for row in rows], rows[0].total if rows else 0


def _spread(count: int) -> list[int]:
    """0 … count-1 by reversed bits: any first part of it lies evenly over the whole."""
    bits = max(1, (count - 1).bit_length())
    order = (int(format(number, f"0{bits}b")[::-1], 2) for number in range(1 << bits))
    return [number for number in order if number < count]


def _look(
    session: Session,
    found: Preview,
    start: UUID,
    new: CompiledIcp,
    old: CompiledIcp | None,
    icp_id: UUID | None,
    as_of: datetime,
) -> None:
    query = sa.select(col(Company.id)).where(col(Company.id) >= start, merges.not_absorbed(Company))
    query = query.order_by(col(Company.id)).limit(BLOCK)
    views = load_views(session, list(session.execute(query).scalars()), with_facts=False)
    inside: dict[UUID, bool] = {}
    for company_id, view in views.items():
        is_in, why_then = admit(view, new)
        was_in, why_now = admit(view, old) if old is not None else (False, "There is no version yet.")
        inside[company_id] = is_in
        found.inside_now += was_in
        found.inside_then += is_in
        if is_in and not was_in:
            found.entering += 1
            _keep(found.first_entering, Moved(company_id, view.row.name, why_now))
        elif was_in and not is_in:
            found.leaving += 1
            _keep(found.first_leaving, Moved(company_id, view.row.name, why_then))
    found.looked_at += len(views)
    if icp_id is not None and old is not None:
        _look_at_leads(session, found, views, inside, new, old, icp_id, as_of)


def _look_at_leads(
    session: Session,
    found: Preview,
    views: dict[UUID, CompanyView],
    inside: dict[UUID, bool],
    new: CompiledIcp,
    old: CompiledIcp,
    icp_id: UUID,
    as_of: datetime,
) -> None:
    query = (
        sa.select(col(Lead.id), col(Lead.contact_id), col(Lead.company_id))
        .join(
            Contact, (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id))
        )
        .where(
            col(Lead.icp_id) == icp_id,
            col(Lead.company_id).in_(list(views)),
            col(Contact.erased_at).is_(None),
            merges.not_absorbed(Contact),
        )
        .order_by(col(Lead.id))
    )
    scored: dict[UUID, tuple[int, int, str]] = {}
    for lead_id, contact_id, company_id in session.execute(query):
        if not inside[company_id]:
            found.leads_left += 1
            continue
        if company_id not in scored:
            scored[company_id] = _tiers(views[company_id], new, old, as_of)
        before, after, reason = scored[company_id]
        found.leads += 1
        found.tiers_now[before] += 1
        found.tiers_then[after] += 1
        if before != after:
            found.moves[before, after] += 1
            move = TierMove(lead_id, contact_id, company_id, views[company_id].row.name, before, after, reason)
            _keep(found.first_moves, move)


def _tiers(view: CompanyView, new: CompiledIcp, old: CompiledIcp, as_of: datetime) -> tuple[int, int, str]:
    _, _, before = score_company(view.traits, view.signals or None, old, as_of)
    fit, _, after = score_company(view.traits, view.signals or None, new, as_of)
    if fit.disqualifiers:
        reason = " ".join(one.text for one in fit.disqualifiers)
    else:
        reason = f"Priority {_shown(before)} becomes {_shown(after)}. " + " ".join(
            one.text for one in after.scored.reasons
        )
    return before.tier or LOWEST_TIER, after.tier or LOWEST_TIER, reason


def _shown(priority: Priority) -> str:
    return "unknown" if priority.scored.value is None else f"{priority.scored.value:.2f}"


def _keep(items: list[Any], item: Any) -> None:
    if len(items) < SHOWN:
        items.append(item)
