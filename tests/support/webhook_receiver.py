"""A receiver of webhooks on this machine: verifies each with `standardwebhooks`, and answers what it is told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Answer:
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: threading.Event | None = None  # it waits for that


@dataclass
class Receiver:
    url: str = ""
    secrets: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)  # then `always`
    always: Answer = Answer()
    got: list[tuple[str, dict[str, Any], int]] = field(default_factory=list)  # (webhook-id, body, secrets that fit)
    paths: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        return [identity for identity, _, _ in self.got]

    @property
    def seqs(self) -> list[int]:
        return [body["seq"] for _, body, _ in self.got]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        fits = 0
        for secret in self.secrets:
            try:
                Webhook(secret).verify(body, headers)
                fits += 1
            except WebhookVerificationError:
                pass
        with self.lock:
            self.paths.append(path)
            self.got.append((headers["webhook-id"], orjson.loads(body), fits))
            return self.answers.pop(0) if self.answers else self.always


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = found.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            if answer.after is not None:
                answer.after.wait(600)
            try:
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # the sender hung up first

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
