"""Where requests are counted: plain ASGI in front of everything that answers, so that the read cache's answers count.

Three things are counted. The address, before anything is known of who asks. Then who asks: the key or the person, and
their workspace. That is known only by authentication, which happens further in (`note`), so a credential's hash is
remembered with whom it turned out to be of. Credentials that nobody has are never remembered and never counted against
the workspace that they name: inventing keys costs this server no memory and that workspace nothing.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import (
    ADDRESS,
    BOOKING,
    INBOUND,
    KEY,
    OPT_OUT,
    SIGN_IN,
    UNKNOWN,
    USER,
    WORKSPACE,
    Budget,
    Limits,
    TooMany,
)
from core.errors import FixConfiguration
from tools.webhooks.calendar_notices import PATHS
from tools.webhooks.doors import SUBSCRIBED, VENDORS

Network = IPv4Network | IPv6Network

_ASKER: Final = "salesos.asker"
_MOST_KNOWN: Final = 20_000  # credentials; some 6 MB
_SESSION: Final = re.compile(rb"(?:^|;\s*)((?:__Host-)?salesos=[^;]+)")
# Trying passwords, codes and links of invitations; and starting single sign-on, which makes this server ask another.
_SIGNING_IN: Final = ("/sign-in", "/invitation/")
_OF_STRANGERS: Final = {"/u/": OPT_OUT, "/b/": BOOKING, "/m/": BOOKING}
_OF_VENDORS: Final = (*(f"/webhooks/{vendor}/" for vendor in (*VENDORS, *SUBSCRIBED)), *PATHS.values())


@dataclass(slots=True)
class _Asker:
    """Filled in where a request is authenticated."""

    workspace: str = ""
    actor: str = ""  # "key:<id>", "user:<id>"


def note(scope: Scope, workspace: object, actor: str) -> None:
    """Called by whoever authenticates a request, further in."""
    asker = scope.get(_ASKER)
    if isinstance(asker, _Asker):
        asker.workspace, asker.actor = str(workspace), actor


class RateLimits:
    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        refuse: Callable[[Request, TooMany], Response],
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._app = app
        self._limits = limits
        self._refuse = refuse
        self._trusted = trusted_proxies
        self._known: OrderedDict[bytes, _Asker] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        credential, forwarded = _headers(scope)
        address = address_of(scope, forwarded, self._trusted)
        known = self._known.get(credential) if credential else None
        try:
            shown = await self._count(scope, address, credential, known)
        except TooMany as error:
            await self._refuse(Request(scope), error)(scope, receive, send)
            return
        asker = scope[_ASKER] = _Asker()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if shown:  # a new message: the read cache keeps and sends its own again
                    message = {**message, "headers": [*message["headers"], *shown]}
            await send(message)

        await self._app(scope, receive, send_on)
        if not credential:
            return
        if asker.actor:
            await self._remember(credential, asker, counted=known is not None)
        elif status == 401:
            self._known.pop(credential, None)
            if known is None:
                await self._limits.hit(UNKNOWN, address)

    async def _count(
        self, scope: Scope, address: str, credential: bytes, known: _Asker | None
    ) -> list[tuple[bytes, bytes]]:
        """The headers that say what is left, for programs. Raises TooMany."""
        path = scope["path"]
        own = INBOUND if path.startswith(_OF_VENDORS) else _OF_STRANGERS.get(path[:3])
        if own is not None:
            await self._take(own, address)
            return []
        await self._take(ADDRESS, address)
        if path.startswith(_SIGNING_IN) and (scope["method"] == "POST" or path.startswith("/sign-in/")):
            await self._take(SIGN_IN, address)
        if known is None:
            if credential and not await self._limits.has_room(UNKNOWN, address):
                raise await self._limits.too_many(UNKNOWN, address)
            return []
        own = _own(known)
        await self._take(own, known.actor)
        await self._take(WORKSPACE, known.workspace)
        if not path.startswith("/api/"):
            return []
        fields, _ = await self._limits.fields(own, known.actor)
        return [(name.lower().encode(), value.encode()) for name, value in fields.items()]

    async def _take(self, budget: Budget, who: str) -> None:
        if not await self._limits.hit(budget, who):
            raise await self._limits.too_many(budget, who)

    async def _remember(self, credential: bytes, asker: _Asker, *, counted: bool) -> None:
        self._known[credential] = asker
        self._known.move_to_end(credential)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        if not counted:  # the first request of a credential is counted when it is over
            await self._limits.hit(_own(asker), asker.actor)
            await self._limits.hit(WORKSPACE, asker.workspace)


def networks(text: str) -> tuple[Network, ...]:
    """Of "10.0.0.0/8, 192.0.2.7". Raises FixConfiguration."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise FixConfiguration(
            f"SALESOS_TRUSTED_PROXIES has something that is no address or network: {error}.",
            hint="Write them with commas: 10.0.0.0/8, 192.0.2.7",
        ) from error


def address_of(scope: Scope, forwarded: Sequence[bytes], trusted: Sequence[Network]) -> str:
    """Whom the request comes from: the last address that no proxy of ours added.

    IPv6 addresses count by their /64: that is what one customer of a provider gets, with 2⁶⁴ addresses to choose from.
    """
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if trusted and forwarded and _is_of(peer, trusted):
        for hop in reversed(b",".join(forwarded).decode("latin-1").split(",")):
            peer = _bare(hop) or peer
            if not _is_of(peer, trusted):
                break
    return _counted(peer)


def _counted(peer: str) -> str:
    if ":" not in peer:
        return peer[:64]
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[:64]
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped) if mapped else str(ip_network((int(address) >> 64 << 64, 64)).network_address)


def _bare(hop: str) -> str:
    """The address of one hop, which some proxies write with a port; empty where it is none."""
    hop = hop.strip()
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return ""


def _is_of(peer: str, trusted: Sequence[Network]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in trusted)


def _own(asker: _Asker) -> Budget:
    return KEY if asker.actor.startswith("key:") else USER


def _headers(scope: Scope) -> tuple[bytes, list[bytes]]:
    """(a hash of the credential that was sent, or nothing; the values of X-Forwarded-For in order)."""
    credential = cookie = b""
    forwarded = []
    for name, value in scope["headers"]:
        if name == b"authorization":
            credential = value
        elif name == b"cookie":
            cookie = value
        elif name == b"x-forwarded-for":
            forwarded.append(value)
    if not credential and cookie and (found := _SESSION.search(cookie)):
        credential = found[1]
    return sha256(credential).digest() if credential else b"", forwarded
