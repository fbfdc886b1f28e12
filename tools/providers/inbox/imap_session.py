"""One signed-in IMAP connection (RFC 3501), read-only, with every failure in our own words."""

import contextlib
import imaplib
import ipaddress
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.errors import FixConfiguration

_LIST_LINE = re.compile(rb'\((?P<flags>[^)]*)\)\s+(?:"(?:[^"\\]|\\.)*"|NIL)\s+(?P<name>.+)$')


class ImapSecurity(StrEnum):
    TLS = "tls"  # port 993
    STARTTLS = "starttls"  # port 143
    NONE = "none"  # this machine only


@dataclass(frozen=True, slots=True)
class ImapSettings:
    host: str
    port: int = 993
    username: str = ""
    password: str = field(default="", repr=False)
    security: ImapSecurity = ImapSecurity.TLS
    timeout_seconds: float = 30.0
    ca_file: Path | None = None  # instead of the system's certificate authorities


class ImapFailed(Exception):
    """The server could not be asked. The message is for people and holds no password."""

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing  # worth asking again later


@contextlib.contextmanager
def imap_session(settings: ImapSettings) -> Iterator[imaplib.IMAP4]:
    """A connection that is signed in, and logged out afterwards. Raises ImapFailed, FixConfiguration for clear text."""
    with _in_our_words(settings):
        connection = _connect(settings)
        try:
            connection.login(settings.username, settings.password)
            yield connection
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                connection.logout()


def expect_ok(answer: tuple[str, Sequence[object]], what: str) -> Sequence[object]:
    """The data of an answer that is OK. Raises ImapFailed."""
    status, data = answer
    if status != "OK":
        words = data[0].decode("utf-8", "replace") if data and isinstance(data[0], bytes) else status
        raise ImapFailed(f"The IMAP server refused to {what}: {words[:200]}", passing=False)
    return data


def quoted(text: str) -> str:
    """A quoted string of RFC 3501 §4.3. Raises ValueError for what it cannot hold."""
    if not text.isascii() or any(character in text for character in "\r\n\x00"):
        raise ValueError("Only ASCII without line ends can be quoted.")
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def special_folder(connection: imaplib.IMAP4, flag: str) -> str | None:
    r"""The quoted name of the folder with a special use, such as \Sent (RFC 6154); None when none is marked."""
    for line in expect_ok(connection.list(), "list its folders"):
        match = _LIST_LINE.match(line) if isinstance(line, bytes) else None
        if match is not None and flag.lower().encode() in match["flags"].lower().split():
            name = match["name"].decode("ascii", "replace")
            return name if name.startswith('"') else quoted(name)
    return None


def _connect(settings: ImapSettings) -> imaplib.IMAP4:
    if settings.security is ImapSecurity.NONE:
        if not _is_loopback(settings.host):
            raise FixConfiguration(
                f"The mailbox would talk to {settings.host} without encryption.", hint="Choose tls (port 993)."
            )
        return imaplib.IMAP4(settings.host, settings.port, settings.timeout_seconds)
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.security is ImapSecurity.TLS:
        return imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=settings.timeout_seconds)
    connection = imaplib.IMAP4(settings.host, settings.port, settings.timeout_seconds)
    try:
        connection.starttls(context)
    except BaseException:
        connection.shutdown()
        raise
    return connection


@contextlib.contextmanager
def _in_our_words(settings: ImapSettings) -> Iterator[None]:
    where = f"{settings.host}:{settings.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ImapFailed(
            f"The certificate of {where} is not trusted: {error.verify_message}.", passing=False
        ) from error
    except TimeoutError as error:
        raise ImapFailed(f"The IMAP server {where} did not answer in time.", passing=True) from error
    except imaplib.IMAP4.abort as error:
        raise ImapFailed(f"The IMAP server {where} closed the connection.", passing=True) from error
    except imaplib.IMAP4.error as error:
        words = str(error.args[0] if error.args else error)[:200]
        passing = "UNAVAILABLE" in words or "INUSE" in words  # RFC 5530
        raise ImapFailed(f"The IMAP server {where} refused: {words}", passing=passing) from error
    except OSError as error:
        raise ImapFailed(
            f"The IMAP server {where} cannot be reached: {error.strerror or error}.", passing=True
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
