"""WebVTT (W3C) and SRT: blocks of a time and words. What is no block is refused with its line: no word is lost.

Who speaks stands in a voice tag (Teams), before a colon (Zoom, Meet), or nowhere.
"""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from core.errors import Rejected
from tools.transcripts.turns import Turns, is_name, named

_CLOCK = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_TIMES: Final = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s+.*)?")
_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG: Final = re.compile(r"</?(?:[cbiuv]|ruby|rt|lang|font)?(?:\.[^>]*|\s[^>]*)?/?>|<\d[\d:.]*>", re.I)
_BRACKETED: Final = re.compile(r"\[([^\[\]]{1,80})\]:?\s+(.*)", re.S)
_ASIDE: Final = ("NOTE", "STYLE", "REGION")
Block = Sequence[tuple[int, str]]  # (number of the line, the line)


def read_vtt(lines: Sequence[str], turns: Turns) -> None:
    """Raises Rejected for a cue without a readable time."""
    blocks = _blocks(lines)
    head = next(blocks, ())
    rest = [(number, line) for number, line in head if "-->" in line]
    if rest:  # some writers forget the blank line after the head
        _cue(head[1:], turns)
    for block in blocks:
        if block[0][1].split(maxsplit=1)[0] in _ASIDE and not any("-->" in line for _, line in block[:2]):
            continue
        _cue(block, turns)


def read_srt(lines: Sequence[str], turns: Turns) -> None:
    """Raises Rejected for a cue without a readable time."""
    for block in _blocks(lines):
        _cue(block, turns)


def is_time(line: str) -> bool:
    return _TIMES.fullmatch(line) is not None


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cue(block: Block, turns: Turns) -> None:
    """[an identifier], a time, words. Some files leave out the blank line between two cues."""
    at: float | None = None
    begun = False
    for position, (number, line) in enumerate(block):
        if "-->" in line:
            at, begun = _seconds(number, line), True
            continue
        following = block[position + 1][1] if position + 1 < len(block) else ""
        if "-->" in following and (not begun or line.strip().isdigit()):
            continue  # an identifier
        if not begun:
            raise Rejected(
                f"Line {number} belongs to no caption: there is no time above it.",
                hint="Each caption is a line such as 00:00:01.000 --> 00:00:04.000 and the words below it.",
            )
        _words(line, turns, number, at)


def _seconds(number: int, line: str) -> float:
    found = _TIMES.fullmatch(line)
    if found is None:
        raise Rejected(
            f"Line {number} is no time that can be read: {line.strip()[:60]!r}.",
            hint="As in 00:00:01.000 --> 00:00:04.000.",
        )
    hours, minutes, seconds, parts = found.groups()[:4]
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(parts.ljust(3, "0")) / 1000


def _words(line: str, turns: Turns, number: int, at: float | None) -> None:
    """A line may hold several voices: each speaks until the next."""
    spoken = _VOICE.split(line)
    _say(spoken[0], turns, number, at)
    for voice, words in zip(spoken[1::2], spoken[2::2], strict=True):
        turns.say(html.unescape(voice), _plain(words), number, at)


def _say(text: str, turns: Turns, number: int, at: float | None) -> None:
    text = _plain(text).lstrip("-–— ").strip()
    if not text:
        return
    speaker, said = named(text.removeprefix(">> "))
    if not speaker and (found := _BRACKETED.fullmatch(text)) and is_name(found[1]):
        speaker, said = found[1], found[2]
    if speaker:
        turns.say(speaker, said, number, at)
    else:
        turns.go_on(text, number, at)


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub("", text))
