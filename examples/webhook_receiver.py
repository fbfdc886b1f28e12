"""A receiver of SalesOS webhooks in fifty lines: verifies, keeps each notification once, answers before it works.

    SALESOS_WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 8080

Needs `pip install standardwebhooks`. Put a server that speaks https in front of it.
"""

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 256_000  # bytes; notifications are far smaller


class Inbox:
    """What arrived, each webhook-id once: a second delivery of the same changes nothing."""

    def __init__(self, path: str = "webhooks.db") -> None:
        self.path = path
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, seq INTEGER, body TEXT)")

    def keep(self, webhook_id: str, body: bytes) -> bool:
        """False: it was here before."""
        with sqlite3.connect(self.path) as database:
            row = (webhook_id, json.loads(body)["seq"], body.decode())
            return database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?)", row).rowcount == 1


def handler(secret: str, inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    webhook = Webhook(secret)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            if length > LARGEST:
                self.answer(413)
                return
            body = self.rfile.read(
                length
            )  # the bytes as they came: parsing and writing them again breaks the signature
            try:
                webhook.verify(body, dict(self.headers.items()))
            except WebhookVerificationError:
                self.answer(401)
                return
            inbox.keep(self.headers["webhook-id"], body)
            self.answer(204)  # now; the work is done later, from the inbox

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Receiver


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    server = ThreadingHTTPServer(("127.0.0.1", port), handler(os.environ["SALESOS_WEBHOOK_SECRET"], Inbox()))
    sys.stdout.write(f"Listening on http://127.0.0.1:{server.server_port}\n")
    server.serve_forever()
