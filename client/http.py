"""How requests are made: the key, retries that are safe, pages, streams."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx2
import tenacity

from client.errors import ApiError, Unreachable
from client.operations import UNSET, Operations

_TIMEOUT: Final = httpx2.Timeout(30.0, connect=5.0)
_TRIES: Final = 4
_LONGEST_WAIT: Final = 30.0  # seconds; a server that asks for longer is told of instead
_AGAIN: Final = frozenset({429, 502, 503, 504})
_BROKEN: Final = 20  # times in a row that a stream may break off before it is given up


class _TryAgain(Exception):
    def __init__(self, error: ApiError, wait: float) -> None:
        super().__init__(str(error))
        self.error, self.wait = error, wait


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a stream. `id` goes on where a stream broke off."""

    id: str
    kind: str
    data: Any


class Client(Operations):
    """Not thread-safe; cheap enough for one a thread. `transport`: for calling a server within this process."""

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(
            base_url=f"{self.url}/api/v1", headers=headers, timeout=_TIMEOUT, transport=transport
        )
        self._sleep = sleep

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def pages(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, over all its pages: `pages(client.list_leads, tier=1)`. Raises ApiError."""
        cursor: Any = UNSET
        while True:
            page = operation(*arguments, **{**options, "cursor": cursor})
            yield from page["items"]
            if not page.get("next"):
                return
            cursor = page["next"]

    def stream(self, path: str, *, after: str = "", **params: Any) -> Iterator[Event]:
        """The messages of a stream under /api/v1, after `after`, until the server ends it; goes on where it broke off.

        Raises ApiError; Unreachable where the server stays away.
        """
        broken = 0
        while True:
            try:
                headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
                with self._http.stream("GET", path, params=_plain(params), headers=headers, timeout=90.0) as response:
                    if response.status_code == 204:
                        return
                    if response.status_code != 200:
                        response.read()
                        raise _error(response)
                    for event in _events(response.iter_lines()):
                        broken, after = 0, event.id or after
                        yield event
                    return
            except httpx2.TransportError as error:
                broken += 1
                if broken > _BROKEN:
                    raise Unreachable(self.url, _why(error)) from error
                self._sleep(min(0.5 * 2 ** min(broken, 5), _LONGEST_WAIT))

    def download(self, path: str, **params: Any) -> Iterator[bytes]:
        """The bytes of a file under /api/v1, piece by piece. Raises ApiError."""
        try:
            with self._http.stream("GET", path, params=_plain(params)) as response:
                if response.status_code != 200:
                    response.read()
                    raise _error(response)
                yield from response.iter_bytes()
        except httpx2.TransportError as error:
            raise Unreachable(self.url, _why(error)) from error

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        if_match: str = "",
        idempotency_key: str = "",
    ) -> Any:
        """One request, and the JSON of its answer. A write carries an Idempotency-Key of its own, so it too may be
        repeated when the answer was lost. Raises ApiError, Unreachable."""
        headers = {"If-Match": if_match} if if_match else {}
        if method != "GET":
            headers["Idempotency-Key"] = idempotency_key or str(uuid4())
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(_plain(body)).encode(), "application/json"

        def once() -> Any:
            try:
                response = self._http.request(
                    method, path, params=_plain(params or {}), content=content, files=files, headers=headers
                )
            except httpx2.TransportError as error:
                raise _TryAgain(Unreachable(self.url, _why(error)), 0.0) from error
            if response.status_code in _AGAIN:
                raise _TryAgain(_error(response), _asked_wait(response))
            if response.status_code >= 300:
                raise _error(response)
            is_json = response.headers.get("content-type", "").startswith("application/json")
            return response.json() if is_json and response.content else None

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait if isinstance(error, _TryAgain) else 0.0
            return max(asked, 0.25 * float(2**state.attempt_number))

        try:
            return tenacity.Retrying(
                retry=tenacity.retry_if_exception(lambda e: isinstance(e, _TryAgain) and e.wait <= _LONGEST_WAIT),
                stop=tenacity.stop_after_attempt(_TRIES if files is None else 1),  # a file that was read is at its end
                wait=wait,
                sleep=self._sleep,
                reraise=True,
            )(once)
        except _TryAgain as error:
            raise error.error from error

    def _operate(
        self,
        method: str,
        path: str,
        places: Mapping[str, Any],
        params: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        if_match: str,
    ) -> Any:
        filled = path.format(**{name: quote(str(value), safe="") for name, value in places.items()})
        given = None if body is None else {name: value for name, value in body.items() if value is not UNSET}
        return self.send(method, filled, params=params, body=given, if_match=if_match)


def _events(lines: Iterator[str]) -> Iterator[Event]:
    """Of a text/event-stream (WHATWG): comments are heartbeats, an empty line ends a message."""
    kind, event_id = "", ""
    data: list[str] = []
    for line in lines:
        if line.startswith(":"):
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event(event_id, kind or "message", _parsed("\n".join(data)))
            kind, data = "", []
        elif name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id":
            event_id = value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in values.items() if value is not UNSET and value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _value(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(v) for v in value]
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _error(response: httpx2.Response) -> ApiError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "code" not in problem:
        return ApiError(
            response.status_code,
            {
                "detail": f"The server answered {response.status_code}, and not in the words of this API.",
                "hint": "Check the address: it is where `salesos serve` listens, without a path.",
            },
        )
    return ApiError(response.status_code, problem)


def _asked_wait(response: httpx2.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
