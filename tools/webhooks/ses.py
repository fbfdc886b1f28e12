"""What Amazon SES says became of a mail, as SNS delivers it over HTTP.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html

Nothing is fetched before the topic is one of ours, and then only from SNS's own host of the topic's region: anybody
may post here, and would name a certificate or a subscription of his own.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel, to_pascal

from core.errors import FixConfiguration, Forbidden, Rejected, RetryAt
from store.queries.inbound import NewEvent
from tools.mail.bounce_severity import BounceClass, classify
from tools.ports import DeliveryEvent, DeliveryKind
from tools.providers.mail_transport.ses import MESSAGE_TAG
from tools.providers.vendor.account import Wire

_TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_.-]{1,256}")
_AHEAD = timedelta(minutes=5)
_MOST_CERTIFICATE = 20_000  # bytes
_SECONDS = 10.0


class _Envelope(BaseModel):
    model_config = ConfigDict(alias_generator=lambda name: to_pascal(name).replace("Url", "URL"))

    type: Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
    message_id: str
    topic_arn: str
    message: str
    timestamp: AwareDatetime
    signature: str
    signature_version: Literal["1", "2"]
    signing_cert_url: str
    subscribe_url: str | None = None


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Recipient(_Part):
    email_address: str
    status: str = ""
    diagnostic_code: str = ""


class _Header(_Part):
    name: str
    value: str


class _MailPart(_Part):
    message_id: str
    headers: list[_Header] = []
    tags: dict[str, list[str]] = {}


class _Bounce(_Part):
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: list[_Recipient]
    timestamp: AwareDatetime
    feedback_id: str


class _Complaint(_Part):
    complained_recipients: list[_Recipient]
    timestamp: AwareDatetime
    feedback_id: str
    complaint_feedback_type: str = ""


class _Delivery(_Part):
    recipients: list[str]
    timestamp: AwareDatetime
    smtp_response: str = ""


class _Reject(_Part):
    reason: str = ""


class _Delay(_Part):
    delay_type: str = ""
    delayed_recipients: list[_Recipient]
    timestamp: AwareDatetime


class _Hit(_Part):
    timestamp: AwareDatetime


class _Topic(_Part):
    subscription_status: str = ""


class _Preferences(_Part):
    unsubscribe_all: bool = False
    topic_subscription_status: list[_Topic] = []


class _Subscription(_Part):
    timestamp: AwareDatetime
    new_topic_preferences: _Preferences = _Preferences()

    def says_no(self) -> bool:
        new = self.new_topic_preferences
        return new.unsubscribe_all or any(
            each.subscription_status == "OptOut" for each in new.topic_subscription_status
        )


class _MailDestination(_MailPart):
    destination: list[str]


class _Event(_Part):
    event_type: str | None = None  # by a configuration set
    notification_type: str | None = None  # by the identity
    mail: _MailDestination
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None
    delivery: _Delivery | None = None
    reject: _Reject | None = None
    delivery_delay: _Delay | None = None
    open: _Hit | None = None
    click: _Hit | None = None
    subscription: _Subscription | None = None


class SesWebhook:
    """One endpoint and the topics that may speak to it. Thread-safe; certificates are kept."""

    def __init__(self, topics: Collection[str], wire: Wire, *, window: timedelta = timedelta(days=1)) -> None:
        """`topics`: their ARNs. `window`: how old a message may be; SNS repeats one for hours, with its first time."""
        self._topics = frozenset(topics)
        self._wire = wire
        self._window = window
        self._keys: dict[str, tuple[RSAPublicKey, datetime]] = {}
        self._lock = threading.Lock()

    def receive(self, raw: bytes, _headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """The message as one event. The confirmation of a subscription to one of our topics is answered here, and is
        none.

        Raises Rejected (no SNS message), Forbidden (not from our topic, wrong signature, too old), RetryAt (the
        certificate or the confirmation cannot be had now: SNS will repeat the message)."""
        envelope = _envelope(raw)
        region = self._region(envelope.topic_arn)
        now = self._wire.clock.now()
        if not now - self._window <= envelope.timestamp <= now + _AHEAD:
            raise Forbidden("The message is too old, or from the future.", code="stale")
        self._verify(envelope, json.loads(raw), region)
        if envelope.type == "SubscriptionConfirmation":
            self._get(_hosted(envelope.subscribe_url or "", region))
            return []
        return [_kept(raw, envelope)]

    def _region(self, topic: str) -> str:
        match = _TOPIC.fullmatch(topic)
        if match is None or topic not in self._topics:
            raise Forbidden("The message is from a topic that is none of ours.", code="unknown_topic")
        return match.group(1)

    def _verify(self, envelope: _Envelope, fields: Mapping[str, Any], region: str) -> None:
        key = self._key(_hosted(envelope.signing_cert_url, region, suffix=".pem"))
        algorithm = hashes.SHA256() if envelope.signature_version == "2" else hashes.SHA1()  # noqa: S303 - SNS's choice
        try:
            signature = base64.b64decode(envelope.signature, validate=True)
            key.verify(signature, _to_sign(fields), PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error):
            raise Forbidden("The signature is wrong.", code="bad_signature") from None

    def _key(self, url: str) -> RSAPublicKey:
        now = self._wire.clock.now()
        with self._lock:
            known = self._keys.get(url)
        if known is not None and now < known[1]:
            return known[0]
        try:
            certificate = x509.load_pem_x509_certificate(self._get(url))
            key = certificate.public_key()
        except ValueError:
            raise Forbidden("The certificate cannot be read.", code="bad_certificate") from None
        until = certificate.not_valid_after_utc
        if not isinstance(key, RSAPublicKey) or not certificate.not_valid_before_utc <= now <= until:
            raise Forbidden("The certificate is not valid now.", code="bad_certificate")
        with self._lock:
            self._keys[url] = (key, until)
        return key

    def _get(self, url: str) -> bytes:
        try:
            with self._wire.http.stream("GET", url, timeout=_SECONDS, follow_redirects=False) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _MOST_CERTIFICATE:
                        raise RetryAt("SNS answers with more than it should.")
                if response.status_code != 200:
                    raise RetryAt(f"SNS answers {response.status_code}.")
                return bytes(body)
        except httpx2.HTTPError as error:
            raise RetryAt(f"SNS could not be reached ({type(error).__name__}).") from None


def topics_of(text: str) -> list[str]:
    """The ARNs in a text that a person gave. Raises FixConfiguration."""
    found = text.replace(",", " ").split()
    wrong = [each for each in found if not _TOPIC.fullmatch(each)]
    if wrong or not found:
        raise FixConfiguration(
            f"{wrong[0][:300]!r} is no ARN of an SNS topic." if wrong else "There is no topic.",
            hint="Copy the topic's ARN from SNS: arn:aws:sns:eu-central-1:123456789012:name",
        )
    return found


def _envelope(raw: bytes) -> _Envelope:
    try:
        return _Envelope.model_validate_json(raw)
    except ValidationError:
        raise Rejected("This is no message of SNS.", code="not_sns") from None


def _hosted(url: str, region: str, *, suffix: str = "") -> str:
    """The URL, which is SNS's own in that region. Raises Forbidden."""
    try:
        parts = urlsplit(url)
        plain = parts.port is None and parts.username is None and parts.password is None
    except ValueError:
        plain = False
        parts = urlsplit("")
    hosts = (f"sns.{region}.amazonaws.com", f"sns.{region}.amazonaws.com.cn")
    if not plain or parts.scheme != "https" or parts.netloc not in hosts or not parts.path.endswith(suffix):
        raise Forbidden("The message names a host that is not SNS's.", code="foreign_host")
    return url


def _to_sign(fields: Mapping[str, Any]) -> bytes:
    """Name and value of each field, in the order that SNS fixes; a subject only where there is one."""
    if fields["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    lines = [f"{name}\n{fields[name]}\n" for name in names if fields.get(name) is not None]
    return "".join(lines).encode()


def read(raw: bytes) -> Sequence[DeliveryEvent]:
    """The events of a message that `receive` gave; none where nothing follows from it. Raises Rejected."""
    envelope = _envelope(raw)
    if envelope.type != "Notification":
        raise Rejected(
            "SNS says that the subscription has ended: no events come any more.",
            hint="Subscribe the endpoint's address to the topic again.",
            code="unsubscribed",
        )
    if not envelope.message.lstrip().startswith("{"):
        return []  # "Successfully validated SNS topic for Amazon SES event publishing."
    try:
        event = _Event.model_validate_json(envelope.message)
    except ValidationError:
        raise Rejected("This is no event as SES documents them.", code="not_events") from None
    kind = event.event_type or event.notification_type
    if kind not in _KNOWN:
        raise Rejected("SES documents no event of this kind.", code="not_events")
    if kind in _PARTS and getattr(event, _PARTS[kind]) is None:
        raise Rejected(f"This event of SES lacks its part {_PARTS[kind]!r}.", code="not_events")
    return [
        DeliveryEvent(f"sns:{envelope.message_id}:{n}", **fields)
        for n, fields in enumerate(_read(event, envelope.timestamp))
    ]


def _kept(raw: bytes, envelope: _Envelope) -> NewEvent:
    """Kind, time and recipient, as far as they can be read: the rest is read when it is applied."""
    try:
        event = _Event.model_validate_json(envelope.message)
        told = _read(event, envelope.timestamp)
    except ValidationError:
        return NewEvent(envelope.message_id, envelope.type, raw, envelope.timestamp)
    kind = event.event_type or event.notification_type or ""
    if not told:
        return NewEvent(envelope.message_id, kind, raw, envelope.timestamp)
    return NewEvent(envelope.message_id, kind, raw, told[0]["occurred_at"], told[0]["recipient"])


# What each kind says its own in; of the others nothing follows but that the mail is known.
_PARTS = {
    "Delivery": "delivery",
    "Bounce": "bounce",
    "Complaint": "complaint",
    "DeliveryDelay": "delivery_delay",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Subscription": "subscription",
}
_KNOWN = frozenset({*_PARTS, "Send", "Rendering Failure"})


def _read(event: _Event, published: datetime) -> list[dict[str, Any]]:
    common: dict[str, Any] = {"message_id": _our_id(event.mail), "provider_id": event.mail.message_id}
    match event.event_type or event.notification_type:
        case "Delivery" if event.delivery is not None:
            told = {**common, "occurred_at": event.delivery.timestamp, "detail": event.delivery.smtp_response}
            return [{**told, "kind": DeliveryKind.DELIVERED, "recipient": each} for each in event.delivery.recipients]
        case "Bounce" if event.bounce is not None:
            return [common | _bounced(event.bounce, each) for each in event.bounce.bounced_recipients]
        case "Complaint" if event.complaint is not None:
            if event.complaint.complaint_feedback_type == "not-spam":
                return []  # taken out of the spam folder: the reverse of a complaint
            told = {**common, "occurred_at": event.complaint.timestamp, "kind": DeliveryKind.COMPLAINED}
            told["detail"] = event.complaint.complaint_feedback_type
            return [{**told, "recipient": each.email_address} for each in event.complaint.complained_recipients]
        case "DeliveryDelay" if event.delivery_delay is not None:
            told = {**common, "occurred_at": event.delivery_delay.timestamp, "kind": DeliveryKind.DEFERRED}
            return [
                {**told, "recipient": each.email_address, "status": each.status, "detail": each.diagnostic_code}
                for each in event.delivery_delay.delayed_recipients
            ]
        case "Reject" if event.reject is not None:
            told = {**common, "occurred_at": published, "kind": DeliveryKind.DROPPED, "detail": event.reject.reason}
            return [{**told, "recipient": each} for each in event.mail.destination]
        case "Open" | "Click" as kind if (hit := event.open or event.click) is not None:
            told = {**common, "occurred_at": hit.timestamp}
            told["kind"] = DeliveryKind.OPENED if kind == "Open" else DeliveryKind.CLICKED
            return [{**told, "recipient": each} for each in event.mail.destination]
        case "Subscription" if event.subscription is not None and event.subscription.says_no():
            told = {**common, "occurred_at": event.subscription.timestamp, "kind": DeliveryKind.UNSUBSCRIBED}
            return [{**told, "recipient": each} for each in event.mail.destination]
    return []


def _our_id(mail: _MailPart) -> str | None:
    """By our tag; else by the header that we wrote, which SES repeats before its own took its place."""
    tagged = mail.tags.get(MESSAGE_TAG)
    if tagged:
        return f"<{tagged[0]}>"
    named = [each.value.strip() for each in mail.headers if each.name.lower() == "message-id"]
    return named[0] if named and named[0].startswith("<") else None


# SES did not try: the address bounced for somebody before. No server has said so of this mail.
_NOT_TRIED = frozenset({"Suppressed", "OnAccountSuppressionList"})


def _bounced(bounce: _Bounce, each: _Recipient) -> dict[str, Any]:
    told: dict[str, Any] = {
        "recipient": each.email_address,
        "occurred_at": bounce.timestamp,
        "status": each.status,
        "detail": each.diagnostic_code or bounce.bounce_sub_type,
    }
    if bounce.bounce_sub_type in _NOT_TRIED:
        return told | {"kind": DeliveryKind.DROPPED}
    return told | {"kind": DeliveryKind.BOUNCED, "bounce": _class(bounce, each)}


def _class(bounce: _Bounce, each: _Recipient) -> BounceClass:
    """The server's words first; where they and SES disagree the milder reading holds."""
    found = classify(each.status, each.diagnostic_code)
    if bounce.bounce_sub_type in ("ContentRejected", "AttachmentRejected"):
        return BounceClass.BLOCKED
    if bounce.bounce_type != "Permanent":
        return BounceClass.SOFT if found is BounceClass.HARD else found
    if bounce.bounce_sub_type == "NoEmail" and not (each.status or each.diagnostic_code):
        return BounceClass.HARD  # "the recipient's address does not exist"
    return found
