"""Access tokens by the refresh-token grant (RFC 6749 §6): one refresh at a time, and a dead grant asked for once.

    tokens = AccessTokens(client, refresh_token, wire, on_dead=alert)
    api = SignedIn(connect(wire), tokens)
    api.get("/me/messages")          # with the token that is good now; a token that is refused is replaced once

An account has one `AccessTokens`, shared by its transport and its inbox. Services let several access tokens live side
by side, so that other processes may refresh too.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, Field

from core.errors import FixConfiguration, RetryAt, SalesOSError
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Params, Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.pace import Pace

_EARLY = timedelta(seconds=60)  # a token is left before its end: a call takes time, and clocks differ
_REST = timedelta(seconds=30)  # after a failed refresh nobody asks again for so long
_SECONDS = 20.0
_YOUNG = timedelta(seconds=60)  # a token that is refused so soon was never good
_REFUSED_IN_A_ROW = 6
_LONG_REST = timedelta(minutes=15)  # after so many of them


class DeadGrant(FixConfiguration):
    """The person took the permission back, changed the password, or was away too long: only a new sign-in helps."""

    code = "grant_dead"


class TokenRefused(FixConfiguration):
    """The API does not take this access token. A new one may be taken."""

    code = "token_refused"


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The application as the service knows it."""

    label: str  # the service, as people know it: "Google"
    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)  # empty: a public client
    scope: str = ""  # empty: what was granted


def google(client_id: str, client_secret: str) -> OAuthClient:
    return OAuthClient("Google", "https://oauth2.googleapis.com/token", client_id, client_secret)


def microsoft(client_id: str, client_secret: str, tenant: str = "common") -> OAuthClient:
    url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    return OAuthClient("Microsoft", url, client_id, client_secret)


class _Granted(BaseModel):
    access_token: str = Field(min_length=1)
    token_type: str = "Bearer"  # noqa: S105 - the name of a kind, not a secret
    expires_in: int | None = None  # seconds; RECOMMENDED only
    refresh_token: str | None = None


class AccessTokens:
    """Thread-safe. Raises the same DeadGrant for ever once the service said invalid_grant, without asking again."""

    def __init__(
        self,
        client: OAuthClient,
        refresh_token: str,
        wire: Wire,
        *,
        on_dead: Callable[[str], None] = lambda _: None,
        on_rotated: Callable[[str], None] = lambda _: None,
        newest: Callable[[], str] | None = None,
        given: str = "",
    ) -> None:
        """`on_dead` hears the sentence for people, once. `on_rotated` is given a new refresh token to be kept, where
        the service replaces it; it runs before the access token that came with it is used. `newest`: the refresh
        token as it is kept now, where another process may have replaced it. `given`: an access token that came with
        the refresh token."""
        self._client = client
        self._refresh_token = refresh_token
        self._clock = wire.clock
        self._on_dead = on_dead
        self._on_rotated = on_rotated
        self._newest = newest
        self._lock = threading.Lock()
        self._token = given
        self._until: datetime | None = None  # None: until it is refused
        self._since: datetime | None = None
        self._refused_young = 0  # tokens in a row
        self._fault: SalesOSError | None = None
        self._rest_until: datetime | None = None  # of a passing fault; None: the fault stays
        self._api = VendorApi(
            wire.http,
            label=client.label,
            base_url=client.token_url,
            clock=wire.clock,
            pace=Pace((), monotonic=wire.monotonic, sleep=wire.sleep),
            classify=self._fault_of,
            deadline_seconds=_SECONDS,
            sleep=wire.sleep,
            monotonic=wire.monotonic,
        )

    def token(self) -> str:
        """Good now, as far as the clock tells. Raises DeadGrant, FixConfiguration (the application), RetryAt."""
        with self._lock:  # who comes second finds the token of who came first
            now = self._clock.now()
            if self._token and (self._until is None or now < self._until):
                return self._token
            if self._fault is not None and (self._rest_until is None or now < self._rest_until):
                raise self._fault.with_traceback(None)  # one fault, told many times
            try:
                self._refresh()
            except RetryAt as fault:
                self._fault, self._rest_until = fault, self._clock.now() + _REST
                raise
            except FixConfiguration as fault:
                self._fault, self._rest_until = fault, None
                self._on_dead(str(fault))
                raise
            return self._token

    def refused(self, token: str) -> None:
        """The API would not take it. Forgotten, unless another has come since. Where new ones are refused too, nobody
        asks for a while: a service that gives tokens and does not take them is not asked at every sweep."""
        with self._lock:
            if token != self._token:
                return
            self._token, now = "", self._clock.now()
            young = self._since is not None and now - self._since < _YOUNG
            self._refused_young = self._refused_young + 1 if young else 0
            if self._refused_young >= _REFUSED_IN_A_ROW:
                self._fault = RetryAt(f"{self._client.label} gives tokens that its mail service does not take.")
                self._rest_until, self._refused_young = now + _LONG_REST, 0

    def _refresh(self) -> None:
        if self._newest is not None:
            self._refresh_token = self._newest() or self._refresh_token
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
            "scope": self._client.scope,
        }
        granted = self._api.post("", form={name: value for name, value in form.items() if value}).read(_Granted)
        if granted.token_type.lower() != "bearer":
            raise FixConfiguration(f"{self._client.label} gives a kind of token that is not known here.")
        if granted.refresh_token and granted.refresh_token != self._refresh_token:
            self._on_rotated(granted.refresh_token)
            self._refresh_token = granted.refresh_token
        self._token, self._fault, self._since = granted.access_token, None, self._clock.now()
        if granted.expires_in is None:
            self._until = None
        else:
            lives = timedelta(seconds=max(0, granted.expires_in))
            self._until = self._clock.now() + max(lives - _EARLY, lives / 2)

    def _fault_of(self, reply: Reply) -> SalesOSError | None:
        """RFC 6749 §5.2. Only the code is repeated: descriptions name people and requests."""
        if reply.status < 400:
            return None
        body: Mapping[str, Any] = reply.body if isinstance(reply.body, Mapping) else {}
        code = str(body.get("error", ""))[:60]
        if code in ("invalid_grant", "interaction_required", "consent_required", "login_required"):
            return DeadGrant(
                f"{self._client.label} no longer lets us into this account ({code}).",
                hint="Connect it again on the mailbox's page.",
            )
        if code in ("temporarily_unavailable", "slow_down", "server_error"):
            return Repeat(f"{self._client.label} gives no token now ({code}).", after=self._asked(reply))
        if 400 <= reply.status < 500 and reply.status not in (408, 425, 429) and code:
            return FixConfiguration(
                f"{self._client.label} refuses the application ({code}).",
                hint="Check its client id, secret and permissions.",
            )
        return None

    def _asked(self, reply: Reply) -> float | None:
        return retry_after(reply.headers, self._clock)


class Tokens(Protocol):
    """What a call is signed with, whatever grant it came from."""

    def token(self) -> str: ...

    def refused(self, token: str) -> None: ...


class SignedIn:
    """A vendor's API with a person's token. Its `classify` says `refused_token` for 401."""

    def __init__(self, api: VendorApi, tokens: Tokens) -> None:
        self._api = api
        self._tokens = tokens

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Reply:
        """Only for what may be repeated: a refused token is replaced once, and the call made again."""
        return self._twice("GET", path, params, None, headers)

    def post(self, path: str, *, json: Any) -> Reply:
        """As `get`: what comes to the same however often it is asked."""
        return self._twice("POST", path, (), json, None)

    def patch(self, path: str, *, json: Any) -> Reply:
        """As `post`."""
        return self._twice("PATCH", path, (), json, None)

    def delete(self, path: str) -> Reply:
        """As `post`."""
        return self._twice("DELETE", path, (), None, None)

    def post_once(self, path: str, *, json: Any) -> Reply:
        """What makes something: asked again only where the token was refused, which made nothing."""
        return self._twice("POST", path, (), json, None, repeat=False)

    def _twice(
        self,
        method: str,
        path: str,
        params: Params,
        json: Any,
        headers: Mapping[str, str] | None,
        *,
        repeat: bool = True,
    ) -> Reply:
        try:
            return self._once(method, path, params, json, headers, repeat)
        except TokenRefused:
            return self._once(method, path, params, json, headers, repeat)

    def _once(
        self, method: str, path: str, params: Params, json: Any, headers: Mapping[str, str] | None, repeat: bool
    ) -> Reply:
        token = self._tokens.token()
        signed = {**(headers or {}), "authorization": f"Bearer {token}"}
        try:
            return self._api.call(method, path, params=params, json=json, headers=signed, repeat=repeat)
        except TokenRefused:
            self._tokens.refused(token)
            raise


def refused_token(reply: Reply) -> SalesOSError | None:
    """The part of a `classify` that reads 401."""
    if reply.status != 401:
        return None
    return TokenRefused(f"{reply.label} does not take the token (401).", hint="Connect the account again.")
