"""A file's bytes → turns. Any encoding; told apart by what stands in it, never by its name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import Rejected
from tools.files.encoding import detect_encoding
from tools.transcripts.captions import is_time, read_srt, read_vtt
from tools.transcripts.lines import read_lines
from tools.transcripts.turns import Turn, Turns

MOST_BYTES: Final = 2 << 20  # a day of talk: an hour takes about a hundred kilobytes
MOST_TURNS: Final = 10_000
_LOOKED_AT: Final = 50  # lines, for the first time of an SRT
_ZIP, _PDF = b"PK\x03\x04", b"%PDF"


class Format(StrEnum):
    VTT = "vtt"
    SRT = "srt"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Transcript:
    format: Format
    turns: tuple[Turn, ...]

    @property
    def speakers(self) -> tuple[str, ...]:
        """In the order in which they first speak; a turn of nobody's counts for none."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if turn.speaker))


def read_transcript(data: bytes) -> Transcript:
    """Raises Rejected, with the line where there is one: too large, no text, no words, nobody named."""
    if len(data) > MOST_BYTES:
        raise Rejected(
            f"The file has {len(data):,} bytes; a transcript may have {MOST_BYTES:,}.",
            hint="Upload the transcript, not the recording; a long day in parts.",
            code="too_large",
        )
    if data.startswith((_ZIP, _PDF)):
        raise Rejected(
            "This is a document, not a transcript as text.", hint="Save it as .vtt, .srt or plain text first."
        )
    lines = _lines(data)
    turns = Turns(MOST_TURNS)
    if lines and lines[0].startswith("WEBVTT"):
        format_ = Format.VTT
        read_vtt(lines, turns)
    elif any(is_time(line) for line in lines[:_LOOKED_AT]):
        format_ = Format.SRT
        read_srt(lines, turns)
    else:
        format_ = Format.TEXT
        read_lines(lines, turns)
    found = Transcript(format_, turns.all())
    if not any(line.strip() for line in lines):
        raise Rejected("The file is empty.", hint="Upload a .vtt, .srt or text file.")
    if not found.speakers:
        first = next((number for number, line in enumerate(lines, start=1) if line.strip()), 1)
        raise Rejected(
            f"From line {first} on nobody is named, so that nobody knows who said what.",
            hint='Lines such as "Anna Berg: …", or captions with the speakers\' names, are read.',
            code="no_speaker",
        )
    return found


def _lines(data: bytes) -> list[str]:
    encoding = detect_encoding(data, "The transcript")
    text = data[encoding.bom_bytes :].decode(encoding.name, "replace")
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
