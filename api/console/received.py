"""What vendors told us: dead letters first, each to be looked into and tried again; and the addresses they post to."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.actions import inbound as acts
from api.console.guard import ActingVisitor, Visitor
from api.console.render import console
from api.dependencies import Dependencies, Deps, Principal
from api.permissions import Permission
from api.problems import problem_of
from api.views import inbound as views
from core.errors import NotFound, SalesOSError
from store.models import InboundState
from tools.webhooks.doors import VENDORS

router = APIRouter(include_in_schema=False)

_SAID = {
    "replayed": "It is tried again. Reload in a moment: its state says what came of it.",
    "all": "The dead letters are tried again. Reload in a moment.",
    "none": "There is no dead letter to try again.",
    "connected": "The address is made. Give it to the vendor: it is shown below.",
    "closed": "The address is closed. What came by it stays.",
}
_STATES = {
    InboundState.DEAD: ("Dead letters", "They could not be applied, and a person looks."),
    InboundState.RECEIVED: (
        "Waiting",
        "Kept, and applied within seconds; or they wait for a mail that is not known yet.",
    ),
    InboundState.APPLIED: ("Applied", "What followed from them is done."),
    InboundState.SUPERSEDED: ("Overtaken", "A later word on the same thing stands."),
}
Text = Annotated[str, Form(max_length=4_000)]


@router.get("/received")
def received_page(
    deps: Deps, visitor: Visitor, state: str = "dead", said: str = "", cursor: str | None = None
) -> HTMLResponse:
    wanted = InboundState(state) if state in {one.value for one in InboundState} else InboundState.DEAD
    return _list(deps, visitor, wanted, said=_SAID.get(said, ""), cursor=cursor)


@router.post("/received/replay")
def replay_all(deps: Deps, visitor: ActingVisitor) -> Response:
    made = acts.replay_all(deps, visitor)
    return RedirectResponse(f"/received?said={'all' if made else 'none'}", status_code=303)


@router.post("/received/endpoints")
def connect(deps: Deps, visitor: ActingVisitor, vendor: Text = "", secret: Text = "") -> Response:
    try:
        acts.create_endpoint(deps, visitor, deps.ids.new(), vendor=vendor, secret=secret)
    except SalesOSError as error:
        status = problem_of(error).status
        return _list(deps, visitor, InboundState.DEAD, error=error, status=status, vendor=vendor)
    return RedirectResponse("/received?said=connected#endpoints", status_code=303)


@router.post("/received/endpoints/{endpoint_id}/delete")
def disconnect(endpoint_id: UUID, deps: Deps, visitor: ActingVisitor) -> Response:
    acts.delete_endpoint(deps, visitor, endpoint_id)
    return RedirectResponse("/received?said=closed#endpoints", status_code=303)


@router.get("/received/{event_id}")
def event_page(event_id: UUID, deps: Deps, visitor: Visitor, said: str = "") -> HTMLResponse:
    return _one(deps, visitor, event_id, said=_SAID.get(said, ""))


@router.post("/received/{event_id}/replay")
def replay(event_id: UUID, deps: Deps, visitor: ActingVisitor, message: Text = "") -> Response:
    try:
        acts.replay(deps, visitor, event_id, message=message)
    except SalesOSError as error:
        if isinstance(error, NotFound) and not message.strip():
            raise
        return _one(deps, visitor, event_id, error=error, status=problem_of(error).status)
    return RedirectResponse(f"/received/{quote(str(event_id))}?said=replayed", status_code=303)


def _list(
    deps: Dependencies,
    visitor: Principal,
    state: InboundState,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    cursor: str | None = None,
    status: int = 200,
    vendor: str = "",
) -> HTMLResponse:
    visitor.require(Permission.WEBHOOKS)
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        found = views.events(session, states=[state], limit=50, cursor=cursor)
        numbers = views.counts(session)
        endpoints = views.endpoints(session, sealer, deps.settings.public_url)
    return console(
        deps,
        visitor,
        "received.html",
        here="received",
        status=status,
        said=said,
        error=error,
        state=state,
        states=[(one, label, numbers[one.value]) for one, (label, _) in _STATES.items()],
        what=_STATES[state][1],
        events=found,
        endpoints=endpoints,
        vendors=list(VENDORS.values()),
        vendor=vendor,
        cursor=cursor,
    )


def _one(
    deps: Dependencies,
    visitor: Principal,
    event_id: UUID,
    *,
    said: str = "",
    error: SalesOSError | None = None,
    status: int = 200,
) -> HTMLResponse:
    visitor.require(Permission.WEBHOOKS)
    sealer = deps.context_for(visitor.workspace_id).sealer
    with deps.database.read(visitor.workspace_id) as session:
        found = views.event(session, sealer, event_id, with_people=visitor.may(Permission.PEOPLE))
    return console(
        deps,
        visitor,
        "received_event.html",
        here="received",
        status=status,
        said=said,
        error=error,
        event=found,
        label=_STATES[found.state][0],
        may_read=visitor.may(Permission.PEOPLE),
    )
