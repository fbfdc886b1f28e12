"""Web pages of strangers, read without becoming their tool.

A URL from a list or a page could point at this machine, its network or a cloud's metadata service (server-side request
forgery). So: http and https on web ports only; a name is looked up once, every address it gives must be public, and the
connection goes to exactly those; again on each redirect. Size, time and kind are bounded, robots.txt is honoured,
no cookies, credentials or proxies are used.
"""

import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urljoin

import httpcore2
import httpx2

from core.clock import Clock
from tools.ports import Unknown, WebPage
from tools.providers.web_fetch.addresses import Target, parse_target, refusal_of_address
from tools.providers.web_fetch.pinned import Answer, Deadline, Dial, dial, exchange
from tools.providers.web_fetch.robots import MAX_ROBOTS, Rules, allows, rules_for
from tools.providers.web_fetch.text import decode, is_text

MAX_BYTES = 2_000_000  # of a page, after decompression
MAX_SECONDS = 5.0  # for a page with its redirects and robots.txt
MAX_REDIRECTS = 3
MAX_ADDRESSES = 4  # of a name that are tried; all are checked
USER_AGENT = "SalesOS/0.1"
_ROBOTS_FRESH = timedelta(hours=24)  # RFC 9309 §2.4
_ROBOTS_RETRY = timedelta(minutes=10)  # after a failure
_ROBOTS_HOSTS = 10_000  # remembered

Resolve = Callable[[str], Sequence[str]]  # a host name → addresses; raises OSError


class NoFetch:
    """Fetching is switched off."""

    def get(self, url: str) -> Unknown:
        return Unknown("fetching is off: set SALESOS_WEB_FETCH=true")


class GuardedFetch:
    """Safe to share between threads. `allow_private` is for networks one owns: it lifts the check of addresses."""

    def __init__(
        self,
        *,
        clock: Clock,
        allowed_ports: Collection[int] = (80, 443),
        allow_private: bool = False,
        user_agent: str = USER_AGENT,
        max_seconds: float = MAX_SECONDS,
        resolve: Resolve | None = None,
        dial: Dial = dial,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._ports = frozenset(allowed_ports)
        self._allow_private = allow_private
        self._token = user_agent.partition("/")[0]
        self._headers = {"User-Agent": user_agent, "Accept": "text/html,application/xhtml+xml,text/plain;q=0.5"}
        self._seconds = max_seconds
        self._resolve = resolve or _system_resolve
        self._dial = dial
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._lookups = ThreadPoolExecutor(max_workers=16, thread_name_prefix="look-up")
        self._robots: OrderedDict[str, tuple[datetime, Rules | Unknown]] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> WebPage | Unknown:
        """The page at `url`, whatever its status; Unknown, with the reason, for all that is refused or fails."""
        deadline = Deadline(self._seconds)
        found = self._follow(url, deadline, check_robots=True, wanted=_wanted, max_bytes=MAX_BYTES)
        if isinstance(found, Unknown):
            return found
        target, answer = found
        text = decode(answer.body, answer.headers.get("content-type", ""))
        return WebPage(url, target.url, answer.status, answer.headers, text, self._clock.now())

    def _follow(
        self,
        url: str,
        deadline: Deadline,
        *,
        check_robots: bool,
        wanted: Callable[[int, Mapping[str, str]], str],
        max_bytes: int,
    ) -> tuple[Target, Answer] | Unknown:
        seen: set[str] = set()
        host = ""
        for _ in range(MAX_REDIRECTS + 1):
            target = parse_target(url, self._ports)
            if isinstance(target, Unknown):
                return target
            if target.url in seen:
                return Unknown(f"{target.host} was not read because it redirects in a circle")
            seen.add(target.url)
            refused = self._refused_by_robots(target, deadline) if check_robots else None
            if refused is not None:
                return refused
            host = target.host
            answer = self._once(target, deadline, wanted, max_bytes)
            if isinstance(answer, Unknown):
                return Unknown(f"{host}: {answer.reason}")
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return target, answer
            try:
                url = urljoin(target.url, location.strip())
            except ValueError:
                return Unknown(f"{target.host} was not read because it redirects to no URL")
        return Unknown(f"{host} was not read because it redirects more than {MAX_REDIRECTS} times")

    def _once(
        self, target: Target, deadline: Deadline, wanted: Callable[[int, Mapping[str, str]], str], max_bytes: int
    ) -> Answer | Unknown:
        late = Unknown(f"not read because it did not answer within {deadline.seconds:g} seconds")
        try:
            addresses = self._addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                return addresses
            return exchange(
                target, addresses, self._headers,
                dial=self._dial, deadline=deadline, tls=self._tls, max_bytes=max_bytes, wanted=wanted,
            )  # fmt: skip
        except (TimeoutError, httpcore2.TimeoutException):
            return late
        except ssl.SSLCertVerificationError as error:
            return Unknown(f"not read because its certificate is not valid ({error.verify_message})")
        except ssl.SSLError:
            return Unknown("not read because it does not speak TLS as it should")
        except OSError as error:
            return Unknown(f"not read because the connection failed ({error.strerror or type(error).__name__})")
        except Exception as error:
            # The answer is a stranger's, and its parsers are many: a page that breaks one is unknown, not an incident.
            return Unknown(f"not read because its answer is not HTTP as it should be ({type(error).__name__})")

    def _addresses(self, host: str, deadline: Deadline) -> Sequence[str] | Unknown:
        if refusal_of_address(host) != "is not an address":
            found: Sequence[str] = [host]
        else:
            if "." not in host and not self._allow_private:
                return Unknown("not fetched because its host is a name of a private network")
            try:
                found = self._lookups.submit(self._resolve, host).result(timeout=deadline.left())
            except LookupTimeout:
                return Unknown("not read because its name could not be looked up in time")
            except (OSError, UnicodeError):
                return Unknown("not read because its name does not exist or could not be looked up")
        if not found:
            return Unknown("not read because its name has no address")
        if not self._allow_private:
            for address in found:
                if refusal := refusal_of_address(address):
                    return Unknown(f"not fetched because {address} {refusal}")
        return list(dict.fromkeys(found))[:MAX_ADDRESSES]

    # -- robots.txt

    def _refused_by_robots(self, target: Target, deadline: Deadline) -> Unknown | None:
        rules = self._rules(target, deadline)
        if isinstance(rules, Unknown):
            return rules
        if not allows(rules, target.path):
            return Unknown(f"{target.host} was not read because its robots.txt asks robots to stay out of this page")
        return None

    def _rules(self, target: Target, deadline: Deadline) -> Rules | Unknown:
        now = self._clock.now()
        with self._lock:
            held = self._robots.get(target.origin)
        if held and now < held[0]:
            return held[1]
        rules = self._read_robots(target, deadline)
        fresh = _ROBOTS_RETRY if isinstance(rules, Unknown) else _ROBOTS_FRESH
        with self._lock:
            self._robots[target.origin] = (now + fresh, rules)
            self._robots.move_to_end(target.origin)
            while len(self._robots) > _ROBOTS_HOSTS:
                self._robots.popitem(last=False)
        return rules

    def _read_robots(self, target: Target, deadline: Deadline) -> Rules | Unknown:
        """RFC 9309 §2.3.1: refused or absent (4xx) allows all; unreachable (5xx, no answer) forbids all."""
        url = f"{target.origin}/robots.txt"
        found = self._follow(url, deadline, check_robots=False, wanted=lambda *_: "", max_bytes=MAX_BYTES)
        if isinstance(found, Unknown):
            return found
        answer = found[1]
        if answer.status >= 500:
            return Unknown(f"{target.host} was not read because its robots.txt answers with status {answer.status}")
        if not 200 <= answer.status < 300:
            return ()
        return rules_for(answer.body[:MAX_ROBOTS].decode("utf-8", "replace"), self._token)


def _wanted(status: int, headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "")
    if 300 <= status < 400 or is_text(kind):
        return ""
    return f"not read because it is no text but {kind.partition(';')[0].strip()[:60]}"


def _system_resolve(host: str) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
