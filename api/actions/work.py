"""What people do beside approving: tasks, mails of unknown outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from agents import task_outcomes
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from core.errors import Conflict, FixConfiguration, NotFound
from store import audit, feed
from store.feed_kinds import Kind
from store.models import Task, TaskState


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
            feed.publish(session, deps.clock, [feed.task(Kind.TASK_DONE, task.model_dump(), principal.actor)])
    return task


@dataclass(frozen=True, slots=True)
class Logged:
    task: Task
    follows: str  # what the outcome leads to, in a sentence


def log_task(
    deps: Dependencies,
    principal: Principal,
    task_id: UUID,
    *,
    result: task_outcomes.TaskResult,
    note: str = "",
    call_back_at: datetime | None = None,
) -> Logged:
    """The same word a second time changes nothing. Raises Forbidden, NotFound, Conflict (ended otherwise), Rejected."""
    principal.require(Permission.WORK)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        task = session.get(Task, (principal.workspace_id, task_id), with_for_update=True)
        if task is None:
            raise NotFound("There is no such task.")
        follows = task_outcomes.log_task(
            session, context, task, result, actor=principal.actor, note=note, call_back_at=call_back_at
        )
    return Logged(task, follows)


def finish_tasks(
    deps: Dependencies, principal: Principal, task_ids: Sequence[UUID], *, outcome: str
) -> dict[UUID, str]:
    """Each by itself, in one transaction: done, was_done, dropped or missing. Raises Forbidden."""
    principal.require(Permission.WORK)
    now, result = deps.clock.now(), dict.fromkeys(task_ids, "missing")
    with deps.database.write(principal.workspace_id) as session:
        found = select(Task).where(col(Task.id).in_(task_ids)).order_by(col(Task.id)).with_for_update()
        finished = []
        for task in session.exec(found):
            result[task.id] = {TaskState.OPEN: "done", TaskState.DONE: "was_done"}.get(task.state, "dropped")
            if task.state is TaskState.OPEN:
                task.state, task.done_at, task.outcome = TaskState.DONE, now, outcome.strip()[:1_000]
                session.add(task)
                finished.append(feed.task(Kind.TASK_DONE, task.model_dump(), principal.actor))
        feed.publish(session, deps.clock, finished)
    return result


def reopen_task(deps: Dependencies, principal: Principal, task_id: UUID) -> Task:
    """Undoes `finish_task`. A second time changes nothing.

    Raises Forbidden, NotFound, Conflict (it was dropped, or its outcome changed more than the task).
    """
    principal.require(Permission.WORK)
    with deps.database.write(principal.workspace_id) as session:
        task = session.get(Task, (principal.workspace_id, task_id), with_for_update=True)
        if task is None:
            raise NotFound("There is no such task.")
        if task.state is TaskState.DROPPED:
            raise Conflict("The task was dropped: what it was for is over.", hint="Nothing is left to do.")
        if task.result in task_outcomes.FINAL_RESULTS:
            raise Conflict(
                f"It was logged as “{task.result.replace('_', ' ')}”, and what follows from that has happened.",
                hint="Change the lead or the contact on their pages.",
            )
        if task.state is TaskState.DONE:
            task_outcomes.drop_retry(session, task)
            task.state, task.done_at, task.outcome, task.result = TaskState.OPEN, None, "", ""
            session.add(task)
            details = {"kind": task.kind}
            audit.append(
                session,
                deps.clock,
                deps.ids,
                actor=principal.actor,
                action="task.reopened",
                subject_kind="task",
                subject_id=task.id,
                details=details,
            )
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
