"""The outbox: mails whose outcome nobody knows, that failed, or that wait; a person says what became of the first."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import work as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import outbox as views
from core.errors import SalesOSError
from store.models import OutboxState

router = APIRouter(include_in_schema=False)

_SAID = {
    "arrived": "Kept as sent.",
    "again": "It is sent again: the same bytes, with the same Message-ID.",
}
_STATES = {
    OutboxState.UNKNOWN: ("Unknown", "They may have left or not. Only a person can find out."),
    OutboxState.FAILED: ("Failed", "The server refused them, or they could not be written."),
    OutboxState.READY: ("Waiting", "Approved, and held by their time, a cap or a rule."),
    OutboxState.SENDING: ("Leaving", "On their way at this moment, or being looked up."),
    OutboxState.EXPIRED: ("Expired", "Approved, but they could not leave in time."),
    OutboxState.CANCELLED: ("Cancelled", "A rule forbids them, or something overtook them."),
    OutboxState.SENT: ("Sent", "They left."),
}


@router.get("/outbox")
def outbox_page(
    deps: Deps, visitor: Visitor, state: str = "unknown", said: str = "", cursor: str | None = None
) -> HTMLResponse:
    wanted = OutboxState(state) if state in {item.value for item in OutboxState} else OutboxState.UNKNOWN
    return _show(deps, visitor, wanted, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/outbox/{item_id}/resolve")
def resolve(
    item_id: UUID, deps: Deps, visitor: ActingVisitor, arrived: Annotated[str, Form(pattern="^(yes|no)$")]
) -> Response:
    try:
        acts.resolve_outbox(deps, visitor, item_id, was_sent=arrived == "yes")
    except SalesOSError as error:
        return _show(deps, visitor, OutboxState.UNKNOWN, error=error, status=problem_of(error).status)
    return RedirectResponse(f"/outbox?said={'arrived' if arrived == 'yes' else 'again'}", status_code=303)


def _show(
    deps: Dependencies,
    visitor: Principal,
    state: OutboxState,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    cursor: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        found = views.mails(session, sealer, visitor, state=state, limit=50, cursor=cursor)
        numbers = views.counts(session)
    return console(
        deps,
        visitor,
        "outbox.html",
        here="mailboxes",
        status=status,
        said=said,
        error=error,
        state=state,
        states=[(one, label, numbers[one.value]) for one, (label, _) in _STATES.items()],
        what=_STATES[state][1],
        mails=found,
        cursor=cursor,
        may_resolve=visitor.may(Permission.OUTBOX),
    )
