"""One SMTP conversation, with what smtplib does not tell: where it broke, and whether the final dot had left.

smtplib's own `sendmail` answers a lost connection the same way before and after the mail was handed over, and its
time-out is per read, so that a server that drips a byte a minute holds a worker for ever. This session names the
stage of every failure and gives each reply a deadline. RFC 5321, 2920 (pipelining), 3207 (STARTTLS), 4954 (AUTH).
"""

import contextlib
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tools.ports import Envelope

_MAX_REPLY_BYTES = 64 * 1024
_CHUNK = 64 * 1024
_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
_EARLY_REPLY_SECONDS = 2.0


class Stage(StrEnum):
    CONNECT = "connect"
    TLS = "TLS"
    EHLO = "EHLO"
    AUTH = "AUTH"
    RESET = "RSET"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    BODY = "the mail's body"  # before the final dot
    FINAL = "the final dot"  # from its first byte on, nobody but the server knows


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    text: str  # lines joined by blanks, at most 500 characters

    @property
    def enhanced(self) -> str:
        """The status of RFC 3463, "5.1.1"; empty where the server gives none."""
        match = _ENHANCED.match(self.text)
        return match.group() if match else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class SmtpRefused(Exception):
    """The server answered, and the answer is no."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(f"{stage}: {reply}")
        self.stage = stage
        self.reply = reply


class SmtpBroken(Exception):
    """There was no answer: the connection failed, ended or hung at this stage."""

    def __init__(self, stage: Stage, what: str, code: str) -> None:
        super().__init__(f"{what} at {stage}")
        self.stage = stage
        self.what = what
        self.code = code  # timeout, eof, dns, refused, tls, network, protocol


class SmtpUnfit(Exception):
    """What the server offers and what the mailbox's settings ask for do not fit."""

    def __init__(self, stage: Stage, why: str, code: str) -> None:
        super().__init__(why)
        self.stage = stage
        self.code = code


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, each for the whole of its step and not for one read."""

    connect: float = 30.0
    command: float = 300.0
    body: float = 600.0
    final_reply: float = 600.0  # RFC 5321 §4.5.3.2.6: a server may deliver before it answers


class SmtpSession(smtplib.SMTP):
    def __init__(self, *, ehlo_name: str, timeouts: Timeouts, implicit_tls: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=ehlo_name, timeout=timeouts.connect)
        self._timeouts = timeouts
        self._implicit_tls = implicit_tls
        self._reply_seconds = timeouts.connect
        self._pending = bytearray()
        self.expects: Envelope | None = None  # whose addresses the server has, and whose words it waits for

    # ------------------------------------------------------------------------------- smtplib, with deadlines

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = socket.create_connection((host, port), timeout)
        # Nagle's algorithm would hold a small write back until the one before it is acknowledged.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._implicit_tls is None:
            return connection
        with _step(Stage.TLS):
            return self._implicit_tls.wrap_socket(connection, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._reply_seconds
        lines: list[bytes] = []
        size = 0
        while True:
            line = self._line(deadline)
            size += len(line)
            if size > _MAX_REPLY_BYTES or not re.match(rb"[2-5]\d\d(?:[ -]|$)", line):
                self.close()
                raise _NotSmtp(f"The server answered something that is not SMTP: {line[:80]!r}")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._pending:
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("The connection is closed.")
            self.sock.settimeout(_left(deadline))
            received = self.sock.recv(4096)
            if not received or len(self._pending) > _MAX_REPLY_BYTES:
                self.close()
                raise smtplib.SMTPServerDisconnected("The server closed the connection.")
            self._pending += received
        line, _, rest = bytes(self._pending).partition(b"\n")
        self._pending = bytearray(rest)
        return line.rstrip(b"\r")

    # ------------------------------------------------------------------------------------------- the stages

    def open(self, host: str, port: int) -> None:
        """Greeting and EHLO. Raises SmtpRefused or SmtpBroken."""
        with _step(Stage.CONNECT):
            self._host = host  # what starttls checks the certificate against
            greeting = _reply(*self.connect(host, port))
        if greeting.code != 220:
            raise SmtpRefused(Stage.CONNECT, greeting)
        self._reply_seconds = self._timeouts.command
        self.hello()

    def hello(self) -> None:
        with _step(Stage.EHLO):
            answer = _reply(*self.ehlo())
            if answer.code in (500, 501, 502, 504):  # a server from before 1995: RFC 5321 §3.2
                answer = _reply(*self.helo())
        if answer.code != 250:
            raise SmtpRefused(Stage.EHLO, answer)

    def secure(self, context: ssl.SSLContext) -> None:
        """STARTTLS, which must be offered: going on in clear is what an attacker in between wants."""
        if not self.has_extn("starttls"):
            raise SmtpUnfit(
                Stage.TLS, "The server does not offer STARTTLS, and the mailbox requires it.", "no_starttls"
            )
        with _step(Stage.TLS):
            try:
                self.starttls(context=context)
            except smtplib.SMTPResponseException as error:
                raise SmtpRefused(Stage.TLS, _reply(error.smtp_code, error.smtp_error)) from error
            self._pending.clear()  # what came in clear before the handshake was injected
        self.hello()

    def authenticate(self, username: str, password: str) -> None:
        with _step(Stage.AUTH):
            try:
                self.login(username, password)
            except smtplib.SMTPResponseException as error:
                raise SmtpRefused(Stage.AUTH, _reply(error.smtp_code, error.smtp_error)) from error
            except (smtplib.SMTPServerDisconnected, _NotSmtp):
                raise
            except smtplib.SMTPException as error:
                raise SmtpUnfit(Stage.AUTH, f"Cannot sign in: {error}", "no_auth") from error
            except ValueError as error:  # its message would quote the password
                raise SmtpUnfit(
                    Stage.AUTH, "Cannot sign in: the user name or password is not ASCII.", "no_auth"
                ) from error

    def reset(self) -> None:
        """RSET: also finds out whether a connection that was left alone is still one."""
        self._expect(Stage.RESET, "RSET", 250)

    def deliver(self, mail: Envelope, work: Callable[[], None], following: Envelope | None = None) -> Reply:
        """One mail to one recipient; the reply to its final dot, which is 2xx. `work` is done while it is waited for.

        Where the server allows it, the addresses of `following` leave right behind the final dot of this one (RFC 2920
        §3.1), so that a mail takes one round trip and one write.

        Raises SmtpRefused (certainly not accepted) or SmtpBroken: certainly not accepted at any stage before FINAL,
        because a server must not act on a mail whose final dot it never saw (RFC 5321 §4.1.1.4); not known at FINAL.
        """
        commands = self._commands(mail)
        if self.has_extn("pipelining"):
            if self.expects is None:
                with _step(Stage.MAIL):
                    self.send(self._envelope_of(mail))
            self.expects = None
            self._pipelined(commands)
        else:
            for stage, command, wanted in commands:
                self._expect(stage, command, *wanted)
        end = b".\r\n" if mail.mime.endswith(b"\r\n") or not mail.mime else b"\r\n.\r\n"
        behind = self._envelope_of(following) if following is not None and self.has_extn("pipelining") else b""
        if self._send_body(_dotted(mail.mime) + end + behind, len(end), len(behind)):
            self.expects = following if behind else None
            return self._finish(work)
        try:
            return self._finish(work)
        finally:
            self.close()

    def _commands(self, mail: Envelope) -> Sequence[tuple[Stage, str, tuple[int, ...]]]:
        options = f" SIZE={len(mail.mime)}" if self.has_extn("size") else ""
        if self.has_extn("8bitmime") and not mail.mime.isascii():
            options += " BODY=8BITMIME"
        return (
            (Stage.MAIL, f"MAIL FROM:<{mail.sender}>{options}", (250,)),
            (Stage.RCPT, f"RCPT TO:<{mail.recipient}>", (250, 251)),
            (Stage.DATA, "DATA", (354,)),
        )

    def _envelope_of(self, mail: Envelope) -> bytes:
        return "".join(f"{command}\r\n" for _, command, _ in self._commands(mail)).encode("ascii")

    def bye(self) -> None:
        """QUIT, without waiting long: everything that matters was answered before."""
        if self.expects is not None:  # the server would take it for the words of the mail that was announced
            self.close()
            return
        self._reply_seconds = _EARLY_REPLY_SECONDS
        with contextlib.suppress(smtplib.SMTPException, OSError, _NotSmtp):
            self.docmd("QUIT")
        self.close()

    def _expect(self, stage: Stage, command: str, *wanted: int) -> None:
        with _step(stage):
            reply = _reply(*self.docmd(command))
        if reply.code not in wanted:
            raise SmtpRefused(stage, reply)

    def _pipelined(self, commands: Sequence[tuple[Stage, str, tuple[int, ...]]]) -> None:
        """RFC 2920: the commands left in one write; their replies come in order.

        The first refusal is what counts. Whoever refused the recipient may still have said yes to DATA: an empty mail
        then ends it, and such a server must not deliver it, because it has nobody to deliver to (§3.1).
        """
        refusal: SmtpRefused | None = None
        for stage, _, wanted in commands:
            with _step(stage):
                reply = _reply(*self.getreply())
            if reply.code == 421:
                raise refusal or SmtpRefused(stage, reply)
            if refusal is None and reply.code not in wanted:
                refusal = SmtpRefused(stage, reply)
        if refusal is None:
            return
        if reply.code == 354:
            with _step(Stage.DATA):
                self._connected().sendall(b".\r\n")
                self.getreply()
        raise refusal

    def _send_body(self, body: bytes, end: int, behind: int) -> bool:
        """With its final dot, `end` bytes, and what comes `behind` it. False: the connection is of no more use, but for
        the answer that may have come over it.

        A write that fails has taken none of the bytes that it was given: so nobody has the dot until one that held a
        part of it succeeded, and only then it is at FINAL.
        """
        deadline = time.monotonic() + self._timeouts.body
        view = memoryview(body)
        try:
            while view:
                with _step(Stage.BODY if len(view) >= end + behind else Stage.FINAL):
                    self._connected().settimeout(_left(deadline))
                    view = view[self._connected().send(view[:_CHUNK]) :]
        except SmtpBroken as broken:
            if len(view) <= behind:
                return False
            early = self._early_reply()
            if early is not None and early.code >= 400:
                raise SmtpRefused(Stage.BODY, early) from broken
            raise
        return True

    def _early_reply(self) -> Reply | None:
        """A server that ends a mail halfway (too big, shutting down) often says why before it hangs up."""
        self._reply_seconds = _EARLY_REPLY_SECONDS
        with contextlib.suppress(smtplib.SMTPException, OSError, _NotSmtp):
            return _reply(*self.getreply())
        return None

    def _finish(self, work: Callable[[], None]) -> Reply:
        with contextlib.suppress(Exception):  # whatever it is about, it is not about this mail
            work()
        with _step(Stage.FINAL):
            self._reply_seconds = self._timeouts.final_reply
            reply = _reply(*self.getreply())
        self._reply_seconds = self._timeouts.command
        if reply.code >= 400:
            raise SmtpRefused(Stage.FINAL, reply)
        if reply.code >= 300:  # neither yes nor no
            raise SmtpBroken(Stage.FINAL, f"An answer without meaning ({reply})", "protocol")
        return reply

    def _connected(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("The connection is closed.")
        return self.sock


class _NotSmtp(Exception):
    pass


def _dotted(mime: bytes) -> bytes:
    """RFC 5321 §4.5.2, of lines that end with CRLF."""
    return (b"." if mime.startswith(b".") else b"") + mime.replace(b"\r\n.", b"\r\n..")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _reply(code: int, text: bytes | str) -> Reply:
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return Reply(code, " ".join(words.split())[:500])


@contextlib.contextmanager
def _step(stage: Stage) -> Iterator[None]:
    """Names the stage of whatever goes wrong inside."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        why = f"The server's certificate is not trusted: {error.verify_message}."
        raise SmtpUnfit(Stage.TLS, why, "certificate") from error
    except TimeoutError as error:
        raise SmtpBroken(stage, "No answer in time", "timeout") from error
    except socket.gaierror as error:
        raise SmtpBroken(stage, f"The server's name could not be resolved ({error.strerror})", "dns") from error
    except ConnectionRefusedError as error:
        raise SmtpBroken(stage, "The connection was refused", "refused") from error
    except ssl.SSLError as error:
        raise SmtpBroken(stage, f"TLS failed ({error.reason or error})", "tls") from error
    except _NotSmtp as error:
        raise SmtpBroken(stage, str(error), "protocol") from error
    except (smtplib.SMTPServerDisconnected, ConnectionError, EOFError) as error:
        raise SmtpBroken(stage, "The connection was lost", "EOF") from error
    except smtplib.SMTPException as error:
        if isinstance(error, smtplib.SMTPResponseException):
            raise  # the stage turns it into a refusal itself
        raise SmtpBroken(stage, f"SMTP failed ({error})", "protocol") from error
    except OSError as error:
        raise SmtpBroken(stage, f"The network failed ({error.strerror or error})", "network") from error
