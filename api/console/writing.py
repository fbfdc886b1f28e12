"""Variants and learned rules on one page: what is tried, what it brought, what people keep changing in drafts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from agents.writing.variants import TESTABLE
from api.actions import writing as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import writing as views
from core.errors import NotFound, SalesOSError
from prompts.registry import source_of, spec_of
from scoring.variant_test import MAX_COMPANIES

router = APIRouter(include_in_schema=False)

_SAID = {
    "added": "It is tried from the next draft on: half of the companies get it.",
    "variant-adopted": "Everybody gets these words from the next draft on.",
    "variant-stopped": "Nobody gets these words any more. Drafts that wait stay as they are.",
    "rule-adopted": "The change is made in every draft from the next one on, where the gate lets it through.",
    "rule-undone": "The change is not made any more, and is not proposed again.",
}
Template = Annotated[str, Query(max_length=80)]


@router.get("/writing")
def writing_page(
    deps: Deps, visitor: Visitor, template: Template = "", said: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    if template and template not in TESTABLE:
        raise NotFound(f"{template} can have no variants.", hint="Open Sequences and choose a template.")
    return _page(deps, visitor, template, source_of(spec_of(template)) if template else "", said=_SAID.get(said, ""))


@router.post("/writing/variants")
def try_words(
    deps: Deps,
    visitor: ActingVisitor,
    template: Annotated[str, Form(max_length=80)] = "",
    name: Annotated[str, Form(max_length=80)] = "",
    source: Annotated[str, Form(max_length=20_000)] = "",
    max_companies: Annotated[int, Form()] = MAX_COMPANIES,
) -> Response:
    """What was typed is never lost: it comes back with what is wrong with it."""
    words = source.replace("\r\n", "\n")
    try:
        acts.add_variant(
            deps, visitor, template=template, name=name.strip() or "Other words", source=words,
            max_companies=max_companies,
        )  # fmt: skip
    except NotFound:
        raise
    except SalesOSError as error:
        return _page(deps, visitor, template, words, name=name, error=error)
    return RedirectResponse("/writing?said=added", status_code=303)


@router.post("/writing/variants/{variant_id}")
def decide_variant(
    variant_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    do: Annotated[str, Form(max_length=10)],
    anyway: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    try:
        if do == "adopt":
            acts.adopt_variant(deps, visitor, variant_id, anyway=bool(anyway))
        else:
            acts.stop_variant(deps, visitor, variant_id)
    except NotFound:
        raise
    except SalesOSError as error:
        return _page(deps, visitor, "", "", error=error)
    return RedirectResponse(f"/writing?said=variant-{'adopted' if do == 'adopt' else 'stopped'}", status_code=303)


@router.post("/writing/rules/{rule_id}")
def decide_rule(rule_id: UUID, deps: Deps, visitor: ActingVisitor, do: Annotated[str, Form(max_length=10)]) -> Response:
    try:
        change = acts.adopt_rule if do == "adopt" else acts.undo_rule
        change(deps, visitor, rule_id)
    except SalesOSError as error:
        return _page(deps, visitor, "", "", error=error)
    return RedirectResponse(f"/writing?said=rule-{'adopted' if do == 'adopt' else 'undone'}#rules", status_code=303)


def _page(
    deps: Dependencies,
    visitor: Principal,
    template: str,
    source: str,
    *,
    name: str = "",
    said: str = "",
    error: SalesOSError | None = None,
) -> HTMLResponse:
    context = deps.context_for(visitor.workspace_id)
    with deps.database.read(visitor.workspace_id) as session:
        variants = views.variant_list(session).items
        rules = views.rule_list(session, context).items if visitor.may(Permission.PEOPLE) else None
    return console(
        deps,
        visitor,
        "writing.html",
        here="sequences",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        variants=variants,
        rules=rules,
        templates=TESTABLE,
        chosen=template,
        name=name,
        source=source,
        max_companies=MAX_COMPANIES,
        may_change=visitor.may(Permission.POLICIES),
    )
