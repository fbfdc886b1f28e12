"""NewsAPI: headlines of many publishers by words and dates. https://newsapi.org/docs"""

from typing import Final

from core.errors import FixConfiguration, Rejected, SalesOSError
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Repeat, Reply, VendorApi, retry_after, said_by
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(name="newsapi", label="NewsAPI", docs="https://newsapi.org/account", key_help="API key")

# None is published but the day's quota of a plan, which the vendor counts; ours is a courtesy.
LIMITS: Final = (Limit(5, 1.0),)

_KEY = frozenset({"apiKeyDisabled", "apiKeyInvalid", "apiKeyMissing"})


class PastTheEnd(Rejected):
    """The plan shows no more results of this question than were read."""

    code = "past_the_end"


def connect(account: Account, wire: Wire) -> VendorApi:
    pace = Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)

    def classify(reply: Reply) -> SalesOSError | None:
        body = reply.body if isinstance(reply.body, dict) else {}
        if body.get("status") != "error":
            return None
        code, said = body.get("code"), said_by(body)
        if code == "maximumResultsReached":
            return PastTheEnd(f"{SPEC.label} shows no more of it{said}.")
        if code == "apiKeyExhausted":
            return OutOfCredits(f"{SPEC.label} has used up its requests{said}.")
        if code in _KEY or reply.status == 426:
            return FixConfiguration(f"{SPEC.label} refuses the key or what its plan covers{said}.")
        if code == "rateLimited" and reply.status < 400:
            after = retry_after(reply.headers, wire.clock)
            return Repeat(f"{SPEC.label} limits how often it is asked.", after=after)
        return Rejected(f"{SPEC.label} refuses the call{said}.") if reply.status < 400 else None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://newsapi.org/v2",
        headers={"x-api-key": account.key},
        clock=wire.clock,
        pace=pace,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
