"""Texts and calls: out once, and what is told of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tools.ports.mail import LookupResult, SendResult

OPTED_OUT = "opted_out"  # a code: the vendor itself keeps that this number said STOP


@dataclass(frozen=True, slots=True)
class TextOut:
    """Frozen words on their way out. Numbers are E.164; they were committed before the first byte left."""

    key: str  # ours; the vendor gives it back with every report on this text
    recipient: str
    sender: str  # a number, or the vendor's name for a service that chooses one
    body: str
    valid_seconds: int = 900  # longer it does not wait at the vendor: hours that were open may have closed


@dataclass(frozen=True, slots=True)
class CallOut:
    """Rings a person of ours. Who is to be called is asked for when they press a key, and not before: no voicemail is
    put through to anybody."""

    key: str
    rep: str
    sender: str  # the number that both sides see


@dataclass(frozen=True, slots=True)
class Lost:
    """One whose answer never came."""

    recipient: str  # of a text the contact, of a call the rep
    sender: str
    body: str  # of a text
    tried_at: datetime
    known: frozenset[str] = frozenset()  # the vendor's names of what went there and is accounted for


@dataclass(frozen=True, slots=True)
class Found:
    result: LookupResult
    provider_id: str = ""


class Telephony(Protocol):
    name: str

    def send_text(self, text: TextOut) -> SendResult:
        """Once: nothing in it repeats. Never raises for what a vendor says or a network does."""
        ...

    def place_call(self, call: CallOut) -> SendResult:
        """As `send_text`."""
        ...

    def find_text(self, lost: Lost) -> Found:
        """Whether the vendor has it. Raises RetryAt, FixConfiguration: it cannot be asked now."""
        ...

    def find_call(self, lost: Lost) -> Found: ...

    def problem(self) -> str:
        """Why the vendor would not take a text from us; "": it would. Nothing is sent."""
        ...


class TextState(StrEnum):
    """What became of a text, by the vendor's word."""

    ACCEPTED = "accepted"  # it waits at the vendor or at the network
    SENT = "sent"  # the network has it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TextReport:
    key: str  # ours; empty: it names none
    provider_id: str
    state: TextState
    recipient: str
    code: str = ""  # the vendor's reason


@dataclass(frozen=True, slots=True)
class TextArrived:
    """Somebody wrote. Its words are tainted."""

    provider_id: str
    sender: str
    recipient: str
    body: str
    media: int = 0  # pictures and files, which are not fetched


class CallState(StrEnum):
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CallReport:
    """How one leg of a call ended."""

    key: str
    provider_id: str
    state: CallState
    of_contact: bool  # False: the rep's own leg
    seconds: int = 0


__all__ = [
    "OPTED_OUT",
    "CallOut",
    "CallReport",
    "CallState",
    "Found",
    "LookupResult",
    "Lost",
    "SendResult",
    "Telephony",
    "TextArrived",
    "TextOut",
    "TextReport",
    "TextState",
]
