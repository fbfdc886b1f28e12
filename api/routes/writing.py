"""Other words for a template, tried on half of the companies; and rules learned from what people change in drafts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from agents.writing.variants import MOST_COMPANIES
from api.actions import writing as acts
from api.control_route import ControlRoute
from api.dependencies import Caller, Deps
from api.permissions import Permission
from api.views import writing as views
from api.views.writing import EditRuleItem, EditRuleList, VariantList, VariantOut
from prompts.registry import source_of, spec_of
from prompts.tenant import MAX_SOURCE_CHARS
from scoring.variant_test import MAX_COMPANIES, MIN_COMPANIES

router = APIRouter(route_class=ControlRoute, tags=["writing"])


class VariantInput(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "template": "first_mail/hiring",
                    "name": "Without the second question",
                    "source": source_of(spec_of("first_mail/hiring")),
                }
            ]
        },
    )

    template: str = Field(min_length=1, max_length=80, description="Of a first mail or a follow-up.")
    name: str = Field(min_length=1, max_length=80, description="What it tries, in your words.")
    source: str = Field(
        min_length=1,
        max_length=MAX_SOURCE_CHARS,
        description="Written like the template: its first line is “Subject: …”, one sentence a line.",
    )
    max_companies: int = Field(
        default=MAX_COMPANIES, ge=2 * MIN_COMPANIES, le=MOST_COMPANIES, description="Then the test ends undecided."
    )


class AdoptInput(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"anyway": False}]})

    anyway: bool = Field(default=False, description="Although it is not shown to be better.")


@router.get("/variants", summary="Variants of templates, with what their tests say")
def list_variants(deps: Deps, caller: Caller, template: Annotated[str, Query(max_length=80)] = "") -> VariantList:
    with deps.database.read(caller.workspace_id) as session:
        return views.variant_list(session, template)


@router.post("/variants", status_code=201, summary="Try other words for a template on half of the companies")
def add_variant(body: VariantInput, deps: Deps, caller: Caller) -> VariantOut:
    """Written to samples first, each through the gate; what fails is refused. One test a template at a time."""
    return acts.add_variant(
        deps,
        caller,
        template=body.template,
        name=body.name,
        source=body.source,
        max_companies=body.max_companies,
    )


@router.get("/variants/{variant_id}", summary="One variant: its words, and what its test says")
def get_variant(variant_id: UUID, deps: Deps, caller: Caller) -> VariantOut:
    with deps.database.read(caller.workspace_id) as session:
        return views.variant_view(session, deps.context_for(caller.workspace_id), variant_id)


@router.post("/variants/{variant_id}/adopt", summary="Write to everybody with these words from now on")
def adopt_variant(variant_id: UUID, body: AdoptInput, deps: Deps, caller: Caller) -> VariantOut:
    """409 where it is not shown to be better, unless `anyway`."""
    return acts.adopt_variant(deps, caller, variant_id, anyway=body.anyway)


@router.post("/variants/{variant_id}/stop", summary="End a test, or take an adopted variant back")
def stop_variant(variant_id: UUID, deps: Deps, caller: Caller) -> VariantOut:
    """Of an adopted one the built-in template serves again. Drafts that wait stay as they are."""
    return acts.stop_variant(deps, caller, variant_id)


@router.get("/edit-rules", summary="Rules learned from edits: proposed, adopted and undone")
def list_edit_rules(deps: Deps, caller: Caller) -> EditRuleList:
    """Needs people:read: the words are words of mails."""
    caller.require(Permission.PEOPLE)
    with deps.database.read(caller.workspace_id) as session:
        return views.rule_list(session, deps.context_for(caller.workspace_id))


@router.post("/edit-rules/{rule_id}/adopt", summary="Make this change in every draft from now on")
def adopt_edit_rule(rule_id: UUID, deps: Deps, caller: Caller) -> EditRuleItem:
    """A draft that would not pass the gate with it is written without it."""
    return acts.adopt_rule(deps, caller, rule_id)


@router.post("/edit-rules/{rule_id}/undo", summary="Take a rule back, or dismiss one that is proposed")
def undo_edit_rule(rule_id: UUID, deps: Deps, caller: Caller) -> EditRuleItem:
    return acts.undo_rule(deps, caller, rule_id)
