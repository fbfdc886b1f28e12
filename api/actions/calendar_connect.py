"""Letting us into one's calendars at Google or Microsoft: a person leaves for the service and comes back.

What is under way is bound to the person's calendars as they stand too (api.actions.service_sign_in): an answer that
comes a second time is not taken.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from agents.booking import connecting
from api.actions.calendars import connection_of, owner_of
from api.actions.service_sign_in import ConnectFailed, Leaving, Under, code_of, returned
from api.dependencies import Dependencies, Principal
from core.errors import FixConfiguration, NotFound, Rejected
from store.models import CalendarConnection, ConnectionState
from tools.registry import CalendarConnections

CALLBACK: Final = "/calendars/connect/back"
# By the name in our addresses; the store calls Microsoft's calendars by their API.
SERVICES: Final = {"google": "google", "microsoft": "graph"}
_SALT: Final = "calendar connection"


def redirect_uri(deps: Dependencies) -> str:
    """What has to be registered at the service."""
    return deps.settings.public_url + CALLBACK


def problem_of(deps: Dependencies, principal: Principal, service: str) -> str:
    """Why nobody can be sent to this service from here; "": they can."""
    try:
        _begun(deps, principal, _blank(deps, principal, deps.ids.new(), service), Under(_SALT))
    except (FixConfiguration, Rejected) as error:
        return str(error)
    return ""


def leave(deps: Dependencies, principal: Principal, service: str, connection_id: UUID | None = None) -> Leaving:
    """To a service by name, where the person chooses the account, or again to that of a connection of their own.

    Raises Forbidden, NotFound, Rejected, FixConfiguration (no application).
    """
    user_id = owner_of(principal, None)
    if connection_id is not None:
        row = connection_of(deps, principal, connection_id)
        if row.user_id != user_id:
            raise Rejected("Its owner alone can let us in.", hint="Ask them to open this page.")
        account = row.account
    else:
        row, account = _blank(deps, principal, user_id, service), ""
    with deps.database.read(principal.workspace_id) as session:
        grants = connecting.grants_of(session, user_id)
    way = Under(_SALT)
    url = _begun(deps, principal, row, way)
    return Leaving(
        url, way.cookie(deps, principal, {"service": row.service, "account": account, "grants": grants})
    )  # fmt: skip


def arrive(deps: Dependencies, principal: Principal, cookie: str, answer: Mapping[str, str]) -> UUID:
    """`answer`: the query that the service sent the person back with. The connection that stands now.

    Takes seconds, outside of any transaction. Raises Forbidden, NotFound, Rejected, FixConfiguration, RetryAt.
    """
    user_id = owner_of(principal, None)
    begun = returned(deps, principal, _SALT, cookie, answer)
    code = code_of(answer)
    with deps.database.read(principal.workspace_id) as session:
        if connecting.grants_of(session, user_id) != begun["grants"]:
            raise ConnectFailed(
                "One of your calendars was connected or disconnected meanwhile.",
                hint="Look at the list; connect it again if it is missing.",
            )
    row = _blank(deps, principal, user_id, begun["service"], begun["account"])
    let_in = _services(deps, principal).redeem(
        row, code=code, redirect_uri=redirect_uri(deps), verifier=begun["verifier"]
    )
    context = deps.context_for(principal.workspace_id)
    made = connecting.connect_let_in(
        context, user_id, row.service, let_in, grants=begun["grants"], by=principal.actor
    )  # fmt: skip
    connecting.read_now(context, made.id)
    return made.id


def _blank(
    deps: Dependencies, principal: Principal, user_id: UUID, service: str, account: str = ""
) -> CalendarConnection:
    """A connection that nobody made yet. Raises NotFound."""
    if service not in SERVICES.values():
        raise NotFound("There is no such calendar service.", hint="Choose Google or Microsoft.")
    return CalendarConnection(
        workspace_id=principal.workspace_id,
        id=deps.ids.new(),
        user_id=user_id,
        service=service,
        account=account,
        state=ConnectionState.WAITING,
        created_at=deps.clock.now(),
    )


def _begun(deps: Dependencies, principal: Principal, row: CalendarConnection, way: Under) -> str:
    return _services(deps, principal).begin(
        row, redirect_uri=redirect_uri(deps), state=way.state, verifier=way.verifier
    )  # fmt: skip


def _services(deps: Dependencies, principal: Principal) -> CalendarConnections:
    found = deps.context_for(principal.workspace_id).tools.calendar_connections
    if found is None:
        raise FixConfiguration("This process reaches no calendar service.", hint="Connect it where the server runs.")
    return found
