"""Accounts at vendors of data: adding, changing, switching, removing."""

from collections.abc import Mapping

from sqlmodel import Session, select

from agents import vendors as accounts
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import vendors as views
from api.views.vendors import VendorOut
from store.models import VendorAccount


def put(
    deps: Dependencies,
    principal: Principal,
    name: str,
    *,
    key: str | None,
    options: Mapping[str, str],
    credit_micros: int,
) -> VendorOut:
    """Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        given = {option: value for option, value in options.items() if value}
        by = principal.actor
        accounts.set_account(session, context, name, key=key, options=given, credit_micros=credit_micros, by=by)
        return _shown(deps, principal, session, name)


def switch(deps: Dependencies, principal: Principal, name: str, *, on: bool) -> VendorOut:
    """Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        accounts.switch(session, deps.context_for(principal.workspace_id), name, on=on, by=principal.actor)
        return _shown(deps, principal, session, name)


def remove(deps: Dependencies, principal: Principal, name: str) -> None:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        accounts.remove(session, deps.context_for(principal.workspace_id), name, by=principal.actor)


def _shown(deps: Dependencies, principal: Principal, session: Session, name: str) -> VendorOut:
    context = deps.context_for(principal.workspace_id)
    spec = accounts.spec_of(context, name)
    account = session.exec(select(VendorAccount).where(VendorAccount.vendor == name)).one_or_none()
    return views.vendor_out(spec, account, [], online=deps.settings.web_fetch)
