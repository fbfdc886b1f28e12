"""No test reaches beyond this machine: sockets to anything but loopback raise, and are remembered.

The error is no `Exception`: a fallback's `except Exception` would otherwise turn a forgotten fixture into a green
test. An attempt that is swallowed all the same, or made on another thread, fails its test afterwards (conftest).
C clients (libpq, Chromium) do not come by here: they are given loopback addresses only.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

attempts: list[str] = []


class NetworkBlocked(BaseException):
    """A test tried to leave the machine."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"A test tried to reach {what}. Only loopback is open: replay a fixture or start a server here."
        )


def is_local_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower().rstrip(".") in _local_names()
    mapped = getattr(address, "ipv4_mapped", None)
    # The unspecified address connects to this machine too: servers bind to it.
    return address.is_loopback or address.is_unspecified or bool(mapped and mapped.is_loopback)


def block() -> None:
    """From now on, in this process. Calling it twice is the same as once."""
    if getattr(socket, "_only_loopback", False):
        return
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _guarded_method(getattr(socket.socket, name)))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _guarded_lookup(getattr(socket, name)))
    socket._only_loopback = True  # type: ignore[attr-defined]


def _guarded_method(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and args:
            address = args[-1]  # the last argument of all three
            if isinstance(address, tuple) and not is_local_address(_text(address[0])):
                _refuse(f"{_text(address[0])} port {address[1]}")
        return original(self, *args)

    return guarded


def _guarded_lookup(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = _text(host)
        if name and not _is_literal(name) and not is_local_address(name):
            _refuse(f"the name {name}")
        return original(host, *args, **kwargs)

    return guarded


def _is_literal(host: str) -> bool:
    """An address spelled out, in any of its spellings, is looked up without a question to anybody."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            socket.inet_aton(host)  # 127.1, 0x7f000001, 2130706433 …: what libc takes for an address
        except (OSError, ValueError):
            return False
    return True


def _local_names() -> set[str]:
    return {"", "localhost", "localhost.localdomain", socket.gethostname().lower()}


def _text(host: Any) -> str:
    return host.decode("idna", "replace") if isinstance(host, bytes | bytearray) else str(host or "")


def _refuse(what: str) -> None:
    attempts.append(what)
    raise NetworkBlocked(what)
