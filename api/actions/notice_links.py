"""What a link in a notice leads to, and the one decision that it may carry.

The link is no right: whoever opens it is signed in, in the workspace that it is of, and decides with their own role. It
runs out, it decides once, and only on the very words that the notice told of: their hash stands in the notice's row.
"""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from api.actions import approvals
from api.dependencies import Dependencies, Principal
from core.errors import Conflict, NotFound
from store.models import Approval, ApprovalState, Message, Notice, NoticeKind
from store.queries.approvals import Action, Decided


@dataclass(frozen=True, slots=True)
class Opened:
    notice_id: UUID
    place: str  # the console's page of what it tells of
    approval_id: UUID | None = None  # of a notice that may decide
    why_not: str = ""  # it decides nothing any more


def opened(deps: Dependencies, principal: Principal, token: str) -> Opened:
    """Reads only. Raises NotFound."""
    notice = _notice(deps, principal, token)
    with deps.database.read(principal.workspace_id) as session:
        if notice.subject_id is None:
            return Opened(notice.id, "/approvals" if notice.kind is NoticeKind.APPROVAL else "/today?whose=all")
        if notice.kind is NoticeKind.REPLY:
            message = session.get(Message, (principal.workspace_id, notice.subject_id))
            return Opened(notice.id, f"/leads/{message.lead_id}" if message and message.lead_id else "/today?whose=all")
        if notice.kind is not NoticeKind.APPROVAL:
            return Opened(notice.id, "/today?whose=all")
        approval = session.get(Approval, (principal.workspace_id, notice.subject_id))
    if approval is None:
        return Opened(notice.id, "/approvals")
    return Opened(notice.id, f"/approvals/{approval.id}", approval.id, _why_not(deps, notice, approval))


def decide(deps: Dependencies, principal: Principal, token: str, *, action: Action, reason: str = "") -> Decided:
    """Raises Forbidden, NotFound, Conflict (it ran out, was used, or the draft is another), Rejected (no reason)."""
    notice = _notice(deps, principal, token)
    if notice.kind is not NoticeKind.APPROVAL or notice.subject_id is None:
        raise NotFound("There is nothing to decide behind this link.")
    with deps.database.read(principal.workspace_id) as session:
        approval = session.get(Approval, (principal.workspace_id, notice.subject_id))
    if approval is None:
        raise NotFound("There is no such approval.")
    if why := _why_not(deps, notice, approval):
        raise Conflict(why, hint=f"Look at /approvals/{approval.id}.", code="link_over")
    decided = approvals.decide(
        deps, principal, approval.id, action=action, content_hash=notice.content_hash, reason=reason
    )
    with deps.database.write(principal.workspace_id) as session:
        session.execute(
            sa.update(Notice)
            .where(col(Notice.id) == notice.id)
            .values(used_at=deps.clock.now())
            .execution_options(synchronize_session=False)
        )
    return decided


def _notice(deps: Dependencies, principal: Principal, token: str) -> Notice:
    nobody = NotFound("This link leads nowhere here.", hint="What waits for you stands on Today.")
    if deps.notices is None:
        raise nobody
    workspace_id, notice_id = deps.notices.read(token)
    if workspace_id != principal.workspace_id:
        raise nobody
    with deps.database.read(workspace_id) as session:
        notice = session.get(Notice, (workspace_id, notice_id))
    if notice is None:
        raise nobody
    return notice


def _why_not(deps: Dependencies, notice: Notice, approval: Approval) -> str:
    if notice.used_at is not None:
        return "This link was used: it decides once."
    if deps.clock.now() >= notice.link_until:
        return "This link ran out."
    if approval.state is not ApprovalState.PENDING:
        return "It was decided, or overtaken, meanwhile."
    if approval.content_hash != notice.content_hash:
        return "The draft is not the one that the notice told of."
    return ""
