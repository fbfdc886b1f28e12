"""Drafts that wait for a person: read, approve, edit, reject, undo."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import actions, decisions, paging
from api.dependencies import Caller, Deps
from api.views import drafts
from api.views.drafts import DraftView, QueueItem
from store.models import ApprovalState
from store.queries.approvals import Action

router = APIRouter(tags=["approvals"])


class DecisionInput(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "reject", "content_hash": "9f86d0…", "reason": "Too long."}]}
    )

    action: Action
    content_hash: str = Field(min_length=64, max_length=64, description="Of the draft that was read.")
    reason: str = Field(default="", max_length=1_000, description="A rejection needs one.")


class DecidedOut(BaseModel):
    approval_id: UUID
    draft_id: UUID
    state: str
    by: str
    at: datetime
    repeated: bool  # the same caller had said the same before


class EditInput(BaseModel):
    subject: str = Field(min_length=1, max_length=300)
    body: str = Field(min_length=1, max_length=20_000)


class EditedOut(BaseModel):
    """The draft that stands in place of the edited one; it waits for a decision of its own."""

    draft_id: UUID
    approval_id: UUID
    problems: list[dict[str, Any]]


class UndoneOut(BaseModel):
    approval_id: UUID
    draft_id: UUID
    state: str = "pending"


@router.get("/approvals", summary="Drafts by the state of their approval, the longest waiting first")
def list_approvals(
    deps: Deps,
    caller: Caller,
    state: ApprovalState = ApprovalState.PENDING,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[QueueItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return drafts.queue(session, sealer, caller, state=state, limit=limit, cursor=cursor)


@router.get("/approvals/{approval_id}", summary="One draft with its claims, their evidence and the gate's problems")
def get_approval(approval_id: UUID, deps: Deps, caller: Caller) -> DraftView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return drafts.draft_view(session, sealer, caller, approval_id)


@router.post("/approvals/{approval_id}/decision", summary="Approve or reject exactly what was read")
def decide_approval(approval_id: UUID, body: DecisionInput, deps: Deps, caller: Caller) -> DecidedOut:
    decided = decisions.decide(
        deps, caller, approval_id, action=body.action, content_hash=body.content_hash, reason=body.reason
    )
    return DecidedOut(
        approval_id=decided.approval_id,
        draft_id=decided.draft_id,
        state=decided.state.value,
        by=decided.by,
        at=decided.at,
        repeated=decided.repeated,
    )


@router.post("/approvals/{approval_id}/edit", summary="Write other words: a new draft replaces this one")
def edit_approval(approval_id: UUID, body: EditInput, deps: Deps, caller: Caller) -> EditedOut:
    revised = actions.revise(deps, caller, approval_id, subject=body.subject, body=body.body)
    return EditedOut(draft_id=revised.draft_id, approval_id=revised.approval_id, problems=list(revised.problems))


@router.post("/approvals/{approval_id}/undo", summary="Take an approval back, until the mail leaves")
def undo_approval(approval_id: UUID, deps: Deps, caller: Caller) -> UndoneOut:
    return UndoneOut(approval_id=approval_id, draft_id=decisions.undo(deps, caller, approval_id))
