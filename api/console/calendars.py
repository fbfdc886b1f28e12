"""/calendars: one's own calendars and, for admins, everybody's; connecting them. /availability is beside this."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from agents.booking.connecting import Login
from api.actions import calendar_connect as leaving
from api.actions import calendars as acts
from api.actions.service_sign_in import SECONDS, Leaving
from api.console import guard
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import calendars as views
from api.views.calendars import CalendarConnectionOut
from core.errors import NotFound, Rejected, SalesOSError
from store.models import ConnectionState

router = APIRouter(include_in_schema=False)

_SAID = {
    "connected": "Connected. Its main calendar counts as busy from now on; change below what each one is for.",
    "saved": "Saved.",
    "same": "Nothing was changed.",
    "good": "It answers, and what is taken in it is read.",
    "off": "Disconnected. What was booked stays, here and there.",
}
_MOST = 200  # accounts on the page; the API lists any number
_NOWHERE = "none"


class CalDavForm(BaseModel):
    csrf: str = ""
    url: str = ""
    username: str = ""
    password: str = ""
    address: str = ""


class ChoiceForm(BaseModel):
    """Boxes that are not ticked are not sent; `shown` says which calendars the page had."""

    csrf: str = ""
    shown: list[UUID] = []
    busy: list[UUID] = []
    rooms: list[UUID] = []
    events: str = _NOWHERE


@router.get("/calendars")
def calendars_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    visitor.require(Permission.WORK)
    return _page(deps, visitor, said=_SAID.get(said, ""))


@router.post("/calendars")
def choose(deps: Deps, visitor: ActingVisitor, typed: Annotated[ChoiceForm, Form()]) -> Response:
    try:
        changed = [_choice(deps, visitor, typed, each) for each in _own(deps, visitor)]
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    return RedirectResponse(f"/calendars?said={'saved' if any(changed) else 'same'}", status_code=303)


@router.get("/calendars/new")
def new_page(deps: Deps, visitor: Visitor, again: UUID | None = None) -> HTMLResponse:
    """`again`: an account whose password is asked for once more."""
    visitor.require(Permission.WORK)
    typed = CalDavForm()
    if again is not None:
        row = acts.connection_of(deps, visitor, again)
        own = row.connection
        typed = CalDavForm(url=str(own.get("url", "")), username=row.account, address=str(own.get("address", "")))
    return _new(deps, visitor, typed)


@router.post("/calendars/new")
def connect_caldav(deps: Deps, visitor: ActingVisitor, typed: Annotated[CalDavForm, Form()]) -> Response:
    try:
        login = Login(typed.url[:1_000], typed.username[:254], typed.password[:1_000], typed.address[:254])
        acts.connect_caldav(deps, visitor, login)
    except SalesOSError as error:
        return _new(deps, visitor, typed, error)
    return RedirectResponse("/calendars?said=connected", status_code=303)


# Links, not forms, lead to the services: browsers hold forms to this site (form-action).


@router.get(leaving.CALLBACK)
def back(request: Request, deps: Deps, visitor: Visitor) -> Response:
    cookie = request.cookies.get(_cookie(deps), "")
    try:
        leaving.arrive(deps, visitor, cookie, request.query_params)
        response: Response = RedirectResponse("/calendars?said=connected", status_code=303)
    except SalesOSError as error:
        visitor.require(Permission.WORK)
        response = _new(deps, visitor, CalDavForm(), error)
    response.delete_cookie(_cookie(deps), path="/", secure=guard.is_https(deps), httponly=True, samesite="lax")
    return response


@router.get("/calendars/connect/{service}")
def leave(service: str, deps: Deps, visitor: Visitor) -> Response:
    visitor.require(Permission.WORK)
    try:
        found = leaving.leave(deps, visitor, leaving.SERVICES.get(service, ""))
    except NotFound:
        raise
    except SalesOSError as error:
        return _new(deps, visitor, CalDavForm(), error)
    return _left(deps, found)


@router.get("/calendars/{connection_id}/connect")
def leave_again(connection_id: UUID, deps: Deps, visitor: Visitor) -> Response:
    """An account that no longer lets us in: there again, or its password once more."""
    row = acts.connection_of(deps, visitor, connection_id)
    if row.service not in leaving.SERVICES.values():
        return RedirectResponse(f"/calendars/new?again={connection_id}", status_code=303)
    try:
        found = leaving.leave(deps, visitor, row.service, connection_id)
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    return _left(deps, found)


@router.post("/calendars/{connection_id}/check")
def check(connection_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        if problem := acts.check(deps, visitor, connection_id):
            raise Rejected(problem, hint="Until it answers, nothing of its owner's time is offered.")
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    return RedirectResponse("/calendars?said=good", status_code=303)


@router.post("/calendars/{connection_id}/disconnect")
def disconnect(connection_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    try:
        acts.disconnect(deps, visitor, connection_id)
    except SalesOSError as error:
        return _refused(deps, visitor, error)
    return RedirectResponse("/calendars?said=off", status_code=303)


def _left(deps: Dependencies, found: Leaving) -> Response:
    response = RedirectResponse(found.url, status_code=303)
    response.set_cookie(
        _cookie(deps), found.cookie, max_age=SECONDS, path="/", secure=guard.is_https(deps), httponly=True,
        samesite="lax",
    )  # fmt: skip
    return response


def _cookie(deps: Dependencies) -> str:
    return "__Host-salesos_calendar" if guard.is_https(deps) else "salesos_calendar"


def _own(deps: Dependencies, visitor: Principal) -> list[views.CalendarOut]:
    with deps.database.read(visitor.workspace_id) as session:
        settings, now = deps.settings, deps.clock.now()
        found = views.connections(session, settings, now, user_id=acts.owner_of(visitor, None), limit=_MOST).items
    return [calendar for connection in found for calendar in connection.calendars]


def _choice(deps: Dependencies, visitor: Principal, typed: ChoiceForm, found: views.CalendarOut) -> bool:
    """Whether anything changed."""
    if found.id not in typed.shown:
        return False
    wanted = {
        "counts_busy": found.id in typed.busy,
        "gets_events": typed.events == str(found.id),
        "makes_rooms": found.id in typed.rooms,
    }
    chosen = {name: value if value != getattr(found, name) else None for name, value in wanted.items()}
    if all(value is None for value in chosen.values()):
        return False
    acts.change(deps, visitor, found.id, **chosen)
    return True


def _refused(deps: Dependencies, visitor: Principal, error: SalesOSError) -> HTMLResponse:
    if isinstance(error, NotFound):
        raise error
    visitor.require(Permission.WORK)
    return _page(deps, visitor, error=error)


def _page(deps: Dependencies, visitor: Principal, *, said: str = "", error: SalesOSError | None = None) -> HTMLResponse:
    own: list[CalendarConnectionOut] = []
    others: list[CalendarConnectionOut] = []
    settings, now = deps.settings, deps.clock.now()
    with deps.database.read(visitor.workspace_id) as session:
        if visitor.user_id is not None:
            own = views.connections(session, settings, now, user_id=visitor.user_id, limit=_MOST).items
        if visitor.may(Permission.USERS):
            everybody = views.connections(session, settings, now, user_id=None, limit=_MOST).items
            others = [each for each in everybody if each.user_id != visitor.user_id]
    calendars = [calendar for connection in own for calendar in connection.calendars]
    return console(
        deps,
        visitor,
        "calendars.html",
        here="calendars",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        own=own,
        others=sorted(others, key=lambda each: (each.owner, each.account)),
        gets_events=next((each.id for each in calendars if each.gets_events), None),
        silent=_silent([*own, *others], now),
        busy=any(calendar.counts_busy or calendar.gets_events for calendar in calendars),
    )


def _silent(found: list[CalendarConnectionOut], now: datetime) -> dict[UUID, datetime | None]:
    """Accounts that let us in and do not answer, each with when the last calendar of it that counts did."""
    silent = {}
    for each in found:
        asked = [one for one in each.calendars if one.counts_busy or one.gets_events]
        if each.state is ConnectionState.ACTIVE and any(views.is_silent(one, now) for one in asked):
            silent[each.id] = min((one.answered_at for one in asked if one.answered_at), default=None)
    return silent


def _new(deps: Dependencies, visitor: Principal, typed: CalDavForm, error: SalesOSError | None = None) -> HTMLResponse:
    services = [
        {"name": name, "label": views.LABELS[service], "problem": leaving.problem_of(deps, visitor, service)}
        for name, service in leaving.SERVICES.items()
    ]
    return console(
        deps,
        visitor,
        "calendar_new.html",
        here="calendars",
        status=problem_of(error).status if error else 200,
        error=error,
        typed=typed,
        services=services,
        private=deps.settings.calendar_private_hosts,
        redirect_uri=leaving.redirect_uri(deps),
        may_set_up=visitor.may(Permission.SETTINGS),
    )
