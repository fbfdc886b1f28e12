"""Zoom's REST API as an application of an account. https://developers.zoom.us/docs/internal-apps/s2s-oauth/"""

import base64
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from core.errors import FixConfiguration, SalesOSError
from tools.providers.oauth import SignedIn, refused_token
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.pace import Limit, Pace

LABEL: Final = "Zoom"
BASE_URL: Final = "https://api.zoom.us/v2"
_TOKEN_URL: Final = "https://zoom.us/oauth/token"  # noqa: S105 - a place, not a token

# Published a second and account: 4 light, 2 medium calls for free accounts, tens for paid ones. The smallest.
LIMITS: Final = (Limit(2, 1.0),)
_EARLY: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ZoomApp:
    """A server-to-server application as Zoom's marketplace shows it."""

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)


class _Granted(BaseModel):
    access_token: str = Field(min_length=1)
    expires_in: float = 3600.0


class ZoomTokens:
    """Thread-safe. An hour each; there are no refresh tokens, and asking again does not end the one before."""

    def __init__(self, app: ZoomApp, wire: Wire) -> None:
        pair = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
        query = urlencode({"grant_type": "account_credentials", "account_id": app.account_id})
        self._clock = wire.clock
        self._lock = threading.Lock()
        self._token = ""
        self._until: datetime | None = None
        self._api = VendorApi(
            wire.http,
            label=LABEL,
            base_url=f"{_TOKEN_URL}?{query}",
            clock=wire.clock,
            pace=Pace((), monotonic=wire.monotonic, sleep=wire.sleep),
            headers={"authorization": f"Basic {pair}"},
            classify=_fault_of,
            deadline_seconds=20.0,
            sleep=wire.sleep,
            monotonic=wire.monotonic,
        )

    def token(self) -> str:
        """Raises FixConfiguration (the application), RetryAt."""
        with self._lock:
            now = self._clock.now()
            if not self._token or self._until is None or now >= self._until:
                granted = self._api.post("").read(_Granted)
                lives = timedelta(seconds=max(0.0, granted.expires_in))
                self._token, self._until = granted.access_token, now + max(lives - _EARLY, lives / 2)
            return self._token

    def refused(self, token: str) -> None:
        with self._lock:
            if token == self._token:
                self._token = ""


def _fault_of(reply: Reply) -> SalesOSError | None:
    if reply.status in (400, 401):
        return FixConfiguration(
            f"{LABEL} refuses the application ({reply.status}).",
            hint="Check its account id, client id and secret, and that it is activated.",
        )
    return None


def connect(tokens: ZoomTokens, wire: Wire, pace: Pace) -> SignedIn:
    """For what may be repeated."""
    api = VendorApi(
        wire.http,
        label=LABEL,
        base_url=BASE_URL,
        clock=wire.clock,
        pace=pace,
        classify=refused_token,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    return SignedIn(api, tokens)
