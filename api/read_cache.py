"""The same read by the same key within two seconds is answered from memory: many clients watch the same lists.

Kept are whole answers of GETs under /api/v1, by key, path and query: nobody ever gets what was made for another key.
An answer is good while its two seconds last and this process wrote to none of the tables that it was made of since
(store.touched: those of the key and its person are among them), so a client sees its own writes at once, and a revoked
key ends at once; what another process wrote is seen two seconds later. Requests for what is being made at this moment
wait for it instead of making it again.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.keys import split
from store.session import Database
from store.touched import Reading, reading

SECONDS: Final = 2.0  # what another process wrote may be seen so much later; our own writes are seen at once
_MOST: Final = 2_000  # answers
_LARGEST: Final = 200_000  # bytes of one
_ALL: Final = 64_000_000  # bytes of all together
_PREFIX: Final = "/api/v1/"
_STREAMS: Final = frozenset({"/api/v1/events/stream"})  # never over: whoever waited for one would wait for ever


@dataclass(slots=True)
class _Kept:
    workspace_id: UUID
    version: int  # of the store, before anything was read
    tables: frozenset[str]
    until: float
    messages: list[Message]
    size: int


class ReadCache:
    """Plain ASGI, in front of routing: an answer from memory costs no thread, no session and no serialisation."""

    def __init__(self, app: ASGIApp, *, database: Database) -> None:
        self._app = app
        self._database = database
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = 0
        self._making: dict[bytes, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        if asked is None:
            await self._app(scope, receive, send)
            return
        place, workspace_id = asked
        # Twice: what was begun before a write is out of date when it comes, and one of those who waited makes the next.
        # Not for ever: an answer that is too large to be kept would be made for one after the other.
        for _ in range(2):
            if (kept := self._good(place)) is not None or (making := self._making.get(place)) is None:
                break
            await making.wait()
        if (kept := self._good(place)) is not None:
            for message in kept.messages:
                await send(message)
            return
        await self._make(place, workspace_id, scope, receive, send)

    def _good(self, place: bytes) -> _Kept | None:
        kept = self._kept.get(place)
        if kept is None or time.monotonic() >= kept.until:
            return None
        return kept if self._database.unchanged_since(kept.version, kept.workspace_id, kept.tables) else None

    async def _make(self, place: bytes, workspace_id: UUID, scope: Scope, receive: Receive, send: Send) -> None:
        version = self._database.version()
        making = self._making[place] = asyncio.Event()
        messages: list[Message] = []
        keepable, size = True, 0

        async def record(message: Message) -> None:
            nonlocal keepable, size
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                keepable = message["status"] == 200 and headers.get(b"content-type") == b"application/json"
            else:
                size += len(message.get("body", b""))
            if keepable and size <= _LARGEST:
                messages.append(message)
            await send(message)

        found = Reading()
        token = reading.set(found)
        try:
            await self._app(scope, receive, record)
            # What was asked of no table rests on something else, and nobody would say when that changes.
            if keepable and size <= _LARGEST and found.tables:
                # Of the moment it was read: it may have waited for its turn before.
                until = min(found.since + SECONDS, found.until)
                self._keep(place, _Kept(workspace_id, version, frozenset(found.tables), until, messages, size))
        finally:
            reading.reset(token)
            if self._making.get(place) is making:
                del self._making[place]
            making.set()

    def _keep(self, place: bytes, kept: _Kept) -> None:
        if (old := self._kept.pop(place, None)) is not None:
            self._size -= old.size
        self._kept[place] = kept
        self._size += kept.size
        while len(self._kept) > _MOST or self._size > _ALL:
            self._size -= self._kept.popitem(last=False)[1].size


def _asked(scope: Scope) -> tuple[bytes, UUID] | None:
    """What this request asks for, and of which workspace; None where it is no read with a key."""
    if (
        scope["type"] != "http"
        or scope["method"] != "GET"
        or not scope["path"].startswith(_PREFIX)
        or scope["path"] in _STREAMS
    ):
        return None
    authorization = conditions = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value
        elif name in (b"if-none-match", b"accept", b"last-event-id", b"range"):
            conditions += name + b"\0" + value + b"\0"
    if not authorization.startswith(b"Bearer sk_"):
        return None
    workspace_id, _ = split(authorization[len(b"Bearer sk_") :].decode("latin-1"), "_")
    if workspace_id is None:
        return None
    place = b"\0".join(
        (authorization, scope.get("raw_path") or scope["path"].encode(), scope["query_string"], conditions)
    )
    return sha256(place).digest(), workspace_id
