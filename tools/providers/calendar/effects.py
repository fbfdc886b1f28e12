"""One call that may change a calendar, made once; what went wrong says whether the change may have happened.

Nothing here repeats a call: the caller has the key of the event, and asks again when it suits the rows that it keeps.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from core.clock import Clock
from core.errors import FixConfiguration, RetryAt, SalesOSError
from tools.ports.calendar import EventOutcome, EventResult, Unanswered
from tools.providers.oauth import Tokens
from tools.providers.vendor.api import retry_after, said_by
from tools.providers.vendor.pace import Pace

_SECONDS = httpx2.Timeout(connect=10.0, pool=10.0, write=20.0, read=30.0)
_MOST = 4_000_000  # bytes of an answer to one event
_TURN_SECONDS = 10.0  # that a call waits for its turn

# Raised before a connection stands, and so before a byte of the request.
_BEFORE = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class NotAsked(httpx2.UnsupportedProtocol):
    """We may not ask there. Its message is ours, and for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # lower-case names
    raw: bytes

    @property
    def body(self) -> Any:
        """Parsed JSON; None where there is none."""
        try:
            return json.loads(self.raw) if self.raw else None
        except (ValueError, RecursionError):
            return None


Call = Callable[[str, str, Mapping[str, str], bytes], Answer | EventResult]  # (method, URL, headers, content)


def call_once(http: httpx2.Client, pace: Pace) -> Call:
    """DEFERRED where no byte left, UNKNOWN where the request left and no answer came, REFUSED where we may not ask."""

    def call(method: str, url: str, headers: Mapping[str, str], content: bytes) -> Answer | EventResult:
        if pace.turn(_TURN_SECONDS) is None:
            return EventResult(EventOutcome.DEFERRED, "Too many calls are under way.", retry_after_seconds=60)
        try:
            with http.stream(
                method, url, content=content or None, headers=dict(headers), timeout=_SECONDS, follow_redirects=False
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
                return Answer(response.status_code, found, bytes(raw))
        except NotAsked as error:
            return EventResult(EventOutcome.REFUSED, str(error))
        except _BEFORE as error:
            return EventResult(EventOutcome.DEFERRED, f"Not reached ({type(error).__name__}); nothing changed.")
        except httpx2.HTTPError as error:
            return EventResult(
                EventOutcome.UNKNOWN, f"The answer was lost ({type(error).__name__}): it may or may not have happened."
            )

    return call


class SignedCalls:
    """Calls with a person's access token; one that is refused changed nothing, and is made again with a new one."""

    def __init__(self, tokens: Tokens, call: Call) -> None:
        self._tokens = tokens
        self._call = call

    def __call__(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer | EventResult:
        content = b"" if body is None else json.dumps(body).encode()
        typed = {"content-type": "application/json"} if content else {}

        def once(token: str) -> Answer | EventResult:
            return self._call(method, url, {**typed, **(headers or {}), "authorization": f"Bearer {token}"}, content)

        try:
            token = self._tokens.token()
            answer = once(token)
            if not isinstance(answer, Answer) or answer.status != 401:
                return answer
            self._tokens.refused(token)
            return once(self._tokens.token())
        except (RetryAt, FixConfiguration) as fault:
            return not_done(fault)


def not_done(fault: SalesOSError) -> EventResult:
    """A fault before the effect: certainly nothing changed."""
    if isinstance(fault, RetryAt):
        return EventResult(EventOutcome.DEFERRED, str(fault), retry_after_seconds=60)
    return EventResult(EventOutcome.REFUSED, str(fault))


def refusal(label: str, answer: Answer, clock: Clock, *, limited: bool = False, said: str = "") -> EventResult:
    """What an answer that is no yes comes to. `limited`: the service's own words say that it is asked too often."""
    detail = f"{label} ({answer.status}){said or said_by(answer.body)}"
    asked = retry_after(answer.headers, clock)
    wait = None if asked is None else round(asked)
    # Throttling is said with 429, and with 503 and a time to wait; without one it may be a fault behind the door.
    if limited or answer.status in (408, 425, 429) or (answer.status == 503 and wait is not None):
        return EventResult(EventOutcome.DEFERRED, detail, retry_after_seconds=wait)
    if 400 <= answer.status < 500:
        return EventResult(EventOutcome.REFUSED, detail)
    return EventResult(EventOutcome.UNKNOWN, f"{label} answered {answer.status} without saying whether it was done.")


def not_telling(label: str, result: EventResult) -> SalesOSError:
    """What it comes to that a service was asked to tell of changes, and did not say that it does."""
    match result.outcome:
        case EventOutcome.REFUSED:
            return FixConfiguration(f"{label} tells no changes: {result.detail}")
        case EventOutcome.DEFERRED:
            return RetryAt(result.detail)
    return Unanswered(result.detail)
