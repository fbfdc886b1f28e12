"""The lists: companies, contacts and leads, with filters in the address, saved views, and actions on what is ticked."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, select
from starlette.convertors import StringConvertor, register_url_convertor

from api.actions import bulk, exports, saved_views
from api.actions.selections import CompanyAction, ContactAction, LeadAction
from api.console.guard import ActingVisitor, Visitor
from api.console.list_words import ACTIONS, Action, choices_of, result_of
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.routes.lists import csv_file
from api.views.lists import companies, contacts, keyset, leads
from api.views.lists.filters import CompanyFilters, ContactFilters, Filters, LeadFilters
from core.errors import NotFound, Rejected, SalesOSError
from store.models import Icp, Mailbox


class _Place(StringConvertor):
    """So that these routes take the paths of lists, and leave /approvals/… to the pages of its own."""

    regex = "companies|contacts|leads"


register_url_convertor("list", _Place())
router = APIRouter(include_in_schema=False)

_FILTERS: Final[Mapping[str, type[Filters]]] = saved_views.PAGES
_INPUTS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "leads": TypeAdapter(LeadAction),
    "contacts": TypeAdapter(ContactAction),
    "companies": TypeAdapter(CompanyAction),
}
_CHANGE: Final[Mapping[str, Any]] = {
    "leads": bulk.change_leads,
    "contacts": bulk.change_contacts,
    "companies": bulk.change_companies,
}
# Filters that stand above the fold; where another one is in use, the rest is open.
_ALWAYS_SHOWN: Final = {
    "leads": {"q", "tier", "stage", "icp_id", "sort"},
    "contacts": {"q", "title", "email_status", "sort"},
    "companies": {"q", "sort"},
}
_PAGE: Final = 50
_SAID: Final = {
    "saved": "The view is saved.",
    "renamed": "The view is renamed.",
    "deleted": "The view is deleted; the records stay.",
}

Ids = Annotated[list[UUID], Form(max_length=10_000)]
Text = Annotated[str, Form(max_length=2_000)]


@router.get("/leads")
def leads_page(request: Request, deps: Deps, visitor: Visitor, cursor: str | None = None) -> HTMLResponse:
    return _show(deps, visitor, "leads", request.url.query, cursor=cursor)


@router.get("/contacts")
def contacts_page(request: Request, deps: Deps, visitor: Visitor, cursor: str | None = None) -> HTMLResponse:
    return _show(deps, visitor, "contacts", request.url.query, cursor=cursor)


@router.get("/companies")
def companies_page(request: Request, deps: Deps, visitor: Visitor, cursor: str | None = None) -> HTMLResponse:
    return _show(deps, visitor, "companies", request.url.query, cursor=cursor)


@router.get("/{place:list}/export.csv")
def export_list(place: str, request: Request, deps: Deps, visitor: Visitor) -> Response:
    filters = _filters(place).of(request.url.query)
    return csv_file(place, exports.export(deps, visitor, filters))


@router.post("/{place:list}/bulk")
def act_on_many(
    place: str,
    deps: Deps,
    visitor: ActingVisitor,
    action: Text = "",
    query: Text = "",
    id: Ids = [],  # noqa: B006 FastAPI copies it
    all: Annotated[bool, Form()] = False,
    sure: Annotated[bool, Form()] = False,
    confirmed: Annotated[int | None, Form(ge=0, le=10_000)] = None,
    reason: Text = "",
    mailbox_id: Text = "",
    tag: Text = "",
) -> Response:
    """Twice: the first shows what would happen to how many, the second (`sure`) does it."""
    chosen = ACTIONS[_known(place)].get(action)
    try:
        filters = _filters(place).of(query)
        if chosen is None:
            raise Rejected("Choose what to do with them.")
        if not id and not all:
            raise Rejected("Nothing is ticked.", hint="Tick rows (x), or “all that match”.", code="nothing_chosen")
        if action == "export":
            return csv_file(place, exports.export(deps, visitor, filters, None if all else id))
        values = _values(chosen, reason=reason, mailbox_id=mailbox_id, tag=tag)
        many = bulk.count_matching(deps, visitor, filters) if all else len(id)
        if many > bulk.MOST:
            raise Rejected(f"More than {bulk.MOST:,} match; no more are changed at once.", hint="Narrow the filter.")
        target: dict[str, Any] = {"filter": filters.model_dump(mode="json"), "confirmed": confirmed or many}
        body = _read(place, {"action": action, **values, **(target if all else {"ids": id})})
        visitor.require(chosen.needs)
        if not sure and (all or chosen.asks):
            return console(
                deps,
                visitor,
                "bulk_confirm.html",
                here=place,
                place=place,
                action=chosen,
                action_code=action,
                values=values,
                many=many,
                ids=[] if all else id,
                all=all,
                query=filters.query(),
            )
        outcome = _CHANGE[place](deps, visitor, body)
    except SalesOSError as error:
        return _show(deps, visitor, place, query, error=error)
    told = "&".join(f"passed={code}.{count}" for code, count in outcome.reasons.most_common(6))
    where = "&".join(part for part in (filters.query(), f"did={action}.{outcome.changed}", told) if part)
    return RedirectResponse(f"/{place}?{where}", status_code=303)


@router.post("/{place:list}/views")
def save_view(
    place: str,
    deps: Deps,
    visitor: ActingVisitor,
    name: Annotated[str, Form(max_length=200)] = "",
    query: Text = "",
    shared: Annotated[bool, Form()] = False,
) -> Response:
    try:
        view = saved_views.save(
            deps, visitor, deps.ids.new(), page=_known(place), name=name, query=query, shared=shared
        )
    except SalesOSError as error:
        return _show(deps, visitor, place, query, error=error, typed_name=name)
    return _back(place, view.query, "saved")


@router.post("/{place:list}/views/{view_id}")
def change_view(
    place: str,
    view_id: UUID,
    deps: Deps,
    visitor: ActingVisitor,
    name: Annotated[str, Form(max_length=200)] = "",
    delete: Annotated[bool, Form()] = False,
) -> Response:
    query = ""
    try:
        with deps.database.read(visitor.workspace_id) as session:
            query = saved_views.view_of(session, visitor, view_id).query
        if delete:
            saved_views.delete(deps, visitor, view_id)
        else:
            saved_views.change(deps, visitor, view_id, name=name)
    except SalesOSError as error:
        if isinstance(error, NotFound):
            raise
        return _show(deps, visitor, _known(place), query, error=error, typed_name=name)
    return _back(place, query, "deleted" if delete else "renamed")


def _show(
    deps: Dependencies,
    visitor: Principal,
    place: str,
    query: str,
    *,
    cursor: str | None = None,
    error: SalesOSError | None = None,
    typed_name: str = "",
) -> HTMLResponse:
    """Bad filters are told, and the list is shown without them."""
    kind = _filters(place)
    try:
        filters = kind.of(query)
    except SalesOSError as problem:
        filters, error, cursor = kind(), error or problem, None
    sealer = deps.context_for(visitor.workspace_id).sealer

    def load(session: Session, wanted: Filters, at: str | None) -> Any:
        match wanted:
            case LeadFilters():
                return leads.leads(session, sealer, visitor, wanted, limit=_PAGE, cursor=at)
            case ContactFilters():
                return contacts.contacts(session, sealer, visitor, wanted, limit=_PAGE, cursor=at)
            case CompanyFilters():
                return companies.companies(session, wanted, limit=_PAGE, cursor=at)
        raise TypeError(place)

    with deps.database.read(visitor.workspace_id) as session:
        try:
            found = load(session, filters, cursor)
        except SalesOSError as problem:  # a right that the search needs, or a cursor of another order
            filters, error, cursor = kind(), error or problem, None
            found = load(session, filters, None)
        count = keyset.count(session, bulk.matching(session, deps, visitor, filters))
        views = saved_views.views_of(session, visitor, place)
        mailboxes = session.exec(select(Mailbox).order_by(col(Mailbox.display_name), col(Mailbox.id))).all()
        icps = session.exec(select(Icp).where(col(Icp.archived_at).is_(None)).order_by(col(Icp.name))).all()
    asked = parse_qs(query, max_num_fields=200)
    return console(
        deps,
        visitor,
        f"{place}.html",
        here=place,
        status=problem_of(error).status if error else 200,
        said=result_of(asked, place) or _SAID.get(asked.get("said", [""])[-1], ""),
        error=error,
        place=place,
        page=found,
        filters=filters,
        filters_open=bool(filters.model_dump(exclude_defaults=True, exclude=_ALWAYS_SHOWN[place])),
        query=filters.query(),
        href=f"/{place}?{filters.query()}" if filters.query() else f"/{place}",
        cursor=cursor,
        count=min(count, keyset.COUNTED),
        more=count > keyset.COUNTED,
        views=views,
        here_view=next((view for view in views if view.query == filters.query()), None),
        mailboxes=mailboxes,
        icps=icps,
        choices=choices_of(place),
        actions={code: action for code, action in ACTIONS[place].items() if visitor.may(action.needs)},
        may_share=visitor.may(Permission.RECORDS),
        may_export=visitor.may(Permission.EXPORT),
        may_read_people=visitor.may(Permission.PEOPLE),
        typed_name=typed_name,
    )


def _values(action: Action, **typed: str) -> dict[str, str]:
    return {name: typed[name] for name in action.fields}


def _read(place: str, values: dict[str, Any]) -> Any:
    try:
        return _INPUTS[place].validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][-1]) if first["loc"] else "it"
        raise Rejected(
            f"Say {field.removesuffix('_id').replace('_', ' ')} first: {first['msg']}.",
            hint="Then press the button again.",
        ) from error


def _known(place: str) -> str:
    if place not in _FILTERS:
        raise NotFound("There is no such list.")
    return place


def _filters(place: str) -> type[Filters]:
    return _FILTERS[_known(place)]


def _back(place: str, query: str, said: str) -> Response:
    return RedirectResponse(f"/{place}?{query}{'&' if query else ''}said={said}", status_code=303)
