"""Microsoft Graph's word that mail came into an inbox, or that its subscription wants to be asked for anew.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. Graph signs nothing that bears no mail:
what is its own is known by a path that nobody guesses and by `clientState`, a word of ours that it repeats with every
notification. A notification is a hint: the inbox is read for it, by its delta.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from core.errors import Forbidden, Rejected
from store.queries.inbound import NewEvent
from tools.ports.inbox_watch import MailArrived

VENDOR: Final = "graph"
ARRIVED: Final = "arrived"
REAUTHORISE, REMOVED, MISSED = "reauthorizationRequired", "subscriptionRemoved", "missed"
_LONGEST_TOKEN: Final = 4_000
_MOST: Final = 1_000  # notifications of one post


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Notification(_Part):
    subscription_id: str = Field(min_length=1, max_length=255)
    client_state: str | None = None
    lifecycle_event: str | None = None


class _Collection(_Part):
    value: list[Notification] = Field(min_length=1, max_length=_MOST)


class _Kept(BaseModel):
    """What is kept of a post: neither the word that proves it nor which mail came."""

    address: str = Field(min_length=3, max_length=254)
    kinds: list[str]


@dataclass(frozen=True, slots=True)
class Told:
    event: NewEvent
    wants: bool  # to be asked anew
    ended: bool  # the subscription is gone


def handshake(token: str) -> str:
    """What Graph sent to see whether the address is ours, to be sent back as plain text. Raises Rejected."""
    if not 0 < len(token) <= _LONGEST_TOKEN or not token.isprintable():
        raise Rejected("That is no validation token of Microsoft Graph.")
    return token


def proven(raw: bytes, *, word: str) -> list[Notification]:
    """What a post holds, once all of it bears the word. Raises Forbidden, Rejected."""
    try:
        found = _Collection.model_validate_json(raw).value
    except ValidationError:
        raise Rejected("That is nothing that Microsoft Graph posts.") from None
    # All of them are compared, whichever is wrong: how long it takes tells nothing of the word.
    matches = [hmac.compare_digest((each.client_state or "").encode(), word.encode()) for each in found]
    if not all(matches):
        raise Forbidden("It does not bear the word that Microsoft Graph was given (clientState).")
    return found


def receive(raw: bytes, *, word: str, remote_id: str, address: str, now: datetime) -> Told:
    """`remote_id`: the subscription that is kept, "" while it is being made. Raises Forbidden, Rejected."""
    found = proven(raw, word=word)
    lifecycle = {
        each.lifecycle_event for each in found if each.lifecycle_event and each.subscription_id == (remote_id or None)
    }
    kinds = sorted({each.lifecycle_event or ARRIVED for each in found})
    kept = json.dumps({"address": address, "kinds": kinds}).encode()
    # A repeated post is the same event. A lifecycle event has nothing that tells one from the next: it is by the hour.
    hour = f":{now:%Y%m%d%H}" if any(each.lifecycle_event for each in found) else ""
    key = hashlib.sha256(raw).hexdigest() + hour
    event = NewEvent(key, kinds[0] if len(kinds) == 1 else ARRIVED, kept, now, address)
    return Told(event, wants=bool(lifecycle & {REAUTHORISE, REMOVED}), ended=REMOVED in lifecycle)


def read(raw: bytes) -> list[MailArrived]:
    """Of an event that was received: whatever it says, the inbox is read. Raises Rejected."""
    try:
        return [MailArrived(_Kept.model_validate_json(raw).address.strip().lower(), VENDOR)]
    except ValidationError:
        raise Rejected("That is nothing that Microsoft Graph posts.") from None
