"""Drafts that wait for a person: read, approve, edit, reject, undo."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.actions import approvals as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.problems import Problem, problem_of
from api.views import drafts, outgoing, queue, readers
from api.views.drafts import DraftView
from api.views.evidence import GateProblem, problems_of
from api.views.queue import QueueFilters, QueueItem
from core.errors import NotFound
from store.models import Approval
from store.queries.approvals import Action, Decided

router = APIRouter(route_class=ControlRoute, tags=["approvals"])


_ONE = "01979a3e-7a1f-7000-8000-000000000001"


class ApprovalQuery(QueueFilters):
    model_config = ConfigDict(extra="ignore")  # limit, cursor and fields stand in the same query


class DecisionInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"action": "reject", "content_hash": "9f86d081884c7d65" * 4, "reason": "Too long."}]
        },
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


class BulkItem(DecisionInput):
    approval_id: UUID


class BulkDecisionInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"items": [{"approval_id": _ONE, "action": "approve", "content_hash": "9f86d081884c7d65" * 4}]}
            ]
        },
    )

    items: list[BulkItem] = Field(min_length=1, max_length=100)


class BulkResult(BaseModel):
    approval_id: UUID
    decided: DecidedOut | None  # None: it was not, and `problem` says why
    problem: Problem | None


class BulkDecisionOut(BaseModel):
    results: list[BulkResult]  # in the order of the items
    accepted: int


class WordsInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"subject": "Invoices at Albrecht Freight", "body": "Hello Pat,\n\n…"}]},
    )

    subject: str = Field(min_length=1, max_length=300)
    body: str = Field(min_length=1, max_length=20_000)


class EditInput(WordsInput):
    content_hash: str | None = Field(
        default=None, min_length=64, max_length=64, description="Of the draft that was edited: 412 where it is another."
    )


class PreviewOut(BaseModel):
    """What the gate and the check of words and links would say; `passed`: nothing that holds it back."""

    passed: bool
    problems: list[GateProblem]
    notes: list[outgoing.ContentNoteOut] = Field(description="On words and links; what holds it back first.")


class EditedOut(BaseModel):
    """The draft that stands in place of the edited one; it waits for a decision of its own."""

    draft_id: UUID
    approval_id: UUID
    problems: list[dict[str, Any]]


class UndoneOut(BaseModel):
    approval_id: UUID
    draft_id: UUID
    state: str = "pending"


@router.get("/approvals", summary="Drafts by the state of their approval, what may bring most first")
def list_approvals(
    deps: Deps,
    caller: Caller,
    filters: Annotated[ApprovalQuery, Query()],
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[QueueItem]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return queue.queue(session, sealer, caller, filters, now=deps.clock.now(), limit=limit, cursor=cursor)


@router.post("/approvals/bulk-decision", summary="Decide on many, each for itself, and learn of each what became of it")
def decide_approvals(body: BulkDecisionInput, deps: Deps, caller: Caller) -> BulkDecisionOut:
    wanted = [acts.Wanted(i.approval_id, i.content_hash, i.action, i.reason) for i in body.items]
    results = [
        BulkResult(
            approval_id=r.approval_id,
            decided=_decided(r.decided) if r.decided else None,
            problem=problem_of(r.error) if r.error else None,
        )
        for r in acts.decide_many(deps, caller, wanted)
    ]
    return BulkDecisionOut(results=results, accepted=sum(r.decided is not None for r in results))


@router.get("/approvals/{approval_id}", summary="One draft with its claims, their evidence and the gate's problems")
def get_approval(approval_id: UUID, deps: Deps, caller: Caller) -> DraftView:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return drafts.draft_view(session, sealer, caller, approval_id)


@router.post("/approvals/{approval_id}/decision", summary="Approve or reject exactly what was read")
def decide_approval(approval_id: UUID, body: DecisionInput, deps: Deps, caller: Caller) -> DecidedOut:
    decided = acts.decide(
        deps, caller, approval_id, action=body.action, content_hash=body.content_hash, reason=body.reason
    )
    return _decided(decided)


@router.post("/approvals/{approval_id}/edit", summary="Write other words: a new draft replaces this one")
def edit_approval(approval_id: UUID, body: EditInput, deps: Deps, caller: Caller) -> EditedOut:
    revised = acts.revise(deps, caller, approval_id, subject=body.subject, body=body.body, made_from=body.content_hash)
    return EditedOut(draft_id=revised.draft_id, approval_id=revised.approval_id, problems=list(revised.problems))


@router.post("/approvals/{approval_id}/undo", summary="Take an approval back, until the mail leaves")
def undo_approval(approval_id: UUID, deps: Deps, caller: Caller) -> UndoneOut:
    return UndoneOut(approval_id=approval_id, draft_id=acts.undo(deps, caller, approval_id))


@router.post("/approvals/{approval_id}/preview", summary="What the gate would say to other words; nothing is written")
def preview_approval(approval_id: UUID, body: WordsInput, deps: Deps, caller: Caller) -> PreviewOut:
    rows = acts.preview(deps, caller, approval_id, subject=body.subject, body=body.body)
    found = problems_of(rows, body.subject, body.body)
    with deps.database.read(caller.workspace_id) as session:
        notes = outgoing.notes_on_words(
            session, deps.context_for(caller.workspace_id), approval_id, body.subject, body.body
        )
    held = any(problem.severity == "block" for problem in found) or any(note.blocks for note in notes)
    return PreviewOut(passed=not held, problems=found, notes=notes)


@router.get("/approvals/{approval_id}/outgoing", summary="The mail as it will leave, with its footer, and when")
def get_approval_outgoing(approval_id: UUID, deps: Deps, caller: Caller) -> outgoing.Outgoing:
    with deps.database.read(caller.workspace_id) as session:
        found = outgoing.outgoing(session, deps.context_for(caller.workspace_id), caller, approval_id)
    if found is None:
        raise NotFound("You may not read this mail, or its words are gone.", hint="It needs the right people:read.")
    return found


@router.get("/approvals/{approval_id}/readers", summary="Who has this draft open in the console now")
def list_approval_readers(approval_id: UUID, deps: Deps, caller: Caller) -> list[readers.Reader]:
    with deps.database.read(caller.workspace_id) as session:
        if session.get(Approval, (caller.workspace_id, approval_id)) is None:
            raise NotFound("There is no such approval.")
        return readers.readers(session, caller, approval_id, deps.clock.now())


def _decided(decided: Decided) -> DecidedOut:
    return DecidedOut(
        approval_id=decided.approval_id,
        draft_id=decided.draft_id,
        state=decided.state.value,
        by=decided.by,
        at=decided.at,
        repeated=decided.repeated,
    )
