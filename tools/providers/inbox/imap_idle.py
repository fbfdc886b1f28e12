"""IMAP's IDLE (RFC 2177): the server says at once that a mail came. Nothing is fetched here.

The command is given anew before the half hour after which servers may hang up, which also finds a connection that died
without a word. Python's own imaplib knows no IDLE before 3.14: the lines are read from its socket here.
"""

import imaplib
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

from core.errors import FixConfiguration, RetryAt
from tools.providers.inbox.imap_session import ImapFailed, ImapSettings, expect_ok, imap_session, quoted

RENEW_SECONDS: Final = 24 * 60.0  # RFC 2177: at least every 29 minutes
_LOOK_SECONDS: Final = 1.0  # so long a stop may go unheard
_ANSWER_SECONDS: Final = 30.0
_MOST: Final = 64 * 1024  # bytes of a line: more is no IMAP
_ARRIVED = re.compile(rb"\* \d+ (?:EXISTS|RECENT)\b", re.IGNORECASE)


class ImapIdle:
    def __init__(
        self,
        settings: ImapSettings,
        folder: str = "INBOX",
        *,
        renew_seconds: float = RENEW_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._renew_seconds = renew_seconds
        self._monotonic = monotonic

    def watch(self, arrived: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """As the port says. `arrived` is called at every connection: mails may have come while there was none."""
        try:
            with imap_session(self._settings) as connection:
                expect_ok(connection.select(quoted(self._folder), readonly=True), f"open {self._folder}")
                if b"IDLE" not in _capabilities(connection):
                    raise ImapFailed("The IMAP server does not offer IDLE: its mail is read on a timer.", passing=False)
                lines = _Lines(connection, self._monotonic)
                while not stopping():
                    self._idle(lines, arrived, stopping)
        except ImapFailed as failure:
            if failure.passing:
                raise RetryAt(str(failure)) from failure
            raise FixConfiguration(str(failure)) from failure

    def _idle(self, lines: "_Lines", arrived: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """One IDLE, from its command to its end."""
        tag = lines.command(b"IDLE")
        # What came between two of them is told before the server goes on.
        told = list(filter(_ARRIVED.match, lines.until(b"+", tag)))
        if told or lines.first:
            lines.first = False
            arrived()
        renew_at = self._monotonic() + self._renew_seconds
        while not stopping() and self._monotonic() < renew_at:
            line = lines.next(_LOOK_SECONDS)
            if line is None:
                continue
            if line.startswith(tag):
                raise ImapFailed("The IMAP server ended IDLE by itself.", passing=True)
            if _ARRIVED.match(line):
                arrived()
        lines.send(b"DONE\r\n")
        if list(filter(_ARRIVED.match, lines.until(tag, tag))):
            arrived()


class _Lines:
    """The server's lines, one after the other, with a time for each."""

    def __init__(self, connection: imaplib.IMAP4, monotonic: Callable[[], float]) -> None:
        self._socket = connection.sock
        self._monotonic = monotonic
        self._kept = b""
        self._count = 0
        self.first = True  # nothing was told on this connection yet

    def command(self, words: bytes) -> bytes:
        """Gives its tag."""
        self._count += 1
        tag = b"W%d" % self._count
        self.send(tag + b" " + words + b"\r\n")
        return tag + b" "

    def send(self, line: bytes) -> None:
        self._socket.settimeout(_ANSWER_SECONDS)
        self._socket.sendall(line)

    def until(self, wanted: bytes, tag: bytes) -> Iterator[bytes]:
        """The lines before the one that begins so. Raises ImapFailed for a refusal."""
        ends = self._monotonic() + _ANSWER_SECONDS
        while True:
            line = self.next(max(0.01, ends - self._monotonic()))
            if line is None:
                raise ImapFailed("The IMAP server did not answer in time.", passing=True)
            if line.startswith(tag) and not line[len(tag) :].upper().startswith(b"OK"):
                words = line[len(tag) :].decode("utf-8", "replace")
                raise ImapFailed(f"The IMAP server refused IDLE: {words[:200]}", passing=False)
            if line.startswith(wanted):
                return
            yield line

    def next(self, seconds: float) -> bytes | None:
        """None: nothing came in so many seconds. Raises ImapFailed where the connection ended."""
        self._socket.settimeout(seconds)
        while b"\n" not in self._kept:
            try:
                read = self._socket.recv(4096)
            except TimeoutError:
                return None
            if not read:
                raise ImapFailed("The IMAP server closed the connection.", passing=True)
            self._kept += read
            if len(self._kept) > _MOST:
                raise ImapFailed("The IMAP server answers with what is no IMAP.", passing=True)
        line, _, self._kept = self._kept.partition(b"\n")
        if line.upper().startswith(b"* BYE"):
            raise ImapFailed("The IMAP server said goodbye.", passing=True)
        return line.rstrip(b"\r")


def _capabilities(connection: imaplib.IMAP4) -> set[bytes]:
    """Asked after the login: many servers offer more then."""
    data = expect_ok(connection.capability(), "say what it can do")
    return {word.upper() for line in data if isinstance(line, bytes) for word in line.split()}
