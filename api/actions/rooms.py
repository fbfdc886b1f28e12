"""Where meetings take place, chosen; Zoom's application kept, checked and forgotten."""

from uuid import UUID

from agents.booking import room_keeping
from api.dependencies import Dependencies, Principal
from api.permissions import Permission
from api.views import rooms as views
from api.views.rooms import RoomsOut
from store.models import RoomKind


def choose(deps: Dependencies, principal: Principal, kind: RoomKind, address: str = "") -> RoomsOut:
    """Raises Forbidden, Rejected."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        room_keeping.set_rooms(session, context, kind, address, by=principal.actor)
        return views.rooms_out(session)


def connect_zoom(
    deps: Dependencies, principal: Principal, *, account_id: str, client_id: str, secret: str | None, host: str
) -> RoomsOut:
    """Raises Forbidden, Rejected."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        room_keeping.connect_zoom(
            session,
            context,
            account_id=account_id,
            client_id=client_id,
            secret=secret,
            host=host,
            by=principal.actor,
        )
        return views.rooms_out(session)


def forget_zoom(deps: Dependencies, principal: Principal) -> None:
    """Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    with deps.database.write(principal.workspace_id) as session:
        room_keeping.forget_zoom(session, deps.context_for(principal.workspace_id), by=principal.actor)


def check_zoom(deps: Dependencies, principal: Principal) -> str:
    """Why Zoom would not let us in; "": it does. Raises Forbidden, NotFound."""
    principal.require(Permission.POLICIES)
    return room_keeping.problem(deps.context_for(principal.workspace_id))


def choose_of_calendar(
    deps: Dependencies, principal: Principal, calendar_id: UUID, kind: RoomKind | None, address: str = ""
) -> RoomsOut:
    """None: as the workspace says. Raises Forbidden, NotFound, Rejected."""
    principal.require(Permission.POLICIES)
    context = deps.context_for(principal.workspace_id)
    with deps.database.write(principal.workspace_id) as session:
        room_keeping.set_calendar(session, context, calendar_id, kind, address, by=principal.actor)
        return views.rooms_out(session)
