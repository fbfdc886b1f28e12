"""The control API of this very process, without a network: so that a command does the same here and on a server."""

from typing import Any

import httpx2
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from api.dependencies import WITHIN, Principal
from api.permissions import Permission


class Within(httpx2.BaseTransport):
    """Asks `app` as `principal`. One request at a time, each read whole."""

    def __init__(self, app: FastAPI, principal: Principal) -> None:
        async def asked(scope: Any, receive: Any, send: Any) -> None:
            scope[WITHIN] = principal
            await app(scope, receive, send)

        self._transport = httpx2.ASGITransport(app=asked)
        # A thread of its own: whoever calls may have a loop of theirs running.
        self._opening = start_blocking_portal()
        self._portal = self._opening.__enter__()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        inner = httpx2.Request(request.method, request.url, headers=request.headers, content=body)
        answer = await self._transport.handle_async_request(inner)
        content = await answer.aread()
        await answer.aclose()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=content, request=request)

    def close(self) -> None:
        self._opening.__exit__(None, None, None)


def everything(workspace_id: Any, actor: str) -> Principal:
    """Whoever holds the database and its keys may do all of it anyway."""
    return Principal(workspace_id, actor, actor, frozenset(Permission))
