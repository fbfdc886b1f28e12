"""The receiver in examples/ takes what we send, once, and refuses what somebody else sent."""

import importlib.util
import sqlite3
import threading
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx2
import orjson
from standardwebhooks import Webhook

from tools.providers.webhook_sender.http import HttpWebhookSender

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = Path(__file__).parents[3] / "examples" / "webhook_receiver.py"


def test_the_example_verifies_and_keeps_each_once(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("webhook_receiver_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    inbox = example.Inbox(str(tmp_path / "inbox.db"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), example.handler(SECRET, inbox))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    body, at = orjson.dumps({"type": "webhook.ping", "seq": 7}), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", at, body.decode()),
    }
    sender = HttpWebhookSender(allow_private=True)
    assert [sender.post(url, body, headers).status for _ in range(2)] == [204, 204]
    assert sender.post(url, body.replace(b"7", b"8"), headers).status == 401
    assert httpx2.post(url, content=b"{}").status_code == 401
    server.shutdown()
    with sqlite3.connect(inbox.path) as database:
        assert database.execute("SELECT id, seq FROM inbox").fetchall() == [("msg_1", 7)]
