"""From a host name to the addresses that may be connected to: looked up once, all of them checked."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout

from tools.ports import Unknown
from tools.providers.web_fetch.addresses import refusal_of_address
from tools.providers.web_fetch.pinned import Deadline

MAX_ADDRESSES = 4  # of a name that are tried; all are checked

Resolve = Callable[[str], Sequence[str]]  # a host name → addresses; raises OSError


class Lookup:
    """Safe to share between threads. `allow_private` is for networks one owns: it lifts the check of addresses."""

    def __init__(self, *, allow_private: bool = False, resolve: Resolve | None = None) -> None:
        self.allow_private = allow_private
        self._resolve = resolve or _system_resolve
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="look-up")

    def addresses(self, host: str, deadline: Deadline) -> Sequence[str] | Unknown:
        if refusal_of_address(host) != "is not an address":
            found: Sequence[str] = [host]
        else:
            if "." not in host and not self.allow_private:
                return Unknown("not fetched because its host is a name of a private network")
            try:
                found = self._pool.submit(self._resolve, host).result(timeout=deadline.left())
            except LookupTimeout:
                return Unknown("not read because its name could not be looked up in time")
            except (OSError, UnicodeError):
                return Unknown("not read because its name does not exist or could not be looked up")
        if not found:
            return Unknown("not read because its name has no address")
        if not self.allow_private:
            for address in found:
                if refusal := refusal_of_address(address):
                    return Unknown(f"not fetched because {address} {refusal}")
        return list(dict.fromkeys(found))[:MAX_ADDRESSES]


def _system_resolve(host: str) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
