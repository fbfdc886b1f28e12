"""A sequence's versions in the console: written as text, checked, tried on a lead, compared, given to the leads that
are in it. What was typed is never lost."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import sequences as acts
from api.console import icp_form
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import sequence_preview as previews
from api.views import sequence_versions, sequences
from api.views.sequence_preview import SequencePreviewOut
from api.views.sequence_versions import StepDifference
from core.errors import NotFound, SalesOSError
from scoring.sequence_reading import as_document

router = APIRouter(include_in_schema=False)

_SAID = {
    "saved": "The version is in force for leads that enter from now on. Those that are in it stay until you move them.",
    "same": "It says what the version in force says: nothing was saved.",
}
Version = Annotated[int | None, Query(ge=1)]


@router.get("/sequences/{name}/edit")
def edit_page(name: str, deps: Deps, visitor: Visitor, version: Version = None) -> HTMLResponse:
    visitor.require(Permission.POLICIES)
    with deps.database.read(visitor.workspace_id) as session:
        in_force = sequences.sequence_of(session, name)[1].number
        spec = sequences.sequence_of(session, name, version)[1]
    return _editor(deps, visitor, name, icp_form.to_text(as_document(spec)), "", in_force)


@router.post("/sequences/{name}/edit")
def edit(
    name: str,
    deps: Deps,
    visitor: ActingVisitor,
    text: Annotated[str, Form(max_length=20_000)] = "",
    note: Annotated[str, Form(max_length=300)] = "",
    based_on: Annotated[int | None, Form(ge=1)] = None,
    lead: Annotated[str, Form(max_length=40)] = "",
    do: Annotated[str, Form(max_length=10)] = "check",
) -> Response:
    visitor.require(Permission.POLICIES)
    try:
        definition = icp_form.from_text(text)
        if do == "save":
            _, new = acts.set_version(deps, visitor, name, definition, note=note, based_on=based_on)
            return RedirectResponse(f"/sequences/{name}/versions?said={'saved' if new else 'same'}", status_code=303)
        wanted = acts.parsed(definition)
        with deps.database.read(visitor.workspace_id) as session:
            tier, current = sequences.sequence_of(session, name)
            sealer = deps.context_for(visitor.workspace_id).sealer
            typical = previews.typical_leads(session, sealer, visitor, tier)
        changed = sequence_versions.differences(current, wanted)
        chosen = UUID(lead) if lead else typical[0].id if typical else None
        shown = previews.preview(deps, visitor, name, chosen, wanted=wanted) if chosen and wanted.touches else None
        return _editor(deps, visitor, name, text, note, based_on, changed=changed, preview=shown)
    except NotFound:
        raise
    except (SalesOSError, ValueError) as error:
        found = error if isinstance(error, SalesOSError) else NotFound("There is no such lead.")
        return _editor(deps, visitor, name, text, note, based_on, error=found)


@router.get("/sequences/{name}/versions")
def versions_page(
    name: str, deps: Deps, visitor: Visitor, version: Version = None, against: Version = None, said: str = ""
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        listed = sequence_versions.version_list(session, name)
        newest = listed.items[0].number
        number = version or newest
        other = against or max(1, number - 1)
        tier, after = sequences.sequence_of(session, name, number)
        changed = sequence_versions.differences(sequences.sequence_of(session, name, other)[1], after)
        overview = next(item for item in sequences.sequence_list(session).items if item.name == name)
    return console(
        deps,
        visitor,
        "sequence_versions.html",
        here="sequences",
        said=_SAID.get(said, ""),
        name=name,
        tier=tier,
        versions=listed.items,
        number=number,
        against=other,
        text=icp_form.to_text(as_document(after)),
        changed=changed,
        overview=overview,
        may_change=visitor.may(Permission.POLICIES),
    )


@router.get("/sequences/{name}/move")
def move_page(name: str, deps: Deps, visitor: Visitor, to: Version = None, of: Version = None) -> HTMLResponse:
    found = acts.preview_move(deps, visitor, name, to_version=to, from_version=of)
    return _move(deps, visitor, name, found, of, done=False)


@router.post("/sequences/{name}/move")
def move(
    name: str,
    deps: Deps,
    visitor: ActingVisitor,
    to: Annotated[int, Form(ge=1)],
    of: Annotated[int | None, Form(ge=1)] = None,
) -> HTMLResponse:
    found = acts.move(deps, visitor, name, to_version=to, from_version=of)
    return _move(deps, visitor, name, found, of, done=True)


def _move(
    deps: Dependencies,
    visitor: Principal,
    name: str,
    found: sequence_versions.SequenceMove,
    of: int | None,
    *,
    done: bool,
) -> HTMLResponse:
    return console(
        deps,
        visitor,
        "sequence_move.html",
        here="sequences",
        name=name,
        found=found,
        of=of,
        done=done,
        may_change=visitor.may(Permission.POLICIES),
    )


def _editor(
    deps: Dependencies,
    visitor: Principal,
    name: str,
    text: str,
    note: str,
    based_on: int | None,
    *,
    changed: list[StepDifference] | None = None,
    preview: SequencePreviewOut | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    return console(
        deps,
        visitor,
        "sequence_edit.html",
        here="sequences",
        status=problem_of(error).status if error else 200,
        error=error,
        name=name,
        text=text,
        note=note,
        based_on=based_on,
        changed=changed,
        preview=preview,
    )
