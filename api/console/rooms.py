"""Video rooms: where meetings take place, by workspace and calendar, and Zoom's application."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import rooms as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import rooms as views
from core.errors import NotFound, Rejected, SalesOSError
from store.models import RoomKind

router = APIRouter(include_in_schema=False)

_SAID = {
    "chosen": "It holds for meetings that are booked from now on.",
    "connected": "The application is kept. Check it now.",
    "forgotten": "The application and its secret are gone. Rooms that were made stay.",
    "works": "Zoom lets us in. Nothing was made.",
}
_KINDS = (
    (RoomKind.NONE, "nowhere: no link in the invitation"),
    (RoomKind.CALENDAR, "in a room of the calendar’s own service (Meet, Teams)"),
    (RoomKind.ZOOM, "in a Zoom room of their own"),
    (RoomKind.ADDRESS, "always at the same link"),
)
Text = Annotated[str, Form(max_length=1_000)]
Short = Annotated[str, Form(max_length=254)]


@router.get("/rooms")
def rooms_page(deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _show(deps, visitor, said=_SAID.get(said, ""))


@router.post("/rooms")
def choose(deps: Deps, visitor: ActingVisitor, kind: Short = "", address: Text = "") -> Response:
    return _do(deps, visitor, "chosen", lambda: acts.choose(deps, visitor, _kind(kind), address))


@router.post("/rooms/calendars/{calendar_id}")
def choose_of_calendar(
    calendar_id: UUID, deps: Deps, visitor: ActingVisitor, kind: Short = "", address: Text = ""
) -> Response:
    def act() -> object:
        return acts.choose_of_calendar(deps, visitor, calendar_id, _kind(kind) if kind else None, address)

    return _do(deps, visitor, "chosen", act)


@router.post("/rooms/zoom")
def connect(
    deps: Deps,
    visitor: ActingVisitor,
    account_id: Short = "",
    client_id: Short = "",
    secret: Short = "",
    host: Short = "me",
) -> Response:
    def act() -> object:
        return acts.connect_zoom(
            deps, visitor, account_id=account_id, client_id=client_id, secret=secret or None, host=host
        )

    return _do(deps, visitor, "connected", act)


@router.post("/rooms/zoom/check")
def check(deps: Deps, visitor: ActingVisitor) -> Response:
    problem = acts.check_zoom(deps, visitor)
    return _show(deps, visitor) if problem else _back("works")


@router.post("/rooms/zoom/forget")
def forget(deps: Deps, visitor: ActingVisitor) -> Response:
    return _do(deps, visitor, "forgotten", lambda: acts.forget_zoom(deps, visitor))


def _kind(text: str) -> RoomKind:
    try:
        return RoomKind(text)
    except ValueError:
        raise Rejected("This is no choice of the list.") from None


def _do(deps: Dependencies, visitor: Principal, word: str, act: Callable[[], object]) -> Response:
    try:
        act()
    except NotFound:
        raise
    except SalesOSError as error:
        return _show(deps, visitor, error=error)
    return _back(word)


def _back(said: str) -> Response:
    return RedirectResponse(f"/rooms?said={said}", status_code=303)


def _show(deps: Dependencies, visitor: Principal, *, said: str = "", error: SalesOSError | None = None) -> HTMLResponse:
    with deps.database.read(visitor.workspace_id) as session:
        found = views.rooms_out(session)
    return console(
        deps,
        visitor,
        "rooms.html",
        here="rooms",
        status=problem_of(error).status if error else 200,
        said=said,
        error=error,
        rooms=found,
        kinds=_KINDS,
        words=dict(_KINDS),
        may_change=visitor.may(Permission.POLICIES),
    )
