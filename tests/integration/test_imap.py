"""The IMAP inbox and the Sent-folder look-up against a real server: a private Dovecot on loopback.

Skips where `dovecot` is not installed (Debian: apt-get install dovecot-imapd).
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import FixConfiguration, RetryAt
from tests.support.dovecot import DOVECOT, Dovecot, free_port, running
from tools.ports import LookupResult, Unknown
from tools.providers.inbox.imap import ImapInbox
from tools.providers.inbox.imap_session import ImapSecurity, ImapSettings
from tools.providers.mail_transport.imap_lookup import ImapSentLookup


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
    dovecot.append("pages", "INBOX", *sent)
    inbox = ImapInbox(dovecot.settings("pages"))
    first = inbox.fetch(None, 2)
    assert not isinstance(first, Unknown)
    second = inbox.fetch(first[-1].uid, 2)
    assert not isinstance(second, Unknown)
    assert [found.raw for found in (*first, *second)] == sent
    assert first[0].received_at == datetime.fromtimestamp(1_770_000_000, UTC)
    assert inbox.fetch(second[-1].uid, 2) == [], "the last mail is not given again"
    dovecot.append("pages", "INBOX", mail(4))
    latest = inbox.fetch(second[-1].uid, 2)
    assert not isinstance(latest, Unknown)
    assert [found.raw for found in latest] == [mail(4)]


def test_reading_leaves_no_trace(dovecot: Dovecot) -> None:
    dovecot.append("unseen", "INBOX", mail(1))
    ImapInbox(dovecot.settings("unseen")).fetch(None, 10)
    connection = dovecot.connect("unseen")
    connection.select("INBOX", readonly=True)
    assert connection.search(None, "UNSEEN")[1] == [b"1"]
    connection.logout()


def test_a_folder_that_was_made_anew_is_read_from_its_start(dovecot: Dovecot) -> None:
    connection = dovecot.connect("anew")
    connection.create("Answers")
    dovecot.append("anew", "Answers", mail(1), mail(2), mail(3))
    inbox = ImapInbox(dovecot.settings("anew"), "Answers")
    before = inbox.fetch(None, 10)
    assert not isinstance(before, Unknown)
    connection.delete("Answers")
    time.sleep(1.1)  # UIDVALIDITY counts seconds
    connection.create("Answers")
    connection.logout()
    dovecot.append("anew", "Answers", mail(4))
    after = inbox.fetch(before[-1].uid, 10)
    assert not isinstance(after, Unknown)
    assert [found.raw for found in after] == [mail(4)]


def test_what_cannot_be_asked_is_unknown_and_not_empty(dovecot: Dovecot) -> None:
    good = dovecot.settings("refused")
    wrong = ImapInbox(replace(good, password="wrong")).fetch(None, 1)
    assert isinstance(wrong, Unknown)
    assert "refused" in wrong.reason
    assert "wrong" not in wrong.reason
    untrusted = ImapInbox(replace(good, ca_file=None)).fetch(None, 1)
    assert isinstance(untrusted, Unknown)
    assert "not trusted" in untrusted.reason
    absent = ImapInbox(replace(good, port=free_port())).fetch(None, 1)
    assert isinstance(absent, Unknown)
    assert "cannot be reached" in absent.reason
    missing = ImapInbox(good, "No such folder").fetch(None, 1)
    assert isinstance(missing, Unknown)
    assert "No such folder" in missing.reason


def test_starttls_and_no_clear_text_over_a_network(dovecot: Dovecot) -> None:
    dovecot.append("starttls", "INBOX", mail(1))
    upgraded = replace(
        dovecot.settings("starttls"), port=dovecot.port, security=ImapSecurity.STARTTLS, host="localhost"
    )
    found = ImapInbox(upgraded).fetch(None, 1)
    assert not isinstance(found, Unknown), found
    assert len(found) == 1
    with pytest.raises(FixConfiguration):
        ImapInbox(ImapSettings("mail.sender.example", 143, security=ImapSecurity.NONE)).fetch(None, 1)


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
