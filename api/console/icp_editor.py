"""The editor of ICPs: a form for people, and its text for those who like it better. What was typed is never lost."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from api.actions import icps as acts
from api.console import icp_form, resume
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.etags import PreconditionFailed
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.routes.icp_tiers import moves_as_csv
from api.routes.lists import csv_file
from api.views import icp_preview, icp_tiers, icps
from api.views.icp_preview import IcpPreview
from api.views.icp_tiers import TierPreviewOut
from core.errors import NotFound, SalesOSError
from scoring.intent import SIGNAL_KINDS
from scoring.types import BuyingRole, Department, Seniority

router = APIRouter(include_in_schema=False)


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=3_000)


Sent = Annotated[FormData, Depends(_sent)]


@dataclass
class Draft:
    """What stands in the editor."""

    tab: str = "form"  # form, text
    values: dict[str, Any] = field(default_factory=lambda: icp_form.values_of(None))
    text: str = ""
    based_on: int | None = None  # the version that it was begun from
    more: str = ""

    def definition(self) -> dict[str, Any]:
        """Raises Invalid for text that is no mapping."""
        return icp_form.from_text(self.text) if self.tab == "text" else icp_form.definition_of(self.values)


@router.get("/icps/new")
def new_icp_page(deps: Deps, visitor: Visitor) -> HTMLResponse:
    visitor.require(Permission.ICPS)
    return _editor(deps, visitor, None, Draft())


@router.post("/icps/new")
def new_icp(deps: Deps, visitor: ActingVisitor, sent: Sent) -> Response:
    return _act(deps, visitor, None, sent)


@router.get("/icps/{icp_id}/edit")
def edit_icp_page(icp_id: UUID, deps: Deps, visitor: Visitor, tab: str = "form") -> HTMLResponse:
    visitor.require(Permission.ICPS)
    with deps.database.read(visitor.workspace_id) as session:
        icps.icp_of(session, icp_id)
        version = icps.newest(session, icp_id)
    draft = Draft(based_on=version.number if version else 0)
    if version is not None:
        read = icps.read_definition(version.definition)
        draft.text = icp_form.to_text(version.definition)
        if read is None or tab == "text":
            draft.tab = "text"
        else:
            draft.values = icp_form.values_of(read)
    return _editor(deps, visitor, icp_id, draft)


@router.post("/icps/{icp_id}/edit")
def edit_icp(icp_id: UUID, deps: Deps, visitor: ActingVisitor, sent: Sent) -> Response:
    return _act(deps, visitor, icp_id, sent)


def _act(deps: Dependencies, visitor: Principal, icp_id: UUID | None, sent: FormData) -> Response:
    """Save, preview, change the tab or add rows: whatever the pressed button says, on what was typed."""
    visitor.require(Permission.ICPS)
    draft, what = _draft(sent), str(sent.get("do") or "preview")
    try:
        if what in ("text", "form"):
            return _editor(deps, visitor, icp_id, _turned(draft, what))
        if what.startswith("more-"):
            draft.more = what.removeprefix("more-")
            return _editor(deps, visitor, icp_id, draft)
        definition = draft.definition()
        if what == "save":
            return _saved(deps, visitor, icp_id, definition, draft)
        wanted = acts.parsed(definition)
        if what == "export" and icp_id is not None:
            visitor.require(Permission.EXPORT)
            return csv_file("tier-changes", moves_as_csv(icp_tiers.tier_move_rows(deps, visitor, icp_id, wanted)))
        found = icp_preview.preview(deps, visitor, wanted, icp_id)
        tiers = icp_tiers.tier_preview(deps, visitor, icp_id, wanted) if icp_id and found.compared_with else None
        return _editor(deps, visitor, icp_id, draft, preview=found, tiers=tiers)
    except NotFound:
        raise
    except PreconditionFailed as error:
        return _overtaken(deps, visitor, icp_id, draft, error)
    except SalesOSError as error:
        return _editor(deps, visitor, icp_id, draft, error=error)


def _saved(
    deps: Dependencies, visitor: Principal, icp_id: UUID | None, definition: dict[str, Any], draft: Draft
) -> Response:
    if icp_id is None:
        made, _ = acts.create(deps, visitor, definition)
        return RedirectResponse(f"/icps/{made.id}?said=made", status_code=303)
    _, new = acts.add_version(deps, visitor, icp_id, definition, based_on=draft.based_on)
    return RedirectResponse(f"/icps/{icp_id}?said={'saved' if new else 'same'}", status_code=303)


def _turned(draft: Draft, tab: str) -> Draft:
    """The other tab, with the same definition. Raises Invalid where a form could not hold all of the text."""
    if tab == draft.tab:
        return draft
    if tab == "text":
        draft.text = icp_form.to_text(icp_form.definition_of(draft.values))
    else:
        draft.values = icp_form.values_of(acts.parsed(icp_form.from_text(draft.text)))
    draft.tab = tab
    return draft


def _draft(sent: FormData) -> Draft:
    based_on = str(sent.get("based_on") or "")
    return Draft(
        tab="text" if sent.get("tab") == "text" else "form",
        values=icp_form.sent_values(sent),
        text=str(sent.get("text") or "").replace("\r\n", "\n"),
        based_on=int(based_on) if based_on.isascii() and based_on.isdigit() and len(based_on) < 8 else None,
    )


def _overtaken(
    deps: Dependencies, visitor: Principal, icp_id: UUID | None, draft: Draft, error: PreconditionFailed
) -> HTMLResponse:
    """Another version came: its number is what a second save is based on, so that saving again is a choice."""
    assert icp_id is not None
    with deps.database.read(visitor.workspace_id) as session:
        version = icps.newest(session, icp_id)
    other = version.number if version else 0
    begun, draft.based_on = draft.based_on, other
    return _editor(deps, visitor, icp_id, draft, error=error, overtaken=(begun, other))


def _editor(
    deps: Dependencies,
    visitor: Principal,
    icp_id: UUID | None,
    draft: Draft,
    *,
    error: SalesOSError | None = None,
    preview: IcpPreview | None = None,
    tiers: TierPreviewOut | None = None,
    overtaken: tuple[int | None, int] | None = None,
) -> HTMLResponse:
    name = ""
    if icp_id is not None:
        with deps.database.read(visitor.workspace_id) as session:
            name = icps.icp_of(session, icp_id).name
    problems = icp_form.problems_by_field(error.problems, draft.values) if isinstance(error, Invalid) else {}
    return console(
        deps,
        visitor,
        "icp_edit.html",
        here="icps",
        status=problem_of(error).status if error else 200,
        error=error,
        icp_id=icp_id,
        icp_name=name,
        draft=draft,
        values=icp_form.rows_for_show(draft.values, more=draft.more),
        problems=problems,
        preview=preview,
        tiers=tiers,
        may_export=visitor.may(Permission.EXPORT),
        overtaken=overtaken,
        signals=SIGNAL_KINDS,
        roles=[role.value for role in BuyingRole],
        departments=[department.value for department in Department],
        seniorities=[rank.value for rank in Seniority],
        criteria=icp_form.CRITERIA,
    )


# Without a button's name such a form shows a preview, which writes nothing: so it is what brings back what was typed.
_FIELDS = ("tab", "text", "based_on", *icp_form.field_names(SIGNAL_KINDS, [one.value for one in Department]))
for _place in ("/icps/new", "/icps/{icp_id}/edit"):
    resume.keeps(_place, _place, _FIELDS)
