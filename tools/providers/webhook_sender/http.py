"""POST to a customer's address, which could be one of our own network: the same checks as for reading web pages.

The name is looked up once, every address it gives must be public, the connection goes to exactly those. Redirects are
not followed (an endpoint that moved is changed by a person). Time and what is read of the answer are bounded; of an
answer that says yes nothing is read.
"""

import ssl
import time
from collections.abc import Mapping

import httpcore2
import httpx2

from tools.ports import Unknown, WebhookAnswer
from tools.providers.web_fetch.addresses import parse_target, refusal_of_address
from tools.providers.web_fetch.lookup import Lookup, Resolve
from tools.providers.web_fetch.pinned import Deadline, dial, exchange

MAX_SECONDS = 15.0  # what Standard Webhooks asks of a sender
MAX_ANSWER = 4_096  # bytes read of an answer that says no
_EXCERPT = 200  # characters of it that are kept
_PORTS = frozenset(range(1, 65_536)) - {22, 23, 25, 53, 110, 143, 465, 587, 993, 995}  # not a mail server's, a shell's
_USER_AGENT = "SalesOS-Webhooks/1"


class NoWebhooks:
    """Sending is switched off: in the demo nothing leaves."""

    def refusal(self, url: str) -> str:
        return ""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        return WebhookAnswer(error="Nothing is sent from here.")


class HttpWebhookSender:
    """Safe to share between threads. `allow_private`: plain http and private addresses too."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        max_seconds: float = MAX_SECONDS,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._lookup = Lookup(allow_private=allow_private, resolve=resolve)
        self._seconds = max_seconds
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)

    def refusal(self, url: str) -> str:
        """Why nothing may be sent there, as far as the URL itself says; "" where it may. Asks no network."""
        target = parse_target(url, _PORTS)
        if isinstance(target, Unknown):
            return target.reason.replace("not fetched because", "It cannot be used because") + "."
        if self._lookup.allow_private:
            return ""
        if target.scheme != "https":
            return "It cannot be used because it is not https."
        if "." not in target.host and ":" not in target.host:
            return "It cannot be used because its host is a name of a private network."
        said = refusal_of_address(target.host)
        return "" if said in ("", "is not an address") else f"It cannot be used because {target.host} {said}."

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        """Never raises for what a server says or a network does: the answer says it."""
        if said := self.refusal(url):
            return WebhookAnswer(error=said)
        started = time.monotonic()
        target = parse_target(url, _PORTS)
        assert not isinstance(target, Unknown)
        seen: dict[str, str] = {}
        status = 0

        def wanted(number: int, found: Mapping[str, str]) -> str:
            nonlocal status
            status = number
            seen.update(found)
            return "enough" if number < 400 else ""

        sent = {
            "User-Agent": _USER_AGENT,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **headers,
        }
        deadline, error, excerpt = Deadline(self._seconds), "", ""
        try:
            addresses = self._lookup.addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                return WebhookAnswer(error=_plain(addresses.reason), ms=_since(started))
            answer = exchange(
                target, addresses, sent,
                dial=dial, deadline=deadline, tls=self._tls, max_bytes=MAX_ANSWER, wanted=wanted,
                method="POST", content=body,
            )  # fmt: skip
            if not isinstance(answer, Unknown):
                excerpt = answer.body.decode("utf-8", "replace")[:_EXCERPT]
        except (TimeoutError, httpcore2.TimeoutException):
            error = f"It did not answer within {deadline.seconds:g} seconds."
        except ssl.SSLCertVerificationError as problem:
            error = f"Its certificate is not valid ({problem.verify_message})."
        except ssl.SSLError:
            error = "It does not speak TLS as it should."
        except OSError as problem:
            error = f"The connection failed ({problem.strerror or type(problem).__name__})."
        except Exception as problem:
            # The answer is a stranger's: one that breaks its parser is a failed try, not an incident of ours.
            error = f"Its answer is not HTTP as it should be ({type(problem).__name__})."
        if status:  # it answered; that the rest of its words was cut off changes nothing
            error = ""
        return WebhookAnswer(status or None, error, _since(started), seen.get("retry-after", ""), excerpt)


def _plain(reason: str) -> str:
    said = reason.replace("not fetched because", "Nothing was sent because").replace(
        "not read because", "Nothing was sent because"
    )
    return f"{said}."


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
