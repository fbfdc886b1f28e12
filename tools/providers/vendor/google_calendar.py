"""Google Calendar's REST API, as one person. https://developers.google.com/workspace/calendar/api/v3/reference"""

from typing import Final

from core.errors import SalesOSError
from tools.providers.oauth import AccessTokens, SignedIn, refused_token
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.google_mail import LIMIT_REASONS, reasons_of
from tools.providers.vendor.pace import Limit, Pace

LABEL: Final = "Google Calendar"
BASE_URL: Final = "https://www.googleapis.com/calendar/v3"

# Published: 600 calls a minute and person; the rest is left to the person's other programs.
LIMITS: Final = (Limit(10, 1.0), Limit(300, 60.0))


class Gone(SalesOSError):
    """410: a sync token that is too old, or an event that was deleted."""

    code = "gone"


def is_limit(status: int, body: object) -> bool:
    """Limits are said with 429, and with 403 and a reason; the latter also says "forbidden"."""
    return status == 429 or (status == 403 and bool(LIMIT_REASONS.intersection(reasons_of(body))))


def connect(tokens: AccessTokens, wire: Wire, pace: Pace, *, seconds: float = 40.0) -> SignedIn:
    """For reading: what it is asked may be repeated, for so many seconds. Raises Gone."""

    def classify(reply: Reply) -> SalesOSError | None:
        if is_limit(reply.status, reply.body):
            return Repeat(f"{LABEL} limits how often it is asked.", after=retry_after(reply.headers, wire.clock))
        if reply.status == 410:
            return Gone(f"{LABEL} no longer has it.")
        return refused_token(reply)

    api = VendorApi(
        wire.http,
        label=LABEL,
        base_url=BASE_URL,
        clock=wire.clock,
        pace=pace,
        classify=classify,
        deadline_seconds=seconds,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    return SignedIn(api, tokens)


def pace_of(wire: Wire) -> Pace:
    """One an account, for what is read and what is written."""
    return Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)
