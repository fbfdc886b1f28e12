"""Setting ceilings."""

import re
from uuid import UUID

from api import etags
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views.budgets import BudgetOut, budget_out
from core.errors import NotFound, Rejected
from store import audit, ledger
from store.models import Run

_MONTH = re.compile(r"workspace:\d{4}-(0[1-9]|1[0-2])")
_PROVIDER = re.compile(r"provider:[a-z][a-z0-9_]{0,40}:\d{4}-(0[1-9]|1[0-2])")
_RUN = re.compile(r"run:([0-9a-f-]{36})")
_MOST_MICROS = 2**53 - 1  # what JSON's readers keep exactly


def set_limit(
    deps: Dependencies, principal: Principal, scope: str, limit_micros: int, *, if_match: str | None = None
) -> BudgetOut:
    """Makes the ceiling, or moves it; the same again changes nothing. Below what is spent it stops further calls.

    Raises Forbidden, NotFound (the run), Rejected, PreconditionFailed.
    """
    principal.require(Permission.POLICIES)
    if not 0 <= limit_micros <= _MOST_MICROS:
        raise Rejected("A ceiling is 0 or more, and not beyond all measure.")
    run = _RUN.fullmatch(scope)
    if run is None and not _MONTH.fullmatch(scope) and not _PROVIDER.fullmatch(scope):
        hint = 'Write "workspace:2026-06" for a month, "provider:hunter:2026-06" for a provider, "run:<id>" for a run.'
        raise Rejected("There is no such scope.", hint=hint)
    with deps.database.write(principal.workspace_id) as session:
        if run is not None and session.get(Run, (principal.workspace_id, _id(run[1]))) is None:
            raise NotFound("There is no such run.")
        before = budget_out(session, scope)
        if before is not None:
            etags.check(if_match, before)
            if before.limit_micros == limit_micros:
                return before
        ledger.set_budget(session, deps.clock, scope, limit_micros)
        session.expire_all()
        after = budget_out(session, scope)
        assert after is not None
        audit.append(
            session,
            deps.clock,
            deps.ids,
            actor=principal.actor,
            action="budget.set",
            subject_kind="budget",
            subject_id=scope,
            details={"before_micros": before.limit_micros if before else None, "after_micros": limit_micros},
        )
        return after


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such run.") from None
