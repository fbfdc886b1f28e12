"""One call that may send a mail, made once: nothing here repeats it, and what went wrong says whether it had left."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from tools.ports import SendOutcome, SendResult
from tools.providers.vendor.account import Wire

_SECONDS = httpx2.Timeout(connect=15.0, pool=15.0, write=60.0, read=60.0)
_MOST = 1_000_000  # bytes of an answer to a mail
_EXCERPT = 300

# Raised before a connection stands, and so before a byte of the request.
_BEFORE = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: Any  # parsed JSON; None where there is none

    @property
    def is_object(self) -> bool:
        return isinstance(self.body, Mapping)


def call_once(
    wire: Wire, url: str, *, content: bytes, headers: Mapping[str, str], method: str = "POST"
) -> Answer | SendResult:
    """The answer; or DEFERRED where no byte left, UNKNOWN where the request left and the answer was lost."""
    try:
        with wire.http.stream(
            method, url, content=content, headers=dict(headers), timeout=_SECONDS, follow_redirects=False
        ) as response:
            raw = bytearray()
            try:
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > _MOST:
                        break
            except httpx2.HTTPError:
                if response.status_code < 400:  # of a refusal the status is enough
                    raise
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, found, _parsed(raw))
    except _BEFORE as error:
        return SendResult(SendOutcome.DEFERRED, f"Not reached ({type(error).__name__}); nothing left.", "connect")
    except httpx2.HTTPError as error:
        return SendResult(
            SendOutcome.UNKNOWN,
            f"The answer was lost ({type(error).__name__}) after the mail had left: it may or may not have been taken.",
            f"{type(error).__name__} after {method}",
        )


def _parsed(raw: bytearray) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def unclear(label: str, answer: Answer) -> SendResult:
    """An answer that says neither yes nor no: a fault behind the door, or an answer that is not the service's own."""
    return SendResult(
        SendOutcome.UNKNOWN,
        f"{label} answered {answer.status} without saying whether it took the mail.",
        f"{answer.status} after the call",
    )


def words(said: object) -> str:
    """A service's own sentence, on one line and short."""
    return " ".join(str(said or "").split())[:_EXCERPT]
