"""Real SMTP servers on loopback, well-behaved or broken in one chosen way, in a thread or as a process of their own.

    python tests/support/smtp_server.py --port 0 --spool DIR --mode ok

prints its port on the first line. Every mail it takes is a file in the spool, and one line of `accepted.log`
("<sequence> <message-id> <sha256>"), synced before the client is answered: who was mailed twice, or never, is counted
from outside, whatever the sender believes.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import random
import re
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME = "rep@sender.example"
PASSWORD = "correct horse battery staple"
LOG = "accepted.log"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where.

    Stages: connect, ehlo, starttls, auth, mail, rcpt, data (the command), body (halfway through), end (after the
    final dot, not stored), stored (after the final dot, stored). Actions: hang, cut, drip, or a reply such as
    "550 5.1.1 No such user".
    """

    stage: str
    action: str


MODES: dict[str, tuple[Fault, ...]] = {
    "ok": (),
    "hang": (Fault("connect", "hang"),),
    "hang-after-data": (Fault("end", "hang"),),
    "drip": (Fault("mail", "drip"),),
    "4xx": (Fault("rcpt", "450 4.2.1 The mailbox is busy, try again in 5 minutes"),),
    "5xx": (Fault("rcpt", "550 5.1.1 No such user here"),),
    "policy": (Fault("rcpt", "550 5.7.1 Sender refused by policy"),),
    "421": (Fault("mail", "421 4.3.2 Shutting down"),),
    "cut-at-connect": (Fault("connect", "cut"),),
    "cut-in-data": (Fault("body", "cut"),),
    "cut-after-data": (Fault("end", "cut"),),
    "accept-then-cut": (Fault("stored", "cut"),),
    "accept-then-hang": (Fault("stored", "hang"),),
    "auth": (),
    "starttls": (),
    "tls": (),
}


@dataclass(frozen=True)
class Options:
    spool: Path
    mode: str = "ok"
    faults: tuple[Fault, ...] = ()  # besides those of the mode
    times: int | None = None  # each fault strikes so often, then the server behaves; None: always
    seed: int = 0
    p_accept_then_cut: float = 0.0
    p_cut_before_accept: float = 0.0
    p_4xx: float = 0.0
    delay_ms: tuple[int, int] = (0, 0)  # before the answer to the final dot
    fsync: bool = True
    max_mails: int | None = None  # a connection: then 421
    pipelining: bool = False  # offered, as nearly every real server does (RFC 2920)
    once: bool = False  # a Message-ID that was taken before is answered yes and not kept again: a service with keys
    certificate: Path | None = None  # PEM with key and certificate; made in the spool where a mode needs one


@dataclass
class Spool:
    """Where accepted mail stands, and what was seen; shared by all connections of a server."""

    options: Options
    random: random.Random
    strikes: Counter[Fault] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    connections: int = 0
    sequence: int = 0

    def strike(self, stage: str) -> str | None:
        """The action of the fault at this stage, when one is due."""
        for fault in (*MODES[self.options.mode], *self.options.faults):
            if fault.stage == stage and (self.options.times is None or self.strikes[fault] < self.options.times):
                self.strikes[fault] += 1
                return fault.action
        return None

    def store(self, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        message_id = str(BytesHeaderParser().parsebytes(content).get("Message-ID", "<none>")).strip()
        if self.options.once and message_id in self.seen:
            return
        self.seen.add(message_id)
        self.sequence += 1
        _append(self.options.spool / f"{self.sequence:06d}-{digest[:16]}.eml", content, sync=self.options.fsync)
        line = f"{self.sequence} {message_id} {digest}\n".encode()
        _append(self.options.spool / LOG, line, sync=self.options.fsync)


class FaultySMTP(SMTP):
    """aiosmtpd's server with a fault at one stage. Its own behaviour is left alone everywhere else."""

    def __init__(self, spool: Spool, **options: Any) -> None:
        super().__init__(self, **options)
        self.spool = spool
        self._mails = 0

    async def _handle_client(self) -> None:
        self.spool.connections += 1
        if not await self._struck("connect"):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._struck("ehlo"):
            await super().smtp_EHLO(hostname)

    async def handle_EHLO(self, server: SMTP, session: Session, _: Any, name: str, lines: list[str]) -> list[str]:
        session.host_name = name
        return [lines[0], "250-PIPELINING", *lines[1:]] if self.spool.options.pipelining else lines

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._struck("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._struck("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        limit = self.spool.options.max_mails
        if limit is not None and self._mails >= limit:
            await self.push("421 4.7.0 Too many mails on this connection")
            self.transport.close()
            return
        if not await self._struck("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._struck("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._struck("data"):
            return
        action = self.spool.strike("body")
        if action is None:
            await super().smtp_DATA(arg)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.read(1000)
        await self._act(action, close=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        options, rng = self.spool.options, self.spool.random
        # Always three numbers a mail, so that one fault more does not shift the next.
        refuse, cut_before, cut_after = rng.random(), rng.random(), rng.random()
        low, high = options.delay_ms
        await asyncio.sleep(rng.uniform(low, high) / 1000)
        if refuse < options.p_4xx:
            return "451 4.3.0 Try again later"
        action = "cut" if cut_before < options.p_cut_before_accept else self.spool.strike("end")
        if action is None:
            self.spool.store(bytes(envelope.original_content or b""))
            self._mails += 1
            action = "cut" if cut_after < options.p_accept_then_cut else self.spool.strike("stored")
        if action is None:
            return "250 2.0.0 Taken"
        if re.match(r"\d{3} ", action):
            return action
        await self._act(action)
        raise asyncio.CancelledError

    async def _struck(self, stage: str) -> bool:
        action = self.spool.strike(stage)
        if action is None:
            return False
        await self._act(action)
        return True

    async def _act(self, action: str, *, close: bool = False) -> None:
        if action == "hang":
            await asyncio.sleep(3600)
        elif action == "drip":  # a byte now and then: every read succeeds, the reply never ends
            while not self._writer.is_closing():
                self._writer.write(b"2")
                await self._writer.drain()
                await asyncio.sleep(0.05)
        elif action == "cut":
            self.transport.abort()
        else:
            await self.push(action)
            if close or action.startswith("421"):
                self.transport.close()


class SmtpServer:
    """A server in a thread: `with SmtpServer(Options(tmp_path, mode="5xx")) as server: server.port`."""

    def __init__(self, options: Options, port: int = 0) -> None:
        options.spool.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.spool = Spool(options, random.Random(options.seed))
        self.port = port
        self.certificate = options.certificate
        if self.certificate is None and options.mode in ("tls", "starttls", "auth"):
            self.certificate = make_certificate(options.spool)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-server", daemon=True)

    @property
    def connections(self) -> int:
        return self.spool.connections

    def mails(self) -> list[bytes]:
        return mails(self.options.spool)

    def __enter__(self) -> "SmtpServer":
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(self.listen(), self._loop).result(300)
        self._server = server
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(300)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(300)
        self._loop.close()

    async def listen(self) -> asyncio.AbstractServer:
        implicit = self._tls() if self.options.mode == "tls" else None
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._connection, "127.0.0.1", self.port, ssl=implicit)
        self.port = int(server.sockets[0].getsockname()[1])
        return server

    async def _stop(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connection(self) -> FaultySMTP:
        secured = self.options.mode in ("starttls", "auth")
        return FaultySMTP(
            self.spool,
            hostname="mx.test",
            loop=asyncio.get_running_loop(),
            data_size_limit=33_554_432,
            tls_context=self._tls() if secured else None,
            require_starttls=secured,
            auth_required=self.options.mode == "auth",
            authenticator=_authenticate,
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self.certificate))
        return context


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
    # handled=False: aiosmtpd then answers 535 itself.
    return AuthResult(success=known, handled=False)


@contextlib.contextmanager
def smtp_process(spool: Path, *arguments: str) -> Iterator[int]:
    """The same server as a process of its own; gives its port. Arguments as on the command line."""
    command = [sys.executable, str(Path(__file__)), "--spool", str(spool), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(10)


# ------------------------------------------------------------------------------ reading a spool, from any process


def accepted(spool: Path) -> list[tuple[str, str]]:
    """(message-id, sha256) of every acceptance, in order: a mail taken twice is there twice."""
    path = spool / LOG
    if not path.exists():
        return []
    return [(line.split()[1], line.split()[2]) for line in path.read_text("utf-8").splitlines()]


def duplicates(spool: Path) -> dict[str, int]:
    """Message-ids accepted more than once, with how often."""
    counts = Counter(message_id for message_id, _ in accepted(spool))
    return {message_id: count for message_id, count in counts.items() if count > 1}


def lookup(spool: Path, message_id: str) -> bool:
    return any(message_id == found for found, _ in accepted(spool))


def mails(spool: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(spool.glob("*.eml"))]


# -------------------------------------------------------------------------------------------------------- set-up


def make_certificate(directory: Path, host: str = "localhost") -> Path:
    """A self-signed certificate for `host` and 127.0.0.1, with its key, in one PEM file: also the CA to trust."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _append(path: Path, content: bytes, *, sync: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, content)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--mode", choices=sorted(MODES), default="ok")
    parser.add_argument(
        "--fault",
        type=lambda text: Fault(*text.partition("=")[::2]),
        action="append",
        default=[],
        metavar="STAGE=ACTION",
    )
    parser.add_argument("--times", type=int, default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--p-accept-then-cut", type=float, default=0.0)
    parser.add_argument("--p-cut-before-accept", type=float, default=0.0)
    parser.add_argument("--p-4xx", type=float, default=0.0)
    parser.add_argument("--delay-ms", type=_range, default=(0, 0), metavar="LOW-HIGH")
    parser.add_argument("--max-mails", type=int, default=None)
    for flag in ("--pipelining", "--once"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--no-fsync", dest="fsync", action="store_false")
    given = vars(parser.parse_args(arguments))
    port, faults = given.pop("port"), tuple(given.pop("fault"))
    server = SmtpServer(Options(faults=faults, **given), port)

    async def serve() -> None:
        listening = await server.listen()
        print(server.port, flush=True)
        await listening.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


if __name__ == "__main__":
    main()
