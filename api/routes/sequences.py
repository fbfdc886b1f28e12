"""Sequences, their versions and the templates behind them; what they would say to a lead; who is moved to which."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.actions import sequences as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.openapi import repeated
from api.views import sequence_preview, sequence_versions, sequences
from api.views.sequence_preview import SequencePreviewOut
from api.views.sequence_versions import SequenceMove, SequenceVersionList, SequenceVersionOut, StepDifferenceList
from api.views.sequences import SequenceList, TemplateList, TemplateOut

router = APIRouter(route_class=ControlRoute, tags=["sequences"])

SequenceName = Annotated[str, Path(min_length=1, max_length=64, examples=["tier-1-seven-touches"])]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
TemplateName = Annotated[str, Path(min_length=1, max_length=80, examples=["first_mail/hiring"])]


_DEFINITION: dict[str, Any] = {
    "sequence": "tier-3-three-mails",
    "reason": "Tier 3: three mails, the last only where nobody clicked.",
    "steps": [
        {"channel": "mail", "wait_days": 0, "reason": "A mail with the best hook opens."},
        {"channel": "mail", "wait_days": 4, "reason": "A follow-up adds one new fact."},
        {"channel": "mail", "wait_days": 6, "only_if": ["not_clicked"], "reason": "A last mail closes politely."},
    ],
}


class SequenceInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"definition": _DEFINITION, "note": "Fewer calls"}]}
    )

    definition: dict[str, Any] = Field(max_length=10, description="The same words as in the YAML files.")
    note: str = Field(default="", max_length=300, description="Why, in your words.")
    based_on: int | None = Field(
        default=None, ge=1, le=1_000_000, description="The version you saw: 409 where another came since."
    )


class MoveInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to_version": 2, "from_version": 1}]})

    to_version: int | None = Field(default=None, ge=1, le=1_000_000, description="null: the one in force.")
    from_version: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Only leads on it; null: on any other."
    )


class SequencePreviewInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lead_id": "0197d2c4-7d1e-7b53-9a0e-1c9f6a4d2b11"}]}
    )

    lead_id: UUID
    version: int | None = Field(default=None, ge=1, le=1_000_000, description="null: the one in force.")
    definition: dict[str, Any] | None = Field(
        default=None, max_length=10, description="What is not saved yet; then `version` does not count."
    )
    with_model: bool = Field(
        default=False,
        description="Also ask the language model, as the agent would: it costs, and takes the right runs:write.",
    )


@router.get("/sequences", summary="Every sequence with its steps and where its leads stand")
def list_sequences(deps: Deps, caller: Caller) -> SequenceList:
    with deps.database.read(caller.workspace_id) as session:
        return sequences.sequence_list(session)


@router.post("/sequences/{name}/preview", summary="What a sequence would say to one lead now, step by step")
def preview_sequence(name: SequenceName, body: SequencePreviewInput, deps: Deps, caller: Caller) -> SequencePreviewOut:
    """Writes nothing, so the right to read is enough; the words are shown with people:read."""
    wanted = acts.parsed(body.definition) if body.definition is not None else None
    return sequence_preview.preview(
        deps, caller, name, body.lead_id, with_model=body.with_model, version=body.version, wanted=wanted
    )


@router.get("/sequences/{name}/versions", summary="A sequence's versions, the newest first")
def list_sequence_versions(name: SequenceName, deps: Deps, caller: Caller) -> SequenceVersionList:
    with deps.database.read(caller.workspace_id) as session:
        return sequence_versions.version_list(session, name)


@router.get("/sequences/{name}/versions/{number}", summary="One version of a sequence, as it was set")
def get_sequence_version(name: SequenceName, number: Number, deps: Deps, caller: Caller) -> SequenceVersionOut:
    with deps.database.read(caller.workspace_id) as session:
        return sequence_versions.version_view(session, name, number)


@router.get("/sequences/{name}/versions/{number}/changes", summary="What a version changed, step by step")
def list_sequence_version_changes(
    name: SequenceName,
    number: Number,
    deps: Deps,
    caller: Caller,
    against: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> StepDifferenceList:
    """Against the version before it, or `against`. Of the first one nothing: there is none before."""
    with deps.database.read(caller.workspace_id) as session:
        after = sequences.sequence_of(session, name, number)[1]
        before = sequences.sequence_of(session, name, against or max(1, number - 1))[1]
    return StepDifferenceList(items=sequence_versions.differences(before, after))


@router.post(
    "/sequences/{name}/versions",
    status_code=201,
    responses=repeated(SequenceVersionOut),
    summary="Change a sequence: the next version, for leads that enter from now on",
)
def set_sequence(
    name: SequenceName, body: SequenceInput, deps: Deps, caller: Caller, response: Response
) -> SequenceVersionOut:
    """What says the same as the version in force makes no new one (200). Leads that are in it stay on their version."""
    shown, new = acts.set_version(deps, caller, name, body.definition, note=body.note, based_on=body.based_on)
    if not new:
        response.status_code = 200
    return shown


@router.post("/sequences/{name}/move/preview", summary="What moving running leads to a version would change")
def preview_sequence_move(name: SequenceName, body: MoveInput, deps: Deps, caller: Caller) -> SequenceMove:
    """Writes nothing."""
    return acts.preview_move(deps, caller, name, to_version=body.to_version, from_version=body.from_version)


@router.post("/sequences/{name}/move", summary="Move running leads to a version; what was sent stays")
def move_sequence(name: SequenceName, body: MoveInput, deps: Deps, caller: Caller) -> SequenceMove:
    """Steps behind the last done one are planned anew; drafts that wait are taken back. A second time moves nobody."""
    return acts.move(deps, caller, name, to_version=body.to_version, from_version=body.from_version)


@router.get("/templates", summary="Every template with its version and the steps that use it")
def list_templates(deps: Deps, caller: Caller) -> TemplateList:
    with deps.database.read(caller.workspace_id) as session:
        return sequences.template_list(session)


@router.get("/templates/{name:path}", summary="One template: its source and what its variables mean")
def get_template(name: TemplateName, deps: Deps, caller: Caller) -> TemplateOut:
    with deps.database.read(caller.workspace_id) as session:
        return sequences.template_view(session, name)
