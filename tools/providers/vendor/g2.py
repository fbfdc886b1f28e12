"""G2: which companies looked at a product of ours, its prices and its rivals. https://data.g2.com/api/v2/docs"""

from typing import Final
from urllib.parse import quote

from core.errors import FixConfiguration, SalesOSError
from tools.providers.vendor.account import Account, Option, VendorSpec, Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="g2",
    label="G2",
    docs="https://my.g2.com/developers",
    key_help="account API token with buyer_intent.read",
    options=(
        Option("product_id", "id of your own product at G2, of which buyer intent is asked"),
        Option("sandbox", "yes: try it with data of half a year ago and older", needed=False),
    ),
)

# Published: 100 a second from one address; over it the address is blocked for a while.
LIMITS: Final = (Limit(50, 1.0),)


def connect(account: Account, wire: Wire) -> VendorApi:
    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 404:
            return FixConfiguration(f"{SPEC.label} does not know the product.", hint="Set its option product_id again.")
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://data.g2.com",
        headers={"authorization": f"Bearer {account.key}", "accept": "application/vnd.api+json, application/json"},
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def buyer_intent_path(account: Account) -> str:
    """The sandbox answers the same question in the same way."""
    product = quote(account.options.get("product_id", ""), safe="")
    sandbox = account.options.get("sandbox", "").strip().lower() in ("yes", "true", "1")
    return f"/api/{'sandbox' if sandbox else 'v2'}/products/{product}/buyer_intent"
