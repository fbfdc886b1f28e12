"""Mail through SendGrid's v3 API. https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

It takes no raw message: subject, texts, attachments and our own header fields are read out of the frozen bytes, and
SendGrid writes the mail anew. Its own tracking, footers and unsubscribe links are switched off, so that nobody gets a
word that was not approved. It takes no key against repetition and cannot be asked what it took: after a lost answer
nobody knows, and a person decides. Its events name our Message-ID, which goes along as an argument.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP
from email.utils import parseaddr
from json import dumps
from typing import Any, cast

from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from tools.providers.mail_transport.http_once import Answer, call_once, unclear, words
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import retry_after

_LABEL = "SendGrid"
MESSAGE_ARGUMENT = "salesos_message_id"
GLOBAL, EUROPE = "https://api.sendgrid.com", "https://api.eu.sendgrid.com"

# Carried over word by word. Subject, sender and recipient have fields of their own; SendGrid refuses the rest.
_HEADERS = (
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "Feedback-ID",
    "Organization",
)
_OFF = {"enable": False}
_RECIPIENT = re.compile(r"personalizations\.\d+\.(?:to|cc|bcc)\b")
_PLAN = re.compile(r"maximum credits exceeded|credits", re.IGNORECASE)
_CREDIT_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class SendGridSettings:
    key: str = field(repr=False)
    base_url: str = GLOBAL


class SendGridTransport:
    """Thread-safe."""

    name = "sendgrid"

    def __init__(self, settings: SendGridSettings, wire: Wire) -> None:
        self._settings = settings
        self._wire = wire

    def send(self, envelope: Envelope) -> SendResult:
        try:
            content = dumps(as_fields(envelope)).encode("ascii")
        except (LookupError, ValueError) as error:
            why = f"The mail cannot be read back into {_LABEL}'s fields ({type(error).__name__})."
            return SendResult(SendOutcome.REJECTED, why, "unreadable")
        answer = call_once(
            self._wire,
            f"{self._settings.base_url.rstrip('/')}/v3/mail/send",
            content=content,
            headers={"authorization": f"Bearer {self._settings.key}", "content-type": "application/json"},
        )
        return answer if isinstance(answer, SendResult) else self._outcome(answer)

    def lookup(self, message_id: str) -> LookupResult:
        return LookupResult.UNSUPPORTED

    def close(self) -> None:
        """The client is the caller's."""

    def _outcome(self, answer: Answer) -> SendResult:
        if answer.status == 202:  # 200 is the sandbox's: checked, and sent to nobody
            name = words(answer.headers.get("x-message-id"))[:200]  # `sg_message_id` of its events begins with it
            return SendResult(SendOutcome.SENT, f"{_LABEL} took it as {name or '?'}.", "202", provider_id=name)
        if answer.status == 200:
            return SendResult(SendOutcome.MISCONFIGURED, f"{_LABEL} is in sandbox mode and sends nothing.", "sandbox")
        if not 400 <= answer.status < 500:
            return unclear(_LABEL, answer)
        listed = answer.body.get("errors") if answer.is_object else None
        errors = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
        said = words(errors[0].get("message")) if errors else ""
        fields = ["" if each.get("field") in (None, "null") else str(each["field"]) for each in errors]
        detail = f"{_LABEL} ({answer.status}): {said or 'no reason given'}"
        code = next((name for name in fields if name), str(answer.status))
        if answer.status in (408, 429):
            return SendResult(SendOutcome.DEFERRED, detail, code, self._wait(answer))
        if answer.status in (401, 403) and _PLAN.search(said):  # "Maximum credits exceeded": they come back
            return SendResult(SendOutcome.DEFERRED, detail, code, _CREDIT_SECONDS)
        if answer.status == 413 or (errors and all(_RECIPIENT.match(name) for name in fields)):
            return SendResult(SendOutcome.REJECTED, detail, code)
        return SendResult(SendOutcome.MISCONFIGURED, detail, code)

    def _wait(self, answer: Answer) -> int | None:
        """Retry-After, or the instant at which X-RateLimit-Reset (seconds of the epoch) opens the window again."""
        asked = retry_after(answer.headers, self._wire.clock)
        if asked is not None:
            return round(asked)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if not reset.isdigit():
            return None
        return min(max(1, int(reset) - int(self._wire.clock.now().timestamp())), 86_400)


def as_fields(envelope: Envelope) -> dict[str, Any]:
    """The body of POST /v3/mail/send that says what the frozen bytes say."""
    mail = message_from_bytes(envelope.mime, policy=SMTP)
    contents: list[dict[str, str]] = []
    attachments: list[dict[str, str]] = []
    for part in mail.walk():
        if part.is_multipart():
            continue
        kind, name = part.get_content_type(), part.get_filename()
        if kind in ("text/plain", "text/html") and not name:
            contents.append({"type": kind, "value": str(part.get_content()).replace("\r\n", "\n")})
            continue
        method = part.get_param("method")
        attachments.append(
            {
                "content": b64encode(cast(bytes, part.get_payload(decode=True) or b"")).decode("ascii"),
                "type": f"{kind}; method={method}" if method else kind,
                "filename": name or ("invite.ics" if kind == "text/calendar" else "attachment"),
                "disposition": "attachment",
            }
        )
    contents.sort(key=lambda content: content["type"] != "text/plain")  # plain first, or it is refused
    sender_name, _ = parseaddr(str(mail["From"] or ""))
    recipient_name, _ = parseaddr(str(mail["To"] or ""))
    _, reply_to = parseaddr(str(mail["Reply-To"] or ""))
    fields: dict[str, Any] = {
        "personalizations": [{"to": [_person(envelope.recipient, recipient_name)]}],
        "from": _person(envelope.sender, sender_name),
        "subject": str(mail["Subject"] or ""),
        "content": [content for content in contents if content["value"]],
        "headers": {name: " ".join(str(mail[name]).split()) for name in _HEADERS if mail[name]},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": _OFF,
            "subscription_tracking": _OFF,
            "ganalytics": _OFF,
        },
        "mail_settings": {"footer": _OFF},
    }
    fields["personalizations"][0]["custom_args"] = {MESSAGE_ARGUMENT: envelope.message_id}
    if reply_to:
        fields["reply_to"] = {"email": reply_to}
    if attachments:
        fields["attachments"] = attachments
    return fields


def _person(address: str, name: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}
