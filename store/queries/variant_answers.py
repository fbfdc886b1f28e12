"""Who was written to in a test of two wordings, and who answered: companies, never mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from store.models import Draft, DraftState, EngagementEvent, Lead, Message

_ANSWERS = ("reply_positive", "reply_neutral", "reply_negative")  # scoring.engagement: what people wrote themselves


class First(NamedTuple):
    arm: str
    at: datetime


def mailed(session: Session, test_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], First]:
    """The first mail of each test to each company, by (test, company). What was not sent does not count."""
    left = (
        sa.select(sa.func.min(col(Message.at)))
        .where(
            col(Message.lead_id) == col(Draft.lead_id),
            col(Message.draft_id) == col(Draft.id),
            col(Message.direction) == "out",
        )
        .correlate(Draft)
        .scalar_subquery()  # not a join: else SQLite begins with all messages of the workspace
    )
    drafts = (
        sa.select(
            col(Draft.variant_test_id).label("test_id"),
            col(Lead.company_id).label("company_id"),
            col(Draft.variant_arm).label("arm"),
            left.label("at"),
        )
        .join(Lead, col(Lead.id) == col(Draft.lead_id))
        .where(col(Draft.variant_test_id).in_(test_ids), col(Draft.state) == DraftState.SENT)
        .subquery()
    )
    first = sa.func.min(drafts.c.at)
    query = (
        sa.select(drafts.c.test_id, drafts.c.company_id, drafts.c.arm, first)
        .where(drafts.c.at.is_not(None))
        .group_by(drafts.c.test_id, drafts.c.company_id, drafts.c.arm)
        .order_by(first, drafts.c.arm)
    )
    found: dict[tuple[UUID, UUID], First] = {}
    for test_id, company_id, arm, at in session.execute(query):
        # Two arms in one company: it was merged from two. The first one counts.
        found.setdefault((test_id, company_id), First(arm, at))
    return found


def answers(session: Session, test_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, bool, datetime]]:
    """(test, company, is it a positive one, when) of every answer by a person whom the test wrote to."""
    query = (
        sa.select(
            col(Draft.variant_test_id),
            col(Lead.company_id),
            col(EngagementEvent.kind),
            col(EngagementEvent.occurred_at),
        )
        .join(Lead, col(Lead.id) == col(Draft.lead_id))
        .join(EngagementEvent, col(EngagementEvent.contact_id) == col(Draft.contact_id))
        .where(
            col(Draft.variant_test_id).in_(test_ids),
            col(Draft.state) == DraftState.SENT,
            col(EngagementEvent.kind).in_(_ANSWERS),
            col(EngagementEvent.actor) == "human",
        )
        .distinct()
    )
    return [
        (test_id, company_id, kind == "reply_positive", at) for test_id, company_id, kind, at in session.execute(query)
    ]
