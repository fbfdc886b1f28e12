"""Microsoft Graph's mail, as one person. https://learn.microsoft.com/graph/api/resources/message"""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import SalesOSError
from tools.providers.oauth import AccessTokens, SignedIn, refused_token
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.pace import Limit, Pace

LABEL: Final = "Microsoft 365"
BASE_URL: Final = "https://graph.microsoft.com/v1.0"

# Published per application and mailbox: 10,000 calls in ten minutes, four at once.
READ_LIMITS: Final = (Limit(10, 1.0), Limit(6_000, 600.0))


class SyncLost(SalesOSError):
    """The place where reading stopped is no longer known there."""

    code = "sync_lost"


# 410 resyncRequired; the others are said with 400 or 410 where a delta token is too old or of another store.
_SYNC_LOST = frozenset({"resyncrequired", "syncstatenotfound", "syncstateinvalid", "errorinvalidsyncstatedata"})


def code_of(body: Any) -> str:
    """`error.code`, the machine's word of an error; "" where there is none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return str(error.get("code") or "") if isinstance(error, Mapping) else ""


def connect(tokens: AccessTokens, wire: Wire) -> SignedIn:
    """For reading: what it is asked may be repeated. Raises SyncLost where a delta token is no longer known."""

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 410 or (reply.status == 400 and code_of(reply.body).lower() in _SYNC_LOST):
            return SyncLost(f"{LABEL} no longer knows where reading stopped.")
        return refused_token(reply)

    api = VendorApi(
        wire.http,
        label=LABEL,
        base_url=BASE_URL,
        clock=wire.clock,
        pace=Pace(READ_LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
    return SignedIn(api, tokens)
