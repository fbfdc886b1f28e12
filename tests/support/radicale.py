"""A private Radicale on loopback: a CalDAV server that others wrote (GPL-3, a tool of tests only). Gone afterwards."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import httpx2

USER = "ada@sender.example"
PASSWORD = "correct-horse"

_CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {home}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {home}/collections
[logging]
level = warning
"""
_MAKE = """<?xml version="1.0"?>
<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>
<d:displayname>{name}</d:displayname>
<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>
<c:calendar-timezone>BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//EN
BEGIN:VTIMEZONE
TZID:{zone}
END:VTIMEZONE
END:VCALENDAR
</c:calendar-timezone></d:prop></d:set></c:mkcalendar>"""


@dataclass(frozen=True)
class Radicale:
    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def client(self) -> httpx2.Client:
        """Another program of the same person."""
        return httpx2.Client(base_url=self.url, auth=(USER, PASSWORD), trust_env=False, timeout=60)

    def make(self, name: str, zone: str = "Europe/Berlin") -> str:
        """A calendar; its URL."""
        path = f"{USER.replace('@', '%40')}/{name}/"
        with self.client() as client:
            made = client.request("MKCALENDAR", path, content=_MAKE.format(name=name, zone=zone).encode())
        assert made.status_code == 201, (made.status_code, made.text)
        return self.url + path

    def forget_tokens(self) -> None:
        """Sync tokens that were given are no longer known."""
        for folder in (self.home / "collections").rglob("sync-token"):
            shutil.rmtree(folder)


@contextmanager
def running() -> Iterator[Radicale]:
    home = Path(mkdtemp(prefix="salesos-radicale-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (home / "users").write_text(f"{USER}:{PASSWORD}\n")
    (home / "config").write_text(_CONFIGURATION.format(port=port, home=home))
    command = [sys.executable, "-m", "radicale", "--config", str(home / "config")]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ})
    try:
        _wait(process, port, home)
        yield Radicale(port, home)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _wait(process: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, (home / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)  # until it listens; nothing is measured by it
    raise AssertionError(f"Radicale does not listen: {(home / 'log').read_text()}")
