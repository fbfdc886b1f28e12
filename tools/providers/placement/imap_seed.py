r"""A seed's folders by IMAP, read-only: the inbox first, then what the server marks as \Junk, then the others.

RFC 6154 (special uses); a server that marks none is asked for the names that large providers give their junk folder.
Gmail's tabs are no folders: its own search (X-GM-RAW) tells whether a mail of the inbox is among the promotions.
https://developers.google.com/workspace/gmail/imap/imap-extensions
"""

import imaplib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import FixConfiguration
from tools.ports import Unknown
from tools.ports.placement import Landed, Tab
from tools.providers.inbox.imap_session import ImapFailed, ImapSettings, expect_ok, imap_session, quoted

_LIST_LINE = re.compile(rb'\((?P<flags>[^)]*)\)\s+(?:"(?:[^"\\]|\\.)*"|NIL)\s+(?P<name>.+)$')
_JUNK_NAMES: Final = frozenset({"junk", "junk email", "junk e-mail", "spam", "bulk", "bulk mail", "[gmail]/spam"})
# Copies of what is elsewhere, and what we sent ourselves.
_PASSED_OVER: Final = (b"\\noselect", b"\\nonexistent", b"\\all", b"\\flagged", b"\\important", b"\\sent", b"\\drafts")
_MOST_FOLDERS: Final = 30
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class _Folder:
    quoted: str
    shown: str
    tab: Tab


class ImapSeed:
    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings

    def find(self, message_ids: Sequence[str]) -> Mapping[str, Landed] | Unknown:
        wanted = [one for one in dict.fromkeys(message_ids) if one.isascii() and one.isprintable()]
        found: dict[str, Landed] = {}
        try:
            with imap_session(self._settings) as connection:
                tabs = "X-GM-EXT-1" in connection.capabilities
                for folder in _folders(connection):
                    waiting = [one for one in wanted if one not in found]
                    if not waiting:
                        break
                    status, _ = connection.select(folder.quoted, readonly=True)
                    if status != "OK":
                        if folder.tab in (Tab.INBOX, Tab.SPAM):  # without these nothing can be said
                            return Unknown(f"The folder {folder.shown} cannot be opened.")
                        continue
                    for one in waiting:
                        if _is_here(connection, one):
                            promoted = folder.tab is Tab.INBOX and tabs and _is_promotion(connection, one)
                            found[one] = Landed(Tab.PROMOTIONS if promoted else folder.tab, folder.shown)
        except (ImapFailed, FixConfiguration) as failure:
            return Unknown(str(failure))
        return found

    def problem(self) -> str:
        try:
            with imap_session(self._settings) as connection:
                folders = _folders(connection)
                expect_ok(connection.select(folders[0].quoted, readonly=True), "open INBOX")
        except (ImapFailed, FixConfiguration) as failure:
            return str(failure)
        return "" if any(each.tab is Tab.SPAM for each in folders) else "It has no folder for junk that can be read."


def _folders(connection: imaplib.IMAP4) -> list[_Folder]:
    """INBOX, junk, then the others. Raises ImapFailed."""
    marked: list[_Folder] = []
    named: list[_Folder] = []
    others: list[_Folder] = []
    for line in expect_ok(connection.list(), "list its folders"):
        match = _LIST_LINE.match(line) if isinstance(line, bytes) else None
        if match is None:
            continue
        flags = match["flags"].lower().split()
        raw = match["name"].decode("ascii", "replace").strip()
        name = raw if raw.startswith('"') else quoted(raw)
        shown = re.sub(r"\\(.)", r"\1", name[1:-1])[:_LONGEST]
        if shown.upper() == "INBOX" or any(flag in flags for flag in _PASSED_OVER):
            continue
        if b"\\junk" in flags:
            marked.append(_Folder(name, shown, Tab.SPAM))
        elif shown.lower() in _JUNK_NAMES or shown.lower().rpartition(".")[2] in _JUNK_NAMES:
            named.append(_Folder(name, shown, Tab.SPAM))
        else:
            others.append(_Folder(name, shown, Tab.ELSEWHERE))
    if marked:
        others += [_Folder(each.quoted, each.shown, Tab.ELSEWHERE) for each in named]
    return [_Folder(quoted("INBOX"), "INBOX", Tab.INBOX), *(marked or named), *others][:_MOST_FOLDERS]


def _is_here(connection: imaplib.IMAP4, message_id: str) -> bool:
    data = expect_ok(connection.uid("SEARCH", "HEADER", "Message-ID", quoted(message_id)), "search")
    # A search is for a part of the header (RFC 3501 §6.4.4), and some servers search words: each hit is read.
    for uid in (uid for line in data if isinstance(line, bytes) for uid in line.split()):
        fields = expect_ok(
            connection.uid("FETCH", uid.decode("ascii"), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"), "fetch"
        )
        if any(isinstance(item, tuple) and message_id.encode("ascii") in bytes(item[1]).split() for item in fields):
            return True
    return False


def _is_promotion(connection: imaplib.IMAP4, message_id: str) -> bool:
    wanted = quoted(f"category:promotions rfc822msgid:{message_id.strip('<>')}")
    data = expect_ok(connection.uid("SEARCH", "X-GM-RAW", wanted), "search its tabs")
    return any(line.split() for line in data if isinstance(line, bytes))
