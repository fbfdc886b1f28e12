"""What Twilio tells: texts that came, what became of ours, how calls ended.

https://www.twilio.com/docs/usage/webhooks/webhooks-security. HMAC-SHA1, by the account's auth token, of the address as
Twilio was given it and the form's fields, sorted. There is no timestamp in it: an old message that is repeated has the
id of one that is kept already, and changes nothing.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

from core.errors import FixConfiguration, Forbidden, Rejected
from store.queries.inbound import NewEvent
from tools.ports.telephony import OPTED_OUT, CallReport, CallState, TextArrived, TextReport, TextState

VENDOR: Final = "twilio"
ANSWER: Final = "<Response/>"  # TwiML that says and does nothing: an answer of ours to a text would be a second text
_TOKEN: Final = re.compile(r"[0-9a-zA-Z]{32}")
_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_API_KEY: Final = re.compile(r"SK[0-9a-fA-F]{32}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_MOST_FIELDS: Final = 300
_OUT: Final[Mapping[str, TextState]] = {
    "accepted": TextState.ACCEPTED,
    "scheduled": TextState.ACCEPTED,
    "queued": TextState.ACCEPTED,
    "sending": TextState.ACCEPTED,
    "sent": TextState.SENT,
    "delivered": TextState.DELIVERED,
    "read": TextState.DELIVERED,
    "undelivered": TextState.UNDELIVERED,
    "failed": TextState.FAILED,
    "canceled": TextState.FAILED,
}
_CALLS: Final[Mapping[str, CallState]] = {
    "completed": CallState.ANSWERED,
    "busy": CallState.BUSY,
    "no-answer": CallState.NO_ANSWER,
    "failed": CallState.FAILED,
    "canceled": CallState.CANCELLED,
}


def refusal(account_sid: str, key_sid: str, sender: str, service_sid: str) -> str:
    """Why this can be no account; "": it can. Asks no network."""
    if not _ACCOUNT.fullmatch(account_sid):
        return "The account SID is AC and 32 hexadecimal digits: it stands on the first page of Twilio's console."
    if key_sid and not _API_KEY.fullmatch(key_sid):
        return "The SID of an API key is SK and 32 hexadecimal digits."
    if service_sid and not _SERVICE.fullmatch(service_sid):
        return "The SID of a messaging service is MG and 32 hexadecimal digits."
    if not sender and not service_sid:
        return "Give the number that texts come from, or a messaging service that chooses one."
    return ""


class TwilioWebhook:
    """One endpoint. Thread-safe."""

    def __init__(self, secret: str) -> None:
        """`secret`: the account's auth token. Raises FixConfiguration where it cannot be one."""
        if not _TOKEN.fullmatch(secret.strip()):
            raise FixConfiguration(
                "That is no auth token: 32 letters and digits.", hint="It stands beside the account's SID in Twilio."
            )
        self._token = secret.strip().encode("ascii")

    def receive_at(self, address: str, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        """`address`: as Twilio was given it, with its query. Raises Forbidden, Rejected."""
        fields = self._signed_fields(address, raw)
        if not self.verifies(address, fields, headers.get("X-Twilio-Signature", "")):
            raise Forbidden("The signature is not Twilio's: the auth token is another one, or the address is.")
        query = urlsplit(address).query
        # Our own part of the address goes with the event: it says which text of ours this is about.
        told = raw + (b"&" if raw else b"") + query.encode("ascii", "ignore")
        return [NewEvent(*_named(_flat(told)), told, None, _person(_flat(told)))]

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Sequence[NewEvent]:
        raise Forbidden("The address that was posted to is part of the signature.")

    def verifies(self, address: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
        return any(hmac.compare_digest(signature.encode(), made) for made in self._signatures(address, fields))

    def _signed_fields(self, address: str, raw: bytes) -> list[tuple[str, str]]:
        """A body that is no form is signed by its hash, which stands in the address."""
        digest = dict(parse_qsl(urlsplit(address).query)).get("bodySHA256")
        if digest is None:
            return _fields(raw)
        if not hmac.compare_digest(digest, hashlib.sha256(raw).hexdigest()):
            raise Forbidden("The body is not the one that was signed.")
        return []

    def _signatures(self, address: str, fields: Sequence[tuple[str, str]]) -> list[bytes]:
        """With the port and without: Twilio signs either (its own libraries take both)."""
        said = "".join(name + value for name, value in sorted(set(fields)))
        return [
            base64.b64encode(hmac.new(self._token, (url + said).encode(), hashlib.sha1).digest())
            for url in _spellings(address)
        ]


def read(raw: bytes) -> Sequence[TextReport | TextArrived | CallReport]:
    """Of an event that was received; nothing where it moves nothing. Raises Rejected."""
    found = _flat(raw)
    sid = found.get("MessageSid") or found.get("SmsSid") or ""
    if sid:
        status = (found.get("MessageStatus") or found.get("SmsStatus") or "").lower()
        if status in ("received", "receiving") or (not status and "Body" in found):
            number = found.get("NumMedia", "0")
            media = int(number) if number.isdigit() and len(number) < 4 else 0
            return [TextArrived(sid, found.get("From", ""), found.get("To", ""), found.get("Body", ""), media)]
        if status not in _OUT:
            raise Rejected("It says of a text what no text can be.")
        code = found.get("ErrorCode", "")
        return [
            TextReport(
                found.get("item", ""),
                sid,
                _OUT[status],
                found.get("To", ""),
                OPTED_OUT if code == "21610" else code[:8],
            )
        ]
    if found.get("CallSid"):
        state = _CALLS.get(found.get("CallStatus", "").lower())
        if state is None:
            return []  # it rings, or is in progress
        seconds = found.get("CallDuration", "0")
        length = int(seconds) if seconds.isdigit() and len(seconds) < 7 else 0
        return [CallReport(found.get("item", ""), found["CallSid"], state, found.get("leg") == "contact", length)]
    raise Rejected("That is nothing that Twilio posts of texts and calls.")


def pressed(raw: bytes) -> str:
    """Our key of the call whose rep pressed a key; "": this is something else."""
    found = _flat(raw)
    return found.get("item", "") if found.get("leg") == "go" and found.get("CallSid") and found.get("Digits") else ""


def _named(found: Mapping[str, str]) -> tuple[str, str]:
    """(what tells one event from another, the vendor's word for its kind)."""
    sid = found.get("MessageSid") or found.get("SmsSid") or found.get("CallSid") or ""
    status = found.get("MessageStatus") or found.get("SmsStatus") or found.get("CallStatus") or ""
    if not sid:
        raise Rejected("That is nothing that Twilio posts of texts and calls.")
    if found.get("leg") == "go":
        status = "key"
    return f"{sid}:{status}", status


def _person(found: Mapping[str, str]) -> str:
    """The number at the other end, by which an erasure finds the event."""
    ours = "From" if found.get("Direction", "") == "outbound-api" or "item" in found else "To"
    return found.get("To" if ours == "From" else "From", "")


def _fields(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise Rejected("That is no form.") from None


def _flat(raw: bytes) -> dict[str, str]:
    try:
        found = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS + 10)
    except ValueError:
        raise Rejected("That is no form.") from None
    return {name: values[-1] for name, values in found.items()}


def _spellings(address: str) -> list[str]:
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    usual = 443 if parts.scheme == "https" else 80
    bare = urlunsplit(parts._replace(netloc=host if port in (None, usual) else f"{host}:{port}"))
    with_port = urlunsplit(parts._replace(netloc=f"{host}:{port or usual}"))
    return list(dict.fromkeys([address, bare, with_port]))
