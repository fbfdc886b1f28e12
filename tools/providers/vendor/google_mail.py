"""Gmail's REST API, as one person. https://developers.google.com/gmail/api/reference/rest"""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import SalesOSError
from tools.providers.oauth import AccessTokens, SignedIn, refused_token
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.pace import Limit, Pace

LABEL: Final = "Gmail"
BASE_URL: Final = "https://gmail.googleapis.com"

# Published: 6,000 units a minute and person, of which a mail that is read costs 5 and a list 2 to 5. The rest is left
# to sending (100 units a mail) and to the person's other programs.
READ_LIMITS: Final = (Limit(25, 1.0), Limit(600, 60.0))

READ_SECONDS: Final = 20.0  # without a byte

# Said with 403 or 429. "rateLimitExceeded", "userRateLimitExceeded": slower; "dailyLimitExceeded": the project's day.
LIMIT_REASONS: Final = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "concurrentLimitExceeded"}
)


def reasons_of(body: Any) -> tuple[str, ...]:
    """The machine's words of an error, the most exact first: `errors[].reason`, then `status`."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return ()
    listed = error.get("errors")
    found = [each.get("reason") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return tuple(str(reason) for reason in (*found, error.get("status")) if reason)


def connect(tokens: AccessTokens, wire: Wire, *, seconds: float = 60.0) -> SignedIn:
    """For reading: what it is asked may be repeated, for so many seconds."""

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 403 and LIMIT_REASONS.intersection(reasons_of(reply.body)):
            return Repeat(f"{LABEL} limits how often it is asked.", after=retry_after(reply.headers, wire.clock))
        return refused_token(reply)

    api = VendorApi(
        wire.http,
        label=LABEL,
        base_url=BASE_URL,
        clock=wire.clock,
        pace=Pace(READ_LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        deadline_seconds=seconds,
        read_seconds=min(seconds, READ_SECONDS),
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    return SignedIn(api, tokens)
