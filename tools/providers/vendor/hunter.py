"""Hunter: addresses at a domain, of a person, and whether one takes mail. https://hunter.io/api-documentation/v2"""

from typing import Final

from core.errors import Rejected, SalesOSError
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import OutOfCredits, Repeat, Reply, VendorApi, retry_after, said_by
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(
    name="hunter",
    label="Hunter",
    docs="https://hunter.io/api-keys",
    key_help="API key",
    credit="a credit for each ten addresses of a domain, one for a found address, half of one for a verification",
)

# Published per account: domain search and finder 15 a second and 500 a minute, verifier 10 and 300.
SEARCH_LIMITS: Final = (Limit(15, 1.0), Limit(500, 60.0))
VERIFIER_LIMITS: Final = (Limit(10, 1.0), Limit(300, 60.0))


def connect(account: Account, wire: Wire, limits: tuple[Limit, ...] = SEARCH_LIMITS) -> VendorApi:
    def classify(reply: Reply) -> SalesOSError | None:
        match reply.status:
            case 402:  # "monthly quota": it comes back with the month, and no sooner by asking
                return OutOfCredits(f"{SPEC.label} has used up this month's requests{said_by(reply.body)}.")
            case 403:  # "You have reached the rate limit", and not a wrong key, which is 401
                return Repeat(
                    f"{SPEC.label} limits how often it is asked.", after=retry_after(reply.headers, wire.clock)
                )
            case 451:  # "The person behind the requested address asked us not to process their data"
                return Rejected(f"{SPEC.label} may not process this person's data.", code="person_objected")
        return None

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url="https://api.hunter.io/v2",
        headers={"x-api-key": account.key},
        clock=wire.clock,
        pace=Pace(limits, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
