"""How a sample of delimited text is cut, where its header is, and what its columns are called."""

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.errors import Rejected
from tools.files.delimited import NO_DELIMITER, Columns, Layout, Record, read_records
from tools.files.lines import Lines
from tools.files.rows import MAX_COLUMNS

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_LOOK_AT = 400  # records
_MIN_SCORE = 0.45
_HEADER_WITHIN = 10  # titles and notes above a header are at most this many lines
_LONGEST_HEADER = 80  # characters
_SHORT_ROWS_SHARE = 0.2  # of rows: above it the writer leaves empty cells at the end away; below it rows are broken
_SEPARATOR_LINE = re.compile(rb"(?i)^sep=(.)\r?\n")  # Excel's own first line
_LONGEST_VALUE = 80  # characters: what is longer is prose, and the pattern is quadratic
_VALUE = re.compile(
    r"(?i)^(?:[-+(]?[\d.,\s%$€£¥]*\d[\d.,\s%kmb)]*|https?://\S+|www\.\S+|[^\s@]+@[^\s@]+\.[^\s@]+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}|"
    r"true|false|yes|no|null|n/a|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*)$"
)


@dataclass(frozen=True, slots=True)
class Sniffed:
    layout: Layout
    columns: Columns
    header_lines: int  # physical lines before the first row
    notes: tuple[str, ...] = field(default=())


def sniff(sample: bytes, *, complete: bool, file: str) -> Sniffed:
    """From UTF-8 text. `complete`: the sample is the whole file. Raises Rejected where there is nothing to read."""
    if not complete:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    notes: list[str] = []
    named = _SEPARATOR_LINE.match(sample)
    skip = 1 if named else 0
    delimiters = [named.group(1).decode("latin-1")] if named else list(_DELIMITERS)
    layout, records = _best_layout(sample, delimiters, skip)
    rows = [record for record in records if record.cells is not None]
    if not rows:
        reason = f" Line {records[0].line}: {records[0].reason}." if records else ""
        raise Rejected(f"{file} holds no row that can be read.{reason}", hint="Check that it is a list with a header.")
    width = _usual_width(rows)
    start = next((i for i, row in enumerate(rows[:_HEADER_WITHIN]) if len(_trimmed(row)) >= max(width - 1, 1)), 0)
    if start:
        notes.append(f"{start} line(s) above the header passed over")
    header, body = rows[start], rows[start + 1 :]
    if _is_header(header, body):
        names, more = _column_names(header.cells or [])
        notes += more
        before = header.position.line
        if not body and complete and len(records) == len(rows):
            raise Rejected(f"{file} has a header and no rows.", hint="Export it again, with its rows.")
    else:
        names = tuple(f"column {i + 1}" for i in range(width))
        notes.append("no header found: columns are named by their position")
        before, body = header.line - 1, rows[start:]
    if len(names) > MAX_COLUMNS:
        raise Rejected(f"{file} has {len(names):,} columns; at most {MAX_COLUMNS:,} can be read.")
    widths = [len(row.cells or []) for row in body]
    short = sum(w < len(names) for w in widths)
    pad = short >= max(2, _SHORT_ROWS_SHARE * len(widths)) and all(w <= len(names) for w in widths)
    if pad:
        notes.append("rows that end early are filled with empty cells: this file leaves them away")
    return Sniffed(layout, Columns(names, pad), before, tuple(notes))


def delimiter_name(layout: Layout) -> str:
    return _DELIMITERS.get(layout.delimiter, "one column" if layout.delimiter == NO_DELIMITER else layout.delimiter)


def _best_layout(sample: bytes, delimiters: Sequence[str], skip: int) -> tuple[Layout, list[Record]]:
    best, best_score, best_records = Layout(NO_DELIMITER), _MIN_SCORE, None
    escapes = (None, "\\") if b'\\"' in sample else (None,)
    for delimiter in delimiters:
        if delimiter.encode() not in sample:
            continue
        for escape in escapes:
            layout = Layout(delimiter, '"', escape)
            records = _records(sample, layout, skip)
            score = _score(records)
            if score > best_score:
                best, best_score, best_records = layout, score, records
    return best, _records(sample, best, skip) if best_records is None else best_records


def _records(sample: bytes, layout: Layout, skip: int) -> list[Record]:
    lines = Lines(io.BytesIO(sample))
    lines.skip_to(skip)
    return [record for record, _ in zip(read_records(lines, layout), range(_LOOK_AT), strict=False)]


def _score(records: Sequence[Record]) -> float:
    """0–1: the share of records of the usual width, less for few columns, for bad records and for an odd header."""
    rows = [record for record in records if record.cells is not None]
    if not rows:
        return 0.0
    width = _usual_width(rows)
    if width < 2:
        return 0.0
    alike = sum(len(row.cells or []) == width for row in rows) / len(records)
    header = next((row for row in rows[:_HEADER_WITHIN] if len(_trimmed(row)) >= max(width - 1, 2)), None)
    header_fits = header is not None and abs(len(header.cells or []) - width) <= 1
    return alike * (1 - 0.5 / width) * (1.0 if header_fits else 0.5)


def _usual_width(rows: Sequence[Record]) -> int:
    counts = Counter(len(row.cells or []) for row in rows)
    return max(counts.items(), key=lambda item: (item[1], item[0]))[0]


def _trimmed(row: Record) -> list[str]:
    cells = [cell.strip() for cell in row.cells or []]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_header(first: Record, body: Sequence[Record]) -> bool:
    """Whether the first row names the rows under it: words where they hold values, or words that never come again."""
    cells = _trimmed(first)
    if not cells or any(len(cell) > _LONGEST_HEADER for cell in cells):
        return False
    values = sum(_is_value(cell) for cell in cells if cell)
    if (values > 0.25 * len(cells) and values > 1) or values == len(cells):
        return False
    if not body:
        return values == 0
    if values:
        columns = list(zip(*(row.cells for row in body if row.cells and len(row.cells) == len(cells)), strict=True))
        return not any(
            _is_value(cell) and sum(_is_value(v.strip()) for v in column) > len(column) / 2
            for cell, column in zip(cells, columns, strict=False)
        )
    return True


def _is_value(cell: str) -> bool:
    return len(cell) <= _LONGEST_VALUE and _VALUE.match(cell) is not None


def _column_names(cells: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Unique names: the second "name" is "name (2)", an empty one "column 4"."""
    notes: list[str] = []
    names: list[str] = []
    taken = {cell.strip().casefold() for cell in cells}
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        name = " ".join(cell.split()) or f"column {index + 1}"
        if name.casefold() in seen:
            count = 2
            while f"{name} ({count})".casefold() in seen | taken:
                count += 1
            renamed = f"{name} ({count})"
            notes.append(f"column {index + 1} has the same name as another: {name!r} is read as {renamed!r}")
            name = renamed
        seen.add(name.casefold())
        names.append(name)
    return tuple(names), notes


def with_names(sniffed: Sniffed, names: Sequence[str]) -> Sniffed:
    """The same layout with other column names."""
    return replace(sniffed, columns=replace(sniffed.columns, names=tuple(names)))
