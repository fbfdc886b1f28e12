"""One contact, and the small forms by which a person edits a contact, a company or a lead (edit_fields.html)."""

from typing import Annotated, Any, TypeVar, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from agents.consents import Told
from api.actions import consents, contact_edits, records
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import Invalid, problem_of
from api.routes.consents import BasisInput, BasisWord, ChannelWord
from api.routes.contacts import ContactEdit
from api.routes.records import CompanyEdit, LeadEdit
from api.views.contacts import contact_view
from api.views.duplicates import merged_into
from api.views.legal_bases import bases_of
from core.errors import NotFound, Rejected, SalesOSError

Model = TypeVar("Model", bound=BaseModel)
router = APIRouter(include_in_schema=False)

_SAID = {
    "edited": "Kept. Agents will not change it.",
    "same": "Nothing was different, so nothing changed.",
    "recorded": "The legal basis is on record, with its evidence.",
    "known": "That basis was on record before.",
    "withdrawn": "It no longer holds; what was queued and rests on it is not sent.",
    "suppressed": "They are never written to again; everything pending was taken back.",
    "merged": "The contact you asked for was merged into this one. Under Duplicates it can be split again.",
    "erased": "This person is forgotten. Only a keyed hash stays, so that nobody writes to them again.",
}
_LISTS = ("tags", "technologies")
_NUMBERS = ("employees", "revenue_minor", "founded_year")


@router.get("/contacts/{contact_id}")
def contact_page(contact_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> Response:
    with deps.database.read(visitor.workspace_id) as session:
        kept = merged_into(session, contact_id)
    if kept is not None:
        return RedirectResponse(f"/contacts/{kept}?said=merged", status_code=303)
    return _show(deps, visitor, contact_id, said=_SAID.get(said, ""))


@router.post("/contacts/{contact_id}/edit")
async def edit_contact(contact_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    typed = await _typed(request)
    return await _in_thread(_edit_contact, deps, visitor, contact_id, typed)


def _edit_contact(deps: Dependencies, visitor: Principal, contact_id: UUID, typed: dict[str, str]) -> Response:
    try:
        values: dict[str, Any] = dict(typed)
        if "legal_basis_at" in values:
            values["legal_basis_at"] = contact_edits.midnight(values["legal_basis_at"], visitor.time_zone)
        body = _read(ContactEdit, values)
        changed = contact_edits.edit_contact(deps, visitor, contact_id, body.model_dump(exclude_unset=True))
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, contact_id, error=error, typed=typed)
    return RedirectResponse(f"/contacts/{contact_id}?said={'edited' if changed else 'same'}", status_code=303)


@router.post("/contacts/{contact_id}/legal-bases")
async def record_basis(contact_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    typed = await _typed(request)
    return await _in_thread(_record_basis, deps, visitor, contact_id, typed)


def _record_basis(deps: Dependencies, visitor: Principal, contact_id: UUID, typed: dict[str, str]) -> Response:
    try:
        values: dict[str, Any] = {name: text for name, text in typed.items() if text.strip()}
        for name in ("given_at", "expires_at"):
            if name in values:
                values[name] = contact_edits.midnight(values[name], visitor.time_zone)
        new = consents.record(deps, visitor, contact_id, Told(**_read(BasisInput, values).model_dump()))
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, contact_id, error=error, basis=typed)
    return RedirectResponse(f"/contacts/{contact_id}?said={'recorded' if new else 'known'}", status_code=303)


@router.post("/contacts/{contact_id}/legal-bases/{basis_id}/withdraw")
def withdraw_basis(contact_id: UUID, basis_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        consents.withdraw(deps, visitor, contact_id, channel="", basis_id=basis_id)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, contact_id, error=error)
    return RedirectResponse(f"/contacts/{contact_id}?said=withdrawn", status_code=303)


@router.post("/contacts/{contact_id}/opt-out")
def opt_out(
    contact_id: UUID, deps: Deps, visitor: ActingVisitor, reason: Annotated[str, Form(max_length=32)] = "opt_out"
) -> Response:
    try:
        if reason not in ("opt_out", "objection", "complaint", "manual"):
            raise Rejected("Choose a reason.")
        contact_edits.opt_out(deps, visitor, contact_id, reason=reason)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, contact_id, error=error)
    return RedirectResponse(f"/contacts/{contact_id}?said=suppressed", status_code=303)


@router.post("/contacts/{contact_id}/erase")
def erase(
    contact_id: UUID, deps: Deps, visitor: ActingVisitor, sure: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    try:
        visitor.require(Permission.POLICIES)
        if sure.strip().lower() != "erase":
            raise Rejected("Nothing was erased.", hint="Type the word erase to confirm: it cannot be undone.")
        contact_edits.erase(deps, visitor, contact_id)
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, contact_id, error=error)
    return RedirectResponse(f"/contacts/{contact_id}?said=erased", status_code=303)


@router.post("/companies/{company_id}/edit")
async def edit_company(company_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    typed = await _typed(request)
    return await _in_thread(_edit_company, deps, visitor, company_id, typed)


def _edit_company(deps: Dependencies, visitor: Principal, company_id: UUID, typed: dict[str, str]) -> Response:
    try:
        values: dict[str, Any] = {}
        for name, text in typed.items():
            if name in _LISTS:
                values[name] = [part for part in (piece.strip() for piece in text.split(",")) if part]
            elif name in _NUMBERS:
                values[name] = text.replace(",", "").strip() or None
            else:
                values[name] = text
        body = _read(CompanyEdit, values)
        records.edit_company(
            deps, visitor, company_id, body.model_dump(exclude_unset=True, exclude={"release"}),
            release=tuple(body.release),
        )  # fmt: skip
    except NotFound:
        raise
    except SalesOSError as error:
        return _apart(deps, visitor, "companies", "company", company_id, typed, error)
    return RedirectResponse(f"/companies/{company_id}?said=edited", status_code=303)


@router.post("/leads/{lead_id}/edit")
async def edit_lead(lead_id: UUID, request: Request, deps: Deps, visitor: ActingVisitor) -> Response:
    typed = await _typed(request)
    return await _in_thread(_edit_lead, deps, visitor, lead_id, typed)


def _edit_lead(deps: Dependencies, visitor: Principal, lead_id: UUID, typed: dict[str, str]) -> Response:
    try:
        body = _read(LeadEdit, {name: text for name, text in typed.items() if text})
        records.edit_lead(
            deps, visitor, lead_id, stage=body.stage, reason=body.reason, mailbox_id=body.mailbox_id
        )  # fmt: skip
    except NotFound:
        raise
    except SalesOSError as error:
        return _apart(deps, visitor, "leads", "lead", lead_id, typed, error)
    return RedirectResponse(f"/leads/{lead_id}?said=edited", status_code=303)


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form(max_fields=60)
    return {name: value for name, value in form.items() if isinstance(value, str) and name != "csrf"}


async def _in_thread(act: Any, *values: Any) -> Response:
    response: Response = await run_in_threadpool(act, *values)
    return response


def _read(model: type[Model], values: dict[str, Any]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [
            {"path": ".".join(str(part) for part in item["loc"]) or "form", "message": item["msg"]}
            for item in error.errors()
        ]
        raise Invalid("Some fields do not fit; nothing was changed.", problems, hint="Correct them below.") from error


def _show(
    deps: Dependencies,
    visitor: Principal,
    contact_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: dict[str, str] | None = None,
    basis: dict[str, str] | None = None,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        contact = contact_view(session, sealer, visitor, contact_id)
        bases = bases_of(session, sealer, visitor, contact_id, deps.clock.now())
    return console(
        deps,
        visitor,
        "contact.html",
        here="contacts",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        contact=contact,
        bases=bases,
        basis_words=get_args(BasisWord),
        channel_words=get_args(ChannelWord),
        typed=typed or {},
        basis=basis or {},
        may_record=visitor.may(Permission.RECORDS),
        may_edit=visitor.may(Permission.RECORDS) and visitor.may(Permission.PEOPLE),
        may_suppress=visitor.may(Permission.SUPPRESS),
        may_erase=visitor.may(Permission.POLICIES),
    )


def _apart(
    deps: Dependencies,
    visitor: Principal,
    place: str,
    kind: str,
    subject_id: UUID,
    typed: dict[str, str],
    error: SalesOSError,
) -> HTMLResponse:
    """The form on a page of its own, with what was typed: the page of the company or lead is somebody else's."""
    return console(
        deps,
        visitor,
        "edit_again.html",
        here=place,
        status=problem_of(error).status,
        error=error,
        place=place,
        kind=kind,
        subject_id=subject_id,
        typed=typed,
    )
