"""What waits for a decision, valued by what it may bring (scoring.worth): the order of the queue."""

import sqlalchemy as sa
from sqlmodel import Session, col

from scoring import worth
from store.models import Approval, ApprovalState, Draft, Lead, ScoreRow, Workspace
from store.session import workspace_of


def rerank(session: Session) -> None:
    """What waits, valued anew, after the worth of a deal changed: one statement for each kind of draft."""
    workspace = session.get(Workspace, workspace_of(session))
    lead = sa.select(col(Lead.priority)).where(col(Lead.id) == col(Approval.lead_id)).scalar_subquery()
    risk = (
        sa.select(col(ScoreRow.value))
        .where(col(ScoreRow.subject_id) == col(Approval.customer_id), col(ScoreRow.kind) == "churn_risk")
        .limit(1)
        .scalar_subquery()
    )
    priority = sa.func.coalesce(lead, risk, worth.UNKNOWN_PRIORITY)
    for action in worth.Action:
        best = worth.expected_minor(action, 1.0, workspace.deal_value_minor if workspace else 0)
        session.execute(
            sa.update(Approval)
            .where(
                col(Approval.state) == ApprovalState.PENDING,
                col(Approval.draft_id).in_(sa.select(col(Draft.id)).where(col(Draft.kind) == action.value)),
            )
            .values(expected_minor=sa.cast(sa.func.round(best * priority), sa.BigInteger))
            .execution_options(synchronize_session=False)
        )
