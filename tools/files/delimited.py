"""Records of delimited text: quotes that span lines, quotes that never close, rows of the wrong width.

A record begins at a physical line and ends at one, so a position is a line number. When a quote is not closed
within `MAX_RECORD_LINES` lines or `MAX_ROW_BYTES` bytes, its line is reported and the lines that it swallowed are
read again one by one: work stays linear, and one stray quote costs one row.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tools.files.lines import Lines
from tools.files.rows import MAX_RECORD_LINES, MAX_ROW_BYTES, Items, Position, RawRow, problem

# The process-wide 128 KiB of the csv module is less than a row may have; `_Feed` bounds a record to twice a row.
csv.field_size_limit(2 * MAX_ROW_BYTES)
NO_DELIMITER = "\x1f"  # a file of one column: the unit separator, which text does not hold
_TOO_LONG = f"the line is longer than {MAX_ROW_BYTES:,} bytes"
_UNCLOSED = (
    f"a quote opens in this line and is not closed within {MAX_RECORD_LINES:,} lines, or the cell is too long; "
    "the lines after it are read one by one"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is cut into cells."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None  # a backslash where the writer escaped quotes with it


class Record(NamedTuple):
    """Cells, or the reason why there are none. `line` to `position.line` are its physical lines."""

    line: int
    cells: list[str] | None
    reason: str
    text: str | bytes
    position: Position


class _Feed:
    """Lines for one record. Stops at the limits and at the end; `starved` says the record wanted more than it got."""

    def __init__(self, first: tuple[int, bytes], more: "_Lookahead") -> None:
        self.taken = [first]
        self.starved = False
        self._bytes = 0
        self._given = 0
        self._more = more

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._given == len(self.taken):
            if self._given >= MAX_RECORD_LINES or self._bytes > MAX_ROW_BYTES:
                self.starved = True
                raise StopIteration
            following = self._more.take()
            if following is None or following[1] is None:
                if following is not None:
                    self._more.give_back([following])
                self.starved = True
                raise StopIteration
            self.taken.append((following[0], following[1]))
        raw = self.taken[self._given][1]
        self._given += 1
        self._bytes += len(raw)
        return decode(raw)


class _Lookahead:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._back: deque[tuple[int, bytes | None]] = deque()

    def take(self) -> tuple[int, bytes | None] | None:
        return self._back.popleft() if self._back else self._lines.next()

    def give_back(self, lines: Sequence[tuple[int, bytes | None]]) -> None:
        self._back.extendleft(reversed(lines))


def decode(raw: bytes) -> str:
    """Invalid bytes become lone surrogates, which `_fault` finds."""
    text = raw.decode("utf-8", "surrogateescape")
    return text[:-2] + "\n" if text.endswith("\r\n") else text


def read_records(lines: Lines, layout: Layout, single_until: int = 0) -> Iterator[Record]:
    """Every record from where `lines` stands. Blank lines are passed over."""
    ahead = _Lookahead(lines)
    quote, escape = layout.quote, layout.escape or "\0"
    while (taken := ahead.take()) is not None:
        number, raw = taken
        at = Position(number, single_until if single_until > number else 0)
        if raw is None:
            yield Record(number, None, _TOO_LONG, "", at)
            continue
        text = decode(raw)
        if quote not in text and escape not in text:
            if not text.strip():
                continue
            fault = _fault(text)
            cells = None if fault else text.rstrip("\r\n").split(layout.delimiter)
            yield Record(number, cells, fault, raw if fault else text, at)
            continue
        feed = _Feed((number, raw), ahead)
        try:
            reader = csv.reader(
                [text] if at.single_until else feed,
                delimiter=layout.delimiter,
                quotechar=quote,
                escapechar=layout.escape,
                strict=bool(at.single_until),  # within one line an open quote is an error, and strict says so
            )
            cells, error = next(reader), ""
        except csv.Error as reason:
            cells, error = None, _said_plainly(str(reason))
        if cells is not None and not feed.starved:
            last, whole = feed.taken[-1][0], b"".join(part for _, part in feed.taken)
            fault = _fault(decode(whole))
            at = Position(last, single_until if single_until > last else 0)
            yield Record(number, None if fault else cells, fault, whole if fault else text, at)
            continue
        if not at.single_until:
            swallowed = feed.taken[1:]
            ahead.give_back(swallowed)
            if swallowed:
                single_until = swallowed[-1][0]
        at = Position(number, single_until if single_until > number else 0)
        yield Record(number, None, _UNCLOSED if feed.starved or not error else error, raw, at)


def _said_plainly(error: str) -> str:
    """The csv module's words, which speak to programmers."""
    if "new-line" in error:
        return "a carriage return stands in the middle of the row"
    if "end of data" in error:
        return "the quotes are wrong: one is not closed in its line"
    return "the quotes are wrong: text follows a closing quote"


def _fault(text: str) -> str:
    if "\0" in text:
        return "the row holds NUL characters"
    if text.isascii():
        return ""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"character {error.start + 1} cannot be decoded in the file's encoding"
    return ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns and what to do with rows of another width."""

    names: tuple[str, ...]
    pad_short_rows: bool = False  # the writer leaves empty cells at the end of a row away


def read_delimited(lines: Lines, layout: Layout, columns: Columns, single_until: int = 0) -> Items:
    """Rows by column name. A row of the wrong width is a problem, unless only empty cells are too many or left out."""
    names, width = columns.names, len(columns.names)
    for record in read_records(lines, layout, single_until):
        cells = record.cells
        if cells is None:
            yield problem(record.line, record.reason, record.text), record.position
            continue
        stripped = [cell.strip() for cell in cells]
        if len(stripped) > width and not any(stripped[width:]):
            stripped = stripped[:width]
        if not any(stripped):
            continue
        if len(stripped) < width and columns.pad_short_rows:
            stripped += [""] * (width - len(stripped))
        if len(stripped) != width:
            which = "too many" if len(stripped) > width else "too few"
            reason = f"the row has {which} cells: {len(stripped):,} where the header has {width:,}"
            yield problem(record.line, reason, record.text), record.position
            continue
        yield RawRow(record.line, dict(zip(names, stripped, strict=True))), record.position
