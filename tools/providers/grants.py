"""What mailboxes and calendars at services outside share: one object a connection, the application that asks, and a
refresh token that is kept where every process finds it.

A connection has a number: what is made here is of one number, and what an old one hears (that it is dead, that its
token was replaced) changes nothing of a newer one. The callers' queries see to that.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from core.errors import FixConfiguration, RetryAt
from core.settings import Settings
from store.session import Database
from tools.providers import oauth
from tools.providers.oauth import AccessTokens, OAuthClient
from tools.providers.vendor.account import Wire

T = TypeVar("T")
_GOOGLE: Final = "Google"
_MICROSOFT: Final = "Microsoft"


class OncePerConnection:
    """One object a key, process and number; of an older number nothing new is made. Safe to share between threads."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, number: int, make: Callable[[], T]) -> T:
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept[0] >= number:
            found: T = kept[1]
            return found
        made = make()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] < number:
                self._kept[key] = kept = (number, made)
        first: T = kept[1]
        return first


def google_client(settings: Settings, *, client_id: str, secret: str, hint: str = "") -> OAuthClient:
    """The application named here, else the one of the settings. `hint`: another way, where there is one. Raises
    FixConfiguration where there is none."""
    if not client_id:
        client_id, secret = settings.google_client_id, settings.google_client_secret.get_secret_value()
    return oauth.google(_registered(_GOOGLE, client_id, hint), secret)


def microsoft_client(settings: Settings, *, client_id: str, secret: str, tenant: str, hint: str = "") -> OAuthClient:
    """As `google_client`."""
    if not client_id:
        client_id, secret = settings.microsoft_client_id, settings.microsoft_client_secret.get_secret_value()
    return oauth.microsoft(_registered(_MICROSOFT, client_id, hint), secret, tenant)


def _registered(label: str, client_id: str, hint: str) -> str:
    if not client_id:
        name = label.upper()
        raise FixConfiguration(
            f"No application is registered with {label}, so nobody can be asked to let us in.",
            hint=f"Set SALESOS_{name}_CLIENT_ID and SALESOS_{name}_CLIENT_SECRET{hint}.",
        )
    return client_id


def kept_tokens(
    database: Database,
    workspace_id: UUID,
    client: OAuthClient,
    refresh_token: str,
    wire: Wire,
    *,
    close: Callable[[Session, str], object],
    rotate: Callable[[Session, str], object],
    newest: Callable[[Session], str],
) -> AccessTokens:
    """`close`: the grant is dead, in these words. `rotate`: the service gave another refresh token. `newest`: the one
    that is kept now; "": not of this connection. Each in a transaction of its own."""

    def on_dead(said: str) -> None:
        with database.write(workspace_id) as session:
            close(session, said)

    def on_rotated(token: str) -> None:
        try:
            with database.write(workspace_id) as session:
                rotate(session, token)
        except SQLAlchemyError:  # the token that is kept still serves: services let both live for a while
            raise RetryAt("A new refresh token could not be kept now; it is asked for again.") from None

    def kept_now() -> str:
        with database.read(workspace_id) as session:
            return newest(session)

    return AccessTokens(client, refresh_token, wire, on_dead=on_dead, on_rotated=on_rotated, newest=kept_now)
