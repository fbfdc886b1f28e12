"""Where Microsoft Graph posts that an inbox changed: POST /webhooks/graph/<token>, an address a mailbox.

Nobody makes these addresses by hand: a worker asks Graph for them (tools/providers/inbox/graph_push.py). Graph wants an
answer within seconds, so that a post is only kept here, and what it asks for is noted beside the subscription.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.dependencies import Dependencies, Deps
from core.errors import NotFound
from store.queries import inbound, inbox_subscriptions
from tools.webhooks import graph
from tools.webhooks.path_token import workspace_of_token

router = APIRouter(include_in_schema=False)


async def _raw(request: Request) -> bytes:
    """As it came: the application's own limit bounds it."""
    return await request.body()


def receive(token: str, validation_token: str | None, raw: bytes, deps: Dependencies) -> Response:
    """Raises NotFound, Forbidden, Rejected."""
    workspace_id = workspace_of_token(token)
    if workspace_id is None:
        raise _nobody()
    with deps.database.read(workspace_id) as session:
        found = inbox_subscriptions.by_token(session, graph.VENDOR, token)
    if found is None:
        raise _nobody()
    if validation_token is not None:
        # Text, and nothing that a browser would take for more (X-Content-Type-Options stands on every answer).
        return PlainTextResponse(graph.handshake(validation_token))
    row, mailbox = found
    now, sealer = deps.clock.now(), deps.context_for(workspace_id).sealer
    told = graph.receive(
        raw,
        word=inbox_subscriptions.word_of(sealer, row),
        remote_id=row.remote_id,
        address=mailbox.address,
        now=now,
    )
    with deps.database.write(workspace_id) as session:
        inbound.keep(session, sealer, now, graph.VENDOR, None, [told.event])
        inbox_subscriptions.told(session, now, row.id, row.remote_id, wants=told.wants, ended=told.ended)
    return Response(status_code=202)


def _nobody() -> NotFound:
    return NotFound("Nothing is received here.")


@router.post("/webhooks/graph/{token}", name="receive_graph")
def post(
    token: str,
    deps: Deps,
    raw: Annotated[bytes, Depends(_raw)],
    validation_token: Annotated[str | None, Query(alias="validationToken")] = None,
) -> Response:
    return receive(token, validation_token, raw, deps)
