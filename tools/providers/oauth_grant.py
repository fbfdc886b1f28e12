"""How a person lets us into their mail: OAuth 2.0 authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700).

    url = begin(GOOGLE_SIGN_IN, client, wants_to_send=True, …)      # the person goes there and comes back with a code
    granted = redeem(GOOGLE_SIGN_IN, client, wire, code=…, verifier=…, redirect_uri=…, wanted=scopes)

The rights that are asked for are the least that sending, looking up and reading need; what a person unticks is noticed.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from core.errors import FixConfiguration, Rejected, RetryAt, SalesOSError
from tools.providers.oauth import OAuthClient
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Repeat, Reply, VendorApi
from tools.providers.vendor.pace import Pace

_SECONDS: Final = 15.0
_GMAIL_SEND: Final = "https://www.googleapis.com/auth/gmail.send"
_GMAIL_READ: Final = "https://www.googleapis.com/auth/gmail.readonly"
_GRAPH: Final = "https://graph.microsoft.com/"


class NotGranted(Rejected):
    code = "not_granted"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A service's door for people."""

    label: str
    authorize_url: Callable[[str], str]  # of a tenant
    scopes: Callable[[bool], Sequence[str]]  # (also to send) → the least that is needed
    extra: Mapping[str, str]  # what makes it give a refresh token, and ask which account


def _google_scopes(sends: bool) -> Sequence[str]:
    # Reading is also what a mail whose answer was lost is looked up with.
    return (_GMAIL_SEND, _GMAIL_READ) if sends else (_GMAIL_READ,)


def _microsoft_scopes(sends: bool) -> Sequence[str]:
    # ReadWrite: a mail is first a draft. User.Read: whose account it is. offline_access: the refresh token.
    rights = ("Mail.Send", "Mail.ReadWrite") if sends else ("Mail.Read",)
    return ("offline_access", *(f"{_GRAPH}{right}" for right in (*rights, "User.Read")))


GOOGLE_SIGN_IN: Final = SignIn(
    "Google",
    lambda _tenant: "https://accounts.google.com/o/oauth2/v2/auth",
    _google_scopes,
    {"access_type": "offline", "prompt": "consent"},  # Google gives a refresh token with the first consent only
)
MICROSOFT_SIGN_IN: Final = SignIn(
    "Microsoft",
    lambda tenant: f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    _microsoft_scopes,
    {"prompt": "select_account", "response_mode": "query"},
)


@dataclass(frozen=True, slots=True)
class Granted:
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)


class _Answer(BaseModel):
    access_token: str = Field(min_length=1)
    refresh_token: str = ""
    scope: str = ""


def begin(
    door: SignIn,
    client: OAuthClient,
    *,
    sends: bool,
    tenant: str,
    redirect_uri: str,
    state: str,
    verifier: str,
    address: str,
) -> str:
    """Where the person goes. `address`: the account that is meant; "": whichever they choose there."""
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(door.scopes(sends)),
        "state": state,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        **({"login_hint": address} if address else {}),  # without one the service asks which account
        **door.extra,
    }
    return f"{door.authorize_url(tenant)}?{urlencode(query)}"


def redeem(
    door: SignIn, client: OAuthClient, wire: Wire, *, code: str, verifier: str, redirect_uri: str, sends: bool
) -> Granted:
    """Raises NotGranted (a right is missing, the code is spent), FixConfiguration (the application), RetryAt."""
    api = VendorApi(
        wire.http,
        label=client.label,
        base_url=client.token_url,
        clock=wire.clock,
        pace=Pace((), monotonic=wire.monotonic, sleep=wire.sleep),
        classify=_fault_of(client.label),
        deadline_seconds=_SECONDS,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "code_verifier": verifier,
    }
    found = api.post("", form={name: value for name, value in form.items() if value}).read(_Answer)
    if not found.refresh_token:
        raise NotGranted(
            f"{door.label} gave no lasting permission (no refresh token).",
            hint="Connect it once more, and allow access while you are away.",
        )
    held = {_short(scope) for scope in found.scope.split()}
    lacking = [_short(scope) for scope in door.scopes(sends) if scope != "offline_access" and _short(scope) not in held]
    if found.scope and lacking:
        raise NotGranted(
            f"{door.label} let us in without all that is needed: {', '.join(lacking)} is missing.",
            hint="Connect it once more, and leave every box ticked.",
        )
    return Granted(found.refresh_token, found.access_token)


def _short(scope: str) -> str:
    """Microsoft names its scopes with and without the resource."""
    return scope.removeprefix(_GRAPH).lower() if scope.startswith(_GRAPH) or "/" not in scope else scope


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _fault_of(label: str) -> Callable[[Reply], SalesOSError | None]:
    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status < 400:
            return None
        body: Mapping[str, Any] = reply.body if isinstance(reply.body, Mapping) else {}
        code = str(body.get("error", ""))[:60]
        if code == "invalid_grant":
            return NotGranted(f"{label} does not take the code: it was used or is too old.", hint="Connect it again.")
        if code in ("temporarily_unavailable", "server_error", "slow_down"):
            return Repeat(f"{label} gives no permission now ({code}).")
        if reply.status < 500 and reply.status not in (408, 425, 429) and code:
            return FixConfiguration(
                f"{label} refuses the application ({code}).", hint="Check its client id, secret and redirect address."
            )
        return RetryAt(f"{label} gives no permission now ({reply.status}).")

    return classify
