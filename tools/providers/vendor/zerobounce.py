"""ZeroBounce: whether mailboxes exist, a hundred a call. https://www.zerobounce.net/docs/email-validation-api-quickstart"""

from typing import Any, Final

from core.errors import FixConfiguration, Rejected, SalesOSError
from tools.providers.vendor.account import Account, Option, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Reply, VendorApi
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="zerobounce",
    label="ZeroBounce",
    docs="https://www.zerobounce.net/members/API",
    key_help="API key",
    options=(Option("region", "us or eu, where the data must stay there; empty: anywhere", needed=False),),
    credit="a credit an address; none where the answer is unknown",
)

# Of the vendor's own packages: one host for all, and two that keep the data in a region.
_HOSTS = {"us": "https://api-us.zerobounce.net/v2", "eu": "https://api-eu.zerobounce.net/v2"}
_HOST = "https://api.zerobounce.net/v2"

# No numbers are confirmed. Ours is a courtesy: 500 addresses a second.
LIMITS: Final = (Limit(5, 1.0),)

BATCH: Final = 100
BATCH_SECONDS: Final = 60  # that the vendor may take over a batch; what it has not done by then, it calls unknown


def connect(account: Account, wire: Wire) -> VendorApi:
    """The key goes in the body of a batch: the vendor takes it nowhere else."""

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 403:  # a page of its firewall; a wrong key is said with status 200
            return FixConfiguration(f"{SPEC.label} turns us away (403).", hint="Its firewall blocks this address.")
        # The sentence is not shown: it may repeat the key.
        said = _whole_call(reply.body).lower()
        if not said:
            return None
        if "credit" in said and "key" not in said:
            return OutOfCredits(f"{SPEC.label} has no credits left.", hint="Buy some, or switch it off.")
        if "key" in said or "credit" in said:
            return FixConfiguration(
                f"{SPEC.label} refuses the key, or has no credits left; it does not say which.",
                hint="Set the key again, or look at the credits.",
            )
        return Rejected(f"{SPEC.label} refuses the call.")

    region = account.options.get("region", "").strip().lower()
    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url=_HOSTS.get(region, _HOST),
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        deadline_seconds=2.0 * BATCH_SECONDS,
        read_seconds=BATCH_SECONDS + 15.0,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )


def _whole_call(body: Any) -> str:
    """What it says of the whole call, with status 200 too; "" where it says nothing of it."""
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("error"), str):
        return body["error"] or "error"
    errors = body.get("errors")
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, dict) and str(each.get("email_address", "")).lower() == "all":
            return str(each.get("error") or "error")
    return ""
