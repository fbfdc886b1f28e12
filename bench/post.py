"""Mails out over SMTP, their answers back over IMAP, every one counted. python -m bench.post [--mails N]

The dispatcher sends to a real SMTP server on loopback. Of what arrived there, one in three is answered by a person, one
in three comes back as a bounce (RFC 3464), and one in three stays silent. The answers are put into a real IMAP server
(Dovecot), and the inbox is read as a worker reads it. Counts must be exact: every mail once, every answer once, with
its kind, at the lead that it is from.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

from sqlmodel import select

from bench.report import Line, print_lines
from core.clock import VirtualClock
from core.ids import SystemIds
from store import migrations
from store.models import Mailbox, Message
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.harness import all_done
from tests.support.crash.office import SENDER, context_of, open_office, unsubscribe
from tests.support.crash.stock import sign_for, stock
from tests.support.dovecot import DOVECOT, Dovecot, running
from tools.providers.inbox.imap import ImapInbox
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from workers import inbound
from workers.dispatcher import Dispatcher

START = datetime(2026, 6, 1, 14, tzinfo=UTC)
_USER = "ann"
_AT_ONCE = 500  # answers of one IMAP connection


@dataclass(frozen=True)
class Counted:
    sent: int
    arrived: int  # Message-IDs at the server, each once
    twice: int
    kinds: dict[str, int]  # of what came in
    at_their_lead: int  # of what came in
    seconds_out: float
    seconds_in: float


def reply(mail: bytes, number: int) -> bytes:
    head = message_from_bytes(mail)
    lines = [
        f"From: {head['To']}",
        f"To: {SENDER}",
        f"Subject: Re: {head['Subject']}",
        f"Message-ID: <answer-{number}@prospect.example>",
        f"In-Reply-To: {head['Message-ID']}",
        f"References: {head['Message-ID']}",
        "Date: Mon, 01 Jun 2026 15:00:00 +0000",
        "",
        "Thank you, call me on Tuesday.",
    ]
    return "\r\n".join([*lines, ""]).encode()


def bounce(mail: bytes, number: int) -> bytes:
    head = message_from_bytes(mail)
    address = str(head["To"]).rpartition("<")[2].rstrip(">")
    lines = [
        "From: MAILER-DAEMON@mx.example",
        f"To: {SENDER}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: <dsn-{number}@mx.example>",
        "Auto-Submitted: auto-replied",
        "Date: Mon, 01 Jun 2026 15:00:00 +0000",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        f"<{address}>: host mx.example said: 550 5.1.1 User unknown",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        f"Final-Recipient: rfc822; {address}",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
        "",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {head['Message-ID']}",
        f"To: {head['To']}",
        f"From: {head['From']}",
        "--b--",
    ]
    return "\r\n".join([*lines, ""]).encode()


def round_trip(directory: Path, dovecot: Dovecot, count: int, url: str = "") -> Counted:
    url = url or f"sqlite:///{directory / 'post.db'}"
    migrations.upgrade(url)
    database, spool, inbox = Database(url), directory / "spool", ImapInbox(dovecot.settings(_USER), VirtualClock(START))
    try:
        with smtp_server.smtp_process(spool, "--no-fsync", "--pipelining") as port:
            transport = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE))
            context = context_of(
                database,
                uuid4(),
                VirtualClock(START),
                SystemIds(),
                lambda _mailbox: transport,
                data_dir=directory,
                inbox=lambda _mailbox: inbox,
            )
            office = open_office(context, count)
            with database.write(context.workspace_id) as session:
                mailbox = session.exec(select(Mailbox)).one()
                mailbox.transport, mailbox.host = "smtp", "127.0.0.1"
            sign_for(office)
            stock(office, range(count))
            began = time.perf_counter()
            Dispatcher(unsubscribe, "bench").run(context)
            seconds_out = time.perf_counter() - began
            transport.close()
            assert all_done(context)
        arrived = Counter(message_id for message_id, _ in smtp_server.accepted(spool))
        answers = [
            (reply, bounce)[number % 3](path.read_bytes(), number)
            for number, path in enumerate(sorted(spool.glob("*.eml")))
            if number % 3 < 2
        ]
        for start in range(0, len(answers), _AT_ONCE):
            dovecot.append(_USER, "INBOX", *answers[start : start + _AT_ONCE])
        began = time.perf_counter()
        inbound.poll(context)
        inbound.poll(context)  # a second round finds nothing
        seconds_in = time.perf_counter() - began
        leads = {person.lead_id for person in office.people}
        with database.read(context.workspace_id) as session:
            messages = session.exec(select(Message.direction, Message.kind, Message.lead_id)).all()
        came = [(kind, lead_id) for direction, kind, lead_id in messages if direction == "in"]
        return Counted(
            sent=sum(direction == "out" for direction, _, _ in messages),
            arrived=len(arrived),
            twice=sum(number - 1 for number in arrived.values()),
            kinds=dict(Counter(kind for kind, _ in came)),
            at_their_lead=len({lead_id for _, lead_id in came if lead_id in leads}),
            seconds_out=seconds_out,
            seconds_in=seconds_in,
        )
    finally:
        database.close()


def expected(count: int) -> tuple[int, int]:
    """(replies, bounces)."""
    return (count + 2) // 3, (count + 1) // 3


def is_exact(found: Counted, count: int) -> bool:
    replies, bounces = expected(count)
    return (found.sent, found.arrived, found.twice, found.kinds, found.at_their_lead) == (
        count,
        count,
        0,
        {"reply": replies, "bounce": bounces},
        replies + bounces,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mails", type=int, default=10_000)
    count = parser.parse_args().mails
    if DOVECOT is None:
        sys.exit("Dovecot is not installed (Debian: apt-get install dovecot-imapd).")
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as directory, running() as dovecot:
        found = round_trip(Path(directory), dovecot, count)
    replies, bounces = expected(count)
    lines = [
        Line("out over SMTP", f"{count / found.seconds_out:,.0f} mails/s", "", f"{found.arrived:,} arrived once"),
        Line(
            "back over IMAP",
            f"{(replies + bounces) / found.seconds_in:,.0f} mails/s",
            "",
            f"{found.kinds} at {found.at_their_lead:,} leads, of {replies:,} replies and {bounces:,} bounces",
        ),
        Line("counts", "exact" if is_exact(found, count) else "WRONG"),
    ]
    print_lines("Mails out, answers back", lines)
    sys.exit(0 if is_exact(found, count) else 1)


if __name__ == "__main__":
    main()
