"""Answers out of a Gmail account, by its history. Nothing is marked, moved or deleted: the mailbox belongs to a person.

A uid is "h:<historyId>:<milliseconds>:<message id>", or "d:…" while the mails of a time are read first: at the start,
and where Gmail no longer knows the historyId (404, after about a week without a call), from the last mail's time on.
Mails may then come twice: whoever stores mail does so by Message-ID, once.

https://developers.google.com/workspace/gmail/api/guides/sync
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.errors import NotFound, SalesOSError
from tools.ports import InboundMail, Unknown
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Params, Unreadable, unknown_of
from tools.providers.vendor.google_mail import LABEL, connect

_BASE = "/gmail/v1/users/me"
_PAGE = 500
_LARGE = 5_000_000  # bytes; in base64 that is near what an answer may hold
_MOST_PAGES = 200  # a hundred thousand mails: more is not read in one go
_NOT_FOR_US = frozenset({"DRAFT", "SPAM", "TRASH", "CHAT"})


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Named(_Part):
    id: str = Field(min_length=1)


class _Added(_Part):
    message: _Named


class _Record(_Part):
    id: str = Field(pattern=r"^\d+$")
    messages_added: list[_Added] = []


class _HistoryPage(_Part):
    history_id: str = Field(pattern=r"^\d+$")
    history: list[_Record] = []
    next_page_token: str | None = None


class _ListPage(_Part):
    result_size_estimate: int | None = None
    messages: list[_Named] = []
    next_page_token: str | None = None


class _Profile(_Part):
    history_id: str = Field(pattern=r"^\d+$")


class _Mail(_Part):
    id: str
    internal_date: str = Field(pattern=r"^\d+$")  # milliseconds of the epoch
    label_ids: list[str] = []


class _RawMail(_Mail):
    raw: str = Field(min_length=1)


class _Field(_Part):
    name: str = Field(pattern=r"^[!-9;-~]+$")
    value: str


class _Payload(_Part):
    headers: list[_Field]


class _HeadMail(_Mail):
    size_estimate: int
    payload: _Payload


@dataclass(frozen=True, slots=True)
class _Cursor:
    by_date: bool  # mails from `milliseconds` on are read before the history
    history_id: str  # the record after which history is read on
    milliseconds: int  # of the last mail
    message_id: str  # the last mail; "" before the first

    def __str__(self) -> str:
        return f"{'d' if self.by_date else 'h'}:{self.history_id}:{self.milliseconds}:{self.message_id}"


def _cursor(text: str) -> _Cursor | None:
    kind, _, rest = text.partition(":")
    history_id, _, rest = rest.partition(":")
    milliseconds, _, message_id = rest.partition(":")
    if kind not in ("d", "h") or not history_id.isdigit() or not milliseconds.isdigit() or not message_id:
        return None
    return _Cursor(kind == "d", history_id, int(milliseconds), message_id)


class GmailInbox:
    def __init__(self, tokens: AccessTokens, wire: Wire, *, first_days: int = 30) -> None:
        """`first_days`: how far back the first reading goes."""
        self._api = connect(tokens, wire)
        self._clock = wire.clock
        self._first = timedelta(days=first_days)

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """Up to `limit` mails after `after_uid`, oldest first; a cursor that is none of ours starts anew. Unknown,
        with the reason, when Gmail cannot be asked. What was read before a fault is given, and the fault comes next
        time."""
        found: list[InboundMail] = []
        try:
            try:
                self._read(self._start(after_uid), limit, found)
            except NotFound:  # the history begins later than the cursor
                if not found:
                    self._read(self._again(after_uid), limit, found)
        except SalesOSError as error:
            return found or unknown_of(error)
        return found

    def _start(self, after_uid: str | None) -> _Cursor:
        last = _cursor(after_uid) if after_uid else None
        if last is None:
            return self._by_date(self._clock.now() - self._first)
        # The list is read anew and shows what came since: the history before its present end would show that again.
        return self._again(after_uid) if last.by_date else last

    def _again(self, after_uid: str | None) -> _Cursor:
        """By date, from the last mail that was read on."""
        last = _cursor(after_uid) if after_uid else None
        if last is None:
            return self._by_date(self._clock.now() - self._first)
        fresh = self._by_date(datetime.fromtimestamp(last.milliseconds / 1000, UTC))
        return _Cursor(True, fresh.history_id, last.milliseconds, last.message_id)

    def _by_date(self, since: datetime) -> _Cursor:
        """The history's present end is taken before the list: what comes meanwhile is in the one or the other."""
        now = self._api.get(f"{_BASE}/profile").read(_Profile).history_id
        return _Cursor(True, now, int(since.timestamp() * 1000), "")

    def _read(self, start: _Cursor, limit: int, found: list[InboundMail]) -> None:
        if limit < 1:
            return
        seen = {start.message_id}
        last = start
        for at, message_id in self._after(start):
            if message_id in seen:
                continue
            seen.add(message_id)
            mail = self._mail(message_id)
            if mail is None:
                continue
            milliseconds, raw = mail
            latest = min(max(last.milliseconds, milliseconds), round(self._clock.now().timestamp() * 1000))
            last = _Cursor(at.by_date, at.history_id, latest, message_id)
            found.append(InboundMail(str(last), raw, datetime.fromtimestamp(milliseconds / 1000, UTC)))
            if len(found) >= limit:
                return

    def _after(self, start: _Cursor) -> Iterator[tuple[_Cursor, str]]:
        """Ids of mails after the cursor, each with the place where reading would go on behind it."""
        if start.by_date:
            ids = self._ids_since(start.milliseconds)
            if start.message_id in ids:
                ids = ids[ids.index(start.message_id) + 1 :]
            for n, message_id in enumerate(ids, 1):
                # Behind the last of them nothing is left but the history.
                yield _Cursor(n < len(ids), start.history_id, 0, message_id), message_id
        yield from self._history(start)

    def _ids_since(self, milliseconds: int) -> list[str]:
        """All of them, oldest first: Gmail lists the newest first, and knows no other order."""
        query = {"q": f"after:{max(0, milliseconds // 1000 - 1)}", "maxResults": _PAGE}
        ids: list[str] = []
        for _ in range(_MOST_PAGES):
            reply = self._api.get(f"{_BASE}/messages", query)
            page = reply.read(_ListPage)
            if not page.messages and page.result_size_estimate is None:
                raise Unreadable(f"{LABEL} answers a search in another shape than it describes.")
            ids += [each.id for each in page.messages]
            if not page.next_page_token:
                break
            query = {**query, "pageToken": page.next_page_token}
        return ids[::-1]

    def _history(self, start: _Cursor) -> Iterator[tuple[_Cursor, str]]:
        behind = start.history_id
        first: Params = {"startHistoryId": behind, "historyTypes": "messageAdded", "maxResults": _PAGE}
        query = dict(first)
        waiting = not start.by_date  # until the cursor's own mail has passed, where it comes again
        records: list[_Record] = []
        for _ in range(_MOST_PAGES):
            page = self._api.get(f"{_BASE}/history", query).read(_HistoryPage)
            records += page.history
            if not page.next_page_token:
                break
            query = {**query, "pageToken": page.next_page_token}
        ids = [(record.id, added.message.id) for record in records for added in record.messages_added]
        skip = next((n for n, (_, each) in enumerate(ids) if each == start.message_id), -1) if waiting else -1
        for n, (record_id, message_id) in enumerate(ids):
            is_last = n + 1 == len(ids) or ids[n + 1][0] != record_id
            place = record_id if is_last else behind
            if is_last:
                behind = record_id
            if n > skip:
                yield _Cursor(False, place, 0, message_id), message_id

    def _mail(self, message_id: str) -> tuple[int, bytes] | None:
        """Its time in milliseconds and its bytes; None: it is gone, or none that anybody sent to this account."""
        try:
            mail, raw = self._whole_or_head(f"{_BASE}/messages/{message_id}")
        except NotFound:
            return None
        labels = set(mail.label_ids)
        if labels & _NOT_FOR_US or ("SENT" in labels and "INBOX" not in labels):
            return None
        return int(mail.internal_date), raw

    def _whole_or_head(self, path: str) -> tuple[_Mail, bytes]:
        try:
            whole = self._api.get(path, {"format": "raw"}).read(_RawMail)
            return whole, _decoded(whole.raw)
        except Unreadable:
            head = self._api.get(path, {"format": "metadata"}).read(_HeadMail)
            if head.size_estimate < _LARGE:
                raise
            return head, _head(head)  # too large to be carried whole: its head says what it is


def _decoded(raw: str) -> bytes:
    try:
        return urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except ValueError:
        raise Unreadable(f"{LABEL} gives a mail that is no base64.") from None


def _head(mail: _HeadMail) -> bytes:
    lines = [f"{each.name}: {' '.join(each.value.split())}\r\n" for each in mail.payload.headers]
    return ("".join(lines) + "\r\n").encode("utf-8", "surrogateescape")
