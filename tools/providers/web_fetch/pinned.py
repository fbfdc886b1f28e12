"""One HTTP exchange with an address that was checked before, under a deadline that nothing stretches.

The name is not looked up again: a second answer of DNS (rebinding) reaches nobody. Host header, SNI and certificate
check keep the name.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore2

from tools.ports import Unknown
from tools.providers.web_fetch.addresses import Target

Dial = Callable[[str, int, float], socket.socket]  # address, port, seconds → a connected socket
MAX_RATIO = 200  # of unpacked to packed bytes: pages reach 20, the format 1,032
_RATIO_FROM = 500_000  # bytes unpacked, from where on the ratio is looked at


class Deadline:
    """A moment of this machine's steady clock: sockets wait in real time, also where the domain's clock is virtual."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, above 0. Raises TimeoutError when it is over."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def push_back(self, seconds: float) -> None:
        """What was waited for politeness is not the server's fault."""
        self._at += seconds


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # lower-case names; the first of each, but every set-cookie, in lines
    body: bytes


def dial(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)


class _Stream(httpcore2.NetworkStream):
    """Every wait is cut to what is left: a server that drips bytes does not restart the clock."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(self._deadline.left())
        if not buffer:
            return  # the end of a body; a server that answered may have closed by now
        try:
            self._socket.sendall(buffer)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise httpcore2.WriteError(str(error)) from error  # upon which the answer is read, if one came before

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        self._socket.settimeout(self._deadline.left())
        try:
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._deadline)
        except BaseException:
            self._socket.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        return None


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, addresses: Sequence[str], dial: Dial, deadline: Deadline) -> None:
        self._addresses, self._dial, self._deadline = addresses, dial, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: OSError = OSError("no address")
        for position, address in enumerate(self._addresses):
            share = self._deadline.left() / (len(self._addresses) - position)
            try:
                return _Stream(self._dial(address, port, share), self._deadline)
            except OSError as error:
                failure = error
        raise failure


def exchange(
    target: Target,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    *,
    dial: Dial,
    deadline: Deadline,
    tls: ssl.SSLContext,
    max_bytes: int,
    wanted: Callable[[int, Mapping[str, str]], str],
    method: str = "GET",
    content: bytes = b"",
    cut: bool = False,
) -> Answer | Unknown:
    """One request. `wanted` sees status and headers before the body is read and says why not to read it, or "".

    `cut`: of a body that is too large, the first `max_bytes` are read; else it is refused.

    Raises OSError (also ssl.SSLError, TimeoutError) and httpcore2's errors; closes the connection in any case.
    """
    sent = [("Host", target.authority), *headers.items(), ("Accept-Encoding", "gzip"), ("Connection", "close")]
    url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    backend = _Backend(addresses, dial, deadline)
    with (
        httpcore2.ConnectionPool(ssl_context=tls, max_keepalive_connections=0, network_backend=backend) as pool,
        pool.stream(method, url, headers=sent, content=content or None) as response,
    ):
        found: dict[str, str] = {}
        for name, value in response.headers:
            key = name.decode("ascii", "replace").lower()
            if key == "set-cookie" and key in found:
                found[key] += f"\n{value.decode('latin-1')}"
            else:
                found.setdefault(key, value.decode("latin-1"))
        if reason := wanted(response.status, found):
            return Unknown(reason)
        if found.get("location") and 300 <= response.status < 400:
            return Answer(response.status, found, b"")  # a redirect's body is nobody's business
        encoding = found.get("content-encoding", "").strip().lower()
        body = _body(response.iter_stream(), encoding, max_bytes, deadline, cut=cut)
        return body if isinstance(body, Unknown) else Answer(response.status, found, body)


def _body(chunks: Iterable[bytes], encoding: str, max_bytes: int, deadline: Deadline, *, cut: bool) -> bytes | Unknown:
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        return Unknown("not read because its compression was not asked for")
    unzip = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    body = bytearray()
    packed = 0
    too_large = Unknown(f"not read because it is larger than {max_bytes:,} bytes")
    for chunk in chunks:
        deadline.left()
        packed += len(chunk)
        # At most one byte over the limit is ever unpacked: a bomb stays folded.
        body += unzip.decompress(chunk, max_bytes + 1 - len(body)) if unzip else chunk
        if len(body) > max_bytes:
            return (
                bytes(body[:max_bytes]) if cut else Unknown(f"not read because it is larger than {max_bytes:,} bytes")
            )
        if unzip and packed > max_bytes:  # an endless header of gzip unpacks to nothing
            return too_large
        if unzip and len(body) > _RATIO_FROM and len(body) > MAX_RATIO * packed:
            return Unknown("not read because it unpacks to more than any page does")
        if unzip and unzip.eof:
            break  # what follows the end of the archive is nobody's page
    if unzip and not unzip.eof:
        return Unknown("not read because its compressed body is cut off")
    return bytes(body)
