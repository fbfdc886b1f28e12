"""Was this Message-ID sent? Asked of the mailbox's Sent folder, after an SMTP server died on us.

Only of use where the provider files sent mail itself (Gmail, Microsoft 365, most hosted mailboxes); a bare SMTP relay
has no Sent folder, and the answer is then UNSUPPORTED rather than NOT_FOUND, because absence there proves nothing.
"""

import imaplib

from core.errors import FixConfiguration, RetryAt
from tools.ports import LookupResult
from tools.providers.inbox.imap_session import (
    ImapFailed,
    ImapSettings,
    expect_ok,
    imap_session,
    quoted,
    special_folder,
)


class ImapSentLookup:
    """Callable: message id → FOUND, NOT_FOUND or UNSUPPORTED."""

    def __init__(self, settings: ImapSettings, folder: str = "") -> None:
        r"""`folder`: the Sent folder's name; empty: the one the server marks as \Sent."""
        self._settings = settings
        self._folder = folder

    def __call__(self, message_id: str) -> LookupResult:
        """Raises RetryAt when the server cannot be asked now, FixConfiguration when it never can be like this."""
        try:
            needle = quoted(message_id)
        except ValueError:
            return LookupResult.UNSUPPORTED
        try:
            with imap_session(self._settings) as connection:
                folder = quoted(self._folder) if self._folder else special_folder(connection, "\\Sent")
                if folder is None:
                    return LookupResult.UNSUPPORTED
                status, _ = connection.select(folder, readonly=True)
                if status != "OK":
                    return LookupResult.UNSUPPORTED
                return _search(connection, message_id, needle)
        except ImapFailed as failure:
            if failure.passing:
                raise RetryAt(str(failure)) from failure
            raise FixConfiguration(str(failure), hint="Check the mailbox's IMAP settings.") from failure


def _search(connection: imaplib.IMAP4, message_id: str, needle: str) -> LookupResult:
    data = expect_ok(connection.uid("SEARCH", "HEADER", "Message-ID", needle), "search")
    # A search is for a part of the header (RFC 3501 §6.4.4), and some servers search words: each hit is read.
    for uid in (uid for line in data if isinstance(line, bytes) for uid in line.split()):
        fields = expect_ok(
            connection.uid("FETCH", uid.decode("ascii"), "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"), "fetch"
        )
        for item in fields:
            if isinstance(item, tuple) and message_id.encode("ascii") in bytes(item[1]).split():
                return LookupResult.FOUND
    return LookupResult.NOT_FOUND
