"""A version of an ICP against what happened to the leads that were written to. Reads, and writes nothing.

Each lead is scored by the version as of its first mail, with the signals that were dated by then, and compared with
what came after: so every version, also one that never ran, is asked the same question about the same leads. What is
known of a company today stands in for what was known then, which favours no version over another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from agents.company_view import load_views
from scoring.company_score import score_company
from scoring.criteria import CompiledIcp
from scoring.engagement import EngagementKind
from scoring.icp import IcpDefinition
from scoring.outcomes import Order, Rate, judge_order, rate
from scoring.priority import LOWEST_TIER
from store.models import Contact, Deal, DealStage, EngagementEvent, Lead, Meeting, MeetingState, Message
from store.session import Database

RIPE_AFTER = timedelta(days=14)  # most replies to a first mail and its first follow-up have come by then
BLOCK = 1_000  # companies; what `load_views` takes at once


class What(StrEnum):
    REPLY = "reply"  # a person wrote, whatever they said
    POSITIVE_REPLY = "positive_reply"
    MEETING = "meeting"  # booked or held
    WON = "won"


_REPLIES = (EngagementKind.REPLY_POSITIVE, EngagementKind.REPLY_NEUTRAL, EngagementKind.REPLY_NEGATIVE)
_MET = (MeetingState.BOOKED, MeetingState.HELD, MeetingState.NO_SHOW)


@dataclass(frozen=True, slots=True)
class TierOutcomes:
    tier: int | None  # None: all
    rates: dict[What, Rate]


@dataclass(frozen=True, slots=True)
class VersionOutcomes:
    leads: int  # written to, long enough ago
    too_young: int  # written to less than RIPE_AFTER ago: not counted
    tiers: tuple[TierOutcomes, ...]  # 1 to 4, then all
    orders: dict[What, Order]


@dataclass(frozen=True, slots=True)
class _Lead:
    id: UUID
    company_id: UUID
    first_mail_at: datetime
    happened: frozenset[What]


def outcomes_of(
    database: Database, workspace_id: UUID, icp_id: UUID, definitions: Sequence[IcpDefinition], as_of: datetime
) -> list[VersionOutcomes]:
    """One for each definition, over the same leads."""
    compiled = [CompiledIcp(one) for one in definitions]
    scored: list[list[tuple[int, float | None, frozenset[What]]]] = [[] for _ in compiled]
    young = 0
    for session, block in _blocks(database, workspace_id, icp_id):
        views = load_views(session, list(dict.fromkeys(lead.company_id for lead in block)), with_facts=False)
        for lead in block:
            if lead.first_mail_at > as_of - RIPE_AFTER:
                young += 1
                continue
            view, at = views[lead.company_id], lead.first_mail_at
            known = [s for s in view.signals if s.observed_at is not None and s.observed_at <= at]
            for icp, of in zip(compiled, scored, strict=True):
                priority = score_company(view.traits, known or None, icp, at).priority
                of.append((priority.tier or LOWEST_TIER, priority.scored.value, lead.happened))
    return [_judged(of, young) for of in scored]


def _judged(scored: Sequence[tuple[int, float | None, frozenset[What]]], young: int) -> VersionOutcomes:
    tiers = []
    for tier in (*range(1, LOWEST_TIER + 1), None):
        held = [happened for at, _, happened in scored if tier in (None, at)]
        tiers.append(TierOutcomes(tier, {what: rate(sum(what in one for one in held), len(held)) for what in What}))
    orders = {
        what: judge_order([value for _, value, _ in scored], [what in happened for _, _, happened in scored])
        for what in What
    }
    return VersionOutcomes(len(scored), young, tuple(tiers), orders)


def _blocks(database: Database, workspace_id: UUID, icp_id: UUID) -> Iterator[tuple[Session, list[_Lead]]]:
    """Leads that were written to, by company, at most BLOCK companies at once, each in a session of its own."""
    after: UUID | None = None
    while True:
        with database.read(workspace_id) as session:
            written = (
                sa.select(col(Lead.id), col(Lead.company_id), sa.func.min(col(Message.at)).label("first"))
                .join(
                    Message,
                    (col(Message.workspace_id) == col(Lead.workspace_id)) & (col(Message.lead_id) == col(Lead.id)),
                )
                .join(
                    Contact,
                    (col(Contact.workspace_id) == col(Lead.workspace_id)) & (col(Contact.id) == col(Lead.contact_id)),
                )
                .where(col(Lead.icp_id) == icp_id, col(Message.direction) == "out", col(Contact.erased_at).is_(None))
                .group_by(col(Lead.id), col(Lead.company_id))
                .order_by(col(Lead.company_id), col(Lead.id))
            )
            if after is not None:
                written = written.where(col(Lead.company_id) > after)
            rows = session.execute(written.limit(4 * BLOCK)).all()
            groups = [list(held) for _, held in groupby(rows, key=lambda row: row.company_id)]
            if len(rows) == 4 * BLOCK and len(groups) > 1:
                groups.pop()  # its company may go on: it comes with the next block
            taken = [row for group in groups[:BLOCK] for row in group]
            if not taken:
                return
            happened = _happened(session, [row.id for row in taken])
            block = [_Lead(row.id, row.company_id, row.first, happened.get(row.id, frozenset())) for row in taken]
            after = block[-1].company_id
            yield session, block


def _happened(session: Session, lead_ids: Sequence[UUID]) -> dict[UUID, frozenset[What]]:
    found: dict[UUID, set[What]] = {}
    replies = sa.select(col(EngagementEvent.lead_id), col(EngagementEvent.kind)).where(
        col(EngagementEvent.lead_id).in_(lead_ids),
        col(EngagementEvent.actor) == "human",
        col(EngagementEvent.kind).in_(_REPLIES),
    )
    for lead_id, kind in session.execute(replies):
        found.setdefault(lead_id, set()).add(What.REPLY)
        if kind == EngagementKind.REPLY_POSITIVE:
            found[lead_id].add(What.POSITIVE_REPLY)
    met = sa.select(col(Meeting.lead_id)).where(col(Meeting.lead_id).in_(lead_ids), col(Meeting.state).in_(_MET))
    won = sa.select(col(Deal.lead_id)).where(col(Deal.lead_id).in_(lead_ids), col(Deal.stage) == DealStage.WON)
    for what, query in ((What.MEETING, met), (What.WON, won)):
        for lead_id in session.execute(query).scalars():
            found.setdefault(lead_id, set()).add(what)
    return {lead_id: frozenset(held) for lead_id, held in found.items()}
