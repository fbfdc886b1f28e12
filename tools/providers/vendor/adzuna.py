"""Adzuna: job advertisements of many boards in nineteen countries. https://developer.adzuna.com"""

from typing import Final

from core.errors import FixConfiguration, SalesOSError
from tools.providers.vendor.account import Account, Option, VendorSpec, Wire
from tools.providers.vendor.api import Reply, VendorApi
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="adzuna",
    label="Adzuna",
    docs="https://developer.adzuna.com/admin/access_details",
    key_help="application key",
    options=(Option("app_id", "application id, beside the key"),),
)

# https://developer.adzuna.com/docs/terms_of_service, "Default API access limits".
LIMITS: Final = (Limit(25, 60.0), Limit(250, 86_400.0), Limit(1_000, 7 * 86_400.0), Limit(2_500, 30 * 86_400.0))


def connect(account: Account, wire: Wire) -> VendorApi:
    """The vendor takes id and key in the query alone."""

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 410:  # declared, not explained: an interface that is gone
            return FixConfiguration(f"{SPEC.label} no longer offers this search (410).", hint="Switch it off.")
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.adzuna.com/v1/api",
        params={"app_id": account.options.get("app_id", ""), "app_key": account.key},
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
