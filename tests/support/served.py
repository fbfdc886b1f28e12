"""The application on a real port of loopback, for clients, browsers and commands."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

_HANGS = 120  # seconds; a busy machine takes its time


@contextmanager
def served(app: FastAPI, listener: socket.socket | None = None) -> Iterator[str]:
    """Its address. `listener`: a socket that was opened before, where the address had to be known first."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    # A page that is still open may hold a stream: it is cut, so that nothing asks a store that is closed next.
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=_HANGS)
        assert not thread.is_alive(), "The server did not end."
