"""Whether a mailbox's servers let us in. Nothing is sent, read or marked; no answer takes longer than its deadline.

A host that a person typed is resolved first, and refused where any of its addresses is within this network and the
settings do not allow that: otherwise this would tell strangers what listens where only we can reach.
"""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late

from core.errors import FixConfiguration, RetryAt
from tools.providers.inbox.imap_session import ImapFailed, ImapSettings, expect_ok, imap_session, quoted
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport, tls_context
from tools.providers.mail_transport.smtp_session import (
    SmtpBroken,
    SmtpRefused,
    SmtpSession,
    SmtpUnfit,
    Timeouts,
)
from tools.providers.web_fetch.addresses import refusal_of_address

_SECONDS = 20.0  # for both servers together
_TIMEOUTS = Timeouts(connect=6.0, command=6.0, body=1.0, final_reply=1.0)
_WITHIN = (".localhost", ".local", ".internal", ".home.arpa")  # names that no public server has
_AT_ONCE = 4
_pool = ThreadPoolExecutor(_AT_ONCE, "mailbox-check")
_places = threading.BoundedSemaphore(_AT_ONCE)


def problem_of_servers(smtp: SmtpSettings | None, imap: ImapSettings | None, *, private_hosts: bool) -> str:
    """Why a server does not let us in; empty: both do. Raises RetryAt while too many others are being asked."""
    if not _places.acquire(blocking=False):
        raise RetryAt("Other mailboxes are being tried at this moment.", hint="Try again in a few seconds.")
    task = _pool.submit(_ask, smtp, imap, private_hosts)
    task.add_done_callback(_give_back)  # a name server that hangs keeps its place until it really ends
    try:
        return task.result(timeout=_SECONDS)
    except Late:
        return f"There was no answer within {_SECONDS:.0f} seconds."


def problem_of_host(host: str, *, private_hosts: bool) -> str:
    """Of a name or address as it is typed, without asking anybody: what `problem_of_servers` would refuse for sure."""
    name = host.strip().rstrip(".").lower().strip("[]")
    is_number = ":" in name or name.replace(".", "").isdigit()
    if private_hosts or not name:
        return ""
    refused = bool(refusal_of_address(name)) if is_number else "." not in name or name.endswith(_WITHIN)
    return _within(host) if refused else ""


def _give_back(_task: Future[str]) -> None:
    _places.release()


def _ask(smtp: SmtpSettings | None, imap: ImapSettings | None, private_hosts: bool) -> str:
    if smtp is not None:
        said = _asked(smtp.host, smtp.port, private_hosts, lambda: _sign_in(smtp, private_hosts))
        if said:
            return f"Sending: {said}"
    if imap is not None:
        said = _asked(imap.host, imap.port, private_hosts, lambda: _open_inbox(imap))
        if said:
            return f"Reading: {said}"
    return ""


def _asked(host: str, port: int, private_hosts: bool, ask: Callable[[], str]) -> str:
    if not private_hosts:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            return f"the name {host} is not known."
        if any(refusal_of_address(str(entry[4][0])) for entry in found):
            return _within(host)
    return ask()


def _within(host: str) -> str:
    return f"{host} is within this network, which the settings do not allow (SALESOS_MAIL_PRIVATE_HOSTS)."


class _Looked(SmtpSession):
    """Looks again where it arrived: a name server may have said something else since."""

    private_hosts = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = super()._get_socket(host, port, timeout)
        if not self.private_hosts and refusal_of_address(str(connection.getpeername()[0])):
            connection.close()
            raise OSError(_within(host))
        return connection


def _sign_in(settings: SmtpSettings, private_hosts: bool) -> str:
    try:
        SmtpTransport(settings)  # refuses what would talk in clear over a network
        context = tls_context(settings)
        implicit = context if settings.security is SmtpSecurity.TLS else None
        session = _Looked(ehlo_name=settings.ehlo_name, timeouts=_TIMEOUTS, implicit_tls=implicit)
        session.private_hosts = private_hosts
        try:
            session.open(settings.host, settings.port)
            if settings.security is SmtpSecurity.STARTTLS:
                session.secure(context)
            if settings.username:
                session.authenticate(settings.username, settings.password)
        finally:
            session.bye()
    except (SmtpRefused, SmtpUnfit) as error:
        return f"the server said no. {error}"
    except SmtpBroken as error:
        return f"the server at {settings.host}:{settings.port} cannot be used. {error}"
    except (FixConfiguration, OSError) as error:
        return str(error)
    return ""


def _open_inbox(settings: ImapSettings) -> str:
    try:
        with imap_session(settings) as connection:
            expect_ok(connection.select(quoted("INBOX"), readonly=True), "open INBOX")
    except (ImapFailed, FixConfiguration) as error:
        return str(error)
    return ""
