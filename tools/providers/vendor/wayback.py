"""The Wayback Machine's index of captures. https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server

There is no description of it beyond that document. What is assumed from it: `output=json` gives an array of arrays,
the first of them the names of the fields asked for with `fl`; no capture gives an empty array; a capture's time is
fourteen digits of UTC; `collapse=digest` leaves the first of captures in a row that are byte for byte the same.
"""

from typing import Final

from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import VendorApi
from tools.providers.vendor.keyless import keyless
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(name="wayback", label="Wayback Machine", docs="https://archive.org/help/wayback_api.php")

# None is published. Who goes on after 429 is shut out for an hour; the maintainers of the client "wayback" were told
# 60 a minute in 2023 (its issue 153) and keep to 24 since 2026 (its release 0.5.1).
# That many evenly, not at once.
LIMITS: Final = (Limit(2, 5.0),)

ARCHIVE = "https://web.archive.org/web"


def connect(account: Account, wire: Wire) -> VendorApi:
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://web.archive.org",
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=keyless(SPEC.label),
        typed_as_text=True,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
