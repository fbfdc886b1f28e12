"""The probe against a real SMTP server on this machine: what it says, what it asks, and what it never does."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from core.clock import VirtualClock
from tests.support.smtp_server import Options, SmtpServer
from tools.ports import EmailStatus, EmailVerdict
from tools.providers.email_verifier import ChecksVerifier
from tools.providers.email_verifier.smtp_probe import ProbeAnswer, SmtpProbe
from tools.providers.mail_transport.smtp_session import Timeouts

QUICK = Timeouts(connect=2, command=0.5, body=1, final_reply=1)
ADA, BOB = "ada@acme.example", "bob@acme.example"


class MailHost:
    """Has the mailboxes it is given, and writes down what it is asked."""

    def __init__(self, mailboxes: dict[str, str], otherwise: str = "550 5.1.1 No such user here") -> None:
        self.mailboxes, self.otherwise = mailboxes, otherwise
        self.commands: list[str] = []
        self.connections = self.open_now = self.most_open = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.commands.append(f"EHLO {hostname} from {session.peer[0]}")
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.commands.append(f"MAIL {address}")
        envelope.mail_from = address
        await asyncio.sleep(0.02)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.commands.append(f"RCPT {address}")
        return self.mailboxes.get(address, self.otherwise)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.commands.append("DATA")
        return "250 OK"

    def protocol(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        host = self

        class Counted(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                host.connections += 1
                host.open_now += 1
                host.most_open = max(host.most_open, host.open_now)
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                host.open_now -= 1
                super().connection_lost(error)

        return Counted(self, hostname="mx.test", loop=loop)


@contextmanager
def serving(host: MailHost) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(
        loop.create_server(lambda: host.protocol(loop), "127.0.0.1", 0), loop
    ).result(300)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(300)
        loop.close()


def probe(port: int, clock: VirtualClock | None = None, **options: Any) -> SmtpProbe:
    given = {
        "allow_loopback": True,
        "resolve": lambda host: ["127.0.0.1"],
        "timeouts": QUICK,
        "random_name": lambda: "q7f3",
        **options,
    }
    return SmtpProbe(
        clock=clock or VirtualClock(datetime(2026, 5, 4, tzinfo=UTC)), hello="we.example", port=port, **given
    )


def answers(port: int, addresses: Sequence[str] = (ADA, BOB), **options: Any) -> list[ProbeAnswer]:
    found = probe(port, **options).ask("acme.example", ["mx.acme.example"], addresses)
    return [found[address].answer for address in addresses]


def test_who_has_a_mailbox_and_who_has_none_on_one_connection_without_data() -> None:
    host = MailHost({ADA: "250 OK"})
    with serving(host) as port:
        assert answers(port) == [ProbeAnswer.ACCEPTED, ProbeAnswer.REFUSED]
    assert host.commands == [
        "EHLO we.example from 127.0.0.1",
        "MAIL <>",
        "RCPT q7f3@acme.example",
        f"RCPT {ADA}",
        f"RCPT {BOB}",
    ]
    assert host.connections == 1


def test_a_domain_that_takes_any_name_says_nothing_of_one() -> None:
    host = MailHost({}, otherwise="250 OK")
    with serving(host) as port:
        assert answers(port) == [ProbeAnswer.CATCH_ALL] * 2
    assert [c for c in host.commands if c.startswith("RCPT")] == ["RCPT q7f3@acme.example"]  # nobody else is named


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("550 5.1.1 unknown", ProbeAnswer.REFUSED),
        ("550 5.1.10 RecipientNotFound", ProbeAnswer.REFUSED),
        ("550 User unknown", ProbeAnswer.REFUSED),
        ("551 5.1.6 moved", ProbeAnswer.REFUSED),
        ("550 5.7.1 You are listed", ProbeAnswer.UNKNOWN),
        ("550 Blocked", ProbeAnswer.UNKNOWN),
        ("552 5.2.2 Mailbox full", ProbeAnswer.UNKNOWN),
        ("450 4.2.0 Greylisted, come back later", ProbeAnswer.UNKNOWN),
        ("451 Try later", ProbeAnswer.UNKNOWN),
        ("252 Cannot verify", ProbeAnswer.UNKNOWN),
        ("250 OK", ProbeAnswer.ACCEPTED),
    ],
)
def test_what_is_not_plainly_yes_or_no_is_unknown(reply: str, answer: ProbeAnswer) -> None:
    with serving(MailHost({ADA: reply})) as port:
        assert answers(port, [ADA]) == [answer]


def test_a_greylist_is_named_as_a_later_and_not_as_a_refusal() -> None:
    with serving(MailHost({}, "450 4.2.0 Greylisted, ada@acme.example")) as port:
        asked = probe(port).ask("acme.example", ["mx.acme.example"], [ADA])[ADA]
    assert asked.reason == "mx.acme.example puts the question off (450)"  # and quotes nothing of a stranger's text


@pytest.mark.parametrize("otherwise", ["450 4.2.0 Greylisted", "550 5.7.1 Not you", "421 4.7.0 Too much"])
def test_where_even_an_unknown_name_gets_no_answer_nobody_else_is_named(otherwise: str) -> None:
    host = MailHost({ADA: "250 OK"}, otherwise)
    with serving(host) as port:
        assert answers(port) == [ProbeAnswer.UNKNOWN] * 2
    assert f"RCPT {ADA}" not in host.commands


@pytest.mark.parametrize(
    ("mode", "answer"),
    [
        ("5xx", ProbeAnswer.REFUSED),
        ("policy", ProbeAnswer.UNKNOWN),
        ("4xx", ProbeAnswer.UNKNOWN),
        ("421", ProbeAnswer.UNKNOWN),
        ("drip", ProbeAnswer.UNKNOWN),
        ("hang", ProbeAnswer.NOT_ASKED),
        ("cut-at-connect", ProbeAnswer.NOT_ASKED),
    ],
)
def test_broken_servers_give_an_answer_and_take_no_mail(tmp_path: Path, mode: str, answer: ProbeAnswer) -> None:
    with SmtpServer(Options(tmp_path, mode=mode)) as server:
        assert answers(server.port, [ADA]) == [answer]
        assert server.mails() == []


def test_a_host_that_is_not_there_is_not_asked_and_the_next_one_is() -> None:
    with socket.socket() as unused, serving(MailHost({ADA: "250 OK"})) as port:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refused
        assert answers(unused.getsockname()[1], [ADA]) == [ProbeAnswer.NOT_ASKED]
        asked = probe(port, resolve=_no_such_name_for("mx1.acme.example"))
        found = asked.ask("acme.example", ["mx1.acme.example", "mx2.acme.example"], [ADA])
        assert found[ADA].answer is ProbeAnswer.ACCEPTED


def _no_such_name_for(missing: str) -> Any:
    def resolve(host: str) -> list[str]:
        if host == missing:
            raise OSError("no such name")
        return ["127.0.0.1"]

    return resolve


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
def test_no_private_address_is_connected_to(address: str) -> None:
    host = MailHost({})
    with serving(host) as port:
        refused = answers(port, [ADA], allow_loopback=False, resolve=lambda name: [address])
        also = answers(port, [ADA], allow_loopback=False, resolve=lambda name: ["93.184.216.34", address])
    assert refused == also == [ProbeAnswer.NOT_ASKED]
    assert host.connections == 0


def test_a_domain_is_asked_so_often_an_hour_and_no_more() -> None:
    host, clock = MailHost({}), VirtualClock(datetime(2026, 5, 4, tzinfo=UTC))
    with serving(host) as port:
        asked = probe(port, clock, per_hour=3)
        many = [f"p{number}@acme.example" for number in range(5)]
        first = asked.ask("acme.example", ["mx.acme.example"], many)
        assert [a.answer for a in first.values()] == [ProbeAnswer.REFUSED] * 3 + [ProbeAnswer.NOT_ASKED] * 2
        assert set(asked.ask("acme.example", ["mx.acme.example"], many)) == set(many)
        assert host.connections == 1  # who may ask nothing does not even connect
        clock.advance(timedelta(hours=1))
        assert asked.ask("acme.example", ["mx.acme.example"], many[:1])[many[0]].answer is ProbeAnswer.REFUSED


def test_one_connection_at_a_time_to_a_mail_host() -> None:
    host = MailHost({})
    with serving(host) as port:
        asked = probe(port)
        threads = [
            threading.Thread(target=asked.ask, args=(f"d{n}.example", ["mx.shared.example"], [f"ada@d{n}.example"]))
            for n in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
    assert (host.connections, host.most_open) == (5, 1)


def test_it_asks_from_the_address_it_is_given() -> None:
    host = MailHost({ADA: "250 OK"})
    with serving(host) as port:
        assert answers(port, [ADA], source="127.0.0.2") == [ProbeAnswer.ACCEPTED]
    assert host.commands[0] == "EHLO we.example from 127.0.0.2"


class Domains:
    def mx(self, domain: str) -> Sequence[str]:
        return (f"mx.{domain}",)


def verdicts(port: int, addresses: Sequence[str], **options: Any) -> Sequence[EmailVerdict]:
    return ChecksVerifier(Domains(), probe=probe(port, **options)).verify(addresses)


def test_the_verdict_follows_what_the_server_says() -> None:
    host = MailHost({ADA: "250 OK", "info@acme.example": "250 OK", "eve@acme.example": "451 4.7.1 Greylisted"})
    with serving(host) as port:
        asked = [ADA, BOB, "eve@acme.example", "info@acme.example", "ada@gmail.com", "broken", ADA]
        found = verdicts(port, asked)
    assert [one.status for one in found] == [
        EmailStatus.VALID,
        EmailStatus.INVALID,
        EmailStatus.UNKNOWN,
        EmailStatus.RISKY,  # a role stays one
        EmailStatus.RISKY,  # a free-mail provider is not asked
        EmailStatus.INVALID,
        EmailStatus.VALID,
    ]
    assert not any("gmail.com" in command for command in host.commands)
    assert host.commands.count(f"RCPT {ADA}") == 1


def test_a_catch_all_domain_is_risky_and_an_unreachable_host_changes_nothing() -> None:
    with serving(MailHost({}, otherwise="250 OK")) as port:
        (found,) = verdicts(port, [ADA])
        assert (found.status, found.is_catch_all) == (EmailStatus.RISKY, True)
        (found,) = verdicts(port, [ADA], allow_loopback=False)
        assert (found.status, found.is_catch_all) == (EmailStatus.VALID, False)
        assert "not asked" in found.reasons[-1]
