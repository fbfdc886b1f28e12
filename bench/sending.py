"""Mails a second to a real SMTP server on loopback: ours, and the loop that is usually written. python -m bench.sending

    python -m bench.sending [--mails N] [--rounds N] [--database sqlite|postgres]

Ours is the product's whole path, as it runs in a worker: claim under a lease, every rule asked again, composed,
DKIM-signed (RSA 2048), sealed, frozen and started, handed over on one kept connection, the answer kept, then message,
touch, CRM step, audit entry and feed event written. The usual loop makes an EmailMessage, signs it with dkimpy, and
opens a connection with smtplib a mail; it checks nothing and records nothing. A second loop keeps its connection.
All sign with the same key, and dkimpy verifies every mail that a sample takes. All send to the same server, which keeps
every mail in a file, in a process of its own.

The floor is our signature and our SMTP session alone: no rules, no store, one mail's words for all. What lies between
it and the dispatcher is what checking and recording cost.

Beside the rates stands the CPU time of the sending process a mail. On a machine with other work, waiting for the server
is waiting for a turn, and hits whoever computes least hardest; CPU time says what a mail costs.
"""

import argparse
import random
import smtplib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import dkim
from sqlmodel import select

from bench.report import Line, print_lines
from bench.writes import postgres
from core.clock import VirtualClock
from core.ids import SystemIds
from store import migrations
from store.models import Mailbox
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.harness import all_done
from tests.support.crash.office import SENDER, Office, context_of, open_office, unsubscribe
from tests.support.crash.stock import WORDS, sign_for, stock
from tools.mail.dkim import KeyKind, generate_pem, load_key, sign
from tools.ports import Envelope
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from workers.dispatcher import Dispatcher

MAILS, ROUNDS, SAMPLE = 1_000, 3, 50
DOMAIN, SELECTOR = SENDER.partition("@")[2], "s1"
START = datetime(2026, 6, 1, 14, tzinfo=UTC)  # a Monday morning in New York


def usual(port: int, pem: bytes, count: int, *, keep: bool = False) -> None:
    """As the tutorials have it."""
    kept = smtplib.SMTP("127.0.0.1", port) if keep else None
    for number in range(count):
        message = EmailMessage(policy=SMTP.clone(max_line_length=998))
        message["From"], message["To"] = f"Ann Miller <{SENDER}>", f"person{number}@company{number}.example"
        message["Subject"], message["Date"] = f"Delivery notes at Company {number}", format_datetime(START)
        message["Message-ID"] = f"<{uuid4().hex}@{DOMAIN}>"
        message["List-Unsubscribe"] = f"<https://sales.example/u/{uuid4().hex}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        text = f"Hello Pat {number},\n\n{WORDS}\n"
        message.set_content(text)
        message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
        raw = message.as_bytes()
        headers = [b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]
        signature = dkim.sign(raw, SELECTOR.encode(), DOMAIN.encode(), pem, include_headers=headers)
        if kept is not None:
            kept.sendmail(SENDER, [str(message["To"])], signature + raw)
        else:
            with smtplib.SMTP("127.0.0.1", port) as connection:
                connection.sendmail(SENDER, [str(message["To"])], signature + raw)
    if kept is not None:
        kept.quit()


@contextmanager
def office(directory: Path, url: str, port: int, pem: bytes, count: int) -> Iterator[Office]:
    """A store with as many approved mails, none of them sent yet."""
    transport = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE))
    database = Database(url)
    context = context_of(
        database, uuid4(), VirtualClock(START), SystemIds(), lambda _mailbox: transport, data_dir=directory
    )
    made = open_office(context, count)
    with database.write(context.workspace_id) as session:
        mailbox = session.exec(select(Mailbox)).one()
        mailbox.transport, mailbox.host = "smtp", "127.0.0.1"
    sign_for(made, pem=pem, selector=SELECTOR)
    stock(made, range(count))
    try:
        yield made
    finally:
        transport.close()
        database.close()


def ours(made: Office) -> None:
    Dispatcher(unsubscribe, "bench").run(made.context)
    assert all_done(made.context), "Some mails were not sent."


def floor(port: int, pem: bytes, count: int) -> None:
    """Signed one by one, handed over on one connection: what our path cannot do without."""
    key = load_key(pem, domain=DOMAIN, selector=SELECTOR)
    transport = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE))

    def made() -> Envelope:
        message_id = f"<{uuid4().hex}@{DOMAIN}>"
        lines = [
            f"From: {SENDER}",
            "To: a@b.example",
            f"Message-ID: {message_id}",
            "Subject: x",
            "",
            *WORDS.split("\n"),
        ]
        mime = "\r\n".join([*lines, ""]).encode()
        return Envelope(message_id, SENDER, "a@b.example", sign(mime, [key], at=START))

    ahead = [made(), made()]
    for _ in range(count):
        transport.send_meanwhile(ahead.pop(0), lambda: ahead.append(made()), ahead[0])
    transport.close()


def verified(spool: Path, pem: bytes, rng: random.Random) -> int:
    """How many of a sample dkimpy verifies; all of them, or the bench is worth nothing."""
    record = load_key(pem, domain=DOMAIN, selector=SELECTOR).publish().value.encode()
    found = sorted(spool.glob("*.eml"))
    sample = rng.sample(found, min(SAMPLE, len(found)))
    good = sum(bool(dkim.verify(path.read_bytes(), dnsfunc=lambda *_a, **_k: record)) for path in sample)
    assert good == len(sample), f"dkimpy verifies {good} of {len(sample)}."
    return good


@dataclass(frozen=True)
class Timed:
    rate: float  # mails a second
    cpu: float  # milliseconds a mail, of this process


def timed(work: Callable[[], None], count: int) -> Timed:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return Timed(count / (time.perf_counter() - began), (time.process_time() - cpu) / count * 1_000)


def run(count: int, rounds: int, database: str) -> list[Line]:
    pem, rng = generate_pem(KeyKind.RSA), random.Random(1)
    few = max(20, count // 10)  # of the slow loops: their time grows with each mail alike
    found: dict[str, list[Timed]] = {"usual": [], "kept": [], "ours": [], "floor": []}
    checked = 0
    with tempfile.TemporaryDirectory(dir=_memory()) as directory, postgres() as server:
        home = Path(directory)
        url = str(server) if database == "postgres" else f"sqlite:///{home / 'sending.db'}"
        migrations.upgrade(url)
        _warm_up(home, url, pem)
        for turn in range(rounds):
            spool = home / f"spool{turn}"
            with smtp_server.smtp_process(spool, "--no-fsync", "--pipelining") as port:
                with office(home, url, port, pem, count) as made:
                    # One after the other in each round, so that a busy machine is busy for all of them.
                    found["usual"].append(timed(lambda: usual(port, pem, few), few))
                    found["kept"].append(timed(lambda: usual(port, pem, few, keep=True), few))
                    found["ours"].append(timed(lambda: ours(made), count))
                checked += verified(spool, pem, rng)
                found["floor"].append(timed(lambda: floor(port, pem, count), count))
                assert len(smtp_server.accepted(spool)) == 2 * count + 2 * few, "Some mails did not arrive, or twice."
    return [
        _line("EmailMessage + dkimpy + smtplib", found, "usual", f"{few} mails a round, a connection each; no records"),
        _line("the same, one connection", found, "kept", f"{few} mails a round"),
        _line("the dispatcher", found, "ours", f"{count:,} mails a round, {database}; dkimpy verified {checked}"),
        _line("the floor: sign and hand over", found, "floor", f"{count:,} mails a round; no rules, no records"),
    ]


def _line(what: str, found: dict[str, list[Timed]], key: str, note: str) -> Line:
    ratios = sorted(one.rate / base.rate for one, base in zip(found[key], found["usual"], strict=True))
    rate, cpu = (statistics.median(getattr(one, of) for one in found[key]) for of in ("rate", "cpu"))
    base = statistics.median(one.cpu for one in found["usual"])
    spread = f"rounds {ratios[0]:.1f}–{ratios[-1]:.1f} ×; {cpu:.2f} ms of CPU a mail ({base / cpu:.1f} ×)"
    return Line(what, f"{rate:,.0f} mails/s", f"{statistics.median(ratios):.1f} ×", f"{note}; {spread}")


def _warm_up(home: Path, url: str, pem: bytes) -> None:
    """A worker compiles its statements once in its life."""
    server = smtp_server.smtp_process(home / "warm", "--no-fsync", "--pipelining")
    with server as port, office(home, url, port, pem, 20) as made:
        ours(made)


def _memory() -> str | None:
    """A file system in memory where there is one: SQLite's synchronous=FULL would measure the disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=MAILS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    print_lines("Mails to an SMTP server on loopback", run(given.mails, given.rounds, given.database))


if __name__ == "__main__":
    main()
