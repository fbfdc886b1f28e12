"""The guarded way to an address, as a transport of httpx2: for code that asks one question of a host it knows.

The name is looked up once, every address it gives must be public, the connection goes to exactly those. No redirects,
no proxies, no cookies; https only; time and size are bounded.
"""

import ssl

import httpcore2
import httpx2

from tools.ports import Unknown
from tools.providers.web_fetch.addresses import parse_target
from tools.providers.web_fetch.lookup import Lookup
from tools.providers.web_fetch.pinned import Deadline, dial, exchange

MAX_SECONDS = 5.0
MAX_BYTES = 256_000  # of an answer: certificates and key sets have some thousand


class GuardedTransport(httpx2.BaseTransport):
    """Safe to share between threads."""

    def __init__(self, *, max_seconds: float = MAX_SECONDS) -> None:
        self._seconds = max_seconds
        self._lookup = Lookup()
        self._tls = httpx2.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.TransportError for all that is refused or fails."""
        target = parse_target(str(request.url), {443})
        if isinstance(target, Unknown):
            raise httpx2.UnsupportedProtocol(target.reason, request=request)
        if target.scheme != "https":
            raise httpx2.UnsupportedProtocol("Only https is asked.", request=request)
        deadline = Deadline(self._seconds)
        sent = {"User-Agent": request.headers.get("User-Agent", ""), "Accept": "*/*"}
        try:
            addresses = self._lookup.addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                raise httpx2.ConnectError(addresses.reason, request=request)
            answer = exchange(
                target, addresses, sent,
                dial=dial, deadline=deadline, tls=self._tls, max_bytes=MAX_BYTES, wanted=lambda _status, _headers: "",
                method=request.method,
            )  # fmt: skip
        except (TimeoutError, httpcore2.TimeoutException) as error:
            raise httpx2.ReadTimeout("It did not answer in time.", request=request) from error
        except (OSError, ssl.SSLError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise httpx2.ConnectError(f"The connection failed ({type(error).__name__}).", request=request) from error
        if isinstance(answer, Unknown):
            raise httpx2.ReadError(answer.reason, request=request)
        return httpx2.Response(answer.status, content=answer.body, request=request)
