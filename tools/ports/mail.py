"""Mail out and mail in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from tools.mail.bounce_severity import BounceClass
from tools.ports.unknown import Unknown


@dataclass(frozen=True, slots=True)
class Envelope:
    """Frozen bytes on their way out. `mime` was committed before the first byte left."""

    message_id: str  # with its angle brackets
    sender: str
    recipient: str
    mime: bytes


class SendOutcome(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"  # certainly not accepted; the same bytes may be tried again later
    REJECTED = "rejected"  # certainly not accepted, and never will be: the recipient
    MISCONFIGURED = "misconfigured"  # certainly not accepted: our side (auth, TLS, policy); pause the mailbox
    UNKNOWN = "unknown"  # may or may not have been accepted: look up, never simply repeat


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: SendOutcome
    detail: str  # the server's own words, or what broke; shown to people
    code: str = ""  # "250", "4.7.1", "EOF after DATA"
    retry_after_seconds: int | None = None
    provider_id: str = ""  # of SENT: the service's name for the mail, which its events use
    wire_message_id: str = ""  # of SENT: the Message-ID that recipients see, where the service writes its own over ours


class LookupResult(StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"
    UNSUPPORTED = "unsupported"
    DOUBTFUL = "doubtful"  # something like it is there, and nobody but a person can say whether it is this mail
    REPEATABLE = "repeatable"  # the service takes a Message-ID once, however often it is sent: no need to ask


class MailTransport(Protocol):
    """Sends frozen bytes. Keeps one connection for many mails where the protocol has one."""

    name: str

    def send(self, envelope: Envelope) -> SendResult:
        """Never raises for what a server says or a network does: the outcome says it."""
        ...

    def lookup(self, message_id: str) -> LookupResult:
        """Was this Message-ID accepted? Asked after an unknown outcome, before anything is repeated."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class SendsMeanwhile(Protocol):
    """A transport that waits for its server's answer, and lets its caller do something useful until it comes."""

    def send_meanwhile(
        self, envelope: Envelope, work: Callable[[], None], following: Envelope | None = None
    ) -> SendResult:
        """As `MailTransport.send`. `work` is called at most once, when the last byte was handed over; what it raises
        changes nothing. It shall take milliseconds: the server's answer is read only after it.

        `following` is the mail that is likely to be the next one. Of that one the transport may already say from whom
        and to whom it is, and nothing more: it has not been started, and may never be.
        """
        ...


@dataclass(frozen=True, slots=True)
class LostMail:
    """One whose answer never came."""

    message_id: str  # ours, with its angle brackets
    mime: bytes  # as it was frozen
    tried_at: datetime


@runtime_checkable
class FindsByContent(Protocol):
    """A transport whose service may write its own Message-ID over ours: not to know ours proves nothing there."""

    def find(self, mail: LostMail) -> LookupResult:
        """As `MailTransport.lookup`; NOT_FOUND only where nothing that was sent since can be this mail."""
        ...


@dataclass(frozen=True, slots=True)
class InboundMail:
    """Raw bytes that arrived. Tainted."""

    uid: str  # the inbox's own id, the cursor of the next call
    raw: bytes
    received_at: datetime


class Inbox(Protocol):
    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown: ...


class DeliveryKind(StrEnum):
    DELIVERED = "delivered"  # the recipient's server took it
    BOUNCED = "bounced"  # the recipient's server said no, for good or for now: see `bounce`
    COMPLAINED = "complained"  # the recipient called it spam
    DEFERRED = "deferred"  # not yet: the service tries again by itself
    DROPPED = "dropped"  # the service did not even try: its own suppression list, or what the mail holds
    UNSUBSCRIBED = "unsubscribed"  # by a link that the service had put in
    OPENED = "opened"  # a pixel of the service was asked for: by whom, nobody knows
    CLICKED = "clicked"  # a link of the service was followed


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """What a sending service says became of a mail, once its signature is verified. Its words are tainted.

    Services repeat events and send them in no order: whoever stores them does so by `event_id`, once.
    """

    event_id: str  # the service's own, the same each time that it is told
    kind: DeliveryKind
    recipient: str  # as the service writes it
    message_id: str | None  # ours, with its angle brackets; None: the service does not say which
    provider_id: str  # the service's name for the mail; "" where it gives none
    occurred_at: datetime
    bounce: BounceClass | None = None  # of BOUNCED, and only there
    status: str = ""  # RFC 3463: "5.1.1"
    detail: str = ""  # the server's or the service's own words
    by_machine: bool = False  # of OPENED and CLICKED: the service itself says that no person did it
