"""Saved views: the filters of a list under a name, one's own or everybody's."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.problems import Invalid
from api.views.lists.filters import CompanyFilters, ContactFilters, Filters, LeadFilters
from core.errors import Conflict, Forbidden, NotFound, Rejected
from store import audit
from store.models import SavedView

PAGES: dict[str, type[Filters]] = {"companies": CompanyFilters, "contacts": ContactFilters, "leads": LeadFilters}
_MOST = 50  # of a person and page: more do not fit on a page as tabs


def views_of(session: Session, principal: Principal, page: str = "") -> list[SavedView]:
    """One's own and the shared ones, shared first, by name."""
    query = select(SavedView).where(
        sa.or_(col(SavedView.user_id).is_(None), col(SavedView.user_id) == principal.user_id)
        if principal.user_id
        else col(SavedView.user_id).is_(None)
    )
    if page:
        query = query.where(SavedView.page == page)
    found = list(session.exec(query.order_by(col(SavedView.name), col(SavedView.id))))
    return sorted(found, key=lambda view: view.user_id is not None)


def save(
    deps: Dependencies, principal: Principal, view_id: UUID, *, page: str, name: str, query: str, shared: bool
) -> SavedView:
    """The same name on the same page is the same view, with new filters. Raises Forbidden, Rejected, Invalid."""
    _may(principal, shared)
    name = _name(name)
    tidy = tidy_query(page, query)
    with deps.database.write(principal.workspace_id) as session:
        own = [view for view in views_of(session, principal, page) if (view.user_id is None) == shared]
        view = next((view for view in own if view.name.casefold() == name.casefold() or view.id == view_id), None)
        if view is None:
            if len(own) >= _MOST:
                raise Rejected(f"There are {_MOST} views here already.", hint="Delete one that nobody uses.")
            view = SavedView(
                workspace_id=principal.workspace_id,
                id=view_id,
                page=page,
                name=name,
                query=tidy,
                user_id=None if shared else principal.user_id,
                created_by=principal.actor,
                created_at=deps.clock.now(),
            )
        elif (view.query, view.name) == (tidy, name):
            return view
        view.query, view.name = tidy, name
        session.add(view)
        session.flush()
        _audit(deps, principal, session, view, "saved")
    return view


def change(
    deps: Dependencies,
    principal: Principal,
    view_id: UUID,
    *,
    name: str | None = None,
    query: str | None = None,
    check: Callable[[SavedView], None] | None = None,
) -> SavedView:
    """Raises Forbidden, NotFound, Conflict (another has this name), Rejected, Invalid."""
    principal.require(Permission.READ)
    with deps.database.write(principal.workspace_id) as session:
        view = _get(session, principal, view_id)
        _may(principal, view.user_id is None)
        if check is not None:
            check(view)  # what the caller read is what stands there now
        if name is not None:
            name = _name(name)
            same = [v for v in views_of(session, principal, view.page) if v.user_id == view.user_id and v.id != view_id]
            if any(other.name.casefold() == name.casefold() for other in same):
                raise Conflict("Another view has this name.", hint="Choose another name.", code="name_taken")
            view.name = name
        if query is not None:
            view.query = tidy_query(view.page, query)
        session.add(view)
        session.flush()
        _audit(deps, principal, session, view, "changed")
    return view


def delete(deps: Dependencies, principal: Principal, view_id: UUID) -> None:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.READ)
    with deps.database.write(principal.workspace_id) as session:
        view = _get(session, principal, view_id)
        _may(principal, view.user_id is None)
        session.delete(view)
        session.flush()
        _audit(deps, principal, session, view, "deleted")


def view_of(session: Session, principal: Principal, view_id: UUID) -> SavedView:
    """Raises NotFound, also for another person's own."""
    return _get(session, principal, view_id)


def tidy_query(page: str, query: str) -> str:
    """As the list writes it. An address looked for is a person's: it is kept in no view. Raises Invalid."""
    filters = PAGES[page].of(query.removeprefix("?"))
    if "@" in getattr(filters, "q", ""):
        raise Invalid(
            "A view keeps no e-mail address.",
            [{"path": "q", "message": "It is a person's address."}],
            hint="Search for the company instead.",
        )
    return filters.query()


def _get(session: Session, principal: Principal, view_id: UUID) -> SavedView:
    view = session.get(SavedView, (principal.workspace_id, view_id))
    if view is None or (view.user_id is not None and view.user_id != principal.user_id):
        raise NotFound("There is no such view.")
    return view


def _may(principal: Principal, shared: bool) -> None:
    if shared:
        principal.require(Permission.RECORDS)
    elif principal.user_id is None:
        raise Forbidden(
            "This key belongs to nobody, so it has no views of its own.",
            hint="Make a shared view, or use a person's key.",
        )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise Rejected("A view needs a name of up to 100 characters.", code="invalid")
    return name


def _audit(deps: Dependencies, principal: Principal, session: Session, view: SavedView, what: str) -> None:
    audit.append(
        session,
        deps.clock,
        deps.ids,
        actor=principal.actor,
        action=f"saved_view.{what}",
        subject_kind="saved_view",
        subject_id=view.id,
        details={"page": view.page, "shared": view.user_id is None},
    )
