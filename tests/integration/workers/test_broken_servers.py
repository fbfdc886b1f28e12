"""Real SMTP servers that hang, refuse or cut the line: a clear word each, and nothing lost.

Counted at the server's own log: what it took, how often.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from agents.context import AgentContext
from core.clock import VirtualClock
from core.ids import SystemIds
from store.models import Brake, Draft, Mailbox, MailboxState, OutboxItem, OutboxState
from store.session import Database
from tests.support import smtp_server
from tests.support.crash.office import Office, context_of, open_office, unsubscribe
from tests.support.smtp_server import Options, SmtpServer
from tools.ports import LookupResult
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from tools.providers.mail_transport.smtp_session import Timeouts
from workers.dispatcher import Dispatcher


def office_at(
    server: SmtpServer, database: Database, clock: VirtualClock, directory: Path, *, searchable: bool
) -> Office:
    spool = server.options.spool

    def lookup(message_id: str) -> LookupResult:
        return LookupResult.FOUND if smtp_server.lookup(spool, message_id) else LookupResult.NOT_FOUND

    quick = Timeouts(connect=1.0, command=1.0, body=1.0, final_reply=1.0)
    transport = SmtpTransport(
        SmtpSettings("127.0.0.1", server.port, SmtpSecurity.NONE, timeouts=quick), lookup if searchable else None
    )
    context: AgentContext = context_of(
        database, SystemIds().new(), clock, SystemIds(), lambda _: transport, data_dir=directory
    )
    return open_office(context, people=2)


def run(office: Office) -> None:
    Dispatcher(unsubscribe, "worker:1", keep_leases=False).run(office.context)


@pytest.mark.parametrize("searchable", [True, False])
@pytest.mark.parametrize(
    ("mode", "state", "says", "taken"),
    [
        ("ok", OutboxState.SENT, "250", 1),
        ("hang", OutboxState.READY, "", 0),
        ("4xx", OutboxState.READY, "450 4.2.1", 0),
        ("5xx", OutboxState.FAILED, "550 5.1.1", 0),
        ("421", OutboxState.READY, "421", 0),
        ("cut-at-connect", OutboxState.READY, "", 0),
        # The whole of a short mail, with its final dot, has left before the cut is seen: nobody can know.
        ("cut-in-data", OutboxState.SENDING, "may or may not", 0),
        ("cut-after-data", OutboxState.SENDING, "may or may not", 0),
        ("accept-then-cut", OutboxState.SENDING, "may or may not", 1),
        ("accept-then-hang", OutboxState.SENDING, "may or may not", 1),
    ],
)
def test_each_failure_has_its_state_and_its_words(
    mode: str,
    state: OutboxState,
    says: str,
    taken: int,
    searchable: bool,
    clock: VirtualClock,
    tmp_path: Path,
    sqlite_store: Database,
) -> None:
    with SmtpServer(Options(tmp_path / "spool", mode=mode, times=1, fsync=False)) as server:
        office = office_at(server, sqlite_store, clock, tmp_path, searchable=searchable)
        sent = office.approved(0)
        run(office)
        item: OutboxItem = office.get(OutboxItem, sent)
        assert (item.state, says in item.state_reason) == (state, True)
        assert item.state is OutboxState.SENT or item.state_reason
        assert "@" not in item.state_reason
        assert len(smtp_server.accepted(server.options.spool)) == taken
        if mode == "5xx":
            return
        for _ in range(8):  # the server behaves by now: all of it heals, or a person is asked
            clock.advance(timedelta(minutes=20))
            run(office)
        final: OutboxItem = office.get(OutboxItem, sent)
        uncertain = state is OutboxState.SENDING and not searchable
        assert final.state is (OutboxState.UNKNOWN if uncertain else OutboxState.SENT)
        expected = taken if uncertain else 1
        assert len(smtp_server.accepted(server.options.spool)) == expected
        assert final.message_id == office.get(Draft, item.draft_id).message_id  # type: ignore[arg-type]


def test_a_server_that_refuses_us_brakes_the_mailbox_with_its_words(
    clock: VirtualClock, tmp_path: Path, sqlite_store: Database
) -> None:
    with SmtpServer(Options(tmp_path / "spool", mode="policy", fsync=False)) as server:
        office = office_at(server, sqlite_store, clock, tmp_path, searchable=False)
        sent = [office.approved(0), office.approved(1)]
        run(office)
        with office.context.database.read(office.context.workspace_id) as session:
            (brake,) = session.exec(select(Brake)).all()
        assert (brake.mailbox_id, brake.cause, "5.7.1" in brake.reason) == (office.mailbox_id, "blocked", True)
        box: Mailbox = office.get(Mailbox, office.mailbox_id)
        assert box.state is MailboxState.ACTIVE  # its inbox is still read
        run(office)
        assert server.mails() == []
        assert all(office.get(OutboxItem, found).state is OutboxState.READY for found in sent)


def test_many_mails_go_over_one_connection(clock: VirtualClock, tmp_path: Path, sqlite_store: Database) -> None:
    with SmtpServer(Options(tmp_path / "spool", fsync=False)) as server:
        office = office_at(server, sqlite_store, clock, tmp_path, searchable=False)
        for number in (0, 1):
            office.approved(number)
        run(office)
        assert (len(server.mails()), server.connections) == (2, 1)
