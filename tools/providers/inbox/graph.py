"""Answers out of a Microsoft 365 inbox, by its delta. Nothing is marked, moved or deleted: it belongs to a person.

A uid is "<floor>-<latest>|<marks>|<link>": the milliseconds from which on a mail may not have been given yet, and those
of the latest mail; which mails of the link's round were given already (the delta promises no order, so neither a
position nor a time would do); and the link that reads on, verbatim. It is as long as Microsoft makes its links: some
hundred characters, and more. Where the link is no longer known (410) everything from the floor on is read again;
whoever stores mail does so by Message-ID, once.

https://learn.microsoft.com/graph/delta-query-messages
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import httpx2
from pydantic import AwareDatetime, BaseModel, Field

from core.errors import NotFound, RetryAt, SalesOSError
from tools.ports import InboundMail, Unknown
from tools.providers.oauth import AccessTokens
from tools.providers.vendor.account import Wire
from tools.providers.vendor.api import Unreadable, retry_after, unknown_of
from tools.providers.vendor.microsoft_graph import BASE_URL, LABEL, SyncLost, connect

_FOLDER = f"{BASE_URL}/me/mailFolders/inbox/messages/delta"
_PAGE = 50
_MOST_PAGES = 2_000
_MAX_BYTES = 40 * 1024 * 1024  # a larger mail is read only so far: its head says what it is
_SECONDS = httpx2.Timeout(connect=15.0, pool=15.0, write=15.0, read=30.0)
_MARK = 8  # hex digits of a mail's mark: within a page of 50, two alike are one in a million


class _Changed(BaseModel):
    id: str = Field(min_length=1)
    received: AwareDatetime | None = Field(default=None, alias="receivedDateTime")
    is_draft: bool = Field(default=False, alias="isDraft")
    removed: object = Field(default=None, alias="@removed")


class _Page(BaseModel):
    value: list[_Changed]
    next_link: str | None = Field(default=None, alias="@odata.nextLink")
    delta_link: str | None = Field(default=None, alias="@odata.deltaLink")


@dataclass(frozen=True, slots=True)
class _Cursor:
    floor: int
    latest: int  # of this round: the next floor
    given: frozenset[str]
    link: str

    def __str__(self) -> str:
        return f"{self.floor}-{self.latest}|{','.join(sorted(self.given))}|{self.link}"


def _behind(at: _Cursor, onward: str, latest: int, *, round_ends: bool) -> _Cursor:
    """The place after a whole page. The first link of a round is asked live, so that what came since pushes what was
    given on to a later page: marks are kept until the round ends."""
    return _Cursor(latest, latest, frozenset(), onward) if round_ends else replace(at, latest=latest, link=onward)


def _cursor(text: str) -> _Cursor | None:
    times, _, rest = text.partition("|")
    floor, _, latest = times.partition("-")
    given, _, link = rest.partition("|")
    if not (floor.isdecimal() and latest.isdecimal()) or not link.startswith(_FOLDER.rpartition("/me/")[0]):
        return None
    return _Cursor(int(floor), int(latest), frozenset(filter(None, given.split(","))), link)


class GraphInbox:
    def __init__(self, tokens: AccessTokens, wire: Wire, *, first_days: int = 30) -> None:
        """`first_days`: how far back the first reading goes."""
        self._api = connect(tokens, wire)
        self._tokens = tokens
        self._wire = wire
        self._first = timedelta(days=first_days)

    def fetch(self, after_uid: str | None, limit: int) -> Sequence[InboundMail] | Unknown:
        """Up to `limit` mails after `after_uid`; a cursor that is none of ours starts anew. Unknown, with the reason,
        when Graph cannot be asked. What was read before a fault is given, and the fault comes next time."""
        found: list[InboundMail] = []
        start = (_cursor(after_uid) if after_uid else None) or self._since(self._wire.clock.now() - self._first)
        try:
            try:
                self._read(start, limit, found)
            except SyncLost:
                if not found:
                    self._read(self._since(datetime.fromtimestamp(start.floor / 1000, UTC)), limit, found)
        except SalesOSError as error:
            return found or unknown_of(error)
        return found

    def _since(self, instant: datetime) -> _Cursor:
        query = {
            "$filter": f"receivedDateTime ge {instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "$select": "receivedDateTime,isDraft",
            "changeType": "created",
        }
        floor = int(instant.timestamp() * 1000)
        return _Cursor(floor, floor, frozenset(), f"{_FOLDER}?{urlencode(query, quote_via=quote)}")

    def _read(self, start: _Cursor, limit: int, found: list[InboundMail]) -> None:
        at = start
        for _ in range(_MOST_PAGES):
            if len(found) >= limit:
                return
            page = self._page(at.link)
            onward = page.next_link or page.delta_link
            if onward is None or not onward.startswith(f"{BASE_URL}/"):  # our token goes nowhere else
                raise Unreadable(f"{LABEL} names no link that reads on.")
            mails = [
                (each.id, each.received)
                for each in page.value
                if each.removed is None and each.received is not None and not each.is_draft
            ]
            waiting = [(name, received) for name, received in mails if _mark(name) not in at.given]
            times = [int(received.timestamp() * 1000) for _, received in waiting]
            behind = _behind(at, onward, max([at.latest, *times]), round_ends=page.next_link is None)
            for n, (name, received) in enumerate(waiting):
                if len(found) >= limit:
                    return
                at = replace(at, latest=max(at.latest, times[n]), given=at.given | {_mark(name)})
                raw = self._mime(name)
                if raw is not None:
                    place = behind if n + 1 == len(waiting) else at
                    found.append(InboundMail(str(place), raw, received.astimezone(UTC)))
            # A round shows what was there when it began, and a cursor may stand in the midst of one: what came since is
            # behind its last link.
            if page.next_link is None and not page.value:
                return
            at = behind

    def _page(self, link: str) -> _Page:
        return self._api.get(link, headers={"prefer": f"odata.maxpagesize={_PAGE}"}).read(_Page)

    def _mime(self, message_id: str) -> bytes | None:
        """The mail as it came (`$value`); None when somebody moved or deleted it since."""
        try:
            return self._bytes(message_id)
        except _Refused:  # the token ended between two calls
            try:
                return self._bytes(message_id)
            except _Refused:
                raise RetryAt(f"{LABEL} does not take the token now.") from None
        except NotFound:
            return None

    def _bytes(self, message_id: str) -> bytes:
        token = self._tokens.token()
        url = f"{BASE_URL}/me/messages/{quote(message_id, safe='')}/$value"
        raw = bytearray()
        try:
            with self._wire.http.stream(
                "GET", url, headers={"authorization": f"Bearer {token}"}, timeout=_SECONDS, follow_redirects=False
            ) as response:
                if response.status_code == 401:
                    self._tokens.refused(token)
                    raise _Refused(f"{LABEL} does not take the token (401).")
                if response.status_code == 404:
                    raise NotFound(f"{LABEL} no longer has the mail.")
                if response.status_code != 200:
                    found = {name.lower(): value for name, value in response.headers.items()}
                    asked = retry_after(found, self._wire.clock)
                    at = None if asked is None else self._wire.clock.now() + timedelta(seconds=asked)
                    raise RetryAt(f"{LABEL} gives no mail now ({response.status_code}).", retry_at=at)
                for chunk in response.iter_bytes():
                    raw += chunk
                    if len(raw) >= _MAX_BYTES:
                        return bytes(raw[:_MAX_BYTES])
        except httpx2.HTTPError as error:
            raise RetryAt(f"{LABEL} could not be reached ({type(error).__name__}).") from None
        return bytes(raw)


class _Refused(SalesOSError):
    code = "token_refused"


def _mark(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:_MARK]
