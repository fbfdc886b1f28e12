"""Which encoding a file is in, and the file as UTF-8 whatever it is in.

All reading is done in UTF-8: line ends and separators are single bytes there, and no letter hides one.
"""

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from core.errors import Rejected

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What spreadsheets of the world save in; wider guesses find exotic encodings in short texts.
_CANDIDATES = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 shift_jis euc_jp gb18030 big5 euc_kr koi8_r "
    "mac_roman cp850 iso8859_15"
)
_FEW = 40  # with fewer foreign bytes any guess is chance, and Western European is the commonest by far
_WESTERN = frozenset("éèêëàâáäãåæçùûúüôóöøõîïíñßœÉÈÊÀÂÁÄÅÆÇÙÛÚÜÔÓÖØÎÍÑŒ’‘“”„–—…«»€£°®™©·ºª\xa0")
_WESTERN_SHARE = 0.97
_WESTERN_DENSITY = 0.35  # of letters
_UTF8_SHARE = 0.9  # of lines with foreign letters: above it the others are bad rows, not another encoding
_ZERO_SHARE = 0.2  # of every second byte: above it the text is UTF-16 without a mark
_BINARY_SHARE = 0.02  # of control characters: above it the file is no text
_CHUNK = 1 << 16
_UNDECODABLE = "salesos.undecodable"


def _mark(error: UnicodeError) -> tuple[str, int]:
    """A lone surrogate: no valid UTF-8 follows from it, so that the row, and only the row, is reported."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80", error.end


codecs.register_error(_UNDECODABLE, _mark)


@dataclass(frozen=True, slots=True)
class Encoding:
    name: str
    bom_bytes: int
    old_mac_lines: bool = False  # lines end in CR alone


def detect_encoding(sample: bytes, file: str) -> Encoding:
    """By byte order mark, by zeros, by UTF-8 validity, at last by statistics. Raises Rejected for what is no text."""
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return _with_lines(name, len(bom), sample)
    name = _utf16_without_mark(sample)
    if name:
        return _with_lines(name, 0, sample)
    controls = sum(sample.count(bytes([c])) for c in (*range(9), *range(14, 32)) if c not in (0x1B, 0x1F))
    if sample and controls > _BINARY_SHARE * len(sample):
        raise Rejected(f"{file} is no text: it holds control characters.", hint="Export the list as CSV (UTF-8).")
    return _with_lines(_eight_bit(sample), 0, sample)


def _with_lines(name: str, bom: int, sample: bytes) -> Encoding:
    if "16" in name or "32" in name:
        text = sample[bom:].decode(name, "ignore")
        return Encoding(name, bom, "\r" in text and "\n" not in text)
    return Encoding(name, bom, b"\r" in sample[:-1] and b"\n" not in sample)


def _utf16_without_mark(sample: bytes) -> str:
    even, odd = sample[0::2], sample[1::2]
    if not odd:
        return ""
    zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros_odd > _ZERO_SHARE and zeros_even < 0.05:
        return "utf-16-le"
    if zeros_even > _ZERO_SHARE and zeros_odd < 0.05:
        return "utf-16-be"
    return ""


def _eight_bit(sample: bytes) -> str:
    lines = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    if not lines:
        return "utf-8"
    valid = sum(_is_utf8(line) for line in lines)
    if valid >= _UTF8_SHARE * len(lines):
        return "utf-8"
    text = b"\n".join(lines)
    foreign = sum(byte >= 0x80 for byte in text)
    if foreign < _FEW and valid < len(lines) / 2:
        return "cp1252"
    if _is_western(text):
        return "cp1252"
    best = from_bytes(text[:_CHUNK], cp_isolation=_CANDIDATES.split(), enable_fallback=False).best()
    if best is None:
        return "utf-8" if valid > len(lines) / 2 else "cp1252"
    return _central_rather_than_western(text) if best.encoding == "cp1252" else best.encoding


def _central_rather_than_western(text: bytes) -> str:
    """Read as Western, Polish and Czech words have signs such as "³" for letters; in their own encoding none."""
    shares = {
        name: sum(c.isalpha() for c in text.decode(name, "replace") if not c.isascii()) for name in ("cp1252", "cp1250")
    }
    foreign = sum(byte >= 0x80 for byte in text)
    return "cp1250" if shares["cp1252"] < 0.8 * foreign and shares["cp1250"] >= 0.95 * foreign else "cp1252"


def _is_western(text: bytes) -> bool:
    """Foreign letters are few, and nearly all those of western Europe: statistics take cp1250 for it too easily."""
    decoded = text.decode("cp1252", "replace")
    foreign = [c for c in decoded if not c.isascii()]
    letters = sum(c.isalpha() for c in decoded)
    if len(foreign) > _WESTERN_DENSITY * max(letters, 1):
        return False  # Cyrillic, Greek and the like: nearly every letter is foreign
    return sum(c in _WESTERN for c in foreign) >= _WESTERN_SHARE * len(foreign)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(stream: BinaryIO, encoding: Encoding) -> BinaryIO:
    """The same text in UTF-8 with LF line ends, without a mark; what cannot be decoded makes its line invalid UTF-8."""
    stream.read(encoding.bom_bytes)
    if encoding.name == "utf-8" and not encoding.old_mac_lines:
        return stream
    return io.BufferedReader(_Recoded(stream, encoding), _CHUNK)


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        self._stream = stream
        self._mac = encoding.old_mac_lines
        self._plain = encoding.name == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding.name)(errors=_UNDECODABLE)
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._ready and not self._ended:
            chunk = self._stream.read(_CHUNK)
            self._ended = not chunk
            self._ready = memoryview(self._recode(chunk))
        part, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(part)] = part
        return len(part)

    def _recode(self, chunk: bytes) -> bytes:
        if not self._plain:
            text: str = self._decoder.decode(chunk, final=not chunk)
            chunk = text.encode("utf-8", "surrogatepass")
        return chunk.replace(b"\r", b"\n") if self._mac else chunk
