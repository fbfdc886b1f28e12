"""Opens a list of any shape as a table of rows, and goes on from any position in it."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from core.errors import Rejected
from tools.files.delimited import read_delimited
from tools.files.encoding import Encoding, as_utf8, detect_encoding
from tools.files.json_rows import read_json_array, read_json_lines
from tools.files.lines import Lines
from tools.files.opening import SAMPLE_BYTES, Chained, Source, Unpacked, read_sample, refuse_binary, unpack
from tools.files.rows import MAX_ROW_BYTES, Items, Position, RawRow, problem
from tools.files.sniffing import Sniffed, delimiter_name, sniff

SAMPLE_ROWS = 500
START = Position()
# The usual names of the array that an export wraps its rows in.
_WRAPPERS = (
    "data results companies items records rows organizations organisations accounts people persons contacts leads "
    "users hits entries values list customers usage"
)
_WRAPPED = re.compile(rb'"(' + "|".join(_WRAPPERS.split()).encode() + rb')"\s*:\s*\[\s*\{')


class Format(StrEnum):
    DELIMITED = "delimited text"
    JSON_LINES = "JSON Lines"
    JSON_ARRAY = "a JSON array"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the file was found to be."""

    format: Format
    encoding: str
    compressed: bool
    delimiter: str  # its name; empty for JSON
    notes: tuple[str, ...]


class Table:
    """Rows of one file. `headers` of JSON are the fields of its first `SAMPLE_ROWS` rows, in order of appearance."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self._source = source
        packed = source.open()
        try:
            stream, unpacker = unpack(packed, source.name)
            raw = read_sample(stream)
        except OSError as error:
            raise _unreadable(source.name, error) from error
        self._rest: tuple[bytes, BinaryIO, Unpacked | None] | None = (raw, stream, unpacker)
        complete = len(raw) < SAMPLE_BYTES
        if unpacker is not None and unpacker.damage and not raw:
            raise Rejected(f"{self.name} cannot be unpacked: {unpacker.damage}.", hint="Copy or export the file again.")
        refuse_binary(raw, self.name)
        self._encoding = detect_encoding(raw, self.name)
        sample = as_utf8(io.BytesIO(raw), self._encoding).read()
        if not sample.strip(b" \t\r\n\0"):
            raise Rejected(f"{self.name} is empty.", hint="Export it again, with a header and at least one row.")
        self._format, self._key = _format_of(sample, complete)
        self._sniffed: Sniffed | None = None
        notes: tuple[str, ...] = ()
        if self._format is Format.DELIMITED:
            self._sniffed = sniff(sample, complete=complete, file=self.name)
            notes = self._sniffed.notes
        elif self._key:
            notes = (f"the rows are those under {self._key!r}",)
        self.sample = self._sample_rows(sample, complete)
        self.headers = self._headers()
        self.shape = Shape(
            self._format,
            self._encoding.name,
            unpacker is not None,
            delimiter_name(self._sniffed.layout) if self._sniffed else "",
            notes,
        )

    def read(self, after: Position = START) -> Items:
        """Every row and problem after a position, each with the position behind it.

        Raises Rejected: the file is gone, or a stream is read a second time, or a bomb.
        """
        stream, unpacker = self._open()
        last = after
        try:
            for item, position in self._rows(stream, after):
                last = position
                yield item, position
            if unpacker is not None and unpacker.damage:
                line = last.line + 1
                yield problem(line, f"the file ends here: {unpacker.damage}"), Position(line)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        finally:
            stream.close()

    def rows(self, after: Position = START) -> Iterator[RawRow]:
        """Only the rows: for a second pass, whose problems were reported in the first."""
        return (item for item, _ in self.read(after) if isinstance(item, RawRow))

    def close(self) -> None:
        if self._rest is not None:
            self._rest[1].close()
            self._rest = None

    def _open(self) -> tuple[BinaryIO, Unpacked | None]:
        if self._rest is not None:
            (head, stream, unpacker), self._rest = self._rest, None
            joined: BinaryIO = io.BufferedReader(Chained(head, stream), 1 << 16)
        else:
            joined, unpacker = unpack(self._source.open(), self.name)
        return as_utf8(joined, self._encoding), unpacker

    def _rows(self, stream: BinaryIO, after: Position) -> Items:
        if self._format is Format.JSON_ARRAY:
            return read_json_array(stream, self._key, after.line)
        lines = Lines(stream)
        if self._sniffed is None:
            lines.skip_to(after.line)
            return read_json_lines(lines)
        lines.skip_to(max(after.line, self._sniffed.header_lines))
        return read_delimited(lines, self._sniffed.layout, self._sniffed.columns, after.single_until)

    def _sample_rows(self, sample: bytes, complete: bool) -> tuple[RawRow, ...]:
        if not complete and self._format is not Format.JSON_ARRAY:
            sample = sample[: sample.rfind(b"\n") + 1] or sample
        rows: list[RawRow] = []
        for item, _ in self._rows(io.BytesIO(sample), START):
            if isinstance(item, RawRow):
                rows.append(item)
                if len(rows) == SAMPLE_ROWS:
                    break
        return tuple(rows)

    def _headers(self) -> tuple[str, ...]:
        if self._sniffed is not None:
            return self._sniffed.columns.names
        return tuple(dict.fromkeys(key for row in self.sample for key in row.cells))


def open_table(origin: Path | str | BinaryIO, *, name: str = "") -> Table:
    """Looks at the first 256 KiB. Raises Rejected, saying why it is no list and what to do."""
    return Table(Source(origin, name))


def _format_of(sample: bytes, complete: bool) -> tuple[Format, str]:
    text = sample.lstrip()
    if text.startswith(b"["):
        inner = text[1:].lstrip()
        if inner[:1] in (b"{", b"]", b"") or _is_json(text.split(b"\n", 1)[0]):
            return Format.JSON_ARRAY, ""
        return Format.DELIMITED, ""
    if not text.startswith(b"{"):
        return Format.DELIMITED, ""
    first, _, rest = text.partition(b"\n")
    is_one_object = not rest.strip() if _is_json(first) else not rest.lstrip().startswith(b"{")
    wrapped = _WRAPPED.search(text)
    if is_one_object and wrapped:
        return Format.JSON_ARRAY, wrapped.group(1).decode("ascii")
    return Format.JSON_LINES, ""


def _is_json(line: bytes) -> bool:
    if len(line) > MAX_ROW_BYTES:
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable(name: str, error: OSError) -> Rejected:
    return Rejected(
        f"{name} cannot be read: {error.strerror or error}.", hint="Check the disk or the connection, and go on."
    )


__all__ = ["Encoding", "Format", "Shape", "Table", "open_table"]
