"""Mail through Microsoft Graph: a draft of the frozen bytes first, then the word to send it.

https://learn.microsoft.com/graph/outlook-send-mime-message. Why not sendMail in one call: it answers without an id,
takes no key, and may answer 504 after the mail was sent. A draft sends nothing, so that whatever goes wrong with it
is certain; and its `internetMessageId` shows, before anything leaves, that a lost answer can be looked up by it.
"""

from base64 import b64encode
from collections.abc import Mapping
from json import dumps
from urllib.parse import quote

from core.errors import RetryAt
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from tools.providers.mail_transport.http_once import Answer, call_once, unclear, words
from tools.providers.mail_transport.signed_send import send_signed
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import retry_after
from tools.providers.vendor.microsoft_graph import BASE_URL, LABEL, code_of, connect

_MESSAGES = f"{BASE_URL}/me/messages"

# Of this mail alone; the mailbox is well.
_REJECTED = frozenset({"ErrorInvalidRecipients", "ErrorMessageSizeExceeded", "ErrorInvalidSmtpAddress"})
_PASSING = frozenset(
    {
        "ApplicationThrottled",
        "TooManyRequests",
        "ErrorServerBusy",
        "ErrorMailboxStoreUnavailable",
        "ErrorTimeoutExpired",
        "ErrorTooManyObjectsOpened",
    }
)


class GraphTransport:
    """Thread-safe. `tokens` need the permissions Mail.Send and Mail.ReadWrite."""

    name = "graph"

    def __init__(self, tokens: AccessTokens, wire: Wire) -> None:
        self._tokens = tokens
        self._wire = wire
        self._reading = connect(tokens, wire)

    def send(self, envelope: Envelope) -> SendResult:
        drafted = self._draft(envelope)
        if isinstance(drafted, SendResult):
            return drafted
        answer = self._call(f"{_MESSAGES}/{drafted}/send", b"", "")
        if isinstance(answer, Answer):
            if answer.status in (202, 204):  # 202 by the documentation, 204 by the description
                return SendResult(SendOutcome.SENT, f"{LABEL} took it.", str(answer.status))
            refused = self._refusal(answer)
            answer = refused if refused is not None else unclear(LABEL, answer)
        if answer.outcome is not SendOutcome.UNKNOWN:
            self._discard(drafted)  # a later try makes its own
        return answer

    def lookup(self, message_id: str) -> LookupResult:
        """A draft that never went is NOT_FOUND. Raises RetryAt when it cannot be asked now, FixConfiguration when
        the account must be connected again."""
        literal = message_id.replace("'", "''")  # OData 4.01 §5.1.1.1.1
        query = {"$filter": f"internetMessageId eq '{literal}'", "$select": "id,isDraft", "$top": 10}
        found = self._reading.get("/me/messages", query).body
        listed = found.get("value") if isinstance(found, Mapping) else None
        if not isinstance(listed, list):
            raise RetryAt(f"{LABEL} answers a search in another shape than it describes.")
        sent = any(isinstance(each, Mapping) and each.get("isDraft") is False for each in listed)
        return LookupResult.FOUND if sent else LookupResult.NOT_FOUND

    def close(self) -> None:
        """The client is the caller's."""

    def _draft(self, envelope: Envelope) -> str | SendResult:
        """The path segment of a draft that bears our Message-ID; or why there is none. Nothing is sent by this."""
        answer = self._call(_MESSAGES, b64encode(envelope.mime), "text/plain")
        if isinstance(answer, SendResult):
            return self._certain(answer)
        draft = answer.body if answer.is_object else {}
        if answer.status not in (200, 201) or not draft.get("id"):
            return self._refusal(answer) or self._certain(unclear(LABEL, answer))
        segment = quote(str(draft["id"]), safe="")
        if draft.get("internetMessageId") == envelope.message_id:
            return segment
        problem = self._rename(segment, envelope.message_id)
        if problem is None:
            return segment
        self._discard(segment)
        return problem

    def _rename(self, segment: str, message_id: str) -> SendResult | None:
        """Gives the draft our Message-ID, which may be set while it is a draft. None: it bears it now."""
        body = dumps({"internetMessageId": message_id}).encode()
        answer = self._call(f"{_MESSAGES}/{segment}", body, "application/json", "PATCH")
        if isinstance(answer, SendResult):
            return self._certain(answer)
        if answer.status == 200 and answer.is_object and answer.body.get("internetMessageId") == message_id:
            return None
        if answer.status == 429 or answer.status >= 500:
            return self._refusal(answer) or self._certain(unclear(LABEL, answer))
        return SendResult(
            SendOutcome.MISCONFIGURED,
            f"{LABEL} does not keep our Message-ID: a mail whose answer is lost could not be looked up.",
            "message_id",
        )

    def _discard(self, segment: str) -> None:
        """Best effort: a draft that stays behind is seen by its owner, and harms nobody."""
        self._call(f"{_MESSAGES}/{segment}", b"", "", "DELETE")

    def _call(self, url: str, content: bytes, kind: str, method: str = "POST") -> Answer | SendResult:
        def once(token: str) -> Answer | SendResult:
            headers = {"authorization": f"Bearer {token}"} | ({"content-type": kind} if content else {})
            return call_once(self._wire, url, content=content, headers=headers, method=method)

        return send_signed(self._tokens, once)

    def _certain(self, result: SendResult) -> SendResult:
        if result.outcome is not SendOutcome.UNKNOWN:
            return result
        return SendResult(SendOutcome.DEFERRED, f"{LABEL} made no draft, so that nothing was sent.", result.code)

    def _refusal(self, answer: Answer) -> SendResult | None:
        """None: the answer does not say that nothing was sent."""
        code = code_of(answer.body) or str(answer.status)
        error = answer.body.get("error") if answer.is_object else None
        said = words(error.get("message") if isinstance(error, Mapping) else "")
        detail = f"{LABEL} ({answer.status}): {said or code}"
        asked = retry_after(answer.headers, self._wire.clock)
        wait = None if asked is None else round(asked)
        # Throttling is said with 429, and with 503 and a time to wait; without one it may be a fault behind the door.
        throttled = answer.status == 503 and wait is not None
        if answer.status in (408, 425, 429) or throttled or (400 <= answer.status < 500 and code in _PASSING):
            return SendResult(SendOutcome.DEFERRED, detail, code, wait)
        if not 400 <= answer.status < 500:
            return None
        if answer.status == 413 or code in _REJECTED:
            return SendResult(SendOutcome.REJECTED, detail, code)
        return SendResult(SendOutcome.MISCONFIGURED, detail, code)
