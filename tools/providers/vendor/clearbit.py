"""Clearbit, now HubSpot's Breeze Intelligence: what is known of a domain's company. https://clearbit.com/docs

Its interface answers the keys that exist; new ones are no longer given. HubSpot publishes none of its own in its place.
"""

from typing import Final

from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import VendorApi
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="clearbit",
    label="Clearbit (HubSpot Breeze)",
    docs="https://dashboard.clearbit.com/api",
    key_help="secret key of an existing Clearbit account",
    credit="a credit a company that is found",
)

# Published per account: 600 a minute. No Retry-After comes with a 429.
LIMITS: Final = (Limit(600, 60.0),)

HOST: Final = "https://company.clearbit.com"
STREAM_HOST: Final = "https://company-stream.clearbit.com"  # the same question, answered once it has been looked up
STREAM_SECONDS: Final = 60.0  # for which it may keep us waiting


def connect(account: Account, wire: Wire) -> VendorApi:
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url=HOST,
        headers={"authorization": f"Bearer {account.key}"},
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        deadline_seconds=STREAM_SECONDS + 30.0,
        read_seconds=STREAM_SECONDS + 5.0,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
