"""Answers from an IMAP server. Nothing is marked, moved or deleted: the mailbox belongs to a person.

A uid is "UIDVALIDITY:UID:seconds" (RFC 3501 §2.3.1.1; seconds of the epoch at which the server took the mail). When the
server gives the folder a new UIDVALIDITY, old UIDs mean nothing, and reading starts again a day before the last mail
that was read: whoever stores mail does so once.
"""

import imaplib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from core.clock import Clock
from tools.ports import InboundMail, Unknown
from tools.providers.inbox.imap_session import ImapFailed, ImapSettings, expect_ok, imap_session, quoted

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_MAX_BYTES = 40 * 1024 * 1024  # a larger mail is fetched only so far: its head says what it is
_AT_ONCE_BYTES = 8 * 1024 * 1024  # of several mails in one answer, which imaplib keeps whole
_DAY = timedelta(days=1)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ImapInbox:
    def __init__(self, settings: ImapSettings, clock: Clock, folder: str = "INBOX", *, first_days: int = 30) -> None:
        """`first_days`: how far back the first reading goes. What a person got before that is none of our business."""
        self._settings = settings
        self._clock = clock
        self._folder = folder
        self._first = timedelta(days=first_days)

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """Up to `limit` mails after `after_uid`, oldest first. Unknown, with the reason, when the server cannot be
        asked: an inbox that is not reachable is not an empty one."""
        try:
            with imap_session(self._settings) as connection:
                expect_ok(connection.select(quoted(self._folder), readonly=True), f"open {self._folder}")
                validity = _validity(connection)
                wanted = self._uids(connection, validity, after_uid or "")[:limit]
                mails: list[InboundMail] = []
                for group in _groups(wanted, _sizes(connection, wanted)):
                    mails += _fetched(connection, validity, group)
                return mails
        except ImapFailed as failure:
            return Unknown(str(failure))

    def _uids(self, connection: imaplib.IMAP4, validity: str, cursor: str) -> list[int]:
        """Those behind the cursor; without one that holds, those of the days that are read at first. Ascending."""
        known, uid, at = ([*cursor.split(":"), "", ""])[:3]
        if known == validity and uid.isdigit():
            # "n:*" always holds the last mail, also when its uid is below n (RFC 3501 §6.4.8).
            return [found for found in _search(connection, "UID", f"{int(uid) + 1}:*") if found > int(uid)]
        since = datetime.fromtimestamp(int(at), UTC) - _DAY if at.isdigit() else self._clock.now() - self._first
        return _search(connection, "SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}")


def _validity(connection: imaplib.IMAP4) -> str:
    _, data = connection.response("UIDVALIDITY")
    first = data[0] if data else None
    if not isinstance(first, bytes) or not first.isdigit():
        raise ImapFailed("The IMAP server gives no UIDVALIDITY, so that no cursor would hold.", passing=False)
    return first.decode("ascii")


def _search(connection: imaplib.IMAP4, *criteria: str) -> list[int]:
    data = expect_ok(connection.uid("SEARCH", *criteria), "search")
    return sorted({int(uid) for line in data if isinstance(line, bytes) for uid in line.split()})


def _sizes(connection: imaplib.IMAP4, uids: Sequence[int]) -> dict[int, int]:
    """Bytes a mail, as far as the server says."""
    if len(uids) < 2:
        return {}
    data = expect_ok(connection.uid("FETCH", _set_of(uids), "(UID RFC822.SIZE)"), "fetch")
    found = [(_UID.search(line), _SIZE.search(line)) for line in data if isinstance(line, bytes)]
    return {int(uid.group(1)): int(size.group(1)) for uid, size in found if uid and size}


def _groups(uids: Sequence[int], sizes: dict[int, int]) -> Iterator[list[int]]:
    """As many together as one answer may hold."""
    group: list[int] = []
    held = 0
    for uid in uids:
        size = min(sizes.get(uid, _AT_ONCE_BYTES), _MAX_BYTES)
        if group and held + size > _AT_ONCE_BYTES:
            yield group
            group, held = [], 0
        group.append(uid)
        held += size
    if group:
        yield group


def _fetched(connection: imaplib.IMAP4, validity: str, uids: Sequence[int]) -> list[InboundMail]:
    """Without those that somebody moved away between the search and now."""
    what = f"(UID INTERNALDATE BODY.PEEK[]<0.{_MAX_BYTES}>)"
    data = expect_ok(connection.uid("FETCH", _set_of(uids), what), "fetch")
    found: dict[int, InboundMail] = {}
    for number, item in enumerate(data):
        if not isinstance(item, tuple) or len(item) != 2:
            continue
        # A server may tell a mail's attributes in any order, also behind its bytes.
        behind = data[number + 1] if number + 1 < len(data) else b""
        said = item[0] + b" " + (behind if isinstance(behind, bytes) else b"")
        match = _UID.search(said)
        if match is not None:
            uid, at = int(match.group(1)), _internal_date(said)
            found[uid] = InboundMail(f"{validity}:{uid}:{int(at.timestamp())}", bytes(item[1]), at)
    return [found[uid] for uid in uids if uid in found]


def _set_of(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _internal_date(said: bytes) -> datetime:
    """When the server took the mail. The epoch where it does not say: never a made-up present."""
    match = re.search(rb'INTERNALDATE "([^"]+)"', said)
    try:
        stamp = match.group(1).decode("ascii").strip() if match is not None else ""
        return datetime.strptime(stamp, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
