"""Requests forged to reach this machine: a listener on loopback counts who comes. Nobody may."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from tools.ports import Unknown
from tools.providers.web_fetch.guarded import GuardedFetch
from tools.providers.web_fetch.pacing import Pacing

PUBLIC = "93.184.215.14"


class Trap:
    """Listens on loopback, IPv4 and IPv6, on one port, and counts connections."""

    def __init__(self):
        self.connections = 0
        four = socket.create_server(("127.0.0.1", 0))
        self.port = four.getsockname()[1]
        self._sockets = [four]
        with suppress(OSError):  # a machine without IPv6
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        for listening in self._sockets:
            threading.Thread(target=self._count, args=(listening,), daemon=True).start()

    def _count(self, listening):
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self):
        for listening in self._sockets:
            listening.close()


@pytest.fixture
def trap():
    started = Trap()
    yield started
    started.close()


HOSTS = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "127.000.000.001", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "[fe80::1%25lo]", "localhost", "localhost.", "LOCALHOST", "localhost.localdomain",
    "user@127.0.0.1", "user:pw@127.0.0.1", "example.com\\@127.0.0.1", "localhost#@example.com",
    "①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "127.0.0.1%00.example.com", "[::1%25]", "[::1]@example.com",
    "169.254.169.254", "100.100.100.200", "[fd00:ec2::254]", "224.0.0.1", "[fec0::1]", "10.0.0.1", "192.168.0.1",
]  # fmt: skip


def fetch_at(trap, virtual_clock, **more):
    """The trap's port is allowed, so that only the address stands between a URL and the trap."""
    return GuardedFetch(
        clock=virtual_clock, allowed_ports=(80, 443, trap.port), max_seconds=1.0, pacing=Pacing(0.0), **more
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HOSTS)
def test_no_spelling_of_this_machine_is_reached(trap, virtual_clock, host, scheme):
    """With the real resolver and the real dialler."""
    found = fetch_at(trap, virtual_clock).get(f"{scheme}://{host}:{trap.port}/latest/meta-data/")
    assert isinstance(found, Unknown)
    time.sleep(0.01)
    assert trap.connections == 0


ANSWERS = [
    ["127.0.0.1"], ["::1"], ["0.0.0.0"], ["::"], [PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["::7f00:1"], ["fe80::1%lo"], ["169.254.169.254"], ["100.100.100.200"], [],
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_no_name_that_leads_here_is_followed(trap, virtual_clock, answer):
    found = fetch_at(trap, virtual_clock, resolve=lambda _: answer).get(f"http://acme.example:{trap.port}/")
    assert isinstance(found, Unknown)
    assert trap.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/", "/robots.txt"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "inside.example", "x@127.0.0.1"])
def test_no_redirect_leads_here(trap, virtual_clock, host, path, status):
    """The first hop is a public name whose server (behind the dialler) redirects; the next goes by the real dialler."""
    dialled = []

    def dial(address, port, seconds):
        dialled.append(address)
        if address != PUBLIC:
            return socket.create_connection((address, port), timeout=seconds)
        ours, theirs = socket.socketpair()
        threading.Thread(target=redirect, args=(theirs,), daemon=True).start()
        ours.settimeout(seconds)
        return ours

    def redirect(server):
        with server:
            asked = server.recv(4_096).split(b" ")[1].decode()
            head = f"HTTP/1.1 {status} Found\r\nLocation: http://{host}:{trap.port}/\r\nContent-Length: 0\r\n\r\n"
            none = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            server.sendall((head if asked == path else none).encode())

    def resolve(name):
        return ["127.0.0.1"] if name in ("inside.example", "localhost") else [PUBLIC]

    found = fetch_at(trap, virtual_clock, resolve=resolve, dial=dial).get("http://acme.example/")
    assert isinstance(found, Unknown)
    assert set(dialled) == {PUBLIC}
    assert trap.connections == 0


def test_a_name_that_turns_between_check_and_connection_is_not_asked_twice(trap, virtual_clock):
    """DNS rebinding: the look-up that was checked is the one that is dialled."""
    answers = iter([[PUBLIC]] + [["127.0.0.1"]] * 20)
    dialled = []

    def dial(address, port, seconds):
        dialled.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    found = fetch_at(trap, virtual_clock, resolve=lambda _: next(answers), dial=dial).get("http://rebind.example/")
    assert isinstance(found, Unknown)
    assert dialled == [PUBLIC]
    assert trap.connections == 0


def test_the_trap_works(trap):
    socket.create_connection(("127.0.0.1", trap.port), timeout=1).close()
    until = time.monotonic() + 60
    while not trap.connections and time.monotonic() < until:
        time.sleep(0.01)
    assert trap.connections == 1
