"""Recorded HTTP for evals: an httpx2 transport that answers from a file, or records into it.

Deterministic, without patching anything: the transport is given to the client that a provider takes by injection.
A request is known by its method, URL, sorted query and canonical JSON body. What was not recorded raises
`CassetteMiss`, a BaseException, so that no `except Exception` on the way turns a hole in the recording into a
green case. The same request asked n times is answered by n recordings in their order.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx2

from core.errors import FixConfiguration

MODE_VARIABLE = "EVAL_MODE"
_KEPT_HEADERS = ("content-type", "retry-after", "x-request-id", "x-ratelimit-remaining", "location", "etag")
_SECRET_NAMES = re.compile(r"(?i)(authorization|api[-_]?key|token|secret|password|access_key|signature)")
_REDACTED = "[redacted]"


class Mode(StrEnum):
    REPLAY = "replay"
    RECORD = "record"


class CassetteMiss(BaseException):
    """A request that was never recorded. The prompt, the URL or the body changed: record the case again."""


def mode_from_environment() -> Mode:
    """The mode comes from EVAL_MODE alone, and CI only replays."""
    mode = Mode(os.environ.get(MODE_VARIABLE, Mode.REPLAY))
    if mode is Mode.RECORD and os.environ.get("CI"):
        raise FixConfiguration("CI does not record.", hint=f"Unset {MODE_VARIABLE}, and commit what you recorded.")
    return mode


class CassetteTransport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """For a sync or an async client. Recording needs `inner`, a real transport, and `secrets`, values to blot out."""

    def __init__(
        self,
        path: Path,
        mode: Mode = Mode.REPLAY,
        *,
        inner: httpx2.BaseTransport | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        if mode is Mode.RECORD and inner is None:
            raise ValueError("Recording needs a transport to record from.")
        self.path = path
        self.mode = mode
        self.misses: list[str] = []
        self._inner = inner
        self._secrets = tuple(secret for secret in secrets if secret)
        self._recorded: list[dict[str, Any]] = []
        self._answers: dict[str, list[dict[str, Any]]] = defaultdict(list)
        if mode is Mode.REPLAY:
            for entry in json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []:
                self._answers[_key(entry["request"])].append(entry)
        self._used: dict[str, int] = defaultdict(int)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = self._describe(request)
        if self._inner is not None and self.mode is Mode.RECORD:
            return self._record(asked, request, self._inner)
        key = _key(asked)
        answers, position = self._answers.get(key, []), self._used[key]
        if position >= len(answers):
            what = f"{asked['method']} {asked['url']} (number {position + 1})"
            self.misses.append(what)
            raise CassetteMiss(f"{what} is not in {self.path.name}; record it with {MODE_VARIABLE}=record.")
        self._used[key] += 1
        answer = answers[position]["response"]
        if "error" in answer:
            raise getattr(httpx2, answer["error"])(answer.get("message", answer["error"]), request=request)
        body = answer["text"].encode() if "text" in answer else json.dumps(answer["json"]).encode()
        return httpx2.Response(answer["status"], headers=answer["headers"], content=body, request=request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        return self.handle_request(request)

    def unused(self) -> list[str]:
        """Recordings that nobody asked for: stale, or a path no longer taken."""
        return [
            f"{answers[0]['request']['method']} {answers[0]['request']['url']}"
            for key, answers in self._answers.items()
            if self._used[key] < len(answers)
        ]

    def save(self) -> None:
        """Writes what was recorded. Raises FixConfiguration, and writes nothing, where a secret would be kept."""
        text = json.dumps(self._recorded, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        leaked = [secret[:3] + "…" for secret in self._secrets if secret in text]
        if leaked:
            raise FixConfiguration(f"The recording still holds the secret {leaked[0]}", hint="It was not written.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text, encoding="utf-8")

    def _record(self, asked: dict[str, Any], request: httpx2.Request, inner: httpx2.BaseTransport) -> httpx2.Response:
        try:
            response = inner.handle_request(request)
        except httpx2.TransportError as error:
            answer = {"error": type(error).__name__, "message": self._blot(str(error))}
            self._recorded.append({"request": asked, "response": answer})
            raise
        response.read()
        headers = {name: value for name, value in response.headers.items() if name.lower() in _KEPT_HEADERS}
        entry: dict[str, Any] = {"status": response.status_code, "headers": headers}
        try:
            entry["json"] = _redacted(json.loads(self._blot(response.text)))
        except ValueError:
            entry["text"] = self._blot(response.text)
        self._recorded.append({"request": asked, "response": entry})
        return response

    def _describe(self, request: httpx2.Request) -> dict[str, Any]:
        query = sorted(
            (name, _REDACTED if _SECRET_NAMES.search(name) else self._blot(value))
            for name, value in request.url.params.multi_items()
        )
        described: dict[str, Any] = {
            "method": request.method,
            "url": str(request.url.copy_with(query=None, fragment=None)),
            "query": [list(pair) for pair in query],
        }
        body = request.read()
        if body:
            text = self._blot(body.decode("utf-8", "replace"))
            try:
                described["json"] = _redacted(json.loads(text))
            except ValueError:
                described["text"] = text
        return described

    def _blot(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _REDACTED)
        return text


def _redacted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _REDACTED if _SECRET_NAMES.fullmatch(str(k)) else _redacted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return value


def _key(request: Mapping[str, Any]) -> str:
    return json.dumps(request, sort_keys=True, ensure_ascii=False)
