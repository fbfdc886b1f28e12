"""Vendors of data: who is asked and why not, keys, and what each brought for its money."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import vendors as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import vendors as views
from core.errors import Rejected, SalesOSError

router = APIRouter(include_in_schema=False)

_SAID = {"saved": "The account is set.", "switched": "It is switched.", "removed": "The account and its key are gone."}
_MICROS_A_UNIT = 100_000_000  # a currency's unit is 100 minor units, a minor unit 1,000,000 micros
_OPTION = "option:"


@router.get("/vendors")
def vendors_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""))


async def _fields(request: Request) -> dict[str, str]:
    """Options differ by vendor, so a form's fields are read by their names."""
    form = await request.form(max_fields=20)
    return {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}


@router.post("/vendors/{name}")
def set_vendor(
    name: str, deps: Deps, visitor: ActingVisitor, fields: Annotated[dict[str, str], Depends(_fields)]
) -> Response:
    options = {key.removeprefix(_OPTION): value for key, value in fields.items() if key.startswith(_OPTION)}
    try:
        price = _micros(fields.get("price", ""))
        acts.put(deps, visitor, name, key=fields.get("key") or None, options=options, credit_micros=price)
    except SalesOSError as error:
        return _show(deps, visitor, error=error, at=name, status=problem_of(error).status)
    return RedirectResponse("/vendors?said=saved", status_code=303)


@router.post("/vendors/{name}/switch")
def switch_vendor(
    name: str, deps: Deps, visitor: ActingVisitor, on: Annotated[str, Form(max_length=3)] = ""
) -> Response:
    try:
        acts.switch(deps, visitor, name, on=on == "on")
    except SalesOSError as error:
        return _show(deps, visitor, error=error, at=name, status=problem_of(error).status)
    return RedirectResponse("/vendors?said=switched", status_code=303)


@router.post("/vendors/{name}/remove")
def remove_vendor(name: str, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.remove(deps, visitor, name)
    except SalesOSError as error:
        return _show(deps, visitor, error=error, at=name, status=problem_of(error).status)
    return RedirectResponse("/vendors?said=removed", status_code=303)


def _micros(text: str) -> int:
    """Of units of the currency: "0.05"; empty is 0. Raises Rejected."""
    try:
        amount = Decimal(text.strip().replace(",", "") or "0")
        if not amount.is_finite() or not 0 <= amount <= 1_000_000:
            raise InvalidOperation
    except InvalidOperation:
        raise Rejected("This is no price of a credit.", hint="Write it like 0.05.") from None
    return int(amount * _MICROS_A_UNIT)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    at: str = "",
    status: int = 200,
) -> HTMLResponse:
    now = deps.clock.now()
    specs = deps.context_for(visitor.workspace_id).tools.vendors
    with deps.database.read(visitor.workspace_id) as session:
        found = views.vendors(session, specs, now, online=deps.settings.web_fetch)
        spend = views.data_spend(session, now - views.WORTH_OF, None)
    return console(
        deps,
        visitor,
        "vendors.html",
        here="vendors",
        status=status,
        said=said,
        error=error,
        at=at,
        vendors=found,
        spend=spend,
        currency=spend.currency,
        online=deps.settings.web_fetch,
        price_of=lambda micros: f"{Decimal(micros) / _MICROS_A_UNIT:f}",
        may_change=visitor.may(Permission.POLICIES),
    )
