"""What is asked of a calendar: objects within a time, free and busy, and what changed. RFC 4791, RFC 6578."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

from tools.providers.calendar.caldav_wire import CAL, DAV, LABEL, Dav, Precondition, Row, hrefs
from tools.providers.vendor.api import Unreadable

_NAMES: Final = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
_CTAG: Final = "{http://calendarserver.org/ns/}getctag"
_TOKENS: Final = f"<d:propfind {_NAMES}><d:prop><d:sync-token/><s:getctag/></d:prop></d:propfind>"
_DATA: Final = "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
_EDGE: Final = timedelta(days=1)  # servers put whole days and floating times on clocks of their own
_AT_ONCE: Final = 50  # objects of one multiget
_MOST_ROUNDS: Final = 200  # of a sync that comes in parts (RFC 6578 §3.6)


@dataclass(frozen=True, slots=True)
class Changed:
    """`rows` with their data; `gone`: URLs of what was deleted."""

    rows: tuple[Row, ...]
    gone: tuple[str, ...]
    cursor: str
    whole: bool


class Queries:
    """All raise as `Dav.rows`."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav

    def between(self, calendar_id: str, since: datetime, until: datetime | None) -> Sequence[Row]:
        """Objects with an occurrence then, and some around it."""
        end = f' end="{_utc(until + _EDGE)}"' if until is not None else ""
        body = (
            f'<c:calendar-query {_NAMES}>{_DATA}<c:filter><c:comp-filter name="VCALENDAR">'
            f'<c:comp-filter name="VEVENT"><c:time-range start="{_utc(since - _EDGE)}"{end}/></c:comp-filter>'
            "</c:comp-filter></c:filter></c:calendar-query>"
        )
        rows = self._dav.rows("REPORT", calendar_id, body, depth="1").rows
        return [row for row in rows if f"{CAL}calendar-data" in row.found]

    def free_busy(self, calendar_id: str, since: datetime, until: datetime) -> str:
        span = f'<c:time-range start="{_utc(since)}" end="{_utc(until)}"/>'
        body = f"<c:free-busy-query {_NAMES}>{span}</c:free-busy-query>"
        return self._dav.ask("REPORT", calendar_id, body, depth="1")[1].raw.decode("utf-8", "replace")

    def changed(self, calendar_id: str, cursor: str, since: datetime) -> Changed:
        kind, _, place = cursor.partition(" ")
        if kind == "sync":
            try:
                return self._synced(calendar_id, place)
            except Precondition as refused:
                # A token that is too old or never was one. Others than RFC 6578 §3.2 demands name it otherwise.
                if not any("sync-token" in name for name in refused.names):
                    raise
        now = self._place(calendar_id)
        if cursor and now == cursor:
            return Changed((), (), cursor, whole=False)
        # The place is taken before the reading: what changes meanwhile is told twice, and nothing is lost.
        return Changed(tuple(self.between(calendar_id, since, None)), (), now, whole=True)

    def _place(self, calendar_id: str) -> str:
        for row in self._dav.rows("PROPFIND", calendar_id, _TOKENS, depth="0").rows:
            if token := row.text(f"{DAV}sync-token"):
                return f"sync {token}"
            if tag := row.text(_CTAG):
                return f"ctag {tag}"
        return ""

    def _synced(self, calendar_id: str, token: str) -> Changed:
        there: dict[str, bool] = {}
        for _ in range(_MOST_ROUNDS):
            body = (
                f"<d:sync-collection {_NAMES}><d:sync-token>{escape(token, quote=False)}</d:sync-token>"
                "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
            )
            found = self._dav.rows("REPORT", calendar_id, body, depth="0")
            if not found.sync_token:
                raise Unreadable(f"{LABEL} names no place to read on from.")
            goes_on = False
            for row in found.rows:
                if row.status == 507:
                    goes_on = True
                elif row.url.rstrip("/") != calendar_id.rstrip("/"):
                    there.pop(row.url, None)
                    there[row.url] = row.status < 400
            goes_on, token = goes_on and token != found.sync_token, found.sync_token
            if not goes_on:
                break
        rows = {row.url: row for row in self._objects(calendar_id, [url for url, stands in there.items() if stands])}
        gone = [url for url in there if url not in rows]
        return Changed(tuple(rows.values()), tuple(gone), f"sync {token}", whole=False)

    def _objects(self, calendar_id: str, urls: Sequence[str]) -> Iterator[Row]:
        """Those that are still there."""
        for first in range(0, len(urls), _AT_ONCE):
            links = "".join(f"<d:href>{escape(path)}</d:href>" for path in hrefs(urls[first : first + _AT_ONCE]))
            body = f"<c:calendar-multiget {_NAMES}>{_DATA}{links}</c:calendar-multiget>"
            for row in self._dav.rows("REPORT", calendar_id, body, depth="1").rows:
                if f"{CAL}calendar-data" in row.found:
                    yield row

    def etag(self, row: Row) -> str:
        return row.text(f"{DAV}getetag")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
