"""What people do that agents carry out: each checks the right first, then calls the agent's own function."""

from uuid import UUID

from agents import calendar, engagement, revision
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import FixConfiguration, NotFound
from store.models import Approval, Task, TaskState


def revise(deps: Dependencies, principal: Principal, approval_id: UUID, *, subject: str, body: str) -> revision.Revised:
    """A person's edit: a new draft in place of the old. Raises Forbidden, NotFound, Conflict (it left)."""
    principal.require(Permission.DECIDE)
    context = deps.context_for(principal.workspace_id)
    draft_id = draft_of(deps, principal, approval_id)
    return revision.revise(context, draft_id, subject, body, principal.actor)


def draft_of(deps: Dependencies, principal: Principal, approval_id: UUID) -> UUID:
    """Raises NotFound."""
    with deps.database.read(principal.workspace_id) as session:
        approval = session.get(Approval, (principal.workspace_id, approval_id))
    if approval is None:
        raise NotFound("There is no such approval.")
    return approval.draft_id


def record_meeting(deps: Dependencies, principal: Principal, meeting_id: UUID, *, held: bool, outcome: str) -> None:
    """Raises Forbidden, NotFound, Conflict."""
    principal.require(Permission.WORK)
    calendar.record_meeting(deps.context_for(principal.workspace_id), meeting_id, held, outcome, principal.actor)


def finish_task(deps: Dependencies, principal: Principal, task_id: UUID, *, outcome: str) -> Task:
    """A second time changes nothing. Raises Forbidden, NotFound."""
    principal.require(Permission.WORK)
    with deps.database.write(principal.workspace_id) as session:
        task = session.get(Task, (principal.workspace_id, task_id), with_for_update=True)
        if task is None:
            raise NotFound("There is no such task.")
        if task.state is TaskState.OPEN:
            task.state, task.done_at, task.outcome = TaskState.DONE, deps.clock.now(), outcome.strip()[:1_000]
            session.add(task)
    return task


def resolve_outbox(deps: Dependencies, principal: Principal, item_id: UUID, *, was_sent: bool) -> None:
    """Raises Forbidden, NotFound, Conflict (it is not unknown), FixConfiguration."""
    principal.require(Permission.OUTBOX)
    if deps.resolve_unknown is None:
        raise FixConfiguration(
            "This server was started without the part that settles unknown outcomes.",
            hint="`salesos outbox resolve` does it, or start the server with `salesos serve`.",
        )
    deps.resolve_unknown(deps.context_for(principal.workspace_id), item_id, was_sent=was_sent, by=principal.actor)


def opt_out(deps: Dependencies, workspace_id: UUID, contact_id: UUID) -> None:
    """Never written to again, from now. A second time changes nothing. Raises NotFound."""
    engagement.opt_out(deps.context_for(workspace_id), contact_id, "one_click")


def pick_slot(deps: Dependencies, workspace_id: UUID, hold_id: UUID) -> calendar.Picked:
    """Books a held time. Raises NotFound, Conflict (taken or expired)."""
    return calendar.pick_slot(deps.context_for(workspace_id), hold_id)
