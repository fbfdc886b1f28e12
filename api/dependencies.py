"""What the HTTP edge is given, and who is asking. No session is ever handed out here.

A session that lives as long as a request (through `Depends`) deadlocks once there are more clients than pool
connections; handlers open their own, briefly, and so does `caller`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from agents.context import AgentContext
from api.permissions import Permission
from core.clock import Clock
from core.errors import Forbidden, Rejected
from core.ids import Ids
from core.settings import Settings
from store.session import Database
from tools.calendar.booking import BookingTokens
from tools.mail.unsubscribe import UnsubscribeTokens


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
    resolve_unknown: ResolveUnknown | None = None  # None: this process has no workers' room; the route says so


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

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises Forbidden."""
        if permission not in self.permissions:
            raise Forbidden(
                f"{self.name} may not do this: it needs the right “{permission.value}”.",
                hint="An admin can give another role, or a key with that scope.",
            )


def dependencies(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


Deps = Annotated[Dependencies, Depends(dependencies)]

_bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`sk_…`, from `salesos api-key create`.")


def caller(deps: Deps, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Principal:
    """The API key's principal. Raises Unauthenticated. Reads need the scope `read`: every route asks for it here."""
    from api.keys import authenticate  # the look-up needs the types above

    if credentials is None:
        raise Unauthenticated(
            "No API key was sent.", hint="Send `Authorization: Bearer sk_…`; `salesos api-key create` makes one."
        )
    principal = authenticate(deps.database, deps.clock, credentials.credentials)
    principal.require(Permission.READ)
    return principal


Caller = Annotated[Principal, Depends(caller)]
