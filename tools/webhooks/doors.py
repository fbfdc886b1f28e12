"""The vendors that may post to us: how a message is known to be theirs, and what it says. A vendor is a line here."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import httpx2

from core.clock import Clock
from core.errors import NotFound
from store.queries.inbound import NewEvent
from tools.ports.told import Told
from tools.providers.vendor.account import Wire
from tools.providers.web_fetch.transport import GuardedTransport
from tools.webhooks import google, graph, sendgrid, ses, twilio

_MOST_KEPT: Final = 500  # doors with their keys and certificates; some kilobytes each


class Door(Protocol):
    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """What was posted, once it is known to be the vendor's. `headers`: whatever the case of a name.

        Raises Forbidden (it is not theirs, or too old), Rejected (it is nothing that they post), RetryAt (that cannot
        be found out now)."""
        ...


@runtime_checkable
class SignsItsAddress(Protocol):
    def receive_at(self, address: str, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """As `Door.receive`, of a vendor that signs the address that it was given, with its query."""
        ...


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str  # as in the endpoint's path
    label: str
    secret: str  # what a person copies from the vendor, in words
    open: Callable[[str, Wire], Door]  # raises FixConfiguration where the secret cannot be one
    read: Callable[[bytes], Sequence[Told]]  # of an event that was received; raises Rejected
    answer: str = ""  # what it is told, as XML; empty: nothing but that it was kept


VENDORS: Final[Mapping[str, Vendor]] = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "ses",
            "Amazon SES",
            "The ARN of the SNS topic that SES publishes to; several with spaces between",
            lambda secret, wire: ses.SesWebhook(ses.topics_of(secret), wire),
            ses.read,
        ),
        Vendor(
            "sendgrid",
            "SendGrid",
            "The verification key of the signed event webhook",
            lambda secret, wire: sendgrid.SendGridWebhook(secret, wire.clock),
            sendgrid.read,
        ),
        Vendor(
            "google",
            "Gmail, by Pub/Sub",
            "The audience and the service account of the Pub/Sub subscription, with a space between",
            google.GooglePush,
            google.read,
        ),
        Vendor(
            twilio.VENDOR,
            "Twilio",
            "The account's auth token",
            lambda secret, wire: twilio.TwilioWebhook(secret),
            twilio.read,
            twilio.ANSWER,
        ),
    )
}

# Those that post to addresses which a worker gave them, one a mailbox (api/subscription_doors.py): nobody connects
# them by hand.
SUBSCRIBED: Final[Mapping[str, Callable[[bytes], Sequence[Told]]]] = {graph.VENDOR: graph.read}


def vendor_of(name: str) -> Vendor:
    """Raises NotFound."""
    found = VENDORS.get(name)
    if found is None:
        raise NotFound(f"No vendor {name!r} posts to us.", hint=f"There are: {', '.join(VENDORS)}.")
    return found


def read_event(vendor: str, raw: bytes) -> Sequence[Told]:
    """What an event that was received says. Raises NotFound, Rejected."""
    read = SUBSCRIBED.get(vendor)
    return read(raw) if read is not None else vendor_of(vendor).read(raw)


class Doors:
    """One door a vendor and secret, kept with its keys and certificates. Thread-safe."""

    def __init__(self, clock: Clock, http: httpx2.Client | None = None) -> None:
        self._wire = Wire(http or httpx2.Client(transport=GuardedTransport(), follow_redirects=False), clock)
        self._kept: OrderedDict[tuple[str, str], Door] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, vendor: str, secret: str) -> Door:
        """Raises NotFound, FixConfiguration."""
        with self._lock:
            door = self._kept.get((vendor, secret))
            if door is None:
                door = self._kept[vendor, secret] = vendor_of(vendor).open(secret, self._wire)
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            return door
