"""What CalDAV is spoken over: guarded HTTP to a server that a person named, and WebDAV's XML. RFC 4918.

The address is typed by people, so that it is treated as web pages' are: the name is looked up once, every address it
gives must be public unless the settings allow a private network, and the connection goes to exactly those. The password
goes to hosts of the same registrable domain, over https; servers do name another host of theirs (iCloud does).
"""

import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import httpcore2
import httpx2
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from core.errors import FixConfiguration, NotFound, Rejected, RetryAt, SalesOSError
from tools.domains import registrable_domain
from tools.ports.calendar import EventOutcome, EventResult
from tools.ports.unknown import Unknown
from tools.providers.calendar.effects import Answer, NotAsked, call_once
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Repeat, Unreadable, retry_after
from tools.providers.vendor.pace import Limit, Pace
from tools.providers.web_fetch.addresses import parse_target
from tools.providers.web_fetch.lookup import Lookup
from tools.providers.web_fetch.pinned import Deadline, dial, exchange

LABEL: Final = "The calendar server"
DAV: Final = "{DAV:}"
CAL: Final = "{urn:ietf:params:xml:ns:caldav}"

_SECONDS: Final = 30.0
_MAX_BYTES: Final = 16_000_000  # of an answer: ten thousand events of a busy year
_HOPS: Final = 3
_LIMITS: Final = (Limit(20, 1.0),)
_DEEPEST: Final = 64
_ANY_PORT: Final = range(1, 65_536)


class GuardedDav(httpx2.BaseTransport):
    """Safe to share between threads. `allow_private`: also servers of one's own network, and plain http."""

    def __init__(self, *, allow_private: bool = False, max_seconds: float = _SECONDS) -> None:
        self._seconds = max_seconds
        self._private = allow_private
        self._lookup = Lookup(allow_private=allow_private)
        self._tls = httpx2.create_ssl_context(trust_env=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises httpx2.TransportError: ConnectError and NotAsked where no byte of the request left."""
        target = parse_target(str(request.url), _ANY_PORT)
        if isinstance(target, Unknown):
            raise NotAsked(f"The address was {target.reason}.", request=request)
        if target.scheme != "https" and not self._private:
            raise NotAsked("Only https is asked.", request=request)
        deadline = Deadline(self._seconds)
        connected = False

        def connect(address: str, port: int, seconds: float) -> Any:
            nonlocal connected
            made = dial(address, port, seconds)
            connected = True
            return made

        sent = {name: value for name, value in request.headers.items() if name.lower() in _SENT}
        try:
            addresses = self._lookup.addresses(target.host, deadline)
            if isinstance(addresses, Unknown):
                kind = (
                    NotAsked if addresses.reason.startswith("not fetched") else httpx2.ConnectError
                )  # or not found now
                raise kind(f"The server was {addresses.reason}.", request=request)
            answer = exchange(
                target, addresses, sent,
                dial=connect, deadline=deadline, tls=self._tls, max_bytes=_MAX_BYTES, wanted=lambda _status, _found: "",
                method=request.method, content=request.read(),
            )  # fmt: skip
        except ssl.SSLCertVerificationError:
            raise httpx2.ConnectError("Its certificate is not to be trusted.", request=request) from None
        except (TimeoutError, httpcore2.TimeoutException):
            late = httpx2.ReadTimeout if connected else httpx2.ConnectTimeout
            raise late("It did not answer in time.", request=request) from None
        except (OSError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            lost = httpx2.ReadError if connected else httpx2.ConnectError
            raise lost(f"The connection failed ({type(error).__name__}).", request=request) from None
        if isinstance(answer, Unknown):
            raise httpx2.ReadError(answer.reason, request=request)
        found = {
            name: value for name, value in answer.headers.items() if name not in ("content-encoding", "content-length")
        }
        return httpx2.Response(answer.status, headers=found, content=answer.body, request=request)  # it is unpacked


_SENT: Final = frozenset(
    {"authorization", "content-type", "content-length", "depth", "if-match", "if-none-match", "user-agent", "accept"}
)


@dataclass(frozen=True, slots=True)
class CalDavLogin:
    """`url`: as the person knows it: the server, the account or one calendar. `address`: what invitations come from;
    "" where the user name is one, or the server says. Many services want a password of its own for such programs."""

    url: str
    username: str
    password: str = field(repr=False)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One resource of a multistatus."""

    url: str
    status: int  # 404 of a resource that is gone; 200 where properties follow
    found: Mapping[str, Element]  # by {namespace}name, those that the server has

    def text(self, name: str) -> str:
        element = self.found.get(name)
        return (element.text or "").strip() if element is not None else ""

    def href(self, name: str) -> str:
        """Of a property that holds a link; "" where there is none."""
        element = self.found.get(name)
        link = element.find(f"{DAV}href") if element is not None else None
        return (link.text or "").strip() if link is not None else ""


@dataclass(frozen=True, slots=True)
class Rows:
    rows: tuple[Row, ...]
    sync_token: str


class Precondition(SalesOSError):
    """A named precondition of WebDAV failed: `names` are its elements, in Clark's notation."""

    code = "precondition"

    def __init__(self, message: str, names: frozenset[str]) -> None:
        super().__init__(message)
        self.names = names


class Dav:
    """Thread-safe."""

    def __init__(self, login: CalDavLogin, wire: Wire) -> None:
        self._login = login
        self._wire = wire
        self._pace = Pace(_LIMITS, monotonic=wire.monotonic, sleep=wire.sleep)
        self._call = call_once(wire.http, self._pace)
        secret = b64encode(f"{login.username}:{login.password}".encode()).decode()
        self._headers = {"authorization": f"Basic {secret}", "user-agent": "SalesOS", "accept": "*/*"}
        self._home = urlsplit(login.url)

    def effect(self, method: str, url: str, content: bytes, headers: Mapping[str, str]) -> Answer | EventResult:
        """Once, and nowhere else than asked. Raises FixConfiguration."""
        self._trust(url)
        return self._call(method, url, {**self._headers, **headers}, content)

    def ask(self, method: str, url: str, body: str = "", *, depth: str = "") -> tuple[str, Answer]:
        """What may be repeated; where the answer came from, and the answer, of a status below 300. Raises RetryAt,
        FixConfiguration, NotFound, Precondition, Rejected."""
        again = Retrying(
            stop=stop_after_attempt(3),
            retry=retry_if_exception_type(Repeat),
            wait=wait_exponential_jitter(multiplier=0.5, max=4.0, jitter=0.5),
            sleep=self._wire.sleep,
            reraise=True,
        )
        at = url
        for _ in range(_HOPS + 1):
            answer = again(self._asked, method, at, body, depth)
            if not 300 <= answer.status < 400:
                return at, answer
            at = urljoin(at, answer.headers.get("location", ""))
        raise Rejected(f"{LABEL} sends us from one address to the next.")

    def _asked(self, method: str, url: str, body: str, depth: str) -> Answer:
        self._trust(url)
        headers = {**self._headers, **({"depth": depth} if depth else {})}
        if body:
            headers["content-type"] = "application/xml; charset=utf-8"
        answer = self._call(method, url, headers, body.encode())
        if isinstance(answer, EventResult) and answer.outcome is EventOutcome.REFUSED:
            raise FixConfiguration(
                f"{LABEL} is not asked. {answer.detail}",
                hint="SALESOS_CALENDAR_PRIVATE_HOSTS allows servers of one's own network.",
            )
        if isinstance(answer, EventResult):
            raise Repeat(f"{LABEL} does not answer: {answer.detail}")
        if answer.status < 400:
            return answer
        raise self._fault(answer)

    def _fault(self, answer: Answer) -> SalesOSError:
        status = answer.status
        if status == 401:
            return FixConfiguration(
                f"{LABEL} does not take this user name and password (401).",
                hint="Many services want a password made for such programs.",
            )
        if status in (404, 410):
            return NotFound(f"{LABEL} does not have it.")
        if status in (408, 425, 429) or status >= 500:
            after = retry_after(answer.headers, self._wire.clock)
            return (Repeat if after is None or after < _SECONDS else RetryAt)(f"{LABEL} is busy or down ({status}).")
        if names := _preconditions(answer.raw):
            return Precondition(f"{LABEL} refuses ({status}).", names)
        if status == 403:
            return FixConfiguration(f"{LABEL} does not allow it (403).")
        return Rejected(f"{LABEL} refuses the call ({status}).")

    def rows(self, method: str, url: str, body: str, *, depth: str) -> Rows:
        """Of a PROPFIND or REPORT. Raises as `ask`, and Unreadable."""
        at, answer = self.ask(method, url, body, depth=depth)
        root = _xml(answer.raw)
        if answer.status != 207 or root is None or root.tag != f"{DAV}multistatus":
            raise Unreadable(f"{LABEL} answers with something else than WebDAV ({answer.status}).")
        token = root.find(f"{DAV}sync-token")
        return Rows(
            tuple(_row(at, each) for each in root.findall(f"{DAV}response")),
            (token.text or "").strip() if token is not None else "",
        )

    def _trust(self, url: str) -> None:
        """Whether the password may go there. Raises FixConfiguration."""
        home, to = self._home, urlsplit(url)
        same = to.hostname == home.hostname
        domain = registrable_domain(home.hostname or "")
        kin = domain is not None and domain == registrable_domain(to.hostname or "")
        if not ((same and to.scheme in ("https", home.scheme)) or (kin and to.scheme == "https")):
            raise FixConfiguration(
                f"{LABEL} names a place of somebody else, and the password does not go there.",
                hint="Give the address of the server that the calendar is really at.",
            )


def segment_of(url: str) -> str:
    """The resource's name in its collection, without ".ics"."""
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]).removesuffix(".ics")


class _Shallow(TreeBuilder):
    """WebDAV nests ten deep; a tree of a hundred thousand takes seconds to build and to take down."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("It is nested too deep.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _xml(raw: bytes) -> Element | None:
    parser = XMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(raw)
        found: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, AssertionError):
        return None
    return found


def _preconditions(raw: bytes) -> frozenset[str]:
    root = _xml(raw)
    return frozenset(each.tag for each in root) if root is not None and root.tag == f"{DAV}error" else frozenset()


def _row(at: str, response: Element) -> Row:
    url = urljoin(at, (response.findtext(f"{DAV}href") or "").strip())
    found: dict[str, Element] = {}
    for propstat in response.findall(f"{DAV}propstat"):
        if _status(propstat) == 200:
            found.update({each.tag: each for each in propstat.iterfind(f"{DAV}prop/*")})
    return Row(url, _status(response) or 200, found)


def _status(element: Element) -> int:
    parts = (element.findtext(f"{DAV}status") or "").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def hrefs(urls: Sequence[str]) -> list[str]:
    """As a REPORT wants them: paths."""
    return [urlsplit(url).path for url in urls]
