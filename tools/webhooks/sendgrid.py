"""What SendGrid says became of a mail: its signed event webhook.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
ECDSA over P-256 and SHA-256 of the timestamp and the raw bytes, a closing CRLF too: whoever parses first cannot verify.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, Field, ValidationError

from core.clock import Clock
from core.errors import FixConfiguration, Forbidden, Rejected
from store.queries.inbound import NewEvent
from tools.mail.bounce_severity import BounceClass, classify
from tools.ports import DeliveryEvent, DeliveryKind
from tools.providers.mail_transport.sendgrid import MESSAGE_ARGUMENT

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_KINDS = {
    "delivered": DeliveryKind.DELIVERED,
    "bounce": DeliveryKind.BOUNCED,
    "spamreport": DeliveryKind.COMPLAINED,
    "deferred": DeliveryKind.DEFERRED,
    "dropped": DeliveryKind.DROPPED,
    "unsubscribe": DeliveryKind.UNSUBSCRIBED,
    "group_unsubscribe": DeliveryKind.UNSUBSCRIBED,
    "open": DeliveryKind.OPENED,
    "click": DeliveryKind.CLICKED,
}
# Known, and nothing follows from them: SendGrid has the mail; a person joined a list again, which is no consent for us.
_KNOWN = frozenset({"processed", "group_resubscribe"})
# "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0" is of the mail that was answered with "14c5d75ce93.dfd.64b469".
_FILTER = re.compile(r"\.(?:filter|recvd)")
_MOST_EVENTS = 10_000  # of one post: SendGrid posts at 768 kB
LATEST = 32_503_680_000  # the year 3000, in seconds of the epoch
# SendGrid's `bounce_classification`, where the mail was refused for what we are or wrote.
_OURS = frozenset({"content", "reputation", "frequency or volume too high", "frequency/volume"})


class _Event(BaseModel):
    email: str = Field(min_length=1)
    timestamp: int = Field(ge=0, le=LATEST)
    event: str
    sg_event_id: str = Field(min_length=1)
    sg_message_id: str = ""
    smtp_id: str = Field(default="", alias="smtp-id")
    ours: str = Field(default="", alias=MESSAGE_ARGUMENT)
    type: str = ""  # of a bounce: "bounce" or "blocked"
    status: str = ""
    reason: str = ""
    response: str = ""
    bounce_classification: str = ""
    sg_machine_open: bool = False


class SendGridWebhook:
    """One endpoint and the key that SendGrid shows for it."""

    def __init__(self, public_key: str, clock: Clock, *, window: timedelta = timedelta(minutes=5)) -> None:
        """`public_key`: base64 of the DER, as SendGrid shows it. Raises FixConfiguration where it is none."""
        try:
            key = load_der_public_key(base64.b64decode(public_key, validate=True))
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, EllipticCurvePublicKey):
            raise FixConfiguration(
                "SendGrid's verification key is not readable.", hint="Copy it from the signed event webhook's settings."
            )
        self._key = key
        self._clock = clock
        self._window = window

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """What was posted, event by event; what cannot be taken apart is one event. Raises Forbidden (wrong signature,
        too old or from the future)."""
        self._verify(raw, headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, ""))
        try:
            listed = json.loads(raw)
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list) or len(listed) > _MOST_EVENTS:
            return [NewEvent("", "", raw, None)]
        return [_kept(each) for each in listed]

    def _verify(self, raw: bytes, signature: str, timestamp: str) -> None:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Forbidden("The signature is wrong.", code="bad_signature")
        try:
            given = base64.b64decode(signature, validate=True)
            self._key.verify(given, timestamp.encode("ascii") + raw, ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            raise Forbidden("The signature is wrong.", code="bad_signature") from None
        if abs(self._clock.now().timestamp() - int(timestamp)) > self._window.total_seconds():
            raise Forbidden("The message is too old, or from the future.", code="stale")


def read(raw: bytes) -> Sequence[DeliveryEvent]:
    """One event, as `receive` gave it; none where it is of a kind from which nothing follows. Raises Rejected."""
    try:
        event = _Event.model_validate(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise Rejected(f"This is no event as SendGrid documents them{_where(error)}.", code="not_events") from None
    if event.event not in _KINDS and event.event not in _KNOWN:
        raise Rejected("SendGrid documents no event of this kind.", code="not_events")
    return [_event(event)] if event.event in _KINDS else []


def _where(error: Exception) -> str:
    """The fields that are wrong. Their values are a stranger's."""
    if not isinstance(error, ValidationError):
        return ""
    names = {str(each["loc"][0]) for each in error.errors(include_input=False) if each["loc"]}
    return f" ({', '.join(sorted(names & _FIELDS))})" if names & _FIELDS else ""


_FIELDS = {info.alias or name for name, info in _Event.model_fields.items()}


def _kept(each: Any) -> NewEvent:
    raw = json.dumps(each).encode()
    if not isinstance(each, dict):
        return NewEvent("", "", raw, None)
    key, kind, at, to = (each.get(name) for name in ("sg_event_id", "event", "timestamp", "email"))
    occurred = datetime.fromtimestamp(at, UTC) if isinstance(at, int) and 0 <= at <= LATEST else None
    return NewEvent(
        key if isinstance(key, str) else "",
        kind if isinstance(kind, str) else "",
        raw,
        occurred,
        to if isinstance(to, str) else "",
    )


def _event(event: _Event) -> DeliveryEvent:
    kind = _KINDS[event.event]
    ours = event.ours or event.smtp_id
    words = event.reason or event.response
    return DeliveryEvent(
        event_id=f"sendgrid:{event.sg_event_id}",
        kind=kind,
        recipient=event.email,
        message_id=ours if ours.startswith("<") else None,
        provider_id=_FILTER.split(event.sg_message_id, maxsplit=1)[0],
        occurred_at=datetime.fromtimestamp(event.timestamp, UTC),
        bounce=_class(event, words) if kind is DeliveryKind.BOUNCED else None,
        status=event.status,
        detail=words,
        by_machine=event.sg_machine_open,
    )


def _class(event: _Event, words: str) -> BounceClass:
    """The server's words first; SendGrid's own sorting where it is milder, or where there are no words."""
    sorted_as = event.bounce_classification.lower()
    found = classify(event.status, words)
    if sorted_as in _OURS:
        return BounceClass.BLOCKED
    if event.type == "blocked":  # "temporary": the address is not held to be bad
        return BounceClass.SOFT if found is BounceClass.HARD else found
    if sorted_as == "invalid address" and not words:
        return BounceClass.HARD
    return found
