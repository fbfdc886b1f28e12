"""Where Google Calendar and Microsoft post that a calendar changed: an address a channel, which a worker gave them
(workers/calendar_channels.py).

A notice is a hint: it is noted once, however many come, and a worker looks. Answered with success is what was heard;
404 what is posted on a channel that is over, which neither service repeats.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.dependencies import Dependencies, Deps
from core.errors import NotFound
from store.queries import calendar_channels
from store.queries.calendar_channels import Heard
from tools.webhooks import calendar_notices, channel_token, graph
from tools.webhooks.calendar_notices import Notice

router = APIRouter(include_in_schema=False)


async def _raw(request: Request) -> bytes:
    """As it came: the application's own limit bounds it."""
    return await request.body()


def _heard(service: str, token: str, deps: Dependencies) -> tuple[UUID, Heard, str]:
    """The workspace, whose channel it is, and the word that it must bear. Raises NotFound."""
    found = channel_token.read(token)
    if found is None:
        raise _nobody()
    with deps.database.read(found.workspace_id) as session:
        heard = calendar_channels.heard_on(session, found.channel_id, service)
    if heard is None:
        raise _nobody()
    sealer = deps.context_for(found.workspace_id).sealer
    if not found.is_ours(sealer):
        raise _nobody()
    return found.workspace_id, heard, channel_token.word_of(sealer, found.channel_id)


def _note(workspace_id: UUID, heard: Heard, notice: Notice, deps: Dependencies) -> None:
    """Writes only what changes something: a flood of notices is a flood of reads."""
    channel = heard.channel
    tells = notice.changed and not calendar_channels.is_open(heard)
    confirms = not notice.changed and not (channel.confirmed_at and channel.resource_id)
    if not (tells or confirms or notice.wishes):
        return
    with deps.database.write(workspace_id) as session:
        if tells:
            calendar_channels.told(session, heard.calendar.id)
        if confirms:
            now = deps.clock.now()
            calendar_channels.confirmed(session, now, channel.id, notice.resource_id, notice.expires_at)
        if notice.wishes:
            calendar_channels.wishes(session, deps.clock.now(), channel.id, removed=notice.removed)


def _nobody() -> NotFound:
    return NotFound("Nothing is received here.")


@router.post("/webhooks/google-calendar/{token}", name="receive_google_calendar")
def google(token: str, request: Request, deps: Deps) -> Response:
    """Raises NotFound, Forbidden, Rejected."""
    workspace_id, heard, word = _heard(calendar_notices.GOOGLE, token, deps)
    notice = calendar_notices.google(request.headers, word=word, channel_id=heard.channel.id)
    _note(workspace_id, heard, notice, deps)
    return Response(status_code=200)


@router.post("/webhooks/graph-calendar/{token}", name="receive_graph_calendar")
def microsoft(
    token: str,
    deps: Deps,
    raw: Annotated[bytes, Depends(_raw)],
    validation_token: Annotated[str | None, Query(alias="validationToken")] = None,
) -> Response:
    """Raises NotFound, Forbidden, Rejected."""
    workspace_id, heard, word = _heard(calendar_notices.GRAPH, token, deps)
    if validation_token is not None:
        # Text, and nothing that a browser would take for more (X-Content-Type-Options stands on every answer).
        return PlainTextResponse(graph.handshake(validation_token))
    _note(workspace_id, heard, calendar_notices.microsoft(raw, word=word, remote_id=heard.channel.remote_id), deps)
    return Response(status_code=202)
