"""Where vendors post what they have to tell: POST /webhooks/<vendor>/<token>.

The bytes are known to be the vendor's before anything of them is kept, and are kept before anything is made of them: a
worker does that. An answer of 200 means that they are kept, or were already; 4xx that they are not that vendor's, and
nothing of them is kept; 503 that this cannot be found out now, and the vendor repeats them.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from agents.by_phone import calling
from api.dependencies import Dependencies, Deps
from core.errors import Forbidden, NotFound
from store.models import InboundEndpoint
from store.queries import inbound
from store.queries.inbound import NewEvent
from store.session import workspace_of
from tools.webhooks import twilio, twiml
from tools.webhooks.doors import VENDORS, SignsItsAddress
from tools.webhooks.path_token import workspace_of_token

router = APIRouter(include_in_schema=False)

_REFUSALS_NOTED: Final = timedelta(minutes=1)  # a flood of forgeries must not become a flood of writes


async def _raw(request: Request) -> bytes:
    """As it came: a signature holds for bytes. The application's own limit bounds it."""
    return await request.body()


def receive(
    vendor: str, token: str, raw: bytes, headers: Mapping[str, str], deps: Dependencies, query: str = ""
) -> Response:
    """`query`: of the address, as it was asked for. Raises NotFound, Forbidden, Rejected, RetryAt."""
    workspace_id = workspace_of_token(token)
    if workspace_id is None:
        raise _nobody()
    with deps.database.read(workspace_id) as session:
        endpoint = inbound.endpoint_by_token(session, vendor, token)
    if endpoint is None:
        raise _nobody()
    sealer = deps.context_for(workspace_id).sealer
    secret = sealer.open(endpoint.secret_sealed, context=inbound.secret_under(endpoint.id))
    try:
        events = _received(deps, vendor, secret, _address(deps, vendor, token, query), raw, headers)
    except Forbidden as error:
        _note_refusal(deps, workspace_id, endpoint, error.message)
        raise
    if events:
        with deps.database.write(workspace_id) as session:
            inbound.keep(session, sealer, deps.clock.now(), vendor, endpoint.id, events)
    return _answer(deps, workspace_id, vendor, _address(deps, vendor, token, ""), events)


def _received(
    deps: Dependencies, vendor: str, secret: str, address: str, raw: bytes, headers: Mapping[str, str]
) -> Sequence[NewEvent]:
    door = deps.doors.of(vendor, secret)
    return door.receive_at(address, raw, headers) if isinstance(door, SignsItsAddress) else door.receive(raw, headers)


def _address(deps: Dependencies, vendor: str, token: str, query: str) -> str:
    """As the vendor was given it: behind a proxy the request names another host."""
    return f"{deps.settings.public_url.rstrip('/')}/webhooks/{vendor}/{token}{f'?{query}' if query else ''}"


def _answer(deps: Dependencies, workspace_id: UUID, vendor: str, address: str, events: Sequence[NewEvent]) -> Response:
    """Nothing but that it was kept; to a rep's phone on which a key was pressed, whom to call."""
    said = VENDORS[vendor].answer
    if not said:
        return Response(status_code=200)
    if key := next((key for event in events if (key := twilio.pressed(event.raw))), ""):
        with deps.database.write(workspace_id) as session:
            found = calling.put_through(session, deps.context_for(workspace_id), key)
        if isinstance(found, str):
            said = twiml.refused(found)
        else:
            said = twiml.bridge(found.contact, found.sender, twiml.reports(address, key, twiml.CONTACT))
    return Response(said, status_code=200, media_type="text/xml")


def _nobody() -> NotFound:
    return NotFound("Nothing is received here.", hint="Copy the endpoint's address again: the console shows it.")


def _note_refusal(deps: Dependencies, workspace_id: UUID, endpoint: InboundEndpoint, why: str) -> None:
    """So that a person who pasted a wrong key sees it."""
    now = deps.clock.now()
    if endpoint.refused_at is not None and timedelta(0) <= now - endpoint.refused_at < _REFUSALS_NOTED:
        return
    with deps.database.write(workspace_id) as session:
        row = _locked(session, endpoint.id)
        if row is not None:
            row.refused_at, row.refusal = now, why
            session.add(row)


def _locked(session: Session, endpoint_id: UUID) -> InboundEndpoint | None:
    return session.get(InboundEndpoint, (workspace_of(session), endpoint_id), with_for_update=True)


def _route(vendor: str) -> None:
    """A path a vendor: the console has pages under /webhooks too."""

    @router.post(f"/webhooks/{vendor}/{{token}}", name=f"receive_{vendor}")
    def post(token: str, request: Request, deps: Deps, raw: Annotated[bytes, Depends(_raw)]) -> Response:
        return receive(vendor, token, raw, request.headers, deps, request.url.query)


for _name in VENDORS:
    _route(_name)
