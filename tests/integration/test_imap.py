"""The IMAP inbox and the Sent-folder look-up against a real server: a private Dovecot on loopback.

Skips where `dovecot` is not installed (Debian: apt-get install dovecot-imapd).
"""

import imaplib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import VirtualClock
from core.errors import FixConfiguration, RetryAt
from tests.support.dovecot import DOVECOT, Dovecot, free_port, running
from tools.ports import LookupResult, Unknown
from tools.providers.inbox.imap import ImapInbox, _fetched
from tools.providers.inbox.imap_session import ImapSecurity, ImapSettings
from tools.providers.mail_transport.imap_lookup import ImapSentLookup

NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
CLOCK = VirtualClock(NOW)
TAKEN = datetime(2026, 2, 2, 2, 40, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if DOVECOT is None:
        pytest.skip("Dovecot is not installed (Debian: apt-get install dovecot-imapd)")
    with running() as server:
        yield server


def mail(number: int, body: bytes = b"Hello\r\n") -> bytes:
    return b"Message-ID: <%d@prospect.example>\r\nSubject: %d\r\n\r\n" % (number, number) + body


def test_mails_come_in_order_in_pages_and_byte_for_byte(dovecot: Dovecot) -> None:
    sent = [mail(1), mail(2, b"\xff\x00\xe4\r\n.\r\n".replace(b"\x00", b"")), mail(3, b"x" * 500_000 + b"\r\n")]
    dovecot.append("pages", "INBOX", *sent, at=TAKEN)
    inbox = ImapInbox(dovecot.settings("pages"), CLOCK)
    first = inbox.fetch(None, 2)
    assert not isinstance(first, Unknown)
    second = inbox.fetch(first[-1].uid, 2)
    assert not isinstance(second, Unknown)
    assert [found.raw for found in (*first, *second)] == sent
    assert first[0].received_at == datetime.fromtimestamp(TAKEN, UTC)
    assert inbox.fetch(second[-1].uid, 2) == [], "the last mail is not given again"
    dovecot.append("pages", "INBOX", mail(4))
    latest = inbox.fetch(second[-1].uid, 2)
    assert not isinstance(latest, Unknown)
    assert [found.raw for found in latest] == [mail(4)]


def test_the_first_reading_takes_the_last_days_and_not_a_persons_whole_past(dovecot: Dovecot) -> None:
    for number, days in enumerate((400, 31, 29, 0)):
        dovecot.append("past", "INBOX", mail(number), at=(NOW - timedelta(days=days)).timestamp())
    found = ImapInbox(dovecot.settings("past"), CLOCK, first_days=30).fetch(None, 10)
    assert not isinstance(found, Unknown)
    assert [one.raw for one in found] == [mail(2), mail(3)]


def test_a_page_is_asked_for_together_and_no_answer_grows_without_bound(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [mail(number, b"x" * size + b"\r\n") for number, size in enumerate([100] * 30 + [5_000_000] * 3)]
    dovecot.append("together", "INBOX", *sent, at=TAKEN)
    answers: list[int] = []
    plain = imaplib.IMAP4.uid

    def counted(self: imaplib.IMAP4, command: str, *args: str) -> tuple[str, list[object]]:
        status, data = plain(self, command, *args)
        if "BODY.PEEK" in args[-1]:
            answers.append(sum(len(item[1]) for item in data if isinstance(item, tuple)))
        return status, data

    monkeypatch.setattr(imaplib.IMAP4, "uid", counted)
    found = ImapInbox(dovecot.settings("together"), CLOCK).fetch(None, 50)
    assert not isinstance(found, Unknown)
    assert [one.raw for one in found] == sent
    assert len(answers) == 3, "thirty small ones and one large, then the other large ones each for itself"
    assert max(answers) < 8 * 1024 * 1024


def test_what_is_told_behind_the_bytes_is_read_too() -> None:
    class Server:
        def uid(self, *_: str) -> tuple[str, list[object]]:
            when = b' UID 7 INTERNALDATE "02-Feb-2026 02:40:00 +0000")'
            return "OK", [(b"1 (BODY[]<0> {5}", b"seven"), when, (b"2 (UID 9 BODY[]<0> {4}", b"nine"), b")"]

    found = _fetched(Server(), "1", [7, 8, 9])  # type: ignore[arg-type]
    assert [(one.uid, one.raw) for one in found] == [(f"1:7:{int(TAKEN)}", b"seven"), ("1:9:0", b"nine")]


def test_reading_leaves_no_trace(dovecot: Dovecot) -> None:
    dovecot.append("unseen", "INBOX", mail(1))
    ImapInbox(dovecot.settings("unseen"), CLOCK).fetch(None, 10)
    connection = dovecot.connect("unseen")
    connection.select("INBOX", readonly=True)
    assert connection.search(None, "UNSEEN")[1] == [b"1"]
    connection.logout()


def test_a_folder_that_was_made_anew_is_read_from_its_start(dovecot: Dovecot) -> None:
    connection = dovecot.connect("anew")
    connection.create("Answers")
    dovecot.append("anew", "Answers", mail(1), mail(2), mail(3), at=TAKEN)
    inbox = ImapInbox(dovecot.settings("anew"), CLOCK, "Answers")
    before = inbox.fetch(None, 10)
    assert not isinstance(before, Unknown)
    connection.delete("Answers")
    time.sleep(1.1)  # UIDVALIDITY counts seconds
    connection.create("Answers")
    connection.logout()
    long_ago = (NOW - timedelta(days=10)).timestamp()
    dovecot.append("anew", "Answers", mail(9), at=long_ago)  # before what was read: it was there, and read, before
    dovecot.append("anew", "Answers", mail(4), at=TAKEN)
    after = inbox.fetch(before[-1].uid, 10)
    assert not isinstance(after, Unknown)
    assert [found.raw for found in after] == [mail(4)]


def test_what_cannot_be_asked_is_unknown_and_not_empty(dovecot: Dovecot) -> None:
    good = dovecot.settings("refused")
    wrong = ImapInbox(replace(good, password="wrong"), CLOCK).fetch(None, 1)
    assert isinstance(wrong, Unknown)
    assert "refused" in wrong.reason
    assert "wrong" not in wrong.reason
    untrusted = ImapInbox(replace(good, ca_file=None), CLOCK).fetch(None, 1)
    assert isinstance(untrusted, Unknown)
    assert "not trusted" in untrusted.reason
    absent = ImapInbox(replace(good, port=free_port()), CLOCK).fetch(None, 1)
    assert isinstance(absent, Unknown)
    assert "cannot be reached" in absent.reason
    missing = ImapInbox(good, CLOCK, "No such folder").fetch(None, 1)
    assert isinstance(missing, Unknown)
    assert "No such folder" in missing.reason


def test_starttls_and_no_clear_text_over_a_network(dovecot: Dovecot) -> None:
    dovecot.append("starttls", "INBOX", mail(1))
    upgraded = replace(
        dovecot.settings("starttls"), port=dovecot.port, security=ImapSecurity.STARTTLS, host="localhost"
    )
    found = ImapInbox(upgraded, CLOCK).fetch(None, 1)
    assert not isinstance(found, Unknown), found
    assert len(found) == 1
    with pytest.raises(FixConfiguration):
        ImapInbox(ImapSettings("mail.sender.example", 143, security=ImapSecurity.NONE), CLOCK).fetch(None, 1)


class TestSentLookup:
    def test_a_sent_mail_is_found_by_its_whole_id_only(self, dovecot: Dovecot) -> None:
        dovecot.append("sent", '"Gesendete Post"', mail(17), b'Message-ID:\r\n <odd"\\x@a.example>\r\n\r\nx\r\n')
        lookup = ImapSentLookup(dovecot.settings("sent"))
        assert lookup("<17@prospect.example>") is LookupResult.FOUND
        assert lookup("<7@prospect.example>") is LookupResult.NOT_FOUND
        assert lookup("7@prospect.example") is LookupResult.NOT_FOUND, "a part of an id is not the id"
        assert lookup('<odd"\\x@a.example>') is LookupResult.FOUND

    def test_where_there_is_nothing_to_ask(self, dovecot: Dovecot) -> None:
        assert ImapSentLookup(dovecot.settings("sent"), "Nowhere")("<1@a.example>") is LookupResult.UNSUPPORTED
        assert ImapSentLookup(dovecot.settings("sent"))("<1@a>\r\nA LOGOUT") is LookupResult.UNSUPPORTED

    def test_a_server_that_is_down_is_asked_later_and_a_wrong_password_is_for_a_person(self, dovecot: Dovecot) -> None:
        with pytest.raises(RetryAt):
            ImapSentLookup(replace(dovecot.settings("sent"), port=free_port()))("<1@a.example>")
        with pytest.raises(FixConfiguration):
            ImapSentLookup(replace(dovecot.settings("sent"), password="wrong"))("<1@a.example>")
