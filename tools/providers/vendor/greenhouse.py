"""Greenhouse job boards: public postings of the companies that hire through it.
https://developers.greenhouse.io/job-board.html"""

from typing import Final

from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import VendorApi
from tools.providers.vendor.keyless import keyless
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="greenhouse", label="Greenhouse job boards", docs="https://developers.greenhouse.io/job-board.html"
)

# None is published for reading; ours is a courtesy.
LIMITS: Final = (Limit(10, 1.0),)


def connect(account: Account, wire: Wire) -> VendorApi:
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://boards-api.greenhouse.io/v1",
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=keyless(SPEC.label),
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
