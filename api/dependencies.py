"""What the HTTP edge is given, and who is asking. No session is ever handed out here.

A session that lives as long as a request (through `Depends`) deadlocks once there are more clients than pool
connections; handlers open their own, briefly, and so does `caller`.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from agents.context import AgentContext
from api.identity.oidc_http import OidcHttp
from api.limits_edge import note
from api.permissions import Permission
from core.clock import Clock
from core.errors import Forbidden, Rejected
from core.ids import Ids
from core.settings import Settings
from store.session import Database
from tools.calendar.booking import BookingTokens
from tools.mail.tracking import HitTokens
from tools.mail.unsubscribe import UnsubscribeTokens
from tools.notice_links import NoticeLinks
from tools.webhooks.doors import Doors

if TYPE_CHECKING:
    from api.known_keys import KnownKeys


class ResolveUnknown(Protocol):
    """workers.recovery.resolve_unknown: a person says whether a mail of unknown outcome arrived."""

    def __call__(self, context: AgentContext, outbox_item_id: UUID, *, was_sent: bool, by: str) -> None: ...


@dataclass(frozen=True)
class Dependencies:
    settings: Settings
    database: Database
    clock: Clock
    ids: Ids
    context_for: Callable[[UUID], AgentContext]
    unsubscribe: UnsubscribeTokens
    booking: BookingTokens
    notices: NoticeLinks | None = None  # None: nobody is told from here, so no link leads back
    hits: HitTokens | None = None  # None: links of mails were never led through ours
    resolve_unknown: ResolveUnknown | None = None  # None: this process has no workers' room; the route says so
    # Sign the cookie of a single sign-on that is under way, the current one first. Not given: good for this process.
    sso_keys: tuple[bytes, ...] = field(default_factory=lambda: (secrets.token_bytes(32),))

    @cached_property
    def known_keys(self) -> "KnownKeys":
        from api.known_keys import KnownKeys  # needs the types below

        return KnownKeys(self.database)

    @cached_property
    def oidc(self) -> OidcHttp:
        return OidcHttp(allow_private=self.settings.sso_private)

    @cached_property
    def doors(self) -> Doors:
        return Doors(self.clock)


class Unauthenticated(Rejected):
    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a signed-in person or an API key."""

    workspace_id: UUID
    actor: str  # "user:<id>", "key:<id>": what approvals and the audit chain keep
    name: str
    permissions: frozenset[Permission]
    role: str = ""  # of a person
    user_id: UUID | None = None
    csrf_token: str = ""  # of a person's session
    session_id: UUID | None = None
    time_zone: str = "UTC"  # in which a person reads times
    theme: str = ""  # light, dark; empty: as the person's system says

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises Forbidden."""
        if permission not in self.permissions:
            raise Forbidden(
                f"{self.name} may not do this: it needs the right “{permission.value}”.",
                hint="An admin can give another role, or a key with that scope.",
            )


async def dependencies(request: Request) -> Dependencies:
    """Async, as everything that waits for nothing: a plain function would be sent through the thread pool."""
    found: Dependencies = request.app.state.dependencies
    return found


Deps = Annotated[Dependencies, Depends(dependencies)]

_bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`sk_…`, from `salesos api-key create`.")


# Where a caller within this process (the command line on the machine itself) says who it is. Nothing that comes over a
# network can set it: it is no header.
WITHIN = "salesos.principal"


def caller_of(deps: Dependencies, request: Request) -> Principal:
    """The principal of the API key that was sent. Raises Unauthenticated, Forbidden (a key without `read`)."""
    from api.keys import authenticate  # the look-up needs the types above

    if (known := _known(deps, request)) is not None:
        return known
    credentials = _credentials(request)
    if not credentials:
        raise Unauthenticated(
            "No API key was sent.", hint="Send `Authorization: Bearer sk_…`; `salesos api-key create` makes one."
        )
    return _noted(request, authenticate(deps.database, deps.clock, credentials, deps.known_keys))


def _known(deps: Dependencies, request: Request) -> Principal | None:
    """Who asks, where nothing needs to be looked up. Raises Forbidden."""
    within = request.scope.get(WITHIN)
    if isinstance(within, Principal):
        return within
    found = deps.known_keys.get(_credentials(request), deps.clock.now())
    return _noted(request, found) if found is not None else None


def _credentials(request: Request) -> str:
    """Empty: no key was sent."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else ""


def _noted(request: Request, principal: Principal) -> Principal:
    note(request.scope, principal.workspace_id, principal.actor)
    principal.require(Permission.READ)
    return principal


async def caller(
    request: Request, deps: Deps, _described: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The API key's principal. Raises Unauthenticated. Reads need the scope `read`: every route asks for it here."""
    known = _known(deps, request)
    return known if known is not None else await run_in_threadpool(caller_of, deps, request)


Caller = Annotated[Principal, Depends(caller)]
