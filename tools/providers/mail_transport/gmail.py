"""Mail through Gmail's API: the frozen bytes as they are, looked for where the answer was lost.

https://developers.google.com/gmail/api/reference/rest/v1/users.messages/send. Gmail takes no key against repetition,
and has sent mails twice for clients that repeat a 5xx: here that is UNKNOWN. It may write its own Message-ID over ours:
what recipients see is read back after each mail, and a mail whose answer was lost is looked for by what it says too.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from json import dumps

from core.errors import RetryAt
from tools.ports import Envelope, LookupResult, LostMail, SendOutcome, SendResult
from tools.providers.mail_transport.gmail_sent import find_sent, seen_as
from tools.providers.mail_transport.http_once import Answer, call_once, unclear, words
from tools.providers.mail_transport.signed_send import send_signed
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import retry_after
from tools.providers.vendor.google_mail import BASE_URL, LABEL, LIMIT_REASONS, connect, reasons_of

_SEND = f"{BASE_URL}/gmail/v1/users/me/messages/send"
# "User-rate limit exceeded.  Retry after 2026-06-02T14:05:00.000Z"
_UNTIL = re.compile(r"retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", re.IGNORECASE)
_HOUR_SECONDS, _DAY_SECONDS = 3_600, 86_400
_ADDRESS = re.compile(r"invalid (?:to|cc|bcc) header|recipient address required", re.IGNORECASE)
_READ_BACK_SECONDS = 10.0  # the mail is taken: what is read of it now only helps its answers to be matched
_QUOTABLE = re.compile(r'<[^\s<>"(){}]{1,990}>')


class GmailTransport:
    """Thread-safe. `tokens` need the scope gmail.send, and gmail.readonly (or gmail.modify) to look up."""

    name = "gmail"

    def __init__(self, tokens: AccessTokens, wire: Wire) -> None:
        self._tokens = tokens
        self._wire = wire
        self._reading = connect(tokens, wire)
        self._reading_back = connect(tokens, wire, seconds=_READ_BACK_SECONDS)

    def send(self, envelope: Envelope) -> SendResult:
        body = dumps({"raw": urlsafe_b64encode(envelope.mime).decode("ascii")}).encode("ascii")

        def once(token: str) -> Answer | SendResult:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            return call_once(self._wire, _SEND, content=body, headers=headers)

        answer = send_signed(self._tokens, once)
        result = answer if isinstance(answer, SendResult) else self._outcome(answer)
        if result.outcome is not SendOutcome.SENT:
            return result
        seen = seen_as(self._reading_back, result.provider_id)
        return replace(result, wire_message_id="" if seen == envelope.message_id else seen)

    def lookup(self, message_id: str) -> LookupResult:
        """Raises RetryAt when Gmail cannot be asked now, FixConfiguration when the account must be connected again."""
        if not _QUOTABLE.fullmatch(message_id):
            return LookupResult.UNSUPPORTED  # a search operator would read it as something else
        query = {"q": f"rfc822msgid:{message_id[1:-1]}", "maxResults": 1, "includeSpamTrash": "true"}
        found = self._reading.get("/gmail/v1/users/me/messages", query).body
        if not isinstance(found, Mapping) or not (found.get("messages") or "resultSizeEstimate" in found):
            raise RetryAt(f"{LABEL} answers a search in another shape than it describes.")
        return LookupResult.FOUND if found.get("messages") else LookupResult.NOT_FOUND

    def find(self, mail: LostMail) -> LookupResult:
        """By our Message-ID; not found, by what was sent since. Raises as `lookup` does."""
        found = self.lookup(mail.message_id)
        return find_sent(self._reading, mail) if found is LookupResult.NOT_FOUND else found

    def close(self) -> None:
        """The client is the caller's."""

    def _outcome(self, answer: Answer) -> SendResult:
        if answer.status == 200 and answer.is_object and answer.body.get("id"):
            name = words(answer.body["id"])[:60]
            return SendResult(SendOutcome.SENT, f"{LABEL} took it as {name}.", "200", provider_id=name)
        if not 400 <= answer.status < 500:
            return unclear(LABEL, answer)
        reasons = reasons_of(answer.body)
        error = answer.body.get("error") if answer.is_object else None
        said = words(error.get("message") if isinstance(error, Mapping) else "")
        code = reasons[0] if reasons else str(answer.status)
        detail = f"{LABEL} ({answer.status}): {said or code}"
        if answer.status in (408, 425, 429) or (answer.status == 403 and LIMIT_REASONS.intersection(reasons)):
            return SendResult(SendOutcome.DEFERRED, detail, code, self._wait(answer, said, reasons))
        if answer.status == 413 or (answer.status == 400 and _ADDRESS.search(said)):
            return SendResult(SendOutcome.REJECTED, detail, code)
        return SendResult(SendOutcome.MISCONFIGURED, detail, code)

    def _wait(self, answer: Answer, said: str, reasons: Sequence[str]) -> int | None:
        asked = retry_after(answer.headers, self._wire.clock)
        if asked is not None:
            return round(asked)
        if named := _UNTIL.search(said):
            until = datetime.fromisoformat(named.group(1)).replace(tzinfo=UTC)
            left = (until - self._wire.clock.now()).total_seconds()
            return min(max(1, round(left)), _DAY_SECONDS)
        return _HOUR_SECONDS if "dailyLimitExceeded" in reasons else None
