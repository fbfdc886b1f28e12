"""What people do beside approving: tasks, mails of unknown outcome, suppressions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import col, select

from agents.task_outcomes import TaskResult
from api import paging
from api.actions import work as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.permissions import Permission
from store.models import OutboxItem, OutboxState, Task, TaskState

router = APIRouter(route_class=ControlRoute)


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    subject_kind: str
    subject_id: UUID
    kind: str
    title: str
    state: TaskState
    due_at: datetime
    done_at: datetime | None
    outcome: str
    result: str = Field(description="How it went, where one of the words for it was said; else empty.")
    script: str | None = None  # None: there is none, or the caller may not read it


class TaskDone(BaseModel):
    outcome: str = Field(default="", max_length=1_000)


class TaskLog(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"result": "call_back", "call_back_at": "2026-06-03T08:30:00Z"}]},
    )

    result: TaskResult = Field(description="Of a call any; of a text message and a LinkedIn note those that can be.")
    note: str = Field(default="", max_length=1_000)
    call_back_at: AwareDatetime | None = Field(default=None, description="With `call_back`: when.")


class TaskLogged(BaseModel):
    task: TaskOut
    follows: str = Field(description="What the outcome leads to, in a sentence.")


class TasksDone(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"ids": ["0192c1a0-0000-7000-8000-000000000021"], "outcome": "left a message"}]
        },
    )

    ids: list[UUID] = Field(min_length=1, max_length=200)
    outcome: str = Field(default="", max_length=1_000)


class TaskFinished(BaseModel):
    id: UUID
    result: Literal["done", "was_done", "dropped", "missing"]


class TasksFinished(BaseModel):
    items: list[TaskFinished]


class OutboxOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str
    kind: str
    subject_kind: str
    subject_id: UUID
    draft_id: UUID | None
    state: OutboxState
    state_reason: str
    not_before: datetime
    attempts: int
    sent_at: datetime | None


class OutboxResolution(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"was_sent": True}]})

    was_sent: bool = Field(description="True: it arrived. False: the same bytes are sent again.")


@router.get("/tasks", tags=["work"], summary="Tasks by due time")
def list_tasks(
    deps: Deps,
    caller: Caller,
    state: TaskState = TaskState.OPEN,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[TaskOut]:
    query = select(Task).where(Task.state == state).order_by(col(Task.due_at), col(Task.id)).limit(limit + 1)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(sa.or_(col(Task.due_at) > at, sa.and_(col(Task.due_at) == at, col(Task.id) > last)))
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    items = [TaskOut.model_validate(row) for row in rows[:limit]]
    if caller.may(Permission.PEOPLE):
        for item, row in zip(items, rows, strict=False):
            if row.script_sealed:
                item.script = sealer.open(row.script_sealed, context=f"task|script|{row.id}")
    more = len(rows) > limit
    return paging.Page(
        items=items, next=paging.encode(items[-1].due_at.isoformat(), str(items[-1].id)) if more else None
    )


@router.post("/tasks/{task_id}/done", tags=["work"], summary="A task is done")
def finish_task(task_id: UUID, body: TaskDone, deps: Deps, caller: Caller) -> TaskOut:
    return TaskOut.model_validate(acts.finish_task(deps, caller, task_id, outcome=body.outcome))


@router.post("/tasks/{task_id}/log", tags=["work"], summary="How a call, a note or a text message went")
def log_task(task_id: UUID, body: TaskLog, deps: Deps, caller: Caller) -> TaskLogged:
    done = acts.log_task(deps, caller, task_id, result=body.result, note=body.note, call_back_at=body.call_back_at)
    return TaskLogged(task=TaskOut.model_validate(done.task), follows=done.follows)


@router.post("/tasks/bulk-done", tags=["work"], summary="Several tasks are done, each answered by itself")
def finish_tasks(body: TasksDone, deps: Deps, caller: Caller) -> TasksFinished:
    result = acts.finish_tasks(deps, caller, body.ids, outcome=body.outcome)
    return TasksFinished(items=[TaskFinished(id=task_id, result=said) for task_id, said in result.items()])


@router.post("/tasks/{task_id}/reopen", tags=["work"], summary="A task is not done after all")
def reopen_task(task_id: UUID, deps: Deps, caller: Caller) -> TaskOut:
    return TaskOut.model_validate(acts.reopen_task(deps, caller, task_id))


@router.get("/outbox", tags=["outbox"], summary="Intended effects by state")
def list_outbox(
    deps: Deps,
    caller: Caller,
    state: OutboxState = OutboxState.UNKNOWN,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[OutboxOut]:
    query = select(OutboxItem).where(OutboxItem.state == state).order_by(col(OutboxItem.id)).limit(limit + 1)
    if key := paging.decode(cursor, 1):
        query = query.where(col(OutboxItem.id) > UUID(key[0]))
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    items = [OutboxOut.model_validate(row) for row in rows[:limit]]
    return paging.Page(items=items, next=paging.encode(str(items[-1].id)) if len(rows) > limit else None)


@router.post(
    "/outbox/{item_id}/resolution",
    tags=["outbox"],
    status_code=204,
    summary="Say whether a mail of unknown outcome arrived",
)
def resolve_outbox(item_id: UUID, body: OutboxResolution, deps: Deps, caller: Caller) -> None:
    acts.resolve_outbox(deps, caller, item_id, was_sent=body.was_sent)
