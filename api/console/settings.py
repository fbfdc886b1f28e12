"""The workspace's settings: who we are, what we sell, what a deal is worth, and how the server is set up."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from api import etags
from api.actions import settings as acts
from api.console import resume, settings_form
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console, page
from api.dependencies import Dependencies, Deps, Principal
from api.etags import PreconditionFailed
from api.permissions import Permission
from api.problems import problem_of
from api.views import settings as views
from core.errors import SalesOSError

router = APIRouter(include_in_schema=False)

_SAID = {
    "saved": "Saved. Mails that are drafted from now on go by it.",
    "ranked": "Saved. What waits for approval is ranked anew.",
    "same": "Nothing was changed.",
}
_LONGEST = 20_000  # characters of one field


async def _sent(request: Request) -> dict[str, str]:
    form: FormData = await request.form(max_files=0, max_fields=100)
    return {name: text[:_LONGEST] for name, text in form.items() if isinstance(text, str)}


Sent = Annotated[dict[str, str], Depends(_sent)]


@router.get("/settings")
def settings_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.post("/settings")
def save(deps: Deps, visitor: ActingVisitor, form: Sent) -> Response:
    try:
        visitor.require(Permission.SETTINGS)
        with deps.database.read(visitor.workspace_id) as session:
            current = views.workspace_out(session, visitor.workspace_id)
        wanted = settings_form.wanted(form, current)
        _, changed = acts.change(deps, visitor, wanted, if_match=form.get("etag") or None)
    except SalesOSError as error:
        return _show(deps, visitor, typed=form, error=error)
    said = "same" if not changed else "ranked" if "deal_value_minor" in changed else "saved"
    return RedirectResponse(f"/settings?said={said}", status_code=303)


@router.post("/settings/again")
def again(deps: Deps, visitor: ActingVisitor, form: Sent) -> HTMLResponse:
    """What was typed when the session ended; nothing is written."""
    return _show(deps, visitor, typed=form)


@router.post("/settings/sentence")
def sentence(deps: Deps, visitor: ActingVisitor, form: Sent) -> HTMLResponse:
    """How a mail would say what stands in the form; nothing is written."""
    with deps.database.read(visitor.workspace_id) as session:
        company = form.get("name", "").strip() or views.workspace_out(session, visitor.workspace_id).name
    shown = settings_form.preview_of(form, company)
    return page("settings_sentence.html", preview=shown, sender=visitor.name)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    typed: dict[str, str] | None = None,
    error: SalesOSError | None = None,
) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        shown = views.workspace_out(session, visitor.workspace_id)
    saved = settings_form.values_of(shown)
    typed = typed if typed is not None else {}
    values: dict[str, str] = {**saved, **{name: typed[name] for name in settings_form.FIELDS if name in typed}}
    etag = typed.get("etag") or etags.version_of(shown)
    differs: list[str] = []
    if isinstance(error, PreconditionFailed):
        # What stands there now is shown beside what was typed: saving once more is then a choice.
        etag = etags.version_of(shown)
        differs = [name for name in settings_form.FIELDS if values[name].replace("\r\n", "\n") != saved[name]]
    return console(
        deps,
        visitor,
        "settings.html",
        here="settings",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        workspace=shown,
        values=values,
        saved=saved,
        differs=differs,
        etag=etag,
        problems=settings_form.problems_by_field(error),
        labels=settings_form.LABELS,
        zones=settings_form.zones(),
        countries=settings_form.countries(),
        currencies=settings_form.CURRENCIES,
        preview=settings_form.preview_of(values, values["name"]),
        sender=visitor.name,
        server=views.server_out(deps.settings),
        may_change=visitor.may(Permission.SETTINGS),
    )


resume.keeps("/settings", "/settings/again", (*settings_form.FIELDS, "etag"))
