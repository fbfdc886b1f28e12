"""Companies and people that may be one: what waits for a decision, what was merged, splitting it again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api import paging
from api.actions import duplicates as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.views import duplicates as views
from api.views.duplicates import DuplicateOut, MergeOut
from store.models import MergeKind

router = APIRouter(route_class=ControlRoute, tags=["duplicates"])

_ONE, _OTHER = "01979a3e-7a1f-7000-8000-000000000001", "01979a3e-7a1f-7000-8000-000000000002"


class DuplicateDecision(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"merge": False}]})

    merge: bool = Field(description="False: they are two, and are never proposed again.")
    keep: UUID | None = Field(default=None, description="Which of the two stays; left out: the first.")


class DuplicateDecided(BaseModel):
    id: UUID
    merge_id: UUID | None  # None: they are two


class MergeInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kept_id": _ONE, "absorbed_id": _OTHER}]}
    )

    kept_id: UUID = Field(description="A company or a contact.")
    absorbed_id: UUID = Field(description="Of the same kind. It stays, hidden, until the merge is split.")


class SplitInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"ask_again": False}]})

    ask_again: bool = Field(default=False, description="Propose the pair again, instead of leaving it alone for good.")


class SplitOut(BaseModel):
    merge: MergeOut
    put_back: int  # columns of rows
    left: int  # columns that were changed since the merge, and stay


@router.get("/duplicates", summary="Pairs that may be one and wait for a decision, the likeliest first")
def list_duplicates(
    deps: Deps,
    caller: Caller,
    kind: Annotated[MergeKind | None, Query(description="Companies or contacts alone.")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[DuplicateOut]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.waiting(session, sealer, caller, kind=kind, limit=limit, cursor=cursor)


@router.get("/duplicates/{proposal_id}", summary="One pair with what is equal and what differs, decided or not")
def get_duplicate(proposal_id: UUID, deps: Deps, caller: Caller) -> DuplicateOut:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.duplicate(session, sealer, caller, proposal_id)


@router.post("/duplicates/{proposal_id}/decide", summary="Merge a pair, or say for good that they are two")
def decide_duplicate(proposal_id: UUID, body: DuplicateDecision, deps: Deps, caller: Caller) -> DuplicateDecided:
    merge_id = acts.decide(deps, caller, proposal_id, merge=body.merge, keep=body.keep)
    return DuplicateDecided(id=proposal_id, merge_id=merge_id)


@router.post("/duplicates/{proposal_id}/reconsider", summary="Take a no back: the pair waits for a decision again")
def reconsider_duplicate(proposal_id: UUID, deps: Deps, caller: Caller) -> DuplicateOut:
    acts.reconsider(deps, caller, proposal_id)
    return get_duplicate(proposal_id, deps, caller)


@router.get("/merges", summary="What was merged, by whom and why, the newest first")
def list_merges(
    deps: Deps,
    caller: Caller,
    of: Annotated[UUID | None, Query(description="Only those with this company or contact.")] = None,
    standing: Annotated[bool | None, Query(description="True: not split; false: split.")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> paging.Page[MergeOut]:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.merged(session, sealer, caller, of=of, standing=standing, limit=limit, cursor=cursor)


@router.post("/merges", status_code=201, summary="Merge two companies or two contacts by hand")
def create_merge(body: MergeInput, deps: Deps, caller: Caller) -> MergeOut:
    return _out(deps, caller, acts.merge(deps, caller, body.kept_id, body.absorbed_id))


@router.post("/merges/{merge_id}/split", summary="Make two of one again; what was changed since stays")
def split_merge(merge_id: UUID, body: SplitInput, deps: Deps, caller: Caller) -> SplitOut:
    done = acts.split(deps, caller, merge_id, ask_again=body.ask_again)
    return SplitOut(merge=_out(deps, caller, merge_id), put_back=done.put_back, left=done.left)


def _out(deps: Deps, caller: Caller, merge_id: UUID) -> MergeOut:
    sealer = deps.context_for(caller.workspace_id).sealer
    with deps.database.read(caller.workspace_id) as session:
        return views.merge_out(session, sealer, caller, merge_id)
