"""Opens a path or a stream of bytes: unpacks gzip within limits, and keeps a sample to look at before reading."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.errors import Rejected

SAMPLE_BYTES = 1 << 18
MAX_UNPACKED_BYTES = 64 << 30  # no list of companies is larger; a bomb is
MAX_RATIO = 200  # the lists we know unpack 3–12 times; zeros unpack 1,030 times
RATIO_APPLIES_FROM_BYTES = 32 << 20  # below it a ratio hurts nobody
_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS

# What lists are mistaken for, by their first bytes.
_BINARY = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV (UTF-8)."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document", "Save the sheet as CSV (UTF-8)."),
    (b"%PDF", "a PDF", "Export the list as CSV."),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "Unpack it, or compress it with gzip."),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Unpack it, or compress it with gzip."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it."),
    (b"PAR1", "a Parquet file", "Export it as CSV or JSON Lines."),
    (b"\x89PNG", "a picture", "Export the list as CSV."),
    (b"\xff\xd8\xff", "a picture", "Export the list as CSV."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
)


class Unpacked(io.RawIOBase):
    """The content of a gzip stream of any number of members. `damage` says why it ended early, if it did.

    Raises Rejected on reading past the limits.
    """

    def __init__(self, packed: BinaryIO, name: str) -> None:
        self._packed = packed
        self._name = name
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._pending = b""
        self._in = self._out = 0
        self.damage = ""

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._packed.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self.damage:
            if self._inflate.eof:
                if not self._next_member():
                    return 0
                continue
            if not self._pending and not self._inflate.unconsumed_tail:
                self._pending = self._packed.read(_CHUNK)
                self._in += len(self._pending)
                if not self._pending:
                    self.damage = "the compressed data ends in the middle: the file was cut off"
                    return 0
            try:
                data = self._inflate.decompress(self._inflate.unconsumed_tail + self._pending, len(view))
            except zlib.error:
                self.damage = "the compressed data is damaged"
                return 0
            self._pending = b""
            if data:
                self._check(len(data))
                view[: len(data)] = data
                return len(data)
        return 0

    def _next_member(self) -> bool:
        rest = self._inflate.unused_data
        if len(rest) < 2:
            more = self._packed.read(_CHUNK)
            self._in += len(more)
            rest += more
        if not rest.startswith(_GZIP):  # zeros or rubbish after the last member, as gzip itself passes over
            return False
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._pending = rest
        return True

    def _check(self, count: int) -> None:
        self._out += count
        if self._out > MAX_UNPACKED_BYTES or (
            self._out > RATIO_APPLIES_FROM_BYTES and self._out > MAX_RATIO * max(self._in, 1)
        ):
            raise Rejected(
                f"{self._name} unpacks to more than {self._out / max(self._in, 1):,.0f} times its size "
                f"({self._out >> 20:,} MiB so far): it looks like a decompression bomb.",
                hint="Unpack it yourself, check what it holds, and import the plain file.",
            )


class Source:
    """Bytes that can be opened, once (a stream) or as often as needed (a path)."""

    def __init__(self, origin: Path | str | BinaryIO, name: str = "") -> None:
        self._open: Callable[[], BinaryIO] | None
        if isinstance(origin, (str, Path)):
            path = Path(origin)
            self.name = name or path.name
            self._open, self._stream = (lambda: path.open("rb")), None
        else:
            self.name = name or str(getattr(origin, "name", "") or "the stream")
            self._open, self._stream = None, origin

    def open(self) -> BinaryIO:
        """The packed bytes, from the start. Raises Rejected; a stream gives them once."""
        try:
            if self._open is not None:
                return self._open()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Rejected(
                f"{self.name} cannot be opened: {why}.", hint="Check the path and that it is a file that you may read."
            ) from error
        if self._stream is None:
            raise Rejected(f"{self.name} was read already.", hint="A stream is read once; save it as a file first.")
        stream, self._stream = self._stream, None
        return stream


def unpack(packed: BinaryIO, name: str) -> tuple[BinaryIO, Unpacked | None]:
    """The stream to read, and its unpacker where it was compressed (by its first bytes, not by its name)."""
    buffered = _peekable(packed)
    head = buffered.peek(8)
    if not head.startswith(_GZIP):
        return buffered, None
    unpacked = Unpacked(buffered, name)
    return io.BufferedReader(unpacked, _CHUNK), unpacked


def refuse_binary(sample: bytes, name: str) -> None:
    """Raises Rejected for what is certainly no list in text."""
    for magic, what, hint in _BINARY:
        if sample.startswith(magic):
            raise Rejected(f"{name} is {what}, not a list in text.", hint=hint)
    if sample.startswith(_GZIP):
        raise Rejected(f"{name} is compressed twice.", hint="Unpack it once.")


def read_sample(stream: BinaryIO) -> bytes:
    parts, missing = [], SAMPLE_BYTES
    while missing > 0 and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class Chained(io.RawIOBase):
    """A sample, and then the rest of the stream that it was taken from."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._rest.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        part: memoryview | bytes
        if self._head:
            part, self._head = self._head[: len(view)], self._head[len(view) :]
        else:
            part = self._rest.read(len(view))
        view[: len(part)] = part
        return len(part)


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    head = b""
    while len(head) < len(_GZIP) and (part := stream.read(len(_GZIP) - len(head))):
        head += part
    return io.BufferedReader(Chained(head, stream), _CHUNK)
