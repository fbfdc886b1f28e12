"""A seed's folders: in a real Dovecot with a junk folder of a name of its own, and as large providers name theirs.

| real | made up |
|---|---|
| Dovecot, TLS, special uses, searches | Gmail's tabs: a connection that answers as Gmail describes it |
"""

import imaplib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from tests.support.dovecot import DOVECOT, Dovecot, running
from tools.ports import Unknown
from tools.ports.placement import Landed, Tab
from tools.providers.placement import imap_seed
from tools.providers.placement.imap_seed import ImapSeed

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed (apt-get install dovecot-imapd)")


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with running() as found:
        yield found


def mail(message_id: str) -> bytes:
    return f"From: a@b.example\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nHello\r\n".encode()


def folder(server: Dovecot, user: str, name: str, *mails: str) -> None:
    connection = server.connect(user)
    connection.create(f'"{name}"')
    connection.logout()
    server.append(user, f'"{name}"', *map(mail, mails))


@needs_dovecot
def test_each_folder_is_told_apart_and_nothing_is_changed(server: Dovecot) -> None:
    user = "seed"
    server.append(user, "INBOX", mail("<in@x.example>"), mail("<in@x.example.evil>"))
    server.append(user, "Werbung", mail("<spam@x.example>"))
    folder(server, user, "Rules", "<moved@x.example>")
    folder(server, user, "Spam", "<named@x.example>")
    server.append(user, '"Gesendete Post"', mail("<copy@x.example>"))
    wanted = [f"<{name}@x.example>" for name in ("in", "spam", "moved", "named", "copy", "nowhere")]
    for _ in range(2):
        found = ImapSeed(server.settings(user)).find([*wanted, "<ü@x>", "<a\r\nb>", '<"\\@x.example>'])
        assert not isinstance(found, Unknown), found
        assert {name: landed.tab for name, landed in found.items()} == {
            "<in@x.example>": Tab.INBOX,
            "<spam@x.example>": Tab.SPAM,
            "<moved@x.example>": Tab.ELSEWHERE,
            # The server says which folder is junk: another one of such a name is somebody's own.
            "<named@x.example>": Tab.ELSEWHERE,
        }
    assert found["<moved@x.example>"] == Landed(Tab.ELSEWHERE, "Rules")
    connection = server.connect(user)
    for name in ("INBOX", "Rules"):
        connection.select(name, readonly=True)
        assert connection.search(None, "SEEN")[1] == [b""], name
    connection.logout()


@needs_dovecot
def test_a_seed_that_cannot_be_read_says_why_and_is_not_one_without_mail(server: Dovecot) -> None:
    good = server.settings("seed")
    assert ImapSeed(good).problem() == ""
    for wrong in (replace(good, password="no"), replace(good, port=1), replace(good, ca_file=None)):
        assert ImapSeed(wrong).problem()
        assert isinstance(ImapSeed(wrong).find(["<in@x.example>"]), Unknown)


Lines = list[bytes]


class Scripted:
    """A connection of a provider that is not here: folders, and what is in each."""

    def __init__(self, lines: list[bytes], mails: dict[str, list[str]], promoted: tuple[str, ...] = ()) -> None:
        self.capabilities = ("IMAP4REV1", *(["X-GM-EXT-1"] if promoted else []))
        self._lines, self._mails, self._promoted = lines, mails, promoted
        self._folder = ""
        self.opened: list[str] = []
        self.refuses = ""

    def list(self) -> tuple[str, Lines]:
        return "OK", self._lines

    def select(self, name: str, readonly: bool) -> tuple[str, Lines]:
        assert readonly
        self._folder = name.strip('"')
        self.opened.append(self._folder)
        return ("NO" if self._folder == self.refuses else "OK"), [b"1"]

    def uid(self, command: str, *words: str) -> tuple[str, Any]:
        here = self._mails.get(self._folder, [])
        if command == "FETCH":
            return "OK", [(b"1 (BODY[..]", f"Message-ID: {here[int(words[0]) - 1]}\r\n".encode()), b")"]
        if words[0] == "X-GM-RAW":
            assert words[1].startswith('"category:promotions rfc822msgid:')
            return "OK", [b"9" if any(name.strip("<>") in words[1] for name in self._promoted) else b""]
        wanted = words[2].strip('"')
        return "OK", [b" ".join(str(n).encode() for n, name in enumerate(here, 1) if wanted in name)]


GMAIL = [
    b'(\\HasNoChildren) "/" "INBOX"',
    b'(\\HasChildren \\Noselect) "/" "[Gmail]"',
    b'(\\All \\HasNoChildren) "/" "[Gmail]/All Mail"',
    b'(\\HasNoChildren \\Important) "/" "[Gmail]/Important"',
    b'(\\HasNoChildren \\Junk) "/" "[Gmail]/Spam"',
    b'(\\HasNoChildren \\Trash) "/" "[Gmail]/Trash"',
]
OUTLOOK = [b'(\\HasNoChildren) "/" INBOX', b'(\\HasNoChildren) "/" "Junk Email"', b'(\\HasNoChildren) "/" Archive']
YAHOO = [b'(\\HasNoChildren) "/" "Inbox"', b'(\\HasNoChildren) "/" "Bulk Mail"', b'(\\Drafts) "/" "Draft"']


def asked(monkeypatch: pytest.MonkeyPatch, connection: Scripted, *names: str) -> Any:
    monkeypatch.setattr(imap_seed, "imap_session", lambda _: nullcontext(connection))
    return ImapSeed(imap_seed.ImapSettings("imap.example")).find(names)


def test_gmail_s_tabs_are_asked_by_its_own_search(monkeypatch: pytest.MonkeyPatch) -> None:
    mails = {"INBOX": ["<a@x>", "<b@x>"], "[Gmail]/Spam": ["<c@x>"], "[Gmail]/All Mail": ["<a@x>", "<b@x>", "<d@x>"]}
    connection = Scripted(GMAIL, mails, promoted=("<b@x>",))
    found = asked(monkeypatch, connection, "<a@x>", "<b@x>", "<c@x>", "<d@x>")
    assert {name: landed.tab.value for name, landed in found.items()} == {
        "<a@x>": "inbox",
        "<b@x>": "promotions",
        "<c@x>": "spam",
    }
    assert "[Gmail]/All Mail" not in connection.opened, "which holds copies of all"


@pytest.mark.parametrize(("lines", "junk"), [(OUTLOOK, "Junk Email"), (YAHOO, "Bulk Mail"), (GMAIL, "[Gmail]/Spam")])
def test_junk_is_found_under_the_names_of_large_providers(
    monkeypatch: pytest.MonkeyPatch, lines: list[bytes], junk: str
) -> None:
    connection = Scripted(lines, {junk: ["<a@x>"]})
    assert asked(monkeypatch, connection, "<a@x>") == {"<a@x>": Landed(Tab.SPAM, junk)}
    assert connection.opened == ["INBOX", junk], "and no more is opened than is needed"


def test_without_the_junk_folder_nobody_says_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Scripted(OUTLOOK, {})
    connection.refuses = "Junk Email"
    assert isinstance(asked(monkeypatch, connection, "<a@x>"), Unknown)


def test_a_server_that_breaks_off_says_nothing_of_where_a_mail_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise imaplib.IMAP4.abort("gone")

    monkeypatch.setattr(imaplib, "IMAP4_SSL", broken)
    assert isinstance(ImapSeed(imap_seed.ImapSettings("imap.example")).find(["<a@x>"]), Unknown)
