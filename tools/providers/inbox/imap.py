"""Answers from an IMAP server. Nothing is marked, moved or deleted: the mailbox belongs to a person.

A uid is "UIDVALIDITY:UID" (RFC 3501 §2.3.1.1). When the server gives the folder a new UIDVALIDITY, old UIDs mean
nothing, and reading starts again at the first mail: whoever stores mail does so by Message-ID, once.
"""

import imaplib
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from tools.ports import InboundMail, Unknown
from tools.providers.inbox.imap_session import ImapFailed, ImapSettings, expect_ok, imap_session, quoted

_UID = re.compile(rb"\bUID (\d+)")
_MAX_BYTES = 40 * 1024 * 1024  # a larger mail is fetched only so far: its head says what it is


class ImapInbox:
    def __init__(self, settings: ImapSettings, folder: str = "INBOX") -> None:
        self._settings = settings
        self._folder = folder

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """Up to `limit` mails after `after_uid`, oldest first. Unknown, with the reason, when the server cannot be
        asked: an inbox that is not reachable is not an empty one."""
        try:
            with imap_session(self._settings) as connection:
                expect_ok(connection.select(quoted(self._folder), readonly=True), f"open {self._folder}")
                validity = _validity(connection)
                known, _, uid = (after_uid or "").partition(":")
                after = int(uid) if known == validity and uid.isdigit() else 0
                wanted = _uids_after(connection, after)[:limit]
                return [mail for uid in wanted if (mail := _fetch_one(connection, validity, uid)) is not None]
        except ImapFailed as failure:
            return Unknown(str(failure))


def _validity(connection: imaplib.IMAP4) -> str:
    _, data = connection.response("UIDVALIDITY")
    first = data[0] if data else None
    if not isinstance(first, bytes) or not first.isdigit():
        raise ImapFailed("The IMAP server gives no UIDVALIDITY, so that no cursor would hold.", passing=False)
    return first.decode("ascii")


def _uids_after(connection: imaplib.IMAP4, after: int) -> list[int]:
    data = expect_ok(connection.uid("SEARCH", "UID", f"{after + 1}:*"), "search")
    # "n:*" always holds the last mail, also when its uid is below n (RFC 3501 §6.4.8).
    found = {int(uid) for line in data if isinstance(line, bytes) for uid in line.split()}
    return sorted(uid for uid in found if uid > after)


def _fetch_one(connection: imaplib.IMAP4, validity: str, uid: int) -> InboundMail | None:
    """None when somebody moved the mail away between the search and now."""
    data = expect_ok(connection.uid("FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[]<0.{_MAX_BYTES}>)"), "fetch")
    for item in data:
        if isinstance(item, tuple) and len(item) == 2:
            head, raw = item
            match = _UID.search(head)
            if match is None or int(match.group(1)) == uid:
                return InboundMail(f"{validity}:{uid}", bytes(raw), _internal_date(head))
    return None


def _internal_date(head: bytes) -> datetime:
    """When the server took the mail. The epoch where it does not say: never a made-up present."""
    match = re.search(rb'INTERNALDATE "([^"]+)"', head)
    try:
        stamp = match.group(1).decode("ascii").strip() if match is not None else ""
        return datetime.strptime(stamp, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
