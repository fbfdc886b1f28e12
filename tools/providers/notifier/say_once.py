"""One notice, posted once; what is the same for every service in what comes back."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from tools.ports import NoticeAnswer, NoticeOutcome, SendOutcome, SendResult
from tools.providers.mail_transport.http_once import Answer, call_once
from tools.providers.vendor.account import Wire

_CLOSED = frozenset({401, 403, 404, 410})
_LONGEST_WISH = 3_600.0


def say_once(wire: Wire, url: str, body: object, headers: Mapping[str, str] | None = None) -> Answer | NoticeAnswer:
    """The service's answer; or what became of it where there is none."""
    sent = {"content-type": "application/json; charset=utf-8", "user-agent": "SalesOS-Notices/1", **(headers or {})}
    got = call_once(wire, url, content=orjson.dumps(body), headers=sent)
    if not isinstance(got, SendResult):
        return got
    if got.outcome is SendOutcome.DEFERRED:
        return NoticeAnswer(NoticeOutcome.DEFERRED, "It was not reached; nothing left.")
    return NoticeAnswer(NoticeOutcome.UNKNOWN, "The answer was lost after the notice had left.")


def by_status(answer: Answer) -> NoticeAnswer:
    """Of services that answer by HTTP status."""
    status = answer.status
    said = f"It answered {status}."
    if 200 <= status < 300:
        return NoticeAnswer(NoticeOutcome.TAKEN)
    if status in (429, 503):
        return NoticeAnswer(NoticeOutcome.DEFERRED, said, wish(answer))
    if status in _CLOSED:
        return NoticeAnswer(NoticeOutcome.CLOSED, said)
    if 400 <= status < 500:
        return NoticeAnswer(NoticeOutcome.REFUSED, said)
    return NoticeAnswer(NoticeOutcome.UNKNOWN, f"{said} It does not say whether it took the notice.")


def wish(answer: Answer) -> float | None:
    """Retry-After in seconds, an hour at most."""
    text = answer.headers.get("retry-after", "").strip()
    return min(float(text[:9]), _LONGEST_WISH) if text.isdigit() else None


def host_of(address: str) -> str:
    """Of an https address on its own port without a name and a password in it; else "" """
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "https" and parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return ""
    return (parts.hostname or "") if plain and address.isascii() and not any(c.isspace() for c in address) else ""
