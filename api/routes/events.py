"""What happened: by cursor, and as a stream (server-sent events). Webhooks bring the same to an address."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from api import streams
from api.control_route import ControlRoute
from api.dependencies import Caller, Dependencies, Deps, Principal, caller_of
from api.paging import Limit
from api.views import events as views
from core.errors import SalesOSError
from store import feed

router = APIRouter(route_class=ControlRoute, tags=["events"])

HEARTBEAT = 15.0  # seconds: below the idle time-outs of proxies; the key is asked anew with each
_BATCH = 200
_RETRY_MS = 2_000  # after which a browser connects again

Types = Annotated[
    list[str] | None,
    Query(alias="type", max_length=60, description="Only these types; again for more. GET /event-types lists them."),
]


@router.get("/events", summary="What happened, oldest first")
def list_events(
    deps: Deps,
    caller: Caller,
    types: Types = None,
    subject_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Annotated[
        str | None,
        Query(pattern=r"^\d{1,15}$", description="`next` of the page before, or the last seq that you know."),
    ] = None,
) -> views.EventPage:
    wanted = views.known_types(types or [])
    with deps.database.read(caller.workspace_id) as session:
        return views.events(session, after=int(cursor or 0), limit=limit, types=wanted, subject_id=subject_id)


@router.get("/event-types", summary="The types of events, and the shape of each one's data")
def list_event_types(caller: Caller) -> list[views.EventType]:
    return views.event_types()


@router.get(
    "/events/stream",
    summary="What happens, as it happens (server-sent events)",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request,
    deps: Deps,
    caller: Caller,
    types: Types = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="A seq; without it: from now on.")] = None,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^\d{1,15}$", description="As browsers send it; counts more than `after`.")
    ] = None,
) -> StreamingResponse:
    """Each event is `id: <seq>`, `event: <type>`, `data: <JSON as in the list>`. Nothing is missed or doubled when
    a broken connection is taken up again with the last id. A comment comes every 15 seconds. 429 where a key has five
    streams already."""
    wanted = views.known_types(types or [])
    open_streams: streams.Streams = request.app.state.streams
    start = int(last_event_id) if last_event_id else after
    if start is None:
        start = await run_in_threadpool(_newest, deps, caller)
    open_streams.enter(caller.actor)
    return _EventStream(_lines(request, deps, caller, open_streams, start, wanted), open_streams, caller.actor)


class _EventStream(StreamingResponse):
    """Gives its place back however it ends, also where nobody ever read a line of it."""

    def __init__(self, lines: AsyncIterator[bytes], open_streams: streams.Streams, actor: str) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(lines, media_type="text/event-stream", headers=headers)
        self._streams, self._actor = open_streams, actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._actor)


async def _lines(
    request: Request,
    deps: Dependencies,
    caller: Principal,
    open_streams: streams.Streams,
    seq: int,
    types: Sequence[str],
) -> AsyncIterator[bytes]:
    yield format_sse_event(comment="The feed of one workspace.", retry=_RETRY_MS)
    asked = time.monotonic()
    with open_streams.listening(caller.workspace_id) as head:
        while True:
            rows, seq = await run_in_threadpool(_next, deps, caller, seq, types)
            for row in rows:
                yield format_sse_event(data_str=orjson.dumps(row).decode(), event=row["type"], id=str(row["seq"]))
            if len(rows) < _BATCH:
                await streams.moved_beyond(head, seq, HEARTBEAT)
            if time.monotonic() - asked >= HEARTBEAT:
                try:  # a key that was revoked, or ran out, hears no more
                    await run_in_threadpool(caller_of, deps, request)
                except SalesOSError:
                    return
                asked = time.monotonic()
                yield format_sse_event(comment="still here")


def _next(deps: Dependencies, caller: Principal, seq: int, types: Sequence[str]) -> tuple[list[dict[str, Any]], int]:
    """The next events, and the seq up to which there is nothing more: both from one consistent view."""
    with deps.database.read(caller.workspace_id) as session:
        rows = feed.after(session, seq, _BATCH, kinds=types)
        upto = rows[-1].seq if len(rows) == _BATCH else max(seq, feed.newest(session))
        return [feed.told(row) for row in rows], upto


def _newest(deps: Dependencies, caller: Principal) -> int:
    with deps.database.read(caller.workspace_id) as session:
        return feed.newest(session)
