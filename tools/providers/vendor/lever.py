"""Lever postings: public vacancies of the companies that hire through it. https://github.com/lever/postings-api"""

from typing import Final

from core.errors import NotFound, Rejected, SalesOSError
from tools.providers.vendor.account import Account, VendorSpec, Wire
from tools.providers.vendor.api import Reply, VendorApi, said_by
from tools.providers.vendor.keyless import keyless
from tools.providers.vendor.pace import Limit, Pace

SPEC: Final = VendorSpec(name="lever", label="Lever postings", docs="https://github.com/lever/postings-api")

HOST, EU_HOST = "https://api.lever.co/v0", "https://api.eu.lever.co/v0"

# Published for applying alone (2 a second); ours for reading is a courtesy.
LIMITS: Final = (Limit(10, 1.0),)


def connect(account: Account, wire: Wire) -> VendorApi:
    refuses = keyless(SPEC.label)

    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status == 200 and isinstance(reply.body, dict) and reply.body.get("ok") is False:
            if "not found" in said_by(reply.body).lower():
                return NotFound(f"{SPEC.label} knows nothing of it.")
            return Rejected(f"{SPEC.label} refuses the call{said_by(reply.body)}.")
        return refuses(reply)

    return VendorApi(
        wire.http,
        label=SPEC.label,
        base_url=HOST,
        clock=wire.clock,
        pace=Pace(LIMITS, monotonic=wire.monotonic, sleep=wire.sleep),
        classify=classify,
        sleep=wire.sleep,
        monotonic=wire.monotonic,
    )
