"""Opting out while the mail is leaving, a thousand times. python -m bench.opt_outs

    python -m bench.opt_outs [--people 1000] [--database sqlite|postgres]

Everybody has an approved mail that is due, and everybody opts out while the dispatcher sends to a real SMTP server on
loopback. Who said no before their mail was started must not get it: counted at the server, by what it took. Exit code
1 where one did, where nobody was in time, or where everybody was: then there was no race.
"""

import argparse
import sys
import tempfile
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from uuid import uuid4

from sqlmodel import select

from bench.report import Line, print_lines
from bench.sending import START
from bench.writes import postgres
from core.clock import VirtualClock
from core.ids import SystemIds
from store import migrations
from store.models import Mailbox
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.office import context_of, open_office
from tests.support.crash.race import race
from tests.support.crash.stock import sign_for, stock
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport


class _Taken(list[str]):
    """Whom the server has a mail for, read when it is asked."""

    def __init__(self, spool: Path) -> None:
        super().__init__()
        self._spool = spool

    def __iter__(self):  # type: ignore[no-untyped-def]
        for raw in smtp_server.mails(self._spool):
            yield message_from_bytes(raw, policy=default)["To"].addresses[0].addr_spec


def run(people: int, url: str, directory: Path) -> tuple[Line, bool]:
    migrations.upgrade(url)
    database, spool = Database(url), directory / "spool"
    try:
        with smtp_server.smtp_process(spool, "--no-fsync", "--pipelining") as port:
            transport = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE))
            context = context_of(
                database, uuid4(), VirtualClock(START), SystemIds(), lambda _mailbox: transport, data_dir=directory
            )
            office = open_office(context, people, touches=1)
            with database.write(context.workspace_id) as session:
                mailbox = session.exec(select(Mailbox)).one()
                mailbox.transport, mailbox.host = "smtp", "127.0.0.1"
            sign_for(office)
            stock(office, range(people))
            in_time, wrongly = race(office, _Taken(spool), seed=1)
            transport.close()
        taken = len(smtp_server.accepted(spool))
    finally:
        database.close()
    good = not wrongly and taken == people - in_time and 0 < in_time < people
    note = f"{in_time:,} of {people:,} said no before their mail was started; the others' {taken:,} mails arrived once"
    return Line("opt-out raced against the dispatcher", f"{len(wrongly)} sent all the same", "", note), good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as directory, postgres() as server:
        url = str(server) if given.database == "postgres" else f"sqlite:///{Path(directory) / 'race.db'}"
        line, good = run(given.people, url, Path(directory))
    print_lines(f"Opting out while the mail leaves, {given.database}", [line])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
