"""What people do beside approving: tasks, meetings, mails of unknown outcome, suppressions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from api import actions, paging
from api.auth import normal_email
from api.dependencies import Caller, Deps
from api.permissions import Permission
from core.errors import Rejected
from store import audit
from store.models import Meeting, MeetingState, OutboxItem, OutboxState, Suppression, Task, TaskState
from store.queries import suppression

router = APIRouter()


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
    script: str | None = None  # None: there is none, or the caller may not read it


class TaskDone(BaseModel):
    outcome: str = Field(default="", max_length=1_000)


class MeetingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    lead_id: UUID
    company_id: UUID
    user_id: UUID
    state: MeetingState
    starts_at: datetime | None
    ends_at: datetime | None
    time_zone: str
    outcome: str


class MeetingOutcome(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"held": True, "outcome": "wants an offer"}]})

    held: bool
    outcome: str = Field(default="", max_length=32)


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


class SuppressionInput(BaseModel):
    """Either an address or a domain. Only its keyed hash is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "pat@company.example"}]})

    address: str = Field(default="", max_length=254)
    domain: str = Field(default="", max_length=253)
    reason: Literal["manual", "opt_out", "objection", "complaint"] = "manual"


class SuppressionCounts(BaseModel):
    """Counts only: what is kept is keyed hashes, which tell nobody anything."""

    total: int
    by_reason: dict[str, int]


class Suppressed(BaseModel):
    new: int  # 0: it was suppressed before


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
    return TaskOut.model_validate(actions.finish_task(deps, caller, task_id, outcome=body.outcome))


@router.get("/meetings", tags=["work"], summary="Meetings, the newest first")
def list_meetings(
    deps: Deps,
    caller: Caller,
    state: MeetingState | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[MeetingOut]:
    query = select(Meeting).order_by(col(Meeting.created_at).desc(), col(Meeting.id).desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Meeting.state == state)
    if key := paging.decode(cursor, 2):
        at, last = datetime.fromisoformat(key[0]), UUID(key[1])
        query = query.where(
            sa.or_(col(Meeting.created_at) < at, sa.and_(col(Meeting.created_at) == at, col(Meeting.id) < last))
        )
    with deps.database.read(caller.workspace_id) as session:
        rows = session.exec(query).all()
    last_row = rows[limit - 1] if len(rows) > limit else None
    return paging.Page(
        items=[MeetingOut.model_validate(row) for row in rows[:limit]],
        next=paging.encode(last_row.created_at.isoformat(), str(last_row.id)) if last_row else None,
    )


@router.post("/meetings/{meeting_id}/outcome", tags=["work"], status_code=204, summary="How a meeting went")
def record_meeting(meeting_id: UUID, body: MeetingOutcome, deps: Deps, caller: Caller) -> None:
    actions.record_meeting(deps, caller, meeting_id, held=body.held, outcome=body.outcome)


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
    actions.resolve_outbox(deps, caller, item_id, was_sent=body.was_sent)


@router.get("/suppressions", tags=["suppressions"], summary="How many addresses and domains are never written to")
def count_suppressions(deps: Deps, caller: Caller) -> SuppressionCounts:
    query = sa.select(col(Suppression.reason), sa.func.count()).group_by(col(Suppression.reason))
    with deps.database.read(caller.workspace_id) as session:
        found = {reason: int(count) for reason, count in session.execute(query.order_by(col(Suppression.reason)))}
    return SuppressionCounts(total=sum(found.values()), by_reason=found)


@router.post("/suppressions", tags=["suppressions"], summary="Never write to this address or domain again")
def add_suppression(body: SuppressionInput, deps: Deps, caller: Caller) -> Suppressed:
    caller.require(Permission.SUPPRESS)
    if bool(body.address) == bool(body.domain):
        raise Rejected("Give either an address or a domain.")
    address = normal_email(body.address) if body.address else ""
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.write(caller.workspace_id) as session:
        new = suppression.suppress(
            session, deps.clock, sealer, address=address, domain=body.domain, reason=body.reason, source=caller.actor
        )
        audit.append(
            session,
            deps.clock,
            deps.ids,
            actor=caller.actor,
            action="suppression.added",
            subject_kind="suppression",
            subject_id=caller.workspace_id,
            details={"new": new, "reason": body.reason},
        )
    return Suppressed(new=new)
