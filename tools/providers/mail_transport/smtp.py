"""Mail through the mailbox's own SMTP server, many on one connection, every failure told for what it is."""

import ipaddress
import os
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.errors import FixConfiguration
from tools.ports import Envelope, LookupResult, SendOutcome, SendResult
from tools.providers.mail_transport import smtp_outcome
from tools.providers.mail_transport.smtp_session import (
    SmtpBroken,
    SmtpRefused,
    SmtpSession,
    SmtpUnfit,
    Stage,
    Timeouts,
)

_PATH = re.compile(r"[!-;=?-~]{1,254}")  # printable ASCII without blanks and angle brackets


class SmtpSecurity(StrEnum):
    STARTTLS = "starttls"  # port 587; refused when the server does not offer it
    TLS = "tls"  # port 465
    NONE = "none"  # in clear: this machine only, unless `allow_cleartext`


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    host: str
    port: int
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    ehlo_name: str = "localhost"  # the domain of the mailbox: some servers refuse others
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_mails_per_connection: int = 100  # common servers close at 100
    max_idle_seconds: float = 60.0  # an older connection is opened anew instead of tried
    trusted_seconds: float = 2.0  # a connection that just took a mail needs no RSET to be known alive and clean
    ca_file: Path | None = None  # instead of the system's certificate authorities
    allow_cleartext: bool = False  # for a relay inside a private network, by a person's decision


class SmtpTransport:
    """Thread-safe: one mail at a time. A connection is never shared with a forked process."""

    name = "smtp"

    def __init__(self, settings: SmtpSettings, sent_lookup: Callable[[str], LookupResult] | None = None) -> None:
        """Raises FixConfiguration for settings that would send a password or a mail in clear over a network."""
        if settings.security is SmtpSecurity.NONE and not (settings.allow_cleartext or _is_loopback(settings.host)):
            raise FixConfiguration(
                f"The mailbox would talk to {settings.host} without encryption.",
                hint="Choose starttls (port 587) or tls (port 465).",
            )
        self._settings = settings
        self._sent_lookup = sent_lookup
        self._tls = tls_context(settings) if settings.security is not SmtpSecurity.NONE else None
        self._lock = threading.Lock()
        self._session: SmtpSession | None = None
        self._mails = 0
        self._clean = False
        self._last_used = 0.0
        self._pid = os.getpid()

    def send(self, envelope: Envelope) -> SendResult:
        """Hands the bytes over, dot-stuffed and otherwise as they are (a missing last CRLF is added)."""
        return self.send_meanwhile(envelope, _nothing)

    def send_meanwhile(
        self, envelope: Envelope, work: Callable[[], None], following: Envelope | None = None
    ) -> SendResult:
        """The same; `work` is done while the server makes up its mind, and it learns who is next."""
        unsendable = _unsendable(envelope)
        if unsendable is not None:
            return unsendable
        with self._lock:
            result = self._send(envelope, work, following, may_reconnect=True)
            self._last_used = time.monotonic()
            return result

    def lookup(self, message_id: str) -> LookupResult:
        """Asks the Sent folder, where there is one to ask. Raises RetryAt when it cannot be reached now."""
        return self._sent_lookup(message_id) if self._sent_lookup is not None else LookupResult.UNSUPPORTED

    def close(self) -> None:
        with self._lock:
            if self._session is not None and self._pid == os.getpid():
                self._session.bye()
            self._session = None

    def _send(
        self, envelope: Envelope, work: Callable[[], None], following: Envelope | None, *, may_reconnect: bool
    ) -> SendResult:
        reused = self._is_reusable(envelope)
        try:
            session = self._open_session(reused=reused)
            self._mails, self._clean = self._mails + 1, False
            reply = session.deliver(envelope, work, self._next(following))
            self._clean = True  # RFC 5321 §4.1.1.4: an accepted mail leaves no state behind
            return smtp_outcome.accepted(reply)
        except SmtpRefused as fault:
            if fault.reply.code == 421 or fault.stage in (Stage.CONNECT, Stage.TLS, Stage.EHLO, Stage.AUTH, Stage.BODY):
                self._drop()
            if reused and may_reconnect and fault.reply.code == 421 and fault.stage in (Stage.RESET, Stage.MAIL):
                return self._send(envelope, work, following, may_reconnect=False)
            return smtp_outcome.refused(fault)
        except SmtpBroken as fault:
            self._drop()
            # A connection that ended while nobody used it: nothing of this mail had left.
            if reused and may_reconnect and fault.stage in (Stage.RESET, Stage.MAIL):
                return self._send(envelope, work, following, may_reconnect=False)
            return smtp_outcome.broken(fault)
        except SmtpUnfit as fault:
            self._drop()
            return smtp_outcome.unfit(fault)

    def _next(self, following: Envelope | None) -> Envelope | None:
        """None also where this connection is full, or it cannot be sent."""
        full = self._mails >= self._settings.max_mails_per_connection
        return None if following is None or full or not _addressable(following) else following

    def _is_reusable(self, envelope: Envelope) -> bool:
        if self._session is None:
            return False
        if self._session.expects is not None and self._session.expects != envelope:
            self._drop()  # it waits for the words of another mail, which was not started after all
            return False
        if self._pid != os.getpid():  # after a fork the socket is the parent's, and its mails too
            self._session = None
            return False
        if (
            self._mails >= self._settings.max_mails_per_connection
            or time.monotonic() - self._last_used > self._settings.max_idle_seconds
        ):
            self._session.bye()
            self._session = None
            return False
        return True

    def _open_session(self, *, reused: bool) -> SmtpSession:
        if reused and self._session is not None:
            unsure = not self._clean or time.monotonic() - self._last_used > self._settings.trusted_seconds
            if unsure and self._session.expects is None:
                self._session.reset()
            return self._session
        settings = self._settings
        implicit = self._tls if settings.security is SmtpSecurity.TLS else None
        session = SmtpSession(ehlo_name=settings.ehlo_name, timeouts=settings.timeouts, implicit_tls=implicit)
        self._session, self._mails, self._pid = session, 0, os.getpid()
        session.open(settings.host, settings.port)
        if settings.security is SmtpSecurity.STARTTLS and self._tls is not None:
            session.secure(self._tls)
        if settings.username:
            session.authenticate(settings.username, settings.password)
        return session

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _nothing() -> None:
    return None


def _unsendable(envelope: Envelope) -> SendResult | None:
    lines = envelope.mime.count(b"\r\n")
    if not lines == envelope.mime.count(b"\r") == envelope.mime.count(b"\n"):
        # Servers disagree on what a lone CR or LF ends: the way a second mail is smuggled behind the first.
        return SendResult(
            SendOutcome.MISCONFIGURED, "The mail holds a bare CR or LF; a mail's lines end with CRLF.", "bare_newline"
        )
    if not _PATH.fullmatch(envelope.sender):
        return SendResult(SendOutcome.MISCONFIGURED, "The sender is not an ASCII address.", "bad_sender")
    if not _PATH.fullmatch(envelope.recipient):
        return SendResult(SendOutcome.REJECTED, "The recipient is not an ASCII address.", "5.1.3")
    return None


def _addressable(envelope: Envelope) -> bool:
    return _PATH.fullmatch(envelope.sender) is not None and _PATH.fullmatch(envelope.recipient) is not None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise FixConfiguration(
            f"The certificate file {settings.ca_file} cannot be read: {error.strerror or error}.",
            hint="It must hold certificates in PEM.",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
