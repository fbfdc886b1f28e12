"""One JSON call to a vendor: paced, bounded in time and size, repeated where safe, its faults named by who acts.

    reply = api.get("/domain-search", params={"domain": "acme.com"})
    found = reply.read(DomainSearch)          # a pydantic model of what we use; a changed schema is a fault too

Faults are raised as core.errors; a provider turns them into `Unknown` with `unknown_of`, so that a vendor that is
down, refuses the key or answers rubbish never fails a run.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from core.clock import Clock
from core.errors import FixConfiguration, NotFound, Rejected, RetryAt, SalesOSError
from tools.ports import Gap, Unknown
from tools.providers.vendor.pace import Monotonic, Pace, Sleep

T = TypeVar("T", bound=BaseModel)
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

MAX_BODY = 8_000_000  # bytes: a page of 1,000 rich companies is about 4 MB
ATTEMPTS = 3  # the first try and two more
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0  # seconds between tries where the vendor names no time
_READ_SECONDS = 20.0  # without a byte
_EXCERPT = 160  # characters of a vendor's own sentence that are shown


class Repeat(RetryAt):
    """A fault that this very call may outlive. `after`: seconds that the vendor asks for, where it does."""

    def __init__(self, message: str, *, after: float | None = None, retry_at: datetime | None = None) -> None:
        super().__init__(message, retry_at=retry_at)
        self.after = after


class Unreadable(RetryAt):
    """It answered, but not with what it describes. Asked again it would answer the same."""

    code = "unreadable_answer"


class OutOfCredits(FixConfiguration):
    code = "out_of_credits"


@dataclass(frozen=True, slots=True)
class Reply:
    label: str  # the vendor, as people know it
    status: int
    headers: Mapping[str, str]  # lower-case names
    body: Any  # parsed JSON; None where there is no body

    def read(self, model: type[T]) -> T:
        """The part of the body that we use. Raises Unreadable (naming fields, no values) where its schema changed."""
        try:
            return model.model_validate(self.body)
        except ValidationError as error:
            where = sorted({".".join(map(str, each["loc"])) or "(all)" for each in error.errors(include_input=False)})
            raise Unreadable(
                f"{self.label} answers in another shape than it describes: {', '.join(where[:5])}."
            ) from None


Classify = Callable[[Reply], SalesOSError | None]


class VendorApi:
    """Safe to share between threads. The client, its proxies and its connections are the caller's."""

    def __init__(
        self,
        http: httpx2.Client,
        *,
        label: str,
        base_url: str,
        clock: Clock,
        pace: Pace,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        classify: Classify | None = None,
        typed_as_text: bool = False,
        deadline_seconds: float = 60.0,
        read_seconds: float = _READ_SECONDS,
        sleep: Sleep = time.sleep,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """`headers`, `params`: what every call carries, secrets too; they are never logged nor shown.
        `classify`: the vendor's own reading of an answer, asked first; None leaves it to the status.
        `typed_as_text`: the vendor may call its JSON text/plain."""
        self.label = label
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._pace = pace
        self._headers = {"accept": "application/json", **(headers or {})}
        self._params = dict(params or {})
        self._classify = classify
        self._typed_as_text = typed_as_text
        self._deadline = deadline_seconds
        self._read_seconds = read_seconds
        self._sleep = sleep
        self._monotonic = monotonic

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Reply:
        return self.call("GET", path, params=params, headers=headers)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A search or look-up by POST, its body JSON or a form: it changes nothing at the vendor, so it may be
        repeated."""
        return self.call("POST", path, params=params, json=json, form=form, headers=headers)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params = (),
        json: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Reply:
        """`repeat`: False where being asked twice is not the same as once; then a lost answer is RetryAt at once.

        Raises RetryAt (down, limited, unreadable), FixConfiguration (key, plan, credits), NotFound, Rejected."""
        ends = self._monotonic() + self._deadline

        def once() -> Reply:
            left = ends - self._monotonic()
            if left <= 0 or self._pace.turn(left) is None:
                raise RetryAt(f"{self.label} allows no call within {self._deadline:.0f} seconds.")
            reply = self._exchange(method, path, params, json, form, headers, ends)
            fault = (self._classify(reply) if self._classify else None) or self._fault(reply)
            if fault is not None:
                raise fault
            return reply

        def worth_repeating(error: BaseException) -> bool:
            left = ends - self._monotonic()
            return repeat and isinstance(error, Repeat) and (error.after is None or error.after < left)

        backoff = wait_exponential_jitter(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT, jitter=_FIRST_WAIT)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.after if isinstance(error, Repeat) else None
            return asked if asked is not None else backoff(state)

        again = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            retry=retry_if_exception(worth_repeating),
            wait=wait,
            sleep=self._sleep,
            reraise=True,
        )
        return again(once)

    def _exchange(
        self,
        method: str,
        path: str,
        params: Params,
        body: Any,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        ends: float,
    ) -> Reply:
        pairs = [*self._params.items(), *(params.items() if isinstance(params, Mapping) else params)]
        timeout = httpx2.Timeout(max(0.1, min(self._read_seconds, ends - self._monotonic())))
        try:
            with self._http.stream(
                method,
                path if path.startswith("https://") else self._base_url + path,
                params=[(name, value) for name, value in pairs if value is not None] or None,
                json=body,
                data=form,
                headers={**self._headers, **(headers or {})},
                timeout=timeout,
                follow_redirects=False,
            ) as response:
                raw = bytearray()
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) > MAX_BODY:
                        raise Unreadable(f"{self.label} answered with more than {MAX_BODY // 1_000_000} MB.")
                    if self._monotonic() > ends:
                        raise RetryAt(f"{self.label} took longer than {self._deadline:.0f} seconds to answer.")
                found = {name.lower(): value for name, value in response.headers.items()}
                return Reply(self.label, response.status_code, found, self._parsed(response.status_code, found, raw))
        except httpx2.TimeoutException:
            raise Repeat(f"{self.label} did not answer in time.") from None
        except httpx2.HTTPError as error:
            # The class alone: a message may quote the URL, and a key can stand in it.
            raise Repeat(f"{self.label} could not be reached ({type(error).__name__}).") from None

    def _parsed(self, status: int, headers: Mapping[str, str], raw: bytearray) -> Any:
        if not raw:
            return None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        readable = kind.endswith(("json", "+json")) or not kind or (self._typed_as_text and kind == "text/plain")
        if not readable and status < 400:
            raise Unreadable(f"{self.label} answered with {kind} where JSON was due.")
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            if status < 400:
                raise Unreadable(f"{self.label} answered with JSON that breaks off or is none.") from None
            return None

    def _fault(self, reply: Reply) -> SalesOSError | None:
        status, said = reply.status, said_by(reply.body)
        match status:
            case _ if status < 300:
                return None
            case 401 | 403:
                return FixConfiguration(
                    f"{self.label} refuses the key ({status}){said}.", hint="Set it again, or look at its plan."
                )
            case 402:
                return OutOfCredits(f"{self.label} has no credits left{said}.", hint="Buy some, or switch it off.")
            case 404:
                return NotFound(f"{self.label} knows nothing of it.")
            case 408 | 425:
                return Repeat(f"{self.label} did not take the call in time ({status}).")
            case 429:
                return self._limited(reply)
            case _ if status >= 500:
                return Repeat(f"{self.label} is down ({status}).", after=retry_after(reply.headers, self._clock))
        return Rejected(f"{self.label} refuses the call ({status}){said}.")

    def _limited(self, reply: Reply) -> Repeat:
        after = retry_after(reply.headers, self._clock)
        if after is not None:
            self._pace.hold(after)
        at = None if after is None else self._clock.now() + timedelta(seconds=after)
        return Repeat(f"{self.label} limits how often it is asked.", after=after, retry_at=at)


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds that Retry-After asks for (RFC 9110 §10.2.3: seconds or a date), a day at most; None: it says none."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return min(float(text), 86_400.0)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(0.0, (at - clock.now()).total_seconds()), 86_400.0)


def said_by(body: Any) -> str:
    """ ": <the vendor's own sentence>", short, where the error body has one; "" where not."""
    queue: list[Any] = [body]
    for part in queue:  # grows while it is read; an error body is small, and its depth is bounded below
        if len(queue) > 40:
            break
        if isinstance(part, Mapping):
            for name in ("message", "details", "detail", "error", "errors", "title", "description"):
                value = part.get(name)
                if isinstance(value, str) and value.strip():
                    return f": {' '.join(value.split())[:_EXCERPT]}"
                if value:
                    queue.append(value)
        elif isinstance(part, list):
            queue.extend(part[:3])
    return ""


def unknown_of(error: SalesOSError) -> Unknown:
    """What a provider answers where its vendor failed: the sentence, and who could change it."""
    if isinstance(error, NotFound):
        return Unknown(error.message, Gap.NO_DATA)
    if isinstance(error, RetryAt):
        return Unknown(error.message, Gap.DOWN)
    return Unknown(str(error), Gap.REFUSED)
