"""Drafts of ours that a person judged: let go as they were, or put into other words."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.models import Approval, Draft, DraftState, Lead

_PERSON = "user:%"  # neither a policy nor a key of a program is anybody's taste
_STANDS = (DraftState.PENDING, DraftState.APPROVED, DraftState.SENT)


def judged(session: Session, limit: int) -> list[tuple[Draft, Draft, Lead]]:
    """(our draft, what stands in its place, lead), the oldest first: the same draft twice where nobody changed it.

    Two statements: the drafts with their approvals and leads; the last words of those that were edited.
    """
    kept = sa.and_(col(Draft.state).in_((DraftState.APPROVED, DraftState.SENT)), col(Approval.decided_by).like(_PERSON))
    query = (
        select(Draft, Lead)
        .join(Approval, col(Approval.draft_id) == col(Draft.id))
        .join(Lead, col(Lead.id) == col(Draft.lead_id))
        .where(
            col(Draft.created_by) == "agent",
            col(Draft.body_sealed).is_not(None),
            sa.or_(kept, col(Draft.state) == DraftState.REPLACED),
        )
        .order_by(col(Draft.created_at).desc(), col(Draft.id))
        .limit(limit)
    )
    ours = list(session.exec(query))
    edited = _edited(session, [draft.thread_key for draft, _ in ours if draft.state is DraftState.REPLACED])
    found = []
    for draft, lead in reversed(ours):
        final = edited.get(draft.thread_key) if draft.state is DraftState.REPLACED else draft
        if final is not None and final.version >= draft.version:
            found.append((draft, final, lead))
    return found


def _edited(session: Session, keys: Sequence[str]) -> dict[str, Draft]:
    query = select(Draft).where(
        col(Draft.thread_key).in_(keys),
        col(Draft.created_by).like(_PERSON),
        col(Draft.state).in_(_STANDS),
        col(Draft.body_sealed).is_not(None),
    )
    return {draft.thread_key: draft for draft in session.exec(query.order_by(col(Draft.version)))}
