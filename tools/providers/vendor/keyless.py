"""Public interfaces that need no account: what a refusal means there, since no key can be wrong."""

from core.errors import FixConfiguration, SalesOSError
from tools.providers.vendor.api import Classify, Reply


def keyless(label: str) -> Classify:
    def classify(reply: Reply) -> SalesOSError | None:
        if reply.status in (401, 403):
            return FixConfiguration(
                f"{label} turns us away ({reply.status}), though it asks for no key.",
                hint="Wait a while, or switch it off.",
            )
        return None

    return classify
