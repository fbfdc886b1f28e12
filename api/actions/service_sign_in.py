"""A person leaves for a service and comes back (OAuth 2.0 code with PKCE): what mailboxes and calendars share.

What is under way stands in a signed cookie of ten minutes, bound to the session and the person: an answer that another
browser, session or workspace began is not taken.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeSerializer

from api.dependencies import Dependencies, Principal
from core.errors import Rejected

SECONDS: Final = 600  # from leaving for the service to coming back
_AGAIN: Final = "Connect it again from its page."


class ConnectFailed(Rejected):
    code = "connect_failed"


@dataclass(frozen=True, slots=True)
class Leaving:
    url: str  # the service's
    cookie: str


@dataclass(frozen=True, slots=True)
class Under:
    """A way that is begun. `salt`: of what it is for; one of mailboxes is none of calendars."""

    salt: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def cookie(self, deps: Dependencies, principal: Principal, what: Mapping[str, Any]) -> str:
        """`what`: what is connected, and as it stands."""
        begun = {
            **what,
            **_who(principal),
            "state": self.state,
            "verifier": self.verifier,
            "at": int(deps.clock.now().timestamp()),
        }
        return str(_serializer(deps, self.salt).dumps(begun))


def begun_here(deps: Dependencies, salt: str, cookie: str) -> Mapping[str, Any]:
    """What this browser began, whoever it was; empty: nothing. For showing what went wrong, and no more."""
    try:
        return dict(_serializer(deps, salt).loads(cookie))
    except BadSignature:
        return {}


def returned(
    deps: Dependencies, principal: Principal, salt: str, cookie: str, answer: Mapping[str, str]
) -> Mapping[str, Any]:
    """What was begun, once it is sure that this session began it. `answer`: the query that the service sent the person
    back with. Raises ConnectFailed."""
    begun = begun_here(deps, salt, cookie)
    if not begun:
        raise ConnectFailed("This browser began no connection, or it was too long ago.", hint=_AGAIN)
    if not 0 <= deps.clock.now().timestamp() - begun["at"] <= SECONDS:
        raise ConnectFailed("Connecting took longer than ten minutes.", hint=_AGAIN)
    if any(begun.get(name) != value for name, value in _who(principal).items()):
        raise ConnectFailed("Another sign-in began this connection.", hint=_AGAIN)
    if not hmac.compare_digest(begun["state"].encode(), answer.get("state", "").encode()):
        raise ConnectFailed("The answer does not belong to what this browser began.", hint=_AGAIN)
    return begun


def code_of(answer: Mapping[str, str]) -> str:
    """Raises ConnectFailed where the person or the service said no."""
    if answer.get("error"):
        denied = answer["error"] in ("access_denied", "consent_required")
        why = "Access was not allowed there." if denied else "The service could not let us in."
        raise ConnectFailed(why, hint="Connect it again, or ask whoever administers the account there.")
    if not answer.get("code"):
        raise ConnectFailed("The service's answer has no code.", hint=_AGAIN)
    return answer["code"]


def _who(principal: Principal) -> dict[str, str]:
    return {
        "session": principal.session_id.hex if principal.session_id else "",
        "actor": principal.actor,
        "workspace": principal.workspace_id.hex,
    }


def _serializer(deps: Dependencies, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(deps.sso_keys)), salt=salt)  # the last one signs
