"""Asking a mail server whether it has a mailbox: RCPT TO, and never DATA. Off unless `SALESOS_SMTP_PROBE` is set.

Who asks too much, or from where mail is sent, gets listed: so one connection a mail host at a time, few questions a
domain and hour, an address that nobody has asked first (a server that takes it takes all), and what is not plainly yes
or no is unknown. A 4xx is how greylisting says "later", and 5.7.x says no to us, not to the mailbox. Null sender
(RFC 5321 §4.5.5), so that nothing can come back. Only public addresses are connected to.
"""

import secrets
import socket
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit
from zlib import crc32

from core.clock import Clock
from core.errors import FixConfiguration
from core.settings import Settings
from tools.ports import Unknown
from tools.providers.mail_transport.smtp_session import (
    Reply,
    SmtpBroken,
    SmtpRefused,
    SmtpSession,
    SmtpUnfit,
    Stage,
    Timeouts,
)
from tools.providers.web_fetch.lookup import Lookup, Resolve
from tools.providers.web_fetch.pinned import Deadline

PORT = 25
PER_CONVERSATION = 10  # mailboxes; servers close, or tarpit, who names many without a mail
PER_HOUR = 20  # mailboxes a domain: what one person with one address book could ask
MAX_SECONDS = 45.0  # a conversation
MAX_HOSTS = 2  # of a domain that are tried: the others answer for the same mailboxes
_HOUR = timedelta(hours=1)
_MAX_DOMAINS = 10_000  # remembered
_LOCKS = 256
_QUICK = Timeouts(connect=10.0, command=20.0, body=1.0, final_reply=1.0)
# RFC 3463: bad mailbox, bad syntax of it, moved, disabled, no such domain here. 5.7 is policy, 5.2.2 a full mailbox.
_NO_MAILBOX = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.1"})
_NO_MAILBOX_WORDS = ("user unknown", "unknown user", "no such user", "no such mailbox", "does not exist", "no mailbox")


class ProbeAnswer(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # there is no such mailbox
    CATCH_ALL = "catch_all"  # the domain takes any name: nothing is learned of this one
    UNKNOWN = "unknown"  # asked, and the answer was neither yes nor no
    NOT_ASKED = "not_asked"  # nothing is learned: the host could not be reached, or was asked enough


@dataclass(frozen=True, slots=True)
class Asked:
    answer: ProbeAnswer
    reason: str


class MailboxProbe(Protocol):
    def ask(self, domain: str, hosts: Sequence[str], addresses: Sequence[str]) -> Mapping[str, Asked]:
        """An answer for each address, all of `domain`, in normal spelling; `hosts` are its mail hosts, best first."""
        ...


class SmtpProbe:
    """Safe to share between threads; a second question to a mail host waits for the first to end.

    `source`: the local address to ask from, so that it need not be the one that sends; "" is the machine's choice.
    `allow_loopback` is for tests against a server on this machine: it lifts the check of addresses.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        hello: str,
        source: str = "",
        port: int = PORT,
        timeouts: Timeouts = _QUICK,
        max_seconds: float = MAX_SECONDS,
        per_hour: int = PER_HOUR,
        resolve: Resolve | None = None,
        allow_loopback: bool = False,
        random_name: Callable[[], str] = lambda: f"q{secrets.token_hex(10)}",
    ) -> None:
        self._clock = clock
        self._hello = hello
        self._source = source
        self._port = port
        self._timeouts = timeouts
        self._max_seconds = max_seconds
        self._per_hour = per_hour
        self._lookup = Lookup(allow_private=allow_loopback, resolve=resolve)
        self._random_name = random_name
        self._asked: OrderedDict[str, deque[datetime]] = OrderedDict()
        # A fixed number of locks: two hosts that share one merely wait for each other.
        self._talking = tuple(threading.Lock() for _ in range(_LOCKS))
        self._lock = threading.Lock()

    def ask(self, domain: str, hosts: Sequence[str], addresses: Sequence[str]) -> Mapping[str, Asked]:
        allowed = self._allowance(domain, min(len(addresses), PER_CONVERSATION))
        later = _not_asked(f"{domain} has been asked often enough for now")
        answers = dict.fromkeys(addresses, later)
        if allowed:
            answers.update(self._ask(domain, hosts, addresses[:allowed]))
        return answers

    def _allowance(self, domain: str, wanted: int) -> int:
        """How many of `wanted` mailboxes may be asked for now; they count as asked."""
        now = self._clock.now()
        with self._lock:
            times = self._asked.setdefault(domain, deque())
            self._asked.move_to_end(domain)
            while times and times[0] <= now - _HOUR:
                times.popleft()
            allowed = min(wanted, max(0, self._per_hour - len(times)))
            times.extend([now] * allowed)
            while len(self._asked) > _MAX_DOMAINS:
                self._asked.popitem(last=False)
        return allowed

    def _ask(self, domain: str, hosts: Sequence[str], addresses: Sequence[str]) -> Mapping[str, Asked]:
        reason = f"{domain} has no mail host"
        for host in hosts[:MAX_HOSTS]:
            with self._talking[crc32(host.encode()) % _LOCKS]:
                deadline = Deadline(self._max_seconds)
                found = self._lookup.addresses(host, deadline)
                if isinstance(found, Unknown):
                    reason = f"the mail host {host} was {found.reason.replace('fetched', 'asked')}"
                    continue
                talk = _Conversation(self._hello, self._timeouts, self._source)
                try:
                    talk.open(found[0], self._port)
                except (SmtpRefused, SmtpBroken, SmtpUnfit) as error:
                    talk.close()
                    reason = f"{host} could not be asked ({_said(error)})"
                    continue
                try:
                    return self._questions(talk, domain, host, addresses, deadline)
                finally:
                    talk.bye()
        return dict.fromkeys(addresses, _not_asked(reason))

    def _questions(
        self, talk: "_Conversation", domain: str, host: str, addresses: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Asked]:
        answers: dict[str, Asked] = {}
        rest = _unknown(f"{host} ended the conversation")
        try:
            talk.from_nobody()
            nobody = _read(talk.recipient(f"{self._random_name()}@{domain}"), host)
            if nobody.answer is ProbeAnswer.ACCEPTED:
                catch_all = Asked(
                    ProbeAnswer.CATCH_ALL, f"{domain} takes mail for any name, so nothing is known of this"
                )
                return dict.fromkeys(addresses, catch_all)
            if nobody.answer is ProbeAnswer.UNKNOWN:  # greylisted, or we are not welcome: so it would be for all
                return dict.fromkeys(addresses, nobody)
            for address in addresses:
                deadline.left()
                answers[address] = _read(talk.recipient(address), host)
        except (SmtpRefused, SmtpBroken, SmtpUnfit) as error:
            rest = _unknown(f"{host} could not be asked ({_said(error)})")
        except TimeoutError:
            rest = _unknown(f"{host} answers too slowly")
        return {address: answers.get(address, rest) for address in addresses}


class _Conversation(SmtpSession):
    """As far as RCPT TO. What is sent is a null sender and addresses in normal spelling: nothing to inject with."""

    def __init__(self, hello: str, timeouts: Timeouts, source: str) -> None:
        super().__init__(ehlo_name=hello, timeouts=timeouts, implicit_tls=None)
        self._source = source

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((host, port), timeout, (self._source, 0) if self._source else None)

    def from_nobody(self) -> None:
        self._expect(Stage.MAIL, "MAIL FROM:<>", 250)

    def recipient(self, address: str) -> Reply:
        """The reply, whatever it is; SmtpBroken where there is none, and SmtpRefused where the server hangs up."""
        try:
            self._expect(Stage.RCPT, f"RCPT TO:<{address}>", 250)
        except SmtpRefused as refused:
            if refused.reply.code == 421:
                raise
            return refused.reply
        return Reply(250, "")


def _read(reply: Reply, host: str) -> Asked:
    if reply.code in (250, 251):
        return Asked(ProbeAnswer.ACCEPTED, f"{host} takes mail for this mailbox")
    if reply.code in (550, 551, 553) and _names_no_mailbox(reply):
        return Asked(ProbeAnswer.REFUSED, f"{host} has no such mailbox")
    if 400 <= reply.code < 500:
        return _unknown(f"{host} puts the question off ({reply.code})")
    return _unknown(f"{host} does not say ({reply.code} {reply.enhanced})".replace(" )", ")"))


def _names_no_mailbox(reply: Reply) -> bool:
    if reply.enhanced:
        return reply.enhanced in _NO_MAILBOX
    words = reply.text.lower()  # a stranger's text: looked for in, never passed on
    return any(known in words for known in _NO_MAILBOX_WORDS)


def _said(error: SmtpRefused | SmtpBroken | SmtpUnfit) -> str:
    """The stage and the code; a server's text may quote an address."""
    return f"{error.stage}: {error.reply.code if isinstance(error, SmtpRefused) else error.code}"


def _unknown(reason: str) -> Asked:
    return Asked(ProbeAnswer.UNKNOWN, reason)


def _not_asked(reason: str) -> Asked:
    return Asked(ProbeAnswer.NOT_ASKED, reason)


def smtp_probe(settings: Settings, clock: Clock) -> SmtpProbe | None:
    """The probe, where the settings allow it; None where they do not. Raises FixConfiguration without a real name."""
    if not settings.smtp_probe:
        return None
    name = urlsplit(settings.public_url).hostname or ""
    if "." not in name or name.replace(".", "").isdigit():
        raise FixConfiguration(
            "SALESOS_SMTP_PROBE needs a name to introduce itself with, and SALESOS_PUBLIC_URL has none.",
            hint="Set SALESOS_PUBLIC_URL to the address under which this is reached, or turn the probe off.",
        )
    return SmtpProbe(clock=clock, hello=name, source=settings.smtp_probe_source)
