"""SEC EDGAR: filings of companies with the securities regulator of the United States.
https://www.sec.gov/search-filings/edgar-application-programming-interfaces"""

from typing import Final

from core.errors import FixConfiguration, SalesOSError
from tools.providers.vendor.account import Account, Option, VendorSpec, Wire
from tools.providers.vendor.api import Repeat, Reply, VendorApi, retry_after
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="sec",
    label="SEC EDGAR",
    docs="https://www.sec.gov/os/accessing-edgar-data",
    options=(Option("contact", "who asks, as the regulator demands: 'Acme Inc admin@acme.com'"),),
)

# Ten requests a second from all machines of one user; whoever asks faster is shut out until ten minutes after it stops.
# Two are left for what else this machine reads there.
LIMITS: Final = (Limit(8, 1.0),)
_SHUT_OUT_SECONDS = 600.0

REGISTER = "https://www.sec.gov/files/company_tickers.json"
FULL_TEXT = "https://efts.sec.gov/LATEST/search-index"
ARCHIVE = "https://www.sec.gov/Archives/edgar/data"


def contact(account: Account) -> str:
    """What stands in User-Agent; "" where nobody is named with an address, which the regulator refuses."""
    found = " ".join(account.options.get("contact", "").split())
    return found if "@" in found and found.isascii() else ""


def pace(wire: Wire) -> Pace:
    return Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)


def connect(account: Account, wire: Wire, paced: Pace) -> VendorApi:
    """`paced` is shared with whatever else asks the same hosts."""

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 429:
            after = retry_after(reply.headers, wire.clock)
            after = _SHUT_OUT_SECONDS if after is None else after
            paced.hold(after)
            return Repeat(f"{SPEC.label} shuts out who asks too fast.", after=after)
        if reply.status == 403:  # no contact, or shut out: its page of HTML says which, and neither passes by repeating
            return FixConfiguration(
                f"{SPEC.label} turns us away (403).",
                hint="Name a contact with an e-mail address, and wait ten minutes if many calls were made.",
            )
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://data.sec.gov",
        headers={"user-agent": contact(account)},
        clock=wire.clock,
        pace=paced,
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
