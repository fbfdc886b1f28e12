"""The SMTP transport against real servers that break in every way: what it says must be what happened."""

import hashlib
import os
import re
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FixConfiguration, Rejected
from tests.support.smtp_server import (
    PASSWORD,
    USERNAME,
    Fault,
    Options,
    SmtpServer,
    accepted,
    duplicates,
    lookup,
    smtp_process,
)
from tools.mail.compose import OutboundMail, compose
from tools.ports import Envelope, LookupResult, SendOutcome
from tools.providers.mail_transport.smtp import SmtpSecurity, SmtpSettings, SmtpTransport
from tools.providers.mail_transport.smtp_session import Timeouts

MIME = b"Message-ID: <1@sender.example>\r\nSubject: x\r\n\r\nHello\r\n"
QUICK = Timeouts(connect=2, command=0.4, body=2, final_reply=0.4)


def envelope(mime: bytes = MIME, message_id: str = "<1@sender.example>") -> Envelope:
    return Envelope(message_id, "ada@sender.example", "bob@prospect.example", mime)


def numbered(number: int) -> Envelope:
    message_id = f"<{number}@sender.example>"
    return envelope(MIME.replace(b"<1@sender.example>", message_id.encode()), message_id)


def connect(server: SmtpServer, security: SmtpSecurity = SmtpSecurity.NONE, **options: object) -> SmtpTransport:
    given_options = {"timeouts": QUICK, "ca_file": server.certificate, **options}
    return SmtpTransport(SmtpSettings("127.0.0.1", server.port, security, **given_options))  # type: ignore[arg-type]


def big_mail() -> bytes:
    return MIME + b"0123456789abcdef\r\n" * 1_000_000  # more than the kernel's buffers hold


CASES = [
    # mode, extra faults, outcome, code, words of the message, stored
    ("ok", (), SendOutcome.SENT, "2.0.0", "Taken", 1),
    ("hang", (), SendOutcome.DEFERRED, "timeout at connect", "No answer in time", 0),
    ("drip", (), SendOutcome.DEFERRED, "timeout at MAIL FROM", "No answer in time", 0),
    ("cut-at-connect", (), SendOutcome.DEFERRED, "EOF at connect", "connection was lost", 0),
    ("4xx", (), SendOutcome.DEFERRED, "4.2.1", "mailbox is busy", 0),
    ("421", (), SendOutcome.DEFERRED, "4.3.2", "Shutting down", 0),
    ("5xx", (), SendOutcome.REJECTED, "5.1.1", "No such user here", 0),
    ("policy", (), SendOutcome.MISCONFIGURED, "5.7.1", "refused by policy", 0),
    ("hang-after-data", (), SendOutcome.UNKNOWN, "timeout after DATA", "may or may not", 0),
    ("cut-after-data", (), SendOutcome.UNKNOWN, "EOF after DATA", "may or may not", 0),
    ("accept-then-hang", (), SendOutcome.UNKNOWN, "timeout after DATA", "may or may not", 1),
    ("accept-then-cut", (), SendOutcome.UNKNOWN, "EOF after DATA", "may or may not", 1),
    ("ok", ("connect", "554 No service here"), SendOutcome.MISCONFIGURED, "554", "No service here", 0),
    ("ok", ("connect", "421 4.3.2 Too busy"), SendOutcome.DEFERRED, "4.3.2", "Too busy", 0),
    ("ok", ("connect", "HTTP/1.1 400 Bad Request"), SendOutcome.DEFERRED, "protocol at connect", "not SMTP", 0),
    ("ok", ("ehlo", "550 5.7.1 Bad name"), SendOutcome.MISCONFIGURED, "5.7.1", "Bad name", 0),
    ("ok", ("mail", "550 5.1.8 Bad sender"), SendOutcome.MISCONFIGURED, "5.1.8", "Bad sender", 0),
    ("ok", ("mail", "530 5.7.0 Sign in first"), SendOutcome.MISCONFIGURED, "5.7.0", "Sign in first", 0),
    ("ok", ("mail", "452 4.3.1 Disk full"), SendOutcome.DEFERRED, "4.3.1", "Disk full", 0),
    ("ok", ("mail", "552 5.3.4 Too big"), SendOutcome.REJECTED, "5.3.4", "Too big", 0),
    ("ok", ("rcpt", "550 Unknown user"), SendOutcome.REJECTED, "550", "Unknown user", 0),
    ("ok", ("rcpt", "550 Relaying denied"), SendOutcome.MISCONFIGURED, "550", "Relaying denied", 0),
    ("ok", ("rcpt", "552 5.2.2 Mailbox full"), SendOutcome.DEFERRED, "5.2.2", "Mailbox full", 0),
    ("ok", ("rcpt", "cut"), SendOutcome.DEFERRED, "EOF at RCPT TO", "nothing was accepted", 0),
    ("ok", ("data", "451 4.7.1 Greylisted"), SendOutcome.DEFERRED, "4.7.1", "Greylisted", 0),
    ("ok", ("data", "250 Fine"), SendOutcome.DEFERRED, "250", "not an answer", 0),
    ("ok", ("end", "550 5.7.26 Not authenticated"), SendOutcome.MISCONFIGURED, "5.7.26", "Not authenticated", 0),
    ("ok", ("end", "554 Rejected as spam"), SendOutcome.MISCONFIGURED, "554", "spam", 0),
    ("ok", ("end", "550 5.1.1 Gone"), SendOutcome.REJECTED, "5.1.1", "Gone", 0),
    ("ok", ("end", "421 4.3.0 Later"), SendOutcome.DEFERRED, "4.3.0", "Later", 0),
    ("ok", ("end", "354 What?"), SendOutcome.UNKNOWN, "protocol after DATA", "without meaning", 0),
]


@pytest.mark.parametrize(("mode", "fault", "outcome", "code", "words", "stored"), CASES)
def test_each_failure_is_told_for_what_it_is(
    tmp_path: Path, mode: str, fault: tuple[str, str], outcome: SendOutcome, code: str, words: str, stored: int
) -> None:
    faults = (Fault(*fault),) if fault else ()
    with SmtpServer(Options(tmp_path, mode=mode, faults=faults)) as server:
        result = connect(server).send(envelope())
    assert (result.outcome, result.code) == (outcome, code), result
    assert words in result.detail
    assert len(accepted(tmp_path)) == stored


@pytest.mark.parametrize("times", [1, 2])
def test_after_a_deferral_the_same_transport_sends(tmp_path: Path, times: int) -> None:
    for mode in ("4xx", "421", "cut-at-connect", "drip"):
        with SmtpServer(Options(tmp_path / mode, mode=mode, times=times)) as server:
            transport = connect(server)
            outcomes = [transport.send(envelope()).outcome for _ in range(times + 1)]
        assert outcomes == [SendOutcome.DEFERRED] * times + [SendOutcome.SENT], mode


def test_a_mail_cut_before_its_final_dot_was_not_accepted(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path, mode="cut-in-data")) as server:
        result = connect(server).send(envelope(big_mail()))
    assert result.outcome is SendOutcome.DEFERRED
    assert result.code in ("EOF at the mail's body", "timeout at the mail's body")
    assert accepted(tmp_path) == []


def test_a_refusal_in_the_middle_of_a_mail_is_read(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path, faults=(Fault("body", "552 5.3.4 Too much mail data"),))) as server:
        result = connect(server).send(envelope(big_mail()))
    # The reply is lost when the reset overtakes it; both ways it was certainly not accepted.
    assert result.outcome in (SendOutcome.REJECTED, SendOutcome.DEFERRED)
    assert accepted(tmp_path) == []


def test_a_server_says_how_long_to_wait(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path, mode="4xx")) as server:
        assert connect(server).send(envelope()).retry_after_seconds == 300


def test_nobody_listens_or_no_such_name(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    refused = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE, timeouts=QUICK)).send(envelope())
    assert (refused.outcome, refused.code) == (SendOutcome.DEFERRED, "refused at connect")


class TestEncryption:
    @pytest.mark.parametrize(("mode", "security"), [("starttls", SmtpSecurity.STARTTLS), ("tls", SmtpSecurity.TLS)])
    def test_a_trusted_server_is_used_and_an_unknown_one_is_not(
        self, tmp_path: Path, mode: str, security: SmtpSecurity
    ) -> None:
        with SmtpServer(Options(tmp_path, mode=mode)) as server:
            assert connect(server, security).send(envelope()).outcome is SendOutcome.SENT
            result = connect(server, security, ca_file=None).send(envelope())
        assert (result.outcome, result.code) == (SendOutcome.MISCONFIGURED, "certificate")
        assert "not trusted" in result.detail
        assert len(accepted(tmp_path)) == 1

    def test_a_server_without_starttls_gets_no_mail(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            result = connect(server, SmtpSecurity.STARTTLS).send(envelope())
        assert (result.outcome, result.code) == (SendOutcome.MISCONFIGURED, "no_starttls")
        assert accepted(tmp_path) == []

    def test_tls_to_a_server_without_it_is_deferred(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            result = connect(server, SmtpSecurity.TLS).send(envelope())
        assert (result.outcome, result.code) == (SendOutcome.DEFERRED, "tls at TLS")

    def test_signing_in(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, mode="auth")) as server:
            good = connect(server, SmtpSecurity.STARTTLS, username=USERNAME, password=PASSWORD).send(envelope())
            wrong = connect(server, SmtpSecurity.STARTTLS, username=USERNAME, password="wrong").send(envelope())
            odd = connect(server, SmtpSecurity.STARTTLS, username=USERNAME, password="schlüssel").send(envelope())
            nobody = connect(server, SmtpSecurity.STARTTLS).send(envelope())
        assert good.outcome is SendOutcome.SENT
        assert (wrong.outcome, wrong.code) == (SendOutcome.MISCONFIGURED, "5.7.8")
        assert (nobody.outcome, nobody.code) == (SendOutcome.MISCONFIGURED, "5.7.0")
        assert odd.outcome is SendOutcome.MISCONFIGURED
        assert "schl" not in odd.detail

    def test_a_passing_failure_to_sign_in_is_deferred(self, tmp_path: Path) -> None:
        faults = (Fault("auth", "454 4.7.0 Temporary authentication failure"),)
        with SmtpServer(Options(tmp_path, mode="auth", faults=faults)) as server:
            result = connect(server, SmtpSecurity.STARTTLS, username=USERNAME, password=PASSWORD).send(envelope())
        assert (result.outcome, result.code) == (SendOutcome.DEFERRED, "4.7.0")

    def test_nothing_crosses_a_network_in_clear_unless_a_person_said_so(self) -> None:
        with pytest.raises(FixConfiguration, match="without encryption"):
            SmtpTransport(SmtpSettings("mail.sender.example", 25, SmtpSecurity.NONE))
        SmtpTransport(SmtpSettings("mail.sender.example", 25, SmtpSecurity.NONE, allow_cleartext=True))

    def test_settings_do_not_print_the_password(self) -> None:
        assert PASSWORD not in repr(SmtpSettings("h", 25, password=PASSWORD))


class TestConnections:
    def test_five_hundred_mails_use_five_connections(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, fsync=False)) as server:
            transport = connect(server, max_mails_per_connection=100, timeouts=Timeouts())
            for number in range(500):
                mime = MIME.replace(b"<1@", b"<%d@" % number)
                assert transport.send(envelope(mime)).outcome is SendOutcome.SENT
            assert server.connections == 5
            transport.close()
        assert len(accepted(tmp_path)) == 500
        assert duplicates(tmp_path) == {}

    def test_a_mail_whose_addresses_were_said_before_is_the_one_that_follows(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, fsync=False, pipelining=True)) as server:
            transport = connect(server, max_mails_per_connection=3, timeouts=Timeouts())
            mails, worked = [numbered(number) for number in range(7)], []
            for number, mail in enumerate(mails):
                following = mails[number + 1] if number + 1 < len(mails) else None
                result = transport.send_meanwhile(mail, lambda done=number: worked.append(done), following)
                assert result.outcome is SendOutcome.SENT
            transport.close()
            assert server.connections == 3
        assert worked == list(range(7))
        assert [message_id for message_id, _ in accepted(tmp_path)] == [mail.message_id for mail in mails]
        assert server.mails() == [mail.mime for mail in mails]

    def test_of_a_mail_that_was_announced_and_not_sent_nothing_arrives(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, fsync=False, pipelining=True)) as server:
            transport = connect(server, timeouts=Timeouts())
            first, announced, other = (numbered(number) for number in range(3))
            assert transport.send_meanwhile(first, lambda: None, announced).outcome is SendOutcome.SENT
            assert transport.send(other).outcome is SendOutcome.SENT
            transport.send_meanwhile(announced, lambda: None, first)
            transport.close()
        assert [message_id for message_id, _ in accepted(tmp_path)] == [
            mail.message_id for mail in (first, other, announced)
        ]

    def test_an_announced_mail_that_is_refused_is_refused_in_its_own_turn(self, tmp_path: Path) -> None:
        server_options = Options(
            tmp_path, fsync=False, pipelining=True, faults=(Fault("end", "550 5.7.1 No"),), times=1
        )
        with SmtpServer(server_options) as server:
            transport = connect(server, timeouts=Timeouts())
            first, second = numbered(0), numbered(1)
            assert transport.send_meanwhile(first, lambda: None, second).outcome is SendOutcome.MISCONFIGURED
            assert transport.send(second).outcome is SendOutcome.SENT
            assert server.connections == 1
            transport.close()
        assert [message_id for message_id, _ in accepted(tmp_path)] == [second.message_id]

    def test_what_work_raises_changes_nothing(self, tmp_path: Path) -> None:
        def fails() -> None:
            raise RuntimeError("about another mail")

        with SmtpServer(Options(tmp_path, fsync=False, pipelining=True)) as server:
            transport = connect(server, timeouts=Timeouts())
            assert transport.send_meanwhile(numbered(0), fails).outcome is SendOutcome.SENT
            transport.close()

    def test_a_server_that_closes_behind_its_yes_took_the_mail(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, fsync=False, pipelining=True, max_mails=1)) as server:
            transport = connect(server, timeouts=Timeouts())
            first, second = numbered(0), numbered(1)
            assert transport.send_meanwhile(first, lambda: None, second).outcome is SendOutcome.SENT
            assert transport.send(second).outcome is SendOutcome.SENT, "on a new connection: 421 took nothing"
            assert server.connections == 2
            transport.close()
        assert duplicates(tmp_path) == {}

    def test_a_refused_mail_does_not_cost_the_connection(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, mode="5xx", times=3)) as server:
            transport = connect(server)
            outcomes = [transport.send(envelope()).outcome for _ in range(5)]
            assert server.connections == 1
        assert outcomes == [SendOutcome.REJECTED] * 3 + [SendOutcome.SENT] * 2

    def test_a_server_that_takes_only_so_many_gets_a_new_connection(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, max_mails=3)) as server:
            transport = connect(server)
            outcomes = {transport.send(envelope()).outcome for _ in range(10)}
            assert server.connections == 4
        assert outcomes == {SendOutcome.SENT}
        assert len(accepted(tmp_path)) == 10

    def test_a_server_that_was_restarted_meanwhile(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            transport = connect(server)
            assert transport.send(envelope()).outcome is SendOutcome.SENT
        with SmtpServer(Options(tmp_path), port=server.port):
            assert transport.send(envelope()).outcome is SendOutcome.SENT
        assert transport.send(envelope()).outcome is SendOutcome.DEFERRED

    def test_many_threads_share_one_connection(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path, fsync=False)) as server:
            transport = connect(server)
            mimes = [MIME.replace(b"<1@", b"<%d@" % number) for number in range(40)]
            threads = [threading.Thread(target=transport.send, args=(envelope(mime),)) for mime in mimes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert server.connections == 1
        assert sorted(server.mails()) == sorted(mimes)

    def test_a_forked_child_does_not_speak_on_its_parents_connection(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            transport = connect(server)
            transport.send(envelope())
            child = os.fork()
            if child == 0:
                os._exit(0 if transport.send(envelope()).outcome is SendOutcome.SENT else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert transport.send(envelope()).outcome is SendOutcome.SENT
            assert server.connections == 2, "the child's own, and the parent's as before"
        assert len(accepted(tmp_path)) == 3


class TestBytes:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.one_of(
                st.sampled_from([b".", b"..", b"...", b"", b".\t", b"QUIT", b"." * 990, b"x" * 997, b"\xff\x00\x80"]),
                st.binary(max_size=200).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")),
            ),
            min_size=1,
        )
    )
    def test_any_lines_arrive_as_they_left(self, tmp_path: Path, lines: list[bytes]) -> None:
        mime = b"".join(line + b"\r\n" for line in lines)
        with SmtpServer(Options(tmp_path, fsync=False)) as server:
            assert connect(server).send(envelope(mime)).outcome is SendOutcome.SENT
        assert accepted(tmp_path)[-1][1] == hashlib.sha256(mime).hexdigest()

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.one_of(st.sampled_from([".", "..", "x" * 5000, "ünï" * 900, "= =20"]), st.text())))
    def test_any_words_arrive_as_they_were_composed(self, tmp_path: Path, lines: list[str]) -> None:
        mail = OutboundMail(
            message_id="<1@sender.example>",
            date=datetime(2026, 3, 2, tzinfo=UTC),
            sender_address="ada@sender.example",
            recipient_address="bob@prospect.example",
            subject="x",
            text="\n".join(["Hello", *lines]),
            unsubscribe_url="https://sales.example/u/1",
            postal_address="Street 1",
        )
        try:
            mime = compose(mail)
        except Rejected:
            return
        with SmtpServer(Options(tmp_path, fsync=False)) as server:
            assert connect(server).send(envelope(mime)).outcome is SendOutcome.SENT
        assert accepted(tmp_path)[-1][1] == hashlib.sha256(mime).hexdigest()

    def test_a_last_line_without_end_gets_one(self, tmp_path: Path) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            connect(server).send(envelope(MIME.rstrip()))
        assert server.mails() == [MIME]

    @pytest.mark.parametrize("mime", [b"a\nb\r\n", b"a\r\n.\nQUIT\r\n", b"a\rb\r\n", b"a\r\r\n", MIME + b"\n"])
    def test_a_second_mail_cannot_be_smuggled(self, tmp_path: Path, mime: bytes) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            result = connect(server).send(envelope(mime))
            assert server.connections == 0
        assert (result.outcome, result.code) == (SendOutcome.MISCONFIGURED, "bare_newline")

    @pytest.mark.parametrize("address", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "ü@c.example", ""])
    def test_an_address_cannot_be_a_command(self, tmp_path: Path, address: str) -> None:
        with SmtpServer(Options(tmp_path)) as server:
            transport = connect(server)
            assert transport.send(replace(envelope(), recipient=address)).outcome is SendOutcome.REJECTED
            assert transport.send(replace(envelope(), sender=address)).outcome is SendOutcome.MISCONFIGURED
            assert server.connections == 0


def test_after_an_unknown_outcome_the_sent_folder_is_asked(tmp_path: Path) -> None:
    with SmtpServer(Options(tmp_path, mode="accept-then-cut")) as server:
        options = SmtpSettings("127.0.0.1", server.port, SmtpSecurity.NONE, timeouts=QUICK)
        transport = SmtpTransport(
            options, lambda wanted: LookupResult.FOUND if lookup(tmp_path, wanted) else LookupResult.NOT_FOUND
        )
        assert transport.lookup("<1@sender.example>") is LookupResult.NOT_FOUND
        assert transport.send(envelope()).outcome is SendOutcome.UNKNOWN
        assert transport.lookup("<1@sender.example>") is LookupResult.FOUND
        assert SmtpTransport(options).lookup("<1@sender.example>") is LookupResult.UNSUPPORTED


def test_the_server_as_a_process_repeats_its_faults_by_seed(tmp_path: Path) -> None:
    def outcomes(spool: Path, seed: int) -> list[SendOutcome]:
        arguments = [
            "--seed",
            str(seed),
            "--p-accept-then-cut",
            "0.2",
            "--p-cut-before-accept",
            "0.2",
            "--p-4xx",
            "0.2",
        ]
        with smtp_process(spool, *arguments, "--delay-ms", "0-2", "--no-fsync") as port:
            transport = SmtpTransport(SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE, timeouts=QUICK))
            return [transport.send(envelope(MIME.replace(b"<1@", b"<%d@" % n))).outcome for n in range(40)]

    first = outcomes(tmp_path / "a", 1)
    assert first == outcomes(tmp_path / "b", 1)
    assert first != outcomes(tmp_path / "c", 2)
    assert {SendOutcome.SENT, SendOutcome.DEFERRED, SendOutcome.UNKNOWN} == set(first)
    taken = {message_id for message_id, _ in accepted(tmp_path / "a")}
    for number, outcome in enumerate(first):
        if outcome is not SendOutcome.UNKNOWN:
            assert (f"<{number}@sender.example>" in taken) == (outcome is SendOutcome.SENT)
    assert all(re.fullmatch(r"<\d+@sender\.example>", message_id) for message_id in taken)
