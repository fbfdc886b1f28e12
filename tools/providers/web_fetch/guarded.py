"""Web pages of strangers, read without becoming their tool.

A URL from a list or a page could point at this machine, its network or a cloud's metadata service (server-side request
forgery). So: http and https on web ports only; a name is looked up once, every address it gives must be public, and the
connection goes to exactly those; again on each redirect. Size, time and kind are bounded, robots.txt is honoured, a
host is asked one thing at a time with a pause between, no cookies, credentials or proxies are used.
"""

import re
import ssl
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillReading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urljoin

import httpcore2
import httpx2

from core.clock import Clock
from tools.ports import Unknown, WebPage
from tools.providers.web_fetch.addresses import Target, parse_target
from tools.providers.web_fetch.lookup import Lookup, Resolve
from tools.providers.web_fetch.pacing import MAX_PATIENCE, NotNow, Pacing
from tools.providers.web_fetch.pinned import Answer, Deadline, Dial, dial, exchange
from tools.providers.web_fetch.robots import MAX_ROBOTS, Rules, allows, rules_for
from tools.providers.web_fetch.text import decode, is_text

MAX_BYTES = 2_000_000  # of a page, after decompression
MAX_SECONDS = 5.0  # for a page with its redirects and robots.txt; waiting for one's turn comes on top
MAX_REDIRECTS = 3
USER_AGENT = "SalesOS/0.1"
_ROBOTS_REDIRECTS = 5  # RFC 9309 §2.3.1.2
_ROBOTS_FRESH = timedelta(hours=24)  # RFC 9309 §2.4: at most; a server may ask for less
_ROBOTS_RETRY = timedelta(minutes=10)  # after a failure, and at least between two readings
_ROBOTS_STALE = timedelta(days=30)  # the last rules hold that long while the file cannot be reached (§2.3.1.4)
_ROBOTS_HOSTS = 10_000  # remembered
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})")
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,300}")


@dataclass(frozen=True, slots=True)
class Validators:
    """How a server named the version of a page that it gave (RFC 9110 §8.8); "" where it did not."""

    url: str  # the page's final URL: to no other are they sent
    etag: str = ""
    last_modified: str = ""


def validators_of(page: WebPage) -> Validators:
    found = (page.headers.get(name, "").strip() for name in ("etag", "last-modified"))
    etag, modified = (value if _VALIDATOR.fullmatch(value) else "" for value in found)
    return Validators(page.final_url, etag, modified)


@dataclass(slots=True)
class _Visit:
    """One call: its deadline, the patience it has left, and the hosts it has been at."""

    deadline: Deadline
    patience: float = MAX_PATIENCE  # seconds
    hosts: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Robots:
    rules: Rules | Unknown
    until: datetime
    read_at: datetime  # of the rules


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
        pacing: Pacing | None = None,
    ) -> None:
        self._clock = clock
        self._ports = frozenset(allowed_ports)
        self._token = user_agent.partition("/")[0]
        self._headers = {"User-Agent": user_agent, "Accept": "text/html,application/xhtml+xml,text/plain;q=0.5"}
        self._seconds = max_seconds
        self._dial = dial
        self._tls = tls or httpx2.create_ssl_context(trust_env=False)
        self._lookup = Lookup(allow_private=allow_private, resolve=resolve)
        self._pacing = pacing or Pacing()
        self._robots: OrderedDict[str, _Robots] = OrderedDict()
        self._reading: dict[str, Future[Rules | Unknown]] = {}  # robots.txt by origin, while one thread reads it
        self._lock = Lock()

    def get(self, url: str, unless: Validators | None = None) -> WebPage | Unknown:
        """The page at `url`, whatever its status; Unknown, with the reason, for all that is refused or fails.

        `unless`: a version one has. Where the server says it still is the same, status 304 comes with an empty text.
        """
        visit = _Visit(Deadline(self._seconds))
        found = self._follow(url, visit, wanted=_wanted, unless=unless)
        if isinstance(found, Unknown):
            return found
        target, answer = found
        text = decode(answer.body, answer.headers.get("content-type", ""))
        return WebPage(url, target.url, answer.status, answer.headers, text, self._clock.now())

    def _follow(
        self,
        url: str,
        visit: _Visit,
        *,
        wanted: Callable[[int, Mapping[str, str]], str],
        unless: Validators | None = None,
        robots: bool = False,
    ) -> tuple[Target, Answer] | Unknown:
        """`robots`: it is a robots.txt that is read; none is asked for that, and a large one is cut."""
        seen: set[str] = set()
        host = ""
        limit = _ROBOTS_REDIRECTS if robots else MAX_REDIRECTS
        for _ in range(limit + 1):
            target = parse_target(url, self._ports)
            if isinstance(target, Unknown):
                return target
            if target.url in seen:
                return Unknown(f"{target.host} was not read because it redirects in a circle")
            seen.add(target.url)
            delay = 0.0
            if not robots:
                rules = self._rules(target, visit)
                if isinstance(rules, Unknown):
                    return rules
                if not allows(rules, target.path):
                    return Unknown(
                        f"{target.host} was not read because its robots.txt asks robots to stay out of this page"
                    )
                delay = rules.delay
            host = target.host
            conditions = _conditions(unless) if unless and unless.url == target.url else {}
            answer = self._once(target, visit, wanted, delay=delay, conditions=conditions, robots=robots)
            if isinstance(answer, Unknown):
                return Unknown(f"{host}: {answer.reason}")
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return target, answer
            try:
                url = urljoin(target.url, location.strip())
            except ValueError:
                return Unknown(f"{target.host} was not read because it redirects to no URL")
        return Unknown(f"{host} was not read because it redirects more than {limit} times")

    def _once(
        self,
        target: Target,
        visit: _Visit,
        wanted: Callable[[int, Mapping[str, str]], str],
        *,
        delay: float,
        conditions: Mapping[str, str],
        robots: bool,
    ) -> Answer | Unknown:
        deadline = visit.deadline
        late = Unknown(f"not read because it did not answer within {deadline.seconds:g} seconds")
        try:
            addresses = self._lookup.addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                return addresses
            goes_on = target.host in visit.hosts
            with self._pacing.turn(target.host, delay=delay, patience=visit.patience, goes_on=goes_on) as waited:
                visit.hosts.add(target.host)
                visit.patience -= waited
                deadline.push_back(waited)
                return exchange(
                    target, addresses, {**self._headers, **conditions},
                    dial=self._dial, deadline=deadline, tls=self._tls, wanted=wanted,
                    max_bytes=MAX_ROBOTS if robots else MAX_BYTES, cut=robots,
                )  # fmt: skip
        except NotNow as error:
            return Unknown(f"not read because it asks for a pause between requests and {error}")
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

    # -- robots.txt

    def _rules(self, target: Target, visit: _Visit) -> Rules | Unknown:
        """From memory while fresh; else read, by one thread for all that wait for it."""
        now = self._clock.now()
        with self._lock:
            held = self._robots.get(target.origin)
            if held and now < held.until:
                return held.rules
            reading = self._reading.get(target.origin)
            mine = reading is None
            if reading is None:
                reading = self._reading[target.origin] = Future()
        if not mine:
            try:
                return reading.result(timeout=visit.deadline.seconds + MAX_PATIENCE)
            except StillReading:
                return Unknown(f"{target.host} was not read because its robots.txt took too long")
        rules: Rules | Unknown = Unknown(f"{target.host} was not read because its robots.txt could not be")
        try:
            rules, fresh = self._read_robots(target, visit)
            read_at = now
            stands = held is not None and isinstance(held.rules, Rules) and now < held.read_at + _ROBOTS_STALE
            if isinstance(rules, Unknown) and held is not None and stands:
                rules, read_at = held.rules, held.read_at
            self._remember(target.origin, _Robots(rules, now + fresh, read_at))
            return rules
        finally:
            with self._lock:
                del self._reading[target.origin]
            reading.set_result(rules)

    def _remember(self, origin: str, robots: _Robots) -> None:
        with self._lock:
            self._robots[origin] = robots
            self._robots.move_to_end(origin)
            while len(self._robots) > _ROBOTS_HOSTS:
                self._robots.popitem(last=False)

    def _read_robots(self, target: Target, visit: _Visit) -> tuple[Rules | Unknown, timedelta]:
        """RFC 9309 §2.3.1: refused or absent (4xx) allows all; unreachable (5xx, no answer) forbids all.

        429 is no refusal of the file but of the hurry: it forbids, as 5xx does.
        """
        found = self._follow(f"{target.origin}/robots.txt", visit, wanted=lambda *_: "", robots=True)
        if isinstance(found, Unknown):
            return found, _ROBOTS_RETRY
        answer = found[1]
        if answer.status >= 500 or answer.status == 429:
            reason = f"{target.host} was not read because its robots.txt answers with status {answer.status}"
            return Unknown(reason), _ROBOTS_RETRY
        fresh = _ROBOTS_FRESH
        if asked := _MAX_AGE.search(answer.headers.get("cache-control", "").lower()):
            fresh = max(_ROBOTS_RETRY, min(fresh, timedelta(seconds=int(asked[1]))))
        if not 200 <= answer.status < 300:
            return Rules(), fresh
        return rules_for(answer.body.decode("utf-8", "replace"), self._token), fresh


def _conditions(unless: Validators) -> Mapping[str, str]:
    """RFC 9110 §13.1: the entity tag is enough where there is one; the date besides is for caches that know no tags."""
    named = {"If-None-Match": unless.etag, "If-Modified-Since": unless.last_modified}
    return {name: value for name, value in named.items() if _VALIDATOR.fullmatch(value)}


def _wanted(status: int, headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "")
    if 300 <= status < 400 or is_text(kind):
        return ""
    return f"not read because it is no text but {kind.partition(';')[0].strip()[:60]}"
