"""Mail through Amazon SES v2: the frozen bytes as a raw message. https://docs.aws.amazon.com/ses/latest/APIReference-V2/

SES writes its own Message-ID and Date over ours, takes no key against repetition, and cannot be asked what it took:
after a lost answer nobody knows, and a person decides. Replies name SES's id (`SendResult.wire_message_id`); its events
name ours by the tag that goes along, and SES's as `SendResult.provider_id`.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from core.errors import FixConfiguration
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from tools.providers.mail_transport.http_once import Answer, call_once, unclear, words
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import retry_after
from tools.providers.vendor.aws_signature import AwsKey, signed_headers

_LABEL = "Amazon SES"
MESSAGE_TAG = "salesos_message_id"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}")  # what SES allows
_QUOTA_SECONDS = 3_600  # the quota of 24 hours moves on by the minute

_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})
# MessageRejected and BadRequestException are said of our identity, of the recipient and of the content alike.
_OURS = re.compile(r"not verified|not authori[sz]ed|authority|sandbox|suspended|paused|identity", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:domain|local address|local part|recipient|address)\b.{0,60}(?:illegal|invalid|missing|control|contains)"
    r"|missing final '@domain'|(?:illegal|invalid) (?:address|recipient|to\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SesSettings:
    region: str  # "eu-central-1"
    key: AwsKey
    configuration_set: str = ""  # names where SES publishes events; empty: the identity's default
    endpoint: str = ""  # empty: the region's


class SesTransport:
    """Thread-safe."""

    name = "ses"

    def __init__(self, settings: SesSettings, wire: Wire) -> None:
        """Raises FixConfiguration for a region that is none: it becomes part of a host name."""
        if not _REGION.fullmatch(settings.region):
            raise FixConfiguration(f"{_LABEL} has no such region.", hint="Write it as AWS does: eu-central-1.")
        self._settings = settings
        self._wire = wire
        endpoint = settings.endpoint or f"https://email.{settings.region}.amazonaws.com"
        self._url = f"{endpoint.rstrip('/')}/v2/email/outbound-emails"

    def send(self, envelope: Envelope) -> SendResult:
        settings = self._settings
        wanted: dict[str, Any] = {
            "FromEmailAddress": envelope.sender,
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {"Raw": {"Data": b64encode(envelope.mime).decode("ascii")}},
        }
        tag = envelope.message_id.strip("<>")
        if _TAG_VALUE.fullmatch(tag):
            wanted["EmailTags"] = [{"Name": MESSAGE_TAG, "Value": tag}]
        if settings.configuration_set:
            wanted["ConfigurationSetName"] = settings.configuration_set
        body = dumps(wanted).encode("ascii")
        headers = signed_headers(
            settings.key,
            method="POST",
            url=self._url,
            body=body,
            headers={"content-type": "application/json"},
            region=settings.region,
            service="ses",
            now=self._wire.clock.now(),
        )
        answer = call_once(self._wire, self._url, content=body, headers=headers)
        return answer if isinstance(answer, SendResult) else self._outcome(answer)

    def lookup(self, message_id: str) -> LookupResult:
        return LookupResult.UNSUPPORTED

    def close(self) -> None:
        """The client is the caller's."""

    def _outcome(self, answer: Answer) -> SendResult:
        body: Mapping[str, object] = answer.body if answer.is_object else {}
        if answer.status == 200 and body.get("MessageId"):
            return self._taken(words(body["MessageId"])[:200])
        if not 400 <= answer.status < 500:
            return unclear(_LABEL, answer)
        code = _code(answer, body)
        said = words(body.get("message") or body.get("Message"))
        detail = f"{_LABEL} ({code}): {said or answer.status}"
        if answer.status in (408, 429) or code in _THROTTLED:
            return SendResult(SendOutcome.DEFERRED, detail, code, self._wait(answer, code, said))
        if answer.status == 413:
            return SendResult(SendOutcome.REJECTED, detail, code)
        if code == "MessageRejected" and not _OURS.search(said):
            return SendResult(SendOutcome.REJECTED, detail, code)
        if code == "BadRequestException" and _ADDRESS.search(said) and not _OURS.search(said):
            return SendResult(SendOutcome.REJECTED, detail, code)
        return SendResult(SendOutcome.MISCONFIGURED, detail, code)

    def _taken(self, name: str) -> SendResult:
        """Recipients see SES's id at a host of the region; in its first region, at one without a region."""
        region = self._settings.region
        host = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
        detail = f"{_LABEL} took it as {name[:100]}."
        return SendResult(SendOutcome.SENT, detail, "200", provider_id=name, wire_message_id=f"<{name}@{host}>")

    def _wait(self, answer: Answer, code: str, said: str) -> int | None:
        asked = retry_after(answer.headers, self._wire.clock)  # SES sends none today
        if asked is not None:
            return round(asked)
        return _QUOTA_SECONDS if "quota" in said.lower() or code == "LimitExceededException" else None


def _code(answer: Answer, body: Mapping[str, object]) -> str:
    """ "TooManyRequestsException" out of "TooManyRequestsException:http://internal.amazon.com/…" and the like."""
    named = answer.headers.get("x-amzn-errortype") or str(body.get("__type") or body.get("code") or "")
    return named.partition(":")[0].rpartition("#")[2][:60] or str(answer.status)
