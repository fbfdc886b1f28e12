"""GitHub: public organisations and their repositories. https://docs.github.com/en/rest"""

from collections.abc import Mapping
from typing import Final

from core.clock import Clock
from core.errors import SalesOSError
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.web_fetch.guarded import USER_AGENT

SPEC: Final = VendorSpec(name="github", label="GitHub", docs="https://docs.github.com/en/rest")

# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, an hour: 60 without a token, 5,000
# with one, which an account may carry as its key; and 900 points a minute, of which a read costs one.
NAMELESS_LIMITS: Final = (Limit(60, 3_600.0),)
TOKEN_LIMITS: Final = (Limit(900, 60.0), Limit(5_000, 3_600.0))


def connect(account: Account, wire: Wire) -> VendorApi:
    pace = Pace(TOKEN_LIMITS if account.key else NAMELESS_LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status not in (403, 429):
            return None
        after = retry_after(reply.headers, wire.clock)  # secondary limits say it
        if after is None and reply.headers.get("x-ratelimit-remaining") == "0":
            after = until_reset(reply.headers, wire.clock)
        if after is None:
            return None
        pace.hold(after)
        return Repeat(f"{SPEC.label} limits how often it is asked.", after=after)

    headers = {
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        "user-agent": USER_AGENT,  # calls without one are refused
    }
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.github.com",
        headers=headers | ({"authorization": f"Bearer {account.key}"} if account.key else {}),
        clock=wire.clock,
        pace=pace,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def until_reset(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds until the limit starts anew, by x-ratelimit-reset (seconds since 1970); an hour at most."""
    said = headers.get("x-ratelimit-reset", "")
    if not said.isdecimal() or len(said) > 12:
        return None
    return min(max(0.0, int(said) - clock.now().timestamp()), 3_600.0)
