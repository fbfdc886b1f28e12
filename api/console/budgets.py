"""Budgets: the ceiling of the month, what was spent by day, provider, purpose and run, and raising or lowering it."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import etags
from api.actions import budgets as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import budgets as views
from api.views.budgets import SpendBy
from core.errors import Rejected, SalesOSError

router = APIRouter(include_in_schema=False)

_SAID = {"saved": "The budget is set."}
_MICROS_A_UNIT = 100_000_000  # a currency's unit is 100 minor units, a minor unit 1,000,000 micros
_CHART = timedelta(days=30)


@router.get("/budgets")
def budgets_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.post("/budgets")
def set_budget(
    deps: Deps,
    visitor: ActingVisitor,
    scope: Annotated[str, Form(max_length=100)] = "",
    limit: Annotated[str, Form(max_length=40)] = "",
    etag: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        acts.set_limit(deps, visitor, scope, _micros(limit), if_match=etag or None)
    except SalesOSError as error:
        return _show(deps, visitor, error=error, typed=limit, typed_scope=scope, status=problem_of(error).status)
    return RedirectResponse("/budgets?said=saved", status_code=303)


def _micros(text: str) -> int:
    """Of units of the currency: "100" or "99.50". Raises Rejected."""
    try:
        amount = Decimal(text.strip().replace(",", ""))
        if not amount.is_finite() or not 0 <= amount <= 90_000_000:
            raise InvalidOperation
    except InvalidOperation:
        raise Rejected("This is no amount.", hint="Write it like 100 or 99.50.") from None
    return int(amount * _MICROS_A_UNIT)


def _show(
    deps: Dependencies,
    visitor: Principal,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    typed: str | None = None,
    typed_scope: str = "",
    status: int = 200,
) -> HTMLResponse:
    now = deps.clock.now()
    scope = views.month_scope(now)
    with deps.database.read(visitor.workspace_id) as session:
        month = views.budget_out(session, scope)
        others = [budget for budget in views.budgets(session) if budget.scope != scope]
        reports = {by: views.spend(session, by, now - _CHART, now) for by in SpendBy}
    days = reports[SpendBy.DAY]
    return console(
        deps,
        visitor,
        "budgets.html",
        here="policies",
        status=status,
        said=said,
        error=error,
        scope=scope,
        month=month,
        etag=etags.version_of(month) if month else "",
        limit=typed if typed is not None and typed_scope == scope else _units(month.limit_micros) if month else "",
        used=(month.spent_micros + month.reserved_micros) / month.limit_micros if month and month.limit_micros else 1,
        others=others,
        days=days,
        points=[(item.key[5:], item.spent_micros / _MICROS_A_UNIT) for item in days.items],
        tables=[
            ("Provider", reports[SpendBy.PROVIDER].items),
            ("Purpose", reports[SpendBy.PURPOSE].items),
            ("Run", reports[SpendBy.RUN].items),
        ],
        currency=days.currency,
        may_change=visitor.may(Permission.POLICIES),
    )


def _units(micros: int) -> str:
    return f"{Decimal(micros) / _MICROS_A_UNIT:.2f}"
